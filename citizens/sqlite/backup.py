"""Copies of a log, and getting it back.

A backup is a folder: `events.db`, `keys.db`, `erasures.log`, and a manifest that says how far the log reached and what
each file's hash is. The events are copied first and the keys after, so that every event's key is there.

A restore checks the hashes, puts the files in place, and replays the ledger of erasures that outlived the backup:
who was erased since stays erased. That ledger is the one at the target, or a copy kept elsewhere. Without any, the
restore is refused, unless the caller says that it is lost.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw

from citizens.errors import LogDamaged, LogUnavailable, Refused
from citizens.sqlite.connections import SHIPPED, connect
from citizens.sqlite.durable import WriterLock, copy_private, hash_file, replace_file, sync_file, sync_folder
from citizens.sqlite.erasure import ErasureEntry, add_to_ledger, not_carried_out, read_ledger
from citizens.sqlite.keys import KeyStore
from citizens.sqlite.layout import Anchor, Layout
from citizens.sqlite.log import SqliteLog, open_log
from citizens.sqlite.verification import Verification

MANIFEST = "manifest.json"
FILES = ("events.db", "keys.db", "erasures.log")


def backup(log: SqliteLog, target: Path | str) -> Anchor:
    """Copy the log, while it goes on, into the new folder `target`; how far the copy reaches.

    Raises Refused if there is something at `target` already, LogUnavailable (with nothing left there) if it fails.
    """
    folder = Path(target)
    with fail_cleanly(folder):
        return _fill(log, folder)


@contextmanager
def fail_cleanly(folder: Path) -> Iterator[None]:
    """Make the folder that a backup is written into, and leave nothing in it if that fails. Raises Refused."""
    if folder.exists() and any(folder.iterdir()):
        raise Refused(f"{folder} is not empty", "name a new folder for the backup")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        yield
    except BaseException as error:
        for path in folder.iterdir():
            path.unlink()
        if not isinstance(error, OSError | apsw.Error):
            raise
        message = f"{folder} holds no backup ({_told(error)})"
        raise LogUnavailable(message, "make room there or mend the disk, and repeat") from error


def _fill(log: SqliteLog, folder: Path) -> Anchor:
    anchor = log.anchor()
    copy_database(log.layout.events_path(), folder / "events.db")
    copy_database(log.layout.keys_path, folder / "keys.db")
    entries = read_ledger(log.layout.erasures_path)
    erase_again(log, folder / "keys.db")
    (folder / "erasures.log").touch()
    add_to_ledger(folder / "erasures.log", entries)
    write_manifest(folder, anchor, None)
    return anchor


def write_manifest(folder: Path, anchor: Anchor, after: Anchor | None) -> None:
    """Say how far a backup reaches, what its files' hashes are, and, of an increment, after which one it goes on."""
    hashes = {name: hash_file(folder / name) for name in FILES}
    manifest = {"anchor": anchor.to_json(), "sha256": hashes}
    if after is not None:
        manifest["after"] = after.to_json()
    replace_file(folder / MANIFEST, json.dumps(manifest, indent=1).encode())


