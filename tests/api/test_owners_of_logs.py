"""Records with several owners in a log: tables import every owner, and households that such records join are gathered
and assessed together, as a case with all of them is."""

from __future__ import annotations

import random
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from api.assess.annual import run_annual
from api.assess.follow import Follower
from api.assess.terms import Terms, terms_of
from api.failures import Failure
from api.find.candidates import from_log
from api.history.record import record_case
from api.history.tables import Admission, admit, record
from citizens import Origin, SqliteLog, open_log
from engine.interpret.constants import Constants
from engine.interpret.interpreter import Interpreter
from engine.interpret.outcomes import Fact, Known
from engine.ir.program import Program
from engine.native import evaluate
from engine.native.handover import value_of
from engine.pipeline import compile_rules
from engine.values.periods import parse_period
from tests.api.households import correction, figures_of
from tests.cli.command import write_rules

YEAR, DAY = parse_period("2024"), date(2024, 1, 1)
SETTINGS = """\
about: A land in which parents who live elsewhere pay
law: Maintenance Act
currency: EUR
covers: {from: 2020-01-01, to: 2026-12-31}
entities:
  person: {plural: people}
  household: {plural: households, of: person, roles: {resident: {plural: residents}}}
  tie: {plural: ties, belongs_to: {child: person, parent: person}}
assessment:
  support:
    law: Maintenance Act s. 1
    of: household
    period: year
    entitlements: {support: Support}
"""
MODULE = """\
about: Maintenance
law: Maintenance Act
exports: [support, pay, share]
inputs:
  pay: {entity: person, period: year, type: money, label: Pay, absent: 0}
  share: {entity: tie, period: year, type: rate, status: true, label: Share, absent: 0}
variables:
  from_parents:
    label: Has of parents
    entity: person
    period: year
    type: money
    law: s. 1
    formula: sum(t.share * t.parent.pay for t in ties)
  support:
    label: Support
    entity: household
    period: year
    type: money
    law: s. 1
    formula: sum(m.from_parents for m in members)
"""
PEOPLE = {
    "person_id": ["kid", "mum", "dad", "eve"],
    "household_id": ["a", "a", "b", "c"],
    "household_role": ["resident"] * 4,
    "pay": ["0", "100", "400", "900"],
}
TIES = {"tie_id": ["x", "y"], "child_id": ["kid", "kid"], "parent_id": ["dad", "mum"], "share": ["0.25", "0.5"]}


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Program:
    return compile_rules(write_rules(tmp_path_factory.mktemp("rules") / "land", MODULE, SETTINGS))


@pytest.fixture(scope="module")
def terms(program: Program) -> Terms:
    return terms_of(program, program.settings.assessments["support"], YEAR, "test")


def admitted(program: Program, ties: dict[str, list[Any]], people: dict[str, list[Any]] | None = None) -> Admission:
    tables = {"tie": pa.table(ties)} | ({"person": pa.table(people)} if people else {})
    return admit(program, DAY, tables, (), skip_bad=False, files={"tie": "ties.csv"})


def filled(log: SqliteLog, program: Program) -> None:
    record(
        log, admitted(program, TIES, PEOPLE), Origin("clerk", "test", "test act", "test"), DAY, lambda done, of: None
    )


def test_every_owner_is_recorded_and_gathered(tmp_path: Path, program: Program) -> None:
    with open_log(tmp_path / "log") as log:
        filled(log, program)
        for start in ("household/a", "person/dad"):
            case = record_case(log, program, start, YEAR, valid=YEAR.end, known=None).case
            assert set(case.instances["household"]) == {"a", "b"}
            assert case.owner("tie", "", "x") == "kid"
            assert case.owner("tie", "parent", "x") == "dad"
            assert case.owned("tie", "parent", "mum") == ("y",)


def test_joined_households_are_assessed_with_each_other_and_again_when_one_changes(
    tmp_path: Path, program: Program, terms: Terms
) -> None:
    with open_log(tmp_path / "log") as log:
        filled(log, program)
        report = run_annual(log, terms)
        assert (report.assessed, report.failed) == (3, [])
        assert figures_of(log, terms, "a") == {"support": 150}
        assert figures_of(log, terms, "b") == {"support": 0}
        assert figures_of(log, terms, "c") == {"support": 0}
        log.append([correction("person/dad", "1", {"pay": 800}, DAY)])
        follower = Follower(log, program)
        while follower.step():
            pass
        assert figures_of(log, terms, "a") == {"support": 250}
        assert figures_of(log, terms, "b") == {"support": 0}


def test_a_table_that_lacks_an_owner_is_refused(program: Program) -> None:
    without = {name: column for name, column in TIES.items() if name != "parent_id"}
    with pytest.raises(Failure) as refused:
        admitted(program, without)
    assert "name the person in a column `parent_id`" in refused.value.help


def test_owners_of_whom_no_table_is_given_are_named(program: Program) -> None:
    admission = admitted(program, TIES)
    assert admission.faults == ()
    assert set(admission.owners) == {"person/kid", "person/dad", "person/mum"}
    empty = admitted(program, {**TIES, "parent_id": ["dad", None]})
    assert [str(fault) for fault in empty.faults] == ["ties.csv, row 2, parent_id: does not say which person"]


@pytest.mark.parametrize("seed", range(12))
def test_a_search_of_a_log_is_asking_each_household_with_all_owners_of_its_records(
    tmp_path: Path, program: Program, seed: int
) -> None:
    draw = random.Random(seed)
    people = [f"p{number}" for number in range(25)]
    homes = [draw.choice("abcdefgh") for _ in people]
    pays = [str(draw.choice([0, 100, 400, 900])) for _ in people]
    pairs = [draw.sample(people, 2) for _ in range(20)]
    table = {"person_id": people, "household_id": homes, "household_role": ["resident"] * 25, "pay": pays}
    ties = {
        "tie_id": [f"t{number}" for number in range(20)],
        "child_id": [child for child, _ in pairs],
        "parent_id": [parent for _, parent in pairs],
        "share": [draw.choice(["0", "0.25", "0.5"]) for _ in pairs],
    }
    support = program.definitions[next(name for name in program.definitions if name.endswith("support"))]
    with open_log(tmp_path / "log") as log:
        record(
            log, admitted(program, ties, table), Origin("clerk", "test", "test act", "test"), DAY, lambda _, __: None
        )
        among = from_log(program, YEAR, log, [support])
        figures = evaluate(program, among.columns, [support.name], YEAR).figures[support.name]
        for row in range(among.columns.counts["household"]):
            household = among.name("household", row)
            case = record_case(log, program, household, YEAR, valid=YEAR.end, known=None).case
            fact = Fact(support.name, household.partition("/")[2], YEAR)
            outcome = Interpreter(program, case, Constants(program)).find(fact)
            assert outcome == Known(value_of(program, support, int(figures.entries[row]))), household


def test_a_record_whose_first_owner_is_in_no_household_is_told(tmp_path: Path, program: Program) -> None:
    people: dict[str, list[Any]] = {**PEOPLE, "household_id": [None, "a", "b", "c"]}
    people["household_role"] = [None, *PEOPLE["household_role"][1:]]
    with open_log(tmp_path / "log") as log:
        record(
            log, admitted(program, TIES, people), Origin("clerk", "test", "test act", "test"), DAY, lambda _, __: None
        )
        with pytest.raises(Failure) as refused:
            from_log(program, YEAR, log, [program.find("support")])  # type: ignore[list-item]
        assert "belongs to somebody in no household, and to somebody in one" in refused.value.message
