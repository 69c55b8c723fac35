"""Groups that facts make, assessed themselves: by the annual run, and anew as late facts put other people together."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from api.assess.annual import run_annual
from api.assess.follow import Follower
from api.assess.standings import fault_of, standing_of
from api.assess.terms import Terms, terms_of
from api.history.record import record_case
from citizens import Assessment, Belongs, SqliteLog, Value, open_log
from engine.ir.program import Program
from engine.pipeline import compile_rules
from engine.values.periods import parse_period
from tests.api.households import correction, facts
from tests.api.kitchens import MODULE, SETTINGS
from tests.cli.command import run, write_rules

YEAR = parse_period("2024")
NEW_YEAR = date(2024, 1, 1)
MEALS = "assessment:\n  meals: {law: Kitchens Act s. 2, of: kitchen, period: year, liabilities: {kitchen_pay: Meals}}\n"
ASSESSED = SETTINGS.partition("assessment:")[0] + MEALS


@pytest.fixture(scope="module")
def land(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_rules(tmp_path_factory.mktemp("rules") / "land", MODULE, ASSESSED)


@pytest.fixture(scope="module")
def program(land: Path) -> Program:
    return compile_rules(land)


@pytest.fixture
def log(tmp_path: Path) -> Iterator[SqliteLog]:
    with open_log(tmp_path / "log") as opened:
        yield opened


def lives(home: str, stove: object, pay: int) -> dict[str, Value]:
    return {"dwelling": Belongs(f"dwelling/{home}", "resident"), "cooks_at": stove, "pay": pay}  # type: ignore[dict-item]


def follow(log: SqliteLog, program: Program) -> None:
    follower = Follower(log, program)
    while follower.step():
        pass


def pay_of(log: SqliteLog, group: str, terms: Terms) -> object:
    """The figure that stands of a group; its fault as text; None where there is no assessment, or nobody in it."""
    last = standing_of(log.read_subject(group), terms).last
    if last is None:
        return None
    assert isinstance(last.body, Assessment)
    return fault_of(last.body) or dict(last.body.figures).get("kitchen_pay")  # type: ignore[arg-type]


def owed(log: SqliteLog, group: str) -> int:
    return int(log.owed(group, "2024", "EUR"))


def test_each_kitchen_is_assessed_and_anew_where_facts_put_others_together(log: SqliteLog, program: Program) -> None:
    terms = terms_of(program, program.settings.assessments["meals"], YEAR, "test")
    log.append(
        [
            facts("person/ann", "1", lives("a", 1, 30), NEW_YEAR),
            facts("person/kid", "2", lives("a", 1, 20), NEW_YEAR),
            facts("person/bob", "3", lives("a", 2, 90), NEW_YEAR),
            facts("person/cat", "4", lives("b", 1, 5), NEW_YEAR),
            facts("person/dan", "5", lives("b", "none", 7), NEW_YEAR),
        ]
    )
    report = run_annual(log, terms)
    assert (report.assessed, report.groups, report.failed) == (3, 3, [])
    assert [pay_of(log, f"kitchen/{name}", terms) for name in ("a/ann", "a/bob", "b/cat")] == [50, 90, 5]
    assert run_annual(log, terms).already == 3  # nobody twice
    log.append([correction("person/bob", "6", {"cooks_at": 1}, NEW_YEAR)])
    follow(log, program)
    assert (pay_of(log, "kitchen/a/ann", terms), owed(log, "kitchen/a/ann")) == (140, 140)
    assert (pay_of(log, "kitchen/a/bob", terms), owed(log, "kitchen/a/bob")) == (None, 0)  # nobody is in it
    log.append([correction("person/ann", "7", {"cooks_at": 3}, NEW_YEAR)])
    follow(log, program)  # whoever is first among those who stay together names the group
    names = ("a/ann", "a/bob", "a/kid")
    assert sum(owed(log, f"kitchen/{name}") for name in names) == 140
    assert {pay_of(log, f"kitchen/{name}", terms) for name in names} == {30, 110, None}
    log.append([facts("person/eve", "8", lives("b", 1, 2), NEW_YEAR)])
    follow(log, program)
    assert owed(log, "kitchen/b/cat") == 7


def test_a_record_names_a_kitchen_as_its_assessment_does_whoever_it_is_of(log: SqliteLog, program: Program) -> None:
    log.append([facts("person/kid", "1", lives("a", 1, 20)), facts("person/ann", "2", lives("a", 1, 30))])
    for subject in ("person/ann", "person/kid", "dwelling/a"):
        record = record_case(log, program, subject, YEAR, valid=YEAR.end, known=None)
        assert record.case.instances["kitchen"] == ("a/kid",), subject


def test_while_nobody_can_say_who_is_together_the_dwelling_has_the_fault(tmp_path: Path, log: SqliteLog) -> None:
    unknown = MODULE.replace(", range: 1 .. 3,\n    absent: none}", ", range: 1 .. 3}")
    assert unknown != MODULE
    program = compile_rules(write_rules(tmp_path / "land", unknown, ASSESSED))
    terms = terms_of(program, program.settings.assessments["meals"], YEAR, "test")
    told = lives("a", 1, 30)
    log.append([facts("person/ann", "1", told), facts("person/kid", "2", {**told, "pay": 20})])
    log.append([facts("person/bob", "3", {name: value for name, value in told.items() if name != "cooks_at"})])
    report = run_annual(log, terms)
    assert report.assessed == 0 and [group for group, _ in report.failed] == ["dwelling/a"]
    assert "`cooks_at` is not known" in report.failed[0][1]
    log.append([facts("person/bob", "4", {"cooks_at": 2})])
    follow(log, program)
    assert (owed(log, "kitchen/a/ann"), owed(log, "kitchen/a/bob")) == (50, 30)
    assert pay_of(log, "dwelling/a", terms) is None
    log.append([correction("person/bob", "5", {"cooks_at": None})])
    follow(log, program)  # it was a mistake: what was assessed stands, with the fault
    assert "`cooks_at` is not known" in str(pay_of(log, "kitchen/a/ann", terms))
    assert (owed(log, "kitchen/a/ann"), owed(log, "kitchen/a/bob")) == (50, 30)


def test_the_annual_command_assesses_kitchens(tmp_path: Path, land: Path) -> None:
    with open_log(tmp_path / "citizens.db") as log:
        log.append([facts("person/ann", "1", lives("a", 1, 20)), facts("person/bob", "2", lives("a", 2, 30))])
    told = run("annual", land, "--year", "2024", "--log", tmp_path / "citizens.db")
    assert told.stdout.startswith("meals 2024: 2 kitchens in"), told.stdout
    assert "kitchen_pay  50.00" in told.stdout
    told = run("ledger", "kitchen/a/bob", "--log", tmp_path / "citizens.db")
    assert "30.00  owed by kitchen/a/bob" in told.stdout, told.stdout + told.stderr
