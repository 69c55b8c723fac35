"""What compiling gave, kept in the user's cache folder under a hash over every file that decided it.

Of shipped rules it is kept without the place where they lie: it is made when the program is installed
(`installing.py`), and a wheel may be unpacked elsewhere.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path

import engine
from engine.kept import code_digest, fetch, folder_for, forget_old, keep
from engine.syntax.files import SETTINGS_FILE

SHIPPED = Path(engine.__file__).parents[1] / "rules"
WITHOUT_PLACE = "program", "read"  # kinds whose entries of shipped rules are good wherever these lie
_KEPT_AT_MOST = 32
_CODE = code_digest()


def entry_name(folder: Path, reforms: Sequence[Path], kind: str) -> str:
    """The name that the result is kept under; empty if what decides it cannot be read: compiling will say so."""
    try:
        where = f"shipped: {folder.name}" if kind in WITHOUT_PLACE and root_of(folder) else str(folder)
        return f"{_digest(folder, reforms, where)}.{kind}"
    except OSError:
        return ""


def root_of(folder: Path) -> str:
    """What entries for shipped rules leave out of the names of files; empty for other rules."""
    return f"{SHIPPED}{os.sep}" if folder.parent == SHIPPED else ""


def _digest(folder: Path, reforms: Sequence[Path], where: str) -> str:
    """A hash over the rules, the reforms, the engine's code and the Python that reads the result."""
    digest = hashlib.sha256(sys.version.encode())
    digest.update(_CODE.encode())
    digest.update(where.encode())  # positions in messages name the files as the user did
    for part in (folder, *bases(folder)):
        _feed(digest, part, sorted(part.rglob("*.y*ml")))
    for path in reforms:
        _feed(digest, path.parent, [path])
    return digest.hexdigest()


def bases(folder: Path) -> list[Path]:
    """The folder of the rules that these are based on, if any, found without the compiler's reader."""
    named = re.search(rb"^based_on:[ \t]*([a-z0-9_]+)", (folder / SETTINGS_FILE).read_bytes(), re.MULTILINE)
    return [folder.resolve().parent / named[1].decode()] if named else []


def _feed(digest: hashlib._Hash, base: Path, files: Iterable[Path]) -> None:
    for path in files:
        content = path.read_bytes()
        digest.update(f"{path.relative_to(base)}\0{len(content)}\0".encode())
        digest.update(content)


def fetched(entry: str, read: Callable[[bytes], object]) -> object | None:
    """What is kept under a name. It is unpickled only if this user's own seal vouches for it."""
    body = fetch(folder_for("programs"), entry) if entry else None
    if body is None:
        return None
    try:
        return read(body)
    except (pickle.PickleError, AttributeError, ImportError, EOFError, KeyError, ValueError, TypeError):
        return None


def keep_entry(entry: str, written: Callable[[], bytes]) -> None:
    """Keep what `written` gives under a name, if there is a folder that is fit for it."""
    folder = folder_for("programs")
    if folder is not None and entry:
        with suppress(OSError, RecursionError, pickle.PickleError):
            keep(folder, entry, written())
            forget_old(folder, f"*{Path(entry).suffix}", _KEPT_AT_MOST)
