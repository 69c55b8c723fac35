"""`rulewright batch RULES --at 2024 --input … --output out.parquet --want …`: a population, from files to a file.

`--input ENTITY=-` reads CSV from stdin, `--output -` writes CSV to stdout; then what else is told goes to stderr.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from api.batch.files import csv_lines, find_inputs
from api.batch.manifest import write_manifest
from api.batch.marginal import blurred, read_marginal
from api.batch.remote import is_url, output_for, send_output, shown
from api.batch.run import SLOW_SHARE, BatchReport, Job, group_of, run_batch
from api.cases.naming import find_definitions, period_for, read_period
from api.cases.overlays import set_beyond_what_is_stated
from api.cli.output import complain, say, say_json, waiting
from api.cli.streams import is_terminal, printable
from api.failures import Collected, ExitCode, Misuse
from api.rules import programs
from api.scale.spread import spread_over
from api.simulate.writing import require_no_rules
from engine.ir.program import Definition, Program
from engine.records import record
from engine.values.periods import Period

SHOWN_FAULTS = 50
SHOWN_CAUSES = 3
STDIN = "rulewright-stdin.csv"


@record(frozen=True, slots=True)
class Options:
    """What the command line says. `marginal` is the fact that is raised, `role` for whom, `step` by how much."""

    rules: str
    reforms: Sequence[Path]
    at: str
    inputs: Sequence[str]
    output: str
    want: str
    missing: str
    threads: int
    part_rows: int
    marginal: str
    role: str
    step: str
    keep: str
    ray: str
    as_json: bool


def batch_command(options: Options) -> int:
    """Compute the wanted figures of everybody in the files."""
    with waiting("reading the rules"):
        program = programs.load_program(options.rules, options.reforms)
    with tempfile.TemporaryDirectory() as folder:
        output = _place_of(options.output, Path(folder))
        job = _job(program, options, Path(folder), output)
        _check_not_input(job)
        start = time.monotonic()
        with spread_over(options.ray) as spread:
            report = run_batch(job, _progress, spread)
        if options.output == "-":
            _print_rows(output)
        elif is_url(options.output):
            with waiting("sending"):
                send_output(output, write_manifest(job, report), options.output)
        elif options.ray:
            write_manifest(job, report)
        _report(job, report, time.monotonic() - start, options)
    return ExitCode.FAILED if report.faults or report.undetermined else ExitCode.DONE


def _place_of(output: str, folder: Path) -> Path:
    """Where the output is made on this machine."""
    if output == "-":
        return folder / "out.parquet"
    return output_for(output) if is_url(output) else _output(Path(output))


def _output(path: Path) -> Path:
    """Where the output goes, which is written beside it first: a new file, or one to be replaced. Raises Misuse."""
    path = path.resolve() if path.is_symlink() else path  # the link stays, and its target is replaced
    if path.exists() and not path.is_file():
        what = "a folder" if path.is_dir() else "a device"
        raise Misuse(f"`{path}` is {what}", "name a file: `--output out.parquet`, or `-` for CSV on stdout")
    if not path.absolute().parent.is_dir():
        raise Misuse(f"there is no folder `{path.parent}`", "make it, or name another file")
    require_no_rules(path)
    if path.exists() and not _may_be_replaced(path):
        raise Misuse(f"`{path}` is there, and is no Parquet file", "name a new file, or remove it")
    return path


def _may_be_replaced(path: Path) -> bool:
    """Whether a file is empty, or Parquet as an earlier output is: no other may be lost to a mistyped name."""
    with path.open("rb") as file:
        return file.read(4) in (b"", b"PAR1")


def _check_not_input(job: Job) -> None:
    """Raise Misuse if the output would take the place of one of the inputs."""
    for path in job.inputs.values():
        if job.output.exists() and path.exists() and job.output.samefile(path):
            raise Misuse(f"`{path}` is an input, and the output would take its place", "name another file")


def _inputs(given: Sequence[str], folder: Path) -> list[str]:
    """The inputs; what comes from stdin as a file of its own, since files are read more than once."""
    inputs: list[str] = []
    for text in given:
        entity, _, path = text.rpartition("=")
        if path == "-":
            if not entity:
                raise Misuse("it is not clear of which entity `-` is", "write `ENTITY=-`")
            if any(earlier.endswith(STDIN) for earlier in inputs):
                raise Misuse("two files cannot both come from stdin", "name a file for one of them")
            with (folder / STDIN).open("wb") as copy:
                shutil.copyfileobj(sys.stdin.buffer, copy)
            text = f"{entity}={folder / STDIN}"
        inputs.append(text)
    return inputs


def _job(program: Program, options: Options, folder: Path, output: Path) -> Job:
    """What is to be done. Raises everything that is wrong with it at once."""
    told = Collected()
    period = told.of(lambda: read_period(program, options.at))
    wanted = told.of(lambda: _wanted(program, options.want, period)) or []
    told.of(lambda: _check_missing(options.missing))
    if period is not None:
        for definition in wanted:
            if not definition.period.is_personal:  # each row's own, as far as it has one then
                told.of(partial(period_for, program, definition, period))  # which refuses what would be guessed
    inputs = told.of(lambda: find_inputs(program, _inputs(options.inputs, folder)))
    told.tell()
    assert period is not None and inputs is not None
    job = Job(
        program, period, inputs, output, tuple(wanted),
        complete=options.missing == "none", threads=options.threads or os.cpu_count() or 1,
        part_rows=options.part_rows, keep=tuple(filter(None, options.keep.replace(" ", "").split(","))),
    )  # fmt: skip
    if not options.marginal:
        return job
    return replace(job, marginal=read_marginal(program, group_of(job), options.marginal, options.role, options.step))


def _wanted(program: Program, names: str, at: Period | None) -> list[Definition]:
    """The figures in a list with commas. Raises what is wrong with each of them."""
    told = Collected()
    wanted = [
        definition
        for name in names.split(",")
        for definition in told.of(partial(find_definitions, program, name, at)) or ()
    ]
    told.tell()
    if not wanted:
        raise Misuse("no figure is named", "name figures: `--want income_tax,eitc`")
    return list(dict.fromkeys(wanted))


def _check_missing(means: str) -> None:
    if means not in ("none", "unknown"):
        told = f"`{means}` does not say what an empty cell means"
        raise Misuse(told, "`--missing none` or `--missing unknown`")


def _print_rows(path: Path) -> None:
    """The output as CSV on stdout: exactly, but for what a terminal would obey."""
    for lines in csv_lines(path):
        sys.stdout.write(printable(lines) if sys.stdout.isatty() else lines)


def _progress(groups: int) -> None:
    if is_terminal(sys.stderr):
        print(f"\r\x1b[Kcomputing: {groups:,} done", end="\r", file=sys.stderr, flush=True)


def _report(job: Job, report: BatchReport, seconds: float, options: Options) -> None:
    for fault in report.faults[:SHOWN_FAULTS]:
        place = f"{_named(fault.table)}, row {fault.row}, {fault.column}"
        complain(f"{place}: {fault.message}")
    left = len(report.faults) + report.more_faults - SHOWN_FAULTS
    if left > 0:
        complain(f"… and {left:,} more faults")
    beyond = set_beyond_what_is_stated(job.program, job.period.start)
    blur = blurred(job.program, job.marginal) if job.marginal is not None else ""
    nobody = _nobody_raised(job, report)
    for line in report.unread:
        complain(line)
    if options.as_json:
        counts = {
            name: getattr(report, name) for name in ("groups", "refused", "undetermined", "handed_over", "resumed")
        }
        faults = [
            {"table": _named(f.table), "row": f.row, "column": f.column, "message": f.message} for f in report.faults
        ]
        told: dict[str, object] = {
            "output": _named_output(options.output),
            "fingerprint": job.program.fingerprint,
            **counts,
        }
        told |= {"handed_over_for": report.causes} if report.is_slow else {}
        told |= {"note": blur} if blur else {}
        told |= {"nobody_raised": nobody} if nobody else {}
        told |= {"unread": report.unread} if report.unread else {}
        told |= {"faults": faults, **({"set_by_reforms": list(beyond)} if beyond else {})}
        say_json(told, to_stderr=options.output == "-")  # stdout holds the rows
        return
    tell = complain if options.output == "-" else say
    group = job.program.settings.entities[group_of(job)]
    place = "stdout" if options.output == "-" else _named_output(options.output)
    tell(f"{report.groups:,} {group.name if report.groups == 1 else group.plural} in {seconds:.1f} s -> {place}")
    for count, words in (
        (report.refused, "refused at the door"),
        (report.undetermined, "not determined"),
        (report.handed_over, "computed by the interpreter"),
        (report.resumed, "taken over from an earlier run"),
    ):
        if count:
            tell(f"  {count:,} {words}")
    if blur:
        tell(f"  {blur}")
    if nobody:
        tell(f"  {nobody}")
    if report.is_slow and report.causes:
        tell(f"  more than {SLOW_SHARE:.0%} by the interpreter, which is slow, for {_causes(report)}")
    for line in beyond:
        tell(f"  {line}")


def _nobody_raised(job: Job, report: BatchReport) -> str:
    """What to say where every rate is empty, since nobody had more of the fact."""
    if job.marginal is None or report.raised:
        return ""
    fact = job.marginal.fact.short_name
    if not job.marginal.role:
        return f"`{fact}` could not be raised for anybody, so all rates are empty"
    nobody = f"nobody is `{job.marginal.role}`, or nobody can have more"
    return f"`{fact}` was not raised for anybody: {nobody}; all rates are empty"


def _named_output(output: str) -> str:
    return shown(output) if is_url(output) else output


def _causes(report: BatchReport) -> str:
    """The figures for which most groups were handed over."""
    most = sorted(report.causes.items(), key=lambda item: -item[1])[:SHOWN_CAUSES]
    return ", ".join(f"`{name}` ({count:,})" for name, count in most)


def _named(table: str) -> str:
    """The file as the user named it."""
    return "-" if table.endswith(STDIN) else table
