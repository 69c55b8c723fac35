"""Exact rationals in lanes: n / (m * d), with n and m whole numbers in lanes and d known now.

1. `d` comes from the grids: money in cents is n/100, a rate of 7.65% is 765/10,000. Sums take the least common
   multiple.
2. `m` (at least 1) comes from dividing by what is not known now; None where nothing was. What it is the product of is
   kept in `work.factors`: sums bring terms over the least product that has all factors of both, and a quotient leaves
   out those that its parts share. So shares of shares do not grow beyond what is held.
3. Bounds of the value itself are kept beside those of n and m, since a quotient may be small where its parts are
   large.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import gcd, lcm

from engine.native.arithmetic.lanes import Mask
from engine.native.arithmetic.rounding import rounded_quotient
from engine.native.arithmetic.whole import Arithmetic, Key, Whole
from engine.values.numbers import RoundingMode, round_whole


@dataclass(frozen=True, slots=True)
class Number:
    """n / (m * d), in `low` .. `high` in every row that is not handed over; if `sound`, in every lane without
    exception.
    """

    n: Whole
    m: Whole | None
    d: int
    low: Fraction
    high: Fraction
    sound: bool = False

    @property
    def constant(self) -> Fraction | None:
        """Its value, if it is the same everywhere and known."""
        return self.low if self.low == self.high else None


def fixed(work: Arithmetic, value: int | Fraction) -> Number:
    """A constant."""
    exact = Fraction(value)
    return Number(work.constant(exact.numerator), None, exact.denominator, exact, exact)


def plain(n: Whole, d: int = 1) -> Number:
    """n / d."""
    return Number(n, None, d, Fraction(n.low, d), Fraction(n.high, d))


def _made(work: Arithmetic, n: Whole, m: Whole | None, d: int, bounds: tuple[Fraction, Fraction]) -> Number:
    """n / (m * d), between the bounds."""
    low, high = bounds
    if m is not None and m.constant == 0:  # past what can be held: flagged everywhere
        return fixed(work, 0)
    if m is not None and m.constant is not None:
        d, m = d * m.constant, None
    if n.constant is not None and m is None:
        return fixed(work, Fraction(n.constant, d))
    if n.constant == 0:
        return fixed(work, 0)
    if m is None:
        low, high = max(low, Fraction(n.low, d)), min(high, Fraction(n.high, d))
        n = work.narrowed(n, _ceil(low * d), _floor(high * d))
    elif low <= high:  # n is the value times m and d
        least, most = (low * d * (m.high if low < 0 else m.low)), (high * d * (m.high if high > 0 else m.low))
        n = work.narrowed(n, _ceil(least), _floor(most))
    return Number(n, m, d, low, high)


def _floor(value: Fraction) -> int:
    return value.numerator // value.denominator


def _ceil(value: Fraction) -> int:
    return -(-value.numerator // value.denominator)


def _scaled(work: Arithmetic, n: Whole, factor: int, by: Whole | None = None) -> Whole:
    scaled = work.multiply(n, work.constant(factor)) if factor != 1 else n
    return work.multiply(scaled, by) if by is not None else scaled


def aligned(work: Arithmetic, a: Number, b: Number) -> tuple[Whole, Whole, Whole | None, int]:
    """Both numerators over one denominator: (a's, b's, m, d)."""
    d = lcm(a.d, b.d)
    if a.m == b.m:
        return _scaled(work, a.n, d // a.d), _scaled(work, b.n, d // b.d), a.m, d
    only_a, only_b = _unshared(work, a.m, b.m)
    left = _scaled(work, a.n, d // a.d, only_b)
    right = _scaled(work, b.n, d // b.d, only_a)
    return left, right, _times(work, a.m, only_b), d


# --- what an m is the product of


def _times(work: Arithmetic, a: Whole | None, b: Whole | None) -> Whole | None:
    """The product of two m's, with its factors noted."""
    if a is None or b is None:
        return a or b
    product = work.multiply(a, b)
    if product.constant is None:
        work.factors[product.parts] = (*_factors(work, a), *_factors(work, b))
    return product


def _factors(work: Arithmetic, m: Whole | None) -> tuple[Whole, ...]:
    return () if m is None else work.factors.get(m.parts, (m,))


def _unshared(work: Arithmetic, a: Whole | None, b: Whole | None) -> tuple[Whole | None, Whole | None]:
    """The products of the factors that only a has, and only b. A factor is itself by its names, whatever is known of
    its bounds."""
    only_a, only_b = list(_factors(work, a)), []
    for factor in _factors(work, b):
        shared = next((at for at, candidate in enumerate(only_a) if candidate.parts == factor.parts), None)
        if shared is None:
            only_b.append(factor)
        else:
            del only_a[shared]
    return _product(work, only_a), _product(work, only_b)


