"""Modules as they were read when the program was installed, found by the content of their files.

Reading is most of what compiling rules takes. So whoever changes one file of the shipped rules has only that file read.
A module is kept only if nothing was wrong in it, under everything that decides how it is read: its name and text, the
settings, and the engine's code.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import sys
from collections.abc import Iterable
from pathlib import Path

from engine import installed
from engine.kept import code_digest, pickled, unpickled
from engine.reading.declarations import RuleModule

KIND = "modules"


def ground_of(settings_files: Iterable[Path]) -> str:
    """What decides how every module of some rules is read: their settings, and this code. Empty if a file cannot be
    read."""
    digest = hashlib.sha256(f"{sys.version}\0{code_digest()}\0".encode())
    try:
        for path in settings_files:
            content = path.read_bytes()
            digest.update(f"{path.parent.name}\0{len(content)}\0".encode() + content)
    except OSError:
        return ""
    return digest.hexdigest()


def fetch(ground: str, folder: Path, name: str, text: str) -> RuleModule | None:
    """The module `name` of the rules in `folder`, if one of that text was read before."""
    body = installed.fetch(KIND, _entry(ground, folder, name, text)) if ground else None
    if body is None:
        return None
    try:
        module = unpickled(body, _root(folder))
    except (pickle.PickleError, AttributeError, ImportError, EOFError, ValueError, TypeError):
        return None
    return module if isinstance(module, RuleModule) else None


def keep(ground: str, folder: Path, module: RuleModule, text: str) -> None:
    """Keep a module in which nothing was wrong. Raises OSError."""
    installed.keep(KIND, _entry(ground, folder, module.name, text), pickled(module, _root(folder)))


def _entry(ground: str, folder: Path, name: str, text: str) -> str:
    parts = f"{ground}\0{folder.resolve().name}\0{name}\0{len(text)}\0{text}"
    return hashlib.sha256(parts.encode("utf-8", "surrogatepass")).hexdigest()


def _root(folder: Path) -> str:
    return f"{folder}{os.sep}"
