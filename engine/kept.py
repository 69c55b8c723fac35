"""Results kept on disk between runs, which only this user on this machine can have written.

1. They lie in a folder with an absolute path that is this user's own, mode 0700 and no link. There is no other: a
   relative path would lead into whatever folder a command is run in, and to what a stranger has put there.
2. Each entry carries a seal over its own name and its content, keyed with a random key that lies beside the folder.
   So entries that were changed, exchanged, renamed or brought from elsewhere are not used.
3. Entries are written beside and renamed, so that nobody reads half of one. Whatever is wrong with an entry or with the
   folder, the result is made again; failing to keep one is no failure.
"""

from __future__ import annotations

import hashlib
import hmac
import io
import os
import pickle
import stat
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

from engine import installed
from engine.garbage import without_search

SEAL_BYTES = 32
CHOSEN = "RULEWRIGHT_CACHE"
Name = tuple[str, str]


@cache
def code_digest() -> str:
    """A hash over the engine's code, as it is when this is first asked: for the names of what that code made.

    A process that goes on while the program is replaced must not keep what its old code made under the new code's name.
    """
    digest, folder = hashlib.sha256(), Path(__file__).parent
    for path in sorted([*folder.rglob("*.py"), *folder.rglob("*.lark")]):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(folder)}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


def folder_for(kind: str, chosen: Path | str | None = None) -> Path | None:
    """Where results of a kind are kept; None if nothing is to be kept, or if there is no absolute path for it.

    `chosen`, or else the variable RULEWRIGHT_CACHE, names another place than the user's cache folder; empty: none.
    """
    base = str(chosen) if chosen is not None else os.environ.get(CHOSEN)
    if base is None:
        home = os.environ.get("XDG_CACHE_HOME", "")
        if not os.path.isabs(home):
            home = os.path.join(os.environ.get("HOME", os.path.expanduser("~")), ".cache")
        base = os.path.join(home, "rulewright")
    return Path(base) / kind if os.path.isabs(base) else None


def fetch(folder: Path | None, name: str) -> bytes | None:
    """An entry's content, or what was made of that name at the installation; None if there is none that this user's own
    seal, or whoever installed the program, vouches for.
    """
    if folder is None:
        return None
    body = _sealed_by_us(folder, name)
    return installed.fetch(folder.name, name) if body is None else body


def _sealed_by_us(folder: Path, name: str) -> bytes | None:
    if not _is_ours(folder):
        return None
    key = _key(folder)
    content = _read_own(folder / name, SEAL_BYTES) if key is not None else None
    if key is None or content is None:
        return None
    sealed, body = content
    return body if hmac.compare_digest(sealed, _seal(key, name, body)) else None


def keep(folder: Path | None, name: str, body: bytes) -> None:
    """Keep an entry, if there is a folder that is fit for it."""
    if folder is None:
        return
    with suppress(OSError):
        folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with suppress(FileExistsError):
            folder.mkdir(mode=0o700)
        key = (_key(folder) or _new_key(folder)) if _is_ours(folder) else None
        if key is not None:
            _write(folder, name, _seal(key, name, body) + body)


def forget_old(folder: Path, pattern: str, most: int) -> None:
    """Leave the newest entries of a pattern, so many of them. Other processes may do so too."""
    with suppress(OSError):
        entries = sorted(folder.glob(pattern), key=lambda path: path.stat().st_mtime, reverse=True)
        for path in entries[most:]:
            path.unlink(missing_ok=True)


def pickled(value: object, root: str = "") -> bytes:
    """A value as bytes to keep. Fractions are two whole numbers without a common divisor, which need no looking for:
    a program has twenty thousand.

    Texts that begin with `root`, if one is given, are paths under it: they are read as paths under another.
    """
    content = io.BytesIO()
    pickler = (_RootedPickler if root else _Pickler)(content, protocol=pickle.HIGHEST_PROTOCOL)
    pickler.root = root
    pickler.dump(value)
    return content.getvalue()


