"""Facts: change points and their values.

A fact is a change point: from `valid_from` on, `attribute` of the subject has `value`, until the next change point. A
value of None says that it ended. Who belongs to which group is a fact too, whose value is `Belongs(group, role)`; the
attribute is then the relation's name.

Nothing is edited. A correction records other values for change points that exist; a retraction says that a change point
never was, so that the one before it holds on.

Money and rates are `Decimal`, of at most 18 digits. There are no floats in a history.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Context, Decimal, Inexact, InvalidOperation

from citizens.errors import InvalidEvent
from citizens.events.checks import check_name, check_role, check_subject, check_text

MAX_POINTS = 10_000
MAX_UNITS = 10**18
MAX_SCALE = 18
EXACT = Context(prec=60, traps=[Inexact, InvalidOperation])
"""The context for arithmetic on money: it raises rather than round, whatever the caller's own context does."""


@dataclass(frozen=True, slots=True)
class Belongs:
    """Membership: the subject is in `group` (a subject's name) with `role`."""

    group: str
    role: str

    def __post_init__(self) -> None:
        check_subject(self.group)
        check_role(self.role)


Scalar = bool | int | Decimal | str | date
Value = Scalar | Belongs | None


def same_value(left: Value, right: Value) -> bool:
    """Whether two values are the same fact: of the same kind, and equal. To Python `1 == True`; to a fact it is not."""
    return type(left) is type(right) and left == right


@dataclass(frozen=True, slots=True, eq=False)
class Point:
    """One change point: `attribute` is `value` from the day `valid_from` on. None ends it.

    Points are equal if their values are the same fact (`same_value`).
    """

    attribute: str
    valid_from: date
    value: Value

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Point):
            return NotImplemented
        key = (self.attribute, self.valid_from)
        return key == (other.attribute, other.valid_from) and same_value(self.value, other.value)

    def __hash__(self) -> int:
        return hash((self.attribute, self.valid_from, type(self.value), self.value))


@dataclass(frozen=True, slots=True)
class Facts:
    """What a source says of the subject: at least one change point, each (attribute, valid_from) once."""

    points: tuple[Point, ...]

    def __post_init__(self) -> None:
        check_points(self.points)


@dataclass(frozen=True, slots=True)
class Correction:
    """What a source said was wrong: `points` stand in the place of those recorded for the same keys."""

    points: tuple[Point, ...]
    reason: str

    def __post_init__(self) -> None:
        check_points(self.points)
        check_text(self.reason, "a correction's reason")


@dataclass(frozen=True, slots=True)
class Retraction:
    """The change points at `keys`, (attribute, valid_from) each, never were."""

    keys: tuple[tuple[str, date], ...]
    reason: str

    def __post_init__(self) -> None:
        check_points(tuple(Point(attribute, day, None) for attribute, day in self.keys))
        check_text(self.reason, "a retraction's reason")


@dataclass(frozen=True, slots=True)
class Departure(Retraction):
    """The subject goes on in the log numbered `to` of its population. From here on nothing of it holds in this one.

    `keys` are all its change points; none of a group of which nothing is said but who is in it. The program itself
    writes it, and everybody who goes along leaves in the same transaction.
    """

    to: int

    def __post_init__(self) -> None:
        check_points(tuple(Point(attribute, day, None) for attribute, day in self.keys), least=0)
        check_text(self.reason, "the reason of a move")
        check_log_number(self.to)


@dataclass(frozen=True, slots=True)
class Arrival(Facts):
    """What held of a subject in the log numbered `came_from`, as known at its offset `known`, under its old origin.

    The program itself writes it, once for each origin of what is carried over.
    """

    came_from: int
    known: int

    def __post_init__(self) -> None:
        check_points(self.points, least=0)
        check_log_number(self.came_from)


def check_log_number(number: int) -> None:
    """Raise InvalidEvent for what is not a number of a log of a population."""
    if number < 0:
        raise InvalidEvent("the logs of a population are numbered from 0", "name one that exists")


def check_points(points: tuple[Point, ...], *, least: int = 1) -> None:
    """Raise InvalidEvent unless there are points, their values are sound, and no key comes twice."""
    if not least <= len(points) <= MAX_POINTS:
        raise InvalidEvent(f"an event has {len(points):,} change points", f"give {least} to {MAX_POINTS:,}")
    if len({(point.attribute, point.valid_from) for point in points}) != len(points):
        raise InvalidEvent("an event sets an attribute twice on one day", "send one value, or two events")
    for point in points:
        check_name(point.attribute, "an attribute")
        check_value(point)


def check_value(point: Point) -> None:
    """Raise InvalidEvent unless the point's value can be stored exactly."""
    where = f"attribute `{point.attribute}`"
    match point.value:
        case datetime():
            raise InvalidEvent(f"{where} is a moment", "give a date")
        case bool() | None | Belongs() | date():
            return
        case int() as whole:
            if abs(whole) >= MAX_UNITS:
                raise InvalidEvent(f"{where} has over 18 digits", "give it in a larger unit")
        case Decimal() as amount:
            units_and_scale(amount, where)
        case str() as text:
            check_text(text, where)
        case _:
            raise InvalidEvent(f"{where} is a {type(point.value).__name__}", "money and rates are Decimal, never float")


def units_and_scale(amount: Decimal, where: str) -> tuple[int, int]:
    """`amount` as (units, scale), meaning units * 10**-scale, exactly. `where` names it in errors."""
    whole, _, fraction = str(amount).partition(".")
    digits = whole + fraction
    if len(digits) <= MAX_SCALE and digits.lstrip("-").isdecimal():
        return int(digits), len(fraction)
    return _unusual_units_and_scale(amount, where)


def _unusual_units_and_scale(amount: Decimal, where: str) -> tuple[int, int]:
    """The same for what is written with an exponent, is long, or is not a number."""
    sign, digits, exponent = amount.as_tuple()
    if not isinstance(exponent, int):
        raise InvalidEvent(f"{where} is not a finite number", "leave it out, or give None")
    if len(digits) + max(exponent, 0) > MAX_SCALE or -exponent > MAX_SCALE:
        raise InvalidEvent(f"{where} has over {MAX_SCALE} digits", "round it to its grid first")
    units = int("".join(map(str, digits))) * 10 ** max(exponent, 0)
    return (-units if sign else units), max(-exponent, 0)
