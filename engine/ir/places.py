"""Who and when a formula reads, seen from the one whom a world is asked of: themselves, somebody of their household, or
anybody; the period of the world, a part of it, or any time.

What is said here is proved from the formula alone. A person is in one group of a kind, so the group of a member is
the group that the member was reached from. Civil days, months and years nest, so the year that holds a month of a year
is that year. Whatever is not proved is somebody, at some time.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum

from engine.ir import nodes as ir
from engine.ir.walk import children, walk, whose
from engine.records import record
from engine.values.calendars import GREGORIAN
from engine.values.periods import PeriodKind, Unit

_RANKS = {Unit.DAY: 0, Unit.MONTH: 1, Unit.YEAR: 2}


class Who(Enum):
    """Whose figure is read."""

    HOME = "of the one asked"
    INSIDE = "of a member or a record of the one asked"
    SOMEBODY = "of somebody"


class When(Enum):
    """At what time it is read."""

    SAME = "in the period of the world"
    WITHIN = "in a part of that period"
    SOMETIME = "at some time"


@record(frozen=True, slots=True)
class Place:
    """Whose figure, and when."""

    who: Who = Who.HOME
    when: When = When.SAME

    @property
    def own(self) -> bool:
        """Whether it is surely the figure of the one asked, for the period of the world."""
        return self == Place()


@record(frozen=True, slots=True)
class Home:
    """Of whom, and of what kind of period, the formula is that asks for a world."""

    entity: str
    period: PeriodKind


class Reader:
    """Where the reads of one formula lead, for a formula of `period` that itself stands at `place`."""

    def __init__(self, body: ir.Expression, period: PeriodKind, place: Place, home: Home) -> None:
        self.place, self.period, self.home = place, period, home
        self.links = {
            node.name: node.link for node in walk(body) if isinstance(node, ir.Aggregate | ir.Chosen | ir.Ranked)
        }
        self.parts = dict(self._within_parts(body))

    def place_of(self, node: ir.VariableRead | ir.OverTime) -> Place:
        """Whose figure a node of the formula reads, and when."""
        when = self.when_of(node)
        if isinstance(node, ir.OverTime):
            return Place(self._who(node.subject), self._when_over(node, when))
        return Place(self._who(node.subject), self._when(node.time, when))

    def when_of(self, node: ir.Expression) -> When:
        """In which periods a node of the formula is evaluated."""
        return self.parts.get(id(node), self.place.when)

    def _within_parts(self, body: ir.Expression) -> Iterator[tuple[int, When]]:
        """For each node inside an expression over periods, when that is evaluated."""
        for node in walk(body):
            if isinstance(node, ir.OverParts):
                within = node.last is None and self.place.when is When.SAME and _nests(node.kind, self.period)
                yield from ((id(inner), When.WITHIN if within else When.SOMETIME) for inner in walk(node.body))
                yield from (
                    (id(inner), When.SOMETIME)
                    for other in walk(node.body)
                    if isinstance(other, ir.OverParts)
                    for part in children(other)
                    for inner in walk(part)
                )

    def _who(self, subject: ir.Subject) -> Who:
        home = self.home.entity
        match subject:
            case ir.Self():
                return self.place.who
            case ir.Bound(name=name):
                link = self.links.get(name)
                owner = Who.SOMEBODY if link is None else self._who(whose(link))
                return Who.INSIDE if owner is not Who.SOMEBODY else Who.SOMEBODY
            case ir.GroupOf(entity=entity, person=person):
                return Who.HOME if entity == home and self._who(person) is Who.INSIDE else Who.SOMEBODY
            case ir.HolderOf(group=group):
                return Who.INSIDE if self._who(group) is Who.HOME else Who.SOMEBODY
            case ir.OwnerOf(entity=entity, record=record):
                inside = self._who(record) is Who.INSIDE
                return Who.SOMEBODY if not inside else Who.HOME if entity == home else Who.INSIDE
            case _:
                return Who.SOMEBODY

    def _when(self, time: ir.Time, at: When) -> When:
        if isinstance(time, ir.ThisPeriod) or at is When.SOMETIME:
            return at
        if not isinstance(time, ir.Containing) or time.shift != 0:
            return When.SOMETIME
        if time.kind == self.home.period and (at is When.SAME or _nests(self.period, time.kind)):
            return When.SAME
        return When.WITHIN if _nests(time.kind, self.home.period) else When.SOMETIME

    def _when_over(self, node: ir.OverTime, at: When) -> When:
        inside = node.last == 0 and at is When.SAME and _nests(node.kind, self.period)
        return When.WITHIN if inside else When.SOMETIME


def _nests(inner: PeriodKind, outer: PeriodKind) -> bool:
    """Whether every period of a civil kind lies in one of another, greater kind."""
    civil = all(period_kind.unit in _RANKS and period_kind.calendar == GREGORIAN for period_kind in (inner, outer))
    return civil and _RANKS[inner.unit] < _RANKS[outer.unit]