def _product(work: Arithmetic, factors: list[Whole]) -> Whole | None:
    product: Whole | None = None
    for factor in factors:
        product = _times(work, product, factor)
    return product


def add(work: Arithmetic, a: Number, b: Number) -> Number:
    """a + b."""
    left, right, m, d = aligned(work, a, b)
    total = _made(work, work.add(left, right), m, d, (a.low + b.low, a.high + b.high))
    for number, other in ((a, b), (b, a)):
        if other.low >= 0:
            _note_cap(work, number, total)
    return total


def subtract(work: Arithmetic, a: Number, b: Number) -> Number:
    """a - b."""
    if a == b:
        return fixed(work, 0)
    left, right, m, d = aligned(work, a, b)
    rest = _made(work, work.subtract(left, right), m, d, (a.low - b.high, a.high - b.low))
    if b.low >= 0:
        _note_cap(work, rest, a)
    return rest


def negative(work: Arithmetic, a: Number) -> Number:
    """-a."""
    return Number(work.negative(a.n), a.m, a.d, -a.high, -a.low)


# --- what a number never exceeds


def _key(a: Number) -> Key | None:
    return (a.n.parts, a.m.parts if a.m is not None else (), a.d) if a.constant is None else None


def _note_cap(work: Arithmetic, a: Number, cap: Number, more: dict[Key, Fraction] | None = None) -> None:
    """Note that a <= cap in every lane whose row is not handed over, and a <= each of `more`."""
    key, other = _key(a), _key(cap)
    if key is None:
        return
    known = work.caps.setdefault(key, {})
    if other is not None and other != key:
        known[other] = cap.low
        known.update(work.caps.get(other, {}))
    known.update(more or {})


def _capped(work: Arithmetic, a: Number, cap: Number) -> bool:
    """Whether a <= cap is known."""
    key, other = _key(a), _key(cap)
    return key is not None and other is not None and (key == other or other in work.caps.get(key, {}))


def _note_extreme(work: Arithmetic, operator: str, number: Number, a: Number, b: Number) -> None:
    if operator == "min":
        _note_cap(work, number, a)
        _note_cap(work, number, b)
        return
    for capped, other in ((a, b), (b, a)):  # what caps one caps the greater too, where the other cannot exceed it
        key = _key(capped)
        caps = work.caps.get(key, {}) if key is not None else {}
        _note_cap(work, number, number, {cap: low for cap, low in caps.items() if low >= other.high})


def _product_bounds(a: Number, b: Number) -> tuple[Fraction, Fraction]:
    products = [x * y for x in (a.low, a.high) for y in (b.low, b.high)]
    return min(products), max(products)


def multiply(work: Arithmetic, a: Number, b: Number) -> Number:
    """a * b."""
    m = _times(work, a.m, b.m)
    bounds = _product_bounds(a, b)
    for number, other in ((a, b), (b, a)):  # a constant factor is cancelled against the denominator
        if number.constant is not None:
            factor = number.constant / other.d
            n = _scaled(work, other.n, factor.numerator)
            return _made(work, n, other.m, factor.denominator, bounds)
    return _made(work, work.multiply(a.n, b.n), m, a.d * b.d, bounds)