def pickled_beside(value: object, known: Mapping[Name, object]) -> bytes:
    """A value as bytes, without the parts of it that are objects of `known`: of these it has the names."""
    content = io.BytesIO()
    _PicklerBeside(content, {id(part): name for name, part in known.items()}).dump(value)
    return content.getvalue()


def _fraction(numerator: int, denominator: int) -> Fraction:
    """A fraction in lowest terms, as it was kept."""
    made = object.__new__(Fraction)
    parts: Any = made
    parts._numerator, parts._denominator = numerator, denominator
    return made


class _Pickler(pickle.Pickler):
    root = ""

    def reducer_override(self, value: object) -> Any:
        return (_fraction, (value.numerator, value.denominator)) if type(value) is Fraction else NotImplemented


class _PicklerBeside(_Pickler):
    def __init__(self, content: io.BytesIO, names: Mapping[int, Name]) -> None:
        super().__init__(content, protocol=pickle.HIGHEST_PROTOCOL)
        self._names = names

    def persistent_id(self, value: object) -> Name | None:
        return self._names.get(id(value))


class _UnpicklerBeside(pickle.Unpickler):
    def __init__(self, body: bytes, known: Mapping[Name, object]) -> None:
        super().__init__(io.BytesIO(body))
        self._known = known

    def persistent_load(self, name: Name) -> object:
        return self._known[name]


def unpickled_beside(body: bytes, known: Mapping[Name, object]) -> object:
    """What `pickled_beside` was given, with the objects of `known` in their places. Only for what a seal vouches for.

    Raises KeyError where one is missing, and whatever `unpickled` raises.
    """
    with without_search(leave_alone=True):
        return _UnpicklerBeside(body, known).load()


class _RootedPickler(_Pickler):
    def persistent_id(self, value: object) -> str | None:
        return value[len(self.root) :] if type(value) is str and value.startswith(self.root) else None


class _Unpickler(pickle.Unpickler):
    root = ""

    def persistent_load(self, rest: str) -> str:
        return self.root + rest


def unpickled(body: bytes, root: str = "") -> object:
    """What `pickled` was given, with paths under `root`. Only for what a seal vouches for.

    Python's search for garbage waits until it is whole, and leaves it alone from then on: there is none in it, and
    looking through it takes as long as reading it.

    Raises whatever `pickle.loads` raises for content that another version has written.
    """
    unpickler = _Unpickler(io.BytesIO(body))
    unpickler.root = root
    with without_search(leave_alone=True):
        return unpickler.load()


def _seal(key: bytes, name: str, body: bytes) -> bytes:
    seal = hmac.new(key, name.encode() + b"\0", hashlib.sha256)
    seal.update(body)  # not joined: copies of megabytes take as long as hashing them
    return seal.digest()


def _is_ours(folder: Path) -> bool:
    """Whether a folder is nobody's but this user's."""
    try:
        state = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(state.st_mode) and state.st_uid == os.geteuid() and not state.st_mode & 0o077


def _read_own(path: Path, first: int) -> tuple[bytes, bytes] | None:
    """The first bytes of a file and the others, if it is a file of this user's that nobody else can use."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return None
    with os.fdopen(descriptor, "rb") as file:
        state = os.fstat(descriptor)
        if not stat.S_ISREG(state.st_mode) or state.st_uid != os.geteuid() or state.st_mode & 0o077:
            return None
        return file.read(first), file.read()


def _key(folder: Path) -> bytes | None:
    """The key that the folder's entries are sealed with."""
    content = _read_own(_key_path(folder), SEAL_BYTES)
    return content[0] if content is not None and len(content[0]) == SEAL_BYTES and not content[1] else None


def _new_key(folder: Path) -> bytes | None:
    """A new key. What was sealed with an earlier one is made again."""
    path = _key_path(folder)
    _write(path.parent, path.name, os.urandom(SEAL_BYTES))
    return _key(folder)


def _key_path(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}-seal")


def _write(folder: Path, name: str, content: bytes) -> None:
    """Write beside, mode 0600, and rename."""
    handle, temporary = tempfile.mkstemp(dir=folder, prefix=".new-")
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    os.replace(temporary, folder / name)
