"""Dated constants that are the same as another in every year: law that was written out instead of being read.

A figure that the law defines by another's name, and the rules repeat, is right until a reform moves one of the two.

1. What can be compared is a thread: a parameter; a table's column, or one cell of it with a parameter; where the
   first bracket of a scale with a rate, or a higher one, begins, for all its keys together.
2. Two threads that agree on every day on which both have a value are told of, as one W904 for each pair of constants,
   where they moved together, or hold several numbers that nobody would choose twice: an indexed amount is not round,
   and what a statute writes out is. Rates of 15% and limits of 75,000 here and there are no copies.
3. Tables that are read off a scale, and those too long to have been typed twice, are left out.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from itertools import combinations
from typing import Any

from engine.reading.declared_constants import Bracket, Parameter, Scale, Table
from engine.reading.declared_settings import Settings
from engine.text.diagnostics import Diagnostics, Note
from engine.values.packed_cells import PackedCells
from engine.values.types import MONEY, RATE

LEAST_DIFFERENT = 3
ROUND = 500  # dollars: what a statute writes out is a multiple
Constant = Parameter | Table | Scale
Content = tuple[tuple[object, Fraction], ...]


@dataclass(frozen=True, slots=True)
class Thread:
    """A part of a constant: what it is from each date of the constant's on, and which of these holds on each of the
    days that are looked at (-1 before the first)."""

    constant: Constant
    part: str
    contents: tuple[Content | None, ...]
    places: tuple[int, ...]
    is_cell: bool = False

    @property
    def through(self) -> list[Content | None]:
        """What it is on each day; None before its first value."""
        return [self.contents[place] if place >= 0 else None for place in self.places]

    @property
    def last(self) -> Content | None:
        """What it is on the last day."""
        return self.contents[self.places[-1]] if self.places[-1] >= 0 else None

    @property
    def said(self) -> str:
        """How the part is named."""
        if isinstance(self.constant, Scale):
            return f"where a bracket of `{self.constant.name}` begins"
        return f"`{self.constant.name}{self.part}`"


def copies(settings: Settings, constants: Iterable[Constant], problems: Diagnostics) -> None:
    """W904 for each pair of constants of which one repeats the other."""
    group = [
        constant
        for constant in constants
        if not (isinstance(constant, Table) and (constant.follows or _is_long(constant)))
    ]
    days = sorted(
        {settings.covers_from, *(day for constant in group for day, _ in constant.values if day <= settings.covers_to)}
    )
    by_last: dict[Content, list[Thread]] = defaultdict(list)
    for constant in group:
        for thread in _threads(constant, days):
            last = thread.last
            if last is not None and _different(thread) >= LEAST_DIFFERENT:
                by_last[last].append(thread)
    told: set[frozenset[tuple[str, int]]] = set()
    for threads in by_last.values():
        for first, other in combinations(threads, 2):
            pair = frozenset((_order(first), _order(other)))
            if len(pair) == 2 and pair not in told and _agree(first, other):
                told.add(pair)
                _tell(first, other, problems)


def _tell(thread: Thread, other: Thread, problems: Diagnostics) -> None:
    if isinstance(thread.constant, Scale) or (_order(thread) < _order(other) and not isinstance(other.constant, Scale)):
        thread, other = other, thread
    message = f"{thread.said} is the same as {other.said} in every year"
    help_text = "let the one whose law names the other read it, so that a reform of that one reaches both"
    if isinstance(other.constant, Scale) and isinstance(thread.constant, Table):
        help_text = f"read it off the scale: `{{start_of: {other.constant.name}, rate: …, otherwise: …}}`"
    note = Note(f"the other: {other.said}", other.constant.span)
    problems.add("W904", message, thread.constant.span, help=help_text, notes=[note])


def _order(thread: Thread) -> tuple[str, int]:
    return thread.constant.span.source.name, thread.constant.span.start


def _agree(thread: Thread, other: Thread) -> bool:
    if thread.is_cell and other.is_cell:
        return False
    both = [(a, b) for a, b in zip(thread.through, other.through, strict=True) if a is not None and b is not None]
    if any(a != b for a, b in both):
        return False
    contents = {a for a, _ in both}
    numbers = {number for content in contents for _, number in content}
    chosen_once = {number for number in numbers if number % ROUND != 0 and number > 1}
    return len(numbers) >= LEAST_DIFFERENT and (len(contents) > 1 or len(chosen_once) >= LEAST_DIFFERENT)


def _different(thread: Thread) -> int:
    held = [thread.contents[place] for place in {*thread.places} if place >= 0]
    return len({number for content in held if content is not None for _, number in content})


def _is_long(table: Table) -> bool:
    return any(isinstance(cells, PackedCells) for _, cells in table.values)


def _threads(constant: Constant, days: list[date]) -> Iterator[Thread]:
    stated = [day for day, _ in constant.values]
    places = tuple(bisect_right(stated, day) - 1 for day in days)
    match constant:
        case Parameter(type=type) if type in (MONEY, RATE):
            yield _thread(constant, "", places, lambda value: ((None, _number(value)),))
        case Table():
            for column, type in constant.columns.items():
                if replace(type, or_none=False) in (MONEY, RATE):
                    yield from _column(constant, column, places)
        case Scale(kind="marginal") if constant.of == MONEY:
            bands = [brackets for _, bands in constant.values for brackets in bands.values()]
            for rate in sorted({_number(bracket.value) for brackets in bands for bracket in brackets}):
                yield from _starts(constant, rate, places)


def _column(table: Table, column: str, places: tuple[int, ...]) -> Iterator[Thread]:
    """A table's column as a whole, and each of its cells, which may repeat a parameter."""
    named = f".{column}" if column else ""

    def whole(cells: Mapping[tuple[object, ...], Mapping[str, object]]) -> Content:
        return tuple(
            (path, number) for path, row in cells.items() if (number := _number_if_any(row[column])) is not None
        )

    yield _thread(table, named, places, whole)
    for path in table.values[0][1] if table.values else ():

        def cell(
            cells: Mapping[tuple[object, ...], Mapping[str, object]], path: tuple[object, ...] = path
        ) -> Content | None:
            number = _number_if_any(cells[path][column])
            return None if number is None else ((None, number),)

        yield replace(_thread(table, f"[{', '.join(map(str, path))}]{named}", places, cell), is_cell=True)


def _starts(scale: Scale, rate: Fraction, places: tuple[int, ...]) -> Iterator[Thread]:
    """Where by key the first bracket with a rate, or a higher one, begins, on the days on which every key has one."""

    def start(bands: Mapping[object, Iterable[Bracket]]) -> Content | None:
        thresholds = {
            key: next((bracket.threshold for bracket in brackets if _number(bracket.value) >= rate), None)
            for key, brackets in bands.items()
        }
        if None in thresholds.values():
            return None
        return tuple(((key,), _number(threshold)) for key, threshold in thresholds.items())

    yield _thread(scale, "", places, start)


def _thread(constant: Constant, part: str, places: tuple[int, ...], read: Callable[[Any], Content | None]) -> Thread:
    return Thread(constant, part, tuple(read(value) for _, value in constant.values), places)


def _number(value: object) -> Fraction:
    assert isinstance(value, int | Fraction)
    return Fraction(value)


def _number_if_any(value: object) -> Fraction | None:
    """A cell's number; nothing for `none`, which repeats no figure."""
    return Fraction(value) if isinstance(value, int | Fraction) else None
