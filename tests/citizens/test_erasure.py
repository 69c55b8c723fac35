"""Erasure: nothing of the subject is left to read, in no file, from no backup; the chain still verifies."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import apsw
import pytest

from citizens import (
    Belongs,
    Draft,
    Facts,
    Hold,
    LogDamaged,
    LogUnavailable,
    Point,
    Refused,
    Release,
    SqliteLog,
    UnderHold,
    Unreadable,
    backup,
    open_log,
    restore,
)
from citizens.sqlite import connections
from citizens.sqlite.erasure import ErasureEntry, add_to_ledger, read_ledger
from tests.citizens.histories import DAY, TAX, Clock, fresh, moment, wages

SECRET = "Doe-7741-secret"


def erase(log: SqliteLog, subject: str) -> bool:
    """Erase in the data protection officer's name."""
    return bool(log.erase(subject, actor="dpo", legal_basis="art 17", reason="request"))


def secret(event_id: str) -> Draft:
    points = (Point("state", DAY, SECRET), Point("tax_unit", DAY, Belongs("tax_unit/1", "head")))
    return Draft(f"person/{SECRET}", Facts(points), TAX, event_id)


def test_an_erased_subject_cannot_be_read(tmp_path: Path) -> None:
    with fresh(tmp_path) as log:
        log.append([secret("a"), wages("person/2", "5", "b")])
        assert erase(log, f"person/{SECRET}")
        assert not erase(log, f"person/{SECRET}")
        first, second, third = log.read()
        assert (first.subject, first.body, first.event_id) == ("person/erased-1", Unreadable("facts"), "")
        assert (second.subject, third.origin.actor) == ("person/2", "dpo")
        assert log.timeline(f"person/{SECRET}").changes == ()
        assert list(log.snapshot(DAY).tables["person"].ids) == ["2"]
        assert log.verify(log.anchor()).problems == ()
        assert log.version(f"person/{SECRET}") == 0


def test_nothing_of_it_is_left_in_any_file(tmp_path: Path) -> None:
    with fresh(tmp_path) as log:
        for index in range(60):
            log.append([wages(f"person/{index}", "5", f"e{index}")])
        log.append([secret("a")])
        (tmp_path / "cache").mkdir()  # as an earlier program left it
        (tmp_path / "cache" / "people").write_text(SECRET)
        writer = log._writer
        assert writer is not None
        number = writer.reader.keys.number(f"person/{SECRET}")
        key = writer.reader.keys._connection.execute("SELECT sealed FROM subjects WHERE number = ?", (number,)).get
        files = [path for path in tmp_path.rglob("*") if path.is_file()]
        assert any(key in path.read_bytes() for path in files), "the search would find it if it were there"
        assert any(SECRET.encode() in path.read_bytes() for path in files)
        erase(log, f"person/{SECRET}")
        for path in (path for path in tmp_path.rglob("*") if path.is_file()):
            assert key not in path.read_bytes(), path
            assert SECRET.encode() not in path.read_bytes(), path


def test_a_reader_that_keeps_old_pages_is_said_and_they_go_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "BUSY_TIMEOUT_MS", 20)
    with fresh(tmp_path) as log:
        log.append([secret("a")])
        writer = log._writer
        assert writer is not None
        key = writer.reader.keys._connection.execute("SELECT sealed FROM subjects WHERE number = 1").get
        reader = apsw.Connection(str(tmp_path / "keys.db"))
        reader.execute("BEGIN")
        assert reader.execute("SELECT count(*) FROM subjects").get == 2
        with pytest.raises(LogUnavailable, match="the key is destroyed"):
            erase(log, f"person/{SECRET}")
        assert log.timeline(f"person/{SECRET}").changes == ()
        reader.execute("COMMIT")
    open_log(tmp_path).close()
    assert reader.execute("SELECT count(id) FROM subjects").get == 1
    for path in (path for path in tmp_path.rglob("*") if path.is_file()):
        assert key not in path.read_bytes(), path
    reader.close()


def test_values_are_never_in_the_clear(tmp_path: Path) -> None:
    with fresh(tmp_path) as log:
        log.append([secret("a")])
        log.checkpoint()
        for path in tmp_path.glob("events-*"):
            assert SECRET.encode() not in path.read_bytes()


