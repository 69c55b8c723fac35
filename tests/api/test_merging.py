"""Two names of one subject become one: groups of which only their members are known, too, with their money."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from api.failures import Failure
from api.history.merging import merge
from citizens import Belongs, Draft, Movement, Origin, SqliteLog, Value, open_log, post, trial_balance
from tests.api.households import BORN, NEW_YEAR, PAY, UNIT, annual, facts, follow, moved, person, retraction

MERGE = Origin("registry", "clerk", "registry act 4", "tax")


@pytest.fixture
def log(tmp_path: Path) -> Iterator[SqliteLog]:
    with open_log(tmp_path / "log") as log:
        log.append([person(1, 1, "head", pay="50000.00"), person(2, 2, "head", pay="30000.00")])
        yield log


def left(log: SqliteLog, unit: str) -> Decimal:
    """What a unit owes."""
    balances = trial_balance(log.read_subject(f"tax_unit/{unit}"))
    return balances["USD"].owed if balances else Decimal(0)


def moves(log: SqliteLog, movement: Movement, amount: str, event_id: str) -> None:
    body = post(movement, Decimal(amount), period="2024", currency="USD", cause="a wire")
    log.append([Draft("tax_unit/1", body, MERGE, event_id)])


def test_a_unit_of_which_only_its_members_are_known_goes_by_a_new_id_with_its_money(log: SqliteLog) -> None:
    annual(log)
    owed = left(log, "1")
    moves(log, Movement.PAYMENT, "4500.00", "wire-1")
    moves(log, Movement.REFUND, "750.00", "back-1")
    done = merge(log, "tax_unit/1", "tax_unit/new", MERGE, "a new register")
    assert (done.given, done.sums, done.is_new) == (1, 2, True)
    report = follow(log)
    assert (report.changed, report.failed) == (2, {})
    assert (left(log, "1"), left(log, "new")) == (Decimal(0), owed - Decimal("3750.00"))
    paid_back = moved(log.read_subject("tax_unit/new"), Movement.REFUND)
    assert paid_back == Decimal("750.00"), "what was paid back is not paid back again"


def test_nothing_is_merged_into_a_name_that_is_another_by_now(log: SqliteLog) -> None:
    merge(log, "person/1", "person/2", MERGE, "one passport")
    with pytest.raises(Failure, match="`person/1` is `person/2` by now"):
        merge(log, "person/2", "person/1", MERGE, "the other way round")
    with pytest.raises(Failure, match="merged already"):
        merge(log, "person/1", "person/2", MERGE, "again")


def test_merging_again_takes_over_what_was_recorded_since(log: SqliteLog) -> None:
    merge(log, "person/1", "person/2", MERGE, "one passport")
    log.append([facts("person/1", "late", {"taxable_interest_income": Decimal("9.00")})])
    done = merge(log, "person/1", "person/2", MERGE, "again")
    assert (done.carried, done.differing, done.given) == (1, (), 0)
    held = log.timeline("person/2").at(NEW_YEAR)
    assert held["taxable_interest_income"] == Decimal("9.00") and {PAY, BORN} <= set(held) and "same_as" not in held


def test_two_that_were_merged_by_mistake_are_two_again(log: SqliteLog) -> None:
    merge(log, "person/1", "person/2", MERGE, "one passport")
    (same,) = log.timeline("person/1").changes
    log.append([retraction("person/1", "two", same.attribute, same.valid_from)])
    again: dict[str, Value] = {PAY: Decimal("50000.00"), BORN: NEW_YEAR.replace(1980)}
    log.append([facts("person/1", "again", {**again, UNIT: Belongs("tax_unit/1", "head")})])
    assert len(log.erase("person/2", actor="a", legal_basis="b", reason="c").entries) == 1
    report = annual(log)
    assert report.counted is not None and report.counted.people == (1, 0, 0, 0, 0)
