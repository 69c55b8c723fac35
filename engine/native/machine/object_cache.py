"""Compiled objects on disk, by the content that they were made from.

1. An entry's name is the SHA-256 of what decides it: the text, the machine, the toolchain's version.
2. An entry is a line with a mark, its own name and the SHA-256 of its object, then the object. It is used only if
   all three are right, and the file is the user's own and not writable by others.
3. Entries are written beside and renamed, so that a reader never sees half of one; whatever is wrong with an entry
   or with the folder, the code is compiled again.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from pathlib import Path

_MARK = b"rulewright-object-2"


def folder_of(chosen: Path | str | None) -> Path | None:
    """The folder of entries: the one chosen, none if that is empty, else the user's (or `RULEWRIGHT_CACHE`)."""
    if chosen is not None:
        return Path(chosen) if chosen else None
    stated = os.environ.get("RULEWRIGHT_CACHE")
    if stated is not None:
        return Path(stated) / "objects" if stated else None
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "rulewright" / "objects"


def key_of(*parts: str) -> str:
    """The name of an entry."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(str(len(part)).encode() + b":" + part.encode())
    return digest.hexdigest()


def fetch(folder: Path | None, key: str) -> bytes | None:
    """An entry's object, or None if there is none that can be trusted."""
    if folder is None:
        return None
    try:
        with (folder / key).open("rb") as file:
            state = os.fstat(file.fileno())
            if hasattr(os, "getuid") and (state.st_uid != os.getuid() or state.st_mode & 0o022):
                return None
            content = file.read()
    except OSError:
        return None
    head, _, code = content.partition(b"\n")
    return code if head == _head(key, code) else None


def keep(folder: Path | None, key: str, code: bytes) -> None:
    """Write an entry. A folder that cannot be written to is no fault: the next process compiles again."""
    if folder is None:
        return
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, name = tempfile.mkstemp(dir=folder, prefix=".new-")
        with os.fdopen(handle, "wb") as file:
            file.write(_head(key, code) + b"\n" + code)
        Path(name).replace(folder / key)


def _head(key: str, code: bytes) -> bytes:
    return b" ".join((_MARK, key.encode(), hashlib.sha256(code).hexdigest().encode()))
