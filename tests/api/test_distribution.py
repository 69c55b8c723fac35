"""Tax-Calculator's tables on the amounts of 400 units, against the tables that Tax-Calculator itself makes of them.

`tests/validation/reforms/make_tables.py` had it make them. It puts the last unit below zero among those at zero, and
the last at zero among those above: the three rows are compared as one, and each by itself with the signs.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from api.simulate.disclosure import Published, hide_what_follows
from api.simulate.distribution import (
    DIFFERENCE,
    DISTRIBUTION,
    TENTHS,
    Parts,
    by_bands,
    by_tenths,
    difference,
    distribution,
)
from api.simulate.named_published import named_hidden, tables_of_named
from api.simulate.named_tables import named_tables

FILE = Path(__file__).parents[1] / "validation" / "data" / "taxcalc_tables.npz"
BILLIONS, MILLIONS = ("tot_change", "ubi", "benefit_cost_total", "benefit_value_total"), ("count", "tax_cut", "tax_inc")


@pytest.fixture(scope="module")
def made() -> dict[str, Any]:
    with np.load(FILE) as file:
        return {name: file[name] for name in file.files}


def amounts(made: dict[str, Any], side: str) -> dict[str, Any]:
    return {name.partition("/")[2]: values for name, values in made.items() if name.startswith(f"{side}/")}


def parts(made: dict[str, Any], way: str) -> Parts:
    income = made["law/expanded_income"]
    return by_tenths(income, made["weights"]) if way == "weighted_deciles" else by_bands(income)


def lowest_as_one(way: str, table: Any) -> Any:
    return np.vstack([table[:3].sum(axis=0), table[3:]]) if way == "weighted_deciles" else table


@pytest.mark.parametrize("way", ["weighted_deciles", "standard_income_bins"])
@pytest.mark.parametrize("side", ["law", "reform"])
def test_the_24_columns_are_taxcalcs(made: dict[str, Any], way: str, side: str) -> None:
    ours = distribution(parts(made, way), amounts(made, side), made["weights"])
    theirs = made[f"distribution/{way}/{side}"]
    assert ours.shape == theirs.shape == (len(parts(made, way).rows), len(DISTRIBUTION)) and len(DISTRIBUTION) == 24
    np.testing.assert_allclose(lowest_as_one(way, ours), lowest_as_one(way, theirs), rtol=1e-9, atol=1e-6)


@pytest.mark.parametrize("way", ["weighted_deciles", "standard_income_bins"])
@pytest.mark.parametrize("tax", ["iitax", "payrolltax", "combined"])
def test_the_12_columns_are_taxcalcs(made: dict[str, Any], way: str, tax: str) -> None:
    ours = difference(parts(made, way), amounts(made, "law"), amounts(made, "reform"), made["weights"], tax)
    theirs = made[f"difference/{way}/{tax}"].copy()
    assert len(DIFFERENCE) == 12
    for at, column in enumerate(DIFFERENCE):
        theirs[:, at] *= 1e9 if column in BILLIONS else 1e6 if column in MILLIONS else 1
    first = 3 if way == "weighted_deciles" else 0
    shares = DIFFERENCE.index("share_of_change")
    if not theirs[:, shares].any():  # taxcalc's is 0 for every cut
        ours[:, shares] = 0
    np.testing.assert_allclose(ours[first:], theirs[first:], rtol=1e-9, atol=1e-6)


def test_the_lowest_tenth_is_parted_by_the_sign(made: dict[str, Any]) -> None:
    income, weights = made["law/expanded_income"], made["weights"]
    table = distribution(by_tenths(income, weights), amounts(made, "law"), weights)
    assert TENTHS[:2] == ("0-10n", "0-10z")
    np.testing.assert_allclose(table[0, 0], weights[income < 0].sum())
    np.testing.assert_allclose(table[1, 0], weights[income == 0].sum())
    np.testing.assert_allclose(table[:11, 0].sum() + table[11, 0], weights.sum())


def test_small_cells_and_what_would_tell_them_are_left_out(made: dict[str, Any]) -> None:
    """Whatever is shown of a row's count counts ten units or none."""
    before, after = amounts(made, "law"), amounts(made, "reform")
    tables = named_tables(before, after, made["weights"])
    assert {len(table.columns) for table in tables} == {24, 12}
    of = by_tenths(before["expanded_income"], made["weights"])
    for table in (table for table in tables if table.name == "distribution weighted_deciles current law"):
        counts = of.total((before["c09600"] > 0).astype(float))
        at = table.columns.index("count_AMT")
        shown = [int(n) for n, row in zip(counts, table.rows, strict=True) if row.cells[at]]
        assert all(n == 0 or n >= 10 for n in shown)
        assert any(not row.cells[at] for row in table.rows)


def told_apart(tables: Sequence[Published], secrets: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """How far each secret is from the nearest combination of what is shown, unit by unit."""
    shown = [(table.of == cell).astype(float) for table in tables for cell in np.flatnonzero(table.shown)]
    basis = np.stack([np.ones(len(tables[0].of)), *shown], axis=1)
    known = basis @ np.linalg.lstsq(basis, np.stack(secrets, axis=1), rcond=None)[0]
    return np.asarray(np.linalg.norm(np.stack(secrets, axis=1) - known, axis=0))


def test_no_small_cell_follows_from_all_these_tables_together(made: dict[str, Any]) -> None:
    before, after = amounts(made, "law"), amounts(made, "reform")
    tables = named_tables(before, after, made["weights"])
    published = tables_of_named(tables, before, after, made["weights"])
    secrets = [(table.of == cell).astype(float) for table in published for cell in np.flatnonzero(table.secret)]
    assert told_apart(published, secrets).min() < 1e-6  # each table by itself hides too little
    hide_what_follows(published)
    assert told_apart(published, secrets).min() > 1e-6
    left = named_hidden(tables, {table.key: table.hidden for table in published})
    for table in published:
        named = next(each for each in left if each.name == table.key[1])
        for row, shown in zip(table.names, table.shown, strict=True):
            if table.key[2] in named.columns and not shown:
                assert named.rows[int(str(row))].cells[named.columns.index(table.key[2])] == ""
