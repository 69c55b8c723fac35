"""A proof that no answer to a question can matter, by cases.

Ranges, in which every open fact is open by itself, often say that a permission hangs on a fact on which it does not: if
the limit for all and the limit for learners are the same, no answer about the learner moves anything.

1. A question is idle if the wanted figures no longer hang on it, or come out the same whichever answer is given.
2. Else some other open fact is split into the pieces of all that it can be (`telling.Piece`), and the question must be
   idle in each. A fact is split only if that makes it idle in the first piece, or in the last: else nothing is gained.

Within a bound on work; beyond it nothing is proved.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from api.cases.interpreters import Interpreters
from api.cases.ranking import in_order_of_rules
from api.interview.differing import Told
from api.interview.telling import Piece, Telling
from engine.interpret.cases import Case
from engine.interpret.domain import needs_of
from engine.interpret.further import is_list
from engine.interpret.interpreter import Interpreter
from engine.interpret.outcomes import Fact, Known, Outcome, Possible

MOST_DEEP = 4


class Spent(Exception):
    """The bound on work is reached. Never leaves this module."""


@dataclass(eq=False)
class Proof:
    """The search for one proof: of which figures, about which question, and how much work is left."""

    interpreters: Interpreters
    telling: Telling
    figures: Sequence[Fact]
    asked: Fact
    left: int
    ends: bool = False

    def told(self, case: Case) -> Told:
        """What is proved in a case: that no answer can matter, or that the figures are the same after each."""
        try:
            is_idle = self._idle(case, MOST_DEEP)
        except Spent:
            return Told.OPEN
        return Told.OPEN if not is_idle else Told.SAME if self.ends else Told.IDLE

    def _idle(self, case: Case, deep: int) -> bool:
        needs = self._needs(self._outcomes(case))
        if self.asked not in needs:
            return True
        if self._same_whichever(case):
            self.ends = deep == MOST_DEEP
            return True
        split = self._split(case, needs) if deep else None
        return split is not None and all(self._idle(piece, deep - 1) for piece in split)

    def _same_whichever(self, case: Case) -> bool:
        """Whether every answer gives the same: then the figures are determined, though ranges do not tell."""
        first: list[Outcome] | None = None
        for piece in self.telling.pieces(self.asked.name):
            outcomes = self._outcomes(piece.laid(case, self.asked))
            if not all(isinstance(outcome, Known) for outcome in outcomes) or outcomes != (first or outcomes):
                return False
            first = outcomes
        return first is not None

    def _split(self, case: Case, needs: frozenset[Fact]) -> list[Case] | None:
        """The cases into which some other fact falls, where splitting it gains something: those left to prove."""
        others = [fact for fact in needs if fact != self.asked and not is_list(fact)]
        pieces = {fact: self.telling.pieces(fact.name) for fact in others}
        few = sorted(
            in_order_of_rules(self.interpreters.program, [fact for fact in others if pieces[fact]]),
            key=lambda fact: len(pieces[fact]),
        )
        for fact in few:
            done = next((piece for piece in self._ends(pieces[fact]) if self._out(piece.laid(case, fact))), None)
            if done is not None:
                return [piece.laid(case, fact) for piece in pieces[fact] if piece is not done]
        return None

    def _ends(self, pieces: Sequence[Piece]) -> Sequence[Piece]:
        return pieces if len(pieces) <= 2 else (pieces[0], pieces[-1])

    def _out(self, case: Case) -> bool:
        return self.asked not in self._needs(self._outcomes(case))

    def _outcomes(self, case: Case) -> list[Outcome]:
        interpreter = self.interpreters.begin(case)
        outcomes = [interpreter.find(figure) for figure in self.figures]
        self._spend(interpreter)
        return outcomes

    def _spend(self, interpreter: Interpreter) -> None:
        self.left -= interpreter.work
        if self.left < 0:
            raise Spent

    @staticmethod
    def _needs(outcomes: Sequence[Outcome]) -> frozenset[Fact]:
        return needs_of(*(outcome for outcome in outcomes if isinstance(outcome, Possible)))
