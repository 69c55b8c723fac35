"""Whole numbers in lanes of doubles, with bounds that are proved while code is written.

1. A number that its bounds keep within 2^53 is one double (narrow): sums, differences and products are then exact.
2. One within 2^100 is two, `main` + `rest`, where `main` is the number rounded to a double (wide). Every integer
   below 2^106 is such a pair, and only one. Sums by two-sum, products by fused multiply-add, are exact (README,
   "Wide").
3. A larger one is digits to the base 2^24 (`limbs.py`), as many as its bounds ask for.

What the bounds show to be constant is a constant, and costs nothing. Where an operation must rely on more than the
bounds show, it notes in `flags` the lanes in which that does not hold, and whoever asked hands those rows over.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from engine.native.arithmetic import limbs
from engine.native.arithmetic.lanes import Lanes, Mask
from engine.native.arithmetic.limbs import Digits

NARROW = 2**53
LIMIT = 2**100
LARGEST = 2 ** (limbs.BITS * (limbs.MOST - 1))


Key = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number in each lane, from `low` to `high` wherever its row is not handed over. Narrow if `rest` is None
    and there are no `digits`; with digits, `main` is not used.
    """

    main: str
    rest: str | None
    low: int
    high: int
    digits: Digits = ()

    @property
    def constant(self) -> int | None:
        """Its value, if it is the same everywhere and known."""
        return self.low if self.low == self.high else None

    @property
    def size(self) -> int:
        """What its absolute value does not exceed."""
        return max(abs(self.low), abs(self.high))

    @property
    def is_narrow(self) -> bool:
        """Whether one double holds it."""
        return self.rest is None and not self.digits

    @property
    def parts(self) -> tuple[str, ...]:
        """The names that it is made of."""
        return self.digits or ((self.main,) if self.rest is None else (self.main, self.rest))

    def with_parts(self, parts: tuple[str, ...]) -> Whole:
        """The same number under other names."""
        if self.digits:
            return Whole("", None, self.low, self.high, parts)
        return Whole(parts[0], parts[1] if self.rest is not None else None, self.low, self.high)


