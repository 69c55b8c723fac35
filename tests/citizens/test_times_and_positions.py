"""The clock is bounded; compaction waits for who needs it; verifying beside a writer; formats; cut-off restores."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import apsw
import pytest

from citizens import (
    Advance,
    ClockJump,
    Draft,
    LogDamaged,
    LogUnavailable,
    OtherFormat,
    PositionBehind,
    Retraction,
    backup,
    open_log,
    restore,
    verify_events,
)
from tests.citizens.histories import DAY, TAX, Clock, fresh, moment, wages

ROOT = Path(__file__).parents[2]
ORDER: dict[str, Any] = {"actor": "clerk", "legal_basis": "limitation act"}


def recorded(us: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=us)


def test_a_clock_that_is_decades_ahead_dates_nothing_until_somebody_vouches_for_it(tmp_path: Path) -> None:
    clock = Clock()
    with fresh(tmp_path, clock) as log:
        log.append([wages("person/1", "1", "a")])
        clock.now = 365 * 70
        with pytest.raises(ClockJump, match="correct-time"):
            log.append([wages("person/1", "2", "b")])
        log.erase("person/1", actor="dpo", legal_basis="GDPR", reason="request")  # does not wait for clocks
        clock.now = 1
        log.append([wages("person/2", "2", "c")])
        assert recorded(log.read()[-1].recorded_at_us) == moment(1)
        clock.now = 365 * 5
        log.correct_time(**ORDER, reason="five years of silence")
        log.append([wages("person/2", "3", "d")])
        assert log.verify().sound


def test_a_correction_of_time_mends_what_a_wrong_clock_dated(tmp_path: Path) -> None:
    clock = Clock(10)
    with fresh(tmp_path, clock) as log:
        log.append([wages("person/1", "1", "a")])
        clock.now = 300  # wrong, within the bound
        log.append([wages("person/1", "2", "b")])
        clock.now = 11
        log.append([wages("person/1", "3", "c")])
        assert recorded(log.read()[-1].recorded_at_us) == moment(300)
        assert log.ahead_us() == 289 * 86_400_000_000
        log.correct_time(**ORDER, reason="the clock was set wrong")
        clock.now = 12
        log.append([wages("person/1", "4", "d")])
        assert [recorded(event.recorded_at_us) for event in log.read()] == [moment(day) for day in (10, 11, 11, 11, 12)]
        assert [log.offset_of(moment(day)) for day in (9, 10, 11, 12, 400)] == [0, 1, 4, 5, 5]
        assert log.ahead_us() == 0
        assert log.compact({"tax": moment(11)}, **ORDER, tombstone_delay=timedelta()).removed == 2
        assert log.verify().sound
        assert [log.offset_of(moment(day)) for day in (11, 12)] == [4, 6]


def test_a_run_that_is_not_finished_keeps_its_horizon_from_being_compacted(tmp_path: Path) -> None:
    clock = Clock()
    with fresh(tmp_path, clock) as log:
        log.append([wages("person/1", "1", "a")], advance=Advance("annual-2024", 0, 1, needs="state"))
        clock.now = 2
        log.append([wages("person/1", "2", "b")])
        with pytest.raises(PositionBehind, match="annual-2024"):
            log.compact({"tax": moment(3)}, **ORDER)
        assert log.timeline("person/1", 1).at(DAY)
        log.append([], advance=Advance("follow-2024", 0, 1, ends=("annual-2024",)))
        assert log.compact({"tax": moment(3)}, **ORDER).removed == 1
        assert log.positions() == {"annual-2024": 1, "follow-2024": 1}
        assert log.verify().sound


@pytest.mark.parametrize(("position", "left"), [(1, True), (3, False)])
def test_a_retraction_waits_for_the_followers_that_have_not_read_it(tmp_path: Path, position: int, left: bool) -> None:
    clock = Clock()
    with fresh(tmp_path, clock) as log:
        log.append([wages("person/1", "1", "a")])
        clock.now = 1
        log.append([Draft("person/1", Retraction((("wages", DAY),), "never"), TAX, "b")])
        log.append([wages("person/1", "9", "c", day=DAY + timedelta(days=9))])
        log.append([], advance=Advance("follow-2024", 0, position))
        log.compact({"tax": moment(2)}, **ORDER, tombstone_delay=timedelta())
        assert any(isinstance(event.body, Retraction) for event in log.read()) is left
        clock.now = 5
        log.compact({"tax": moment(4)}, **ORDER, tombstone_delay=timedelta(), despite=["follow-2024"])
        assert not any(isinstance(event.body, Retraction) for event in log.read())


def test_verification_beside_a_writer_finds_nothing(tmp_path: Path) -> None:
    """Eight times out of eight it told of a log that was sound, and advised to restore a backup."""
    with fresh(tmp_path) as log:
        log.append([wages("person/0", "1", "first")])
        stop = threading.Event()
        told: list[object] = []

        def verify() -> None:
            while not stop.is_set():
                with open_log(tmp_path, write=False) as other:
                    told.extend(other.verify().problems)
                told.extend(verify_events(tmp_path).problems)

        reading = threading.Thread(target=verify)
        reading.start()
        for index in range(150):
            log.append([wages(f"person/{index}", "2", f"e{index}-{number}") for number in range(5)])
        stop.set()
        reading.join()
    assert told == []


@pytest.mark.parametrize("name", ["events-000001.db", "keys.db"])
def test_a_newer_format_is_refused_by_everything_that_reads_it(tmp_path: Path, name: str) -> None:
    with fresh(tmp_path / "log") as log:
        log.append([wages("person/1", "1", "a")])
    with open_log(tmp_path / "log", write=False) as log:
        backup(log, tmp_path / "copy")
        connection = apsw.Connection(str(tmp_path / "log" / name))
        connection.execute("UPDATE meta SET value = x'00000063' WHERE name = 'format'")
        connection.close()
    for write in (False, True):
        with pytest.raises(OtherFormat, match="newer program"):
            open_log(tmp_path / "log", write=write)
    if name != "keys.db":
        with pytest.raises(OtherFormat, match="newer program"):
            verify_events(tmp_path / "log")


@pytest.mark.parametrize("missing", ["anchor", "current"])
def test_a_restore_that_was_cut_off_is_no_new_log(tmp_path: Path, missing: str) -> None:
    with fresh(tmp_path / "log") as log:
        log.append([wages("person/1", "1", "a")])
        backup(log, tmp_path / "copy")
    for path in (tmp_path / "log").glob("*"):
        path.unlink()
    (tmp_path / "log" / "restoring").touch()
    for write in (False, True):
        with pytest.raises(LogDamaged, match="cut off"):
            open_log(tmp_path / "log", write=write)
    restore(tmp_path / "copy", tmp_path / "log", erasures_lost=True)
    with fresh(tmp_path / "log") as log:
        assert log.head() == 1
    for path in (tmp_path / "log").glob("events-*"):
        path.unlink()
    (tmp_path / "log" / "current").unlink()
    (tmp_path / "log" / missing).unlink(missing_ok=True)
    with pytest.raises(LogDamaged, match="it was a log"):
        fresh(tmp_path / "log")


READS = """
import os, sys
from citizens import open_log
os.setuid(65534)
with open_log(sys.argv[1], write=False) as log:
    print(log.head(), log.verify().sound)
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="needs to be root, to become somebody who may not write")
def test_a_folder_for_reading_can_be_read_and_verified(tmp_path: Path) -> None:
    with fresh(tmp_path / "log") as log:
        log.append([wages("person/1", "1", "a")])
    for path in (tmp_path / "log").glob("*-*m*"):
        if path.name.endswith(("-shm", "-wal")):
            path.unlink()
    os.chown(tmp_path / "log" / "keys.db", 65534, 65534)
    for folder in [tmp_path, *tmp_path.parents][: len(tmp_path.parents) - 1]:
        if folder != Path("/tmp"):
            folder.chmod(0o755)
    (tmp_path / "log").chmod(0o555)
    done = subprocess.run(
        [sys.executable, "-c", READS, str(tmp_path / "log")], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.stdout.split() == ["1", "True"], done.stderr


def test_a_disk_that_holds_no_log_is_said(tmp_path: Path) -> None:
    with pytest.raises((LogDamaged, LogUnavailable)):
        open_log(tmp_path / "none", write=False)
