"""Cases as users hand them over: a YAML or JSON file, or stdin."""

from __future__ import annotations

import sys
from pathlib import Path

from api.cases.naming import read_period
from api.failures import ExitCode, Failure
from engine.interpret.case_reader import read_case
from engine.interpret.cases import Case
from engine.ir.program import Program
from engine.reading.data import read_data
from engine.syntax.files import MAX_BYTES, load_source, source_from_bytes
from engine.text.diagnostics import Diagnostic, Diagnostics
from engine.text.source import Source


class CaseInvalid(Failure):
    """A case that cannot be read or breaks the rules of its entities. Carries every problem."""

    def __init__(self, problems: Diagnostics) -> None:
        super().__init__("the case cannot be used", code=ExitCode.FAILED)
        self.problems: tuple[Diagnostic, ...] = tuple(problems)


def load_case(program: Program, path: str, at: str | None) -> Case:
    """The case in a file, or in stdin for `-`; `at` stands over its own. Raises CaseInvalid, or Misuse for `at`."""
    period = read_period(program, at, projected=True) if at is not None else None
    problems = Diagnostics()
    source = _read(path, problems)
    node = read_data(source, problems) if source is not None else None
    case = read_case(program, node, problems, period) if node is not None else None
    if case is None or problems.errors:
        raise CaseInvalid(problems)
    read_period(program, str(case.at), projected=True)
    return case


def _read(path: str, problems: Diagnostics) -> Source | None:
    if path == "-":
        return source_from_bytes(sys.stdin.buffer.read(MAX_BYTES + 1), "<stdin>", problems)
    if Path(path).is_fifo():
        with open(path, "rb") as stream:
            return source_from_bytes(stream.read(MAX_BYTES + 1), path, problems)
    return load_source(Path(path), problems)
