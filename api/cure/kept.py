"""What the figures come to in a case as it is, and which of them a change can reach."""

from __future__ import annotations

from engine.interpret.cases import Case
from engine.interpret.constants import Constants
from engine.interpret.frames import Step
from engine.interpret.interpreter import Interpreter
from engine.interpret.outcomes import Fact
from engine.interpret.reuse import decides_more
from engine.interpret.traces import Traces
from engine.ir.program import Program
from engine.ir.worlds import reached_names


class Kept:
    """What the figures come to in the case as it is, so that only those are found anew that a change can reach."""

    def __init__(self, program: Program, case: Case, fact: Fact, constants: Constants, traces: Traces) -> None:
        interpreter = Interpreter(program, case, constants)
        interpreter.trace(traces)
        interpreter.find(fact)
        self._program, self._steps = program, interpreter.steps
        self.reaches = interpreter.reaches
        self.work = work_of(interpreter)
        self._left: dict[frozenset[str], dict[Fact, Step]] = {frozenset(): self._steps}

    def without(self, names: frozenset[str]) -> dict[Fact, Step]:
        """The steps that hang on none of some facts, directly or through others."""
        steps = self._left.get(names)
        if steps is None:
            touched = reached_names(self._program, names)
            kept = {fact: step for fact, step in self._steps.items() if fact.name not in touched}
            steps = self._left[names] = {} if self.decide_more(names) else kept
        return steps

    def decide_more(self, names: frozenset[str]) -> bool:
        """Whether some facts decide who holds a role, or in which order records stand: no formula need name that."""
        return any(decides_more(self._program, name) for name in names)


def work_of(interpreter: Interpreter) -> int:
    """How much was done to find what an interpreter found, besides the steps that it began with."""
    return interpreter.work + sum(map(work_of, interpreter.worlds))
