"""Histories for tests: a log with a clock to set, short ways to write drafts, and a slow rule to compare with.

`Model` is the specification of "what held on V, as known at K" in a dozen lines: it keeps every recorded change point
and looks through all of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from hypothesis import strategies as st

from citizens import (
    Belongs,
    Correction,
    Draft,
    Facts,
    Origin,
    Point,
    Retraction,
    Settings,
    Snapshot,
    SqliteLog,
    Value,
    open_log,
)

START = datetime(2030, 1, 1, tzinfo=UTC)
DAY = date(2024, 1, 1)
TAX = Origin("registry", "clerk", "tax code 1", "tax")
BENEFIT = Origin("agency", "officer", "benefit code 2", "benefit")
ORIGINS = (TAX, BENEFIT)


@dataclass
class Clock:
    """A clock that stands still until it is moved. Moments are days after START."""

    now: float = 0

    def __call__(self) -> int:
        return microseconds(self.now)


def moment(days: float) -> datetime:
    """A time on the test's clock."""
    return START + timedelta(days=days)


def microseconds(days: float) -> int:
    return (moment(days) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def wages(subject: str, amount: str, event_id: str, *, day: date = DAY, version: int | None = None) -> Draft:
    """A draft that sets one money fact."""
    return Draft(subject, Facts((Point("wages", day, Decimal(amount)),)), TAX, event_id, version)


def fresh(folder: Path, clock: Clock | None = None, settings: Settings | None = None) -> SqliteLog:
    """A log open for writing."""
    return open_log(folder, clock=clock or Clock(), settings=settings or Settings())


SUBJECTS = ("person/1", "person/2", "person/3")
ATTRIBUTES = ("wages", "age", "state", "married", "tax_unit")
DAYS = tuple(DAY + timedelta(days=30 * month) for month in range(4))
MONEY = st.integers(-(10**9), 10**9).map(lambda cents: Decimal(cents).scaleb(-2))
VALUES: dict[str, st.SearchStrategy[Value]] = {
    "wages": MONEY,
    "age": st.integers(0, 120),
    "state": st.sampled_from(["CA", "NY", "Ωμέγα"]),
    "married": st.booleans(),
    "tax_unit": st.sampled_from([Belongs("tax_unit/a", "head"), Belongs("tax_unit/b", "dependent")]),
}


@st.composite
def points(draw: st.DrawFn) -> tuple[Point, ...]:
    """Change points of one event, each key once."""
    keys = draw(
        st.lists(st.tuples(st.sampled_from(ATTRIBUTES), st.sampled_from(DAYS)), min_size=1, max_size=4, unique=True)
    )
    return tuple(Point(name, day, draw(st.none() | VALUES[name])) for name, day in keys)


@st.composite
def bodies(draw: st.DrawFn) -> Facts | Correction | Retraction:
    """Facts, corrections and retractions, over few keys so that they meet."""
    made = draw(points())
    kind = draw(st.integers(0, 3))
    if kind == 3:
        return Retraction(tuple((point.attribute, point.valid_from) for point in made), "a mistake")
    return Correction(made, "a late return") if kind == 2 else Facts(made)


@st.composite
def histories(draw: st.DrawFn, max_size: int = 25) -> list[Draft]:
    """Drafts in order; their event ids count them."""
    size = draw(st.integers(1, max_size))
    return [
        Draft(draw(st.sampled_from(SUBJECTS)), draw(bodies()), draw(st.sampled_from(ORIGINS)), f"event-{index}")
        for index in range(size)
    ]


def write_all(log: SqliteLog, clock: Clock, drafts: Iterable[Draft]) -> None:
    """Append the drafts one a day, so that offset n is recorded on day n."""
    for draft in drafts:
        clock.now += 1
        log.append([draft])


@dataclass
class Model:
    """Every change point ever recorded: (offset, subject, attribute, day, value or Gone)."""

    recorded: list[tuple[int, str, str, date, object]] = field(default_factory=list)

    def add(self, offset: int, draft: Draft) -> None:
        """Record a draft."""
        match draft.body:
            case Facts(made) | Correction(made):
                self.recorded += [(offset, draft.subject, p.attribute, p.valid_from, p.value) for p in made]
            case Retraction(keys):
                self.recorded += [(offset, draft.subject, name, day, GONE) for name, day in keys]

    def at(self, subject: str, valid_on: date, offset: int) -> dict[str, object]:
        """What holds of the subject on the day, as known at the offset."""
        latest: dict[tuple[str, date], object] = {}
        for recorded, whose, name, day, value in self.recorded:
            if recorded <= offset and whose == subject and day <= valid_on:
                latest[name, day] = value
        answer: dict[str, object] = {}
        for name, day in sorted(latest):
            if latest[name, day] is not GONE:
                answer[name] = latest[name, day]
        return answer


GONE = object()


def model_of(drafts: Iterable[Draft]) -> Model:
    """The model of drafts appended one by one to an empty log."""
    model = Model()
    for offset, draft in enumerate(drafts, 1):
        model.add(offset, draft)
    return model


def facts_in(snapshot: Snapshot, subject: str) -> dict[str, Value]:
    """The known facts of one subject in a snapshot, memberships among them."""
    entity, _, identifier = subject.partition("/")
    table = snapshot.tables.get(entity)
    if table is None or identifier not in table.ids:
        return {}
    row = table.ids.index(identifier)
    by_name: dict[str, Value] = {name: column.value(row) for name, column in table.columns.items() if column.known[row]}
    for name, link in table.links.items():
        if link.rows[row] >= 0:
            group = f"{link.entity}/{snapshot.tables[link.entity].ids[link.rows[row]]}"
            by_name[name] = Belongs(group, link.role_names[link.roles[row]])
    return by_name
