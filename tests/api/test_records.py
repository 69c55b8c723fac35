"""Records that belong to people, such as each Form W-2: read by the annual run, followed to their owner's group."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from api.failures import Failure
from api.history.record import record_case
from citizens import Assessment, Belongs, Movement, SqliteLog, Value, open_log
from engine.values.periods import parse_period
from tests.api.households import (
    LIABILITY,
    OWNER,
    UNIT,
    WAGES,
    annual,
    bodies,
    correction,
    facts,
    follow,
    form,
    moved,
    outcome,
    person,
    program,
    retraction,
)


@pytest.fixture
def log(tmp_path: Path) -> Iterator[SqliteLog]:
    with open_log(tmp_path / "log") as log:
        log.append([person(1, 1, "head"), form(1, 1, "30000.00"), form(2, 1, "20000.00")])
        yield log


def income(log: SqliteLog, unit: int = 1) -> object:
    """What the tax unit's adjusted gross income stands at."""
    return outcome(log.read_subject(f"tax_unit/{unit}")).get("adjusted_gross_income")


def test_the_annual_run_adds_up_the_records_of_a_group_and_names_them(log: SqliteLog) -> None:
    annual(log)
    assert income(log) == 50_000
    (made,) = bodies(log, Assessment)
    assert [use.subject for use in made.used] == ["tax_unit/1", "person/1", "form_w2/1", "form_w2/2"]
    assert made.used[2].attributes == (OWNER, WAGES)


def test_a_late_record_and_a_corrected_one_are_followed_to_the_group(log: SqliteLog) -> None:
    annual(log)
    log.append([form(3, 1, "1000.00")])
    follow(log)
    assert income(log) == 51_000
    log.append([correction("form_w2/2", "late", {WAGES: Decimal("15000.00")})])
    follow(log)
    assert income(log) == 46_000
    log.append([retraction("form_w2/1", "of another", OWNER)])
    follow(log)
    assert income(log) == 16_000
    history = log.read_subject("tax_unit/1")
    assert moved(history, Movement.LIABILITY) == outcome(history)[LIABILITY]


def test_records_of_somebody_who_was_in_no_group_are_found_when_they_join_one(log: SqliteLog) -> None:
    annual(log)
    log.append([form(4, 2, "7000.00")])
    follow(log)
    assert income(log) == 50_000
    log.append([person(2, 1, "spouse")])
    follow(log)
    assert income(log) == 57_000


def test_records_go_with_their_owner_to_another_group(log: SqliteLog) -> None:
    log.append([person(2, 1, "spouse"), form(4, 2, "7000.00")])
    annual(log)
    log.append([facts("person/2", "left", {UNIT: Belongs("tax_unit/2", "head")}, date(2024, 3, 1))])
    follow(log)
    assert (income(log), income(log, 2)) == (50_000, 7_000)


def test_a_record_with_a_fault_is_a_fault_of_the_group(log: SqliteLog) -> None:
    log.append([correction("form_w2/2", "wrong", {WAGES: Decimal("-1.00")})])
    ((group, fault),) = annual(log).failed
    assert group == "tax_unit/1"
    assert fault.startswith("form_w2/2: `w2_wages` is out of the range")


def test_a_record_of_two_states_that_the_law_makes_one_contradicts_itself(log: SqliteLog) -> None:
    states: dict[str, Value] = {"state_of_residence_in_month": "california", "ssi_supplement_state": "nevada"}
    log.append([facts("person/1", "moved", states)])
    with pytest.raises(Failure, match=r"`ssi_supplement_state` of `1` is nevada, but .* so that it is california"):
        record_case(log, program(), "person/1", parse_period("2024-05"), valid=date(2024, 12, 31), known=None)


def test_a_record_that_contradicts_itself_is_a_fault_until_it_is_corrected(log: SqliteLog) -> None:
    sick: dict[str, Value] = {"taxable_disability_income": Decimal("9000.00"), "is_disabled": False}
    log.append([facts("person/1", "sick", sick)])
    annual(log)
    assert "so that it is true (26 USC 22(c)(2)(B)(iii))" in str(outcome(log.read_subject("tax_unit/1"))["fault"])
    with pytest.raises(Failure, match="the record contradicts itself: `is_disabled` of `1` is false, but"):
        record_case(log, program(), "person/1", parse_period("2024"), valid=date(2024, 12, 31), known=None)
    log.append([correction("person/1", "found", {"is_disabled": True})])
    follow(log)
    assert income(log) == 50_000
    assert record_case(
        log, program(), "person/1", parse_period("2024"), valid=date(2024, 12, 31), known=None
    ).case.given
