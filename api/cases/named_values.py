"""What the formulas that some figures reach name: numbers, amounts, lengths of time, dates, and functions of dates.

A figure turns where a fact passes one of these, so they tell more of it than a guess does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from api.cases.reach import reached
from engine.ir import nodes as ir
from engine.ir.program import Definition, Program
from engine.ir.walk import walk
from engine.reading.declared_constants import Bracket, Parameter, Scale, Table
from engine.values.dates import add_duration
from engine.values.periods import Period
from engine.values.types import Duration

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
class NamedValues:
    """What formulas and constants name. `amounts` are numbers that need not be whole."""

    lengths: set[Duration] = field(default_factory=set)
    numbers: set[int] = field(default_factory=set)
    amounts: set[Fraction] = field(default_factory=set)
    dates: set[date] = field(default_factory=set)
    functions: set[str] = field(default_factory=set)

    def take(self, value: object) -> None:
        """Note a value that a formula or a constant holds."""
        match value:
            case bool():
                return
            case Duration():
                self.lengths.add(value)
            case int():
                self.numbers.add(value)
            case Fraction():
                self.amounts.add(value)
            case date():
                self.dates.add(value)


def named_values(program: Program, at: Period, *figures: Definition) -> NamedValues:
    """What the formulas that some figures of a period reach name, on whatever day they hold."""
    named = NamedValues()
    functions: set[str] = set()
    for cell in reached(program, at, figures):
        for dated in program.definitions[cell.name].formulas:
            named.take(dated.start)
            _read(program, dated.body, named, functions)
    return named


def _read(program: Program, body: ir.Expression, named: NamedValues, functions: set[str]) -> None:
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


def _constant(program: Program, name: str, named: NamedValues) -> None:
    constant = program.parameters.get(name) or program.tables.get(name) or program.scales.get(name)
    assert constant is not None
    named.dates |= {start for start, _ in constant.values}
    for value in _values(constant):
        named.take(value)


def _values(constant: Parameter | Table | Scale) -> Iterator[object]:
    for _, held in constant.values:
        yield from _inside(held)


def _inside(held: object) -> Iterator[object]:
    if isinstance(held, Bracket):
        yield from (held.value, held.threshold)
    elif isinstance(held, Mapping):
        for inner in held.values():
            yield from _inside(inner)
    elif isinstance(held, int | Fraction | date | Duration):
        yield held
    elif isinstance(held, Iterable) and not isinstance(held, str):
        for inner in held:
            yield from _inside(inner)


def days_away(day: date, named: NamedValues) -> set[date]:
    """The days that lie one of the named lengths, or two together, before or after a day; and the day itself."""
    return {
        moved
        for length in _all_lengths(named)
        for signed in (length, -length)
        for up in (False, True)
        for moved in _moved(day, signed, up)
    }


def _moved(day: date, length: Duration, up: bool) -> Iterator[date]:
    try:
        yield add_duration(day, length, up)
    except (ValueError, OverflowError):
        return


def _all_lengths(named: NamedValues) -> set[Duration]:
    lengths = {Duration(), *named.lengths}
    for function in named.functions & _NUMBERS_AS.keys():
        step = _NUMBERS_AS[function]
        wanted = [number for number in named.numbers if 0 < number <= _MOST[function]]
        lengths |= {Duration(step.months * number, step.days * number) for number in wanted}
    if len(named.lengths) <= MOST_LENGTHS:
        lengths |= {length + other for length in named.lengths for other in named.lengths}
    return lengths
