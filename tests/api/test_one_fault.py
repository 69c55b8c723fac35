"""One household's fault is that household's; what this program says of it keeps no name; a fault can be retried."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from api.assess.annual import run_annual
from api.assess.follow import Follower
from citizens import Assessment, Belongs, SharedLog, SqliteLog, Value, open_log, trial_balance
from tests.api.households import BORN, NEW_YEAR, PAY, UNIT, annual, correction, facts, person, program, terms
from tests.citizens.histories import wages

ORDER = {"actor": "dpo", "legal_basis": "GDPR art. 17", "reason": "request"}


@pytest.fixture
def log(tmp_path: Path) -> Iterator[SqliteLog]:
    with open_log(tmp_path / "log") as log:
        yield log


def households(log: SqliteLog, count: int = 3) -> None:
    log.append([person(number, number, "head", pay="50000.00") for number in range(1, count + 1)])


def test_a_membership_of_another_entity_beside_an_ended_one_stops_nobody(log: SqliteLog) -> None:
    households(log)
    log.append([facts("person/9", "odd", {UNIT: Belongs("dwelling/9", "head"), PAY: Decimal("5.00")})])
    log.append([facts("person/8", "in", {UNIT: Belongs("tax_unit/8", "head")})])
    log.append([facts("person/8", "out", {UNIT: None}, day=NEW_YEAR.replace(month=6))])
    report = annual(log)
    assert (report.assessed, report.failed) == (4, []), "who left in June counts for the year"
    log.append([correction("person/1", "late", {PAY: Decimal("60000.00")})])
    follower = Follower(log, program())
    while follower.step():
        pass
    assert (follower.report.changed, follower.report.failed) == (1, {})


@pytest.mark.parametrize("amount", ["0.12345678901234567", "1234567890123.001", "99999999999999999", "7.005"])
def test_an_amount_off_every_grid_is_its_households_fault(log: SqliteLog, amount: str) -> None:
    households(log)
    log.append([facts("person/2", "odd", {PAY: Decimal(amount)})])
    report = annual(log)
    assert report.assessed == 2
    ((group, fault),) = report.failed
    assert group == "tax_unit/2" and fault.startswith("person/2: ")
    log.append([correction("person/2", "right", {PAY: Decimal("50000.00")})])
    follower = Follower(log, program())
    while follower.step():
        pass
    assert (follower.report.changed, follower.report.failed) == (1, {})


@pytest.mark.parametrize(("before", "after"), [(1, True), (0, False), (True, 1), (False, 0)])
def test_a_value_of_another_kind_is_another_fact_though_python_says_they_are_equal(
    log: SqliteLog, before: object, after: object
) -> None:
    households(log)
    log.append([facts("person/1", "first", {"is_blind": before})])  # type: ignore[dict-item]
    annual(log)
    log.append([correction("person/1", "second", {"is_blind": after})])  # type: ignore[dict-item]
    follower = Follower(log, program())
    while follower.step():
        pass
    assert follower.report.reassessed == 1


def test_the_words_of_a_fault_keep_no_name_and_the_fault_can_be_retried(log: SqliteLog, tmp_path: Path) -> None:
    households(log, 2)
    log.append([facts("person/Doe-7741", "a", {UNIT: Belongs("tax_unit/1", "spouse"), PAY: "much", BORN: NEW_YEAR})])
    assert annual(log).failed == [("tax_unit/1", f"person/Doe-7741: `{PAY}` is recorded as text")]
    (told,) = [event.body for event in log.read_subject("tax_unit/1") if isinstance(event.body, Assessment)]
    assert told.fault == f"person/Doe-7741: `{PAY}` is recorded as text"
    assert "Doe-7741" not in str(told.figures)
    log.erase("person/Doe-7741", **ORDER)
    (told,) = [event.body for event in log.read_subject("tax_unit/1") if isinstance(event.body, Assessment)]
    assert "Doe" not in told.fault and told.fault.startswith("person/erased-")
    log.erase("tax_unit/2", **ORDER)  # an assessment that nobody can read any more
    follower = Follower(log, program())
    while follower.step():
        pass
    follower.retry()
    assert all("Doe" not in fault for fault in follower.report.failed.values())


def test_a_unit_that_is_erased_and_registered_again_is_assessed(log: SqliteLog) -> None:
    households(log, 2)
    annual(log)
    revenue = {name: str(of.accounts) for name, of in trial_balance(log.read(0, 1_000)).items()}
    log.erase("tax_unit/1", **ORDER)
    assert {name: str(of.accounts) for name, of in trial_balance(log.read(0, 1_000)).items()} == revenue
    log.append([facts("person/1", "again", {UNIT: Belongs("tax_unit/1", "head")})])
    follower = Follower(log, program())
    while follower.step():
        pass
    bodys = [event.body for event in log.read_subject("tax_unit/1")]
    assert any(isinstance(body, Assessment) and not body.fault for body in bodys)


def test_units_whose_names_look_like_ids_of_postings_are_all_assessed(log: SqliteLog) -> None:
    for number, name in enumerate(("12", "12#1", "1#12", "12/5/7", "12/5", "12#2")):
        values: dict[str, Value] = {PAY: Decimal("90000.00"), BORN: date(1980, 1, 1)}
        values[UNIT] = Belongs(f"tax_unit/{name}", "head")
        log.append([facts(f"person/{number}", f"p{number}", values)])
    report = annual(log)
    assert (report.assessed, report.already, report.failed) == (6, 0, [])


APPENDS = """
import sys, time
from pathlib import Path
from api.history.access import writing
from tests.citizens.histories import wages
worst = 0.0
for number in range(int(sys.argv[2])):
    start = time.monotonic()
    with writing(Path(sys.argv[1])) as log:
        log.append([wages("person/clerk", str(number), f"clerk-{number}")])
    worst = max(worst, time.monotonic() - start)
