"""Choose the units of taxcalc's survey that the tests compare.

    python -m tests.validation.make_cps_sample FOLDER [--units 44] [--each 2]

1. From the files that `peer_cps.py` wrote into FOLDER, draw units of each year at random.
2. Add units of each class of difference in that year, so that the tests meet every class.
3. Write them in the same form into `data/cps`.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np

from api.rules import programs
from tests.validation import cps
from tests.validation.compare import Tally


def chosen(found: list[tuple[Tally, cps.Totals]], units: cps.Arrays, count: int, each: int) -> list[int]:
    """The rows of a year that are shipped."""
    row_of = {str(record): row for row, record in enumerate(units["RECID"])}
    rows = {int(row) for row in np.random.default_rng(found[0][0].year).choice(len(row_of), count, replace=False)}
    members: dict[str, set[int]] = defaultdict(set)
    for tally, _ in found:
        for difference in tally.differences:
            if len(members[difference.explained]) < each:
                members[difference.explained].add(row_of[difference.case])
    return sorted(rows.union(*members.values()))


def main() -> None:
    """Write the files that are shipped."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--units", type=int, default=44, help="random units of each year")
    parser.add_argument("--each", type=int, default=2, help="units of each class in each year")
    options = parser.parse_args()
    program = programs.load_program("us")
    for year in cps.YEARS:
        name = f"cps_{year}.npz"
        units = cps.read(options.folder / name)
        comparison = list(cps.compare(program, options.folder, [year]))
        rows = chosen(comparison, units, options.units, options.each)
        kept: dict[str, Any] = {column: values[rows] for column, values in units.items()}
        np.savez_compressed(cps.DATA / name, **kept)


if __name__ == "__main__":
    main()
