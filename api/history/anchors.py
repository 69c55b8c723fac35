"""Anchors kept apart from a log: written on a schedule and at size, read again to verify.

1. An anchor is a file of its own, named by the log and the offset, so that none is overwritten. It is signed if there
   is a signing key, which lies apart from the log's keys.
2. One is due when events have come since the last and the time is up, or when so many have come.
3. Who verifies gives files or folders of them, and may say whose signature must be on each.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from api.failures import Failure, Misuse
from api.history.environment import ANCHOR_KEY_VARIABLE, ANCHORS_VARIABLE
from citizens import Anchor, CitizensError, Note, Signer, SqliteLog, Verifier, read_note, read_secret
from citizens.sqlite.durable import replace_file

SUFFIX = ".anchor"
_REMEDY = "name a file that `log anchor` or `--write-anchor` wrote"


@dataclass(frozen=True, slots=True)
class Kept:
    """An anchor that was kept, where, and since when."""

    path: Path
    anchor: Anchor
    at: datetime


def anchors_folder() -> Path | None:
    """The folder of anchors that the environment names."""
    chosen = os.environ.get(ANCHORS_VARIABLE, "").strip()
    return Path(chosen) if chosen else None


def signer_of(source: str | None) -> Signer | None:
    """The signing key that is named, here or in the environment; None if none is."""
    chosen = source or os.environ.get(ANCHOR_KEY_VARIABLE, "").strip()
    return Signer.parse(read_secret(chosen, "the key that signs anchors")) if chosen else None


def verifier_of(text: str | None) -> Verifier | None:
    """The public key given as its line, or as a file that holds it."""
    if text is None:
        return None
    path = Path(text)
    try:
        line = path.read_text(encoding="utf-8") if "+" not in text or path.is_file() else text
    except (OSError, UnicodeDecodeError):
        raise Misuse(f"there is no public key `{text[:60]}`", "give the file `….pub`, or its line") from None
    return Verifier.parse(line)


def read_anchors(paths: Iterable[Path], verifier: Verifier | None, log_id: str) -> list[Kept]:
    """The anchors in files, and those of this log in folders.

    Raises Failure for one that is unreadable, or not signed by `verifier`, and for a folder that has none.
    """
    return [_checked(path, verifier) for path in _files(paths, log_id)]


def _files(paths: Iterable[Path], log_id: str) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            inside = sorted(path.glob(f"{log_id[:12]}-*{SUFFIX}"))
            if not inside:
                raise Failure(f"there is no anchor of this log in `{path}`", "`rulewright log anchor` writes them")
            yield from inside
        else:
            yield path


def _checked(path: Path, verifier: Verifier | None) -> Kept:
    note = _note(path)
    if verifier is not None and not note.signed_by(verifier):
        raise Failure(f"`{path}` is not signed by {verifier.name}", "find out who put it there, and keep it")
    return Kept(path, note.anchor, _moment(note, path))


def _note(path: Path) -> Note:
    try:
        return read_note(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        raise Misuse(f"there is no anchor at `{path}`", _REMEDY) from None
    except CitizensError:
        raise Failure(f"`{path}` holds no anchor", _REMEDY) from None


def _moment(note: Note, path: Path) -> datetime:
    return note.signed_at or datetime.fromtimestamp(path.stat().st_mtime, UTC)


def check_place_for_anchor(path: Path) -> None:
    """Raise Misuse if a file that is no anchor would be replaced by one."""
    if not path.exists():
        return
    try:
        _note(path)
    except Failure:
        raise Misuse(f"`{path}` is there, and is no anchor", "name a new file, or an anchor to replace") from None


def newest(folder: Path, log_id: str) -> Kept | None:
    """The newest anchor of a log in a folder; None if there is none. What cannot be read is passed over."""
    paths = sorted(folder.glob(f"{log_id[:12]}-*{SUFFIX}"), reverse=True)
    for path in paths:
        try:
            return _checked(path, None)
        except (Failure, Misuse):
            continue
    return None


def write_anchor(folder: Path, anchor: Anchor, signer: Signer | None) -> Path:
    """Put an anchor into a folder, durably; its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{anchor.log_id[:12]}-{anchor.offset:012}{SUFFIX}"
    text = signer.sign(anchor, datetime.now(UTC)) if signer is not None else anchor.to_json() + "\n"
    replace_file(path, text.encode())
    return path


class Schedule:
    """Writes an anchor whenever one is due. `every` is in seconds, `events` how many make one due before that."""

    def __init__(self, folder: Path, signer: Signer | None, every: float = 0.0, events: int = 0) -> None:
        self._folder, self._signer = folder, signer
        self._every, self._events = every, events

    def step(self, log: SqliteLog, *, now: datetime | None = None) -> Path | None:
        """Write one if it is due; its path."""
        anchor = log.anchor()
        last = newest(self._folder, anchor.log_id)
        if last is not None and not self._is_due(anchor, last, now or datetime.now(UTC)):
            return None
        return write_anchor(self._folder, anchor, self._signer)

    def _is_due(self, anchor: Anchor, last: Kept, now: datetime) -> bool:
        come = anchor.offset - last.anchor.offset
        if not come:
            return False
        return bool(self._events and come >= self._events) or (now - last.at).total_seconds() >= self._every
