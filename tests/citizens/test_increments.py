"""Increments of backups, and any point between them: the log is what it was, but for who was erased since."""

from __future__ import annotations

import random
import shutil
from datetime import datetime
from pathlib import Path

import pytest

from citizens import (
    Advance,
    Belongs,
    CitizensError,
    Compaction,
    Draft,
    Event,
    Facts,
    LogDamaged,
    Point,
    Refused,
    SqliteLog,
    backup,
    backup_since,
    open_log,
    recover,
    restore,
)
from tests.citizens.histories import DAY, TAX, Clock, fresh, moment, wages

ORDER = {"actor": "dpo", "legal_basis": "GDPR art. 17", "reason": "request"}


def joins(person: int, unit: int, event_id: str) -> Draft:
    return Draft(f"person/{person}", Facts((Point("unit", DAY, Belongs(f"unit/{unit}", "head")),)), TAX, event_id)


def events(log: SqliteLog) -> dict[int, Event]:
    return {event.offset: event for event in log.read(0, 10_000)}


def compacted_to(log: SqliteLog) -> int:
    return max((event.offset for event in log.read(0, 10_000) if isinstance(event.body, Compaction)), default=0)


@pytest.mark.parametrize("seed", range(6))
def test_a_log_is_restored_to_any_point_that_its_copies_reach(tmp_path: Path, seed: int) -> None:
    draw, clock, copies = random.Random(seed), Clock(), [tmp_path / "copy-0"]
    ends, joined = [], []
    with fresh(tmp_path / "log", clock) as log:
        for step in range(6):
            for number in range(draw.randrange(1, 12)):
                clock.now += 1
                person = draw.randrange(5)
                log.append([wages(f"person/{person}", str(number), f"w-{step}-{number}")])
                unit = draw.randrange(3)
                (receipt,) = log.append([joins(person, unit, f"j-{step}-{number}")])
                joined.append((receipt.offset, unit, f"person/{person}"))
            log.append([], advance=Advance("reader", log.position("reader"), log.head()))
            if draw.random() < 0.4:
                log.compact({"tax": moment(clock.now)}, actor="a", legal_basis="b")
            if draw.random() < 0.4:
                log.erase(f"person/{draw.randrange(5)}", **ORDER)
            copies[step:] = [tmp_path / f"copy-{step}"]
            backup(log, copies[0]) if not step else backup_since(log, copies[step - 1], copies[step])
            ends.append((log.head(), compacted_to(log)))
        last = events(log)
    for _ in range(3):
        at = draw.randrange(ends[-1][0] + 1)
        reaching = next(place for place, (head, _) in enumerate(ends) if head >= at)
        shutil.rmtree(tmp_path / "again", ignore_errors=True)
        ledger = tmp_path / "log" / "erasures.log"
        outlived = ledger if ledger.exists() else None
        order = (copies[0], copies[1:], tmp_path / "again", at)
        if ends[reaching][1] > at:
            with pytest.raises(Refused, match="compaction"):
                recover(*order, erasures=outlived, erasures_lost=True)
            continue
        recover(*order, erasures=outlived, erasures_lost=True)
        with open_log(tmp_path / "again", write=False) as log:
            found_events = events(log)
            for offset in [offset for offset in last if offset <= at]:  # what is forgotten later is still there
                assert (found_events[offset].body, found_events[offset].chain) == (
                    last[offset].body,
                    last[offset].chain,
                )
            assert log.position("reader") <= at
            for unit in range(3):
                told = {event.subject for event in found_events.values() if _names(event, f"unit/{unit}")}
                ever = {name for offset, of, name in joined if of == unit and offset <= at}
                assert told <= set(log.belonging_to(f"unit/{unit}")) <= ever


def _names(event: Event, group: str) -> bool:
    points = event.body.points if isinstance(event.body, Facts) else ()
    return any(isinstance(point.value, Belongs) and point.value.group == group for point in points)


