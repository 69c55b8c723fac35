"""Files that appear whole or not at all, by themselves or together.

1. Each is written in a folder of its own beside its place, on the same disk. When all are written they take their
   names, one renaming after the other, in the order in which they were begun.
2. Ctrl-C and SIGTERM wait while names are taken: they come before all of them or after. Where one renaming fails, those
   before it are undone, and what stood in a place before stands there again.
3. Only a loss of power or SIGKILL can fall between two renamings. So what vouches for the others is begun last: if a
   manifest is there, all is, and its hashes tell whether that is what it was written with.
"""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from api.failures import Misuse

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


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
        with uninterrupted():
            tempfile.TemporaryDirectory(prefix=f".{path.name}.", dir=path.absolute().parent).cleanup()
    except OSError as fault:
        told = f"nothing can be written in `{path.absolute().parent}`: {fault.strerror}"
        raise Misuse(told, "check the rights, or name another place") from None


def require_no_rules(path: Path) -> None:
    """Raise Misuse if a file of rules, a reform or a case would be replaced by a result."""
    if path.exists() and path.suffix == ".yaml":
        raise Misuse(f"`{path}` is there, and is YAML, as rules and cases are", "name another file for the result")


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Ctrl-C and SIGTERM come when this is done. Without effect outside the main thread, which alone gets them."""
    came: list[int] = []
    before: dict[signal.Signals, Any] = {}
    with suppress(ValueError):  # another thread
        for waiting in _SIGNALS:
            before[waiting] = signal.signal(waiting, lambda caught, _: came.append(caught))
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for caught in came[:1]:
            signal.raise_signal(caught)


@dataclass(slots=True)
class Together:
    """Places that are written to, each beside where it will be. `begin` gives the place for one."""

    _begun: list[tuple[Path, Path]] = field(default_factory=list)

    def begin(self, path: Path, folder: bool = False) -> Path:
        """Where to write what will be at `path`."""
        with uninterrupted():
            beside = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.absolute().parent))
            self._begun.append((path, beside))
        inside = beside / path.name
        if folder:
            inside.mkdir()
        return inside

    def take_names(self) -> None:
        """Put everything in its place, in the order of beginning; all of it or nothing."""
        undo: list[Callable[[], object]] = []
        try:
            for path, beside in self._begun:
                undo += _put(path, beside)
        except BaseException:
            for step in reversed(undo):
                step()
            raise

    def clear(self) -> None:
        """Remove what was begun and has no name yet."""
        for _, beside in self._begun:
            shutil.rmtree(beside, ignore_errors=True)


def _put(path: Path, beside: Path) -> list[Callable[[], object]]:
    """Give what was written its name; how to undo that, backwards."""
    inside, aside = beside / path.name, beside / f"{path.name}.before"
    steps: list[Callable[[], object]] = []
    if path.is_file() or path.is_symlink():
        with suppress(OSError):  # a disk without hard links: then what was there before is not put back
            os.link(path, aside, follow_symlinks=False)
            steps.append(lambda: os.replace(aside, path))
    os.replace(inside, path)
    return [*steps, *([] if steps else [lambda: os.replace(path, inside)])]


@contextmanager
def appearing_together() -> Iterator[Together]:
    """Places that take their names together at the end; what was begun is removed on any fault."""
    together = Together()
    try:
        yield together
        with uninterrupted():
            together.take_names()
    finally:
        with uninterrupted():
            together.clear()


@contextmanager
def appearing(path: Path, folder: bool = False) -> Iterator[Path]:
    """A place beside `path` to write to, which takes its name at the end; what was begun is removed on any fault."""
    with appearing_together() as together:
        yield together.begin(path, folder)
