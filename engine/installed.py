"""Results that were made when the program was installed, so that nobody's first run has to make them.

1. They lie in the folder `made` beside this module, which the build hook fills (`api/rules/installing.py`); a program
   that was not installed has none. Names are those of the user's cache (`engine.kept`): they say what decides a result,
   so that one of other rules, other code or another machine is never met.
2. Whoever can write there can change the code as well. So an entry counts if it belongs to whom the code belongs to, if
   nobody else may write it who may not write the code, and if its hash is right.
"""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

FOLDER = Path(__file__).parent / "made"
KINDS = "programs", "objects", "readers", "modules"
_HASH_BYTES = 32


def fetch(kind: str, name: str) -> bytes | None:
    """An entry's content, or None if there is none that can be trusted."""
    if kind not in KINDS:
        return None
    try:
        with (FOLDER / kind / name).open("rb") as file:
            if not _is_as_safe_as_code(os.fstat(file.fileno())):
                return None
            hashed, body = file.read(_HASH_BYTES), file.read()
    except OSError:
        return None
    return body if hashed == _hash(name, body) else None


def keep(kind: str, name: str, body: bytes) -> None:
    """Write an entry. Raises OSError."""
    folder = FOLDER / kind
    folder.mkdir(parents=True, exist_ok=True)
    new = folder / f".{name}.new"
    new.write_bytes(_hash(name, body) + body)
    os.replace(new, folder / name)


def _is_as_safe_as_code(state: os.stat_result) -> bool:
    code = Path(__file__).stat()
    others = stat.S_IWGRP | stat.S_IWOTH
    return stat.S_ISREG(state.st_mode) and state.st_uid == code.st_uid and not state.st_mode & others & ~code.st_mode


def _hash(name: str, body: bytes) -> bytes:
    digest = hashlib.sha256(name.encode() + b"\0")
    digest.update(body)  # not joined: copies of megabytes take as long as hashing them
    return digest.digest()
