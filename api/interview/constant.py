"""A proof that some figures are the same in every completion of a case, though ranges, in which every open fact is open
by itself, do not tell.

The open fact with which most of its parts leave nothing open is told, part by part, and in the parts that are left
another one. Two parts with which a figure is known, and not the same, end the search: then it is not determined.

Within a bound on work; beyond it nothing is proved.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from api.cases.interpreters import Interpreters
from api.interview.parting import Part
from api.interview.telling import members
from engine.interpret.cases import Case
from engine.interpret.domain import needs_of
from engine.interpret.further import is_list
from engine.interpret.interpreter import Interpreter
from engine.interpret.outcomes import Fact, Known, Outcome, Possible

MOST_DEEP = 6
_Left = tuple[Case, Interpreter, list[Fact]]


class _Over(Exception):
    """It is not determined, or the bound on work is reached. Never leaves this module."""


@dataclass(eq=False)
class Constant:
    """The search for one proof, about some figures, and how much work is left."""

    interpreters: Interpreters
    figures: Sequence[Fact]
    left: int
    _is: dict[Fact, Outcome] = field(default_factory=dict)

    def is_proved(self, case: Case) -> bool:
        """Whether the figures are the same in every completion of a case; False where that was not proved."""
        interpreter = self.interpreters.begin(case)
        try:
            return self._is_constant(case, interpreter, self._open(interpreter), MOST_DEEP)
        except _Over:
            return False

    def _is_constant(self, case: Case, earlier: Interpreter, facts: Sequence[Fact], deep: int) -> bool:
        if not facts:
            return True
        best: list[_Left] | None = None
        least = 2.0
        for fact in facts if deep else ():
            parts = [self._in_part(case, fact, part, earlier) for part in self._parts(fact)]
            left = [each for each in parts if each[2]]
            share = len(left) / len(parts) if parts else 2
            if share < least:
                best, least = left, share
            if best == []:
                return True
        return best is not None and all(self._is_constant(*each, deep - 1) for each in best)

    def _parts(self, fact: Fact) -> Sequence[Part]:
        definition = self.interpreters.program.definitions[fact.name]
        return [Part(value) for value in members(self.interpreters.program, definition)]

    def _in_part(
        self, case: Case, fact: Fact, part: Part, earlier: Interpreter
    ) -> tuple[Case, Interpreter, list[Fact]]:
        laid = part.laid(case, fact)
        interpreter = Interpreter(self.interpreters.program, laid, self.interpreters.constants, earlier)
        return laid, interpreter, self._open(interpreter)

    def _open(self, interpreter: Interpreter) -> list[Fact]:
        """The facts that are still open. Ends the search where a figure is not what it was elsewhere."""
        outcomes = [interpreter.find(figure) for figure in self.figures]
        self.left -= interpreter.work + 1
        for figure, outcome in zip(self.figures, outcomes, strict=True):
            if isinstance(outcome, Known) and self._is.setdefault(figure, outcome) != outcome:
                raise _Over
        if self.left < 0 or not all(isinstance(outcome, Known | Possible) for outcome in outcomes):
            raise _Over
        return sorted((fact for fact in needs_of(*outcomes) if not is_list(fact)), key=str)
