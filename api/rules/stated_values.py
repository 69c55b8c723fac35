"""The values over time of parameters, tables and scales, in words and as data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from api.cases.json_values import as_json as value_json
from api.schema import Citation, Json
from engine.explain.words import value_words
from engine.reading.declared_constants import Bracket, ComputedBracket, Key, Parameter, Scale, Table
from engine.reading.declared_settings import Settings
from engine.syntax.ast import Expression
from engine.syntax.printer import print_formula
from engine.values.types import MONEY, RATE, Duration, EnumValue, Nothing, Value, ValueType


@dataclass(frozen=True, slots=True)
class Band:
    """One bracket of a scale: `value` beginning just above `above`, or at `from_`."""

    value: Json
    above: Json = None
    from_: Json = None


@dataclass(frozen=True, slots=True)
class DatedValue:
    """What a constant is from a day on, in words (`text`) and as data.

    A parameter has a `value`; a row of a table has `keys` and `cells` by column (one without a name is `value`);
    a scale has `bands`, under its key if it has one. `law` is what is cited from that day on, where dates have their
    own.
    """

    from_: str
    text: str
    value: Json = None
    keys: tuple[str, ...] = ()
    cells: Mapping[str, Json] | None = None
    bands: tuple[Band, ...] = ()
    law: tuple[Citation, ...] = ()


def stated_values(constant: Parameter | Table | Scale, settings: Settings) -> Iterator[DatedValue]:
    """What a constant is stated to be, from each of its dates on; of a table, row by row."""
    match constant:
        case Parameter():
            assert constant.type is not None
            for day, value in constant.values:
                data = value_json(value, constant.type, settings)
                yield DatedValue(day.isoformat(), value_words(value, constant.type, settings), data)
        case Table():
            for day, rows in constant.values:
                yield from _rows(day, rows, constant.columns, settings)
        case Scale() if constant.computed:
            for dated in constant.computed:
                for key, computed in dated.brackets.items():
                    yield _computed(constant, dated.start, key, computed, settings)
        case Scale():
            for day, bands in constant.values:
                for key, brackets in bands.items():
                    yield _scale(constant, day, key, brackets, settings)


def _rows(
    day: date,
    rows: Mapping[tuple[Key, ...], Mapping[str, Value]],
    columns: Mapping[str, ValueType],
    settings: Settings,
) -> Iterator[DatedValue]:
    for keys, row in rows.items():
        words = [f"{name} {value_words(row[name], type, settings)}".lstrip() for name, type in columns.items()]
        cells: dict[str, Json] = {name: value_json(row[name], type, settings) for name, type in columns.items()}
        names = tuple(str(key).lower() if isinstance(key, bool) else str(key) for key in keys)
        text = f"{', '.join(names)}: {', '.join(words)}"
        yield DatedValue(day.isoformat(), text, cells.pop("", None), names, cells or None)


def _computed(
    scale: Scale, day: date, key: Key | None, brackets: Sequence[ComputedBracket], settings: Settings
) -> DatedValue:
    """Brackets whose thresholds or values are formulas."""
    gives = RATE if scale.kind == "marginal" else scale.gives
    word, of = "from" if scale.inclusive else "above", scale.of or MONEY
    shown = []
    for bracket in brackets:
        value = _cell_words(bracket.value, gives or MONEY, settings)
        shown.append(
            value if bracket.threshold is None else f"{value} {word} {_cell_words(bracket.threshold, of, settings)}"
        )
    head = "" if key is None else f"{key}: "
    return DatedValue(day.isoformat(), f"{head}{', '.join(shown)}", keys=() if key is None else (str(key),))


def _cell_words(cell: Value | Expression, type: ValueType, settings: Settings) -> str:
    if isinstance(cell, int | Fraction | date | Duration | EnumValue | Nothing):
        return value_words(cell, type, settings)
    return print_formula(cell)


def _scale(scale: Scale, day: date, key: Key | None, brackets: Sequence[Bracket], settings: Settings) -> DatedValue:
    gives = RATE if scale.kind == "marginal" else scale.gives
    assert gives is not None
    word, of = "from" if scale.inclusive else "above", scale.of or MONEY
    shown, bands = [], []
    for bracket in brackets:
        start = value_words(bracket.threshold, of, settings) if bracket.threshold is not None else ""
        value = value_words(bracket.value, gives, settings)
        shown.append(f"{value} {word} {start}" if start else value)
        at = value_json(bracket.threshold, of, settings) if bracket.threshold is not None else None
        data = value_json(bracket.value, gives, settings)
        bands.append(Band(data, from_=at) if scale.inclusive else Band(data, above=at))
    head = "" if key is None else f"{key}: "
    keys = () if key is None else (str(key),)
    return DatedValue(day.isoformat(), f"{head}{', '.join(shown)}", keys=keys, bands=tuple(bands))
