"""Groups that a record may state, and that a figure makes where none is stated: in cases, tables and the log."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from api.assess.annual import run_annual
from api.assess.standings import standing_of
from api.assess.terms import Terms, assessments_by_name, terms_of
from api.cases.calculate import calculate
from api.cases.effects import effects
from api.cases.machine import Machine, columns_of
from api.cases.stated_groups import contradicted_groups
from citizens import Assessment, Belongs, SqliteLog, Value, open_log
from engine.interpret.case_reader import case_from_data
from engine.interpret.cases import Case
from engine.interpret.interpreter import Interpreter
from engine.interpret.outcomes import Fact, Known
from engine.ir.program import Program
from engine.native import evaluate
from engine.native.agreement import differences
from engine.pipeline import compile_rules
from engine.population.columns import kept_rows
from engine.population.door import from_arrow
from engine.text.diagnostics import Diagnostics
from engine.values.periods import parse_period
from tests.api.households import correction, facts
from tests.api.kitchens import MODULE, SETTINGS
from tests.api.test_assessed_made_groups import MEALS, follow, lives, owed, pay_of
from tests.cli.command import run, write_rules

YEAR, MARCH = parse_period("2024"), parse_period("2024-03")
NEW_YEAR = date(2024, 1, 1)
RENT = """\
  home_rent: {label: Rent, entity: kitchen, period: month, type: money, law: s. 7, formula: 7 EUR * dwelling.stoves}
