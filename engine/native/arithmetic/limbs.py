"""Whole numbers of any size in lanes, as digits to the base 2^24: for what two doubles do not hold.

1. A number is digits d0, d1, … each a whole number held in a double, from 0 to 2^24 - 1 but for the last, which has
   the sign: the value is their sum times powers of the base, and every number has one such form of a given length.
2. A product of digits is below 2^48, and a column of at most 16 of them is a whole number below 2^53: summed
   exactly.
3. Carrying goes from the first digit up: c = floor(x / base), the digit is x - c * base, c goes to the next one.
4. The nearest double, to within one part in 2^49, is found from the last digit down; a quotient guessed by it is off
   by at most one while below 2^45.
"""

from __future__ import annotations

from engine.native.arithmetic.lanes import Lanes, Mask

BITS = 24
BASE = 2**BITS
MOST = 16
QUOTIENT = 2**45
Digits = tuple[str, ...]


def length_for(size: int) -> int:
    """How many digits hold every number up to a size."""
    return max(1, -(-size.bit_length() // BITS))


def carried(lanes: Lanes, columns: list[str], length: int) -> Digits:
    """Columns of sums as digits."""
    digits: list[str] = []
    pending = columns + [lanes.number(0)] * (length - len(columns))
    carry: str | None = None
    for column in pending[: length - 1]:
        total = lanes.binary("fadd", column, carry) if carry is not None else column
        carry = lanes.floor(lanes.binary("fmul", total, lanes.real(1.0 / BASE)))
        digits.append(lanes.fused(carry, lanes.real(-float(BASE)), total))
    last = pending[length - 1]
    digits.append(lanes.binary("fadd", last, carry) if carry is not None else last)
    return tuple(digits)


def of_double(lanes: Lanes, value: str, length: int) -> Digits:
    """A whole number held by a double."""
    digits: list[str] = []
    for _ in range(length - 1):
        above = lanes.floor(lanes.binary("fmul", value, lanes.real(1.0 / BASE)))
        digits.append(lanes.fused(above, lanes.real(-float(BASE)), value))
        value = above
    return (*digits, value)


def of_constant(lanes: Lanes, value: int, length: int) -> Digits:
    """A number known now."""
    digits = []
    for _ in range(length - 1):
        value, digit = divmod(value, BASE)
        digits.append(lanes.number(digit))
    return (*digits, lanes.number(value))


def lengthened(lanes: Lanes, digits: Digits, length: int) -> Digits:
    """The same number with more digits."""
    if len(digits) >= length:
        return digits
    return (*digits[:-1], *of_double(lanes, digits[-1], length - len(digits) + 1))


def add(lanes: Lanes, a: Digits, b: Digits, length: int) -> Digits:
    """a + b."""
    a, b = lengthened(lanes, a, length), lengthened(lanes, b, length)
    return carried(lanes, [lanes.binary("fadd", x, y) for x, y in zip(a, b, strict=True)], length)


def negative(lanes: Lanes, a: Digits) -> Digits:
    """-a."""
    return carried(lanes, [lanes.negative(digit) for digit in a], len(a))


def multiply(lanes: Lanes, a: Digits, b: Digits, length: int) -> Digits:
    """a * b, known to fit `length` digits."""
    columns: list[str | None] = [None] * (len(a) + len(b))
    for i, x in enumerate(a):
        for j, y in enumerate(b):
            before = columns[i + j]
            columns[i + j] = lanes.binary("fmul", x, y) if before is None else lanes.fused(x, y, before)
    full = carried(lanes, [column or lanes.number(0) for column in columns], len(columns))
    return shortened(lanes, full, length)


def shortened(lanes: Lanes, digits: Digits, length: int) -> Digits:
    """The same number with fewer digits, which are known to hold it."""
    if len(digits) <= length:
        return digits
    last = digits[-1]
    for digit in reversed(digits[length - 1 : -1]):
        last = lanes.fused(last, lanes.real(float(BASE)), digit)
    return (*digits[: length - 1], last)


def nearest(lanes: Lanes, digits: Digits) -> str:
    """The number as a double: exactly if it is below 2^53, else to within one part in 2^49."""
    value = digits[-1]
    for digit in reversed(digits[:-1]):
        value = lanes.fused(value, lanes.real(float(BASE)), digit)
    return value


def below(lanes: Lanes, a: Digits, b: Digits, strict: bool) -> Mask:
    """a < b (or a <= b)."""
    lower: Mask = not strict
    for x, y in zip(a, b, strict=True):
        lower = lanes.either(lanes.compare("olt", x, y), lanes.both(lanes.compare("oeq", x, y), lower))
    return lower


def equal(lanes: Lanes, a: Digits, b: Digits) -> Mask:
    """a = b."""
    return lanes.both(*(lanes.compare("oeq", x, y) for x, y in zip(a, b, strict=True)))
