"""Which columns send rows to the interpreter: random families of whom random sets of facts are given, and how many of
them machine code cannot compute.

1. The facts that a column may give: those of people and tax units that reach the wanted figures, and the figures that
   add up facts and documents, as a table states them (`employment_income`).
2. `Hunt` has a column for each, so that bounds are as wide as columns make them, and gives each family a set of facts;
   the others are missing in its rows. Amounts are the law's own numbers, a step beside them, and in between.
3. Families whose facts contradict each other have no tax, and only the interpreter says why: they do not count as
   handed over.
4. `by_themselves` gives a set the code that is written for its columns alone.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from api.bench.measuring import Measured, once
from engine.ir import nodes as ir
from engine.ir.program import Definition, Program
from engine.ir.walk import walk
from engine.native import Evaluator, Options
from engine.native.plan.plan import cell_for
from engine.native.results import ERROR
from engine.native.samples import boundaries, random_entries
from engine.population.columns import Cell, Column, Columns, GroupLink, column_of
from engine.values.periods import Period, parse_period
from engine.values.types import Kind

WANTED = ("income_tax", "total_payments", "payroll_tax")
FAMILIES = 200
MOST = 0.01
_NO_SHORT_FORMS = Options(cache="", idle_cost=10**9)  # half the time to write; what is handed over is the same or more


@dataclass(frozen=True, slots=True)
class Handed:
    """How many families there were, how many of them the interpreter computed, and for which figures."""

    families: int
    handed_over: int
    causes: Mapping[str, int]

    @property
    def share(self) -> float:
        """The share of families that the interpreter computed."""
        return self.handed_over / self.families


def possible_cells(program: Program, at: Period) -> list[Cell]:
    """The facts of people and tax units for a year that a table may give and that reach the wanted figures."""
    behind = _behind(program, WANTED)
    return [
        cell_for(program, definition.name, at)
        for definition in program.definitions.values()
        if definition.name in behind
        and definition.entity in ("person", "tax_unit")
        and definition.period in (at.kind, "eternity")
        and definition.short_name != "age"
        and (definition.is_input or _adds_up_facts(program, definition))
    ]


def _adds_up_facts(program: Program, definition: Definition) -> bool:
    reads = {read for dated in definition.formulas for read in _read(dated.body)}
    stated = definition.exported and definition.requirement is None and definition.type.kind is Kind.MONEY
    return stated and bool(reads) and all(program.definitions[name].is_input for name in reads)


def _behind(program: Program, wanted: tuple[str, ...]) -> set[str]:
    pending = [definition.name for name in wanted if (definition := program.find(name)) is not None]
    behind: set[str] = set()
    while pending:
        name = pending.pop()
        if name not in behind:
            behind.add(name)
            pending += [read for dated in program.definitions[name].formulas for read in _read(dated.body)]
    return behind


def _read(formula: ir.Expression) -> Iterator[str]:
    return (node.name for node in walk(formula) if isinstance(node, ir.VariableRead))


def sets(count: int, of: int, fewest: int, most: int, seed: int) -> Iterator[tuple[int, ...]]:
    """So many random sets of places in a list of so many facts, each of between `fewest` and `most`."""
    choose = random.Random(seed)
    for _ in range(count):
        yield tuple(choose.sample(range(of), min(of, choose.randint(fewest, most))))


class Hunt:
    """All the facts of a year that a table may give, and code for a table that gives any of them."""

    def __init__(self, program: Program, at: Period, seed: int = 1) -> None:
        self.program, self.at, self.cells = program, at, possible_cells(program, at)
        self._edges, self._rng, self._code = boundaries(program, at), np.random.default_rng(seed), Evaluator()

    def handed_over(self, given: Sequence[tuple[int, ...]]) -> Handed:
        """How many families the interpreter computes; each has these facts (places in `cells`) and ages."""
        link = _families(self._rng, len(given) + 1)  # the last has none: no column is without a missing entry
        has = np.zeros((len(given) + 1, len(self.cells)), dtype=np.bool_)
        for row, places in enumerate(given):
            has[row, list(places)] = True
        counts = {"person": len(link.group), "tax_unit": len(given) + 1}
        columns = {cell_for(self.program, "age", self.at): _ages(self._rng, link)}
        for place, cell in enumerate(self.cells):
            stated = (
                has[:, place] if self.program.definitions[cell.name].entity == "tax_unit" else has[link.group, place]
            )
            columns[cell] = column_of(self._entries(cell, len(stated)), ~stated)
        return _computed(self.program, Columns(self.at, counts, columns, {"tax_unit": link}), self._code)

    def by_themselves(self, places: tuple[int, ...]) -> Handed:
        """The same of families who all have these facts, by code that knows of no other."""
        link = _families(self._rng, FAMILIES)
        counts = {"person": len(link.group), "tax_unit": FAMILIES}
        columns = {cell_for(self.program, "age", self.at): _ages(self._rng, link)}
        for cell in (self.cells[place] for place in places):
            columns[cell] = column_of(self._entries(cell, counts[self.program.definitions[cell.name].entity]))
        return _computed(self.program, Columns(self.at, counts, columns, {"tax_unit": link}), Evaluator())

    def _entries(self, cell: Cell, count: int) -> NDArray[np.int64]:
        return random_entries(self.program, self.program.definitions[cell.name], count, self._rng, self._edges)


def _computed(program: Program, population: Columns, code: Evaluator) -> Handed:
    result = code.evaluate(program, population, list(WANTED), options=_NO_SHORT_FORMS)
    refused = np.zeros(population.counts["tax_unit"], dtype=np.bool_)
    for figures in result.figures.values():
        if figures.status is not None:
            refused |= figures.status == ERROR
    return Handed(len(refused), result.handed_over - int(refused.sum()), result.causes)


def _ages(rng: np.random.Generator, link: GroupLink) -> Column:
    return column_of(
        np.where(link.role == 2, rng.integers(0, 24, len(link.role)), rng.integers(18, 90, len(link.role)))
    )


def _families(rng: np.random.Generator, count: int) -> GroupLink:
    """A head each, every other with a spouse, and with none to three dependents."""
    sizes = np.stack([np.ones(count, dtype=np.int64), rng.integers(0, 2, count), rng.integers(0, 4, count)], axis=1)
    roles = np.repeat(np.tile(np.arange(3, dtype=np.int8), count), sizes.ravel())
    return GroupLink(np.repeat(np.arange(count, dtype=np.int32), sizes.sum(axis=1)), roles)


def measured(program: Program, runs: int) -> Iterator[Measured]:
    """A line for families with random facts of this year's law, as many sets as runs are asked for."""
    hunt = Hunt(program, parse_period(str(program.settings.covers_to.year)))
    given = [places for places in sets(runs, len(hunt.cells), 2, len(hunt.cells), 1) for _ in range(FAMILIES)]
    results: list[Handed] = []
    seconds = once(lambda: results.append(hunt.handed_over(given)))
    what = f"{runs} random sets of {len(hunt.cells)} columns, {hunt.at}, code included"
    yield Measured("handed over", what, seconds, len(given), said=f"{results[0].share:.2%} by the interpreter")
