"""A log that the first format's program wrote, kept as a file, is brought up to date; cut off at any step, too."""

from __future__ import annotations

import tarfile
from decimal import Decimal
from pathlib import Path

import apsw
import pytest

from citizens import Anchor, LogDamaged, OtherFormat, Posting, Refused, Unreadable, migrate, open_log, verify_events
from citizens.sqlite import migration
from tests.citizens.histories import DAY, wages

DATA = Path(__file__).parent / "data" / "format1.tar.gz"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Twelve events: facts, a correction, an assessment with a posting, a hold, an erasure, a compaction."""
    with tarfile.open(DATA) as archive:
        archive.extractall(tmp_path, filter="data")
    return tmp_path / "log"


def check(folder: Path) -> None:
    """Everything is as it was."""
    with open_log(folder) as log:
        events = log.read(0, 100)
        assert [event.offset for event in events] == list(range(2, 13))
        assert log.verify().problems == ()
        assert isinstance(events[0].body, Unreadable)
        posting = next(event.body for event in events if isinstance(event.body, Posting))
        assert posting.entries[0].amount == Decimal("5.00")
        assert log.timeline("person/1", 11).at(DAY)["wages"] == Decimal("1111.00")
        assert log.belonging_to("person/1") == ["form_w2/1"]
        assert log.held() == {"person/3"}
        assert log.positions() == {"annual-2024": 5, "follow-2024": 9}
        assert log.delivered("rulewright", ["assessment/2024/tax_unit/7"], of=["tax_unit/7"]) == [True]
        assert log.delivered("registry", ["e2", "e3", "none"]) == [True, True, False]
        log.erase("tax_unit/7", actor="dpo", legal_basis="GDPR", reason="request")
        assert [type(event.body) for event in log.read_subject("tax_unit/7")] == []
        assert any(isinstance(event.body, Posting) for event in log.read(0, 100)), "the money stays in the books"
    assert (folder / "keys.db").stat().st_mode & 0o777 == 0o600


def test_an_old_log_is_refused_until_it_is_brought_up_to_date(folder: Path) -> None:
    for write in (False, True):
        with pytest.raises(OtherFormat, match="log migrate"):
            open_log(folder, write=write)
    with pytest.raises(OtherFormat):
        verify_events(folder)
    assert migrate(folder) == 11
    check(folder)
    with pytest.raises(Refused, match="nothing to bring up to date"):
        migrate(folder)


@pytest.mark.parametrize("step", ["_write_keys", "_migrate_events", "_copy", "finish_file", "Layout.swap"])
def test_a_migration_that_was_cut_off_is_taken_up(folder: Path, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    class Cut(Exception):
        pass

    def cut(*_: object, **__: object) -> None:
        raise Cut

    target, _, name = step.rpartition(".")
    with monkeypatch.context() as patch:
        patch.setattr(getattr(migration, target) if target else migration, name, cut)
        with pytest.raises(Cut):
            migrate(folder)
    with pytest.raises((OtherFormat, LogDamaged)):
        open_log(folder)
    assert migrate(folder) == 11
    check(folder)


def test_a_damaged_old_log_is_not_touched(folder: Path) -> None:
    connection = apsw.Connection(str(folder / "events-000002.db"))
    connection.execute("UPDATE events SET version = 9 WHERE offset = 5")
    connection.close()
    with pytest.raises(LogDamaged, match="offset 5"):
        migrate(folder)
    assert not (folder / "restoring").exists()


def test_an_anchor_of_the_old_log_is_not_taken_for_one_of_the_new(folder: Path) -> None:
    old = Anchor.from_json((folder / "anchor").read_text())
    migrate(folder)
    with open_log(folder, write=False) as log:
        assert not log.verify(old).sound


def test_a_migrated_log_goes_on(folder: Path) -> None:
    migrate(folder)
    with open_log(folder) as log:
        assert log.append([wages("person/1", "5", "new")])[0].offset == 13
        assert log.append([wages("person/4", "5", "new-2")])[0].version == 1
        assert log.verify().sound
