"""A subject's record as data: the facts of a day, the history, the ledger, as known at an offset."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from api.history.json import amount_of, value_json
from citizens import Account, Adjustment, Balances, Belongs, Change, Correction, Event, Facts, statement, trial_balance

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Held:
    """What held of one attribute: since when, until when (exclusive; null: for ever), and who recorded it when."""

    value: object
    valid_from: str
    valid_until: str | None
    offset: int
    recorded_at: str
    source: str
    actor: str
    legal_basis: str


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """A posting, and what the subject owes after it. `reason` says why it was corrected, if it was."""

    offset: int
    recorded_at: str
    movement: str
    account: str | None
    period: str
    currency: str
    amount: str
    balance: str
    cause: str
    reason: str | None
    entries: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Balance:
    """What a subject owes (above zero) or is owed, in all and by period, and what stands on each account."""

    owed: str
    by_period: Mapping[str, str]
    accounts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Ledger:
    """A subject's postings, oldest first, and the balances by currency."""

    subject: str
    lines: tuple[LedgerLine, ...]
    balances: Mapping[str, Balance]


def moment(microseconds: int) -> str:
    """A moment in UTC, to the microsecond."""
    return (_EPOCH + timedelta(microseconds=microseconds)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def held(change: Change) -> Held:
    """A change point that counts."""
    return Held(
        value_json(change.value),
        change.valid_from.isoformat(),
        change.valid_until.isoformat() if change.valid_until is not None else None,
        change.offset,
        moment(change.recorded_at_us),
        change.origin.source,
        change.origin.actor,
        change.origin.legal_basis,
    )


def ledger_of(subject: str, events: Iterable[Event]) -> Ledger:
    """The ledger that a subject's events make."""
    listed = list(events)
    reasons = reasons_of(listed)
    lines = tuple(
        LedgerLine(
            line.offset,
            moment(line.recorded_at_us),
            line.posting.movement.value,
            line.posting.account or None,
            line.posting.period,
            line.posting.currency,
            format(amount_of(line.posting), "f"),
            format(line.balance, "f"),
            line.posting.cause,
            reasons.get(line.posting.cause),
            {entry.account.value: format(entry.amount, "f") for entry in line.posting.entries},
        )
        for line in statement(listed)
    )
    return Ledger(
        subject, lines, {currency: _balance(balances) for currency, balances in trial_balance(listed).items()}
    )


def _balance(balance: Balances) -> Balance:
    return Balance(
        format(balance.owed, "f"),
        {period: format(owed, "f") for period, owed in balance.by_period.items()},
        {account.value: format(balance.accounts[account], "f") for account in Account},
    )


def reasons_of(events: Iterable[Event]) -> dict[str, str]:
    """Why something was corrected, by the id of the assessment that postings give as their cause."""
    return {event.body.assessment: event.body.reason for event in events if isinstance(event.body, Adjustment)}


def groups_of(events: Iterable[Event], day: date | None = None) -> list[str]:
    """The groups and owners that a subject was ever recorded to belong to, or by the day."""
    groups: dict[str, None] = {}
    for event in events:
        if isinstance(event.body, Facts | Correction):
            for point in event.body.points:
                if isinstance(point.value, Belongs) and (day is None or point.valid_from <= day):
                    groups[point.value.group] = None
    return list(groups)