def divide(work: Arithmetic, a: Number, b: Number) -> tuple[Number, Mask]:
    """a / b, and the lanes where b is zero."""
    if b.constant is not None:
        if b.constant == 0:
            return fixed(work, 0), True
        return multiply(work, a, fixed(work, 1 / b.constant)), False
    zero = work.compare("=", b.n, work.constant(0))
    below = work.compare("<", b.n, work.constant(0))
    size = _sound_divisor(work, work.absolute(b.n)) if b.low <= 0 or not b.sound else b.n
    common = gcd(a.d, b.d)
    only_a, only_b = _unshared(work, a.m, b.m)
    n = _scaled(work, a.n, b.d // common, only_b)
    n = work.select(below, work.negative(n), n)
    m = _times(work, size, only_a)
    low, high = _quotient_bounds(a, b)
    if b.low >= 0 and _capped(work, a, b):
        high = min(high, Fraction(1))
    return _made(work, n, m, a.d // common, (low, max(low, high))), zero


def _sound_divisor(work: Arithmetic, size: Whole) -> Whole:
    """The divisor's size, and 1 in lanes where that is zero or (since the lane is bad already) no number at all:
    zero over m must stay zero wherever a choice puts it there.
    """
    lanes, near = work.lanes, work.nearest(size)
    within = lanes.both(
        lanes.compare("oge", near, lanes.real(1.0)), lanes.compare("ole", near, lanes.real(float(size.high)))
    )
    positive = work.narrowed(size, 1, max(1, size.high))
    return work.select(within, positive, work.constant(1))


def _quotient_bounds(a: Number, b: Number) -> tuple[Fraction, Fraction]:
    """Bounds of a / b for b other than zero: the least |b| is one step over the greatest denominator."""
    least = Fraction(1, b.d * (b.m.high if b.m is not None else 1))
    ends = [end for end in (b.low, b.high, -least, least) if end != 0 and b.low <= end <= b.high]
    quotients = [x / y for x in (a.low, a.high) for y in ends]
    return min(quotients), max(quotients)


def compare(work: Arithmetic, operator: str, a: Number, b: Number) -> Mask:
    """`= != < <= > >=`."""
    decided = _decided(operator, a, b)
    if decided is not None:
        return decided
    left, right, _, _ = aligned(work, a, b)
    return work.compare(operator, left, right)


def _decided(operator: str, a: Number, b: Number) -> bool | None:
    """What the bounds alone decide."""
    match operator:
        case "=" | "!=":
            return operator == "!=" if a.high < b.low or b.high < a.low else None
        case ">" | ">=":
            return _decided("<" if operator == ">" else "<=", b, a)
        case "<":
            return True if a.high < b.low else False if a.low >= b.high else None
    return True if a.high <= b.low else False if a.low > b.high else None


def select(work: Arithmetic, mask: Mask, a: Number, b: Number) -> Number:
    """a in the lanes of `mask`, else b."""
    if isinstance(mask, bool):
        return a if mask else b
    if a == b:
        return a
    d = lcm(a.d, b.d)
    left, right = _scaled(work, a.n, d // a.d), _scaled(work, b.n, d // b.d)
    if a.constant == 0 or b.constant == 0:  # zero is zero over any m
        m = a.m or b.m
    else:
        unit = work.constant(1)
        m = None if a.m is None and b.m is None else work.select(mask, a.m or unit, b.m or unit)
    return Number(work.select(mask, left, right), m, d, min(a.low, b.low), max(a.high, b.high))


def extreme(work: Arithmetic, operator: str, a: Number, b: Number) -> Number:
    """The lesser (`min`) or the greater (`max`)."""
    pick = min if operator == "min" else max
    if _decided("<=", a, b):
        return a if operator == "min" else b
    if _decided("<=", b, a):
        return b if operator == "min" else a
    low, high = pick(a.low, b.low), pick(a.high, b.high)
    left, right, m, d = aligned(work, a, b)
    if m is None:
        number = _made(work, work.extreme(operator, left, right), None, d, (low, high))
        _note_extreme(work, operator, number, a, b)
        return number
    first = work.compare("<" if operator == "min" else ">", left, right)
    chosen = select(work, first, a, b)
    number = Number(chosen.n, chosen.m, chosen.d, low, high)
    _note_extreme(work, operator, number, a, b)
    return number


def absolute(work: Arithmetic, a: Number) -> Number:
    """|a|."""
    low = Fraction(0) if a.low <= 0 <= a.high else min(abs(a.low), abs(a.high))
    return Number(work.absolute(a.n), a.m, a.d, low, max(abs(a.low), abs(a.high)))


def to_steps(work: Arithmetic, a: Number, step: Fraction, mode: RoundingMode) -> Whole:
    """How many steps of `step` (above zero) a rounds to."""
    if a.constant is not None:
        return work.constant(round_whole(a.constant / step, mode))
    common = gcd(step.denominator, a.d * step.numerator)
    n = _scaled(work, a.n, step.denominator // common)
    scale = a.d * step.numerator // common
    m = _scaled(work, a.m, scale) if a.m is not None else work.constant(scale)
    return rounded_quotient(work, n, m, mode, (a.low / step, a.high / step))


def round_to(work: Arithmetic, a: Number, step: Number, mode: RoundingMode) -> tuple[Number, Mask]:
    """a rounded to a multiple of `step`, and the lanes where the step is not above zero."""
    if step.constant is not None:
        if step.constant <= 0:
            return fixed(work, 0), True
        size = step.constant
        steps = to_steps(work, a, size, mode)
        return multiply(work, plain(steps), fixed(work, size)), False
    bad = work.compare("<=", step.n, work.constant(0))
    positive = step if step.sound and step.low > 0 else _above_zero(work, step)
    quotient, _ = divide(work, a, positive)
    whole = plain(to_steps(work, quotient, Fraction(1), mode))
    return multiply(work, whole, positive), bad


def _above_zero(work: Arithmetic, a: Number) -> Number:
    """The number where it is above zero, which whoever asks must see to elsewhere."""
    low, high = max(a.low, _least(a)), max(a.high, _least(a))
    return Number(_sound_divisor(work, a.n), a.m, a.d, low, high, sound=True)


def _least(a: Number) -> Fraction:
    return Fraction(1, a.d * (a.m.high if a.m is not None else 1))
