"""Rounding an exact quotient n / m (m a whole number above zero) to a whole number, in any of the seven modes.

Quick form, for a constant m and |n| + m below 2^50:

1. Every mode is a floor of n/m or |n|/m plus a constant, a multiple of 1/s where s is m if m is even, else 2m.
2. Add half of 1/s too. The floor stays what it was, and an error below 1/(2s) can no longer change it.
3. `fma(n, 1/m, constant)` errs by less than that in the stated range (README, "Quick rounding").

General form:

1. q = floor(n.main / m.main), off by at most one while |n/m| < 2^49; where the bounds do not show that, lanes are
   flagged.
2. r = n - q*m exactly, by fused multiply-add; where r < 0 take one from q, where r >= m add one.
3. Now q is the floor and 0 <= r < m: compare r, or 2r with m, as the mode asks.
"""

from __future__ import annotations

from fractions import Fraction

from engine.native.arithmetic import limbs
from engine.native.arithmetic.lanes import Mask
from engine.native.arithmetic.limbs import QUOTIENT
from engine.native.arithmetic.whole import LIMIT, Arithmetic, Whole
from engine.values.numbers import RoundingMode, round_whole

QUICK = 2**50
LARGEST = 2**49
Bounds = tuple[Fraction, Fraction]


def rounded_quotient(work: Arithmetic, n: Whole, m: Whole, mode: RoundingMode, bounds: Bounds) -> Whole:
    """n / m rounded. `bounds` hold the exact quotient in every row that is not handed over."""
    low, high = (round_whole(end, mode) for end in bounds)
    most = LARGEST if not (n.digits or m.digits) else QUOTIENT
    if max(abs(low), abs(high)) > most:
        size = work.lanes.absolute(work.lanes.binary("fdiv", work.nearest(n), work.nearest(m)))
        work.flags.append(work.lanes.opposite(work.lanes.compare("olt", size, work.lanes.number(most))))
        low, high = max(low, -most), min(high, most)
    if low == high:
        return work.constant(low)
    if m.constant == 1:
        return Whole(work.nearest(n), None, low, high)
    if m.constant is not None and n.is_narrow and n.size + m.constant < QUICK:
        return Whole(_quick(work, n, m.constant, mode), None, low, high)
    quotient, rest = _floor_and_rest(work, n, m)
    up = _goes_up(work, quotient, rest, n, m=m, mode=mode)
    unit = work.lanes.select(up, work.lanes.number(1), work.lanes.number(0))
    main = quotient.main if up is False else work.lanes.binary("fadd", quotient.main, unit)
    return Whole(main, None, low, high)


def _quick(work: Arithmetic, n: Whole, m: int, mode: RoundingMode) -> str:
    lanes = work.lanes
    step = m if m % 2 == 0 else 2 * m
    half = Fraction(1, 2 * step)
    inverse = lanes.real(float(Fraction(1, m)))

    def floor_of(value: str, more: Fraction) -> str:
        return lanes.floor(lanes.fused(value, inverse, lanes.real(float(more + half))))

    def of_size(more: Fraction) -> str:
        if n.low >= 0:
            return floor_of(n.main, more)
        if n.high <= 0:
            return lanes.negative(floor_of(lanes.negative(n.main), more))
        return lanes.with_sign(floor_of(lanes.absolute(n.main), more), n.main)

    match mode:
        case RoundingMode.DOWN:
            return floor_of(n.main, Fraction(0))
        case RoundingMode.UP:
            return floor_of(n.main, Fraction(step - 1, step))
        case RoundingMode.TOWARD_ZERO:
            return of_size(Fraction(0))
        case RoundingMode.AWAY:
            return of_size(Fraction(step - 1, step))
        case RoundingMode.HALF_UP:
            return of_size(Fraction(1, 2))
        case RoundingMode.HALF_DOWN:
            return of_size(Fraction(1, 2) - Fraction(1, step))
        case RoundingMode.HALF_EVEN:
            return _quick_even(work, n, m, floor_of(n.main, Fraction(1, 2)))


