"""Movements of money in the ledger, in double entry."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import Enum

from citizens.errors import InvalidEvent
from citizens.events.checks import check_text, check_word
from citizens.events.facts import EXACT, units_and_scale


class Movement(Enum):
    """What moves money in the ledger."""

    LIABILITY = "liability"
    ENTITLEMENT = "entitlement"
    PAYMENT = "payment"
    REFUND = "refund"


class Account(Enum):
    """Where money stands. SUBJECT is what the subject owes (above zero) or is owed (below)."""

    SUBJECT = "subject"
    REVENUE = "revenue"
    BENEFITS = "benefits"
    CASH = "cash"


@dataclass(frozen=True, slots=True)
class Entry:
    """`amount` onto one account: above zero debits it, below zero credits it."""

    account: Account
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Posting:
    """A movement in the ledger. Its entries add up to zero, or it cannot be built.

    `cause` is the event id of what called for it (an assessment, an adjustment, a bank's message). `account` names the
    tax or benefit that the money is for; empty where it is for whatever is owed.
    """

    movement: Movement
    period: str
    currency: str
    entries: tuple[Entry, ...]
    cause: str
    account: str = ""

    def __post_init__(self) -> None:
        check_word(self.period, "a posting's period")
        check_word(self.currency, "a currency")
        check_text(self.cause, "a posting's cause")
        if self.account:
            check_word(self.account, "a posting's account")
        total = Decimal(0)
        for entry in self.entries:
            units_and_scale(entry.amount, "an entry")
            total = EXACT.add(total, entry.amount)
        if total != 0 or len(self.entries) < 2:
            raise InvalidEvent(f"a posting's entries add up to {total}, not to zero", "give each its counterpart")
