"""Against the figures on which TAXSIM and PolicyEngine-US agree, through our own `taxsim` interface."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterator
from fractions import Fraction
from functools import partial
from pathlib import Path

from api.rules import programs
from api.taxsim import run
from tests.validation.compare import Tally
from tests.validation.consensus_classes import explained

DATA = Path(__file__).parent / "data" / "consensus.csv.gz"
SOURCE = "TAXSIM and PolicyEngine"
FIGURES = ("fiitax", "v10", "v11", "v12", "v13", "v18", "v24", "v25", "v22+actc", "v27", "v28", "tfica", "niit", "qbid")
Row = dict[str, str]


def rows(every: int = 1) -> list[Row]:
    """Every n-th tax unit with the agreed figures."""
    with gzip.open(DATA, "rt", newline="") as stream:
        return list(csv.DictReader(stream))[::every]


def answered(units: list[Row]) -> dict[tuple[str, str], Row]:
    """Our answers by id and year."""
    table = io.StringIO()
    inputs = [name for name in units[0] if name not in FIGURES]
    writer = csv.DictWriter(table, [*inputs, "idtl"], extrasaction="ignore")
    writer.writeheader()
    writer.writerows({**row, "idtl": "2"} for row in units)
    answer = io.BytesIO()
    source = io.BytesIO(table.getvalue().encode())
    run(programs.load_program("us"), source, answer, lambda _message: None, Fraction(100))
    lines = io.StringIO(answer.getvalue().decode())
    return {(row["taxsimid"], row["year"]): row for row in csv.DictReader(lines)}


def compare(units: list[Row]) -> Iterator[Tally]:
    """A tally for each figure and year."""
    ours = answered(units)
    for year in sorted({row["year"] for row in units}):
        for figure in FIGURES:
            tally = Tally(SOURCE, figure, int(year))
            for row in units:
                if row["year"] == year and row[figure]:
                    answer = ours.get((row["taxsimid"], year))
                    value = (
                        None
                        if answer is None
                        else sum((Fraction(answer[name]) for name in figure.split("+")), Fraction())
                    )
                    tally.add(row["taxsimid"], value, Fraction(row[figure]), partial(explained, row))
            yield tally
