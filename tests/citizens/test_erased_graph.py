"""An erasure follows the subject: records, caches, restores; and money that has moved stays in the books."""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress
from decimal import Decimal
from pathlib import Path

import pytest

from citizens import (
    Account,
    Belongs,
    Draft,
    Facts,
    Hold,
    LogDamaged,
    Movement,
    Point,
    Posting,
    UnderHold,
    Unreadable,
    backup,
    open_log,
    post,
    restore,
    trial_balance,
)
from citizens.sqlite.log import SqliteLog
from tests.citizens.histories import DAY, TAX, Clock, fresh, moment, wages

ROOT, NAME = Path(__file__).parents[2], "Doe-7741-secret"
ORDER = {"actor": "dpo", "legal_basis": "GDPR art. 17", "reason": "request"}


def owned(record: str, owner: str, event_id: str) -> Draft:
    points = (Point("person", DAY, Belongs(owner, "owner")), Point("w2_wages", DAY, Decimal("7.00")))
    return Draft(record, Facts(points), TAX, event_id)


def nowhere(folder: Path, text: str = NAME) -> None:
    """The text is in no file."""
    for path in (path for path in folder.rglob("*") if path.is_file()):
        assert text.encode() not in path.read_bytes(), path


def test_records_are_erased_with_their_owner_and_with_nobody_else(tmp_path: Path) -> None:
    with fresh(tmp_path) as log:
        log.append([owned(f"form_w2/{NAME}", f"person/{NAME}", "a"), owned("form_w2/2", "person/2", "b")])
        log.append([owned("form_w2/3", f"person/{NAME}", "c"), owned("form_w2/3", "person/2", "d")])  # went on
        done = log.erase(f"person/{NAME}", **ORDER)
        assert [entry.number for entry in done.entries] == [2, 1]
        assert log.timeline("form_w2/2").at(DAY) and log.timeline("form_w2/3").at(DAY)
        assert isinstance(log.read()[0].body, Unreadable)
        assert log.belonging_to("person/2") == ["form_w2/2", "form_w2/3"]
        assert log.verify().sound
    nowhere(tmp_path)


def test_records_are_held_with_their_owner(tmp_path: Path) -> None:
    clock = Clock()
    with fresh(tmp_path, clock) as log:
        log.append([owned("form_w2/1", "person/1", "a"), Draft("person/1", Hold("case 9", "appeal"), TAX, "h")])
        clock.now = 1
        log.append([owned("form_w2/1", "person/1", "b"), wages("person/2", "1", "c"), wages("person/2", "2", "d")])
        assert log.compact({"tax": moment(2)}, actor="a", legal_basis="b").removed == 1, "person/2's alone"
        for subject in ("form_w2/1", "person/1"):
            with pytest.raises(UnderHold):
                log.erase(subject, **ORDER)


def test_bulk_erasure_is_all_or_none_and_certified(tmp_path: Path) -> None:
    with fresh(tmp_path) as log:
        log.append([wages(f"person/{number}", "1", f"e{number}") for number in range(50)])
        log.append([Draft("person/7", Hold("case 9", "appeal"), TAX, "h")])
        everybody = [f"person/{number}" for number in range(50)]
        with pytest.raises(UnderHold):
            log.erase_many(everybody, **ORDER)
        assert log.stats().erased == 0
        done = log.erase_many([name for name in everybody if name != "person/7"] + ["person/none"], **ORDER)
        assert (len(done.entries), log.stats().erased, done.offset) == (49, 49, log.head())
        assert not log.erase("person/1", **ORDER)


def test_money_that_has_moved_stays_in_the_books_without_the_name(tmp_path: Path) -> None:
    bill = post(Movement.LIABILITY, Decimal("11641.00"), period="2024", currency="USD", cause=f"bill of {NAME}")
    with fresh(tmp_path) as log:
        log.append([Draft(f"tax_unit/{NAME}", bill, TAX, f"bill/{NAME}"), wages(f"tax_unit/{NAME}", "5", "w")])
        before = trial_balance(log.read())["USD"]
        log.erase(f"tax_unit/{NAME}", **ORDER)
        first, second = log.read(0, 2)
        assert isinstance(first.body, Posting) and isinstance(second.body, Unreadable)
        assert (first.subject, first.event_id, first.body.cause) == ("tax_unit/erased-1", "", "erased")
        after = trial_balance(log.read())["USD"]
        assert after.accounts == before.accounts and after.accounts[Account.REVENUE] == Decimal("-11641.00")
        assert log.append([Draft(f"tax_unit/{NAME}", bill, TAX, f"bill/{NAME}")])[0].duplicate
        assert log.verify().sound
    nowhere(tmp_path)


def test_snapshots_that_an_earlier_program_kept_go_with_an_erasure_behind_a_link_too(tmp_path: Path) -> None:
    with fresh(tmp_path / "log") as log:
        log.append([wages(f"person/{NAME}", "5", "a")])
        kept = tmp_path / "moved" / ("0" * 32)
        kept.mkdir(parents=True)
        (kept / "person.parquet").write_text(NAME)
        (tmp_path / "log" / "cache").symlink_to(tmp_path / "moved")
        log.erase(f"person/{NAME}", **ORDER)
        assert list((tmp_path / "moved").iterdir()) == []
        assert not (tmp_path / "log" / "cache").exists()


KILLED = """
import os, signal, sys
from pathlib import Path
from citizens.sqlite import backup
from citizens import restore
step = int(sys.argv[1])
steps = [0]
def count(of):
    def counted(*args, **kwargs):
        steps[0] += 1
        if steps[0] == step:
            os.kill(os.getpid(), signal.SIGKILL)
        return of(*args, **kwargs)
    return counted
for name in ("sync_folder", "replace_file", "sync_file", "copy_private", "open_log", "add_to_ledger"):
    setattr(backup, name, count(getattr(backup, name)))
restore(sys.argv[2], sys.argv[3], erasures_lost=True)
"""


@pytest.mark.parametrize("step", range(1, 12))
def test_a_restore_that_is_killed_shows_nobody_who_was_erased(tmp_path: Path, step: int) -> None:
    with fresh(tmp_path / "log") as log:
        log.append([wages(f"person/{NAME}", "5", "a"), wages("person/2", "5", "b")])
        backup(log, tmp_path / "copy")
        log.erase(f"person/{NAME}", **ORDER)
    command = [sys.executable, "-c", KILLED, str(step), str(tmp_path / "copy"), str(tmp_path / "log")]
    subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    with suppress(LogDamaged), open_log(tmp_path / "log", write=False) as opened:  # cut off, and says so
        _shows_nobody(opened)
    restore(tmp_path / "copy", tmp_path / "log", erasures_lost=True)
    with open_log(tmp_path / "log", write=False) as opened:
        _shows_nobody(opened)
        assert opened.timeline("person/2").at(DAY)


def _shows_nobody(log: SqliteLog) -> None:
    assert log.timeline(f"person/{NAME}").changes == ()
    assert all(NAME not in event.subject for event in log.read())
