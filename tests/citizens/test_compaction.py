"""Compaction forgets what it may and nothing else.

On random histories with random horizons: every answer as known at or after the horizon is the same before and after;
offsets and order stay; twice is the same as once; held subjects are untouched; nothing comes back to life after a
crash.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from datetime import datetime, timedelta
from pathlib import Path

import apsw
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from citizens import (
    Compacted,
    Compaction,
    DeliveryConflict,
    Draft,
    Facts,
    Hold,
    HorizonPassed,
    LogDamaged,
    LogUnavailable,
    Point,
    Release,
    Retraction,
    SqliteLog,
    Timeline,
    open_log,
)
from tests.citizens.histories import (
    DAY,
    DAYS,
    SUBJECTS,
    TAX,
    Clock,
    facts_in,
    fresh,
    histories,
    model_of,
    moment,
    wages,
    write_all,
)


def compact(
    log: SqliteLog, horizons: dict[str, datetime], tombstone_delay: timedelta = timedelta(days=30)
) -> Compacted:
    """Compact in the archivist's name."""
    return log.compact(horizons, actor="archivist", legal_basis="limitation act", tombstone_delay=tombstone_delay)


def answers(log: SqliteLog, first: int, last: int) -> list[tuple[object, ...]]:
    """Every subject's facts on every day as known at every offset from first to last."""
    return [
        (known, subject, day, log.timeline(subject, known).at(day))
        for known in range(first, last + 1)
        for subject in SUBJECTS
        for day in DAYS
    ]


def changes(timeline: Timeline) -> list[tuple[object, ...]]:
    return [(change.attribute, change.valid_from, change.value, change.offset) for change in timeline.changes]


@settings(max_examples=60, deadline=None)
@given(histories(), st.data())
def test_answers_from_the_horizon_on_stay(drafts: list[Draft], data: st.DataObject) -> None:
    size, clock = len(drafts), Clock()
    horizon = {
        name: data.draw(st.integers(0, size + 3)) for name in data.draw(st.sets(st.sampled_from(["tax", "benefit"])))
    }
    delay = timedelta(days=data.draw(st.integers(0, 5)))
    start = min(max(horizon.values(), default=0), size)
    with tempfile.TemporaryDirectory() as folder, fresh(Path(folder), clock) as log:
        write_all(log, clock, drafts)
        before, events = answers(log, start, size), log.read()
        moments = {name: moment(day) for name, day in horizon.items()}
        done = compact(log, moments, delay)
        assert log.verify().problems == ()
        assert answers(log, start, size) == before
        left = [event for event in log.read() if not isinstance(event.body, Compaction)]
        assert left == [event for event in events if event.offset in {each.offset for each in left}]
        assert len(left) == size - done.removed
        last_day = max(DAYS)
        for subject in SUBJECTS:
            expected = {n: v for n, v in model_of(drafts).at(subject, last_day, size).items() if v is not None}
            assert facts_in(log.snapshot(last_day), subject) == expected
        once = log.read()
        assert compact(log, moments, delay).removed == 0
        assert log.read() == once
        assert all(receipt.duplicate for receipt in log.append(drafts))


@settings(max_examples=40, deadline=None)
@given(histories(), st.data())
def test_an_answer_from_before_the_horizon_is_right_or_refused(drafts: list[Draft], data: st.DataObject) -> None:
    size, clock, model = len(drafts), Clock(), model_of(drafts)
    with tempfile.TemporaryDirectory() as folder, fresh(Path(folder), clock) as log:
        write_all(log, clock, drafts)
        for _ in range(2):
            day = data.draw(st.integers(0, size))
            compact(log, {"tax": moment(day), "benefit": moment(day)}, timedelta(0))
        refused: list[int] = []
        for known in range(size + 1):
            for subject in SUBJECTS:
                try:
                    assert log.timeline(subject, known).at(DAYS[2]) == model.at(subject, DAYS[2], known)
                    assert known >= max(log.lost().values(), default=0)
                except HorizonPassed:
                    refused.append(known)
        assert all(known < max(log.lost().values()) for known in refused)


