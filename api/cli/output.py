"""What commands print: results on stdout, problems and progress on stderr, JSON where it is asked for."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from time import monotonic
from typing import TypeVar

from api.cli.streams import can_show_anything, is_terminal, printable, shows_colours
from api.failures import count as count
from api.rules.problems import problem_said
from api.schema import as_data
from engine.text.diagnostics import Diagnostic, Severity, render

_Item = TypeVar("_Item")


def say(text: str = "") -> None:
    """A line of the result."""
    print(printable(text))


def complain(text: str) -> None:
    """A line that is not part of the result."""
    print(printable(text), file=sys.stderr)


def say_json(value: object, to_stderr: bool = False) -> None:
    """The result as JSON. Values are texts, whole numbers, booleans, lists and mappings: never floats."""
    stream = sys.stderr if to_stderr else sys.stdout
    print(json.dumps(value, indent=2, ensure_ascii=not can_show_anything(stream)), file=stream)


def summary(problems: Sequence[Diagnostic]) -> str:
    """`2 errors, 1 warning`."""
    errors = sum(problem.severity is Severity.ERROR for problem in problems)
    return f"{count(errors, 'error')}, {count(len(problems) - errors, 'warning')}"


def show_problems(problems: Sequence[Diagnostic], to_stderr: bool = True) -> None:
    """All problems, then how many there are."""
    stream = sys.stderr if to_stderr else sys.stdout
    for problem in problems:
        text = printable(render(problem))
        print(_coloured(text, problem, shows_colours(stream)) + "\n", file=stream)
    print(summary(problems), file=stream)


def _coloured(text: str, problem: Diagnostic, colours: bool) -> str:
    if not colours:
        return text
    head, separator, rest = text.partition(":")
    colour = "31" if problem.severity is Severity.ERROR else "33"
    return f"\x1b[1;{colour}m{head}\x1b[0m{separator}{rest}"


def problem_json(problem: Diagnostic) -> object:
    """A problem as data; `line` and `column` count from 1 and are null where it has no place."""
    return as_data(problem_said(problem))


@contextmanager
def waiting(what: str) -> Iterator[None]:
    """Say on a terminal's stderr what takes a while, and wipe it out afterwards."""
    terminal = is_terminal(sys.stderr)
    if terminal:
        print(f"{what} …", end="", file=sys.stderr, flush=True)
    try:
        yield
    finally:
        if terminal:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def progress(items: Iterable[_Item], total: int, what: str) -> Iterator[_Item]:
    """The items; on a terminal's stderr a line says how far they are."""
    terminal = is_terminal(sys.stderr)
    shown = -1.0
    for done, item in enumerate(items):
        if terminal and monotonic() - shown > 0.2:
            shown = monotonic()
            print(f"\r{what}: {done:,} of {total:,}", end="", file=sys.stderr, flush=True)
        yield item
    if terminal:
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)


@contextmanager
def advancing(what: str) -> Iterator[Callable[[int], None]]:
    """Gives a function that is told how many there are so far; on a terminal's stderr a line says so."""
    terminal = is_terminal(sys.stderr)
    shown = 0.0

    def tell(done: int) -> None:
        nonlocal shown
        if terminal and monotonic() - shown > 0.2:
            shown = monotonic()
            print(f"\r{done:,} {what}", end="", file=sys.stderr, flush=True)

    try:
        yield tell
    finally:
        if terminal and shown:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
