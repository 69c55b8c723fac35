"""Events as data, in the form in which `api.history.events` reads them: what a log shows can be appended to another.

Decimals and days are texts. A text that would be read as a number or a day stands as `{"text": …}`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import assert_never

from citizens import (
    Account,
    Adjustment,
    Arrival,
    Assessment,
    Belongs,
    Body,
    Compaction,
    Correction,
    Departure,
    Erasure,
    Event,
    Facts,
    Hold,
    Movement,
    Point,
    Posting,
    Promotion,
    Release,
    Retraction,
    Row,
    TimeCorrection,
    Unreadable,
    Value,
)
from citizens.events import FAULT

_READ_OTHERWISE = re.compile(r"-?[0-9][0-9_]*(\.[0-9]+)?|[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CREDITED = {Movement.ENTITLEMENT, Movement.PAYMENT}


def event_json(event: Event) -> dict[str, object]:
    """Everything that an event says. `recorded_at` is to the microsecond, in UTC."""
    recorded = _EPOCH + timedelta(microseconds=event.recorded_at_us)
    return {
        "offset": event.offset,
        "recorded_at": recorded.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "subject": event.subject,
        "version": event.version,
        "id": event.event_id,
        "source": event.origin.source,
        "actor": event.origin.actor,
        "legal_basis": event.origin.legal_basis,
        "retention": event.origin.retention,
        **body_json(event.body),
    }


def value_json(value: Value) -> object:
    """A fact's value: numbers with decimals and days are texts."""
    match value:
        case None | bool():
            return value
        case int():
            return value
        case Decimal():
            return format(value, "f")
        case Belongs():
            return {"group": value.group, "role": value.role}
        case date():
            return value.isoformat()
    return {"text": value} if _READ_OTHERWISE.fullmatch(value) else value


def kind_of(body: Body) -> str:
    """The body's kind in a word."""
    if isinstance(body, Posting):
        return body.movement.value
    return body.kind if isinstance(body, Unreadable) else type(body).__name__.lower()


def amount_of(posting: Posting) -> Decimal:
    """What the movement is of, as `citizens.post` was given it."""
    subject = next(entry.amount for entry in posting.entries if entry.account is Account.SUBJECT)
    return -subject if posting.movement in _CREDITED else subject


def body_json(body: Body) -> dict[str, object]:
    """What kind of event it is, and what it says."""
    match body:
        case Arrival():
            return {"arrived": _by_day(body.points), "from": {"partition": body.came_from, "offset": body.known}}
        case Departure():
            return {"departed": _keys(body), "to": {"partition": body.to}, "reason": body.reason}
        case Facts():
            return {"facts": _by_day(body.points)}
        case Correction():
            return {"corrects": _by_day(body.points), "reason": body.reason}
        case Retraction():
            return {"retracts": _keys(body), "reason": body.reason}
        case Hold() | Release():
            return {kind_of(body): body.case, "reason": body.reason}
        case Posting():
            said = {"amount": format(amount_of(body), "f"), "period": body.period, "currency": body.currency}
            account = {"account": body.account} if body.account else {}
            return {body.movement.value: {**said, "cause": body.cause, **account}}
        case Assessment():
            return {"assessment": _assessment(body)}
        case Adjustment():
            differences = {name: format(amount, "f") for name, amount in body.differences}
            said = {"period": body.period, "assessment": body.assessment, "reason": body.reason}
            return {"adjustment": {**said, "replaces": body.replaces, "differences": differences}}
        case Erasure():
            return {"erasure": {"number": body.number, "reason": body.reason}}
        case TimeCorrection():
            return {"time_correction": {"reason": body.reason}}
        case Promotion():
            return {"promotion": {"epoch": body.epoch, "reason": body.reason}}
        case Compaction():
            lost = {"horizons": dict(body.horizons), "lost": dict(body.lost), "dropped": body.dropped}
            return {"compaction": lost}
        case Unreadable():
            return {"unreadable": body.kind}
        case _:
            assert_never(body)


def _by_day(points: Iterable[Point]) -> dict[str, dict[str, object]]:
    days: dict[str, dict[str, object]] = {}
    for point in points:
        days.setdefault(point.valid_from.isoformat(), {})[point.attribute] = value_json(point.value)
    return days


def _keys(body: Retraction) -> dict[str, list[str]]:
    days: dict[str, list[str]] = {}
    for attribute, day in body.keys:
        days.setdefault(day.isoformat(), []).append(attribute)
    return days


def _assessment(body: Assessment) -> dict[str, object]:
    assert not isinstance(body.figures, Row), "a row is read back as pairs"
    return {
        "period": body.period,
        "valid_on": body.valid_on.isoformat(),
        "program": body.program,
        "read_to": body.read_to,
        "replaces": body.replaces,
        "figures": {FAULT: body.fault} if body.fault else {name: value_json(value) for name, value in body.figures},
        "used": {use.subject: list(use.attributes) for use in body.used},
    }
