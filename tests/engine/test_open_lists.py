"""A list that a case does not say to be whole may hold more: nothing is concluded from its silence, and whoever asks is
told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.explain.questions import asks_for_list, next_questions
from engine.interpret.case_reader import case_from_data
from engine.interpret.cases import Case
from engine.interpret.further import is_list
from engine.interpret.interpreter import Interpreter
from engine.interpret.outcomes import Fact, Interval, Known, Outcome, Possible
from engine.ir.program import Program
from engine.text.diagnostics import Diagnostics
from tests.engine.test_soundness import leaves_room
from tests.rulesets import check, told

HEAD = "entity: person, period: year, label: L, law: s.1"
UNIT = "entity: tax_unit, period: year, label: L, law: s.1"
RULES = f"""
    about: Everything that runs over a list
    law: Test Act
    exports: [points, wages, start, grade]
    inputs:
      points: {{entity: licence, period: year, type: integer, label: Points, range: -3 .. 12, absent: 0}}
      bad: {{entity: licence, period: year, type: boolean, status: true, label: Bad, absent: false}}
      start: {{entity: licence, period: year, type: date, label: Start}}
      wages: {{entity: person, period: year, type: money, label: Wages, range: 0 .. 1_000, absent: 0}}
      grade: {{entity: person, period: year, type: integer, label: Grade, range: 0 .. 3, absent: 0}}
      bonus: {{entity: tax_unit, period: year, type: money, label: Bonus, range: 0 .. 10, absent: 0}}
    variables:
      twice: {{entity: licence, period: year, label: L, law: s.1, type: integer, formula: points * 2}}
      total: {{{HEAD}, type: integer, formula: sum(l.twice for l in licences where not l.bad)}}
      how_many: {{{HEAD}, type: integer, formula: count(l in licences where l.points > 3)}}
      any_bad: {{{HEAD}, type: boolean, formula: any(l.bad for l in licences)}}
      all_bad: {{{HEAD}, type: boolean, formula: all(l.bad for l in licences where l.points >= 0)}}
      most: {{{HEAD}, type: integer, formula: max(l.points for l in licences) otherwise 101}}
      least: {{{HEAD}, type: integer, formula: min(l.points for l in licences where l.bad) otherwise 99}}
      best_two: {{{HEAD}, type: integer, formula: sum(highest 2 of l.points for l in licences)}}
      worst: {{{HEAD}, type: integer, formula: min(lowest 2 of l.points for l in licences) otherwise 50}}
      newest: {{{HEAD}, type: integer, formula: "last(l.points for l in licences by l.start, l.points) otherwise 105"}}
      never: {{{HEAD}, type: integer, formula: sum(l.points for l in licences where l.points > 12)}}
      own_wages: {{{HEAD}, type: money, formula: wages + total * 1 USD}}
      place: {{{HEAD}, type: integer, formula: rank(self for m in tax_unit.members by m.grade)}}
      is_child: {{{HEAD}, type: boolean, formula: self is dependent}}
      unit_wages: {{{UNIT}, type: money, formula: sum(m.own_wages for m in members)}}
      adults: {{{UNIT}, type: integer, formula: count(m in members where m.grade > 1 and not m.is_child)}}
      spouse_wages: {{{UNIT}, type: money, formula: spouse.wages otherwise 7 USD}}
      alone: {{{UNIT}, type: boolean, formula: spouse is none}}
      children_paid: {{{UNIT}, type: money, formula: sum(highest 1 of m.wages for m in dependents)}}
      richer: {{{UNIT}, type: integer, formula: "sum(m.place as if (c.grade = 3 for c in dependents) for m in filers)"}}
      head_licences: {{{UNIT}, type: integer, formula: count(l in head.licences)}}
      reached: {{{UNIT}, type: integer, formula: "sum(m.place for m in members)"}}
