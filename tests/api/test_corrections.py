"""Random histories: what corrections come to is what a run from nothing would have found, and the books balance.

A history is facts, corrections, retractions and memberships of a few people in a few tax units, some delivered twice.
It is written to one log in pieces, with the annual run somewhere and the follower between; and to another all at once,
with the annual run at the end.
"""

from __future__ import annotations

import random
from datetime import date
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from citizens import Belongs, Draft, Event, Movement, Posting, SqliteLog, Value, open_log, trial_balance
from tests.api.households import (
    BORN,
    ENTITLEMENT,
    LIABILITY,
    PAY,
    PAYMENTS,
    UNIT,
    annual,
    correction,
    everything,
    facts,
    follow,
    moved,
    outcome,
    person,
    retraction,
)

PEOPLE, UNITS = range(1, 6), range(1, 4)
DAYS = (date(2023, 6, 1), date(2024, 1, 1), date(2024, 9, 1), date(2025, 2, 1))
ROLES = ("head", "head", "spouse", "dependent")
AMOUNTS = ("0.00", "15000.00", "90000.50", "-1.00")


def _money() -> st.SearchStrategy[Value]:
    return st.sampled_from([Decimal(amount) for amount in AMOUNTS])


def _member() -> st.SearchStrategy[Value]:
    return st.builds(
        lambda unit, role: Belongs(f"tax_unit/{unit}", role), st.sampled_from(UNITS), st.sampled_from(ROLES)
    )


VALUES: dict[str, st.SearchStrategy[Value]] = {
    PAY: _money() | st.just("a lot"),
    "federal_income_tax_withheld": _money(),
    UNIT: _member() | st.none(),
    BORN: st.sampled_from([date(1950, 1, 1), date(1980, 5, 1), date(2015, 5, 1)]),
    "is_blind": st.booleans(),
    "shoe_size": st.integers(30, 50),
}


@st.composite
def events(draw: st.DrawFn) -> list[Draft]:
    """Everybody in a unit of the start, then what happens to them."""
    made = [
        person(1, 1, "head", pay="40000.00"),
        person(2, 1, "dependent", born=2012),
        person(3, 2, "head", pay="9.00"),
    ]
    for index in range(draw(st.integers(1, 12))):
        subject, name = f"person/{draw(st.sampled_from(PEOPLE))}", draw(st.sampled_from([*VALUES, UNIT, PAY]))
        day, event_id = draw(st.sampled_from(DAYS)), f"event-{index}"
        match draw(st.integers(0, 3)):
            case 0:
                made.append(retraction(subject, event_id, name, day))
            case 1:
                made.append(correction(subject, event_id, {name: draw(VALUES[name])}, day))
            case _:
                made.append(facts(subject, event_id, {name: draw(VALUES[name])}, day))
    return made


def units(log: SqliteLog) -> dict[int, list[Event]]:
    return {number: log.read_subject(f"tax_unit/{number}") for number in UNITS}


def amount(outcomes: dict[str, object], name: str) -> Decimal:
    answer = outcomes.get(name) or Decimal(0)
    assert isinstance(answer, Decimal)
    return answer


def check_books(log: SqliteLog) -> None:
    """After every single event all accounts add up to zero, and nobody is owed what was not paid back."""
    seen: list[Event] = []
    for event in everything(log):
        seen.append(event)
        assert all(balance.total == 0 for balance in trial_balance(seen[-1:]).values())
    assert all(balance.total == 0 for balance in trial_balance(seen).values())
    for history in units(log).values():
        if any(isinstance(event.body, Posting) for event in history):
            assert trial_balance(history)["USD"].owed >= 0


def check_ledger(history: list[Event], outcomes: dict[str, object]) -> None:
    """What was posted is what the figures that stand say."""
    liability, entitlement = amount(outcomes, LIABILITY), amount(outcomes, ENTITLEMENT)
    paid = amount(outcomes, PAYMENTS) - entitlement
    assert moved(history, Movement.LIABILITY) == liability
    assert moved(history, Movement.ENTITLEMENT) == entitlement
    assert moved(history, Movement.PAYMENT) == paid
    assert moved(history, Movement.REFUND) >= max(Decimal(0), entitlement + paid - liability)


@settings(max_examples=20, deadline=None)
@given(
    drafts=events(),
    first=st.integers(0, 12),
    order=st.randoms(use_true_random=False),
    window=st.sampled_from([1, 3, 500]),
)
def test_a_correction_is_what_a_run_from_nothing_would_have_found(
    drafts: list[Draft], first: int, order: random.Random, window: int
) -> None:
    with TemporaryDirectory() as folder:
        with open_log(Path(folder) / "nothing") as log:
            log.append(drafts)
            annual(log)
            wanted = {number: dict(outcome(history)) for number, history in units(log).items()}
        with open_log(Path(folder) / "followed") as log:
            write_in_pieces(log, drafts, 3 + first, order, window)
            for number, history in units(log).items():
                by_name = dict(outcome(history))
                assert by_name == wanted[number]
                if "fault" not in by_name:
                    check_ledger(history, by_name)
            check_books(log)
            head = log.head()
            follow(log)
            assert log.head() == head, "there is nothing left to do"


def write_in_pieces(log: SqliteLog, drafts: list[Draft], first: int, order: random.Random, window: int) -> None:
    """Some, the annual run, and the rest in pieces with the follower between; some deliveries come twice."""
    log.append(drafts[:first])
    annual(log)
    left = drafts[first:]
    while left:
        size = order.randint(1, 4)
        log.append([*left[:size], *order.sample(drafts[:first], min(2, first))])
        left = left[size:]
        if order.random() < 0.7:
            follow(log, window)
    follow(log, window)
