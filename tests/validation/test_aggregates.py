"""taxcalc's shipped aggregates: the table is whole, and our projected law can be put on its assumptions."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from engine.interpret.constants import Constants
from tests.validation import aggregates, cps

NAMES = ("c00100", "c04470", "standard", "c04600", "c04800", "taxbc", "c62100", "c09600", "c05800", "refund", "c07100",
         "othertaxes", "iitax", "payrolltax")  # fmt: skip


def test_the_shipped_table_is_of_nineteen_years() -> None:
    table = aggregates.shipped()
    assert list(table) == list(range(2017, 2036))
    assert table[2026]["Ind Income Tax ($b)"] == 2030.5
    made = aggregates.aggregates(dict.fromkeys(NAMES, np.zeros(1)), np.ones(1))
    assert set(made) <= set(table[2026])
    assert {name for name in table[2026] if name not in made} == {
        "Reform Surtaxes ($b)", "UBI Benefits ($b)", "Total Benefits Cost ($b)",
        "Total Benefits, Consumption Value ($b)",
    }  # fmt: skip


def test_rows_are_sums_over_units_with_their_weights() -> None:
    amounts = {name: np.array([1e9, 0.0, -2e9]) for name in NAMES}
    made = aggregates.aggregates(amounts, np.array([3.0, 5.0, 1.0]))
    assert made["AGI ($b)"] == 1.0
    assert made["Combined Liability ($b)"] == 2.0
    assert made["Itemizers (#m)"] == 3e-6
    assert made["With Income Tax <= 0 (#m)"] == 6e-6


def test_the_indexes_of_projected_years_are_those_that_taxcalc_assumes() -> None:
    program = aggregates.law_of(projected=True)
    constants = Constants(program)
    (index,) = [name for name in program.parameters if name.endswith("chained_cpi")]
    stated = [constants.at(index, date(year, 1, 1)) for year in (2026, 2027, 2035)]
    values = [float(fact.content) for fact in stated if fact is not None]
    assert values[1] / values[0] == pytest.approx(1.029301)
    growth = np.prod(list(aggregates.PRICES.values()))
    assert values[2] / values[0] == pytest.approx(growth, rel=1e-6)


def test_what_is_apart_and_not_explained_is_told() -> None:
    def row(rest: float, year: int = 2024) -> aggregates.Row:
        return aggregates.Row(year, "AGI ($b)", 1_010.0, 1_000.0, 1_000.0, rest)

    assert not row(1_010.0).close
    assert (row(1_000.9).explained, row(1_001.1).explained) == (True, False)
    assert (row(1_001.9, 2030).explained, row(1_002.1, 2030).explained) == (True, False)


def test_taxcalcs_own_answers_add_up_to_its_taxes() -> None:
    """On the shipped part of the survey: the regular tax and others, less what is refunded and what is paid apart."""
    units = cps.read(next(iter(sorted(cps.DATA.glob("cps_2024.npz")))))
    exact_figures = aggregates.exact_figures(units)
    regular = np.maximum(0, units["out_c05800"] - units["out_c07100"])
    apart = units["out_setax"] + units["out_ptax_amc"]
    np.testing.assert_allclose(
        exact_figures["iitax"], regular + exact_figures["othertaxes"] - exact_figures["refund"] - apart, atol=0.02
    )