"""


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Program:
    compiled = check(tmp_path_factory.mktemp("rules"), {"made": RULES})
    assert compiled.program is not None, told(compiled)
    return compiled.program


def case_of(program: Program, data: dict[str, Any]) -> Case:
    problems = Diagnostics()
    case = case_from_data(program, {"at": "2024", **data}, problems)
    assert case is not None, [problem.message for problem in problems]
    return case


def figures(program: Program, case: Case) -> dict[tuple[str, str], Outcome]:
    interpreter = Interpreter(program, case)
    return {
        (definition.short_name, whose): interpreter.find(Fact(definition.name, whose, case.at))
        for definition in program.definitions.values()
        if not definition.is_input
        for whose in case.instances.get(definition.entity, ())
    }


def found(program: Program, name: str, whose: str = "h", **data: Any) -> Outcome:
    return figures(program, case_of(program, {"people": {"h": {}}, **data}))[name, whose]


LICENCE = st.fixed_dictionaries(
    {"points": st.integers(-3, 12), "bad": st.booleans(), "start": st.sampled_from(["2020-01-01", "2021-06-01"])}
)
PERSON = st.fixed_dictionaries({"wages": st.integers(0, 1000), "grade": st.integers(0, 3)})


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_ranges_hold_whoever_else_is_in_the_lists(program: Program, draw: st.DataObject) -> None:
    people = {"h": draw.draw(PERSON)}
    unit: dict[str, Any] = {"head": "h", "bonus": 1}
    before: dict[str, Any] = {"people": people, "tax_units": {"t": unit}}
    licences = draw.draw(st.none() | st.lists(LICENCE, max_size=2))
    if licences is not None:
        before["licences"] = {f"l{at}": {"person": "h", **licence} for at, licence in enumerate(licences)}
    if draw.draw(st.booleans()):
        unit["dependents"] = ["d"]
        people["d"] = draw.draw(PERSON)
    said = draw.draw(st.lists(st.sampled_from(["licences", "dependents", "spouse"]), unique=True))
    before["complete"] = said
    some_open = figures(program, case_of(program, before))
    after = {**before, "people": dict(people), "tax_units": {"t": dict(unit)}}
    for role, most in (("spouse", 1), ("dependents", 3)):
        if role not in said:
            new = {f"{role}{at}": draw.draw(PERSON) for at in range(draw.draw(st.integers(0, most)))}
            after["people"] |= new
            after["tax_units"]["t"][role] = [*unit.get(role, ()), *new]
    if "licences" not in said and licences != []:
        owners = st.sampled_from(list(after["people"]))
        more = draw.draw(st.lists(LICENCE, max_size=3))
        additional: dict[str, Any] = {
            f"more{at}": {"person": draw.draw(owners), **fact} for at, fact in enumerate(more)
        }
        after["licences"] = {**before.get("licences", {}), **additional}
    whole = figures(program, case_of(program, {**after, "complete": True}))
    for key, outcome in some_open.items():
        assert leaves_room(outcome, whole[key]), (key, outcome, whole[key])
    if len(said) == 3:
        assert all(isinstance(item, Known) for item in some_open.values())


def test_a_list_is_whole_if_the_case_says_so_and_is_asked_for_otherwise(program: Program) -> None:
    assert found(program, "any_bad", licences={}) == Known(False)
    assert found(program, "any_bad", licences=[]) == Known(False)
    assert found(program, "any_bad", complete=True) == Known(False)
    good = {"l": {"person": "h", "bad": False}}
    assert found(program, "any_bad", licences=good, complete=["licences"]) == Known(False)
    assert found(program, "any_bad", complete=["licences"]) == Known(False), "none is listed, and these are all"
    some = found(program, "any_bad", licences=good)
    assert isinstance(some, Possible) and [str(need) for need in some.needs] == ["licences of h for 2024"]
    least = found(program, "how_many", licences={"l": {"person": "h", "points": 5}})
    assert isinstance(least, Possible) and least.range == Interval(1, None)
    silent = found(program, "any_bad")
    assert isinstance(silent, Possible) and [str(need) for need in silent.needs] == ["licences of h for 2024"]
    known = {"l": {"person": "h", "bad": True}}
    assert found(program, "any_bad", licences=known, open=["licences"]) == Known(True)
    assert isinstance(found(program, "any_bad", licences={}, complete=True, open=["licences"]), Possible)


def test_what_nobody_else_could_change_is_known(program: Program) -> None:
    assert found(program, "never") == Known(0)
    unit = {"t": {"head": "h", "spouse": "s"}}
    people = {"h": {}, "s": {"wages": 3}}
    assert found(program, "spouse_wages", "t", people=people, tax_units=unit) == Known(3), "there is one at most"
    silent = found(program, "spouse_wages", "t", tax_units={"t": {"head": "h"}})
    assert isinstance(silent, Possible) and silent.range == Interval(0, 1000)
    assert isinstance(found(program, "alone", "t", tax_units={"t": {"head": "h"}}), Possible)
    assert isinstance(found(program, "is_child"), Possible), "nobody said in which group"
    assert found(program, "is_child", complete=True) == Known(False)


def test_who_holds_a_role_is_everybody_only_if_the_case_says_so(program: Program) -> None:
    people = {"h": {"wages": 3}, "d": {"wages": 4}}
    given: dict[str, Any] = {"people": people, "tax_units": {"t": {"head": "h", "spouse": [], "dependents": ["d"]}}}
    some = found(program, "unit_wages", "t", **given, licences={})
    assert isinstance(some, Possible) and [str(need) for need in some.needs] == ["dependents of t for 2024"]
    assert some.range == Interval(7, None)
    assert found(program, "unit_wages", "t", **given, licences={}, complete=["dependents"]) == Known(7)


def test_of_any_number_a_sum_has_no_end_and_a_list_is_asked_where_it_tells_most(program: Program) -> None:
    silent = found(program, "how_many")
    assert isinstance(silent, Possible) and silent.range == Interval(0, None)
    case = case_of(program, {"people": {"h": {"wages": 3}}})
    first = next_questions(program, case, Fact("made:own_wages", "h", case.at))[0].fact
    assert is_list(first) and asks_for_list(first).startswith("Are there licences that are not listed?")


def test_what_is_no_list_cannot_be_open(program: Program) -> None:
    problems = Diagnostics()
    data = {"at": "2024", "people": {"h": {}}, "open": ["licenses", "people"]}
    assert case_from_data(program, data, problems) is None
    assert next((problem.code, problem.help) for problem in problems) == ("E802", "did you mean `licences`?")


@pytest.mark.parametrize(
    ("complete", "message"),
    [
        ("yes", "`complete` is true, false, or the lists that are whole"),
        (1, "`complete` is true, false, or the lists that are whole"),
        (["licenses"], "`licenses` is not a list of records or of those who hold a role"),
        ([["licences"]], "`` is not a list of records or of those who hold a role"),
        ({"licences": True}, "`complete` is true, false, or the lists that are whole"),
        (["dependents", "licences"], "the list `licences` stands under `complete` and under `open`"),
    ],
)
def test_what_is_no_list_cannot_be_complete(program: Program, complete: Any, message: str) -> None:
    problems = Diagnostics()
    data = {"at": "2024", "people": {"h": {}}, "complete": complete, "open": ["licences"]}
    assert case_from_data(program, data, problems) is None
    assert message in [problem.message for problem in problems]


def test_nobody_is_called_as_the_one_who_may_be_there(program: Program, tmp_path: Path) -> None:
    """An id that reads like the one of somebody else in a list is of a person of its own."""
    unit = {"t": {"head": "another dependent of t"}}
    total = found(
        program, "unit_wages", "t", people={"another dependent of t": {"wages": 5}}, tax_units=unit, licences={}
    )
    assert isinstance(total, Possible) and total.range == Interval(5, None)
