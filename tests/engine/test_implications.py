"""Facts that imply each other: what a case says by implication is not read as nothing, whatever else it says.

Rows stand under `implications` in the modules of `rules/us`; `rulewright check` reads them (E708, W907), and here each
is tried in random households, with random other facts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from fractions import Fraction
from itertools import permutations

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.interpret.case_reader import case_from_data
from engine.interpret.interpreter import Interpreter
from engine.interpret.outcomes import Fact, Known, Outcome
from engine.ir.exclusions import exclusions
from engine.ir.program import Definition, Program
from engine.population.door import from_arrow
from engine.reading.declarations import Implication, Said
from engine.text.diagnostics import Diagnostics
from engine.values.periods import parse_period
from engine.values.types import EnumValue, Kind
from tests.engine.test_reforms_hold import law

PEOPLE = {"head": "ada", "spouse": "bo", "dependent": "cy"}
GROUPS = {"tax_unit": "home", "family": "hearth", "snap_unit": "table", "tanf_unit": "aided"}
PLURALS = {"tax_unit": "tax_units", "family": "families", "snap_unit": "snap_units", "tanf_unit": "tanf_units"}
AT = "2024-05"  # a yearly fact is that of the year that holds it


def program() -> Program:
    result = law().program
    assert result is not None
    return result


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
    """A value as the table says it, one of many where it says `above`, or several."""
    if said.value == "stated":
        return data.draw(st.dates(date(1960, 1, 1), date(2020, 1, 1))).isoformat()
    if said.value.startswith("above "):
        above, most = int(said.value[6:]), program().definitions[said.name].high
        return data.draw(
            st.integers(above + 1, min(above + 5_000, int(most) if isinstance(most, int | Fraction) else 10**9))
        )
    value = data.draw(st.sampled_from(said.value.split(" or ")))
    is_number = program().definitions[said.name].type.is_number
    return {"true": True, "false": False}.get(value, value.replace("_", "") if is_number else value)


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
        "snap_unit": {"snap_members": sorted(people)}, "tanf_unit": {"tanf_members": sorted(people)},
    }  # fmt: skip
    others = alone()
    for place in data.draw(st.lists(st.integers(0, len(others) - 1), max_size=3)):
        definition = others[place]
        least = max(0, int(definition.low)) if isinstance(definition.low, int | Fraction) else 0
        most = int(definition.high) if isinstance(definition.high, int | Fraction) else least + 400
        amounts = st.integers(least, min(most, least + 400))
        value = data.draw(st.booleans() if definition.type.kind is Kind.BOOLEAN else amounts)
        if definition.entity in ("person", *GROUPS) and str(definition.period) in ("year", "month"):
            whose = people[data.draw(st.sampled_from(sorted(people)))]
            groups.get(definition.entity, whose)[definition.name] = value
    for said in row.given:
        groups.get(program().definitions[said.name].entity, people[PEOPLE[role]])[said.name] = stated(said, data)
    if groups["tax_unit"].get("files_separately"):
        del groups["tax_unit"]["spouse"], people["bo"]
        for entity, members in (
            ("family", "family_members"),
            ("snap_unit", "snap_members"),
            ("tanf_unit", "tanf_members"),
        ):
            groups[entity][members] = sorted(people)
    told = {PLURALS[entity]: {name: groups[entity]} for entity, name in GROUPS.items()}
    return {"at": AT, "complete": True, "people": people, **told}


def answers(case_data: dict[str, object], row: Implication, role: str) -> list[tuple[Said, Outcome]]:
    problems = Diagnostics()
    case = case_from_data(program(), case_data, problems)
    assert case is not None and not problems.errors, [problem.message for problem in problems]
    interpreter, result = Interpreter(program(), case), []
    for said in row.then:
        definition = program().definitions[said.name]
        period = definition.period_at(parse_period(AT))
        assert period is not None
        fact = Fact(said.name, GROUPS.get(definition.entity, PEOPLE[role]), period)
        result.append((said, interpreter.find(fact)))
    return result


def roles_of(row: Implication) -> list[str]:
    """Of whom a row may be said: what is said of a unit because of a person is said because of its head."""
    entities = {
        program().definitions[item.name].entity for item in (*row.given, *row.then, *row.only, *row.needs, *row.never)
    }
    return ["head"] if len(entities) > 1 else ["head", "dependent"]


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_what_a_case_says_by_implication_is_not_read_as_nothing(data: st.DataObject) -> None:
    table = [row for row in rows() if row.then]
    row = table[data.draw(st.integers(0, len(table) - 1))]
    role = data.draw(st.sampled_from(roles_of(row)))
    case = household(row, role, data)
    for said, outcome in answers(case, row, role):
        if not holds(said, outcome):
            pytest.fail(f"{said.name} is {outcome}, not {said.value}, in {case}")


STATED_OTHERWISE: dict[str, tuple[dict[str, object], bool | int]] = {
    "ira_active_participant": ({"wage_deferrals_without_form": 900}, False),
    "months_student_or_disabled": ({"is_incapable_of_self_care": True}, 3),
    "qualifying_days_abroad": ({"is_resident_abroad_for_whole_year": True}, 200),
    "recent_retirement_distributions": ({"taxable_pension_without_form": 1_900}, 1_200),
}


@pytest.mark.parametrize("name", STATED_OTHERWISE)
def test_a_fact_that_may_truly_differ_decides(name: str) -> None:
    given_facts, contrary = STATED_OTHERWISE[name]
    people: dict[str, object] = {"ada": {"age": 40, **given_facts, name: contrary}}
    case: dict[str, object] = {"at": AT, "complete": True, "people": people}
    row = next(
        other_row for other_row in rows() if other_row.then and other_row.then[0].name == name and other_row.unless
    )
    ((_, outcome),) = answers({**case, "tax_units": {"home": {"head": "ada"}}}, replace(row, then=row.then[:1]), "head")
    assert outcome == Known(contrary)


def contrary_of(said: Said, data: st.DataObject) -> object | None:
    """Something else than what is said, of the same type; None if there is nothing else."""
    definition = program().definitions[said.name]
    high = int(definition.high) if isinstance(definition.high, int | Fraction) else 10**6
    if said.value.startswith("above "):
        return data.draw(st.integers(int(definition.low or 0), int(said.value[6:])))
    if definition.type.kind is Kind.BOOLEAN:
        return said.value == "false"
    if definition.type.kind is Kind.ENUM:
        members = program().settings.enums[definition.type.enum].members
        return data.draw(st.sampled_from([member for member in members if member not in said.value.split(" or ")]))
    stated_values = {int(value.replace("_", "")) for value in said.value.split(" or ")}
    return data.draw(st.integers(0, min(high, 400)).filter(lambda value: value not in stated_values))


def refused(case_data: dict[str, object]) -> list[str]:
    """The messages with which a case is refused because facts contradict each other."""
    problems = Diagnostics()
    assert case_from_data(program(), case_data, problems) is None, case_data
    assert {problem.code for problem in problems.errors} <= {"E807", "E808"}, [each.message for each in problems]
    return [problem.message for problem in problems if problem.code == "E808"]


def is_of_people(row: Implication) -> bool:
    """Whether a row is about people and their groups: of forms other tests tell."""
    return all(program().definitions[item.name].entity in ("person", *GROUPS) for item in (*row.given, *certain(row)))


def certain(row: Implication) -> list[Said]:
    """What a row asks for of which something else can be stated: to be stated at all has no contrary value."""
    held = (*(row.then if row.always or row.same else ()), *row.only, *row.needs)
    return [item for item in held if item.value != "stated"]


def against(row: Implication, data: st.DataObject) -> tuple[str, object]:
    """A fact, and what may not be stated of it beside what a row asks for."""
    said = data.draw(
        st.sampled_from([*((item, False) for item in certain(row)), *((item, True) for item in row.never)])
    )
    value = stated(said[0], data) if said[1] else contrary_of(said[0], data)
    return said[0].name, value


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_what_contradicts_an_implication_that_always_holds_is_refused(data: st.DataObject) -> None:
    """In cases and in tables: no disagreement is silent."""
    table = [row for row in rows() if (certain(row) or row.never) and is_of_people(row)]
    row = table[data.draw(st.integers(0, len(table) - 1))]
    role = data.draw(st.sampled_from(roles_of(row)))
    case = household(row, role, data)
    name, value = against(row, data)
    entity = program().definitions[name].entity
    plural, whose = PLURALS.get(entity, "people"), GROUPS.get(entity, PEOPLE[role])
    case[plural][whose][name] = value  # type: ignore[index]
    messages = refused(case)
    assert any(f"`{name}`" in message for message in messages), (row, case)


def test_every_fact_of_a_module_with_a_table_is_in_it() -> None:
    """W907 says so while one writes; a module without a table would say nothing."""
    ruleset = law().ruleset
    assert ruleset is not None
    pairs = {name for pair in exclusions(program()) for name in (pair.first.name, pair.second.name)}
    said = {
        item.name
        for row in rows()
        for item in (*row.given, *row.then, *row.only, *row.needs, *row.never, *row.equal, *row.apart)
    }
    alone_names = {name for module in ruleset.modules for name, _ in module.stands_alone}
    facts = [input_ for module in ruleset.modules for input_ in module.inputs]
    assert len(facts) > 600
    assert [input_.name for input_ in facts if input_.name not in pairs | said | alone_names] == []


def test_every_row_says_whether_what_it_implies_may_be_stated_otherwise() -> None:
    """W908 says so while one writes."""
    pairs = {
        pair
        for exclusion in exclusions(program())
        for pair in permutations((exclusion.first.name, exclusion.second.name))
    }
    silent = [row for row in rows() if row.then and not (row.always or row.same or row.unless)]
    assert [row for row in silent if not any((fact.name, row.then[0].name) in pairs for fact in row.given)] == []


@pytest.mark.parametrize(
    ("people", "faults"),
    [
        ({"ssi_received_of_month@2024-05": [900, 0, None], "receives_ssi@2024-05": [False, False, True]}, 1),
        ({"ssi_received_of_month@2024-05": [900, 900, 900], "receives_ssi@2024-06": [False, False, False]}, 0),
        ({"is_on_ssi@2024-05": [False, None, True], "receives_ssi@2024-05": [True, True, True]}, 1),
        ({"immigration_status@2024-05": ["daca", "citizen", "citizen"],
          "is_ssi_citizen_or_eligible_alien@2024-05": [True, False, True]}, 2),
        ({"ss_noncovered_pension": [10, None, 20]}, 2),  # the table says by silence that there is none
        ({"ss_noncovered_pension": [10, 0, 20], "ss_has_noncovered_pension": [True, None, None]}, 1),
        ({"receives_snap": [True, False, None]}, 0),
        ({"is_claimed_by_another": [True, False, False]}, 1),
        ({"is_claimed_by_another": [False, True, True]}, 0),  # not the head
    ],
)  # fmt: skip
def test_tables_are_refused_by_the_same_rows(people: dict[str, list[object]], faults: int) -> None:
    persons = {"person_id": [1, 2, 3], "tax_unit_id": [7, 7, 7], "role": ["head", "spouse", "dependent"], **people}
    units = {"tax_unit_id": [7], "head_is_dependent_elsewhere": [False]}
    tables = {"person": pa.table(persons), "tax_unit": pa.table(units)}
    admitted = from_arrow(program(), parse_period("2024"), tables)
    assert len(admitted.problems) == faults, admitted.problems
    assert all("so that it" in problem.message for problem in admitted.problems)


@pytest.mark.parametrize(
    ("facts", "codes"),
    [
        ({"is_on_ssi": {"from 2024-01": True, "from 2024-06": False}, "receives_ssi": {"2024-05": False}}, ["E808"]),
        ({"is_on_ssi": {"from 2024-01": True, "from 2024-06": False}, "receives_ssi": {"2024-07": False}}, []),
        ({"ssi_received_of_month": {"2024-03": 10}, "receives_ssi": {"from 2024-03": False}}, ["E808"]),
        ({"ssi_received_of_month": {"2024-03": {"at_least": 1}}, "receives_ssi": {"2024-03": False}}, ["E808"]),
        ({"ssi_received_of_month": {"2024-03": {"at_most": 1}}, "receives_ssi": {"2024-03": False}}, []),
        ({"ss_disability_onset": "2020-01-01", "ss_is_disabled": False}, ["E808"]),
        ({"ss_disability_onset": "2020-01-01", "complete": True}, ["E808"]),  # says by silence that nobody is disabled
        ({"ss_disability_onset": "2020-01-01", "ss_is_disabled": True, "complete": True}, []),
        ({"ss_disability_onset": "2020-01-01"}, []),  # it is not known
        ({"date_of_death": "2020-01-01", "complete": True}, []),  # the one fact that says who has died
        ({"ss_is_dead": True, "ss_date_of_death": "2020-01-01"}, ["E801", "E801"]),
    ],
)
def test_what_contradicts_in_a_month_is_refused_in_that_month_alone(facts: dict[str, object], codes: list[str]) -> None:
    problems = Diagnostics()
    stated_facts = {"age": 70, **facts}
    complete = stated_facts.pop("complete", False)
    case_from_data(program(), {"at": 2024, "complete": complete, "people": {"ada": stated_facts}}, problems)
    assert [problem.code for problem in problems] == codes, [problem.message for problem in problems]