"""
STOVES = "{entity: dwelling, period: month, type: integer, stock: true, label: Stoves, range: 0 .. 9, absent: 2}"
WITH_HOME = MODULE.replace("exports: [", "exports: [stoves, home_rent, ").replace(
    "variables:\n", f"  stoves: {STOVES}\nvariables:\n{RENT}", 1
)
STATED = (
    SETTINGS.partition("assessment:")[0].replace(
        "may_have_none: true}", "may_have_none: true, roles: {cook: {plural: cooks}}}"
    )
    + MEALS
)


@pytest.fixture(scope="module")
def land(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_rules(tmp_path_factory.mktemp("rules") / "land", WITH_HOME, STATED)


@pytest.fixture(scope="module")
def program(land: Path) -> Program:
    return compile_rules(land)


@pytest.fixture
def log(tmp_path: Path) -> Iterator[SqliteLog]:
    with open_log(tmp_path / "log") as opened:
        yield opened


def case_of(program: Program, kitchens: dict[str, Any]) -> Case:
    problems = Diagnostics()
    data = {
        "at": "2024-03",
        "complete": True,
        "people": {"ann": {"cooks_at": 1}, "bo": {"cooks_at": 2}, "cy": {"cooks_at": 2}},
        "dwellings": {"home": {"owner": "ann", "residents": ["bo", "cy"]}},
        "kitchens": kitchens,
    }
    case = case_from_data(program, data, problems)
    assert case is not None, [problem.message for problem in problems]
    return case


def shares(program: Program, case: Case) -> list[object]:
    interpreter = Interpreter(program, case)
    definition = program.find("share")
    assert definition is not None
    outcomes = [interpreter.find(Fact(definition.name, person, MARCH)) for person in ("ann", "bo", "cy")]
    return [outcome.value if isinstance(outcome, Known) else outcome for outcome in outcomes]


def test_a_case_makes_the_groups_that_it_does_not_state(program: Program) -> None:
    made = case_of(program, {"home/bo": {"fees": 6}})
    assert made.instances["kitchen"] == ("home/ann", "home/bo")
    assert shares(program, made) == [10, 13, 13]
    held = columns_of(program, made)
    assert held is not None and "kitchen" not in held.counts
    result = evaluate(program, held, ["share", "need"])
    assert not differences(program, held, result)  # the fees of a kitchen stand in the row of its first member
    assert result.figures["share"].entries.tolist() == [1000, 1300, 1300]
    stated = case_of(program, {"k": {"cooks": ["ann", "cy"], "fees": 6}})
    assert shares(program, stated) == [13, 1, 13]
    held = columns_of(program, stated)
    assert held is not None and not differences(program, held, evaluate(program, held, ["share"]))


def noted(program: Program, case: Case) -> tuple[str, ...]:
    interpreter = Interpreter(program, case)
    share = program.find("share")
    assert share is not None
    for person in ("ann", "bo", "cy"):
        interpreter.find(Fact(share.name, person, MARCH))
    return contradicted_groups(interpreter)


def test_stated_groups_that_differ_from_the_made_are_noted(program: Program) -> None:
    begin, end = "kitchen `k`: by what is stated of the dwelling, ", "(s. 1); the kitchen counts as it is listed"
    assert noted(program, case_of(program, {"k": {"cooks": ["ann", "cy"]}})) == (
        f"{begin}`cy` should not be listed with `ann` {end}",
    )
    assert noted(program, case_of(program, {"k": {"cooks": ["bo"]}})) == (
        f"{begin}`cy` should be listed with `bo` {end}",
    )
    assert noted(program, case_of(program, {"k": {"cooks": ["bo", "cy"]}, "l": {"cooks": ["ann"]}})) == ()
    assert noted(program, case_of(program, {})) == ()
    unasked = Interpreter(program, case_of(program, {"k": {"cooks": ["bo"]}}))
    assert contradicted_groups(unasked) == ()  # nothing was found of a kitchen


def test_nothing_is_noted_where_it_is_not_known_who_is_together(program: Program) -> None:
    case = case_of(program, {"k": {"cooks": ["bo"]}})
    stoves = {fact: value for fact, value in case.given.items() if not (fact.instance == "cy" and "cooks" in fact.name)}
    assert len(stoves) == len(case.given) - 1
    assert noted(program, replace(case, given=stoves, complete=False)) == ()


OTHERWISE = "by what is stated of the dwelling, `bo` should be listed with `ann`"


def test_every_way_to_ask_notes_it(tmp_path: Path, land: Path) -> None:
    """Only `calc` did, and not in JSON."""
    case = tmp_path / "case.yaml"
    case.write_text(
        "at: 2024-03\ncomplete: true\npeople: {ann: {cooks_at: 1}, bo: {cooks_at: 1}}\n"
        "dwellings: {home: {residents: [ann, bo]}}\nkitchens: {k: {cooks: [ann]}}\n"
    )
    done = run("calc", land, case, "--want", "need")
    assert (done.returncode, done.stdout) == (0, "need  10 EUR\n")
    assert OTHERWISE in done.stderr
    assert OTHERWISE in run("why", land, case, "need").stderr
    assert OTHERWISE in run("ask", land, case, "--want", "need").stderr
    for asked in (("calc", land, case, "--want", "need", "--json"), ("why", land, case, "need", "--json")):
        assert OTHERWISE in json.loads(run(*asked).stdout)["stated_otherwise"][0]
    other = run("calc", land, case, "--want", "kitchen_number", "--json")
    assert not other.stderr and "stated_otherwise" not in json.loads(other.stdout)


def test_code_leaves_a_case_with_a_note_to_the_interpreter(program: Program) -> None:
    """Code that was made for a question asked again and again told the figure without the note."""
    case, need = case_of(program, {"k": {"cooks": ["bo"]}}), program.find("need")
    assert need is not None
    machine = Machine(program)
    try:
        told = [calculate(program, case, [need], machine=machine).stated_otherwise for _ in range(5)]
    finally:
        machine.close()
    assert all(told) and not any(machine._asked.values())


def test_a_part_of_a_population_keeps_what_is_stated_of_made_groups(program: Program) -> None:
    """Facts of a made kitchen stand in its first member's row: a question about some rows ended in a traceback."""
    held = columns_of(program, case_of(program, {"home/bo": {"fees": 6}}))
    assert held is not None
    everybody = {entity: np.ones(count, dtype=np.bool_) for entity, count in held.counts.items()}
    part = kept_rows(program, held, everybody)
    assert not differences(program, part, evaluate(program, part, ["share", "need"]))
    nobody = kept_rows(
        program, held, {entity: np.zeros(count, dtype=np.bool_) for entity, count in held.counts.items()}
    )
    assert all(len(column.entries) == 0 for column in nobody.columns.values())


def tables(kitchens: bool) -> dict[str, pa.Table]:
    people: dict[str, list[object]] = {
        "person_id": [1, 2, 3, 4], "dwelling_id": [1, 1, 1, 2],
        "dwelling_role": ["owner", "resident", "resident", "owner"],
        "cooks_at": [1, 2, 2, 1], "pay@2024": [10, 20, 30, 40],
    }  # fmt: skip
    if kitchens:
        people |= {"kitchen_id": [5, None, 5, None], "kitchen_role": ["cook", None, "cook", None]}
    made = {"person": pa.table(people), "dwelling": pa.table({"dwelling_id": [1, 2], "stoves": [3, 5]})}
    return {**made, "kitchen": pa.table({"kitchen_id": [5], "fees": [6]})} if kitchens else made


