"""Facts that imply each other: what a case says by implication is not read as nothing, whatever else it says.

Rows stand under `implications` in the modules of `rules/us`; `rulewright check` reads them (E708, W907), and here each
is tried in random households, with random other facts.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.interpret.case_reader import case_from_data
from engine.interpret.interpreter import Interpreter
from engine.interpret.outcomes import Fact, Known, Outcome
from engine.ir.exclusions import exclusions
from engine.ir.program import Definition, Program
from engine.reading.declarations import Implication, Said
from engine.text.diagnostics import Diagnostics
from engine.values.periods import parse_period
from engine.values.types import EnumValue, Kind
from tests.engine.test_reforms_hold import law

PEOPLE = {"head": "ada", "spouse": "bo", "dependent": "cy"}
GROUPS = {"tax_unit": "home", "family": "hearth"}
AT = "2024-05"  # a yearly fact is that of the year that holds it


def program() -> Program:
    found = law().program
    assert found is not None
    return found


def rows() -> Iterator[Implication]:
    ruleset = law().ruleset
    assert ruleset is not None
    return (row for module in ruleset.modules for row in module.implications)


def alone() -> list[Definition]:
    """Facts that say nothing of others, and may be stated beside anything."""
    ruleset = law().ruleset
    assert ruleset is not None
    names = {name for module in ruleset.modules for name, _ in module.stands_alone}
    kinds = (Kind.BOOLEAN, Kind.MONEY)
    exported = [program().definitions[name] for name in sorted(names) if name in program().definitions]
    return [definition for definition in exported if definition.type.kind in kinds]


def stated(said: Said, data: st.DataObject) -> object:
    """A value as the table says it, one of many where it says `above`."""
    if said.value.startswith("above "):
        above, most = int(said.value[6:]), program().definitions[said.name].high
        return data.draw(
            st.integers(above + 1, min(above + 5_000, int(most) if isinstance(most, int | Fraction) else 10**9))
        )
    return {"true": True, "false": False}.get(said.value, said.value.replace("_", ""))


def holds(said: Said, outcome: Outcome) -> bool:
    if not isinstance(outcome, Known):
        return False
    if said.value.startswith("above "):
        return bool(outcome.value > int(said.value[6:]))  # type: ignore[operator]
    if isinstance(outcome.value, EnumValue | bool):
        return str(outcome.value).lower().rpartition(".")[2] == said.value
    return bool(outcome.value == Fraction(said.value.replace("_", "")))


def household(row: Implication, role: str, data: st.DataObject) -> dict[str, object]:
    """A case in which somebody of a role says what the row is about, and all say something else besides."""
    people: dict[str, dict[str, object]] = {
        name: {"age": data.draw(st.integers(1 if held == "dependent" else 25, 60))} for held, name in PEOPLE.items()
    }
    groups: dict[str, dict[str, object]] = {
        "tax_unit": {"head": "ada", "spouse": "bo", "dependents": ["cy"]}, "family": {"family_members": sorted(people)},
    }  # fmt: skip
    others = alone()
    for place in data.draw(st.lists(st.integers(0, len(others) - 1), max_size=3)):
        definition = others[place]
        value = data.draw(st.booleans() if definition.type.kind is Kind.BOOLEAN else st.integers(0, 400))
        if definition.entity in ("person", *GROUPS) and str(definition.period) in ("year", "month"):
            whose = people[data.draw(st.sampled_from(sorted(people)))]
            groups.get(definition.entity, whose)[definition.name] = value
    for said in row.given:
        groups.get(program().definitions[said.name].entity, people[PEOPLE[role]])[said.name] = stated(said, data)
    if groups["tax_unit"].get("files_separately"):
        del groups["tax_unit"]["spouse"], people["bo"]
        groups["family"]["family_members"] = sorted(people)
    told = {"tax_units": {"home": groups["tax_unit"]}, "families": {"hearth": groups["family"]}}
    return {"at": AT, "complete": True, "people": people, **told}


def answers(case_data: dict[str, object], row: Implication, role: str) -> list[tuple[Said, Outcome]]:
    problems = Diagnostics()
    case = case_from_data(program(), case_data, problems)
    assert case is not None and not problems.errors, [problem.message for problem in problems]
    interpreter, found = Interpreter(program(), case), []
    for said in row.then:
        definition = program().definitions[said.name]
        period = definition.period_at(parse_period(AT))
        assert period is not None
        fact = Fact(said.name, GROUPS.get(definition.entity, PEOPLE[role]), period)
        found.append((said, interpreter.find(fact)))
    return found


def roles_of(row: Implication) -> list[str]:
    """Of whom a row may be said: what is said of a unit because of a person is said because of its head."""
    entities = {program().definitions[one.name].entity for one in (*row.given, *row.then)}
    return ["head"] if len(entities) > 1 else ["head", "dependent"]


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_what_a_case_says_by_implication_is_not_read_as_nothing(data: st.DataObject) -> None:
    table = list(rows())
    row = table[data.draw(st.integers(0, len(table) - 1))]
    role = data.draw(st.sampled_from(roles_of(row)))
    case = household(row, role, data)
    for said, outcome in answers(case, row, role):
        if not holds(said, outcome):
            pytest.fail(f"{said.name} is {outcome}, not {said.value}, in {case}")


@pytest.mark.parametrize("name", ["is_disabled", "has_valid_ssn", "months_student_or_disabled", "receives_ssi"])
def test_a_fact_that_is_stated_itself_decides(name: str) -> None:
    row = next(one for one in rows() if one.then[0].name == name)
    contrary = {"is_disabled": False, "has_valid_ssn": True, "months_student_or_disabled": 3, "receives_ssi": False}[
        name
    ]
    given_value: object = {"true": True, "false": False}.get(row.given[0].value, 9)
    people = {"ada": {"age": 40, row.given[0].name: given_value, name: contrary}}
    case = {"at": AT, "complete": True, "people": people, "tax_units": {"home": {"head": "ada"}}}
    ((_, outcome),) = answers(case, row, "head")
    assert outcome == Known(contrary)


def test_every_fact_of_a_module_with_a_table_is_in_it() -> None:
    """W907 says so while one writes; a module of tax law without a table would say nothing."""
    ruleset = law().ruleset
    assert ruleset is not None
    pairs = {name for pair in exclusions(program()) for name in (pair.first.name, pair.second.name)}
    said = {one.name for row in rows() for one in (*row.given, *row.then)}
    alone_names = {name for module in ruleset.modules for name, _ in module.stands_alone}
    tax = [input_ for module in ruleset.modules if not module.name.startswith("benefits/") for input_ in module.inputs]
    assert [input_.name for input_ in tax if input_.name not in pairs | said | alone_names] == []
