"""The ledger: what people owe and are owed, in double entry.

A worked case. The law finds a liability of 5,000.00 and later, corrected, of 4,400.00; the person paid 5,000.00:

    movement                 subject     revenue      cash
    liability  5000.00      +5000.00    -5000.00
    payment    5000.00      -5000.00                +5000.00
    liability  -600.00       -600.00     +600.00
    refund      600.00       +600.00                 -600.00
    balance                     0.00    -4400.00    +4400.00

Every movement is a posting whose entries add up to zero, or it cannot be built; so the books balance after every event.
Nothing is edited: an adjustment posts the difference. The subject's account says what the subject owes (above zero)
or is owed (below zero).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Context, Decimal
from typing import assert_never

from citizens.errors import InvalidEvent
from citizens.events import EXACT, Account, Entry, Event, Movement, Posting, check_currency, check_period

ZERO = Decimal(0)
WIDE = Context(prec=60)
_PLACES = {
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV",
                     "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    **dict.fromkeys(("CLF", "UYW"), 4),
}  # fmt: skip
"""Decimals of currencies that do not have two (ISO 4217)."""


def post(movement: Movement, amount: Decimal, *, period: str, currency: str, cause: str, account: str = "") -> Posting:
    """The posting of a movement, for the tax or benefit named `account`.

    `amount` is the liability found, the entitlement found, the sum paid or paid back. A liability or an entitlement may
    be below zero: an adjustment downwards. A payment or a refund may be as well: money that came back. Raises
    InvalidEvent for more than 18 digits, or for a period or a currency that is not written as periods and currencies
    are.
    """
    check_period(period)
    check_currency(currency)
    debit, credit = accounts_of(movement)
    entries = (Entry(debit, amount), Entry(credit, EXACT.minus(amount)))
    return Posting(movement, period, currency, entries, cause, account)


def check_payable(amount: Decimal, currency: str) -> None:
    """Raise InvalidEvent for an amount that nobody can pay: with a part of the currency's smallest unit."""
    places = _PLACES.get(currency, 2)
    if amount != amount.quantize(Decimal(1).scaleb(-places), context=WIDE):
        raise InvalidEvent(f"an amount in {currency} has at most {places} decimals", "round it as the law says")


def accounts_of(movement: Movement) -> tuple[Account, Account]:
    """The account that a movement debits, and the one that it credits."""
    match movement:
        case Movement.LIABILITY:
            return Account.SUBJECT, Account.REVENUE
        case Movement.ENTITLEMENT:
            return Account.BENEFITS, Account.SUBJECT
        case Movement.PAYMENT:
            return Account.CASH, Account.SUBJECT
        case Movement.REFUND:
            return Account.SUBJECT, Account.CASH
        case _:
            assert_never(movement)


@dataclass(slots=True)
class Balances:
    """Running balances of one currency, over one subject or over everybody."""

    currency: str
    accounts: dict[Account, Decimal] = field(default_factory=lambda: dict.fromkeys(Account, ZERO))
    by_period: dict[str, Decimal] = field(default_factory=dict)

    @property
    def owed(self) -> Decimal:
        """What is owed by (above zero) or to (below zero) the subjects."""
        return self.accounts[Account.SUBJECT]

    @property
    def total(self) -> Decimal:
        """The sum of all accounts: zero, or the books are broken."""
        total = ZERO
        for amount in self.accounts.values():
            total = EXACT.add(total, amount)
        return total

    def add(self, posting: Posting) -> None:
        """Take a posting into account. Raises InvalidEvent if it is in another currency."""
        if posting.currency != self.currency:
            raise InvalidEvent(f"a posting in {posting.currency} meets balances in {self.currency}", "keep them apart")
        for entry in posting.entries:
            self.accounts[entry.account] = EXACT.add(self.accounts[entry.account], entry.amount)
            if entry.account is Account.SUBJECT:
                before = self.by_period.get(posting.period, ZERO)
                self.by_period[posting.period] = EXACT.add(before, entry.amount)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a statement: the posting, when and where it was recorded, and what the subject owes after it."""

    offset: int
    recorded_at_us: int
    posting: Posting
    balance: Decimal


def statement(events: Iterable[Event]) -> list[Line]:
    """A subject's postings with the running balance of each currency. Other events are passed over."""
    balances: dict[str, Balances] = {}
    lines = []
    for event in events:
        if isinstance(event.body, Posting):
            balance = balances.setdefault(event.body.currency, Balances(event.body.currency))
            balance.add(event.body)
            lines.append(Line(event.offset, event.recorded_at_us, event.body, balance.owed))
    return lines


def trial_balance(events: Iterable[Event]) -> dict[str, Balances]:
    """All accounts by currency, over all postings among the events. Each `total` is zero."""
    balances: dict[str, Balances] = {}
    for event in events:
        if isinstance(event.body, Posting):
            balances.setdefault(event.body.currency, Balances(event.body.currency)).add(event.body)
    return balances
