"""Files that appear whole or not at all: each is written beside its place, and renamed when all are written."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from api.failures import Misuse


def check_place(path: Path, folder: bool = False) -> None:
    """Raise Misuse unless something can be written at `path`: before anything is computed."""
    if not path.absolute().parent.is_dir():
        raise Misuse(f"there is no folder `{path.parent}`", "make it, or name another place")
    if folder and path.exists():
        raise Misuse(f"`{path}` is already there", "name a folder that is not, or remove it")
    if not folder and path.is_dir():
        raise Misuse(f"`{path}` is a folder", "name a file")
    require_no_rules(path)
    try:
        tempfile.TemporaryDirectory(prefix=f".{path.name}.", dir=path.absolute().parent).cleanup()
    except OSError as fault:
        told = f"nothing can be written in `{path.absolute().parent}`: {fault.strerror}"
        raise Misuse(told, "check the rights, or name another place") from None


def require_no_rules(path: Path) -> None:
    """Raise Misuse if a file of rules, a reform or a case would be replaced by a result."""
    if path.exists() and path.suffix == ".yaml":
        raise Misuse(f"`{path}` is there, and is YAML, as rules and cases are", "name another file for the result")


@contextmanager
def appearing(path: Path, folder: bool = False) -> Iterator[Path]:
    """A place beside `path` to write to, which takes its name at the end; what was begun is removed on any fault."""
    beside = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.absolute().parent))
    try:
        inside = beside / path.name
        if folder:
            inside.mkdir()
        yield inside
        os.replace(inside, path)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
