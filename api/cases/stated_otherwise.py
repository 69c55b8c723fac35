"""What a case states that stands beside something else it says, and is told in a note: it refuses nothing."""

from __future__ import annotations

from api.cases.stated_groups import contradicted_groups, states_groups
from api.cases.stated_months import contradicted_months, states_parts
from engine.interpret.cases import Case
from engine.interpret.interpreter import Interpreter
from engine.ir.program import Program


def states_otherwise(program: Program, case: Case) -> bool:
    """Whether a case states anything of which there may be something to tell."""
    return states_groups(program, case) or states_parts(program, case)


def contradicted(interpreter: Interpreter) -> tuple[str, ...]:
    """The notes, of what the interpreter read."""
    return (*contradicted_groups(interpreter), *contradicted_months(interpreter))
