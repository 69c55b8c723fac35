"""Days on which a condition of a day can turn by itself, all else as it is.

A condition turns only where a comparison of dates does: at a date that is known, or moved by a length that the reached
formulas and constants name (a whole number as years, months or days, as the functions of dates there take it), at two
such lengths together, on that day and the next; and where a formula or a constant changes. All else is constant
between two of these days, so whoever asks at each of them has asked every day.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from api.cases.reach import reached
from engine.interpret.cases import Case
from engine.ir import nodes as ir
from engine.ir.program import Definition, Program
from engine.ir.walk import walk
from engine.reading.declared_constants import Bracket, Parameter, Scale, Table
from engine.values.dates import add_duration
from engine.values.types import Duration, Value

MOST_LENGTHS = 12
"""Up to so many lengths are also added to each other, two at a time."""
_NUMBERS_AS = {
    "age_on": Duration(months=12), "years_between": Duration(months=12), "attains": Duration(months=12),
    "months_between": Duration(months=1), "days_between": Duration(days=1), "day_of": Duration(days=1),
}  # fmt: skip
_MOST = {
    "age_on": 130,
    "years_between": 130,
    "attains": 130,
    "months_between": 600,
    "days_between": 4_000,
    "day_of": 31,
}


@dataclass(slots=True)
class _Found:
    """What formulas name: lengths, whole numbers, dates, and the functions of dates that they use."""

    lengths: set[Duration] = field(default_factory=set)
    numbers: set[int] = field(default_factory=set)
    dates: set[date] = field(default_factory=set)
    functions: set[str] = field(default_factory=set)

    def take(self, value: object) -> None:
        match value:
            case bool():
                return
            case Duration():
                self.lengths.add(value)
            case int():
                self.numbers.add(value)
            case date():
                self.dates.add(value)


def turning_days(
    program: Program, case: Case, figure: Definition, last: date, known: Sequence[date] = ()
) -> list[date]:
    """The days after the case's at which the figure may turn, in order, up to `last`; of a date of which the figure
    hangs, those where other `known` days are given besides."""
    named = _named(program, case, figure)
    known = [*known, *(value for value in case.given.values() if isinstance(value, date))]
    days: set[date] = set(named.dates)
    for day in (*known, *named.dates):
        for length in _all_lengths(named):
            for up in (False, True):
                days |= set(_moved(day, length, up)) | set(_moved(day, -length, up))
    every = {day + timedelta(days=more) for day in days for more in (0, 1) if day < date.max}
    return sorted(day for day in every if case.at.end < day <= last)


def _moved(day: date, length: Duration, up: bool) -> Iterator[date]:
    try:
        yield add_duration(day, length, up)
    except (ValueError, OverflowError):
        return


def _all_lengths(named: _Found) -> set[Duration]:
    lengths = {Duration(), *named.lengths}
    for function in named.functions & _NUMBERS_AS.keys():
        step = _NUMBERS_AS[function]
        wanted = [number for number in named.numbers if 0 < number <= _MOST[function]]
        lengths |= {Duration(step.months * number, step.days * number) for number in wanted}
    if len(named.lengths) <= MOST_LENGTHS:
        lengths |= {length + other for length in named.lengths for other in named.lengths}
    return lengths


def _named(program: Program, case: Case, figure: Definition) -> _Found:
    named = _Found()
    functions: set[str] = set()
    for cell in reached(program, case.at, (figure,)):
        for dated in program.definitions[cell.name].formulas:
            named.take(dated.start)
            _read(program, dated.body, named, functions)
    return named


def _read(program: Program, body: ir.Expression, named: _Found, functions: set[str]) -> None:
    for node in walk(body):
        match node:
            case ir.Literal():
                named.take(node.value)
            case ir.DateFunction():
                named.functions.add(node.name)
            case ir.ParameterRead() | ir.TableRead() | ir.ScaleRead():
                _constant(program, node.name, named)
            case ir.FunctionCall() if node.name not in functions:
                functions.add(node.name)
                for dated in program.functions[node.name].formulas:
                    _read(program, dated.body, named, functions)


def _constant(program: Program, name: str, named: _Found) -> None:
    constant = program.parameters.get(name) or program.tables.get(name) or program.scales.get(name)
    assert constant is not None
    named.dates |= {start for start, _ in constant.values}
    for value in _values(constant):
        named.take(value)


def _values(constant: Parameter | Table | Scale) -> Iterator[Value]:
    for _, held in constant.values:
        yield from _inside(held)


def _inside(held: object) -> Iterator[Value]:
    if isinstance(held, Bracket):
        yield from (number for number in (held.value, held.threshold) if isinstance(number, int | date | Duration))
    elif isinstance(held, Mapping):
        for inner in held.values():
            yield from _inside(inner)
    elif isinstance(held, int | date | Duration):
        yield held
    elif isinstance(held, Iterable) and not isinstance(held, str):
        for inner in held:
            yield from _inside(inner)
