"""Constants as rule files declare them: dated parameters, tables and scales, and how they move on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import date
from fractions import Fraction
from typing import Any

from engine.reading.declared import Declaration
from engine.records import record
from engine.syntax.ast import Expression
from engine.text.source import Span
from engine.values.numbers import Grid
from engine.values.types import Nothing, Value, ValueType


@record(frozen=True, slots=True)
class Uprate:
    """How a constant moves on after its last stated value: with `by`, from its value at `base`, on `grid`.

    `law_at_base` is that value, kept by the first reform that changes the constant: the law's own is projected. With
    `from_last` each change of the index goes on from the last rounded amount, and not from that at `base`; with
    `increase` only what is added is rounded; with `never_falls` an index that falls changes nothing.
    """

    by: str
    base: date
    grid: Grid
    span: Span = field(compare=False, repr=False)
    law_at_base: object = None
    from_last: bool = False
    increase: bool = False
    never_falls: bool = False


Key = str | int | date
Row = Mapping[str, Value]


@record(frozen=True, slots=True)
class Overlay:
    """What a reform lays over a constant from `start` to before `end` (None: for good).

    `content` is a parameter's value (then `key` is None and `whole` holds), a table's row or the value of its `column`,
    or a scale's brackets; `key` is the one of the constant's content that it replaces. With `indexed_from` it moves
    from that day on with the index of the constant's `uprate`; without, it stays as it is.
    """

    start: date
    end: date | None
    whole: bool
    key: tuple[Key, ...] | Key | None
    column: str
    content: object
    span: Span = field(compare=False, repr=False)
    indexed_from: date | None = None

    def holds(self, day: date) -> bool:
        """Whether it is laid on a day."""
        return self.start <= day and (self.end is None or day < self.end)

    def laid_over(self, below: Any) -> Any:
        """What a constant that holds `below` holds with this over it."""
        if self.whole:
            return self.content
        row = {**below.get(self.key, {}), self.column: self.content} if self.column else self.content
        return {**below, self.key: row}


@record(frozen=True, slots=True)
class BracketStarts:
    """From `start` to before `end` a table's cells are read off a scale with the same key: where the first bracket with
    `rate` or a higher one begins; `otherwise` where there is none. `scale` is the name as written, in a program the
    whole-program name."""

    start: date
    end: date | None
    scale: str
    rate: Fraction
    otherwise: Fraction | Nothing
    span: Span = field(compare=False, repr=False)

    def holds(self, day: date) -> bool:
        """Whether the cells are read off the scale on a day."""
        return self.start <= day and (self.end is None or day < self.end)


@record(frozen=True, slots=True)
class Parameter(Declaration):
    """A dated constant: `values` in order of date."""

    type: ValueType | None = None
    values: tuple[tuple[date, Value], ...] = ()
    known_until: date | None = None
    uprate: Uprate | None = None
    overlays: tuple[Overlay, ...] = ()


@record(frozen=True, slots=True)
class KeyType:
    """What a table or scale is keyed by: an enum, a boolean, or the whole numbers from `low` to `high`; where it is
    `open`, the row of `high` is that of all numbers from there on. Or a date (`day`): its row is the last one at or
    before it (`before`), the first at or after it (`after`), or the nearest (`nearest`; of two as near the `earlier` or
    the `later`, else an error value)."""

    name: str
    enum: str = ""
    low: int = 0
    high: int = 0
    boolean: bool = False
    open: bool = False
    day: str = ""


@record(frozen=True, slots=True)
class Table(Declaration):
    """Dated cells: `values[i] = (date, {keys: {column: value}})`. A table with one unnamed column names it ``""``.

    Of a `partial` one rows may be missing, and a date gives the rows that change; `instead` is the fact that is given
    where a row is missing. A table keyed by a date has the rows that are written.
    """

    keys: tuple[KeyType, ...] = ()
    columns: Mapping[str, ValueType] = field(default_factory=dict)
    values: tuple[tuple[date, Mapping[tuple[Key, ...], Row]], ...] = ()
    known_until: date | None = None
    uprate: Uprate | None = None
    overlays: tuple[Overlay, ...] = ()
    follows: tuple[BracketStarts, ...] = ()
    partial: bool = False
    instead: str = ""
    instead_span: Span | None = field(default=None, compare=False, repr=False)

    @property
    def is_total(self) -> bool:
        """Whether every key has a row."""
        return not self.partial and not any(key.day for key in self.keys)


@record(frozen=True, slots=True)
class Bracket:
    """One band: from `threshold` (None: from below everything) on, `value`."""

    threshold: Fraction | None
    value: Value


@record(frozen=True, slots=True)
class ComputedBracket:
    """One band whose threshold or value is a formula, or a value as the schema types it."""

    threshold: Value | Expression | None
    value: Value | Expression
    span: Span = field(compare=False, repr=False)


@record(frozen=True, slots=True)
class Computed:
    """Brackets that hold from `start` on, by key."""

    start: date
    brackets: Mapping[Key | None, tuple[ComputedBracket, ...]]


@record(frozen=True, slots=True)
class Scale(Declaration):
    """Dated brackets by key (``None`` where there is none). `inclusive`: a band begins at its threshold, not above.

    A scale with `computed` brackets has no `values`: its thresholds and values are formulas of constants and of its
    `arguments`, which follow the amount.
    """

    kind: str = "marginal"
    key: KeyType | None = None
    of: ValueType | None = None
    gives: ValueType | None = None
    inclusive: bool = False
    values: tuple[tuple[date, Mapping[Key | None, tuple[Bracket, ...]]], ...] = ()
    known_until: date | None = None
    uprate: Uprate | None = None
    overlays: tuple[Overlay, ...] = ()
    arguments: tuple[tuple[str, ValueType], ...] = ()
    computed: tuple[Computed, ...] = ()