@pytest.mark.parametrize("kitchens", [False, True], ids=["made", "stated"])
def test_code_gives_of_tables_what_cases_give(program: Program, kitchens: bool) -> None:
    columns = from_arrow(program, MARCH, tables(kitchens)).columns
    assert columns is not None
    result = evaluate(program, columns, ["alone", "share", "need", "kitchen_number", "home_rent"])
    assert not differences(program, columns, result) and not result.handed_over
    share = result.figures["share"].entries.tolist()
    assert share == ([1300, 100, 1300, 100] if kitchens else [1000, 1000, 1000, 1000])
    assert not differences(program, columns, evaluate(program, columns, ["food_of_month", "as_if_alone"]))


def test_tables_of_people_alone_have_nobody_in_a_group_that_they_do_not_list(program: Program) -> None:
    """Code asked for the list of a group of which there is no table, and ended in an error of the program."""
    people = pa.table({"person_id": [1], "cooks_at": [1]})
    columns = from_arrow(program, MARCH, {"person": people}).columns
    assert columns is not None
    assert not differences(program, columns, evaluate(program, columns, ["share"]))


def stated(home: str, kitchen: str, pay: int) -> dict[str, Value]:
    return {**lives(home, 1, pay), "kitchen": Belongs(f"kitchen/{kitchen}", "cook")}


def test_a_log_assesses_both_the_stated_and_the_made(log: SqliteLog, program: Program) -> None:
    rules = assessments_by_name(program)
    assert list(rules) == ["meals", "meals_made"]
    of_stated, of_made = (terms_of(program, rules[name], YEAR, "test") for name in rules)
    log.append(
        [
            facts("person/ann", "1", lives("a", 1, 30), NEW_YEAR),
            facts("person/kid", "2", lives("a", 1, 20), NEW_YEAR),
            facts("person/bob", "3", stated("b", "k", 7), NEW_YEAR),
            facts("person/cy", "4", stated("b", "k", 8), NEW_YEAR),
        ]
    )
    assert (run_annual(log, of_stated).assessed, run_annual(log, of_made).assessed) == (1, 1)
    assert (pay_of(log, "kitchen/k", of_stated), pay_of(log, "kitchen/a/ann", of_made)) == (15, 50)
    log.append([facts("person/ann", "5", {"kitchen": Belongs("kitchen/n", "cook")}, NEW_YEAR)])
    follow(log, program)  # who is stated to be together is no longer made so, and is owed once
    assert (pay_of(log, "kitchen/a/ann", of_made), owed(log, "kitchen/a/ann")) == (None, 0)
    assert (pay_of(log, "kitchen/n", of_stated), owed(log, "kitchen/n")) == (30, 30)
    log.append([correction("person/cy", "6", {"kitchen": None}, NEW_YEAR)])
    follow(log, program)
    assert (owed(log, "kitchen/k"), owed(log, "kitchen/b/cy")) == (7, 0)


def test_each_assessment_counts_everybody_once_as_assessed_by_it_or_not(log: SqliteLog, program: Program) -> None:
    """The assessment of the made counted all who live in any home, those too who are in a stated kitchen."""
    log.append(
        [
            facts("person/ann", "1", lives("a", 1, 30), NEW_YEAR),
            facts("person/kid", "2", lives("a", "none", 20), NEW_YEAR),
            facts("person/bob", "3", stated("b", "k", 7), NEW_YEAR),
            facts("person/cy", "4", lives("b", 1, 8), NEW_YEAR),
            facts("person/dan", "5", lives("c", 1, 500), NEW_YEAR),
            facts("person/eve", "6", lives("c", 2, 5_000), NEW_YEAR),
            facts("person/fay", "7", {"pay": 40}, NEW_YEAR),
        ]
    )
    of_stated, of_made = (
        run_annual(log, terms_of(program, rules, YEAR, "test")) for rules in assessments_by_name(program).values()
    )
    assert of_stated.counted is not None and of_made.counted is not None
    assert of_stated.counted.people == (1, 0, 6, 0, 0)  # bob
    assert [group for group, _ in of_made.failed] == ["dwelling/c"]  # eve is paid more than there can be
    assert of_made.counted.people == (1, 2, 4, 0, 0)  # ann; not kid, who cooks nowhere, nor bob, nor cy with him
    assert sum(of_stated.counted.money) == sum(of_made.counted.money) == 5_605
    assert of_made.alone == 4


