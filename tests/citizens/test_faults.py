"""The disk fails: the writer stops, says so, loses nothing it acknowledged, and opening again goes on."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apsw
import pytest

from citizens import (
    LogUnavailable,
    Settings,
    SqliteLog,
    backup,
    import_tables,
    open_log,
    restore,
)
from citizens.sqlite.layout import Layout
from tests.citizens.histories import DAY, TAX, Clock, fresh, moment, wages
from tests.citizens.made_up import sample_population


class Faults:
    """Which operation fails, and how. `only` limits it to files whose name contains that."""

    def __init__(self) -> None:
        self.sync = self.write = False
        self.only = ""


class FaultyFile(apsw.VFSFile):
    """A file of the default VFS that fails on demand."""

    def __init__(self, faults: Faults, name: Any, flags: list[int]) -> None:
        super().__init__("", name, flags)
        self._faults = faults
        self._name = str(name.filename() if isinstance(name, apsw.URIFilename) else name)

    def xSync(self, flags: int) -> None:  # noqa: N802
        if self._faults.sync and self._faults.only in self._name:
            raise apsw.IOError("fsync failed")
        super().xSync(flags)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802
        if self._faults.write and self._faults.only in self._name:
            raise apsw.FullError("disk full")
        super().xWrite(data, offset)


class FaultyVFS(apsw.VFS):
    """The default VFS with faults."""

    def __init__(self, name: str, faults: Faults) -> None:
        super().__init__(name, "")
        self._faults = faults

    def xOpen(self, name: Any, flags: list[int]) -> apsw.VFSFile:  # noqa: N802
        return FaultyFile(self._faults, name, flags)


@pytest.fixture
def faults() -> Iterator[Faults]:
    made = Faults()
    vfs = FaultyVFS("faulty", made)
    yield made
    vfs.unregister()


def faulty(folder: Path) -> SqliteLog:
    return fresh(folder, settings=Settings(vfs="faulty"))


@pytest.mark.parametrize("fault", ["sync", "write"])
@pytest.mark.parametrize("only", ["", "events", "keys"])
def test_a_failing_disk_poisons_the_writer(tmp_path: Path, faults: Faults, fault: str, only: str) -> None:
    log = faulty(tmp_path)
    log.append([wages("person/1", "1", "a")])
    faults.only = only
    setattr(faults, fault, True)
    with pytest.raises(LogUnavailable, match="open the log again"):
        log.append([wages("person/2", "2", "b")])
    setattr(faults, fault, False)
    for call in (
        lambda: log.append([wages("person/3", "3", "c")]),
        lambda: log.erase("person/1", actor="a", legal_basis="b", reason="c"),
        lambda: log.compact({"tax": moment(1)}, actor="a", legal_basis="b"),
    ):
        with pytest.raises(LogUnavailable):
            call()
    assert log.read()[0].event_id == "a"
    log.close()
    with fresh(tmp_path) as again:
        assert again.verify().problems == ()
        receipts = again.append([wages("person/1", "1", "a"), wages("person/2", "2", "b")])
        assert receipts[0].duplicate
        assert [event.event_id for event in again.read()] == ["a", "b"]


def test_everybody_who_waits_is_told(tmp_path: Path, faults: Faults) -> None:
    log = faulty(tmp_path)
    faults.sync, told = True, []

    def write(name: int) -> None:
        try:
            log.append([wages("person/1", "1", f"e{name}")])
        except LogUnavailable as error:
            told.append(error)

    threads = [threading.Thread(target=write, args=(name,)) for name in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    faults.sync = False
    log.close()
    assert len(told) == 12


def test_a_failing_checkpoint_stops_the_writer(tmp_path: Path, faults: Faults) -> None:
    log = fresh(tmp_path, settings=Settings(vfs="faulty", checkpoint_pages=1))
    log.append([wages("person/1", "1", "a")])
    with log._require_writer().lock:
        faults.sync = faults.write = True
        log._checkpointer.request()
        log._checkpointer._thread.join(timeout=20)
    faults.sync = faults.write = False
    with pytest.raises(LogUnavailable, match="checkpoint"):
        log.append([wages("person/1", "2", "b")])
    log.close()
    with fresh(tmp_path) as again:
        assert [event.event_id for event in again.read()] == ["a"]


def test_a_full_disk_during_a_compaction_leaves_the_log_in_use(tmp_path: Path, faults: Faults) -> None:
    log = faulty(tmp_path)
    log.append([wages("person/1", "1", "a")])
    log.append([wages("person/1", "2", "b")])
    faults.only, faults.write = "events-000002", True
    with pytest.raises(LogUnavailable, match="the log is as it was"):
        log.compact({"tax": moment(1)}, actor="a", legal_basis="b")
    faults.write = False
    log.append([wages("person/1", "3", "c")])
    assert log.compact({"tax": moment(1)}, actor="a", legal_basis="b").removed == 2
    assert log.verify().problems == ()
    log.close()


def test_a_full_disk_during_an_import_leaves_an_empty_log(tmp_path: Path, faults: Faults) -> None:
    log = faulty(tmp_path)
    faults.only, faults.write = "events-000002", True
    with pytest.raises(LogUnavailable, match="bulk load"):
        import_tables(log, sample_population(5, 1, DAY), TAX, "x")
    faults.write = False
    assert log.head() == 0
    assert import_tables(log, sample_population(5, 1, DAY), TAX, "x").recorded > 5
    assert log.verify().problems == ()
    log.close()


def test_what_was_acknowledged_stands_though_closing_finds_the_disk_full(
    tmp_path: Path, faults: Faults, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = faulty(tmp_path)
    log.append([wages("person/1", "1", "a")])
    faults.write, faults.only = True, "events-000001.db"

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Layout, "write_anchor", full)
    log.close()
    faults.write = False
    with fresh(tmp_path) as again:
        assert [event.event_id for event in again.read()] == ["a"]
        assert again.verify().sound


def test_an_erasure_without_room_for_its_ledger_is_not_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with fresh(tmp_path) as log:
        log.append([wages("person/1", "1", "a")])
        with monkeypatch.context() as patch:
            patch.setattr("citizens.sqlite.erasing.add_to_ledger", full)
            with pytest.raises(LogUnavailable, match="nothing was erased"):
                log.erase("person/1", actor="a", legal_basis="b", reason="c")
        assert log.version("person/1") == 1
        with monkeypatch.context() as patch:
            patch.setattr(Layout, "clear_cache", full)
            with pytest.raises(LogUnavailable, match="in the ledger, and not finished"):
                log.erase("person/1", actor="a", legal_basis="b", reason="c")
    with fresh(tmp_path) as log:
        assert log.version("person/1") == 0
        assert log.stats().by_kind == {"facts": 1, "erasure": 1}


def test_a_backup_or_restore_without_room_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path) -> None:
        if path.name.endswith("keys.db"):
            raise OSError(28, "No space left on device")

    with fresh(tmp_path / "log") as log:
        log.append([wages("person/1", "1", "a")])
        with monkeypatch.context() as patch:
            patch.setattr(sys.modules["citizens.sqlite.backup"], "sync_file", full)
            with pytest.raises(LogUnavailable, match="holds no backup"):
                backup(log, tmp_path / "copy")
        assert list((tmp_path / "copy").iterdir()) == []
        backup(log, tmp_path / "copy")
        log.append([wages("person/1", "2", "b")])
    before = sorted(path.name for path in (tmp_path / "log").iterdir())
    with monkeypatch.context() as patch:
        patch.setattr(sys.modules["citizens.sqlite.backup"], "sync_file", full)
        with pytest.raises(LogUnavailable, match="is as it was"):
            restore(tmp_path / "copy", tmp_path / "log", erasures_lost=True)
    assert {*before, "erasures.log"} == {path.name for path in (tmp_path / "log").iterdir()}
    with fresh(tmp_path / "log") as log:
        assert [event.event_id for event in log.read()] == ["a", "b"]


WRITER = """
import sys
from tests.citizens.histories import fresh, wages
from pathlib import Path
from citizens import Settings
log = fresh(Path(sys.argv[1]), settings=Settings(checkpoint_pages=20))
for index in range(100_000):
    log.append([wages(f"person/{index % 50}", str(index), f"e{index}")])
    print(index, flush=True)
