"""Writing in turn: appends go on beside a long run, in other threads and processes; nothing is lost or doubled."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from citizens import LogBusy, LogLocked, SharedLog, open_log, write_in_turn
from citizens.sqlite import shared
from tests.citizens.histories import Clock, fresh, wages

ROOT = Path(__file__).parents[2]
APPENDS = """
import sys, time
from citizens import SharedLog
from tests.citizens.histories import Clock, wages
name, folder, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
longest = 0.0
with SharedLog(folder, clock=Clock()) as log:
    for index in range(count):
        start = time.monotonic()
        log.append([wages(f"person/{name}", str(index), f"{name}-{index}")])
        longest = max(longest, time.monotonic() - start)
print(longest)
"""


def test_processes_write_in_turn_and_each_event_is_recorded_once(tmp_path: Path) -> None:
    with fresh(tmp_path) as log:
        log.append([wages("person/1", "1", "first")])
    command = [sys.executable, "-c", APPENDS]
    running = [
        subprocess.Popen([*command, name, str(tmp_path), "40"], cwd=ROOT, stdout=subprocess.PIPE) for name in "abc"
    ]
    assert [process.wait(120) for process in running] == [0, 0, 0]
    with open_log(tmp_path, write=False) as log:
        events = log.read(0, 1_000)
        assert len(events) == 121 and len({event.event_id for event in events}) == 121
        for name in "abc":
            assert log.version(f"person/{name}") == 40
        assert log.verify().sound


def test_a_command_gets_its_turn_while_somebody_writes_on_and_on(tmp_path: Path) -> None:
    fresh(tmp_path).close()
    stop = threading.Event()
    with SharedLog(tmp_path, clock=Clock()) as log:

        def write() -> None:
            index = 0
            while not stop.is_set():
                index += 1
                log.append([wages("person/run", str(index), f"run-{index}")])

        writing = threading.Thread(target=write)
        writing.start()
        try:
            for number in range(5):
                start = time.monotonic()
                with write_in_turn(tmp_path, lambda: open_log(tmp_path, clock=Clock()), 20) as other:
                    other.append([wages("person/clerk", str(number), f"clerk-{number}")])
                assert time.monotonic() - start < 15
        finally:
            stop.set()
            writing.join()
        assert log.version("person/clerk") == 5
        assert log.verify().sound


def test_threads_share_commits_and_a_plain_writer_is_waited_for(tmp_path: Path) -> None:
    fresh(tmp_path).close()
    with SharedLog(tmp_path, clock=Clock()) as log:
        threads = [
            threading.Thread(target=lambda n=number: log.append([wages(f"person/{n}", "1", f"t{n}")]))
            for number in range(20)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert log.head() == 20
    with fresh(tmp_path) as holder, SharedLog(tmp_path, clock=Clock(), patience=0.2) as log:
        with pytest.raises(LogLocked):
            log.append([wages("person/1", "2", "late")])
        holder.append([wages("person/1", "3", "held")])
    with SharedLog(tmp_path, clock=Clock()) as log:
        assert not log.append([wages("person/1", "2", "late")])[0].duplicate


def test_more_than_is_kept_waiting_is_refused_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared, "WAITING_DRAFTS", 3)
    fresh(tmp_path).close()
    with SharedLog(tmp_path, clock=Clock(), patience=2) as log:
        with fresh(tmp_path):
            waiting = threading.Thread(
                target=lambda: log.append([wages("person/1", str(n), f"w{n}") for n in range(3)])
            )
            waiting.start()
            while not log._waiting:
                time.sleep(0.01)
            with pytest.raises(LogBusy, match="deliver it again"):
                log.append([wages("person/2", "1", "more")])
        waiting.join()
        assert log.head() == 3


def test_a_writer_leaves_no_wal_of_the_key_store_behind_though_readers_have_it_open(tmp_path: Path) -> None:
    """Whoever opens next would look through the whole key store: as if it were not as it was left."""
    folder = tmp_path / "log"
    open_log(folder).close()
    with SharedLog(folder) as log:
        assert log.version("person/1") == 0
        log.append([wages("person/1", "10", "first")])
        assert log._writer is not None
        log._end(log._writer)
        assert log.version("person/1") == 1
        assert (folder / "keys.db-wal").stat().st_size == 0
