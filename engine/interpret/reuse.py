"""What an interpreter of nearly the same case has found, where it still holds.

1. Two cases are nearly the same if they differ only in which facts are stated and how: not in who there is, how people
   belong together, or which lists are whole.
2. A fact that is stated otherwise may change every figure on the way to which a formula names it, of whomever and for
   whatever period. All other figures are what they were, and so are those of the worlds of `as if`.
3. Some facts tell who holds a role or is in a group, when somebody's periods begin, or in which order records stand.
   No formula need name them, so where one of those differs nothing is taken over. Nor is anything after figures that
   ran in a circle.
"""

from __future__ import annotations

from dataclasses import replace

from engine.interpret.cases import Case
from engine.ir.program import Program
from engine.ir.worlds import reached_names


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
    reached = reached_names(program, frozenset(names))
    groups = {entity.by for entity in program.settings.entities.values()} - {""}
    return None if reached & groups else reached


def decides_more(program: Program, name: str) -> bool:
    """Whether a fact decides something that no formula need name."""
    definition = program.definitions[name]
    entity = program.settings.entities[definition.entity]
    vacates = {word.partition(".")[0] for role in entity.roles for word in (role.unless, role.unless_stated)}
    starts = {calendar.starts for calendar in program.settings.calendars.values()}
    return definition.short_name in vacates or definition.short_name in starts or bool(entity.sequences)