def test_who_is_in_a_made_group_that_could_not_be_assessed_counts_apart_from_others_there(
    log: SqliteLog, tmp_path: Path
) -> None:
    formula = "sum(m.pay for m in members)"
    module = WITH_HOME.replace(f"formula: {formula}", f'formula: "ceil(30 EUR * (30 EUR / {formula}), 1 EUR)"')
    divided = compile_rules(write_rules(tmp_path / "divided", module, STATED))
    log.append([facts("person/ann", "1", lives("a", 1, 30)), facts("person/kid", "2", lives("a", 1, 20))])
    log.append([facts("person/bob", "3", lives("a", 2, 0))])
    report = run_annual(log, terms_of(divided, assessments_by_name(divided)["meals_made"], YEAR, "test"))
    assert [group for group, _ in report.failed] == ["kitchen/a/bob"]  # nothing is divided by his pay
    assert report.counted is not None and report.counted.people == (2, 1, 0, 0, 0)


def rent_of(log: SqliteLog, terms: Terms) -> object:
    """What the last assessment of a kitchen says of its rent."""
    last = standing_of(log.read_subject("kitchen/k"), terms).last
    assert last is not None and isinstance(last.body, Assessment)
    return dict(last.body.figures)["home_rent"]  # type: ignore[arg-type]


def test_a_stated_group_is_assessed_by_what_is_so_of_its_home(log: SqliteLog, tmp_path: Path) -> None:
    """The assessment was refused: it gathered facts of the kitchen and of its people alone."""
    settings = STATED.replace(
        "period: year, liabilities: {kitchen_pay: Meals}", "period: month, liabilities: {home_rent: Rent}"
    )
    program = compile_rules(write_rules(tmp_path / "rented", WITH_HOME, settings))
    of_stated = terms_of(program, assessments_by_name(program)["meals"], MARCH, "test")
    log.append([facts("person/bob", "1", stated("b", "k", 7), NEW_YEAR)])
    log.append([facts("dwelling/b", "2", {"stoves": 3}, NEW_YEAR)])
    assert run_annual(log, of_stated).assessed == 1
    assert rent_of(log, of_stated) == 21
    log.append([correction("dwelling/b", "3", {"stoves": 4}, NEW_YEAR)])
    follow(log, program)
    assert rent_of(log, of_stated) == 28


def test_groups_stated_for_another_time_alone_are_told_and_not_made(log: SqliteLog, program: Program) -> None:
    of_made = terms_of(program, assessments_by_name(program)["meals_made"], YEAR, "test")
    log.append([facts("person/ann", "1", lives("a", 1, 30), NEW_YEAR)])
    log.append([facts("person/ann", "2", {"kitchen": Belongs("kitchen/k", "cook")}, date(2025, 1, 1))])
    report = run_annual(log, of_made)
    assert [group for group, _ in report.failed] == ["dwelling/a"]
    assert report.failed[0][1] == "somebody here is stated to be in a kitchen at another time only"


def test_the_commands_name_both(tmp_path: Path, land: Path) -> None:
    with open_log(tmp_path / "citizens.db") as log:
        log.append([facts("person/ann", "1", lives("a", 1, 20)), facts("person/bob", "2", stated("b", "k", 30))])
    told = run("annual", land, "--year", "2024", "--log", tmp_path / "citizens.db")
    assert "meals 2024: 1 kitchens in" in told.stdout and "meals made 2024: 1 kitchens in" in told.stdout, told.stdout


def test_questions_about_made_groups_are_put_in_order_by_code(program: Program) -> None:
    """The interpreter tried each fact by itself, which took 20 seconds where there are some hundred."""
    case = replace(case_of(program, {}), complete=False)
    need, fees, pay = (program.find(name) for name in ("need", "fees", "pay"))
    assert need is not None and fees is not None and pay is not None
    open_facts = [Fact(fees.name, "home/ann", MARCH), Fact(pay.name, "ann", YEAR)]
    moved = effects(program, case, [need], open_facts)
    assert moved[open_facts[0]] > 0 == moved[open_facts[1]]
