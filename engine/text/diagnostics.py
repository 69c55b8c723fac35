"""Problems as values: a code, a position, what is wrong, and what to write instead.

A pass never raises for a fault in the rules: it adds a `Diagnostic` to a `Diagnostics` list and goes on, so that all
problems are shown at once. `engine/README.md` lists the codes; a test keeps the list and `CODES` the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum

from engine.records import record
from engine.text.codes import CODES
from engine.text.lookalikes import quoted, with_hidden, with_lookalikes
from engine.text.source import Span, visible


class Severity(Enum):
    """An error stops the rules from running; a warning does not."""

    ERROR = "error"
    WARNING = "warning"


@record(frozen=True, slots=True)
class Note:
    """A second place that belongs to a problem, such as the earlier of two definitions."""

    message: str
    span: Span | None = None


@record(frozen=True, slots=True)
class Diagnostic:
    """One problem. `message` is lower case without a full stop; user text stands in backticks."""

    code: str
    message: str
    span: Span | None
    help: str = ""
    notes: tuple[Note, ...] = ()
    file: str = ""

    @property
    def severity(self) -> Severity:
        """Codes that begin with W are warnings."""
        return Severity.WARNING if self.code.startswith("W") else Severity.ERROR

    @property
    def sort_key(self) -> tuple[str, int, int, str, str]:
        """By file, place, then code."""
        if self.span is None:
            return (self.file, 0, 0, self.code, self.message)
        return (self.span.source.name, *self.span.source.position(self.span.start), self.code, self.message)


class RulesInvalid(Exception):
    """Raised where a caller asked for a program and the rules do not check. Carries every problem."""

    def __init__(self, problems: Iterable[Diagnostic]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(render(problem) for problem in self.problems))


@dataclass(slots=True)
class Diagnostics:
    """A growing list of problems, without repeats. `hints` are warnings that count only where mistakes are looked for
    that change no figure, and that what is read later may lift."""

    items: list[Diagnostic] = field(default_factory=list)
    hints: list[Diagnostic] = field(default_factory=list)
    _seen: set[tuple[str, str, str]] = field(default_factory=set)

    def add(
        self, code: str, message: str, span: Span | None, help: str = "", *, notes: Iterable[Note] = (), file: str = ""
    ) -> None:
        """Add a problem. An identical one at the same place is kept once."""
        if code not in CODES:
            raise KeyError(code)
        key = (code, str(span) if span is not None else file, message)
        if key not in self._seen:
            self._seen.add(key)
            said = with_lookalikes(help, *quoted(message)) if not message.isascii() else help
            if code != "E102" and span is not None:
                said = with_hidden(said, span.text)
            self.items.append(Diagnostic(code, message, span, said, tuple(notes), file))

    def hint(self, code: str, message: str, span: Span, help: str) -> None:
        """Add a hint."""
        self.hints.append(Diagnostic(code, message, span, help))

    def __iter__(self) -> Iterator[Diagnostic]:
        return iter(sorted(self.items, key=lambda problem: problem.sort_key))

    def __len__(self) -> int:
        return len(self.items)

    @property
    def errors(self) -> list[Diagnostic]:
        """The problems that stop the rules from running, in order."""
        return [problem for problem in self if problem.severity is Severity.ERROR]


def _snippet(span: Span, width: int = 160) -> list[str]:
    line, column = span.source.position(span.start)
    text = span.source.line(line)
    shift = max(0, column - 1 - width // 2)
    shown = visible(text[shift : shift + width])
    caret_at = column - 1 - shift
    length = max(1, min(span.end, span.start + len(text) - (column - 1)) - span.start)
    gutter = " " * len(str(line))
    return [
        f"{gutter} |",
        f"{line} | {shown}",
        f"{gutter} | {' ' * caret_at}{'^' * min(length, max(1, width - caret_at))}",
    ]


def render(problem: Diagnostic) -> str:
    """A problem as text for a terminal: headline, place, snippet, notes, help."""
    place = str(problem.span) if problem.span is not None else problem.file
    lines = [f"{problem.severity.value}[{problem.code}]: {problem.message}"]
    if place:
        lines.append(f"  --> {place}")
    if problem.span is not None:
        lines += _snippet(problem.span)
    for note in problem.notes:
        lines.append(f"  = note: {note.message}" + (f" ({note.span})" if note.span is not None else ""))
    if problem.help:
        lines.append(f"  = help: {problem.help}")
    return "\n".join(lines)


def as_json(problem: Diagnostic) -> dict[str, object]:
    """A problem as a JSON object, for editors and CI."""
    span = problem.span
    place: dict[str, object] = {"file": problem.file}
    if span is not None:
        end_line, end_column = span.source.position(max(span.start, span.end))
        place = {
            "file": span.source.name,
            "line": span.line,
            "column": span.column,
            "end_line": end_line,
            "end_column": end_column,
        }
    notes = [{"message": note.message, "at": str(note.span) if note.span else None} for note in problem.notes]
    return {
        "code": problem.code,
        "severity": problem.severity.value,
        "message": problem.message,
        **place,
        "help": problem.help,
        "notes": notes,
    }