@settings(max_examples=30, deadline=None)
@given(histories(), st.sets(st.sampled_from(SUBJECTS)))
def test_held_subjects_are_untouched(drafts: list[Draft], held: set[str]) -> None:
    clock = Clock()
    with tempfile.TemporaryDirectory() as folder, fresh(Path(folder), clock) as log:
        write_all(log, clock, drafts)
        log.append([Draft(subject, Hold("case 1", "appeal"), TAX, f"hold {subject}") for subject in sorted(held)])
        before = {subject: log.read_subject(subject) for subject in held}
        clock.now += 1
        compact(log, {"tax": moment(99), "benefit": moment(99)}, timedelta(0))
        assert {subject: log.read_subject(subject) for subject in held} == before


def superseded(log: SqliteLog, clock: Clock) -> None:
    """Three events; the first is superseded by the second."""
    write_all(log, clock, [wages("person/1", str(index), f"e{index}") for index in (1, 2)])
    write_all(log, clock, [wages("person/2", "9", "e3")])


def test_superseded_facts_go_and_say_so(tmp_path: Path) -> None:
    clock = Clock()
    with fresh(tmp_path, clock) as log:
        superseded(log, clock)
        done = compact(log, {"tax": moment(3)})
        assert (done.removed, done.left) == (1, 3)
        assert [event.offset for event in log.read()] == [2, 3, 4]
        record = log.read(after=3)[0]
        assert isinstance(record.body, Compaction)
        assert (record.body.lost, record.body.dropped, record.origin.actor) == ((("wages", 3),), 1, "archivist")
        with pytest.raises(HorizonPassed, match="offset 3 or later"):
            log.timeline("person/1", 1)
        with pytest.raises(HorizonPassed):
            log.snapshot(DAY, moment(1))
        assert log.snapshot(DAY, 1, attributes=["age"]).tables == {}
        assert log.snapshot(DAY, moment(3)).tables["person"].columns["wages"].values.tolist() == [2, 9]


def test_a_forgotten_delivery_does_not_come_back(tmp_path: Path) -> None:
    clock = Clock()
    with fresh(tmp_path, clock) as log:
        superseded(log, clock)
        compact(log, {"tax": moment(3)})
        receipt = log.append([wages("person/1", "1", "e1")])[0]
        assert (receipt.offset, receipt.version, receipt.duplicate) == (1, None, True)
        with pytest.raises(DeliveryConflict):
            log.append([wages("person/1", "7", "e2")])
        assert log.timeline("person/1").at(DAY) == {"wages": 2}
        assert log.version("person/1") == 2


@pytest.mark.parametrize(("class_", "day", "removed"), [("tax", 1, 0), ("tax", 2, 1), ("benefit", 9, 0)])
def test_only_what_is_past_its_own_horizon_goes(tmp_path: Path, class_: str, day: int, removed: int) -> None:
    clock = Clock()
    with fresh(tmp_path, clock) as log:
        superseded(log, clock)
        assert compact(log, {class_: moment(day)}).removed == removed


def test_a_retraction_waits_and_goes_when_nothing_can_come_back(tmp_path: Path) -> None:
    clock = Clock()
    other = Draft("person/1", Facts((Point("age", DAY, 1),)), TAX, "c")
    with fresh(tmp_path, clock) as log:
        write_all(log, clock, [wages("person/1", "1", "a")])
        write_all(log, clock, [Draft("person/1", Retraction((("wages", DAY),), "never"), TAX, "b"), other])
        assert compact(log, {"tax": moment(3)}, timedelta(days=2)).removed == 1
        assert log.timeline("person/1").at(DAY) == {"age": 1}
        assert compact(log, {"tax": moment(4)}, timedelta(days=2)).removed == 1
        assert log.timeline("person/1").at(DAY) == {"age": 1}
        assert log.verify().problems == ()


def test_a_retraction_stays_while_an_earlier_event_is_left(tmp_path: Path) -> None:
    clock = Clock()
    two = Draft("person/1", Facts((Point("wages", DAY, 1), Point("age", DAY, 1))), TAX, "a")
    never = Draft("person/1", Retraction((("wages", DAY),), "never"), TAX, "b")
    last = Draft("person/1", Facts((Point("state", DAY, "CA"),)), TAX, "c")
    with fresh(tmp_path, clock) as log:
        write_all(log, clock, [two, never, last])
        assert compact(log, {"tax": moment(9)}, timedelta(0)).removed == 0
        assert log.timeline("person/1").at(DAY) == {"age": 1, "state": "CA"}


