"""Measures of inequality against an independent way of computing each, and tables that add up."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from api.simulate.crossed import crossed
from api.simulate.exactly import exact_text, rounded_text, total_of, weighted_total
from api.simulate.groups import Parting
from api.simulate.measures import inequality, poverty, quantile, ranked, tenths
from api.simulate.suppress import SMALL_BELOW, suppressed

PAIRS = st.lists(
    st.tuples(st.integers(-50_000, 2_000_000), st.integers(1, 90_000)), min_size=1, max_size=60
)  # fmt: skip


def lorenz(pairs: list[tuple[Fraction, int]], share: Fraction) -> Fraction:
    """The part of all income that the poorest `share` of the weight has, person by person, in exact numbers."""
    left = share * sum(weight for _, weight in pairs)
    had = Fraction(0)
    for value, weight in sorted(pairs):
        taken = min(left, Fraction(weight))
        had, left = had + taken * value, left - taken
    return had / sum(value * weight for value, weight in pairs)


BARELY = [(0, 10**9), (1, 10**9), (1_000, 10**9), (2_000, 2 * 10**9), (5, 1)]
"""The poorest fifth has a fifth of a person beside those who have nothing."""


@given(PAIRS)
@example(BARELY)
@settings(max_examples=150, deadline=None)
def test_inequality_is_what_definitions_give(pairs: list[tuple[int, int]]) -> None:
    values, weights = (np.array(item, dtype=np.float64) for item in zip(*pairs, strict=True))
    gini, s80_s20, palma, top_10, top_1 = inequality(ranked(values), weights)
    floored = [(Fraction(max(0, value)), weight) for value, weight in pairs]
    total = sum(value * weight for value, weight in floored)
    if total == 0:
        assert np.isnan(gini)
        return
    size = sum(weight for _, weight in floored)
    apart = sum(w * v * abs(x - y) for x, w in floored for y, v in floored)
    assert gini == pytest.approx(float(apart / (2 * size * total)), abs=1e-9)
    assert top_10 == pytest.approx(float(1 - lorenz(floored, Fraction(9, 10))), abs=1e-9)
    assert top_1 == pytest.approx(float(1 - lorenz(floored, Fraction(99, 100))), abs=1e-9)
    bottom_20, bottom_40 = lorenz(floored, Fraction(1, 5)), lorenz(floored, Fraction(2, 5))
    if bottom_20:
        assert s80_s20 == pytest.approx(float((1 - lorenz(floored, Fraction(4, 5))) / bottom_20), rel=1e-9)
    if bottom_40:
        assert palma == pytest.approx(float((1 - lorenz(floored, Fraction(9, 10))) / bottom_40), rel=1e-9)


@given(PAIRS, st.integers(1, 400_000))
@settings(max_examples=100, deadline=None)
def test_poverty_is_counted_one_by_one(pairs: list[tuple[int, int]], line: int) -> None:
    values, weights = (np.array(item, dtype=np.float64) for item in zip(*pairs, strict=True))
    headcount, gap, deep = poverty(values, np.full(len(values), float(line)), weights)
    size = sum(weight for _, weight in pairs)
    poor = [(value, weight) for value, weight in pairs if value < line]
    assert headcount == pytest.approx(sum(weight for _, weight in poor) / size, abs=1e-9)
    assert deep == pytest.approx(sum(weight for value, weight in poor if 2 * value < line) / size, abs=1e-9)
    short = sum(weight * min(Fraction(1), Fraction(line - value, line)) for value, weight in poor)
    assert gap == pytest.approx(float(short / size), abs=1e-9)


@given(PAIRS, st.integers(1, 99))
@settings(max_examples=100, deadline=None)
def test_a_quantile_has_its_share_at_or_below_it(pairs: list[tuple[int, int]], percent: int) -> None:
    values, weights = (np.array(item, dtype=np.float64) for item in zip(*pairs, strict=True))
    quantiles = quantile(values, weights, percent / 100)
    size = sum(weight for _, weight in pairs)
    assert 100 * sum(weight for value, weight in pairs if value <= quantiles) >= percent * size - 1e-6
    assert 100 * sum(weight for value, weight in pairs if value < quantiles) <= percent * size + 1e-6


@given(PAIRS)
@settings(max_examples=100, deadline=None)
def test_tenths_rise_with_income_and_equals_share_one(pairs: list[tuple[int, int]]) -> None:
    values, weights = (np.array(item, dtype=np.float64) for item in zip(*pairs, strict=True))
    found_tenths = tenths(values, weights)
    assert found_tenths.min() >= 1 and found_tenths.max() <= 10
    order = np.argsort(values, kind="stable")
    assert (np.diff(found_tenths[order]) >= 0).all()
    assert (np.diff(found_tenths[order])[np.diff(values[order]) == 0] == 0).all()


def test_tenths_of_equal_weights_are_equal() -> None:
    assert np.bincount(tenths(np.arange(1_000.0), np.ones(1_000))).tolist() == [0, *[100] * 10]


@given(st.lists(st.tuples(st.integers(-(10**15), 10**15), st.integers(0, 2**52)), max_size=40))
@settings(max_examples=150, deadline=None)
def test_totals_are_exact_whatever_their_size(pairs: list[tuple[int, int]]) -> None:
    entries = np.array([entry for entry, _ in pairs], dtype=np.int64)
    weights = np.array([weight for _, weight in pairs], dtype=np.int64)
    assert weighted_total(entries, weights) == sum(entry * weight for entry, weight in pairs)
    assert total_of(weights) == sum(weight for _, weight in pairs)


def test_numbers_are_written_with_all_their_digits_or_so_many() -> None:
    assert exact_text(-12_345_678, 10_000) == "-1234.5678"
    assert exact_text(500, 10_000) == "0.05"
    assert rounded_text(0.125, 2) == "0.13"
    assert rounded_text(float("nan"), 2) == ""


@given(st.lists(st.lists(st.integers(0, 40), min_size=4, max_size=4), min_size=1, max_size=6))
@settings(max_examples=200, deadline=None)
def test_no_hidden_cell_can_be_worked_out_from_a_total(table: list[list[int]]) -> None:
    counts = np.array(table, dtype=np.int64)
    hidden = suppressed(counts)
    assert hidden[(counts > 0) & (counts < SMALL_BELOW)].all()
    lines = [*zip(counts, hidden, strict=True), *(zip(counts.T, hidden.T, strict=True) if len(counts) > 1 else ())]
    for cells, gone in lines:
        assert gone.sum() != 1
        assert not 0 < cells[gone].sum() < SMALL_BELOW or cells.sum() < SMALL_BELOW


def test_nothing_is_hidden_where_nothing_is_small() -> None:
    assert not suppressed(np.array([[10, 0, 400], [30, 20, 0]])).any()


@given(
    st.lists(
        st.tuples(
            st.integers(-(10**13), 10**13),
            st.sampled_from([0, 1, 7, 10**6, 2**51]),
            st.integers(0, 2),
            st.integers(0, 1),
        ),
        min_size=1,
        max_size=40,
    )
)
@settings(max_examples=150, deadline=None)
def test_totals_of_partings_are_exact_whatever_their_size(units: list[tuple[int, int, int, int]]) -> None:
    entries, weights, first, second = (np.array(column, dtype=np.int64) for column in zip(*units, strict=True))
    cells = crossed([Parting("a", "", ("x", "y", "z"), first), Parting("b", "", ("x", "y"), second)])
    parted = [[[unit for unit in units if unit[2 + way] == group] for group in range(3 - way)] for way in (0, 1)]
    assert cells.counts() == [[len(group) for group in way] for way in parted]
    assert cells.totals(weights) == [[sum(unit[1] for unit in group) for group in way] for way in parted]
    assert cells.totals(weights, entries) == [
        [sum(unit[0] * unit[1] for unit in group) for group in way] for way in parted
    ]
