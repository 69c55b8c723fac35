"""Values of curves at many points of one fact, in one batch.

1. The case becomes a population of as many copies as there are points; in each the varied fact is another. Machine code
   gives the figures of all of them at once.
2. A case that columns cannot hold (stocks on stretches of days, ranges) is computed point by point by the interpreter.

Points and values are whole numbers: entries of the fact, and of the curve in steps of its grid.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from math import lcm

import numpy as np

from api.cases.copies import copies
from api.cases.machine import columns_of, places_of
from api.cases.naming import period_for
from api.failures import Failure
from engine.interpret.cases import Case
from engine.interpret.constants import Constants
from engine.interpret.interpreter import Interpreter
from engine.interpret.outcomes import Fact, Known, NotApplicable, Outcome
from engine.ir.program import Definition, Program
from engine.native import ERROR, KNOWN, Options, evaluate
from engine.native.handover import described, value_of
from engine.population.columns import Cell, Columns, unit_of
from engine.values.types import Value

OPTIONS = Options(limit=2**37)
Progress = Callable[[int], None]
"""Is told how often the case has been computed."""


@dataclass(frozen=True, slots=True)
class Terms:
    """A curve: a sum of figures, each added or taken away, over everybody in the case who has them. `of_income`: of
    what is moved, an income, it is what is left."""

    name: str
    label: str
    terms: tuple[tuple[int, Definition], ...]
    of_income: bool = False


@dataclass(eq=False)
class Points:
    """The values of some curves as one fact of a case is varied. What was computed is kept."""

    program: Program
    case: Case
    varied: Fact
    curves: Sequence[Terms]
    constants: Constants
    on_progress: Progress = lambda _done: None
    computed: dict[int, tuple[int | None, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._last: Interpreter | None = None
        self._done = 0
        self.definition = self.program.definitions[self.varied.name]
        self.unit = unit_of(self.program, self.definition)
        names = {definition.name: definition for curve in self.curves for _, definition in curve.terms}
        self.wanted = tuple(names)
        self.units = tuple(
            lcm(*(unit_of(self.program, definition) for _, definition in curve.terms)) for curve in self.curves
        )
        held = {**self.case.given, self.varied: self.value(0)}
        self._columns = columns_of(self.program, replace(self.case, given=held))

    def value(self, entry: int) -> Value:
        """The fact's value at a point."""
        return value_of(self.program, self.definition, entry)

    def at(self, entries: Sequence[int]) -> None:
        """Compute these points. Raises Failure where a figure fails, or is not determined."""
        new = sorted(set(entries) - self.computed.keys())
        if not new:
            return
        if self._columns is None:
            self.computed.update((entry, self._interpreted(entry)) for entry in new)
            return
        self.computed.update(zip(new, self._batch(self._columns, new), strict=True))

    def interpreter(self, entry: int) -> Interpreter:
        """The interpreter of the case at a point."""
        given = {**self.case.given, self.varied: self.value(entry)}
        interpreter = Interpreter(self.program, replace(self.case, given=given), self.constants, self._last)
        interpreter.trace()  # most figures read what they read at the last point
        self._last = interpreter
        self._tell()
        return interpreter

    def _tell(self) -> None:
        self._done += 1
        self.on_progress(self._done)

    def facts(self, curve: Terms) -> list[tuple[int, Fact]]:
        """The figures of a curve: of whom, with their signs."""
        at = self.case.at
        return [
            (sign, Fact(definition.name, instance, period_for(self.program, definition, at)))
            for sign, definition in curve.terms
            for instance in self.case.instances.get(definition.entity, ())
        ]

    def _interpreted(self, entry: int) -> tuple[int | None, ...]:
        interpreter = self.interpreter(entry)
        totals: list[int | None] = []
        for curve, unit in zip(self.curves, self.units, strict=True):
            total: int | None = None
            for sign, fact in self.facts(curve):
                outcome = interpreter.find(fact)
                if isinstance(outcome, Known):
                    total = (total or 0) + sign * int(Fraction(outcome.value) * unit)  # type: ignore[arg-type]
                elif not isinstance(outcome, NotApplicable):
                    raise self._no_value(fact, entry, outcome)
            totals.append(total)
        return tuple(totals)

    def _no_value(self, fact: Fact, entry: int, outcome: Outcome) -> Failure:
        where = f"at {self.definition.short_name} {self.value(entry)}"
        name = self.program.definitions[fact.name].short_name
        return Failure(f"`{name}` has no value {where}: {described(outcome)}", "`rulewright calc` says what to add")

    def _batch(self, columns: Columns, entries: Sequence[int]) -> list[tuple[int | None, ...]]:
        many = self._copies(columns, entries)
        result = evaluate(self.program, many, self.wanted, options=OPTIONS)
        self._done += len(entries)
        self.on_progress(self._done)
        size = len(entries)
        sums: dict[str, tuple[np.ndarray, np.ndarray]] = {}
        for name in self.wanted:
            figures = result.figures[name]
            status = figures.status if figures.status is not None else np.zeros(len(figures.entries), dtype=np.uint8)
            bad = np.flatnonzero((status != KNOWN) & (status != 1))
            if len(bad):
                row = int(bad[0])
                said = figures.messages.get(row, "an error" if status[row] == ERROR else "it is not determined")
                at = self.value(entries[row // max(1, len(figures.entries) // size)])
                message = f"`{name}` has no value at {self.definition.short_name} {at}: {said}"
                raise Failure(message, "`rulewright calc` says what to add")
            known = (status == KNOWN).reshape(size, -1)
            values = np.where(known, figures.entries.astype(np.int64).reshape(size, -1), 0)
            sums[name] = values.sum(axis=1), known.any(axis=1)
        totals = [self._totals(curve, unit, sums) for curve, unit in zip(self.curves, self.units, strict=True)]
        return list(zip(*totals, strict=True))

    def _totals(self, curve: Terms, unit: int, sums: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> list[int | None]:
        """A curve at every point; None where none of its figures applies."""
        signed = [
            sums[definition.name][0] * (sign * (unit // unit_of(self.program, definition)))
            for sign, definition in curve.terms
        ]
        total = np.sum(signed, axis=0).astype(object)
        total[~np.any([sums[definition.name][1] for _, definition in curve.terms], axis=0)] = None
        return list(total)

    def _copies(self, columns: Columns, entries: Sequence[int]) -> Columns:
        """So many copies of the case's population, each with its own value of the fact."""
        many = copies(self.program, columns, len(entries))
        cell = Cell(self.varied.name, self.varied.period)
        row = places_of(self.program, self.case)[self.definition.entity][self.varied.instance]
        column, count = many.columns[cell], len(columns.columns[cell].entries)
        column.entries[row::count] = entries
        if column.missing is not None:
            column.missing[row::count] = False
        bounds = int(column.entries.min()), int(column.entries.max())
        return replace(many, columns={**many.columns, cell: replace(column, low=bounds[0], high=bounds[1])})
