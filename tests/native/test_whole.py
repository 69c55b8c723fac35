"""Whole numbers in lanes are exact, in all three forms and at the edges between them; so is rounding, in every mode."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.native.arithmetic.rounding import rounded_quotient
from engine.native.arithmetic.whole import Arithmetic, Whole
from engine.values.numbers import RoundingMode, round_whole
from tests.native.lanes_runner import run

SIZES = (2**20, 2**50, 2**53, 2**54, 2**60, 2**80, 2**100, 2**101, 2**150, 2**200)


@st.composite
def near_edges(draw: st.DrawFn, size: int) -> int:
    """A number up to a size, often one where a form, a digit or a double ends."""
    power = draw(st.sampled_from([1, 2**23, 2**24, 2**48, 2**52, 2**53, 2**54, 2**72, 2**99, 2**100, size]))
    value = draw(st.one_of(st.integers(-size, size), st.integers(-3, 3).map(lambda step: min(power, size) + step)))
    return max(-size, min(size, draw(st.sampled_from([-1, 1])) * value))


@st.composite
def pairs(draw: st.DrawFn) -> tuple[int, int, list[tuple[int, int]]]:
    a, b = draw(st.sampled_from(SIZES)), draw(st.sampled_from(SIZES[:8]))
    rows = draw(st.lists(st.tuples(near_edges(a), near_edges(b)), min_size=1, max_size=16))
    return a, b, rows


@settings(max_examples=120, deadline=None)
@given(pairs(), st.sampled_from([0, 1, 4]))
def test_sums_products_and_order(drawn: tuple[int, int, list[tuple[int, int]]], width: int) -> None:
    def work(arithmetic: Arithmetic, operands: list[Whole]) -> list[Whole]:
        a, b = operands
        first, zero = arithmetic.constant(1), arithmetic.constant(0)
        orders = [arithmetic.select(arithmetic.compare(symbol, a, b), first, zero) for symbol in ("=", "<", "<=")]
        return [
            arithmetic.add(a, b),
            arithmetic.subtract(a, b),
            arithmetic.multiply(a, b),
            arithmetic.negative(a),
            arithmetic.absolute(a),
            arithmetic.extreme("min", a, b),
            arithmetic.extreme("max", a, b),
            *orders,
        ]

    size_a, size_b, rows = drawn
    result, flags = run([(-size_a, size_a), (-size_b, size_b)], rows, work, width)
    for (a, b), numbers, flag in zip(rows, result, flags, strict=True):
        assert numbers == [a + b, a - b, a * b, -a, abs(a), min(a, b), max(a, b), a == b, a < b, a <= b]
        assert not flag


quotients = st.one_of(
    st.integers(0, 2**44),
    st.sampled_from([2**44, 2**45, 2**49, 2**50, 2**52]).flatmap(lambda q: st.integers(q - 9, q + 9)),
)


@pytest.mark.parametrize("mode", list(RoundingMode))
@settings(max_examples=25, deadline=None)
@given(st.data())
def test_rounding_a_quotient(mode: RoundingMode, data: st.DataObject) -> None:
    size = data.draw(st.sampled_from([2**30, 2**49, 2**53, 2**80, 2**100, 2**140]))
    greatest = data.draw(st.sampled_from([1, 2, 3, 100, 10**4, 10**9, 2**50, 2**60, 2**110]))
    constant = data.draw(st.booleans())
    m = data.draw(st.integers(1, greatest))
    rows = []
    for _ in range(16):
        divisor = m if constant else data.draw(st.integers(1, greatest))
        whole = data.draw(st.sampled_from([-1, 1])) * min(size // divisor, data.draw(quotients))
        beside = data.draw(st.sampled_from([0, 1, -1, divisor // 2, divisor // 2 + 1, -(divisor // 2), divisor - 1]))
        rows.append((max(-size, min(size, whole * divisor + beside)), divisor))

    def work(arithmetic: Arithmetic, operands: list[Whole]) -> list[Whole]:
        divisor = arithmetic.constant(m) if constant else operands[1]
        bounds = (Fraction(-size, m if constant else 1), Fraction(size, m if constant else 1))
        return [rounded_quotient(arithmetic, operands[0], divisor, mode, bounds)]

    result, flags = run([(-size, size), (1, greatest)], rows, work)
    for (n, divisor), (quotient,), flag in zip(rows, result, flags, strict=True):
        expected = round_whole(Fraction(n, divisor), mode)
        assert flag or quotient == expected, (n, divisor)
        assert not flag or abs(expected) >= 2**44


# Divisors whose rounded inverse, times themselves or their multiples, is less than the whole number it should be.
AWKWARD = [m for m in range(1, 2000) if any(float(k * m) * (1.0 / m) < k for k in (1, 3, 5, 7))][:12]


@pytest.mark.parametrize("mode", list(RoundingMode))
@pytest.mark.parametrize("m", [*AWKWARD, 2, 3, 100, 10_000])
def test_whole_and_half_quotients_by_awkward_divisors(mode: RoundingMode, m: int) -> None:
    near = [step * m // 2 + beside for step in range(-40, 41) for beside in (-1, 0, 1)]
    far = [(2**49 // m + step) * m // 2 + beside for step in range(12) for beside in (-1, 0, 1)]
    rows = [(n,) for n in near + far]

    def work(arithmetic: Arithmetic, operands: list[Whole]) -> list[Whole]:
        bounds = (Fraction(-(2**49), m), Fraction(2**49, m))
        return [rounded_quotient(arithmetic, operands[0], arithmetic.constant(m), mode, bounds)]

    result, _ = run([(-(2**49), 2**49)], rows, work)
    assert [quotient for (quotient,) in result] == [round_whole(Fraction(n, m), mode) for (n,) in rows]
