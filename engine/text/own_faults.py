"""Faults of our own: a bug that shows while a rule is compiled says in which rule it showed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from engine.text.source import Span

NOTE = "while compiling "


@contextmanager
def compiling(name: str, span: Span | None = None) -> Iterator[None]:
    """Whatever is raised inside names the rule that was being compiled; the innermost one is named first."""
    try:
        yield
    except Exception as fault:
        place = f" ({span})" if span is not None else ""
        fault.add_note(f"{NOTE}`{name.rpartition(':')[2]}`{place}")
        raise


def rule_of(fault: BaseException) -> str:
    """Which rule was being compiled when a fault showed: the innermost; empty if none was."""
    notes = [note for note in getattr(fault, "__notes__", ()) if note.startswith(NOTE)]
    return notes[0].removeprefix(NOTE) if notes else ""
