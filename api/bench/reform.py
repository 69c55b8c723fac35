"""One reform, from the command to its report: `rulewright simulate` beside taxcalc's own command `tc`.

Both lay a child tax credit of 3,000 over the law of 2026 and write what follows: `tc` its tables, ours the report with
its tables, charts, standard errors and examples. Ours is measured twice: on the shipped sample, as the command runs
without a population, and on all units of the survey that taxcalc ships, which `tc` runs on.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pyarrow.parquet

from api.bench.measured_population import survey_tables, write_files
from api.bench.measuring import Measured, process, surroundings

YEAR = 2026
TC = "taxcalc's tc: a reform, command to tables, its survey"
OURS_SURVEY = "rulewright simulate: the same reform, command to report, its survey"
OURS_SAMPLE = "rulewright simulate: the same reform, command to report, shipped sample"
_THEIRS = {"CTC_c": {str(YEAR): 3_000}, "ACTC_c": {str(YEAR): 3_000}}
_OURS = f"""\
about: A child tax credit of 3,000
law: A bill
set:
  ctc_amount: {{{YEAR}-01-01: 3_000}}
  refundable_ctc_each: {{{YEAR}-01-01: 3_000}}
"""


def measured(peers: Mapping[str, str], folder: Path, runs: int) -> Iterator[Measured]:
    """`tc` and ours, if taxcalc is a peer: the best of `runs`."""
    if "taxcalc" not in peers:
        return
    variables = {**surroundings(folder / "python"), "RULEWRIGHT_CACHE": str(folder / "cache")}
    files = list(_survey(peers["taxcalc"], folder, variables))
    units = pyarrow.parquet.read_metadata(files[-1]).num_rows
    (folder / "theirs.json").write_text(json.dumps(_THEIRS), encoding="utf-8")
    theirs = [str(Path(peers["taxcalc"]).with_name("tc")), "cps.csv", str(YEAR)]
    theirs += ["--reform", "theirs.json", "--tables", "--exact", "--silent"]
    best = min(process(theirs, variables, folder=folder) for _ in range(min(runs, 2)))
    yield best.measured("peer", TC, units)
    (folder / "ours.yaml").write_text(_OURS, encoding="utf-8")
    ours = [sys.executable, "-m", "api.cli", "simulate", "us", "--reform", str(folder / "ours.yaml")]
    ours += ["--at", str(YEAR), "--report", str(folder / "out.html")]
    populations = [part for path in files for part in ("--population", path)]
    for what, command, count in ((OURS_SURVEY, [*ours, *populations], units), (OURS_SAMPLE, ours, 0)):
        process(command, variables)  # as after the first use: the law's code is compiled
        yield min(process(command, variables) for _ in range(runs)).measured("peer", what, count)


def _survey(python: str, folder: Path, variables: Mapping[str, str]) -> Iterator[str]:
    """The survey in the reform's year, with its weights, as files of people and tax units."""
    path = folder / "weighted.npz"
    process([python, str(Path(__file__).with_name("peer_taxcalc.py")), "survey", str(path), str(YEAR)], variables)
    (folder / "weighted").mkdir()
    return write_files(survey_tables(path), folder / "weighted")