def read_manifest(folder: Path) -> tuple[Anchor, Anchor | None]:
    """How far a backup reaches, and, of an increment, how far the one before it did. Raises LogDamaged."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text())
        after = manifest.get("after")
        return Anchor.from_json(manifest["anchor"]), Anchor.from_json(after) if after is not None else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise LogDamaged(f"{folder} is not a whole backup", "use another") from None


def _told(error: OSError | apsw.Error) -> str:
    """What happened, in words."""
    return error.strerror or str(error) if isinstance(error, OSError) else type(error).__name__


def copy_database(source: Path, target: Path) -> None:
    """A consistent copy of a database that may be being written."""
    copy_private(Path(os.devnull), target)
    reading, writing = connect(source, SHIPPED, write=False), apsw.Connection(str(target))
    with writing.backup("main", reading, "main") as copying:
        copying.step()
    writing.pragma("journal_mode", "delete")
    writing.close()
    reading.close()
    sync_file(target)


def restore(
    source: Path | str,
    target: Path | str,
    *,
    keys: Path | str | None = None,
    erasures: Path | str | None = None,
    erasures_lost: bool = False,
    kek: bytes | None = None,
) -> Verification:
    """Put the backup in `source` into the folder `target`, replay the erasures, verify all of it.

    A log at `target` is replaced; its ledger of erasures is kept and added to. `keys` is where the key store goes, if
    not into the folder, `kek` what it is wrapped under. `erasures` names another copy of the ledger.

    Raises LogDamaged, with nothing changed, if the backup is not whole, LogUnavailable if there is no room for it;
    Refused if there is no ledger but the backup's own and `erasures_lost` does not say that this is known; LogLocked if
    a process writes the log.
    """
    folder = Path(source)
    layout = Layout(Path(target), Path(keys) if keys is not None else Path(target) / "keys.db")
    anchor = check_backup(folder)
    if read_manifest(folder)[1] is not None:
        raise Refused(f"{folder} is an increment, which holds only a part", "name the whole backup first, then it")
    ledgers = [layout.erasures_path] + ([Path(erasures)] if erasures is not None else [])
    outlived = [path for path in ledgers if path.exists()]
    if not outlived and not erasures_lost:
        raise Refused(
            "no ledger of erasures is left but the backup's own, which may lack later erasures",
            "give a copy of it with `--erasures FILE`, or, if there is none, add `--erasures-lost`",
        )
    entries = [entry for path in [*outlived, folder / "erasures.log"] for entry in read_ledger(path)]
    layout.folder.mkdir(parents=True, exist_ok=True)
    lock = WriterLock(layout.folder / "lock")
    try:
        add_to_ledger(layout.erasures_path, entries)
        _put_in_place(folder, layout, anchor, entries, kek)
    finally:
        lock.release()
    with open_log(layout.folder, keys=layout.keys_path, kek=kek) as log:
        verification = log.verify(anchor)
    verification.require()
    return verification


def check_backup(folder: Path) -> Anchor:
    """How far the backup reaches. Raises LogDamaged if a file is missing or not as it was copied."""
    anchor, _ = read_manifest(folder)
    try:
        hashes = json.loads((folder / MANIFEST).read_text())["sha256"]
        for name in FILES:
            if hash_file(folder / name) != hashes[name]:
                raise LogDamaged(f"{folder / name} is not as it was copied", "use another backup")
    except (OSError, ValueError, KeyError, TypeError):
        raise LogDamaged(f"{folder} is not a whole backup", "use another") from None
    return anchor


def _put_in_place(folder: Path, layout: Layout, anchor: Anchor, entries: list[ErasureEntry], kek: bytes | None) -> None:
    """Replace the log, once the backup's files are beside it and who was erased since is erased in them.

    While the files are put in place a file `restoring` says so: opening the log is refused, and none is made new.
    """
    path = layout.folder / "events-000001.db"
    moves = [("events.db", path), ("keys.db", layout.keys_path)]
    try:
        for name, to in moves:
            copy_private(folder / name, _beside(to))
        _erase_in(_beside(layout.keys_path), entries, kek)
    except OSError as error:
        for _, to in moves:
            _beside(to).unlink(missing_ok=True)
        message = f"{layout.folder} is as it was ({error.strerror})"
        raise LogUnavailable(message, "make room for the log a second time, and repeat") from error
    layout.restoring_path.touch()
    sync_folder(layout.folder)
    (layout.folder / "current").unlink(missing_ok=True)
    layout.clear_cache()
    for old in [*layout.folder.glob("events-*.db*"), *layout.keys_path.parent.glob(layout.keys_path.name + "*")]:
        old.unlink()
    for _, to in moves:
        _beside(to).rename(to)
        sync_folder(to.parent)
    layout.write_anchor(anchor)
    layout.swap(path)
    layout.restoring_path.unlink()
    sync_folder(layout.folder)


def erase_again(log: SqliteLog, copied_keys: Path) -> None:
    """Destroy in a copy of the log's key store what the log's own, being older than an erasure, still holds."""
    with log.reader() as reader:
        undone = not_carried_out(reader, log.layout.erasures_path)
    if undone:
        _erase_in(copied_keys, undone, log.kek)


def _erase_in(keys_path: Path, entries: list[ErasureEntry], kek: bytes | None) -> None:
    """Destroy the keys of who is in the ledger before the copied key store counts."""
    keys = KeyStore(keys_path, SHIPPED, write=True, kek=kek)
    try:
        keys.destroy_many((entry.number, entry.fingerprint) for entry in entries)
        keys.scrub()
    finally:
        keys.close()
    for beside in keys_path.parent.glob(keys_path.name + "-*"):
        beside.unlink()
    sync_file(keys_path)


def _beside(path: Path) -> Path:
    """Where a file waits to be put in place: a name that no clean-up of the log's own files matches."""
    return path.with_name("restored-" + path.name)
