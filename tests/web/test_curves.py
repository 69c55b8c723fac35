"""Curves over an income: rates, and cliffs found to the cent."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from api.web.charts import multiples, nice_step, pixels
from api.web.curves import curve, grid

CENTS = st.integers(100, 8_999_999)  # the curve ends at 90,000


@given(at=CENTS, loss=st.integers(100, 500_000), own=st.integers(0, 80_000))
def test_a_cliff_is_found_to_the_cent_with_its_cause(at: int, loss: int, own: int) -> None:
    edge, fall = Fraction(at, 100), Fraction(loss, 100)

    def evaluate(values: Sequence[Fraction]) -> dict[str, Sequence[Fraction]]:
        return {"tax": [x / 10 for x in values], "credit": [Fraction(0) if x > edge else fall for x in values]}

    points = curve(evaluate, Fraction(own), 90_000, Fraction(7), {"tax": -1, "credit": 1})
    steep = points.xs[1] * Fraction(9, 10) < fall  # less than a step of the chart gains is no fall on it
    assert [(cliff.at, cliff.causes) for cliff in points.cliffs] == ([(edge, (("credit", -fall),))] if steep else [])
    if steep:
        assert points.cliffs[0].loss == fall - Fraction(9, 10) / 100
        assert max(rate for _, rate in points.rates()) <= 1


@given(own=st.integers(0, 10**8), high=st.integers(1_000, 200_000))
def test_a_grid_is_round_and_holds_what_is_asked(own: int, high: int) -> None:
    xs = grid(Fraction(own), high)
    assert xs[0] == 0 and xs[-1] >= max(own, high) and 20 < len(xs) <= 182
    assert str(xs[1].numerator).strip("0") in ("1", "2", "5")


@given(width=st.fractions(Fraction(1, 1000), 10**9), ticks=st.integers(2, 200))
def test_a_step_is_round_and_gives_few_ticks(width: Fraction, ticks: int) -> None:
    step = nice_step(width, ticks)
    assert step * ticks >= width > step * ticks / 5 / 2
    assert len(list(multiples(Fraction(0), width, step))) <= ticks + 1


@given(st.fractions(-1000, 1000))
def test_a_pixel_is_rounded_to_a_tenth(value: Fraction) -> None:
    assert abs(Fraction(pixels(value)) - value) <= Fraction(1, 20)
