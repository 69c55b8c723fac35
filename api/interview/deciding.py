"""When the answer to a question decides: what else must be so, and what two answers then give.

1. The answers are compared two at a time, the other facts told until the figure differs (`differing`).
2. Where that takes too long, points are tried at which nothing is open (`points`), and then the first for longer.

What is listed is taken as all there is. Where no witness was found there may be one all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from api.cases.interpreters import Interpreters
from api.interview.differing import Decides, Told, examined, figures_wanted
from api.interview.points import Points
from api.interview.telling import Telling
from engine.interpret.cases import EVERY, Case
from engine.interpret.domain import needs_of
from engine.interpret.further import is_list
from engine.interpret.interpreter import Interpreter
from engine.interpret.outcomes import Fact, Outcome
from engine.ir.program import Definition, Program
from engine.values.types import Value

SHORT_WORK, LONG_WORK = 8_000, 60_000
"""How much work (`Figures.work`) goes into comparing answers before points are tried, and after it."""


def decides(program: Program, case: Case, wanted: Sequence[Definition], asked: Fact) -> Decides | None:
    """A witness that a question can decide one of some figures; None where none was found."""
    interpreters, figures = Interpreters(program), figures_wanted(program, case, wanted)
    told, witness, _ = examined(interpreters, case, figures, asked, SHORT_WORK)
    if told is not Told.OPEN:
        return witness
    listed = replace(case, complete=False, whole=case.whole | {EVERY})
    for figure in figures:
        witness = _at_points(interpreters, listed, figure, asked)
        if witness is not None:
            return witness
    return examined(interpreters, case, figures, asked, LONG_WORK)[1]


def _at_points(interpreters: Interpreters, case: Case, figure: Fact, asked: Fact) -> Decides | None:
    """A witness among points at which nothing that the figure hangs on is open."""
    program = interpreters.program
    whole = interpreters.begin(case)
    needs = needs_of(whole.find(figure))
    if asked not in needs:
        return None
    others = sorted((fact for fact in needs if fact != asked and not is_list(fact)), key=_place(program))

    def find(point: Mapping[Fact, Value]) -> tuple[Outcome, int]:
        interpreter = Interpreter(program, replace(case, given={**case.given, **point}), whole.constants, whole)
        return interpreter.find(figure), interpreter.work

    telling = Telling.of(program, case, program.definitions[figure.name])
    witness = Points(telling, asked, others, find).witness()
    return None if witness is None else Decides(figure, *witness)


def _place(program: Program) -> Callable[[Fact], tuple[bool, str]]:
    """What a complete case may leave out comes first: most of it is as usual."""
    return lambda fact: (program.definitions[fact.name].absent is None, str(fact))
