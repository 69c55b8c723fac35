"""Help that was shown before is shown again as it was: making it takes five times as long as all the rest.

1. The text is kept under everything that decides it: the arguments, our own modules, typer and rich, Python,
   the environment, and for each stream whether it is a terminal, and how wide.
2. If all of that is as it was, the text is printed, and neither typer nor rich is imported.
3. Otherwise the command runs as usual, and what it prints is kept, unless it fails.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TextIO

from api.cli.streams import prepare
from engine import kept

COMPLETING = "_RULEWRIGHT_COMPLETE"
"""Set while a shell asks how a command goes on."""

_ASKING = ("--help", "-h")
_MOST_WORDS = 3
_CHANGING = ("PWD", "OLDPWD", "SHLVL", "_", "WINDOWID", "PYTEST_CURRENT_TEST")
"""Variables that differ from call to call and have no say in how help looks."""


def asks_for_help(arguments: Sequence[str]) -> bool:
    """Whether the arguments are the names of a command and of its group, if any, and then `--help` only."""
    *words, last = arguments or [""]
    plain = len(words) <= _MOST_WORDS and not any(word.startswith("-") for word in words)
    return last in _ASKING and plain and COMPLETING not in os.environ


def show(arguments: Sequence[str], run: Callable[[], int]) -> int:
    """Show the help that was kept, or `run` the command, which shows it, and keep that. The exit code."""
    folder = kept.folder_for("help")
    if folder is None or not prepare():
        return run()
    name = _name(arguments)
    text = kept.fetch(folder, name)
    if text is None:
        return _recorded(folder, name, run)
    try:
        sys.stdout.write(text.decode())
        sys.stdout.flush()
    except (BrokenPipeError, OSError):
        return run()  # which meets the same fault, and says what is to be said of it
    return 0


def _recorded(folder: Path, name: str, run: Callable[[], int]) -> int:
    stream = sys.stdout
    recording = _Recording(stream)
    sys.stdout = recording
    try:
        code = run()
    finally:
        sys.stdout = stream
    if code == 0 and recording.pieces:
        kept.keep(folder, name, "".join(recording.pieces).encode())
    return code


class _Recording:
    """A stream that remembers what is written to it."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.pieces: list[str] = []

    def write(self, text: str) -> int:
        written = self.stream.write(text)
        self.pieces.append(text)
        return written

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


def _name(arguments: Sequence[str]) -> str:
    """The name of an entry: a hash of all that decides the text."""
    environment = sorted((name, value) for name, value in os.environ.items() if name not in _CHANGING)
    decided = (list(arguments), sys.version, environment, list(_streams()), list(_modules()))
    return hashlib.sha256(repr(decided).encode("utf-8", "backslashreplace")).hexdigest()


def _streams() -> Iterator[tuple[bool, str, tuple[int, ...]]]:
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        size: tuple[int, ...] = ()
        with suppress(OSError, ValueError):
            size = tuple(os.get_terminal_size(stream.fileno()))
        yield stream.isatty(), stream.encoding, size


def _modules() -> Iterator[tuple[str, int, int]]:
    """Each module that help is written in or drawn by, with its size and when it was written."""
    own = sorted(Path(__file__).parents[1].rglob("*.py"))
    libraries = [spec.origin for spec in map(find_spec, ("typer", "rich")) if spec is not None and spec.origin]
    for path in (*map(str, own), *libraries):
        with suppress(OSError):
            state = os.stat(path)
            yield path, state.st_size, state.st_mtime_ns
