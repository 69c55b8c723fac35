"""Dated constants on a day: the stated value, or after the last stated one what its `uprate` makes of it.

An uprated value is round(value at base * by(day) / by(base)). Whatever is used after the date until which it is known
is marked as projected.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from typing import Any

from engine.ir.fold import value_at
from engine.ir.program import Program
from engine.reading.declarations import Bracket, Key, Parameter, Row, Scale, Table
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
        found = value_at(constant.values, day)
        if found is None:
            return None
        since, content = found
        limit = constant.known_until
        projected = limit is not None and day > limit
        if constant.uprate is None or not projected:
            return Stated(content, since, projected)
        factor = self._factor(constant, day)
        if factor is None:
            return Stated(content, since, True)
        base = value_at(constant.values, constant.uprate.base)
        assert base is not None
        return Stated(_uprated(constant, base[1], factor), day, True)

    def _factor(self, constant: Parameter | Table | Scale, day: date) -> Fraction | None:
        assert constant.uprate is not None
        now, then = (self.at(constant.uprate.by, one) for one in (day, constant.uprate.base))
        return Fraction(now.content) / Fraction(then.content) if now is not None and then is not None else None


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
