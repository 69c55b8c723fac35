"""The ledger: in balance after every event, whatever the order."""

from __future__ import annotations

from decimal import Context, Decimal, localcontext
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citizens import Account, Balances, Draft, InvalidEvent, Movement, post, statement, trial_balance
from tests.citizens.histories import TAX, fresh

AMOUNTS = st.integers(-(10**12), 10**12).map(lambda cents: Decimal(cents).scaleb(-2))
MOVEMENTS = st.lists(st.tuples(st.sampled_from(Movement), AMOUNTS, st.sampled_from(["2023", "2024"])))


@given(MOVEMENTS, st.integers(1, 28))
def test_the_books_balance_after_every_movement(moves: list[tuple[Movement, Decimal, str]], precision: int) -> None:
    balances, owed = Balances("USD"), 0
    signs = {Movement.LIABILITY: 1, Movement.ENTITLEMENT: -1, Movement.PAYMENT: -1, Movement.REFUND: 1}
    with localcontext(Context(prec=precision)):
        for movement, amount, period in moves:
            balances.add(post(movement, amount, period=period, currency="USD", cause="x"))
            owed += signs[movement] * int(Context(prec=40).scaleb(amount, 2))
            assert balances.total == 0
            assert int(Context(prec=40).scaleb(balances.owed, 2)) == owed
    assert sum(balances.by_period.values()) == balances.owed


def test_the_worked_case(tmp_path: Path) -> None:
    moves = [
        (Movement.LIABILITY, "5000.00"),
        (Movement.PAYMENT, "5000.00"),
        (Movement.LIABILITY, "-600.00"),
        (Movement.REFUND, "600.00"),
    ]
    with fresh(tmp_path) as log:
        for index, (movement, amount) in enumerate(moves):
            posting = post(movement, Decimal(amount), period="2024", currency="USD", cause=f"cause {index}")
            log.append([Draft("tax_unit/1", posting, TAX, f"e{index}")])
            assert all(balances.total == 0 for balances in trial_balance(log.read()).values())
        lines = statement(log.read_subject("tax_unit/1"))
        books = trial_balance(log.read())["USD"]
    assert [str(line.balance) for line in lines] == ["5000.00", "0.00", "-600.00", "0.00"]
    assert books.accounts == {
        Account.SUBJECT: 0,
        Account.REVENUE: Decimal(-4400),
        Account.BENEFITS: 0,
        Account.CASH: Decimal(4400),
    }


def test_an_entitlement_is_owed_until_it_is_paid_out() -> None:
    balances = Balances("USD")
    balances.add(post(Movement.ENTITLEMENT, Decimal("12.34"), period="2024", currency="USD", cause="a"))
    assert balances.owed == Decimal("-12.34")
    balances.add(post(Movement.REFUND, Decimal("12.34"), period="2024", currency="USD", cause="b"))
    assert (balances.owed, balances.accounts[Account.BENEFITS]) == (Decimal(0), Decimal("12.34"))


def test_currencies_do_not_meet() -> None:
    with pytest.raises(InvalidEvent, match="GBP"):
        Balances("USD").add(post(Movement.PAYMENT, Decimal(1), period="2024", currency="GBP", cause="a"))


@pytest.mark.parametrize("amount", [Decimal("NaN"), Decimal("1e30"), Decimal("Infinity")])
def test_amounts_that_are_none_are_refused(amount: Decimal) -> None:
    with pytest.raises(InvalidEvent):
        post(Movement.PAYMENT, amount, period="2024", currency="USD", cause="a")