class Arithmetic:
    """Exact operations on whole numbers, written through `lanes`.

    `caps` keeps, for a number by its names, others that it never exceeds, with their lower bounds: `number.py` notes
    what it knows of least values and differences there, and bounds quotients by it. `factors` keeps, for a divisor by
    its names, what it is the product of.
    """

    def __init__(self, lanes: Lanes) -> None:
        self.lanes = lanes
        self.flags: list[Mask] = []
        self.caps: dict[Key, dict[Key, Fraction]] = {}
        self.factors: dict[tuple[str, ...], tuple[Whole, ...]] = {}

    def constant(self, value: int) -> Whole:
        """A number known now."""
        if abs(value) <= NARROW:
            return Whole(self.lanes.number(value), None, value, value)
        if abs(value) <= LIMIT:
            main = int(float(value))
            return Whole(self.lanes.number(main), self.lanes.number(value - main), value, value)
        return self._huge(limbs.of_constant(self.lanes, value, limbs.length_for(value)), value, value)

    def take_flags(self) -> Mask:
        """Lanes flagged since the last call."""
        flagged = self.lanes.either(*self.flags)
        self.flags.clear()
        return flagged

    # --- forms

    def _huge(self, digits: Digits, low: int, high: int) -> Whole:
        """A number of digits; what is past all that can be held is flagged everywhere."""
        if max(abs(low), abs(high)) > LARGEST:
            self.flags.append(True)
            return Whole(self.lanes.number(0), None, 0, 0)
        if max(abs(low), abs(high)) <= NARROW:
            return Whole(limbs.nearest(self.lanes, digits), None, low, high)
        return Whole("", None, low, high, digits)

    def digits(self, a: Whole, length: int = 0) -> Digits:
        """A number as digits, at least `length` of them."""
        length = max(length, limbs.length_for(a.size))
        if a.constant is not None:
            return limbs.of_constant(self.lanes, a.constant, length)
        if a.digits:
            return limbs.lengthened(self.lanes, a.digits, length)
        converted = limbs.of_double(self.lanes, a.main, length)
        if a.rest is not None:
            converted = limbs.add(self.lanes, converted, limbs.of_double(self.lanes, a.rest, length), length)
        return converted

    def nearest(self, a: Whole) -> str:
        """The number as a double: rounded, if it is not narrow."""
        return limbs.nearest(self.lanes, a.digits) if a.digits else a.main

    def _bounded(self, main: str, rest: str | None, low: int, high: int) -> Whole:
        if low == high:
            return self.constant(low)
        if max(abs(low), abs(high)) <= NARROW:
            return Whole(main, None, low, high)
        return Whole(main, rest if rest is not None else self.lanes.number(0), low, high)

    # --- sums and products

    def add(self, a: Whole, b: Whole) -> Whole:
        """a + b."""
        if a.constant == 0 or b.constant == 0:
            return b if a.constant == 0 else a
        low, high = a.low + b.low, a.high + b.high
        size = max(abs(low), abs(high))
        if low == high:
            return self.constant(low)
        if a.is_narrow and b.is_narrow and size <= NARROW:
            return Whole(self.lanes.binary("fadd", a.main, b.main), None, low, high)
        if a.digits or b.digits or size > LIMIT:
            length = limbs.length_for(max(size, a.size, b.size))
            return self._huge(limbs.add(self.lanes, self.digits(a, length), self.digits(b, length), length), low, high)
        main, error = self._two_sum(a.main, b.main)
        for rest in (a.rest, b.rest):
            error = self.lanes.binary("fadd", error, rest) if rest is not None else error
        return self._bounded(*self._fast_two_sum(main, error), low, high)

    def negative(self, a: Whole) -> Whole:
        """-a."""
        if a.constant is not None:
            return self.constant(-a.constant)
        if a.digits:
            return self._huge(limbs.negative(self.lanes, a.digits), -a.high, -a.low)
        rest = self.lanes.negative(a.rest) if a.rest is not None else None
        return Whole(self.lanes.negative(a.main), rest, -a.high, -a.low)

    def subtract(self, a: Whole, b: Whole) -> Whole:
        """a - b."""
        if a == b:
            return self.constant(0)
        low, high = a.low - b.high, a.high - b.low
        if low != high and b.constant != 0 and a.is_narrow and b.is_narrow and max(abs(low), abs(high)) <= NARROW:
            return Whole(self.lanes.binary("fsub", a.main, b.main), None, low, high)
        return self.add(a, self.negative(b))

    def multiply(self, a: Whole, b: Whole) -> Whole:
        """a * b."""
        for factor, other in ((a, b), (b, a)):
            if factor.constant == 0:
                return factor
            if factor.constant == 1:
                return other
            if factor.constant == -1:
                return self.negative(other)
        products = [x * y for x in (a.low, a.high) for y in (b.low, b.high)]
        low, high = min(products), max(products)
        size = max(abs(low), abs(high))
        if low == high:
            return self.constant(low)
        if size <= NARROW:
            return Whole(self.lanes.binary("fmul", a.main, b.main), None, low, high)
        if a.digits or b.digits or size > LIMIT:
            if size > LARGEST:
                return self._huge((), low, high)
            digits = limbs.multiply(self.lanes, self.digits(a), self.digits(b), limbs.length_for(size))
            return self._huge(digits, low, high)
        return self._bounded(*self._wide_product(a, b), low, high)

    def _wide_product(self, a: Whole, b: Whole) -> tuple[str, str]:
        lanes = self.lanes
        main = lanes.binary("fmul", a.main, b.main)
        error = lanes.fused(a.main, b.main, lanes.negative(main))
        if a.rest is not None:
            error = lanes.binary("fadd", error, lanes.binary("fmul", a.rest, b.main))
        if b.rest is not None:
            error = lanes.binary("fadd", error, lanes.binary("fmul", b.rest, a.main))
        return self._fast_two_sum(main, error)

    def _two_sum(self, a: str, b: str) -> tuple[str, str]:
        lanes = self.lanes
        total = lanes.binary("fadd", a, b)
        part = lanes.binary("fsub", total, a)
        left = lanes.binary("fsub", a, lanes.binary("fsub", total, part))
        return total, lanes.binary("fadd", left, lanes.binary("fsub", b, part))

    def _fast_two_sum(self, a: str, b: str) -> tuple[str, str]:
        total = self.lanes.binary("fadd", a, b)
        return total, self.lanes.binary("fsub", b, self.lanes.binary("fsub", total, a))

    # --- order

    def compare(self, operator: str, a: Whole, b: Whole) -> Mask:
        """`= != < <= > >=`."""
        match operator:
            case "!=":
                return self.lanes.opposite(self.compare("=", a, b))
            case ">":
                return self.compare("<", b, a)
            case ">=":
                return self.compare("<=", b, a)
            case "=":
                return self._equal(a, b)
        strict = operator == "<"
        if a.high < b.low or (not strict and a.high <= b.low):
            return True
        if a.low > b.high or (strict and a.low >= b.high):
            return False
        if a == b:
            return not strict
        return self._below(a, b, strict)

    def _same_form(self, a: Whole, b: Whole) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The parts of two numbers, least significant first, so that they can be compared part by part."""
        if a.digits or b.digits:
            length = limbs.length_for(max(a.size, b.size))
            return self.digits(a, length), self.digits(b, length)
        if a.is_narrow and b.is_narrow:
            return (a.main,), (b.main,)
        zero = self.lanes.number(0)
        return (a.rest or zero, a.main), (b.rest or zero, b.main)

    def _below(self, a: Whole, b: Whole, strict: bool) -> Mask:
        left, right = self._same_form(a, b)
        if len(left) == 1:
            return self.lanes.compare("olt" if strict else "ole", left[0], right[0])
        return limbs.below(self.lanes, left, right, strict)

    def _equal(self, a: Whole, b: Whole) -> Mask:
        if a == b:
            return True
        if a.high < b.low or b.high < a.low:
            return False
        return limbs.equal(self.lanes, *self._same_form(a, b))

    def select(self, mask: Mask, a: Whole, b: Whole) -> Whole:
        """a in the lanes of `mask`, else b."""
        if isinstance(mask, bool):
            return a if mask else b
        if a == b:
            return a
        low, high = min(a.low, b.low), max(a.high, b.high)
        left, right = self._same_form(a, b)
        parts = tuple(self.lanes.select(mask, x, y) for x, y in zip(left, right, strict=True))
        if a.digits or b.digits:
            return Whole("", None, low, high, parts)
        return Whole(parts[-1], parts[0] if len(parts) == 2 else None, low, high)

    def extreme(self, operator: str, a: Whole, b: Whole) -> Whole:
        """The lesser (`min`) or the greater (`max`)."""
        pick = min if operator == "min" else max
        chosen = self.select(self.compare("<" if operator == "min" else ">", a, b), a, b)
        return self.narrowed(chosen, pick(a.low, b.low), pick(a.high, b.high))

    def narrowed(self, a: Whole, low: int, high: int) -> Whole:
        """The same number with better bounds, known by the caller to hold."""
        low, high = max(low, a.low), min(high, a.high)
        if (low, high) == (a.low, a.high) or low > high:
            return a
        if low == high:
            return self.constant(low)
        size = max(abs(low), abs(high))
        if a.digits:
            short = limbs.shortened(self.lanes, a.digits, limbs.length_for(size)) if size > NARROW else a.digits
            return self._huge(short, low, high)
        return Whole(a.main, a.rest if size > NARROW else None, low, high)

    def absolute(self, a: Whole) -> Whole:
        """|a|."""
        if a.low >= 0:
            return a
        if a.high <= 0:
            return self.negative(a)
        if a.is_narrow:
            return Whole(self.lanes.absolute(a.main), None, 0, a.size)
        below = self.compare("<", a, self.constant(0))
        return self.narrowed(self.select(below, self.negative(a), a), 0, a.size)
