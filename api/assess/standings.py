"""Where a group stands: its last assessment by some terms, and what it owes for their period."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from api.assess.terms import ZERO, Terms
from citizens import Assessment, Balances, Event, History, Posting


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a group stands in a period: its last assessment, the last without a fault, and what it owes."""

    last: Event | None
    good: Event | None
    balance: Decimal


NEVER = Standing(None, None, ZERO)


def standing_of(events: Iterable[Event], terms: Terms) -> Standing:
    """Where a group stands by some terms, by its history."""
    last: Event | None = None
    good: Event | None = None
    balances = Balances(terms.program.settings.currency)
    for event in events:
        match event.body:
            case Assessment() as body if terms.made(event):
                last = event
                good = good if fault_of(body) else event
            case Posting() as body if body.currency == balances.currency:
                balances.add(body)
    return Standing(last, good, balances.by_period.get(str(terms.period), ZERO))


def standing_in(log: History, group: str, terms: Terms) -> Standing:
    """Where a group stands in a log: the same, read from the newest back, so that it does not grow with the history of
    corrections but for their postings."""
    last: Event | None = None
    below: int | None = None
    limit = 1  # the newest is the one in almost every case
    while events := log.assessments_of(group, below, limit):
        for event in filter(terms.made, events):
            last = last or event
            if isinstance(event.body, Assessment) and not fault_of(event.body):
                return Standing(last, event, _owed(log, group, terms))
        below, limit = events[-1].offset, 20
    return Standing(last, None, _owed(log, group, terms))


def _owed(log: History, group: str, terms: Terms) -> Decimal:
    return log.owed(group, str(terms.period), terms.program.settings.currency)


def fault_of(assessment: Assessment) -> str:
    """Why the group could not be assessed; empty if it was."""
    return assessment.fault


def is_erased(subject: str) -> bool:
    """Whether a subject is what an erasure left of one: nothing can be recorded of it any more."""
    return subject.partition("/")[2].startswith("erased-")
