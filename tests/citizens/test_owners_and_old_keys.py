"""Erasures against odd histories: records that own each other, chains of owners, and a key store that was put back.

Each test is an attack: one hostile or mistaken event, or one file from an old copy, that stopped everybody's erasure or
showed somebody who was erased.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from citizens import Belongs, Draft, Facts, Hold, LogDamaged, Point, SqliteLog, UnderHold, backup, open_log
from citizens.sqlite import erasure
from citizens.sqlite.increments import backup_since
from tests.citizens.histories import BENEFIT, DAY, TAX, Clock, fresh, moment, wages
from tests.citizens.test_replica import follow as replicate

ORDER = {"actor": "dpo", "legal_basis": "GDPR art. 17", "reason": "request"}
NAME = "person/Doe-7741"


def owned(record: str, owner: str, event_id: str) -> Draft:
    return Draft(record, Facts((Point("owner_is", DAY, Belongs(owner, "owner")),)), TAX, event_id)


@pytest.mark.parametrize("ring", [("form/1",), ("form/1", "form/2"), ("form/1", "form/2", "form/3")])
def test_records_that_own_each_other_stop_no_erasure(tmp_path: Path, ring: Sequence[str]) -> None:
    clock = Clock()
    with fresh(tmp_path, clock) as log:
        log.append([owned(record, ring[place - 1], record) for place, record in enumerate(ring)])
        log.append([wages("person/1", "1", "p1"), wages("person/2", "1", "p2"), wages("person/2", "2", "p3")])
        log.append([Draft(ring[0], Hold("case 1", "open"), TAX, "h")])
        clock.now = 9
        with pytest.raises(UnderHold):
            log.erase(ring[-1], **ORDER)
        assert log.compact({"tax": moment(5)}, actor="a", legal_basis="b").removed == 1
        assert sorted(log.expired({"tax": moment(5)})) == ["person/1", "person/2"]
        assert len(log.erase("person/1", **ORDER).entries) == 1


def test_what_belongs_to_a_record_of_somebody_held_is_not_compacted(tmp_path: Path) -> None:
    clock = Clock()
    with fresh(tmp_path, clock) as log:
        log.append([owned("form/1", "person/1", "a"), owned("line/1", "form/1", "b")])
        log.append([wages("line/1", "1", "c"), wages("line/1", "2", "d"), Draft("person/1", Hold("x", "y"), TAX, "h")])
        clock.now = 9
        assert log.compact({"tax": moment(5)}, actor="a", legal_basis="b").removed == 0


def test_whom_only_others_name_can_be_erased(tmp_path: Path) -> None:
    with fresh(tmp_path) as log:
        log.append([owned("form/1", NAME, "a")])
        assert log.version(NAME) == 0 and log.knows(NAME)
        assert len(log.erase(NAME, **ORDER).entries) == 2 and not log.knows(NAME)


def test_a_look_at_a_record_does_not_lengthen_its_retention(tmp_path: Path) -> None:
    clock = Clock()
    with fresh(tmp_path, clock) as log:
        for number in (1, 2):
            log.append([wages(f"person/{number}", "1", f"w{number}")])
            of = Facts((Point("of", DAY, Belongs(f"person/{number}", "owner")), Point("by", DAY, "clerk")))
            log.append([Draft(f"access/{number}", of, BENEFIT, f"look{number}", is_bookkeeping=True)])
        log.append([Draft("access/2", Hold("leak", "who looked"), TAX, "h")])
        assert log.expired({"tax": moment(5)}) == []
        both = {"tax": moment(5), "benefit": moment(-5)}
        assert log.expired(both, accompanying=("benefit",)) == [], "a class that is named has its own time"
        done = log.erase_expired({"tax": moment(5)}, accompanying=("benefit",), **ORDER)
        assert len(done.entries) == 2 and not log.knows("access/1") and not log.knows("person/1")
        assert log.version("person/2"), "who looked at it is under hold"


def put_back(folder: Path, old_keys: Path, ledger: str) -> None:
    """The key store of before the erasure in the place of the present one; and the ledger kept, lost or emptied."""
    for path in folder.glob("keys.db-*"):
        path.unlink()
    shutil.copy(old_keys, folder / "keys.db")
    if ledger == "lost":
        (folder / "erasures.log").unlink()
    if ledger == "empty":
        (folder / "erasures.log").write_bytes(b"")


def sees_nobody(log: SqliteLog) -> None:
    assert NAME not in repr(log.read(0, 100)) and log.version(NAME) == 0 and not log.read_subject(NAME)
    assert all(NAME.partition("/")[2] not in table.ids for table in log.snapshot(DAY).tables.values())
    assert NAME not in log.subjects_of("person") and NAME not in log.belonging_to("unit/1")


@pytest.mark.parametrize("ledger", ["kept", "lost", "empty"])
def test_a_key_store_of_before_an_erasure_shows_nobody_to_readers_either(tmp_path: Path, ledger: str) -> None:
    folder = tmp_path / "log"
    with fresh(folder) as log:
        joins = Facts((Point("unit", DAY, Belongs("unit/1", "head")),))
        log.append([wages(NAME, "5", "a"), Draft(NAME, joins, TAX, "b"), wages("person/2", "5", "c")])
        backup(log, tmp_path / "whole")
    shutil.copy(folder / "keys.db", tmp_path / "old.db")
    with open_log(folder) as log:
        log.erase(NAME, **ORDER)
    put_back(folder, tmp_path / "old.db", ledger)
    with open_log(folder, write=False) as log:
        sees_nobody(log)
        told = [damage.what for damage in log.verify().problems]
        assert any("still has keys that were destroyed (1)" in what for what in told), told
        backup(log, tmp_path / "copy")
        backup_since(log, tmp_path / "whole", tmp_path / "since")
    for path in [*(tmp_path / "copy").iterdir(), *(tmp_path / "since").iterdir()]:
        assert b"Doe-7741" not in path.read_bytes(), path
    with open_log(folder) as log:
        sees_nobody(log)
        assert log.verify().sound
    for path in folder.iterdir():
        assert b"Doe-7741" not in path.read_bytes(), path


def test_a_damaged_ledger_does_not_hide_what_the_log_says_of_erasures(tmp_path: Path) -> None:
    with fresh(tmp_path / "log") as log:
        log.append([wages(NAME, "5", "a")])
    shutil.copy(tmp_path / "log" / "keys.db", tmp_path / "old.db")
    with open_log(tmp_path / "log") as log:
        log.erase(NAME, **ORDER)
    put_back(tmp_path / "log", tmp_path / "old.db", "kept")
    (tmp_path / "log" / "erasures.log").write_bytes(b"what is this\n")
    with open_log(tmp_path / "log", write=False) as log:
        sees_nobody(log)
    with pytest.raises(LogDamaged, match="ledger"):
        open_log(tmp_path / "log")


def test_readers_of_a_copy_do_not_read_its_whole_ledger_each_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, target = tmp_path / "log", tmp_path / "copy"
    with fresh(source) as log:
        log.append([wages(f"person/{number}", "5", f"e{number}") for number in range(4)])
        replicate(source, target)
        log.erase("person/0", **ORDER)
        log.erase("person/1", **ORDER)
    replicate(source, target)

    def never(path: Path, mark: str) -> None:
        raise AssertionError(f"{path} was read from {mark}")

    monkeypatch.setattr(erasure, "read_on", never)
    for folder in (source, target):
        with open_log(folder, write=False) as log:
            assert not log.knows("person/0") and log.knows("person/2")
