"""`rulewright taxsim < in.csv > out.csv`: tax units in TAXSIM-35's columns."""

from __future__ import annotations

import csv
import io
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

from api.cli.output import advancing, complain, count, say_json, waiting
from api.failures import ExitCode, Misuse
from api.rules import programs
from api.taxsim import Report, run
from engine.ir.program import Program
from engine.values.numbers import parse_decimal

FORMS = {".csv": "csv", ".tsv": "tsv", ".txt": "csv", ".parquet": "parquet", ".arrow": "arrow", ".feather": "arrow"}


def taxsim_command(
    path: str, rules: str, step: str, reforms: Sequence[Path], *, as_json: bool, output: Path | None = None
) -> int:
    """Compute every row; exit 1 if a row could not be."""
    size = _step(step)
    form = _form(output)
    with waiting("reading the rules"):
        program = programs.load_program(rules, reforms)
    with _opened(path) as source:
        if as_json:
            report = _as_json(program, source, size)
        else:
            with _sink(output) as sink, advancing("rows") as tell:
                report = run(program, source, sink, complain, size, form=form, progress=tell)
    if report.refused:
        complain(f"{count(report.refused, 'row')} could not be computed; {report.computed:,} were")
    return ExitCode.FAILED if report.refused else ExitCode.DONE


def _as_json(program: Program, source: BinaryIO, step: Fraction) -> Report:
    faults: list[str] = []
    held = io.BytesIO()
    report = run(program, source, held, faults.append, step)
    rows = list(csv.DictReader(io.StringIO(held.getvalue().decode())))
    say_json({"rows": rows, "computed": report.computed, "refused": report.refused, "messages": faults})
    return report


def _step(text: str) -> Fraction:
    try:
        step = parse_decimal(text)
    except ValueError as fault:
        raise Misuse(str(fault), "give the step in dollars: `--mtr-step 100`") from None
    if step <= 0 or (step * 100).denominator != 1:
        raise Misuse("the step is a whole number of cents above zero", "give the step in dollars: `--mtr-step 100`")
    return step


def _form(output: Path | None) -> str:
    """What the answers are written as, by the name of their file."""
    if output is None:
        return "csv"
    if output.suffix.lower() not in FORMS:
        raise Misuse(f"`{output}` does not say what to write", f"end its name in one of {', '.join(FORMS)}")
    return FORMS[output.suffix.lower()]


@contextmanager
def _opened(path: str) -> Iterator[BinaryIO]:
    if path == "-":
        yield sys.stdin.buffer
        return
    file = Path(path)
    if not file.exists():
        raise Misuse(f"there is no file `{path}`", "name a file of tax units, or give it on stdin")
    if file.is_dir():
        raise Misuse(f"`{path}` is a folder, not a file of tax units", "name a file, or give it on stdin")
    with file.open("rb") as stream:
        yield stream


@contextmanager
def _sink(output: Path | None) -> Iterator[BinaryIO]:
    """stdout, or a file that takes its name when it is complete."""
    if output is None:
        sys.stdout.flush()
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    try:
        number, name = tempfile.mkstemp(dir=output.parent, prefix=f".{output.name}.")
    except OSError as fault:
        raise Misuse(
            f"`{output}` cannot be written: {fault.strerror}", "name a file in a folder that you own"
        ) from None
    try:
        with os.fdopen(number, "wb") as sink:
            yield sink
        os.chmod(name, 0o666 & ~_umask())
        os.replace(name, output)
    except BaseException:
        os.unlink(name)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
