"""Why something is asked: facts that were seen to move a wanted figure, all else as is usual, and from what to what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from api.cases.calculate import Asked, Of, Result, calculate
from api.interview.listed import Interview, Witness
from engine.interpret.cases import Case


@dataclass(frozen=True, slots=True)
class Moved:
    """A figure that is another with some facts than without them, as it is printed."""

    figure: str
    of: Of
    label: str
    without: str
    with_them: str


def moved_by(interview: Interview, witness: Witness) -> list[Moved]:
    """The wanted figures that a witness moves, by the interpreter."""
    completed = witness.completed
    changed = replace(completed, given={**completed.given, **witness.changed})
    pairs = zip(_figures(interview, completed), _figures(interview, changed), strict=True)
    return [
        Moved(before.figure, before.of, before.label, before.text, after.text)
        for before, after in pairs
        if before.text != after.text
    ]


def _figures(interview: Interview, case: Case) -> Sequence[Result]:
    return calculate(interview.program, case, interview.wanted, Asked()).results