def test_the_same_deliveries_do_not_come_back(tmp_path: Path) -> None:
    with fresh(tmp_path) as log:
        log.append([secret("a")])
        erase(log, f"person/{SECRET}")
        assert log.append([secret("a")])[0].duplicate
        assert log.timeline(f"person/{SECRET}").changes == ()


def test_a_group_outlives_its_erased_member_and_the_other_way_round(tmp_path: Path) -> None:
    with fresh(tmp_path) as log:
        log.append([secret("a"), wages("tax_unit/1", "5", "b")])
        erase(log, "tax_unit/1")
        body = log.read()[0].body
        assert isinstance(body, Facts)
        assert body.points[1].value == Belongs("tax_unit/erased-2", "head")
        erase(log, f"person/{SECRET}")
        assert log.snapshot(DAY).tables == {}


def test_a_held_subject_is_not_erased(tmp_path: Path) -> None:
    with fresh(tmp_path) as log:
        log.append([wages("person/1", "1", "a"), Draft("person/1", Hold("case", "appeal"), TAX, "b")])
        with pytest.raises(UnderHold, match="release"):
            erase(log, "person/1")
        log.append([Draft("person/1", Release("case", "decided"), TAX, "c")])
        assert erase(log, "person/1")


def test_restoring_an_old_backup_does_not_bring_back_the_erased(tmp_path: Path) -> None:
    with fresh(tmp_path / "log") as log:
        log.append([secret("a"), wages("person/2", "5", "b")])
        backup(log, tmp_path / "backup")
        erase(log, f"person/{SECRET}")
    verification = restore(tmp_path / "backup", tmp_path / "log")
    assert verification.sound
    with fresh(tmp_path / "log") as log:
        assert log.read()[0].body == Unreadable("facts")
        assert log.timeline("person/2").at(DAY) == {"wages": 5}
        assert log.timeline(f"person/{SECRET}").changes == ()
        assert log.verify().problems == ()
        assert log.append([secret("a")])[0].duplicate


def test_the_ledger_can_come_from_elsewhere_or_be_said_to_be_lost(tmp_path: Path) -> None:
    with fresh(tmp_path / "log") as log:
        log.append([secret("a"), wages("person/2", "5", "b")])
        backup(log, tmp_path / "backup")
        erase(log, f"person/{SECRET}")
    with pytest.raises(Refused, match="ledger"):
        restore(tmp_path / "backup", tmp_path / "new")
    restore(tmp_path / "backup", tmp_path / "new", erasures=tmp_path / "log" / "erasures.log")
    with fresh(tmp_path / "new") as log:
        assert log.read()[0].body == Unreadable("facts")
    restore(tmp_path / "backup", tmp_path / "other", erasures_lost=True)
    with fresh(tmp_path / "other") as log:
        assert log.read()[0].subject == f"person/{SECRET}"


def test_an_erasure_does_not_hit_whoever_gets_the_number_next(tmp_path: Path) -> None:
    """After a restore to before somebody's first event, their number goes to somebody else."""
    with fresh(tmp_path / "log") as log:
        log.append([wages("person/2", "5", "b")])
        backup(log, tmp_path / "backup")
        log.append([secret("a")])
        erase(log, f"person/{SECRET}")
    restore(tmp_path / "backup", tmp_path / "log")
    with fresh(tmp_path / "log") as log:
        log.append([wages("person/3", "7", "c")])
    with fresh(tmp_path / "log") as log:
        assert log.timeline("person/3").at(DAY) == {"wages": 7}
        assert log.verify().problems == ()


VICTIM = """
import os, signal, sys
from pathlib import Path
from tests.citizens.histories import fresh
from citizens.sqlite.keys import KeyStore
log = fresh(Path(sys.argv[1]))
def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)
if sys.argv[2] == "before the key":
    KeyStore.destroy = die
else:
    KeyStore.scrub = die
log.erase(sys.argv[3], actor="dpo", legal_basis="art 17", reason="request")
"""


