"""`rulewright batch RULES --at 2024 --input … --output out.parquet --want …`: a population, from files to a file."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from api import rulesets
from api.batch_run import BatchReport, Job, run_batch
from api.cli.output import complain, say, say_json, waiting
from api.failures import ExitCode, Misuse
from api.naming import find_definitions, read_period
from api.population_files import find_inputs

SHOWN_FAULTS = 50


def batch_command(
    rules: str,
    at: str,
    inputs: Sequence[str],
    output: Path,
    want: str,
    missing: str,
    threads: int,
    part_rows: int,
    reforms: Sequence[Path],
    as_json: bool,
) -> int:
    """Compute the wanted figures of everybody in the files."""
    with waiting("reading the rules"):
        program = rulesets.load_program(rules, reforms)
    wanted = find_definitions(program, want)
    if not wanted:
        raise Misuse("no figure is wanted", "name figures: `--want income_tax,eitc`")
    if missing not in ("none", "unknown"):
        raise Misuse(f"`{missing}` does not say what an empty cell means", "`--missing none` or `--missing unknown`")
    job = Job(
        program, read_period(program, at), find_inputs(program, list(inputs)), output, tuple(wanted),
        complete=missing == "none", threads=threads or os.cpu_count() or 1, part_rows=part_rows,
    )  # fmt: skip
    start = time.monotonic()
    report = run_batch(job, _progress)
    _report(job, report, time.monotonic() - start, as_json)
    return ExitCode.FAILED if report.faults or report.undetermined else ExitCode.DONE


def _progress(groups: int) -> None:
    if sys.stderr.isatty():
        print(f"\r\x1b[Kcomputing: {groups:,} done", end="\r", file=sys.stderr, flush=True)


def _report(job: Job, report: BatchReport, seconds: float, as_json: bool) -> None:
    for fault in report.faults[:SHOWN_FAULTS]:
        place = f"{fault.table}, row {fault.row}, {fault.column}"
        complain(f"{place}: {fault.message}")
    left = len(report.faults) + report.more_faults - SHOWN_FAULTS
    if left > 0:
        complain(f"… and {left:,} more faults")
    if as_json:
        counts = {
            name: getattr(report, name) for name in ("groups", "refused", "undetermined", "handed_over", "resumed")
        }
        faults = [{"table": f.table, "row": f.row, "column": f.column, "message": f.message} for f in report.faults]
        say_json({"output": str(job.output), "fingerprint": job.program.fingerprint, **counts, "faults": faults})
        return
    say(f"{report.groups:,} {job.program.settings.entities[job.entity].plural} in {seconds:.1f} s -> {job.output}")
    for count, words in (
        (report.refused, "refused at the door"),
        (report.undetermined, "not determined"),
        (report.handed_over, "computed by the interpreter"),
        (report.resumed, "taken over from an earlier run"),
    ):
        if count:
            say(f"  {count:,} {words}")
