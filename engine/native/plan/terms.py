"""The constants of the law as a vector of doubles that is read while running, so that a reform of them needs no new
code.

1. Writing a formula asks for a constant, a table's column or a scale's brackets on a day. Its values there decide
   its form: the denominator, and bounds with room around the values (rates 0 to 1, money to 2^30 steps and so on).
2. The code relies on the form alone. The vector is filled from a program whose values fit the same forms.
3. Values that do not fit make another form, hence another text and another object: never a wrong figure.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from math import lcm

import numpy as np
from numpy.typing import NDArray

from engine.interpret.constants import Constants
from engine.ir.program import Program
from engine.native.plan.requests import (
    Block,
    BracketCount,
    BracketValue,
    Form,
    Piece,
    RateRise,
    RateSpan,
    Request,
    TableColumn,
    Threshold,
)
from engine.reading.declared_constants import Bracket, KeyType, Scale
from engine.records import record
from engine.values.types import NONE, Duration, EnumValue, Kind, Nothing, Value

PAD = 8
MORE_BRACKETS = 2
_RATES = (100, 10**4, 10**6, 10**9)
_SIZES = (2**10, 2**20, 2**30, 2**36, 2**42, 2**48, 2**53)


class TermsDoNotFit(Exception):
    """The constants of this program need another form than the code was made for."""


Entry = tuple[int | Fraction, Kind]
"""A value as an exact number, whole ones as integers, and its kind."""


class Entries:
    """What a program's constants put into blocks: found once, for writing code and for filling the vector."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._constants = Constants(program)
        self._known: dict[Request, Sequence[Entry] | None] = {}

    def of(self, request: Request) -> Sequence[Entry] | None:
        """The values of a block; None if there are none on that day."""
        if request not in self._known:
            self._known[request] = _entries(self.program, self._constants, request)
        return self._known[request]

    def dates(self, name: str) -> tuple[date, ...] | None:
        """The days from which a constant's stated values hold; None if it also moves in between."""
        constant = self._constants.named(name)
        moves = constant.uprate is not None or constant.overlays or getattr(constant, "follows", ())
        return None if moves else tuple(day for day, _ in constant.values)


@record(frozen=True, slots=True)
class Reliance:
    """What code relies on in a program's constants: what stands in each block and in which form (None: there is nothing
    on that day), which blocks are above zero, and on which days some constants change. `size`: of the vector."""

    blocks: dict[Request, Block | None]
    positive: frozenset[Request]
    dates: dict[str, tuple[date, ...] | None]
    size: int


