"""Make `data/reforms`, the part of a long run that tests read: `python -m tests.validation.reforms.make_sample FOLDER`.

1. Take the reforms that are named by their numbers.
2. Of each year's units take some at random, and those that differ.
3. Keep the answers that are compared, and those that the classes of difference look at.
"""

from __future__ import annotations

import argparse
import json
import re
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np

from tests.validation import classes, cps
from tests.validation.reforms.compare import DATA, Asked, asked, compare


def kept_answers() -> set[str]:
    """The answers that a comparison reads."""
    read = set(re.findall(r'"(out_\w+)"', Path(classes.__file__).read_text(encoding="utf-8")))
    figures = {f"out_{name}" for _, plus, minus in cps.FIGURES.values() for name in (*plus, *minus)}
    wholly = {f"out_{name}" for names in cps.WHOLLY_REFUNDED.values() for name in names}
    return read | figures | wholly | {"out_standard", "out_c04470", "out_c05800", "out_c07100"}


def main() -> None:
    """Write the folder that is shipped."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--reforms", type=int, nargs="+", default=list(range(0, 200, 17)), help="their numbers")
    parser.add_argument("--units", type=int, default=30)
    options = parser.parse_args()
    reforms = asked(options.folder)
    chosen = [reforms[number] for number in options.reforms]
    rows = _rows(options.folder, chosen, options.units)
    DATA.mkdir(parents=True, exist_ok=True)
    kept = kept_answers()
    for year, places in rows.items():
        units = cps.read(options.folder / f"units_{year}.npz")
        _write(
            DATA / f"units_{year}.npz", units, [name for name in units if name in kept or "out_" not in name], places
        )
    for number, reform in enumerate(chosen):
        answers = cps.read(options.folder / f"reform_{reform.number}.npz")
        _write(DATA / f"reform_{number}.npz", answers, sorted(kept & set(answers)), rows[reform.year])
    said = [{"year": reform.year, "reform": reform.reform} for reform in chosen]
    (DATA / "reforms.json").write_text(json.dumps(said, indent=1) + "\n", encoding="utf-8")


def _rows(folder: Path, chosen: list[Asked], count: int) -> dict[int, list[int]]:
    differing: dict[int, set[int]] = defaultdict(set)
    for reform, tallies in compare(folder, [reform.number for reform in chosen]):
        apart = [int(each.case.partition("/")[2]) for tally in tallies for each in tally.differences]
        differing[reform.year] |= set(apart[:6])
    by_name = {}
    for year, records in differing.items():
        ids = cps.read(folder / f"units_{year}.npz")["RECID"]
        drawn = np.random.default_rng(year).choice(len(ids), count, replace=False).tolist()
        by_name[year] = sorted({*drawn, *np.flatnonzero(np.isin(ids, list(records))).tolist()})
    return by_name


def _write(path: Path, columns: cps.Arrays, names: list[str], rows: list[int]) -> None:
    kept: dict[str, Any] = {name: columns[name][rows] for name in names}
    np.savez_compressed(path, **kept)


if __name__ == "__main__":
    main()
