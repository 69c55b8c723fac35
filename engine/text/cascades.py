"""Faults that cause many others: the cause is shown, and what follows from it is held back.

1. A fault in `ruleset.yaml` makes what every module says of entities, calendars and enums seem wrong. Where more than
   `MANY` problems come with it, only those are shown that do not depend on it: faults of the text itself.
2. A name that many places use and `ruleset.yaml` does not declare (`taxunit:` for `tax_unit`) is one fault:
   its first place is shown with how many others there are, and what depends on names is held back as well.
3. A module whose text cannot be read as YAML declares nothing. Where more than `FEW` names are unknown in other files,
   those are held back.

How many were held back stands beside the cause: nothing is passed over in silence, and all are there again once the
cause is put right.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from engine.text.diagnostics import Diagnostic, Note, Severity

MANY, FEW = 20, 5
_OF_THE_TEXT = ("E1", "E3")
_UNDECLARED = "E215"
_UNREADABLE = "E1"
_UNKNOWN = ("E401", "E801")


def causes_first(problems: Sequence[Diagnostic], settings_file: str) -> tuple[Diagnostic, ...]:
    """The problems without those that follow from a fault of the settings or an unreadable module, the causes first."""
    problems = _without_names_of_unreadable(problems)
    errors = [problem for problem in problems if problem.severity is Severity.ERROR]
    of_settings = [error for error in errors if _file(error).endswith(settings_file)]
    causes = [*of_settings, *_undeclared(errors)]
    chosen = set(map(id, of_settings))
    rest = [error for error in errors if id(error) not in chosen]
    kept = [diagnostic for diagnostic in rest if diagnostic.code.startswith(_OF_THE_TEXT)]
    held = len(problems) - len(of_settings) - len(kept)
    if not causes or len(rest) - len(kept) <= MANY:
        return tuple(problems)
    told = f"{held:,} problems that may follow from this are hidden until you fix it"
    first = replace(causes[0], notes=(*causes[0].notes, Note(told)))
    return (first, *causes[1:], *kept)


def _without_names_of_unreadable(problems: Sequence[Diagnostic]) -> Sequence[Diagnostic]:
    """Without the names that are unknown in other files than those that could not be read, which come first."""
    unreadable = [problem for problem in problems if problem.code.startswith(_UNREADABLE)]
    files = {_file(problem) for problem in unreadable}
    held = [problem for problem in problems if problem.code in _UNKNOWN and _file(problem) not in files]
    if not unreadable or len(held) <= FEW:
        return problems
    told = f"{len(held):,} names that other files do not find are hidden until you fix it"
    first = replace(unreadable[0], notes=(*unreadable[0].notes, Note(told)))
    left_out = set(map(id, (*unreadable, *held)))
    return (first, *unreadable[1:], *(problem for problem in problems if id(problem) not in left_out))


def _file(problem: Diagnostic) -> str:
    return problem.span.source.name if problem.span is not None else problem.file


def _undeclared(errors: Sequence[Diagnostic]) -> list[Diagnostic]:
    """The first place of each undeclared name that more than `MANY` places use."""
    counts = Counter(error.message for error in errors if error.code == _UNDECLARED)
    first: dict[str, Diagnostic] = {}
    for error in errors:
        if error.code == _UNDECLARED and counts[error.message] > MANY:
            first.setdefault(error.message, error)
    return [
        replace(error, notes=(*error.notes, Note(f"{counts[message] - 1:,} other places say the same")))
        for message, error in first.items()
    ]
