"""Events as bytes, and back.

A body is a JSON array without spaces, its event id first. Change points are grouped by day and written as a shape and
a list of values, because a million events share a few shapes:

    ["hr-17",[[19723,"wages:d2 filing_status:s tax_unit:r.head",[5000000,"single",42]]]]

A day is counted from 1970-01-01. A shape is `name:kind` for each value, and the kinds are

    n      ended (null)                 b      true or false          i      whole number
    d<N>   units of 10**-N, exact       t      day                    s      text
    r.<role>  member of the subject with that number                  x      retracted: never was

Other subjects are written as numbers, so that erasing a subject's name erases it everywhere. The caller says how
numbers and names correspond (`Names`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, assert_never

from citizens.errors import InvalidEvent, LogDamaged
from citizens.events import (
    EXACT,
    Account,
    Adjustment,
    Arrival,
    Assessment,
    Belongs,
    Body,
    Compaction,
    Correction,
    Departure,
    Entry,
    Erasure,
    Facts,
    Hold,
    Movement,
    Point,
    Posting,
    Promotion,
    Release,
    Retraction,
    Row,
    Scalar,
    TimeCorrection,
    Unreadable,
    Use,
    Value,
    check_text,
    units_and_scale,
)
from citizens.payload_json import decode_json, encode_json
from citizens.stored_values import Names, day_date, day_number, load_value, parse_shape, store_value

Groups = list[list[Any]]


def encode(body: Body, event_id: str, names: Names) -> bytes:
    """The bytes of `body`. The same body always gives the same bytes."""
    check_text(event_id, "an event id")
    return encode_json([event_id, *_fields(body, names)]).encode()


def encode_fields(event_id: str, fields: Sequence[Any]) -> bytes:
    """The bytes of a payload from its fields, as `decode_json` gives them."""
    return encode_json([event_id, *fields]).encode()


def _fields(body: Body, names: Names) -> list[Any]:
    match body:
        case Arrival():
            return [_groups(body.points, names), body.came_from, body.known]
        case Departure():
            return [_retracted(body.keys), body.reason, body.to]
        case Facts():
            return [_groups(body.points, names)]
        case Correction():
            return [_groups(body.points, names), body.reason]
        case Retraction():
            return [_retracted(body.keys), body.reason]
        case Assessment():
            return _assessment_fields(body, names)
        case Adjustment():
            differences = _shape_and_values(body.differences, names)
            return [body.period, body.assessment, body.replaces, *differences, body.reason]
        case Posting():
            entries = [[entry.account.value, *units_and_scale(entry.amount, "an entry")] for entry in body.entries]
            return [body.movement.value, body.period, body.currency, entries, body.cause, body.account]
        case Hold() | Release():
            return [body.case, body.reason]
        case Erasure():
            return [body.number, body.fingerprint, body.reason]
        case Compaction():
            return [body.horizons, body.lost, body.tombstone_delay_us, body.dropped, body.gaps]
        case TimeCorrection():
            return [body.reason]
        case Promotion():
            return [body.epoch, body.reason]
        case Unreadable():
            raise InvalidEvent("an unreadable event cannot be appended", "leave it out")
        case _:
            assert_never(body)


def _assessment_fields(body: Assessment, names: Names) -> list[Any]:
    used = [[names.number(use.subject), " ".join(use.attributes)] for use in body.used]
    if isinstance(body.figures, Row):
        figures: tuple[str, list[Any]] = (body.figures.shape, list(body.figures.values))
    else:
        figures = _shape_and_values(body.figures, names)
    return [body.period, day_number(body.valid_on), body.program, body.read_to, *figures, used, body.replaces]


def _groups(points: Iterable[Point], names: Names) -> Groups:
    by_day: dict[int, list[tuple[str, Value]]] = {}
    for point in points:
        by_day.setdefault(day_number(point.valid_from), []).append((point.attribute, point.value))
    return [[day, *_shape_and_values(pairs, names)] for day, pairs in by_day.items()]


def _retracted(keys: Iterable[tuple[str, date]]) -> Groups:
    by_day: dict[int, list[str]] = {}
    for attribute, valid_from in keys:
        by_day.setdefault(day_number(valid_from), []).append(f"{attribute}:x")
    return [[day, " ".join(parts), [0] * len(parts)] for day, parts in by_day.items()]


def _shape_and_values(pairs: Iterable[tuple[str, Value]], names: Names) -> tuple[str, list[Any]]:
    kinds, values = [], []
    for name, value in pairs:
        kind, stored = store_value(name, value, names)
        kinds.append(f"{name}:{kind}")
        values.append(stored)
    return " ".join(kinds), values


def groups_named(payload: bytes) -> set[int]:
    """The numbers of the groups that a payload of facts or a correction names."""
    if b":r." not in payload:  # most name none, and need no parsing
        return set()
    return {
        stored
        for _, shape, values in decode_json(payload)[1]
        for (_, kind), stored in zip(parse_shape(shape), values, strict=True)
        if kind[0] == "r"
    }


def decode(kind: int, payload: bytes, names: Names) -> tuple[str, Body]:
    """(event id, body) from a payload of that kind. Raises LogDamaged for a kind from the future."""
    event_id, *fields = decode_json(payload)
    return event_id, _body(kind, fields, names)


def _body(kind: int, fields: list[Any], names: Names) -> Body:
    match kind:
        case 1:
            return Facts(_points(fields[0], names))
        case 2:
            return Correction(_points(fields[0], names), fields[1])
        case 3:
            return Retraction(_keys(fields[0]), fields[1])
        case 4:
            return Departure(_keys(fields[0]), fields[1], fields[2])
        case 5:
            return Arrival(_points(fields[0], names), fields[1], fields[2])
        case 8:
            return _assessment(fields, names)
        case 9:
            period, assessment, replaces, shape, values, reason = fields
            return Adjustment(period, assessment, replaces, _decimals(shape, values, names), reason)
        case 10:
            return _posting(fields)
        case 32:
            return Hold(*fields)
        case 33:
            return Release(*fields)
        case 48:
            return Erasure(*fields)
        case 49:
            horizons, lost, delay, dropped, gaps = fields
            return Compaction(_pairs(horizons), _pairs(lost), delay, dropped, gaps)
        case 50:
            return TimeCorrection(*fields)
        case 51:
            return Promotion(*fields)
        case _:
            raise LogDamaged(f"event of unknown kind {kind}", "this log needs a newer version of the program")


def _points(groups: Groups, names: Names) -> tuple[Point, ...]:
    return tuple(
        Point(name, day_date(day), load_value(kind, stored, names))
        for day, shape, values in groups
        for (name, kind), stored in zip(parse_shape(shape), values, strict=True)
    )


def _keys(groups: Groups) -> tuple[tuple[str, date], ...]:
    return tuple((name, day_date(day)) for day, shape, _ in groups for name, _kind in parse_shape(shape))


def _assessment(fields: list[Any], names: Names) -> Assessment:
    period, valid_on, program, read_to, shape, values, used, replaces = fields
    uses = tuple(Use(names.name(number), tuple(attributes.split())) for number, attributes in used)
    return Assessment(period, day_date(valid_on), program, read_to, _figures(shape, values, names), uses, replaces)


def _figures(shape: str, values: list[Any], names: Names) -> tuple[tuple[str, Scalar | None], ...]:
    loaded = [load_value(kind, stored, names) for (_, kind), stored in zip(parse_shape(shape), values, strict=True)]
    return tuple(
        (name, None if isinstance(value, Belongs) else value)
        for (name, _), value in zip(parse_shape(shape), loaded, strict=True)
    )


def _decimals(shape: str, values: list[Any], names: Names) -> tuple[tuple[str, Decimal], ...]:
    return tuple((name, value) for name, value in _figures(shape, values, names) if isinstance(value, Decimal))


def _posting(fields: list[Any]) -> Posting:
    movement, period, currency, entries, cause, *others = fields
    decoded = tuple(Entry(Account(account), EXACT.scaleb(Decimal(units), -scale)) for account, units, scale in entries)
    return Posting(Movement(movement), period, currency, decoded, cause, *others)


def _pairs(pairs: list[list[Any]]) -> tuple[tuple[str, int], ...]:
    return tuple((name, offset) for name, offset in pairs)
