"""What commands print: results on stdout, problems and progress on stderr, JSON where it is asked for."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from time import monotonic
from typing import TypeVar

from api.rules.problems import problem_said
from api.schema import as_data
from engine.text.diagnostics import Diagnostic, Severity, render

_Item = TypeVar("_Item")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")  # a file's own bytes shall not steer the terminal


def say(text: str = "") -> None:
    """A line of the result."""
    print(text)


def complain(text: str) -> None:
    """A line that is not part of the result."""
    print(text, file=sys.stderr)


def say_json(value: object) -> None:
    """The result as JSON. Values are texts, whole numbers, booleans, lists and mappings: never floats."""
    print(json.dumps(value, indent=2, ensure_ascii=False))


def count(number: int, noun: str) -> str:
    """`1 error`, `3 errors`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def summary(problems: Sequence[Diagnostic]) -> str:
    """`2 errors, 1 warning`."""
    errors = sum(problem.severity is Severity.ERROR for problem in problems)
    return f"{count(errors, 'error')}, {count(len(problems) - errors, 'warning')}"


def show_problems(problems: Sequence[Diagnostic], to_stderr: bool = True) -> None:
    """All problems, then how many there are."""
    stream = sys.stderr if to_stderr else sys.stdout
    for problem in problems:
        text = _CONTROL.sub("\ufffd", render(problem))
        print(_coloured(text, problem, stream.isatty()) + "\n", file=stream)
    print(summary(problems), file=stream)


def _coloured(text: str, problem: Diagnostic, terminal: bool) -> str:
    if not terminal:
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
    terminal = sys.stderr.isatty()
    if terminal:
        print(f"{what} …", end="", file=sys.stderr, flush=True)
    try:
        yield
    finally:
        if terminal:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def progress(items: Iterable[_Item], total: int, what: str) -> Iterator[_Item]:
    """The items; on a terminal's stderr a line says how far they are."""
    terminal = sys.stderr.isatty()
    shown = -1.0
    for done, item in enumerate(items):
        if terminal and monotonic() - shown > 0.2:
            shown = monotonic()
            print(f"\r{what}: {done:,} of {total:,}", end="", file=sys.stderr, flush=True)
        yield item
    if terminal:
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)