"""


@pytest.mark.parametrize("seed", range(4))
def test_a_kill_during_appends_loses_nothing_acknowledged(tmp_path: Path, seed: int) -> None:
    environment = {**os.environ, "PYTHONPATH": os.getcwd()}
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path)], env=environment, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    enough = random.Random(seed).randint(1, 400)
    acknowledged = [int(next(process.stdout)) for _ in range(enough)]
    process.send_signal(signal.SIGKILL)
    acknowledged += [int(line) for line in process.stdout.read().split("\n") if line.strip()]
    process.wait()
    with fresh(tmp_path) as log:
        assert log.verify().problems == ()
        events = log.read(limit=200_000)
        assert [event.event_id for event in events] == [f"e{index}" for index in range(len(events))]
        assert len(events) > acknowledged[-1]


LOADER = """
import sys, os, signal
from pathlib import Path
from tests.citizens.histories import DAY, TAX, fresh
from tests.citizens.made_up import sample_population
from citizens import import_tables
log = fresh(Path(sys.argv[1]))
import_tables(log, sample_population(20, 1, DAY), TAX, "x", lambda done, all: os.kill(os.getpid(), signal.SIGKILL))
"""


def test_a_kill_during_a_bulk_load_leaves_an_empty_log(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": os.getcwd()}
    died = subprocess.run([sys.executable, "-c", LOADER, str(tmp_path)], env=environment, capture_output=True)
    assert died.returncode == -signal.SIGKILL, died.stderr.decode()
    with fresh(tmp_path) as log:
        assert log.head() == 0
        import_tables(log, sample_population(20, 1, DAY), TAX, "x")
        assert log.verify().problems == ()


def test_a_fork_left_behind_does_not_hold_up_reading(tmp_path: Path) -> None:
    with fresh(tmp_path, Clock()) as log:
        log.append([wages("person/1", "1", "a")])
        with open_log(tmp_path, write=False) as reader:
            assert reader.verify().sound
