"""Corrections: whom late facts find, and what is recorded because of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from api.assess.annual import run_annual
from api.assess.follow import Follower
from citizens import (
    Adjustment,
    Assessment,
    Belongs,
    Draft,
    Movement,
    SqliteLog,
    open_log,
    post,
    trial_balance,
)
from tests.api.households import (
    BORN,
    ENTITLEMENT,
    LIABILITY,
    ORIGIN,
    PAY,
    UNIT,
    annual,
    bodies,
    correction,
    everything,
    facts,
    follow,
    form,
    moved,
    outcome,
    person,
    program,
    retraction,
    terms_with,
)

CITIZEN = "is_us_citizen_or_resident"


@pytest.fixture
def log(tmp_path: Path) -> Iterator[SqliteLog]:
    with open_log(tmp_path / "log") as log:
        log.append([person(1, 1, "head", pay="50000.00")])
        yield log


def unit(log: SqliteLog, number: int = 1) -> dict[str, object]:
    return dict(outcome(log.read_subject(f"tax_unit/{number}")))


def test_a_late_fact_makes_a_new_assessment_an_adjustment_and_postings_of_the_difference(log: SqliteLog) -> None:
    annual(log)
    before = unit(log)
    log.append([correction("person/1", "late", {PAY: Decimal("60000.00")})])
    assert follow(log).changed == 1
    after = unit(log)
    (adjustment,) = bodies(log, Adjustment)
    assert dict(adjustment.differences)["adjusted_gross_income"] == Decimal("10000.00")
    history = log.read_subject("tax_unit/1")
    assert moved(history, Movement.LIABILITY) == after[LIABILITY] != before[LIABILITY]
    first, second = bodies(log, Assessment)
    assert adjustment.replaces == second.replaces == next(e.offset for e in everything(log) if e.body == first)
    assert second.read_to > first.read_to
    assert trial_balance(history)["USD"].total == 0


def test_a_fact_that_is_recorded_while_the_annual_run_runs_is_not_lost(
    log: SqliteLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    append: Callable[..., object] = log.append

    def late_fact_first(drafts: Sequence[Draft], **advance: object) -> object:
        monkeypatch.undo()
        append([correction("person/1", "late", {PAY: Decimal("60000.00")})])
        follow(log)
        return append(drafts, **advance)

    monkeypatch.setattr(log, "append", late_fact_first)
    annual(log)
    follow(log)
    assert len(bodies(log, Adjustment)) == 1


def test_somebody_who_joined_without_moving_a_figure_is_named_and_later_found(log: SqliteLog) -> None:
    log.append([facts("tax_unit/1", "stated", {"filing_status": "single"})])
    annual(log)
    log.append([person(2, 1, "dependent", born=1990), facts("person/2", "abroad", {CITIZEN: False})])
    report = follow(log)
    assert (report.changed, len(bodies(log, Adjustment))) == (1, 0), "an assessment that names who joined"
    log.append([correction("person/2", "a child", {CITIZEN: True, BORN: date(2015, 5, 1)})])
    follow(log)
    assert unit(log)["ctc"] == Decimal("2000.00")


def test_who_leaves_a_group_is_found_in_both(log: SqliteLog) -> None:
    log.append([person(2, 1, "dependent", born=2015), person(3, 2, "head", pay="40000.00")])
    annual(log)
    assert unit(log)["ctc"] == Decimal("2000.00")
    log.append([facts("person/2", "moved", {UNIT: Belongs("tax_unit/2", "dependent")}, date(2024, 3, 1))])
    follow(log)
    assert (unit(log)["ctc"], unit(log, 2)["ctc"]) == (Decimal("0.00"), Decimal("2000.00"))
    log.append([retraction("person/2", "stayed", UNIT, date(2024, 3, 1))])
    follow(log)
    assert (unit(log)["ctc"], unit(log, 2)["ctc"]) == (Decimal("2000.00"), Decimal("0.00"))


def test_a_group_that_is_formed_later_is_assessed(log: SqliteLog) -> None:
    annual(log)
    log.append([person(5, 5, "dependent", born=2015)])
    assert list(follow(log).failed.values()) == ["tax_unit/5: nobody has the role `head`"]
    log.append([person(6, 5, "head", pay="30000.00")])
    follow(log)
    assert unit(log, 5)["ctc"] == Decimal("2000.00"), "who had joined before is not forgotten"


def test_a_group_that_nobody_is_in_any_more_owes_nothing(log: SqliteLog) -> None:
    annual(log)
    log.append([retraction("person/1", "never there", UNIT)])
    follow(log)
    assert unit(log) == {}
    history = log.read_subject("tax_unit/1")
    assert moved(history, Movement.LIABILITY) == moved(history, Movement.ENTITLEMENT) == 0
    log.append([facts("person/1", "there after all", {UNIT: Belongs("tax_unit/1", "head")})])
    follow(log)
    assert moved(log.read_subject("tax_unit/1"), Movement.LIABILITY) == unit(log)[LIABILITY]


def test_what_the_annual_run_could_not_assess_is_recorded_and_assessed_when_its_facts_are_right(
    log: SqliteLog,
) -> None:
    log.append([person(2, 2, "head", pay="-5.00"), facts("person/3", "words", {PAY: "many"}), person(3, 3, "head")])
    report = annual(log)
    assert report.assessed == 1
    assert dict(report.failed) == {
        "tax_unit/2": "person/2: `employment_income` is out of the range 0 .. 10,000,000,000",
        "tax_unit/3": "person/3: `employment_income` is recorded as text",
    }
    assert unit(log, 2) == {"fault": dict(report.failed)["tax_unit/2"]}
    log.append([correction(f"person/{item}", f"right-{item}", {PAY: Decimal("50000.00")}) for item in (2, 3)])
    assert follow(log).failed == {}
    assert unit(log, 2) == unit(log, 3) == unit(log)


def test_a_fault_leaves_the_earlier_assessment_standing_until_it_is_put_right(log: SqliteLog) -> None:
    annual(log)
    before, history = unit(log), log.read_subject("tax_unit/1")
    log.append([correction("person/1", "wrong", {PAY: Decimal("-1.00")})])
    assert list(follow(log).failed) == [("2024", "tax_unit/1")]
    for movement in Movement:
        assert moved(log.read_subject("tax_unit/1"), movement) == moved(history, movement)
    log.append([correction("person/1", "right", {PAY: Decimal("50000.00")})])
    assert follow(log).failed == {}
    assert unit(log) == before
    assert bodies(log, Adjustment) == []


def test_a_retry_tries_what_failed_and_nothing_else(log: SqliteLog) -> None:
    log.append([person(2, 2, "head", pay="-5.00")])
    annual(log)
    follower = Follower(log, program())
    follower.retry()
    assert list(follower.report.failed) == [("2024", "tax_unit/2")]
    assert follower.report.reassessed == 1
    assert len(bodies(log, Assessment)) == 2, "the same fault is not recorded twice"


def test_a_retry_with_corrected_rules_assesses_what_failed(log: SqliteLog) -> None:
    pay = program().find(PAY)
    assert pay is not None
    narrow = {**program().definitions, pay.name: replace(pay, high=Fraction(10))}
    wrong = replace(program(), definitions=narrow, fingerprint="0" * 64)
    assert run_annual(log, terms_with(wrong)).assessed == 0
    assert follow(log).reassessed == 0, "other rules alone correct nothing"
    follower = Follower(log, program())
    follower.retry()
    assert (follower.report.changed, follower.report.failed) == (1, {})
    assert unit(log)["adjusted_gross_income"] == 50_000
    first, second = bodies(log, Assessment)
    assert (first.program, second.program) == ("0" * 64, program().fingerprint)


def test_facts_that_move_nothing_of_the_year_touch_nobody(log: SqliteLog) -> None:
    annual(log)
    log.append([facts("person/1", "last year", {PAY: Decimal("1.00")}, date(2023, 1, 1))])
    log.append([facts("person/1", "next year", {PAY: Decimal("1.00")}, date(2025, 1, 1))])
    log.append([facts("person/1", "unknown to the law", {"shoe_size": 43})])
    log.append([facts("person/1", "the same again", {PAY: Decimal("50000.00")})])
    assert follow(log).reassessed == 0


def test_money_of_an_earlier_year_does_not_count_and_a_status_does(log: SqliteLog) -> None:
    log.append([facts("person/1", "blind", {"is_blind": True}, date(2020, 1, 1))])
    log.append([facts("person/1", "interest", {"taxable_interest_income": Decimal("900.00")}, date(2023, 1, 1))])
    annual(log)
    assert unit(log)["adjusted_gross_income"] == Decimal("50000.00")
    deduction = Decimal("14600.00") + Decimal("1950.00")
    assert unit(log)["taxable_income"] == Decimal("50000.00") - deduction


def test_each_year_is_followed_by_itself(log: SqliteLog) -> None:
    log.append([facts("person/1", "2023", {PAY: Decimal("40000.00")}, date(2023, 1, 1))])
    log.append([facts("person/1", "born", {BORN: date(1980, 5, 1)}, date(1980, 5, 1))])
    log.append([facts("person/1", "there", {UNIT: Belongs("tax_unit/1", "head")}, date(2023, 1, 1))])
    assert annual(log, "2023").assessed == annual(log, "2024").assessed == 1
    log.append([correction("person/1", "late", {PAY: Decimal("41000.00")}, date(2023, 1, 1))])
    assert follow(log).reassessed == 1
    (adjustment,) = bodies(log, Adjustment)
    assert adjustment.period == "2023"


def test_a_refund_that_was_too_much_is_owed_and_not_said_to_have_come_back(log: SqliteLog) -> None:
    log.append([facts("person/1", "withheld", {"federal_income_tax_withheld": Decimal("9000.00")})])
    annual(log)
    refunded = moved(log.read_subject("tax_unit/1"), Movement.REFUND)
    assert refunded > 0
    log.append([correction("person/1", "less", {"federal_income_tax_withheld": Decimal("8000.00")})])
    follow(log)
    history = log.read_subject("tax_unit/1")
    assert moved(history, Movement.REFUND) == refunded
    assert trial_balance(history)["USD"].owed == Decimal("1000.00")
    log.append([correction("person/1", "more", {"federal_income_tax_withheld": Decimal("9500.00")})])
    follow(log)
    history = log.read_subject("tax_unit/1")
    assert moved(history, Movement.REFUND) == refunded + 500
    assert trial_balance(history)["USD"].owed == 0


def test_what_the_cashier_posted_is_paid_back_when_it_is_too_much(log: SqliteLog) -> None:
    paid = post(Movement.PAYMENT, Decimal("10000.00"), period="2024", currency="USD", cause="bank")
    log.append([Draft("tax_unit/1", paid, ORIGIN, "bank")])
    report = annual(log)
    liability = unit(log)[LIABILITY]
    assert isinstance(liability, Decimal)
    assert moved(log.read_subject("tax_unit/1"), Movement.REFUND) == 10_000 - liability == report.refunded


def test_who_was_assessed_with_somebody_erased_is_not_assessed_anew_without_a_word(log: SqliteLog) -> None:
    log.append([person(2, 1, "dependent", born=2015)])
    annual(log)
    log.erase("person/2", actor="test", legal_basis="GDPR 17", reason="asked for")
    log.append([correction("person/1", "late", {PAY: Decimal("60000.00")})])
    (fault,) = follow(log).failed.values()
    assert fault.startswith("the history of person/erased-") and fault.endswith(" was erased")
    assert bodies(log, Adjustment) == []


def test_an_entitlement_is_posted_apart_from_the_tax(log: SqliteLog) -> None:
    log.append([person(2, 2, "head", pay="15000.00"), person(3, 2, "dependent", born=2015)])
    annual(log)
    history = log.read_subject("tax_unit/2")
    assert moved(history, Movement.ENTITLEMENT) == unit(log, 2)[ENTITLEMENT] != 0


def why(log: SqliteLog) -> str:
    """The reason of the last adjustment."""
    return bodies(log, Adjustment)[-1].reason


def test_an_adjustment_says_which_facts_moved_it_and_never_whose_they_are(log: SqliteLog) -> None:
    annual(log)
    log.append([correction("person/1", "late", {PAY: Decimal("60000.00"), "no_figure": Decimal(1)})])
    log.append([correction("person/1", "later", {PAY: Decimal("61000.00")})])
    log.append([facts("tax_unit/1", "unit", {"filing_status": "head_of_household"})])
    to = log.head()
    follow(log)
    assert why(log) == (
        f"facts recorded since the assessment: {PAY} (person, #{to - 1}), filing_status (tax_unit, #{to})"
    )


def test_an_adjustment_says_when_earlier_facts_could_not_be_counted_before(log: SqliteLog) -> None:
    annual(log)
    log.append([correction("person/1", "wrong", {PAY: Decimal("-1.00")})])
    follow(log)
    log.append([correction("person/1", "right", {PAY: Decimal("70000.00")})])
    follow(log)
    last = log.read_subject("person/1")[-1].offset
    assert why(log).endswith(f"{PAY} (person, #{last}); with those before, which could not be assessed then")


def test_an_adjustment_by_other_rules_says_so(log: SqliteLog) -> None:
    annual(log)
    log.append([correction("person/1", "late", {PAY: Decimal("60000.00")})])
    Follower(log, replace(program(), fingerprint="f" * 64)).step()
    assert why(log).endswith("; by rules that have changed since")


def test_a_reason_of_many_changes_ends_before_an_event_is_too_long(log: SqliteLog) -> None:
    log.append([retraction("person/1", "its forms say it", PAY)])
    annual(log)
    log.append([form(number, 1, "10.00") for number in range(1, 101)])
    follow(log)
    assert len(why(log)) < 800
    assert why(log).endswith(" more")
