"""Dated constants on a day: the stated value, or after the last stated one what its `uprate` makes of it.

1. An uprated value is round(value at base * by(day) / by(base)). Whatever is used after the date until which it is
   known is marked as projected.
2. A table whose cells are read off a scale has on each day what that scale, perhaps projected or reformed, gives.
3. What a reform sets is laid over that, in order: as it is, or moved on from its own date where the reform says
   `indexed`. So no projection undoes a reform, and none starts from what a reform set.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from typing import Any

from engine.ir.bracket_starts import cells_of
from engine.ir.fold import value_at
from engine.ir.program import Program
from engine.reading.declarations import Bracket, BracketStarts, Key, Overlay, Parameter, Row, Scale, Table
from engine.values.types import MONEY, Value


@dataclass(frozen=True, slots=True)
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
        found = value_at(constant.values, day)
        if found is None:
            return None
        since, content = found
        limit = constant.known_until
        projected = limit is not None and day > limit
        if constant.uprate is None or not projected:
            return Stated(content, since, projected)
        factor = self._factor(constant, constant.uprate.base, day)
        if factor is None:
            return Stated(content, since, True)
        return Stated(_uprated(constant, _at_base(constant), factor), day, True)

    def _laid_over(self, constant: Parameter | Table | Scale, overlay: Overlay, stated: Stated, day: date) -> Stated:
        factor = self._factor(constant, overlay.indexed_from, day) if overlay.indexed_from is not None else None
        if factor is not None:
            overlay = replace(overlay, content=_moved_overlay(constant, overlay, factor))
        since = overlay.start if overlay.whole else max(overlay.start, stated.since)
        known = overlay.whole and factor is None
        return Stated(overlay.laid_over(stated.content), since, stated.projected and not known)

    def _factor(self, constant: Parameter | Table | Scale, base: date, day: date) -> Fraction | None:
        if constant.uprate is None:
            return None
        now, then = (self.at(constant.uprate.by, one) for one in (day, base))
        return Fraction(now.content) / Fraction(then.content) if now is not None and then is not None else None


def _followed(constant: Parameter | Table | Scale, day: date) -> BracketStarts | None:
    follows = constant.follows if isinstance(constant, Table) else ()
    return next((one for one in follows if one.holds(day)), None)


def _at_base(constant: Parameter | Table | Scale) -> Any:
    assert constant.uprate is not None
    if constant.uprate.law_at_base is not None:
        return constant.uprate.law_at_base
    base = value_at(constant.values, constant.uprate.base)
    assert base is not None
    return base[1]


def _moved_overlay(constant: Parameter | Table | Scale, overlay: Overlay, factor: Fraction) -> Any:
    if overlay.whole:
        return _uprated(constant, overlay.content, factor)
    if not overlay.column:
        return _uprated(constant, {overlay.key: overlay.content}, factor)[overlay.key]
    return _uprated(constant, {overlay.key: {overlay.column: overlay.content}}, factor)[overlay.key][overlay.column]


def _uprated(constant: Parameter | Table | Scale, content: Any, factor: Fraction) -> Any:
    assert constant.uprate is not None
    grid = constant.uprate.grid

    def moved(value: Value) -> Value:
        return (
            grid.store(value * factor) if isinstance(value, int | Fraction) and not isinstance(value, bool) else value
        )

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
            return {key: tuple(_moved_bracket(one, moved) for one in brackets) for key, brackets in bands.items()}


def _moving(table: Table) -> set[str]:
    """The columns that move: those of money, or all where none is."""
    return {name for name, one in table.columns.items() if one == MONEY} or set(table.columns)


def _moved_bracket(bracket: Bracket, moved: Any) -> Bracket:
    return bracket if bracket.threshold is None else replace(bracket, threshold=moved(bracket.threshold))
