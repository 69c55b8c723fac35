"""How commands about a log print: values of facts, moments, and tables that fit the terminal."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from time import monotonic

from api.cli.streams import is_terminal
from citizens import Belongs, Value
from citizens.sqlite.erasure import OWNER
from engine.values.numbers import with_commas

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
PIPED_WIDTH = 200


def step_told(words: Mapping[str, str]) -> Callable[[str], None]:
    """What tells of each step of long work on a terminal, in these words; a step without words ends the line."""

    def tell(step: str) -> None:
        if is_terminal(sys.stderr):
            said = words.get(step, "")
            print(f"\r\x1b[K{said}{' …' if said else ''}", end="", file=sys.stderr, flush=True)

    return tell


def moment(recorded_at_us: int) -> datetime:
    """When something was recorded."""
    return _EPOCH + timedelta(microseconds=recorded_at_us)


def moment_text(recorded_at_us: int) -> str:
    """`2026-11-23 04:30:12`, in UTC."""
    return moment(recorded_at_us).strftime("%Y-%m-%d %H:%M:%S")


def moment_json(recorded_at_us: int) -> str:
    """To the microsecond: `2026-11-23T04:30:12.000250Z`."""
    return moment(recorded_at_us).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def value_text(value: Value) -> str:
    """A fact's value for a person: `28,270.50`, `yes`, `head of tax_unit/4`."""
    match value:
        case None:
            return "ended"
        case bool():
            return "yes" if value else "no"
        case Belongs():  # a record names its owner, a member its role
            return value.group if value.role == OWNER else f"{value.role} of {value.group}"
        case date():
            return value.isoformat()
        case int() | Decimal():
            return with_commas(format(value, "f") if isinstance(value, Decimal) else str(value))
    return value


def width() -> int:
    """How many columns there are to print on: the terminal's, or COLUMNS; a pipe is wide."""
    fallback = (PIPED_WIDTH, 24) if not sys.stdout.isatty() else (80, 24)
    return shutil.get_terminal_size(fallback).columns


def table(head: Sequence[str], rows: Sequence[Sequence[str]], right: frozenset[int] = frozenset()) -> list[str]:
    """Lines of a table; where it is too wide for the terminal, a block of lines for each row.

    `right` are the columns whose cells stand to the right. A column that is empty in every row is left out.
    """
    kept = [column for column in range(len(head)) if any(row[column] for row in rows)]
    right = frozenset(at for at, column in enumerate(kept) if column in right)
    head, rows = [head[column] for column in kept], [[row[column] for column in kept] for row in rows]
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
    if sum(widths) + 2 * (len(widths) - 1) > width():
        return [line for row in rows for line in _block(head, row)]

    def line(row: Sequence[str]) -> str:
        cells = [cell.rjust(size) if at in right else cell.ljust(size) for at, (cell, size) in
                 enumerate(zip(row, widths, strict=True))]  # fmt: skip
        return "  ".join(cells).rstrip()

    return [line(head), *(line(row) for row in rows)]


def _block(head: Sequence[str], row: Sequence[str]) -> Iterator[str]:
    yield row[0]
    names = max(len(name) for name in head[1:])
    for name, cell in zip(head[1:], row[1:], strict=True):
        if cell:
            yield f"  {name.ljust(names)}  {cell}"


@contextmanager
def counting(what: str) -> Iterator[Callable[[int, int], None]]:
    """A function to call with how much is done and how much there is; shown on a terminal's stderr."""
    terminal = is_terminal(sys.stderr)
    shown = -1.0

    def report(done: int, total: int) -> None:
        nonlocal shown
        if terminal and monotonic() - shown > 0.1:
            shown = monotonic()
            print(f"\r\x1b[K{what}: {done:,} of {total:,}", end="", file=sys.stderr, flush=True)

    try:
        yield report
    finally:
        if terminal:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