print(worst)
"""


def test_appends_go_on_while_the_annual_run_runs(tmp_path: Path) -> None:
    with open_log(tmp_path / "log") as log:
        log.append([person(number, number, "head", pay="50000.00") for number in range(1, 400)])
    command = [sys.executable, "-c", APPENDS, str(tmp_path / "log"), "12"]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    with SharedLog(tmp_path / "log") as log:
        ours: list[int] = []
        running = threading.Thread(
            target=lambda: ours.append(run_annual(log, terms(), block=10).assessed), name="annual"
        )
        running.start()
        while log.head() < 420:
            time.sleep(0.01)
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        running.join()
        assert done.returncode == 0, done.stderr
        assert float(done.stdout) < 5
        assert ours == [399]
        assert log.version("person/clerk") == 12
        assert log.verify().sound
        assert not any(receipt.duplicate for receipt in log.append([wages("person/x", "1", "last")]))


def test_no_odd_membership_or_owner_stops_anybody_else(log: SqliteLog) -> None:
    """No group, a group of others, an unknown role, two heads, records of records: each stops its household only."""
    households(log, 9)
    odd: list[tuple[str, dict[str, Value]]] = [
        ("person/1", {UNIT: "hello"}),
        ("person/2", {UNIT: True}),
        ("person/3", {UNIT: Belongs("person/4", "head")}),
        ("person/5", {UNIT: Belongs("tax_unit/5", "jester")}),
        ("person/6", {UNIT: Belongs("tax_unit/7", "head")}),
        ("form_w2/1", {"w2_wages": Decimal("5.00"), "person": Belongs("form_w2/1", "owner")}),
        ("form_w2/2", {"w2_wages": Decimal("5.00"), "person": Belongs("tax_unit/8", "owner")}),
        ("form_w2/3", {"w2_wages": Decimal("5.00"), "person": 7}),
        ("tax_unit/8", {UNIT: Belongs("tax_unit/8", "head")}),
        ("person/8", {"same_as": Belongs("person/8", "owner")}),
    ]
    for number, (subject, values) in enumerate(odd):
        log.append([facts(subject, f"odd-{number}", values, date(2024, 3, 1))])
    report = annual(log)
    assert report.assessed == 3, "4, 8 and 9"
    assert {group for group, _ in report.failed} == {"tax_unit/5", "tax_unit/7"}
    assert report.counted is not None and sum(report.counted.people) == 9
    log.append([correction("person/9", "late", {PAY: Decimal("60000.00")})])
    follower = Follower(log, program())
    while follower.step():
        pass
    assert (follower.report.changed, follower.report.failed) == (1, {})
    assert len(log.erase("person/8", **ORDER).entries) == 1