class Terms:
    """Allots blocks while code is written. `requests` says what to fill them with."""

    def __init__(self, program: Program, roomy: bool = False) -> None:
        self.entries = Entries(program)
        self.roomy = roomy
        self.requests: dict[Request, Block | None] = {}
        self.positive: set[Request] = set()
        self.dates: dict[str, tuple[date, ...] | None] = {}
        self.size = 0

    def reliance(self) -> Reliance:
        """What the code that was written relies on."""
        return Reliance(self.requests, frozenset(self.positive), self.dates, self.size)

    def dates_of(self, name: str) -> tuple[date, ...] | None:
        """The days on which a constant changes, on which the code relies; None if it also moves in between."""
        self.dates[name] = self.entries.dates(name)
        return self.dates[name]

    def block(self, request: Request) -> Block | None:
        """The block for a request, allotted once; None if the constant has no value on that day."""
        if request not in self.requests:
            entries = self.entries.of(request)
            self.requests[request] = self._allot(request, entries) if entries is not None else None
        return self.requests[request]

    def all_positive(self, request: Request) -> bool:
        """Whether all entries of a block are above zero. If so the code relies on it, and other entries do not fit."""
        entries = self.entries.of(request)
        if entries is None or any(value <= 0 for value, _ in entries):
            return False
        self.positive.add(request)
        return True

    def _allot(self, request: Request, entries: Sequence[Entry]) -> Block:
        form = form_of(entries, self.entries.program.settings.money_grid, self.roomy)
        if isinstance(request.place, BracketCount):  # where there are fewer, the last one stands for more
            form = Form(1, 0, int(entries[0][0]) + self.roomy * MORE_BRACKETS)
        offset = self.size
        count = len(entries)
        self.size += count if count == 1 else -(-count // PAD) * PAD
        return Block(offset, count, form)


def filled(known: Entries, relied: Reliance) -> NDArray[np.float64]:
    """The vector for a program's entries. Raises TermsDoNotFit if its constants need other code."""
    for name, days in relied.dates.items():
        if known.dates(name) != days:
            raise TermsDoNotFit(name)
    vector = np.zeros(relied.size + 2 * PAD)
    for request, block in relied.blocks.items():
        entries = known.of(request)
        if (entries is None) != (block is None) or (entries is not None and block and len(entries) != block.count):
            raise TermsDoNotFit(request.name)
        if request in relied.positive and any(value <= 0 for value, _ in entries or ()):
            raise TermsDoNotFit(request.name)
        for at, (value, _) in enumerate(entries or ()):
            assert block is not None
            held = value * block.form.d
            if held.denominator != 1 or not block.form.low <= held <= block.form.high:
                raise TermsDoNotFit(request.name)
            vector[block.offset + at] = float(held.numerator)
        if block is not None and block.count > 1:  # a lane that does not matter may look past the last: not at zero
            end = block.offset + block.count
            vector[end : block.offset + -(-block.count // PAD) * PAD] = vector[end - 1]
    return vector


def form_of(entries: Sequence[Entry], grid: Fraction, roomy: bool = False) -> Form:
    """The form for some values, with room for others."""
    kind = entries[0][1]
    denominator = lcm(*(value.denominator for value, _ in entries))
    if kind is Kind.MONEY:
        denominator = lcm(denominator, grid.denominator)
    elif kind is Kind.RATE:
        sizes = _RATES[1:] if roomy else _RATES
        denominator = next((size for size in sizes if size % denominator == 0), lcm(denominator, 100))
    held = [value.numerator * (denominator // value.denominator) for value, _ in entries]
    if kind is Kind.ENUM:  # a place in an enum, or a number of brackets: a different one needs other code
        return Form(1, 0, 255)
    least, most = min(held), max(held)
    if kind is Kind.RATE and least >= -denominator and most <= denominator:
        return Form(denominator, 0 if least >= 0 else -denominator, denominator)
    first = 2**30 if kind is Kind.MONEY else 2**10
    size = next((power for power in _SIZES if power >= first and power >= max(abs(least), abs(most))), 0)
    if not size:
        raise TermsDoNotFit("a constant is too large")
    return Form(denominator, 0 if least >= 0 else -size, size)


# --- what stands in a block


def _entries(program: Program, constants: Constants, request: Request) -> Sequence[Entry] | None:
    stated = constants.at(request.name, request.day)
    if stated is None:
        return None
    if request.name in program.parameters:
        return [_entry(program, stated.content, request)]
    if request.name in program.tables:
        return _cells(program, request, stated.content)
    return _brackets(program, request, stated.content)


def _cells(
    program: Program, request: Request, rows: dict[tuple[str | int, ...], dict[str, Value]]
) -> Sequence[Entry] | None:
    assert isinstance(request.place, TableColumn)
    column = request.place.name
    keys: list[tuple[str | int, ...]] = [()]
    for part in program.tables[request.name].keys:
        keys = [(*before, part_key) for before in keys for part_key in keys_of(program, part)]
    if any(key not in rows for key in keys):
        return None
    return [_entry(program, rows[key][column], request) for key in keys]


def keys_of(program: Program, key: KeyType) -> Sequence[str | int]:
    """Every key, in order."""
    if key.boolean:
        return (False, True)
    return list(program.settings.enums[key.enum].members) if key.enum else range(key.low, key.high + 1)


def _brackets(
    program: Program, request: Request, bands: dict[str | int | None, Sequence[Bracket]]
) -> Sequence[Entry] | None:
    scale = program.scales[request.name]
    keys: list[str | int | None] = [None] if scale.key is None else list(keys_of(program, scale.key))
    if any(key not in bands for key in keys):
        return None
    listed = [bands[key] for key in keys]
    match request.place:
        case BracketCount():
            return [(max(len(key_brackets) for key_brackets in listed), Kind.ENUM)]
        case RateSpan():
            rates = [Fraction(bracket.value) for brackets in listed for bracket in brackets]  # type: ignore[arg-type]
            return [(min(rates), Kind.RATE), (max(rates), Kind.RATE)]
    return [_bracket(program, scale, brackets, request) for brackets in listed]


def _bracket(program: Program, scale: Scale, brackets: Sequence[Bracket], request: Request) -> Entry:
    """A bracket's entry. Where a key has fewer brackets than others, its last threshold and value stand for more, and
    the rate rises no further."""
    match request.place:
        case Threshold(number):
            of = scale.of.kind if scale.of is not None else Kind.MONEY
            return Fraction(brackets[min(number, len(brackets) - 1)].threshold or 0), of
        case BracketValue(number):
            return _entry(program, brackets[min(number, len(brackets) - 1)].value, request)
        case RateRise(number) if number >= len(brackets):
            return 0, Kind.RATE
        case RateRise(number):
            below = brackets[number - 1].value if number else 0
            return Fraction(brackets[number].value) - Fraction(below), Kind.RATE  # type: ignore[arg-type]
    raise AssertionError(request)


def _entry(program: Program, value: Value, request: Request) -> Entry:
    """The piece of a value that is asked for, as an exact number; the kind decides its form."""
    kind = request.number or Kind.INTEGER
    if request.piece is Piece.IS_NONE:
        return int(value is NONE), Kind.BOOLEAN
    match value:
        case Nothing():
            return 0, kind
        case bool():
            return int(value), Kind.BOOLEAN
        case date():
            return value.toordinal(), Kind.DATE
        case EnumValue():
            return list(program.settings.enums[value.enum].members).index(value.member), Kind.ENUM
        case Duration():
            return value.months if request.piece is Piece.MONTHS else value.days, Kind.DURATION
    return value if isinstance(value, int) else Fraction(value), kind
