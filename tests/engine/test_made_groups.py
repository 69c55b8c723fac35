"""Groups that a figure makes out of the members of a larger one: who is together, by brute force; what is not known."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import product
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from engine.interpret.case_reader import case_from_data
from engine.interpret.cases import Case
from engine.interpret.interpreter import Interpreter
from engine.interpret.outcomes import NOT_APPLICABLE, Choice, Fact, Interval, Known, Outcome, Possible
from engine.ir.program import Program
from engine.native import evaluate
from engine.native.agreement import differences
from engine.native.handover import value_of
from engine.pipeline import compile_rules
from engine.population.door import from_arrow
from engine.text.diagnostics import Diagnostics, RulesInvalid
from engine.values.periods import Period, parse_period
from tests.api.kitchens import MODULE, SETTINGS
from tests.cli.command import write_rules
from tests.engine.test_soundness import leaves_room

MARCH, YEAR = parse_period("2024-03"), parse_period("2024")
STOVES: tuple[int | str, ...] = (1, 2, 3, "none")
PEOPLE = ("p0", "p1", "p2", "p3")
Stoves = Mapping[str, int | str]


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Program:
    return compile_rules(write_rules(tmp_path_factory.mktemp("rules") / "land", MODULE, SETTINGS))


def case_of(program: Program, at: Period, data: Mapping[str, Any]) -> Case:
    problems = Diagnostics()
    case = case_from_data(program, {"at": str(at), **data}, problems)
    assert case is not None, [f"{problem.message}: {problem.help}" for problem in problems]
    return case


def lived(stoves: Stoves, pay: Mapping[str, int], **more: Any) -> dict[str, Any]:
    """People of one dwelling; a stove that is not said is not known."""
    people: dict[str, dict[str, Any]] = {person: {"pay": pay[person]} for person in pay}
    for person, stove in stoves.items():
        people[person]["cooks_at"] = stove
    owner, *others = pay
    dwellings = {"home": {"owner": owner, "residents": others}}
    return {"people": people, "dwellings": dwellings, "kitchens": {}, "complete": ["residents"], **more}


def together(stoves: Stoves) -> dict[str, list[str]]:
    """The kitchens by hand: by the first of each."""
    kitchens: dict[str, list[str]] = {}
    for person, stove in stoves.items():
        if stove != "none":
            first = next(other for other, theirs in stoves.items() if theirs == stove)
            kitchens.setdefault(f"home/{first}", []).append(person)
    return kitchens


def drawn(chance: random.Random) -> tuple[dict[str, int | str], dict[str, int]]:
    people = PEOPLE[: chance.randrange(1, 5)]
    return {person: chance.choice(STOVES) for person in people}, {person: chance.randrange(100) for person in people}


@pytest.mark.parametrize("seed", range(25))
def test_who_is_together_is_what_brute_force_says(seed: int, program: Program) -> None:
    chance = random.Random(seed)
    stoves, pay = drawn(chance)
    kitchens = together(stoves)
    data = lived(stoves, pay, complete=True)
    data["kitchens"] = {name: {"fees": place} for place, name in enumerate(kitchens)}
    case = case_of(program, MARCH, data)
    assert case.instances.get("kitchen", ()) == tuple(kitchens)
    interpreter = Interpreter(program, case)
    for place, (name, members) in enumerate(kitchens.items()):
        need = Fraction(10 * len(members) + place)
        assert interpreter.find(Fact("need", name, MARCH)) == Known(need)
        for person in members:
            assert interpreter.find(Fact("alone", person, MARCH)) == Known(len(members) == 1)
            assert interpreter.find(Fact("share", person, MARCH)) == Known(round(need / len(members), 2))
    for person, stove in stoves.items():
        if stove == "none":
            assert interpreter.find(Fact("share", person, MARCH)) == Known(1)
        at_third = together({**stoves, person: 3})
        name, members = next((name, members) for name, members in at_third.items() if person in members)
        fees = list(kitchens).index(name) if name in kitchens else 0
        expected = round(Fraction(10 * len(members) + fees) / len(members), 2)
        assert interpreter.find(Fact("as_if_alone", person, MARCH)) == Known(expected)


def completions(stoves: Stoves, people: Sequence[str]) -> Iterator[dict[str, int | str]]:
    open_ = [person for person in people if person not in stoves]
    for chosen in product(STOVES, repeat=len(open_)):
        filled = {**stoves, **dict(zip(open_, chosen, strict=True))}
        yield {person: filled[person] for person in people}


@pytest.mark.parametrize("seed", range(15))
def test_every_completion_lies_in_what_is_said_of_unknown_stoves(seed: int, program: Program) -> None:
    chance = random.Random(seed)
    stoves, pay = drawn(chance)
    known = {person: stove for person, stove in stoves.items() if chance.random() < 0.6}
    case = case_of(program, MARCH, lived(known, pay))
    interpreter = Interpreter(program, case)
    asked = [Fact("alone", person, MARCH) for person in pay] + [Fact("share", person, MARCH) for person in pay]
    asked += [Fact("food_of_month", "home", MARCH), Fact("as_if_alone", "p0", MARCH)]
    asked += [Fact("need", f"home/{person}", MARCH) for person in pay]
    asked += [Fact("last_pay", f"home/{person}", YEAR) for person in pay]
    outcomes = {fact: interpreter.find(fact) for fact in _named(program, asked)}
    for filled in completions(known, list(pay)):
        whole = Interpreter(program, case_of(program, MARCH, lived(filled, pay, complete=True)))
        for fact, outcome in outcomes.items():
            assert leaves_room(outcome, whole.find(fact)), (fact, filled)
    for outcome in outcomes.values():
        if isinstance(outcome, Possible):
            assert {fact.name for fact in outcome.needs} <= {"cooks_at", "fees", "pay"}


def test_an_unknown_stove_leaves_open_only_what_it_can_touch(program: Program) -> None:
    pay = {"p0": 10, "p1": 20, "p2": 30}
    data = lived({"p0": 1, "p1": 1}, pay)
    data["kitchens"] = {f"home/{person}": {"fees": 0} for person in pay}
    interpreter = Interpreter(program, case_of(program, MARCH, data))

    def found(name: str, whom: str) -> Outcome:
        return interpreter.find(_named(program, [Fact(name, whom, MARCH)])[0])

    stove = frozenset({Fact("cooks_at", "p2", MARCH)})
    assert found("alone", "p0") == Known(False)  # whoever joins them
    assert found("need", "home/p0") == Possible(Interval(20, 30), stove)
    assert found("need", "home/p2") == Possible(Interval(0, 10), stove)
    assert found("food_of_month", "home") == Possible(Interval(20, 30), stove)  # and not 10 for each of three kitchens
    assert found("share", "p0") == Known(10)  # of however many
    assert found("alone", "p2") == Possible(Choice(frozenset({True, False})), stove)
    assert found("share", "p2") == Possible(Interval(1, 10), stove)


def test_who_is_listed_in_no_dwelling_may_be_in_one_all_the_same(program: Program) -> None:
    data = {"people": {"p0": {"cooks_at": 1}, "p1": {"cooks_at": 2}}, "dwellings": {"home": {"owner": "p0"}}}
    alone = _named(program, [Fact("alone", "p1", MARCH)])[0]
    outcome = Interpreter(program, case_of(program, MARCH, data)).find(alone)
    assert isinstance(outcome, Possible) and outcome.range == Choice(frozenset({True, False}))
    whole = Interpreter(program, case_of(program, MARCH, {**data, "complete": True}))
    assert whole.find(alone) == Known(False)
    people = {"person_id": [1, 2], "dwelling_id": [1, None], "dwelling_role": ["owner", None], "cooks_at": [1, 2]}
    tables = {"person": pa.table(people), "dwelling": pa.table({"dwelling_id": [1]})}
    for complete in (True, False):
        columns = from_arrow(program, MARCH, tables, complete=complete).columns
        assert columns is not None
        assert not differences(program, columns, evaluate(program, columns, ["alone", "share", "food_of_month"]))


def test_where_there_are_many_ways_all_of_the_dwelling_is_open(program: Program) -> None:
    pay = {f"p{number}": 0 for number in range(5)}
    data = lived({"p0": 1}, pay)
    data["kitchens"] = {f"home/{person}": {"fees": 0} for person in pay}
    interpreter = Interpreter(program, case_of(program, MARCH, data))
    outcome = interpreter.find(_named(program, [Fact("food_of_month", "home", MARCH)])[0])
    assert isinstance(outcome, Possible) and isinstance(outcome.range, Interval) and outcome.range.high is None
    assert {fact.instance for fact in outcome.needs} == {"p1", "p2", "p3", "p4"}


def _named(program: Program, facts: Sequence[Fact]) -> list[Fact]:
    definitions = [program.find(fact.name) for fact in facts]
    return [
        Fact(definition.name, fact.instance, fact.period)
        for definition, fact in zip(definitions, facts, strict=True)
        if definition is not None
    ]


def test_a_kitchen_that_is_none_cannot_be_told_of(program: Program) -> None:
    problems = Diagnostics()
    data = lived({"p0": 1, "p1": 1}, {"p0": 0, "p1": 0}, complete=True)
    data["kitchens"] = {"home/p1": {"fees": 4}}
    assert case_from_data(program, {"at": "2024-03", **data}, problems) is None
    (problem,) = problems
    assert (problem.code, problem.help) == ("E805", "did you mean `home/p0`?")


def test_stated_members_stand(program: Program) -> None:
    data = lived({"p0": 1, "p1": 2}, {"p0": 5, "p1": 6}, complete=True)
    data["kitchens"] = {"k": {"members": ["p0", "p1"], "fees": 4}}
    case = case_of(program, MARCH, data)
    assert Interpreter(program, case).find(Fact("need", "k", MARCH)) == Known(24)
    assert Interpreter(program, case).find(Fact("share", "p1", MARCH)) == Known(12)


def test_each_month_of_a_year_has_its_own_kitchens(program: Program) -> None:
    data = lived({}, {"p0": 5, "p1": 6}, complete=True)
    data["people"]["p1"]["cooks_at"] = {"from 2024-01": 1, "from 2024-11": 2}
    data["people"]["p0"]["cooks_at"] = {"from 2024-01": 1}
    data["kitchens"] = {"home/p1": {"fees": {"2024-12": 3}}}
    case = case_of(program, YEAR, data)
    assert case.instances["kitchen"] == ("home/p0", "home/p1")
    interpreter = Interpreter(program, case)
    assert interpreter.find(Fact("food", "home", YEAR)) == Known(12 * 20 + 3)
    assert interpreter.find(Fact("largest", "home", YEAR)) == Known(6)  # who cook together at the year's end
    assert interpreter.find(Fact("last_pay", "home/p0", YEAR)) == Known(0)


@pytest.mark.parametrize("at", [MARCH, YEAR], ids=str)
def test_code_gives_of_tables_what_cases_give(at: Period, program: Program) -> None:
    chance = random.Random(3)
    homes = [drawn(chance) for _ in range(30)]
    people: dict[str, list[Any]] = {name: [] for name in ("person_id", "dwelling_id", "dwelling_role", "pay")}
    people["cooks_at@from 2024-01"] = []
    for number, (stoves, pay) in enumerate(homes):
        for place, person in enumerate(pay):
            people["person_id"].append(f"{number}-{person}")
            people["dwelling_id"].append(f"h{number}")
            people["dwelling_role"].append("resident" if place else "owner")
            people["pay"].append(pay[person])
            people["cooks_at@from 2024-01"].append(str(stoves[person]))
    if at == MARCH:
        people["pay@2024"] = people.pop("pay")
    tables = {
        "person": pa.table(people),
        "dwelling": pa.table({"dwelling_id": [f"h{number}" for number in range(len(homes))]}),
    }
    admitted = from_arrow(program, at, tables)
    assert admitted.columns is not None and not admitted.problems, admitted.problems[:3]
    of_dwellings = ("food_of_month",) if at == MARCH else ("food", "largest")
    of_kitchens = ("need",) if at == MARCH else ("kitchen_pay",)
    of_people = ("alone", "share", "as_if_alone") if at == MARCH else ()
    result = evaluate(program, admitted.columns, (*of_dwellings, *of_kitchens, *of_people))
    assert not result.handed_over or at == MARCH  # code replaces no whole number in a world
    assert not evaluate(program, admitted.columns, (*of_dwellings, *of_kitchens, *of_people[:2])).handed_over
    assert not differences(program, admitted.columns, result)
    kitchens = sum(len(together(stoves)) for stoves, _ in homes)
    assert result.groups["kitchen"].sum() == kitchens
    for row, (stoves, pay) in enumerate(homes):
        data = lived({}, pay, complete=True)
        for person, stove in stoves.items():
            data["people"][person]["cooks_at"] = {"from 2024-01": stove}
            data["people"][person]["pay"] = {"2024": pay[person]}
        interpreter = Interpreter(program, case_of(program, at, data))
        for name in of_dwellings:
            definition = program.find(name)
            assert definition is not None
            expected: Outcome = interpreter.find(Fact(definition.name, "home", at))
            figures = result.figures[name]
            assert expected != NOT_APPLICABLE and (figures.status is None or figures.status[row] == 0)
            assert Known(value_of(program, definition, int(figures.entries[row]))) == expected, (row, name)


def test_what_makes_the_groups_may_not_hang_on_them(tmp_path: Path) -> None:
    circle = MODULE.replace("law: s. 1, formula: cooks_at}", 'law: s. 1, formula: "if alone then 1 else cooks_at"}')
    with pytest.raises(RulesInvalid, match="E701"):
        compile_rules(write_rules(tmp_path / "land", circle, SETTINGS))
