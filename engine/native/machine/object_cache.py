"""Compiled objects on disk, by the content that they were made from.

An entry's name is the SHA-256 of what decides it: the text, the machine, the toolchain's version. Where entries lie,
and that nobody but this user can have written them, `engine.kept` sees to.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from engine import kept


def folder_of(chosen: Path | str | None) -> Path | None:
    """The folder of entries: the one chosen, none if that is empty, else the user's (or `RULEWRIGHT_CACHE`)."""
    if chosen is not None:
        return Path(chosen).absolute() if chosen else None
    return kept.folder_for("objects")


def key_of(*parts: str) -> str:
    """The name of an entry."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(str(len(part)).encode() + b":" + part.encode())
    return digest.hexdigest()


def fetch(folder: Path | None, key: str) -> bytes | None:
    """An entry's object, or None if there is none that can be trusted."""
    return kept.fetch(folder, key)


def keep(folder: Path | None, key: str, code: bytes) -> None:
    """Write an entry. A folder that cannot be written to is no fault: the next process compiles again."""
    kept.keep(folder, key, code)
