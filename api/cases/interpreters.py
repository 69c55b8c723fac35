"""Interpreters that are kept from one question about a case to the next, so that only what an answer touched is found
anew. What they give is what a new one gives.

They are kept in memory, a few for each law, and are found by who there is and what is stated, never by a name or a
session. Whatever is kept has been asked to the end, so that several threads may begin from the same one.
"""

from __future__ import annotations

from collections import deque

from engine.interpret.cases import Case
from engine.interpret.constants import Constants
from engine.interpret.interpreter import Interpreter
from engine.interpret.reuse import changed_names
from engine.ir.program import Program

MOST = 4


class Interpreters:
    """The last interpreters of cases under one program."""

    def __init__(self, program: Program, constants: Constants | None = None) -> None:
        self.program = program
        self.constants = constants or Constants(program)
        self._kept: deque[Interpreter] = deque(maxlen=MOST)

    def begin(self, case: Case) -> Interpreter:
        """An interpreter of a case, which goes on from the kept one that differs from it in the fewest figures."""
        nearest, fewest = None, len(self.program.definitions)
        for interpreter in list(self._kept):
            changed = changed_names(self.program, interpreter.case, case)
            if changed is not None and len(changed) <= fewest:
                nearest, fewest = interpreter, len(changed)
        interpreter = Interpreter(self.program, case, self.constants, nearest)
        interpreter.trace()
        return interpreter

    def keep(self, interpreter: Interpreter) -> None:
        """Let others go on from an interpreter that is asked nothing more."""
        self._kept.append(interpreter)
