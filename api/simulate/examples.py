"""Why did this household gain, or lose? Households like those that change most, explained before and after.

Nobody of the population is shown: amounts are rounded to thousands, ages of adults to fives, and what such a household
would get is computed anew by the interpreter under both versions. So the case that is told gives the figures told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import yaml

from api.simulate.answers import ChangedFigure, Example
from api.simulate.exactly import exact_text
from api.simulate.known import Entries
from api.simulate.outcomes import Outcome
from api.simulate.population import Population
from api.simulate.view import View
from engine.explain.tree import Explanation, explain
from engine.interpret.case_reader import case_from_data
from engine.interpret.cases import Case
from engine.interpret.constants import Constants
from engine.interpret.interpreter import Interpreter
from engine.interpret.outcomes import Fact, Known
from engine.interpret.reuse import differing_names
from engine.ir.program import Program
from engine.population.columns import unit_of
from engine.text.diagnostics import Diagnostics
from engine.values.types import Kind

EACH = 2
_ROUND_TO = 1_000
_ADULT = 20
MAX_STEPS = 14


def examples(
    view: View, population: Population, before: Outcome, after: Outcome, change: Entries
) -> tuple[Example, ...]:
    """Households like those that lose most and gain most, and what changes in them, from causes to results."""
    columns = population.columns
    if set(columns.groups) != {view.unit} or columns.owners:
        return ()  # a household is then more than its unit, and would have to be rebuilt whole
    constants = [Constants(each.program) for each in (before, after)]
    cases: list[dict[str, Any]] = []
    for row in _changing_most(change):
        case = _household(before.program, view, population, row)
        if case not in cases:  # rounded, two may be alike
            cases.append(case)
    explained = (_explained(view, case, constants, population) for case in cases)
    return tuple(example for example in explained if example is not None)


def _changing_most(change: Entries) -> list[int]:
    """The units that lose most, and those that gain most; of equal ones the first to lose and the last to gain."""
    lose, gain = _least(change), _least(-change[::-1])
    return [*lose, *(len(change) - 1 - row for row in gain)]


def _least(change: Entries) -> list[int]:
    """The first `EACH` units in order of change, of those that have less than before."""
    if len(change) > EACH:
        rows = np.flatnonzero(change <= min(np.partition(change, EACH)[EACH], -1))
    else:
        rows = np.flatnonzero(change < 0)
    return [int(row) for row in rows[np.argsort(change[rows], kind="stable")][:EACH]]


def _household(program: Program, view: View, population: Population, row: int) -> dict[str, Any]:
    """A case like unit `row`, rounded."""
    columns = population.columns
    link = columns.groups[view.unit]
    rows = [int(member) for member in np.flatnonzero(link.group == row)]
    names = {member: f"person_{place}" for place, member in enumerate(rows, 1)}
    people: dict[str, dict[str, Any]] = {name: {} for name in names.values()}
    home: dict[str, Any] = {}
    for role_number, role in enumerate(program.settings.entities[view.unit].roles):
        holders = [names[member] for member in rows if link.role[member] == role_number]
        if holders:
            home[role.name if role.single else role.plural or role.name] = holders[0] if role.single else holders
    for cell, column in columns.columns.items():
        definition = program.definitions[cell.name]
        of = (
            {member: people[name] for member, name in names.items()}
            if definition.entity == view.person
            else {row: home}
        )
        for at, facts in of.items():
            if column.missing is None or not column.missing[at]:
                value = _rounded(program, view, cell.name, int(column.entries[at]))
                if value not in (0, False, None):
                    facts[definition.short_name] = value
    settings = program.settings
    plurals = (settings.entities[view.person].plural, settings.entities[view.unit].plural)
    return {"at": str(columns.at), "complete": True, plurals[0]: people, plurals[1]: {"home": home}}


def _rounded(program: Program, view: View, name: str, entry: int) -> Any:
    definition = program.definitions[name]
    match definition.type.kind:
        case Kind.MONEY:
            step = _ROUND_TO * unit_of(program, definition)
            return (2 * entry + step) // (2 * step) * _ROUND_TO
        case Kind.BOOLEAN:
            return bool(entry)
        case Kind.ENUM:
            return list(program.settings.enums[definition.type.enum].members)[entry]
        case Kind.INTEGER:
            return (entry + 2) // 5 * 5 if name == view.age and entry >= _ADULT else entry
    return None


def _explained(
    view: View, data: Mapping[str, Any], constants: Sequence[Constants], population: Population
) -> Example | None:
    at = population.columns.at
    before, after = (known.program for known in constants)
    cases = [case_from_data(program, data, Diagnostics(), at) for program in (before, after)]
    if cases[0] is None or cases[1] is None:
        return None
    whole = 0
    best: tuple[int, str] = (0, "")
    readers = _readers(before, after, cases[0], cases[1], constants, names=(*view.taxes, *view.benefits))
    for names, sign in ((view.taxes, -1), (view.benefits, 1)):
        for name in names:
            moved = sign * (_entry(readers[1], name) - _entry(readers[0], name))
            whole += moved
            best = max(best, (abs(moved), name))
    if not best[0]:
        return None
    definition = before.find(best[1])
    assert definition is not None
    told = yaml.safe_dump(data, sort_keys=False, allow_unicode=True, default_flow_style=None, width=110)
    people = len(data[before.settings.entities[view.person].plural])
    about = f"a household of {people}" if people > 1 else "a household of one"
    unit = unit_of(before, definition)
    return Example(about, exact_text(whole, unit), told, tuple(_steps(readers, best[1])))


def _readers(
    before: Program, after: Program, case: Case, same: Case, constants: Sequence[Constants], *, names: Sequence[str]
) -> tuple[Interpreter, Interpreter]:
    """Interpreters of a case under both laws; the second takes over from the first what the reform leaves alone."""
    first = Interpreter(before, case, constants[0])
    for name in names:
        first.find(_fact(first, name))
    return first, Interpreter(after, same, constants[1], first, differing=differing_names(before, after))


def _fact(reader: Interpreter, name: str) -> Fact:
    definition = reader.program.find(name)
    assert definition is not None and reader.case.at is not None
    period = definition.period_at(reader.case.at)
    assert period is not None
    return Fact(definition.name, "home", period)


def _entry(reader: Interpreter, name: str) -> int:
    fact = _fact(reader, name)
    outcome = reader.find(fact)
    if not isinstance(outcome, Known):
        return 0
    value: Any = outcome.value
    return int(value * unit_of(reader.program, reader.program.definitions[fact.name]))


def _steps(readers: Sequence[Interpreter], name: str) -> Iterator[ChangedFigure]:
    """The figures that differ in the two explanations, causes before results."""
    before, after = (list(_flat(explain(reader, _fact(reader, name)))) for reader in readers)
    known = {explanation.fact: explanation for explanation in before}
    changed = [
        explanation
        for explanation in after
        if explanation.fact in known and known[explanation.fact].amount != explanation.amount
    ]
    new = [explanation for explanation in after if explanation.fact not in known]
    shown = [explanation for explanation in after if explanation in changed or explanation in new][-MAX_STEPS:]
    for explanation in shown:
        old = known.get(explanation.fact)
        constants = tuple(line for line in explanation.constants if old is None or line not in old.constants)
        law = " ".join(str(explanation.law).split())
        yield ChangedFigure(
            explanation.fact.name.rpartition(":")[2],
            explanation.fact.instance,
            explanation.label,
            old.amount if old else "",
            explanation.amount,
            law,
            constants,
        )


def _flat(tree: Explanation) -> Iterator[Explanation]:
    for child in tree.children:
        yield from _flat(child)
    if not tree.seen:
        yield tree
