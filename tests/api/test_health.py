"""How a log is doing: lag, runs that stopped, the age of anchors, faults by kind; and nothing of anybody in it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.history.anchors import Schedule
from api.history.doctor import examine
from api.history.environment import ANCHORS_VARIABLE
from api.history.health import STUCK_SECONDS, FaultCounts, health, kind_of_fault
from citizens import Advance, SqliteLog, open_log
from tests.api.http.assessed import RUN, assessed
from tests.api.http.logs import facts
from tests.citizens.histories import wages

KIND = "`wages` is recorded as text"


@pytest.fixture
def log(tmp_path: Path) -> Iterator[SqliteLog]:
    _, log = assessed(tmp_path)
    with log:
        yield log


def test_lag_is_counted_from_the_first_event_that_waits(log: SqliteLog) -> None:
    assert [(lag.name, lag.behind > 0) for lag in health(log).followers] == [(f"follow-{RUN}", True)]
    log.append([], advance=Advance(f"follow-{RUN}", log.position(f"follow-{RUN}"), log.head()))
    assert [(lag.behind, lag.seconds) for lag in health(log).followers] == [(0, 0.0)]
    log.append([facts("case/8", citizen="person/ann", workers="carl")])
    (lag,) = health(log).followers
    assert (lag.behind, 0 < lag.seconds < 600) == (1, True)


def test_a_run_that_records_nothing_is_stuck_after_ten_minutes(tmp_path: Path) -> None:
    moment = [1_700_000_000_000_000]
    with open_log(tmp_path / "log", clock=lambda: moment[0]) as log:
        log.append([facts("person/1", wages=1)], advance=Advance("annual-x-2024", 0, 1, needs="state"))
        (run,) = health(log).unfinished
        assert (run.name, run.horizon, run.stuck, run.idle_seconds > STUCK_SECONDS) == ("x-2024", 1, True, True)
        log.append([], advance=Advance("follow-x-2024", 0, 1, ends=("annual-x-2024",)))
        assert health(log).unfinished == ()


def test_faults_are_counted_by_kind_until_they_are_mended(log: SqliteLog) -> None:
    counts = FaultCounts()
    assert counts.update(log, 1) or counts.update(log)
    assert counts.by_kind() == {KIND: 1}
    again = counts.read_to
    counts.update(log)
    assert (counts.by_kind(), counts.read_to) == ({KIND: 1}, again)
    fresh = FaultCounts()
    fresh.update(log)
    assert fresh.by_kind() == counts.by_kind()


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("person/880-12: `wages` is recorded as text", KIND),
        ("the history of person/erased-12 was erased", "the history of person was erased"),
        ("tax_unit/7: `filing_status` 'Anna' is none of a, b", "`filing_status` … is none of a, b"),
        ("1,204 people and records are in it", "# people and records are in it"),
        ("`Anna 7` is not a fact", "… is not a fact"),
    ],
)
def test_the_kind_of_a_fault_names_nobody(fault: str, kind: str) -> None:
    assert kind_of_fault(fault) == kind


def test_the_age_of_an_anchor_is_that_of_the_newest_elsewhere(
    log: SqliteLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (health(log).anchor_seconds, health(log).anchor_outside) == (None, False)
    monkeypatch.setenv(ANCHORS_VARIABLE, str(tmp_path / "kept"))
    path = Schedule(tmp_path / "kept", None).step(log)
    assert path is not None
    os.utime(path, (0, 0))
    state = health(log)
    assert (state.anchor_offset, state.anchor_outside, (state.anchor_seconds or 0) > 10**8) == (log.head(), True, True)
    log.append([facts("case/9", citizen="person/ann", workers="carl")])
    assert any("the last anchor kept elsewhere" in finding.message for finding in examine(log.layout.folder))


def told_by_the_doctor(folder: Path) -> list[tuple[bool, str]]:
    return [(finding.broken, finding.message) for finding in examine(folder)]


def test_the_doctor_tells_of_keys_and_ledgers_that_do_not_fit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, old = tmp_path / "log", tmp_path / "old.db"
    with open_log(folder) as log:
        log.append([wages("person/1", "5", "p1"), wages("person/2", "5", "p2")])
    shutil.copy(folder / "keys.db", old)
    assert told_by_the_doctor(folder) == []
    monkeypatch.setenv("RULEWRIGHT_KEK", "env:NOT_SET_HERE")
    ((broken, message),) = told_by_the_doctor(folder)
    assert broken and "variable `NOT_SET_HERE`, which is not set" in message
    monkeypatch.setenv("NOT_SET_HERE", "ab" * 32)
    ((broken, message),) = told_by_the_doctor(folder)
    assert not broken and "is not wrapped under any" in message
    monkeypatch.delenv("RULEWRIGHT_KEK")
    with open_log(folder) as log:
        log.erase("person/1", actor="a", legal_basis="b", reason="c")
    shutil.copy(old, folder / "keys.db")
    assert told_by_the_doctor(folder) == [
        (False, "the key store is older than the log: it still has keys that were destroyed (1)")
    ]
    (folder / "erasures.log").write_bytes(b"scribble\n")
    ((broken, message),) = told_by_the_doctor(folder)
    assert broken and "ledger of erasures is damaged" in message
    (folder / "erasures.log").unlink()
    with open_log(folder) as log:
        log.append([wages("person/3", "5", "p3")])
    shutil.copy(old, folder / "keys.db")
    ((broken, message),) = told_by_the_doctor(folder)
    assert broken and "it gave out numbers up to 2, and the log has them up to 3" in message
