"""`rulewright taxsim < in.csv > out.csv`: tax units in TAXSIM-35's columns."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import TextIO

from api.cli.output import complain, count, say_json, waiting
from api.failures import ExitCode, Misuse
from api.rules import programs
from api.taxsim import run
from engine.values.numbers import parse_decimal


def taxsim_command(path: str, rules: str, step: str, reforms: Sequence[Path], as_json: bool) -> int:
    """Compute every row; exit 1 if a row could not be."""
    size = _step(step)
    with waiting("reading the rules"):
        program = programs.load_program(rules, reforms)
    with _opened(path) as source:
        if not as_json:
            report = run(program, source, sys.stdout, complain, size)
        else:
            faults: list[str] = []
            text = io.StringIO()
            report = run(program, source, text, faults.append, size)
            rows = list(csv.DictReader(io.StringIO(text.getvalue())))
            say_json({"rows": rows, "computed": report.computed, "refused": report.refused, "messages": faults})
    if report.refused:
        complain(f"{count(report.refused, 'row')} could not be computed; {report.computed:,} were")
    return ExitCode.FAILED if report.refused else ExitCode.DONE


def _step(text: str) -> Fraction:
    try:
        step = parse_decimal(text)
    except ValueError as fault:
        raise Misuse(str(fault), "give the step in dollars: `--mtr-step 100`") from None
    if step <= 0 or (step * 100).denominator != 1:
        raise Misuse("the step is a whole number of cents above zero", "give the step in dollars: `--mtr-step 100`")
    return step


@contextmanager
def _opened(path: str) -> Iterator[TextIO]:
    if path == "-":
        yield io.TextIOWrapper(sys.stdin.buffer, encoding="utf-8-sig", errors="replace", newline="")
        return
    file = Path(path)
    if not file.exists():
        raise Misuse(f"there is no file `{path}`", "name a CSV file, or give it on stdin")
    if file.is_dir():
        raise Misuse(f"`{path}` is a folder, not a CSV file", "name a CSV file, or give it on stdin")
    with file.open(encoding="utf-8-sig", errors="replace", newline="") as stream:
        yield stream
