"""What is hidden in one table does not follow from others: small tables worked out by hand, and random ones by rank."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from api.simulate.disclosure import Published, hide_what_follows
from api.simulate.suppress import SMALL_BELOW


def table(name: str, of: Sequence[int], shown: Sequence[bool]) -> Published:
    cells = np.array(of, dtype=np.int16)
    n = np.bincount(cells[cells >= 0], minlength=len(shown))
    return Published((name,), range(len(shown)), cells, n, np.array(shown))


def test_a_sum_that_another_table_tells_gives_nothing_away() -> None:
    """Families and children: couples (5) and couples with children (12) are hidden, but those without children are one
    filer (30) and couple: 35 in all, so that the 5 follow. Hiding the 12 alone does not help."""
    family = [0] * 30 + [1] * 20 + [2] * 5 + [3] * 12
    children = [0] * 30 + [1] * 20 + [0] * 5 + [1] * 12
    tables = [table("family", family, [True, True, False, False]), table("children", children, [True, True])]
    hide_what_follows(tables)
    shown = {(published.key[0], int(cell)) for published in tables for cell in np.flatnonzero(published.shown)}
    assert ("family", 2) not in shown
    assert not {("family", 0), ("children", 0)} <= shown
    assert not {("family", 0), ("children", 1)} <= shown


def test_what_one_reform_hides_another_does_not_tell() -> None:
    """Under both reforms the same seven lose: what the second table shows of them is hidden too."""
    of = [0] * 7 + [1] * 40 + [2] * 25
    tables = [table("first", of, [False, True, False]), table("second", of, [True, True, True])]
    hide_what_follows(tables)
    assert all(not one.shown[0] and one.shown.tolist() == [False, True, False] for one in tables)


def test_tables_that_are_not_spared_hide_first() -> None:
    """The seven are the second table's 32 less the first one's 25: of the two the larger is hidden."""
    of = [0] * 7 + [1] * 40 + [2] * 25
    spared = table("first", of, [False, False, True])
    other = replace(table("second", [0] * 7 + [1] * 40 + [0] * 25, [True, True]), spared=False)
    hide_what_follows([spared, other])
    assert spared.shown.tolist() == [False, False, True]
    assert not other.shown.any()


def test_where_nothing_follows_nothing_more_is_hidden() -> None:
    of = [0] * 6 + [1] * 14 + [2] * 50
    other = [0] * 3 + [1] * 12 + [0] * 15 + [1] * 40
    tables = [table("first", of, [False, False, True]), table("second", other, [True, True])]
    hide_what_follows(tables)
    assert tables[0].shown.tolist() == [False, False, True] and tables[1].shown.all()


def vectors(tables: Sequence[Published]) -> tuple[list[NDArray[np.float64]], list[NDArray[np.float64]]]:
    """What is shown and what is secret, unit by unit."""
    shown: list[NDArray[np.float64]] = [np.ones(len(tables[0].of))]
    secret: list[NDArray[np.float64]] = []
    for one in tables:
        for cell, told in enumerate(one.shown):
            (shown if told else secret if one.n[cell] and one.n[cell] < SMALL_BELOW else []).append(
                (one.of == cell).astype(np.float64)
            )
    return shown, secret


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), tables=st.integers(2, 6))
def test_no_secret_is_a_combination_of_what_is_shown(seed: int, tables: int) -> None:
    random = np.random.default_rng(seed)
    finest = random.integers(0, 7, 60)  # the tables gather the same few groups, so that they lead to one another
    made = []
    for number in range(tables):
        cells = int(random.integers(2, 5))
        of = random.integers(0, cells, 7)[finest]
        n = np.bincount(of, minlength=cells)
        made.append(table(str(number), of.tolist(), [not 0 < count < SMALL_BELOW for count in n]))
    hide_what_follows(made)
    shown, secret = vectors(made)
    rank = np.linalg.matrix_rank(np.stack(shown))
    assert all(np.linalg.matrix_rank(np.stack([*shown, each])) > rank for each in secret)


@pytest.mark.parametrize("far", [0, 1])
def test_tables_of_people_who_are_not_in_one_of_them(far: int) -> None:
    """Rates are told of those who earn: two tables that differ by eight tell of the eight."""
    earning = [0] * 30 + [1] * 40 + [-1] * 8
    everybody = [0] * 30 + [1] * 40 + [far] * 8
    secret = [-1] * 70 + [0] * 8
    tables = [table("rates", earning, [True, True]), table("all", everybody, [True, True]), table("s", secret, [False])]
    hide_what_follows(tables)
    shown, hidden = vectors(tables)
    rank = np.linalg.matrix_rank(np.stack(shown))
    assert np.linalg.matrix_rank(np.stack([*shown, hidden[0]])) > rank
