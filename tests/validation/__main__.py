"""`python -m tests.validation`: compare with other calculators, print how many figures agree, write those that do not.

    python -m tests.validation [--every N] [--only consensus|taxcalc|cps|direct-file|policyengine] [--out FOLDER]
        [--taxcalc FILE] [--cps FOLDER] [--year YEAR …] [--taxcalc-python PYTHON] [--direct-file FOLDER]
        [--policyengine FOLDER]

With a Python that has taxcalc, the files of its survey that FOLDER lacks are made first: about half a minute a year.

Exit 0 if everything agrees within a dollar, 5 if there are differences (DIFFERENCES.md explains them), 2 for wrong
usage.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from api.rules import programs
from tests.validation import consensus, cps, direct_file, policyengine, taxcalc_peer
from tests.validation.compare import Tally, print_table, write_differences


def main() -> int:
    """Run the comparisons that are asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.validation", description=__doc__)
    parser.add_argument("--every", type=int, default=1, help="take every n-th case only")
    parser.add_argument("--only", choices=("consensus", "taxcalc", "cps", "direct-file", "policyengine"))
    parser.add_argument("--out", type=Path, default=Path("build/validation"), help="where differing rows are written")
    parser.add_argument("--taxcalc", type=Path, default=taxcalc_peer.DATA, help="what peer_taxcalc.py wrote")
    parser.add_argument("--cps", type=Path, default=cps.DATA, help="what peer_cps.py wrote")
    parser.add_argument("--year", type=int, nargs="+", default=cps.YEARS, help="years of the survey to compare")
    parser.add_argument("--taxcalc-python", help="makes the files of the survey that are missing")
    parser.add_argument("--direct-file", type=Path, default=direct_file.DATA, help="a folder of Direct File returns")
    parser.add_argument("--policyengine", type=Path, help="where policyengine-us has its tests of gov/irs")
    options = parser.parse_args()
    tallies: list[Tally] = []
    facts: dict[tuple[str, str, int], dict[str, str]] = {}
    if options.only in (None, "consensus"):
        units = consensus.rows(options.every)
        tallies += consensus.compare(units)
        facts |= {(consensus.SOURCE, row["taxsimid"], int(row["year"])): row for row in units}
    if options.only in (None, "direct-file"):
        tallies += direct_file.compare(direct_file.returns(options.direct_file, options.every))
    if options.policyengine and options.only in (None, "policyengine"):
        tallies += policyengine.compare(options.policyengine, options.every)
    if options.only in (None, "taxcalc"):
        units = taxcalc_peer.rows(options.taxcalc, options.every)
        tallies += taxcalc_peer.compare(units)
        facts |= {(taxcalc_peer.SOURCE, row["RECID"], int(row["FLPDYR"])): row for row in units}
    if options.only in (None, "cps"):
        if options.taxcalc_python:
            cps.make(options.taxcalc_python, options.cps, options.year)
        survey = list(cps.compare(programs.load_program("us"), options.cps, options.year))
        tallies += [tally for tally, _ in survey]
        cps.print_totals(survey)
    print_table(tallies)
    target = options.out / "differences.csv"
    write_differences(target, tallies, facts)
    differing = sum(len(tally.differences) for tally in tallies)
    unexplained = sum(len(tally.unexplained) for tally in tallies)
    print(f"{differing:,} figures differ by more than a dollar, {unexplained:,} of them unexplained; see {target}")
    return 5 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
