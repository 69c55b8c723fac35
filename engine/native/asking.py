"""The interpreter asked of many households, one after the other. Those that share a shape share the work.

1. Households have one shape if they differ only in which facts are stated and how: as many people, who belong together
   alike, with as many records. Within each, ids are places, so that the same places are the same people.
2. What the interpreter found of the household before that reads nothing that differs holds of the next one, too, and a
   figure is not evaluated again where all that it read is what it was (`engine.interpret.reuse`, `traces`).
3. An error names people by their ids: the household is asked again by the numbers of its rows.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from engine.interpret.cases import Case
from engine.interpret.constants import Constants
from engine.interpret.outcomes import Failure, Outcome
from engine.ir.program import Program
from engine.native.handover import case_of, outcomes, outcomes_by
from engine.population.columns import Cell, Columns

if TYPE_CHECKING:
    from engine.interpret.interpreter import Interpreter

MOST_SHAPES = 16


class Asking:
    """Asks the interpreter of households of a population."""

    def __init__(self, program: Program, constants: Constants) -> None:
        self.program, self.constants = program, constants
        self._last: dict[str, Interpreter] = {}

    def outcomes(
        self, columns: Columns, rows: Mapping[str, Sequence[int]], cells: Collection[Cell]
    ) -> Iterator[tuple[Cell, int, Outcome]]:
        """The outcome of each cell for each of some rows that belong together."""
        answers = list(outcomes_by(self._interpreter(case_of(self.program, columns, rows, by_place=True)), cells))
        if not any(_may_name_somebody(outcome) for _, _, outcome in answers):
            for cell, instance, outcome in answers:
                yield cell, rows[self.program.definitions[cell.name].entity][int(instance)], outcome
            return
        for cell, instance, outcome in outcomes(
            self.program, self.constants, case_of(self.program, columns, rows), cells
        ):
            yield cell, int(instance), outcome

    def _interpreter(self, case: Case) -> Interpreter:
        from engine.interpret.interpreter import Interpreter  # which most runs do without

        shape = str(replace(case, given={}, entities={}))
        earlier = self._last.pop(shape, None)
        interpreter = Interpreter(self.program, case, self.constants, earlier)
        if interpreter.traces is None:
            interpreter.trace(earlier.traces if earlier is not None else None)
        while len(self._last) >= MOST_SHAPES:
            del self._last[next(iter(self._last))]
        self._last[shape] = interpreter
        return interpreter


def _may_name_somebody(outcome: Outcome) -> bool:
    return isinstance(outcome, Failure) and "`" in outcome.message
