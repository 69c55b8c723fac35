"""`python -m tests.validation.reforms`: reforms beside taxcalc, unit by unit; what differs has a class or not.

    python -m tests.validation.reforms [--folder FOLDER] [--taxcalc-python PYTHON] [--count 200] [--units N] [--seed 1]
    python -m tests.validation.reforms --named --folder FOLDER [--taxcalc-python PYTHON] [--every N]

With a Python that has taxcalc, FOLDER is made first if it is not there: about five seconds a reform. Without FOLDER,
the sample that is shipped. `--named`: ten reforms of 2026 on the whole survey, their budgets and distribution tables.

Exit 0 if nothing is unexplained, 5 otherwise.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections import Counter
from pathlib import Path

from tests.validation.reforms import compare, named


def main() -> int:
    """Run the comparison that is asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.validation.reforms", description=__doc__)
    parser.add_argument("--folder", type=Path, default=compare.DATA, help="what peer.py wrote")
    parser.add_argument("--taxcalc-python", help="makes the folder if it is missing")
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--units", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--named", action="store_true", help="the ten named reforms on the survey")
    parser.add_argument("--every", type=int, default=1, help="of the survey, every n-th unit")
    options = parser.parse_args()
    if options.taxcalc_python and not (options.folder / "reforms.json").is_file():
        asked = ["--named", str(named.REFORMS), "--year", str(named.YEAR), "--every", str(options.every)]
        drawn = ["--count", str(options.count), "--units", str(options.units), "--seed", str(options.seed)]
        command = [options.taxcalc_python, "-m", "tests.validation.reforms.peer", str(options.folder)]
        subprocess.run([*command, *(asked if options.named else drawn)], check=True)
    return named.report(options.folder) if options.named else _random(options.folder)


def _random(folder: Path) -> int:
    """Each reform with how many changes differ; in the end how many belong to each class."""
    classes: Counter[str] = Counter()
    count = changes = 0
    for reform, tallies in compare.compare(folder):
        differences = [each for tally in tallies for each in tally.differences]
        classes.update(each.explained for each in differences)
        count, changes = count + 1, changes + sum(tally.cases for tally in tallies)
        unexplained = [each for each in differences if not each.explained]
        counts = f"{len(differences):4} differ, {len(unexplained)} unexplained"
        print(f"{reform.number:4} {reform.year}  {counts}  {reform.title}")
        for each in unexplained:
            print(
                f"       {each.figure} of unit {each.case}: {float(each.ours):+.2f}, taxcalc {float(each.theirs):+.2f}"
            )
    unexplained_count = classes.pop("", 0)
    for name, number in classes.most_common():
        print(f"{number:7,}  {name}")
    print(f"{count} reforms, {changes:,} changes compared: {classes.total() + unexplained_count:,} differ, "
          f"{unexplained_count:,} unexplained")  # fmt: skip
    return 5 if unexplained_count else 0


if __name__ == "__main__":
    sys.exit(main())