def test_a_moment_is_a_point_too_and_an_increment_holds_only_what_came_since(tmp_path: Path) -> None:
    clock = Clock()
    with fresh(tmp_path / "log", clock) as log:
        for number in range(40):
            clock.now = number
            log.append([wages("person/1", str(number), f"e{number}")])
            if number == 19:
                backup(log, tmp_path / "whole")
        backup_since(log, tmp_path / "whole", tmp_path / "more")
    sizes = [sum(path.stat().st_size for path in (tmp_path / name).iterdir()) for name in ("whole", "more")]
    assert sizes[1] <= sizes[0] * 1.2
    recover(tmp_path / "whole", [tmp_path / "more"], tmp_path / "again", moment(30), erasures_lost=True)
    with open_log(tmp_path / "again") as log:
        assert log.head() == 31
        log.append([wages("person/1", "9", "new")])
        assert log.verify().sound
    recover(tmp_path / "whole", [tmp_path / "more"], tmp_path / "again")
    with open_log(tmp_path / "again", write=False) as log:
        assert log.head() == 40


def test_copies_of_another_log_out_of_order_or_damaged_are_refused_and_nothing_is_changed(tmp_path: Path) -> None:
    with fresh(tmp_path / "log") as log, fresh(tmp_path / "other") as other:
        for number, name in enumerate(("a", "b", "c")):
            log.append([wages("person/1", "5", f"e{number}")])
            backup(log, tmp_path / name) if not number else backup_since(
                log, tmp_path / "ab"[number - 1], tmp_path / name
            )
        other.append([wages("person/1", "5", "x")])
        with pytest.raises(Refused, match="no backup of this log"):
            backup_since(other, tmp_path / "a", tmp_path / "d")
        assert not (tmp_path / "d").exists()
    before = {path.name: path.read_bytes() for path in (tmp_path / "log").iterdir()}

    def refused(whole: str, *more: str, to: int | datetime | None = None) -> None:
        with pytest.raises((Refused, LogDamaged)):
            recover(tmp_path / whole, [tmp_path / name for name in more], tmp_path / "log", to, erasures_lost=True)

    refused("a", "c")
    refused("b", "c")
    refused("a", "b", "c", "c")
    refused("a", "b", to=3)
    with pytest.raises(Refused, match="increment"):
        restore(tmp_path / "b", tmp_path / "log")
    damaged = bytearray((tmp_path / "b" / "events.db").read_bytes())
    damaged[len(damaged) // 2] ^= 1
    (tmp_path / "b" / "events.db").write_bytes(damaged)
    refused("a", "b", "c")
    assert {path.name: path.read_bytes() for path in (tmp_path / "log").iterdir()} == before
    assert not list(tmp_path.glob(".*"))


def test_a_run_that_had_not_begun_has_no_position_and_one_that_had_not_ended_no_follower(tmp_path: Path) -> None:
    def run(what: str, **told: int) -> list[Draft]:
        points = tuple(Point(name, DAY, value) for name, value in told.items())
        return [Draft("annual_run/x-2024", Facts(points), TAX, f"annual/x-2024/{what}", own=True)]

    with fresh(tmp_path / "log") as log:
        log.append([wages("person/1", "5", "a")])
        log.append(run("begun", horizon=1), advance=Advance("annual-x-2024", 0, 1, needs="state"))
        log.append([wages("person/1", "6", "b")])
        ended = Advance("follow-x-2024", 0, 1, ends=("annual-x-2024",))
        log.append(run("finished", groups=1), advance=ended)
        log.append([], advance=Advance("follow-x-2024", 1, 4))
        backup(log, tmp_path / "copy")
    expected: dict[int, dict[str, int]] = {
        1: {}, 2: {"annual-x-2024": 1}, 3: {"annual-x-2024": 1}, 4: {"annual-x-2024": 1, "follow-x-2024": 4},
    }  # fmt: skip
    for at, positions in expected.items():
        recover(tmp_path / "copy", [], tmp_path / "again", at, erasures_lost=True)
        with open_log(tmp_path / "again") as log:
            assert log.positions() == positions
            if at == 2:
                with pytest.raises(CitizensError, match="not finished"):
                    log.compact({"tax": moment(1)}, actor="a", legal_basis="b")
