"""Problems of rules and cases as data: a code, what is wrong, what to write instead, and where."""

from __future__ import annotations

from collections.abc import Iterable

from engine.records import record
from engine.text.diagnostics import Diagnostic, Severity
from engine.text.source import Span


@record(frozen=True, slots=True)
class Somewhere:
    """Something said about a place. `line` and `column` count from 1 and are null where it has none."""

    message: str
    file: str | None
    line: int | None
    column: int | None
    end_line: int | None
    end_column: int | None


@record(frozen=True, slots=True)
class ProblemSaid:
    """A problem: `severity` is error or warning, `help` says what to write instead."""

    code: str
    severity: str
    message: str
    file: str | None
    line: int | None
    column: int | None
    end_line: int | None
    end_column: int | None
    help: str
    notes: tuple[Somewhere, ...]


def problem_said(problem: Diagnostic) -> ProblemSaid:
    """A problem as data."""
    notes = tuple(Somewhere(note.message, *_place(note.span)) for note in problem.notes)
    place = _place(problem.span, problem.file)
    return ProblemSaid(problem.code, problem.severity.value, problem.message, *place, problem.help, notes)


def counted(problems: Iterable[Diagnostic]) -> tuple[int, int]:
    """How many errors there are, and how many warnings."""
    severities = [problem.severity for problem in problems]
    errors = severities.count(Severity.ERROR)
    return errors, len(severities) - errors


def _place(span: Span | None, file: str = "") -> tuple[str | None, int | None, int | None, int | None, int | None]:
    if span is None:
        return file or None, None, None, None, None
    return (span.source.name, *span.source.position(span.start), *span.source.position(span.end))
