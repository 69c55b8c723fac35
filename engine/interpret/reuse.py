"""What an interpreter of nearly the same case, or of the same case under nearly the same law, has found, where it still
holds.

1. Two cases are nearly the same if they differ only in which facts are stated and how: not in who there is, how people
   belong together, or which lists are whole.
2. A fact that is stated otherwise may change every figure on the way to which a formula names it, of whomever and for
   whatever period. All other figures are what they were, and so are those of the worlds of `as if`.
3. Some facts tell who holds a role, when somebody's periods begin, or in which order records stand. No formula need
   name them, so where one of those differs nothing is taken over. Nor is anything after figures that ran in a circle.
   A figure that makes groups counts as named by every formula that reads through such groups (`names_read`).
4. Under another law a figure is what it was if neither its definition nor anything that it reads, directly or through
   others, is another.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from engine.interpret.cases import Case
from engine.ir.program import Program
from engine.ir.worlds import reached_names
from engine.reading.declared_constants import Parameter, Scale, Table

_KINDS = ("definitions", "functions", "parameters", "tables", "scales")


def changed_names(program: Program, earlier: Case, case: Case) -> frozenset[str] | None:
    """The figures that may be others in a case than they were in an earlier one; None where all may be."""
    if replace(earlier, given={}, within={}) != replace(case, given={}, within={}):
        return None
    names = {
        fact.name
        for before, after in ((earlier.given, case.given), (earlier.within, case.within))
        for fact in {**before, **after}
        if fact not in before or fact not in after or before[fact] != after[fact]
    }
    if any(decides_more(program, name) for name in names):
        return None
    return reached_names(program, frozenset(names))


def differing_names(before: Program, after: Program) -> frozenset[str] | None:
    """The figures that may be others under a law than they are under another; None where all may be.

    Parts that both programs share as objects are not looked into: `load_reformed` makes such programs.
    """
    if before.settings is not after.settings and before.settings != after.settings:
        return None
    changed = {name for kind in _KINDS for name in _unlike(getattr(before, kind), getattr(after, kind))}
    reached = reached_names(after, frozenset(_moved_with(after, changed)))
    decisive = any(decides_more(after, name) for name in reached if name in after.definitions)
    return None if decisive else reached


def _unlike(before: Mapping[str, object], after: Mapping[str, object]) -> Iterator[str]:
    """The names of parts that are not the same in both."""
    for name, part in after.items():
        other = before.get(name)
        if other is not part and other != part:
            yield name


def _moved_with(program: Program, names: set[str]) -> set[str]:
    """The names, and the constants that some of them move on or are read off."""
    constants: dict[str, Parameter | Table | Scale] = {**program.parameters, **program.tables, **program.scales}
    sources = {name: {constant.uprate.by} for name, constant in constants.items() if constant.uprate is not None}
    for name, table in program.tables.items():
        sources.setdefault(name, set()).update(follow.scale for follow in table.follows)
    reached = set(names)
    while more := {name for name, rests_on in sources.items() if name not in reached and rests_on & reached}:
        reached |= more
    return reached


def decides_more(program: Program, name: str) -> bool:
    """Whether a fact decides something that no formula need name."""
    definition = program.definitions[name]
    entity = program.settings.entities[definition.entity]
    vacates = {word for role in entity.roles for word in (role.unless, role.stated_figure)}
    starts = {calendar.starts for calendar in program.settings.calendars.values()}
    return definition.short_name in vacates or definition.short_name in starts or bool(entity.sequences)