def _quick_even(work: Arithmetic, n: Whole, m: int, nearest: str) -> str:
    """Half up, less one where n/m lay half way and that gave an odd number."""
    lanes = work.lanes
    twice_rest = lanes.binary(
        "fsub",
        lanes.fused(nearest, lanes.number(2 * m), lanes.number(0)),
        lanes.binary("fmul", n.main, lanes.number(2)),
    )
    tie = lanes.compare("oeq", twice_rest, lanes.number(m))
    wrong = lanes.both(tie, _odd(work, nearest))
    return lanes.binary("fsub", nearest, lanes.select(wrong, lanes.number(1), lanes.number(0)))


def _odd(work: Arithmetic, value: str) -> Mask:
    lanes = work.lanes
    half = lanes.binary("fmul", value, lanes.real(0.5))
    return lanes.compare("one", half, lanes.floor(half))


def _floor_and_rest(work: Arithmetic, n: Whole, m: Whole) -> tuple[Whole, Whole]:
    lanes = work.lanes
    guess = lanes.floor(lanes.binary("fdiv", work.nearest(n), work.nearest(m)))
    rest = _rest(work, guess, n, m)
    zero, unit = work.constant(0), lanes.number(1)
    below = work.compare("<", rest, zero)
    above = work.compare(">=", rest, m)
    step = lanes.select(below, lanes.real(-1.0), lanes.select(above, unit, lanes.number(0)))
    back = work.select(below, m, work.select(above, work.negative(m), zero))
    settled = work.narrowed(work.add(rest, back), 0, m.high - 1)
    return Whole(lanes.binary("fadd", guess, step), None, -LARGEST, LARGEST), settled


def _rest(work: Arithmetic, guess: str, n: Whole, m: Whole) -> Whole:
    """n - guess*m, between -2m and 2m."""
    lanes = work.lanes
    bound = 2 * m.high
    if m.is_narrow and m.high < 2**51 and not n.digits:
        product = lanes.binary("fmul", guess, m.main)
        error = lanes.fused(guess, m.main, lanes.negative(product))
        rest = lanes.binary("fsub", lanes.binary("fsub", n.main, product), error)
        rest = lanes.binary("fadd", rest, n.rest) if n.rest is not None else rest
        return Whole(rest, None, -bound, bound)
    most = n.size + bound  # of the product, which lies within 2m of n
    whole = Whole(guess, None, -LARGEST, LARGEST)
    if n.digits or m.digits or most > LIMIT:
        length = limbs.length_for(most)
        product_digits = limbs.multiply(lanes, work.digits(whole), work.digits(m), length)
        less = limbs.negative(lanes, product_digits)
        digits = limbs.add(lanes, work.digits(n, len(less)), less, max(length, len(less)))
        difference = Whole("", None, -most, most, digits)
        return work.narrowed(difference, -bound, bound)
    product_whole = work.narrowed(work.multiply(whole, m), -most, most)
    return work.narrowed(work.subtract(n, product_whole), -bound, bound)


def _goes_up(work: Arithmetic, quotient: Whole, rest: Whole, n: Whole, *, m: Whole, mode: RoundingMode) -> Mask:
    zero = work.constant(0)
    negative = work.compare("<", n, zero)
    match mode:
        case RoundingMode.DOWN:
            return False
        case RoundingMode.UP:
            return work.compare(">", rest, zero)
        case RoundingMode.TOWARD_ZERO:
            return work.lanes.both(work.compare(">", rest, zero), negative)
        case RoundingMode.AWAY:
            return work.lanes.both(work.compare(">", rest, zero), work.lanes.opposite(negative))
    twice = work.add(rest, rest)
    over, tie = work.compare(">", twice, m), work.compare("=", twice, m)
    match mode:
        case RoundingMode.HALF_UP:
            return work.lanes.either(over, work.lanes.both(tie, work.lanes.opposite(negative)))
        case RoundingMode.HALF_DOWN:
            return work.lanes.either(over, work.lanes.both(tie, negative))
        case _:
            return work.lanes.either(over, work.lanes.both(tie, _odd(work, quotient.main)))