@pytest.mark.parametrize("when", ["before the key", "before the record"])
def test_a_kill_during_an_erasure_is_made_good(tmp_path: Path, when: str) -> None:
    with fresh(tmp_path) as log:
        log.append([secret("a")])
    environment = {**os.environ, "PYTHONPATH": os.getcwd()}
    command = [sys.executable, "-c", VICTIM, str(tmp_path), when, f"person/{SECRET}"]
    died = subprocess.run(command, env=environment, capture_output=True)
    assert died.returncode == -signal.SIGKILL, died.stderr.decode()
    with fresh(tmp_path) as log:
        assert [type(event.body).__name__ for event in log.read()] == ["Unreadable", "Erasure"]
        assert log.verify().problems == ()
    for path in (path for path in tmp_path.rglob("*") if path.is_file()):
        assert SECRET.encode() not in path.read_bytes(), path


def test_an_erasure_survives_compaction(tmp_path: Path) -> None:
    clock = Clock()
    with fresh(tmp_path, clock) as log:
        log.append([secret("a"), wages("person/2", "5", "b")])
        log.append([wages("person/2", "6", "c")])
        erase(log, f"person/{SECRET}")
        log.compact({"tax": moment(1)}, actor="a", legal_basis="b")
    with fresh(tmp_path, clock) as log:
        assert [type(event.body).__name__ for event in log.read()] == ["Unreadable", "Facts", "Erasure", "Compaction"]


ENTRIES = [ErasureEntry(number, f"{number:032x}", "dpo", "art 17", "ask\u00e9d") for number in range(3)]


def test_a_torn_last_line_of_the_ledger_is_passed_over_and_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "erasures.log"
    add_to_ledger(path, ENTRIES)
    whole = path.read_bytes()
    for cut in range(len(whole.splitlines()[-1])):
        path.write_bytes(whole[: len(whole) - 1 - cut])
        assert read_ledger(path) == ENTRIES[:2]
        add_to_ledger(path, ENTRIES)
        assert path.read_bytes() == whole


def test_a_changed_ledger_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "erasures.log"
    add_to_ledger(path, ENTRIES)
    path.write_text(path.read_text().replace("dpo", "xyz", 1))
    with pytest.raises(LogDamaged, match="line 1"):
        read_ledger(path)
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[1:]))
    with pytest.raises(LogDamaged):
        read_ledger(path)


def test_a_ledger_that_was_lost_is_made_anew_from_the_log(tmp_path: Path) -> None:
    path = tmp_path / "erasures.log"
    with fresh(tmp_path) as log:
        for index in range(3):
            log.append([wages(f"person/{index}", "5", f"e{index}")])
        for index in range(2):
            erase(log, f"person/{index}")
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b"dpo", b"xyz", 1))
    with open_log(tmp_path, write=False) as log:
        assert "the ledger of erasures is damaged" in log.verify().problems[0].what
    with pytest.raises(LogDamaged, match="move it away"):
        fresh(tmp_path)
    for left in (None, whole.splitlines(keepends=True)[0]):
        path.unlink()
        if left is not None:
            path.write_bytes(left)
        with fresh(tmp_path) as log:
            assert log.verify().sound
            assert log.head() == 5
        assert path.read_bytes() == whole


def test_a_backup_that_is_not_whole_is_refused(tmp_path: Path) -> None:
    with fresh(tmp_path / "log") as log:
        log.append([wages("person/1", "5", "b")])
        anchor = backup(log, tmp_path / "backup")
        assert anchor.offset == 1
        with pytest.raises(Refused, match="not empty"):
            backup(log, tmp_path / "backup")
    for name in ("events.db", "keys.db", "erasures.log", "manifest.json"):
        shutil.copytree(tmp_path / "backup", tmp_path / "broken")
        (tmp_path / "broken" / name).write_bytes((tmp_path / "broken" / name).read_bytes()[:-1] + b"?")
        with pytest.raises(LogDamaged, match="backup"):
            restore(tmp_path / "broken", tmp_path / "log")
        shutil.rmtree(tmp_path / "broken")
    with fresh(tmp_path / "log") as log:
        assert log.head() == 1


def test_a_log_in_use_is_not_restored_over(tmp_path: Path) -> None:
    with fresh(tmp_path / "log") as log:
        log.append([wages("person/1", "5", "b")])
        backup(log, tmp_path / "backup")
        with pytest.raises(Refused, match="written by process"):
            restore(tmp_path / "backup", tmp_path / "log", erasures_lost=True)
        assert log.append([wages("person/1", "6", "c")])[0].offset == 2
    restore(tmp_path / "backup", tmp_path / "log", erasures_lost=True)
    with open_log(tmp_path / "log", write=False) as log:
        assert log.head() == 1
