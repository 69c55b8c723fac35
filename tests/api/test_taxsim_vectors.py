"""Rows of TAXSIM's columns laid out at once mean what each means alone; numbers are read exactly."""

from __future__ import annotations

import random

import numpy as np
import pytest

from api.rules import programs
from api.taxsim import answers, columns
from api.taxsim.figures import Figures
from api.taxsim.table import Row, read_header, read_row
from api.taxsim.units import STATUSES, check_row
from engine.native import WORTH_COMPILING

HEADER = read_header(["taxsimid", *columns.CODES, *columns.MONEY])
YEARS = (2014, 2021, 2024)
MILD = ("0", "0", "0", "0", "1200.5", "9000", "31000.005", "250000.10")
WILD = (*MILD, "-800", "20000000000", "99e30")


def random_row(number: int, year: int, draw: random.Random) -> Row | None:
    """A row, half of whose cells are nought, some out of range; None for one that no tax unit can be."""
    amounts = WILD if draw.random() < 0.2 else MILD
    ages = [draw.choice(["0", "0", "2", "12", "16", "18", "30"]) for _ in columns.AGES[:3]]
    cells = {
        "taxsimid": str(number),
        "year": str(year),
        "mstat": str(draw.choice(STATUSES)),
        "page": draw.choice(["0", "67"]),
        "sage": "0",
        "depx": draw.choice("0123"),
        **dict(zip(columns.AGES, ages, strict=False)),
        **{name: draw.choice(amounts) for name in columns.MONEY},
    }
    if cells["mstat"] != "2":
        cells |= dict.fromkeys(columns.SPOUSE, "0")
    row = read_row(number, [cells.get(name, "") for name in HEADER.places], HEADER)
    check_row(row, range(2013, 2027))
    return None if row.faults else row


@pytest.mark.parametrize("year", YEARS)
def test_many_rows_at_once_are_what_each_is_alone(year: int) -> None:
    draw = random.Random(year)
    rows = [row for number in range(500) if (row := random_row(number, year, draw))]
    assert len(rows) > 2 * WORTH_COMPILING
    figures = Figures(programs.load_program("us"), year, answers.WANTED_IN_FULL)
    together = figures.of(rows)
    refused = sum(fault is not None for fault in together.faults)
    assert 10 < refused < len(rows) / 2
    for start in range(0, len(rows), len(rows) // 3):
        few = rows[start : start + 25]
        alone = figures.of(few)
        assert alone.faults == together.faults[start : start + 25]
        for name, entries in alone.figures.items():
            assert np.array_equal(entries, together.figures[name][start : start + 25]), name


@pytest.mark.parametrize(
    ("text", "cents"),
    [
        ("", 0), ("0", 0), ("0.0", 0), ("-0.005", -1), ("0.005", 1), ("0.0049999999999999999999", 0), (".5e1", 500),
        ("41904.76190476191", 4190476), ("1e-99", 0), ("12345678901234567890.125e2", 123456789012345678901250),
        ("9" * 30 + "e99", (10**30 - 1) * 10**101),
    ],
)  # fmt: skip
def test_amounts_become_whole_cents_exactly(text: str, cents: int) -> None:
    row = read_row(1, ["2024", "1", text], read_header(["year", "mstat", "pwages"]))
    assert (row.faults, row.money["pwages"]) == ([], cents)
