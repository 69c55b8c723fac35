"""Standard errors against samples made one by one, and rates whose bands tell nothing that is hidden."""

from __future__ import annotations

import numpy as np
import pytest

from api.simulate.sampling import MOST_GROUPS, Samples, bootstrap, cells_of


def test_sums_of_samples_are_those_of_each_sample_by_itself() -> None:
    random = np.random.default_rng(3)
    units = 3 * MOST_GROUPS + 7
    samples, values = bootstrap(units, 12, 5), random.normal(size=units)
    of = random.integers(0, 6, units)
    one_by_one = [np.bincount(of, values * row[samples.group], 6) for row in samples.times]
    np.testing.assert_allclose(samples.sums(values, of, 6), one_by_one)
    many = random.integers(0, 5_000, units)
    one_by_one = [np.bincount(many, values * row[samples.group], 5_000) for row in samples.times]
    np.testing.assert_allclose(samples.sums(values, many, 5_000), one_by_one)
    np.testing.assert_allclose(
        samples.sums(values)[:, 0], [(values * row[samples.group]).sum() for row in samples.times]
    )


@pytest.mark.parametrize("units", [400, 5 * MOST_GROUPS])
def test_the_error_of_a_total_is_what_theory_gives(units: int) -> None:
    values = np.random.default_rng(9).gamma(2.0, 100.0, units)
    samples = bootstrap(units, 4_000, 1)
    (error,) = samples.error(samples.sums(values), np.array([values.sum()]))
    assert error == pytest.approx(np.sqrt(units) * values.std(), rel=0.08)


def test_every_sample_has_as_many_groups_as_there_are_and_the_seed_makes_it() -> None:
    samples = bootstrap(2_500, 30, 4)
    assert (samples.times.sum(axis=1) == MOST_GROUPS).all()
    assert (bootstrap(2_500, 30, 4).times == samples.times).all()
    assert (bootstrap(2_500, 30, 5).times != samples.times).any()
    assert np.bincount(samples.group).min() >= 2


def test_replicate_weights_are_measured_from_the_whole() -> None:
    """A jackknife of three units: factor 2/3 times the squared distances."""
    values = np.array([1.0, 2.0, 6.0])
    times = (np.ones((3, 3)) - np.eye(3)) * 1.5
    samples = Samples(np.arange(3), times, 2 / 3)
    distances = [1.5 * (9 - value) - 9 for value in values]
    (error,) = samples.error(samples.sums(values), np.array([9.0]))
    assert error == pytest.approx((2 / 3 * sum(distance**2 for distance in distances)) ** 0.5)


def test_cells_are_of_neighbours_in_rank() -> None:
    values = np.random.default_rng(2).normal(size=4_321)
    cells = cells_of(np.argsort(values))
    for cell in range(cells.max()):
        assert values[cells == cell].max() <= values[cells == cell + 1].min()
    assert cells_of(np.array([2, 0, 1])).tolist() == [1, 2, 0]
