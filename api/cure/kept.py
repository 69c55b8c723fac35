"""What the figures come to in a case as it is, and which of them a change can reach: who uses a fact, through whom."""

from __future__ import annotations

from api.cases.reach import reached
from engine.interpret.cases import Case
from engine.interpret.constants import Constants
from engine.interpret.frames import Step
from engine.interpret.interpreter import Interpreter
from engine.interpret.outcomes import Fact
from engine.ir.program import Definition, Program
from engine.native.plan.plan import reads
from engine.values.periods import Period

Users = dict[str, set[str]]
"""Which definitions read one, by its name."""


class Kept:
    """What the figures come to in the case as it is, so that only those are found anew that a change can reach."""

    def __init__(self, program: Program, case: Case, fact: Fact, constants: Constants, users: Users) -> None:
        interpreter = Interpreter(program, case, constants)
        interpreter.find(fact)
        self._program, self._at, self._figure = program, case.at, program.definitions[fact.name]
        self._steps, self._users = interpreter.steps, users
        self._left: dict[frozenset[str], dict[Fact, Step]] = {frozenset(): self._steps}

    def without(self, names: frozenset[str]) -> dict[Fact, Step]:
        """The steps that hang on none of some facts, directly or through others."""
        steps = self._left.get(names)
        if steps is None:
            if not self._users:
                self._users.update(_users_of(self._program, self._at, self._figure))
            touched, waiting = set(names), list(names)
            while waiting:
                more = self._users.get(waiting.pop(), set()) - touched
                touched |= more
                waiting += more
            steps = self._left[names] = {fact: step for fact, step in self._steps.items() if fact.name not in touched}
        return steps


def _users_of(program: Program, at: Period, figure: Definition) -> Users:
    """Of all that a figure hangs on: whose formulas read it."""
    users: Users = {}
    for cell in reached(program, at, (figure,)):
        for dated in program.definitions[cell.name].formulas:
            for other, _, _ in reads(dated.body, cell.period, whole=True):
                users.setdefault(other.name, set()).add(cell.name)
    return users
