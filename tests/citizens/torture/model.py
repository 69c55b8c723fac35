"""Random histories with corrections, retractions, second deliveries, erasures, compactions and wrong clocks, beside a
naive model: what held on V as known at K, whatever has happened since."""

from __future__ import annotations

import random
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from citizens import (
    Belongs,
    Body,
    Correction,
    Draft,
    Facts,
    HorizonPassed,
    Point,
    Retraction,
    SqliteLog,
    Value,
    open_log,
    same_value,
)
from tests.citizens.histories import DAYS, ORIGINS, Clock, Model, facts_in, moment

SUBJECTS = tuple(f"person/{number}" for number in range(6)) + ("form/1", "form/2", "tax_unit/1")
VALUES: dict[str, tuple[Value, ...]] = {
    "wages": (Decimal("1.00"), Decimal("1.0"), Decimal(0), Decimal("-3.25"), None),
    "flag": (True, False, None),
    "age": (0, 1, 17, None),
    "state": ("CA", "Ωμέγα", None),
    "unit": (Belongs("tax_unit/1", "head"), Belongs("tax_unit/2", "spouse"), None),
}
ORDER = {"actor": "torture", "legal_basis": "none"}


def torment(folder: Path, seed: int, steps: int = 60) -> int:
    """One history of that seed; how many questions were asked. Raises AssertionError."""
    draw, clock, model = random.Random(seed), Clock(), Model()
    sent: list[Draft] = []
    erased: set[str] = set()
    asked = 0
    log = open_log(folder, clock=clock)
    try:
        for step in range(steps):
            clock.now += draw.choice((0, 0, 1, 1, 5, -3))
            action = draw.random()
            if action < 0.70:
                _append(log, draw, model, sent, erased, step)
            elif action < 0.78 and sent:
                again = draw.choice(sent)
                assert log.append([again])[0].duplicate, f"seed {seed}, step {step}"
            elif action < 0.84:
                _compact(log, draw, clock)
            elif action < 0.88:
                log.correct_time(**ORDER, reason="torture")
            elif action < 0.91 and len(erased) < 3:
                _erase(log, draw, erased)
            else:
                log.close()
                log = open_log(folder, clock=clock)
            if step % 10 == 9:
                asked += _ask(log, draw, model, erased, seed)
                assert log.verify().problems == (), f"seed {seed}, step {step}"
        return asked
    finally:
        log.close()


def _append(log: SqliteLog, draw: random.Random, model: Model, sent: list[Draft], erased: set[str], step: int) -> None:
    drafts = []
    for number in range(draw.choice((1, 1, 1, 4))):
        subject = draw.choice([name for name in SUBJECTS if name not in erased])
        names = draw.sample(sorted(VALUES), draw.randint(1, 3))
        points = tuple(Point(name, draw.choice(DAYS), draw.choice(VALUES[name])) for name in names)
        body: Body = draw.choice((Facts(points), Facts(points), Correction(points, "late")))
        if draw.random() < 0.2:
            body = Retraction(tuple((point.attribute, point.valid_from) for point in points), "never")
        drafts.append(Draft(subject, body, draw.choice(ORIGINS), f"event-{step}-{number}"))
    for draft, receipt in zip(drafts, log.append(drafts), strict=True):
        assert not receipt.duplicate
        model.add(receipt.offset, draft)
    sent += drafts


def _compact(log: SqliteLog, draw: random.Random, clock: Clock) -> None:
    horizons = {origin.retention: moment(clock.now - draw.randint(0, 20)) for origin in ORIGINS if draw.random() < 0.7}
    log.compact(
        horizons,
        actor=ORDER["actor"],
        legal_basis=ORDER["legal_basis"],
        tombstone_delay=timedelta(days=draw.choice((0, 3))),
    )


def _erase(log: SqliteLog, draw: random.Random, erased: set[str]) -> None:
    subject = draw.choice(SUBJECTS)
    log.erase(subject, **ORDER, reason="torture")
    erased.add(subject)


def _ask(log: SqliteLog, draw: random.Random, model: Model, erased: set[str], seed: int) -> int:
    """Ask by timeline and by snapshot, at random days and offsets; what compaction took is refused or right."""
    asked = 0
    for _ in range(12):
        known, valid = draw.randint(0, log.head()), draw.choice(DAYS)
        subject = draw.choice([name for name in SUBJECTS if name not in erased])
        expected = {name: value for name, value in model.at(subject, valid, known).items() if value is not None}
        expected = {name: value for name, value in expected.items() if not _of_erased(value, erased)}
        with suppress(HorizonPassed):
            held = {name: value for name, value in log.timeline(subject, known).at(valid).items() if value is not None}
            held = {name: value for name, value in held.items() if not _of_erased(value, erased)}
            _same(dict(held), dict(expected), f"seed {seed}: {subject} on {valid} as known at {known}")
            shown = facts_in(log.snapshot(valid, known, attributes=tuple(VALUES)), subject)
            shown = {name: value for name, value in shown.items() if not _of_erased(value, erased)}
            assert shown == expected, f"seed {seed}: snapshot of {subject} on {valid} as known at {known}"
            asked += 2
    return asked


def _of_erased(value: object, erased: set[str]) -> bool:
    return isinstance(value, Belongs) and (value.group in erased or value.group.partition("/")[2].startswith("erased-"))


def _same(held: Mapping[str, object], expected: Mapping[str, object], where: str) -> None:
    assert held.keys() == expected.keys(), where
    for name, value in held.items():
        assert same_value(value, expected[name]), where  # type: ignore[arg-type]
