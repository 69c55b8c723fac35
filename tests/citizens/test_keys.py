"""The key store: never made new for a log that has events, never older, never another's, never readable by others."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import apsw
import pytest

from citizens import LogDamaged, Refused, backup, open_log, read_kek, restore
from tests.citizens.histories import Clock, fresh, wages

KEYS = "keys.db"


def written(folder: Path, count: int = 3) -> None:
    """A log of some people, closed."""
    with fresh(folder) as log:
        for index in range(count):
            log.append([wages(f"person/{index}", "5", f"e{index}")])


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


@pytest.mark.parametrize("how", ["missing", "empty", "elsewhere"])
def test_no_keys_are_made_for_a_log_that_has_events(tmp_path: Path, how: str) -> None:
    written(tmp_path / "log")
    keys = tmp_path / "log" / KEYS
    if how != "elsewhere":
        keys.unlink()
    if how == "empty":
        keys.touch(0o600)
    other = tmp_path / "new.db" if how == "elsewhere" else None
    for write in (False, True):
        with pytest.raises((LogDamaged, Refused)):
            open_log(tmp_path / "log", write=write, keys=other, clock=Clock())
    assert other is None or not other.exists()


def test_a_key_store_that_is_older_than_the_log_is_refused(tmp_path: Path) -> None:
    written(tmp_path / "log")
    shutil.copy2(tmp_path / "log" / KEYS, tmp_path / "old.db")
    with fresh(tmp_path / "log") as log:
        log.append([wages("person/new", "5", "later")])
    shutil.copy2(tmp_path / "old.db", tmp_path / "log" / KEYS)
    with pytest.raises(LogDamaged, match="older than the log"):
        fresh(tmp_path / "log")


def test_a_key_store_of_the_same_log_made_twice_is_refused(tmp_path: Path) -> None:
    """As when somebody deletes it after the first opening, and the log has no events yet."""
    fresh(tmp_path / "log").close()
    (tmp_path / "log" / KEYS).unlink()
    with pytest.raises(LogDamaged, match="no key store"):
        fresh(tmp_path / "log")


@pytest.mark.parametrize("place", range(40))
def test_a_flipped_bit_of_the_pepper_or_of_a_name_is_found_before_anything_is_recorded(
    tmp_path: Path, place: int
) -> None:
    written(tmp_path / "log", 40)
    path = tmp_path / "log" / KEYS
    connection = apsw.Connection(str(path))
    connection.pragma("journal_mode", "delete")
    places = [connection.execute("SELECT value FROM meta WHERE name = 'secrets'").get[20:36], b"person7"]
    connection.close()
    content = bytearray(path.read_bytes())
    listed = [at for text in places for at in range(len(content)) if content.startswith(text, at)]
    assert len(listed) >= 3, "the pepper once, and the name in the row and in the index"
    content[listed[place % len(listed)] + place % 6] ^= 1 << place % 8
    path.write_bytes(content)
    with pytest.raises((LogDamaged, Refused)):
        fresh(tmp_path / "log")
    try:
        with open_log(tmp_path / "log", write=False) as log:
            assert not log.verify().sound
    except (LogDamaged, Refused):
        pass


def test_keys_are_for_their_owner_alone_and_a_wider_store_is_refused(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        written(tmp_path / "log")
        with open_log(tmp_path / "log", write=False) as log:
            backup(log, tmp_path / "copy")
        restore(tmp_path / "copy", tmp_path / "again", erasures_lost=True)
    finally:
        os.umask(old)
    assert [mode(tmp_path / of / KEYS) for of in ("log", "copy", "again")] == [0o600] * 3
    assert mode(tmp_path / "copy") == 0o700
    for wide in (0o640, 0o604, 0o660):
        (tmp_path / "log" / KEYS).chmod(wide)
        for write in (False, True):
            with pytest.raises(Refused, match="chmod 600"):
                open_log(tmp_path / "log", write=write)


def test_a_store_that_is_wrapped_opens_with_its_key_alone_and_is_wrapped_anew_without_rewriting_events(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "kek").write_text("ab" * 32)
    (tmp_path / "kek").chmod(0o600)
    monkeypatch.setenv("SECRET", "cd" * 32)
    first, second = read_kek(f"file:{tmp_path / 'kek'}"), read_kek("env:SECRET")
    assert read_kek("command:printf " + "ab" * 32) == first
    with open_log(tmp_path / "log", clock=Clock(), kek=first) as log:
        log.append([wages("person/1", "5", "a")])
        before = log.read()
        log.rewrap_keys(second)
    for wrong in (None, first):
        with pytest.raises(Refused, match="key-encryption key"):
            open_log(tmp_path / "log", write=False, kek=wrong)
    with open_log(tmp_path / "log", clock=Clock(), kek=second) as log:
        assert log.read() == before
        assert log.verify().sound


@pytest.mark.parametrize("source", ["", "file:", "file:/nowhere", "env:NOT_SET", "command:false", "kek", "env:SHORT"])
def test_what_is_no_key_encryption_key_is_refused_in_words(source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHORT", "abcd")
    with pytest.raises(Refused) as caught:
        read_kek(source)
    assert "; " in str(caught.value) and "abcd" not in str(caught.value)
