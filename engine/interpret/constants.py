"""Dated constants on a day: the stated value, or after the last stated one what its `uprate` makes of it.

1. An uprated value is round(value at base * by(day) / by(base)); or each change of `by` goes on from the last rounded
   value. Whatever is used after the date until which it is known is marked as projected; where the law itself moves a
   constant on, without such a date, it is projected only if the index is.
2. A table whose cells are read off a scale has on each day what that scale, perhaps projected or reformed, gives.
3. What a reform sets is laid over that, in order: as it is, or moved on from its own date where the reform says
   `indexed`. So no projection undoes a reform, and none starts from what a reform set.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from fractions import Fraction
from itertools import pairwise
from typing import Any

from engine.ir.bracket_starts import cells_of
from engine.ir.fold import value_at
from engine.ir.program import Program
from engine.reading.declared_constants import Bracket, BracketStarts, Key, Overlay, Parameter, Row, Scale, Table
from engine.records import record
from engine.remembered import Remembered
from engine.values.types import Kind, Value


@record(frozen=True, slots=True)
class Stated:
    """A constant on a day: its content, the date from which it holds, and whether it is a projection."""

    content: Any
    since: date
    projected: bool


class Constants:
    """The constants of a program by day. Answers are kept."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._kept: dict[tuple[str, date], Stated | None] = {}
        self._by_name: dict[str, Parameter | Table | Scale] = {**program.parameters, **program.tables, **program.scales}

    def named(self, name: str) -> Parameter | Table | Scale:
        """The constant of a name, with all its values."""
        return self._by_name[name]

    def at(self, name: str, day: date) -> Stated | None:
        """The constant on a day, or None before its first value."""
        key = (name, day)
        if key not in self._kept:
            self._kept[key] = self._find(self._by_name[name], day)
        return self._kept[key]

    def _find(self, constant: Parameter | Table | Scale, day: date) -> Stated | None:
        stated = self._of_the_law(constant, day)
        if stated is None:
            return None
        for overlay in constant.overlays:
            if overlay.holds(day):
                stated = self._laid_over(constant, overlay, stated, day)
        return stated

    def _of_the_law(self, constant: Parameter | Table | Scale, day: date) -> Stated | None:
        """Without what reforms lay over it, but for what they changed among the stated values."""
        followed = _followed(constant, day)
        if followed is not None:
            scale = self.at(followed.scale, day)
            return scale and Stated(cells_of(followed, scale.content), scale.since, scale.projected)
        dated_value = value_at(constant.values, day)
        if dated_value is None:
            return None
        since, content = dated_value
        limit = constant.known_until
        projected = limit is not None and day > limit
        uprate = constant.uprate
        if uprate is None or (day <= uprate.base if limit is None else not projected):
            return Stated(content, since, projected)
        factors = self._factors(constant, uprate.base, day)
        if factors is None:
            return Stated(content, since, True)
        index = self.at(uprate.by, day)
        moved = _moved(constant, _at_base(constant), factors)
        if limit is None and index is not None:
            changed = index.since > uprate.base
            since = max(uprate.base, index.since)
            return Stated(moved if changed else _at_base(constant), since, index.projected)
        return Stated(moved, day, True)

    def _laid_over(self, constant: Parameter | Table | Scale, overlay: Overlay, stated: Stated, day: date) -> Stated:
        factors = self._factors(constant, overlay.indexed_from, day) if overlay.indexed_from is not None else None
        if factors is not None:
            overlay = replace(overlay, content=_moved_overlay(constant, overlay, factors))
        since = overlay.start if overlay.whole else max(overlay.start, stated.since)
        known = overlay.whole and factors is None
        return Stated(overlay.laid_over(stated.content), since, stated.projected and not known)

    def _factors(self, constant: Parameter | Table | Scale, base: date, day: date) -> list[Fraction] | None:
        """By what a constant moves from one day to another: at once, or with each change of the index in between."""
        uprate = constant.uprate
        if uprate is None:
            return None
        index = self._by_name[uprate.by]
        ends = {end for overlay in index.overlays for end in (overlay.start, overlay.end) if end is not None}
        changes = sorted({change_day for change_day, _ in index.values} | ends) if uprate.from_last else []
        days = [base, *(change for change in changes if base < change < day), day]
        index_values = [self.at(uprate.by, when) for when in days]
        if any(index_value is None or not index_value.content for index_value in index_values):
            return None
        levels = [Fraction(index_value.content) for index_value in index_values if index_value is not None]
        return [later / earlier for earlier, later in pairwise(levels)]


_KEPT: Remembered[Constants] = Remembered(3)


def constants_of(program: Program) -> Constants:
    """The constants of a program, shared by all who ask for them: the answers hang on the program alone."""
    return _KEPT.of(program, "", lambda: Constants(program))


def _followed(constant: Parameter | Table | Scale, day: date) -> BracketStarts | None:
    follows = constant.follows if isinstance(constant, Table) else ()
    return next((follow for follow in follows if follow.holds(day)), None)


def _at_base(constant: Parameter | Table | Scale) -> Any:
    assert constant.uprate is not None
    if constant.uprate.law_at_base is not None:
        return constant.uprate.law_at_base
    base = value_at(constant.values, constant.uprate.base)
    assert base is not None
    return base[1]


def _moved_overlay(constant: Parameter | Table | Scale, overlay: Overlay, factors: Sequence[Fraction]) -> Any:
    if overlay.whole:
        return _moved(constant, overlay.content, factors)
    if not overlay.column:
        return _moved(constant, {overlay.key: overlay.content}, factors)[overlay.key]
    return _moved(constant, {overlay.key: {overlay.column: overlay.content}}, factors)[overlay.key][overlay.column]


def _moved(constant: Parameter | Table | Scale, content: Any, factors: Sequence[Fraction]) -> Any:
    """A constant's content after each of some moves, rounded after each."""
    for factor in factors:
        content = _uprated(constant, content, factor)
    return content


def _uprated(constant: Parameter | Table | Scale, content: Any, factor: Fraction) -> Any:
    uprate = constant.uprate
    assert uprate is not None

    def moved(value: Value) -> Value:
        if not isinstance(value, int | Fraction) or isinstance(value, bool):
            return value
        if uprate.never_falls and factor < 1:
            return value
        if uprate.increase:
            return value + uprate.grid.store(value * (factor - 1)) if factor != 1 else value
        return uprate.grid.store(value * factor)

    match constant:
        case Parameter():
            return moved(content)
        case Table():
            rows: Mapping[tuple[Key, ...], Row] = content
            moving = _moving(constant)
            return {
                key: {column: moved(value) if column in moving else value for column, value in row.items()}
                for key, row in rows.items()
            }
        case Scale():
            bands: Mapping[Key | None, tuple[Bracket, ...]] = content
            return {
                key: tuple(_moved_bracket(bracket, moved) for bracket in brackets) for key, brackets in bands.items()
            }


def _moving(table: Table) -> set[str]:
    """The columns that move: those of money, or all where none is."""
    return {name for name, column in table.columns.items() if column.kind is Kind.MONEY} or set(table.columns)


def _moved_bracket(bracket: Bracket, moved: Any) -> Bracket:
    return bracket if bracket.threshold is None else replace(bracket, threshold=moved(bracket.threshold))
