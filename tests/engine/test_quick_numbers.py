"""Quick sums, products and comparisons give what Python's own operators give, kinds included."""

from __future__ import annotations

import operator
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.values import quick
from engine.values.exact import MAX_BITS, TOO_LONG, calculate

NUMBERS = st.one_of(st.integers(), st.fractions(), st.fractions(max_denominator=100), st.booleans())
ORDERED = st.one_of(st.lists(NUMBERS, min_size=1, max_size=5), st.lists(st.dates(), min_size=1, max_size=5))
OPERATORS: tuple[tuple[Callable[[Any, Any], Any], Callable[[Any, Any], Any]], ...] = (
    (quick.add, operator.add),
    (quick.subtract, operator.sub),
    (quick.multiply, operator.mul),
    (quick.less, operator.lt),
)


@pytest.mark.parametrize(("quickly", "plainly"), OPERATORS, ids=lambda function: function.__name__)
@given(left=NUMBERS, right=NUMBERS)
def test_an_operator_gives_what_pythons_own_gives(
    quickly: Callable[[Any, Any], Any], plainly: Callable[[Any, Any], Any], left: Any, right: Any
) -> None:
    assert repr(quickly(left, right)) == repr(plainly(left, right))


@given(values=ORDERED)
def test_the_first_of_equals_is_the_least_and_the_greatest(values: list[Any]) -> None:
    assert repr(quick.least(values)) == repr(min(values))
    assert repr(quick.greatest(values)) == repr(max(values))


def test_a_number_is_too_long_by_the_bits_of_both_its_parts() -> None:
    half = 1 << (MAX_BITS // 2)
    assert calculate("+", Fraction(1, half - 1), 0) == Fraction(1, half - 1)
    with pytest.raises(OverflowError, match=TOO_LONG):
        calculate("*", Fraction(half - 1, half), Fraction(half + 1, half))