def test_a_released_hold_lets_go(tmp_path: Path) -> None:
    clock = Clock()
    with fresh(tmp_path, clock) as log:
        superseded(log, clock)
        hold = [Draft("person/1", Hold(case, "appeal"), TAX, case) for case in ("c1", "c2")]
        log.append([*hold, Draft("person/1", Release("c1", "decided"), TAX, "r1")])
        assert (log.held(), compact(log, {"tax": moment(3)}).removed) == ({"person/1"}, 0)
        log.append([Draft("person/1", Release("c2", "decided"), TAX, "r2")])
        assert (log.held(), compact(log, {"tax": moment(3)}).removed) == (set(), 1)


def test_facts_of_the_erased_go_past_the_horizon(tmp_path: Path) -> None:
    clock = Clock()
    with fresh(tmp_path, clock) as log:
        superseded(log, clock)
        log.erase("person/1", actor="dpo", legal_basis="art 17", reason="request")
        assert compact(log, {"tax": moment(3)}).removed == 1
        assert log.verify().problems == ()


def test_readers_go_on_through_a_compaction(tmp_path: Path) -> None:
    clock = Clock()
    with fresh(tmp_path, clock) as log, open_log(tmp_path, write=False) as reader:
        superseded(log, clock)
        assert reader.head() == 3
        compact(log, {"tax": moment(3)})
        log.append([wages("person/3", "3", "later")])
        assert [event.offset for event in reader.read()] == [2, 3, 4, 5]
        assert [path.name for path in tmp_path.glob("events-*.db")] == ["events-000002.db"]


def test_a_damaged_event_stops_a_compaction_and_the_log_closes(tmp_path: Path) -> None:
    clock = Clock()
    with fresh(tmp_path, clock) as log:
        superseded(log, clock)
    connection = apsw.Connection(str(tmp_path / "events-000001.db"))
    connection.execute("UPDATE events SET payload = zeroblob(length(payload)) WHERE offset = 2")
    connection.close()
    with fresh(tmp_path, clock) as log, pytest.raises(LogDamaged) as caught:
        compact(log, {"tax": moment(3)})
    assert caught.value.offset == 2
    with open_log(tmp_path, write=False) as log:
        assert [problem.offset for problem in log.verify().problems] == [2]


VICTIM = """
import os, signal, sys
from tests.citizens.histories import Clock, fresh, moment
from pathlib import Path
def die(step):
    if step == sys.argv[2]:
        os.kill(os.getpid(), signal.SIGKILL)
clock = Clock(9)
log = fresh(Path(sys.argv[1]), clock)
print(log.compact({"tax": moment(3)}, actor="a", legal_basis="b", on_step=die))
"""


@pytest.mark.parametrize("step", ["plan", "copy", "index", "written", "swapped"])
def test_a_kill_at_any_step_loses_nothing(tmp_path: Path, step: str) -> None:
    clock = Clock()
    with fresh(tmp_path, clock) as log:
        superseded(log, clock)
        before = answers(log, 3, 3)
    environment = {**os.environ, "PYTHONPATH": os.getcwd()}
    died = subprocess.run([sys.executable, "-c", VICTIM, str(tmp_path), step], env=environment, capture_output=True)
    assert died.returncode == -signal.SIGKILL, died.stderr.decode()
    with fresh(tmp_path, Clock(10)) as log:
        assert log.verify().problems == ()
        assert answers(log, 3, 3) == before
        assert all(receipt.duplicate for receipt in log.append([wages("person/1", "1", "e1")]))
        assert compact(log, {"tax": moment(3)}).removed == (0 if step == "swapped" else 1)
        assert len(list(tmp_path.glob("events-*.db"))) == 1


def test_a_kill_between_writing_and_swapping_leaves_the_old_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rename of `current` is the moment that counts: with it failing, the old file goes on."""
    clock = Clock()
    log = fresh(tmp_path, clock)
    superseded(log, clock)

    def fail(_self: object, _target: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(Path, "rename", fail)
    with pytest.raises(LogUnavailable, match="Input/output"):
        compact(log, {"tax": moment(3)})
    monkeypatch.undo()
    log.close()
    with fresh(tmp_path, clock) as again:
        assert [event.offset for event in again.read()] == [1, 2, 3]
