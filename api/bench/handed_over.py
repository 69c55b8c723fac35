"""Which columns send rows to the interpreter: random sets of input columns on random families, and what machine code
cannot compute of them.

1. The facts that a column may give: those of people and tax units that reach the wanted figures, and the figures that
   add up facts and documents, as a table states them (`employment_income`).
2. A set is drawn from them; its columns are filled at the law's own numbers, beside them, and in between.
3. The share of families that the interpreter computes is the answer. More columns mean wider bounds, so a set speaks
   also for the pairs in it.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from engine.ir import nodes as ir
from engine.ir.program import Definition, Program
from engine.ir.walk import walk
from engine.native import Evaluator, Options
from engine.native.plan.plan import cell_for
from engine.native.samples import Edges, boundaries, random_entries
from engine.population.columns import Cell, Column, Columns, GroupLink, column_of
from engine.values.periods import Period
from engine.values.types import Kind

WANTED = ("income_tax", "total_payments", "payroll_tax")
FAMILIES = 200
MOST = 0.01
_MOST_CHILDREN = 3
_NO_SHORT_FORMS = Options(cache="", idle_cost=10**9)  # half the time to write; what is handed over is the same or more


@dataclass(frozen=True, slots=True)
class Handed:
    """A set of columns: how many of its families the interpreter computed, and for which figures."""

    cells: tuple[Cell, ...]
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
    pending = [found.name for name in wanted if (found := program.find(name)) is not None]
    behind: set[str] = set()
    while pending:
        name = pending.pop()
        if name not in behind:
            behind.add(name)
            pending += [read for dated in program.definitions[name].formulas for read in _read(dated.body)]
    return behind


def _read(formula: ir.Expression) -> Iterator[str]:
    return (node.name for node in walk(formula) if isinstance(node, ir.VariableRead))


def sets(cells: list[Cell], count: int, fewest: int, most: int, seed: int) -> Iterator[tuple[Cell, ...]]:
    """So many random sets, each of between `fewest` and `most` columns."""
    choose = random.Random(seed)
    for _ in range(count):
        yield tuple(choose.sample(cells, min(len(cells), choose.randint(fewest, most))))


def pairs(cells: tuple[Cell, ...]) -> set[tuple[str, str]]:
    """Every two columns of a set."""
    names = sorted(cell.name for cell in cells)
    return set(combinations(names, 2))


def handed_over(program: Program, at: Period, cells: tuple[Cell, ...], seed: int, edges: Edges | None = None) -> Handed:
    """How many of random families with these columns, an age and nothing else the interpreter computes."""
    rng = np.random.default_rng(seed)
    link = _families(rng)
    counts = {"person": len(link.group), "tax_unit": FAMILIES}
    edges = edges or boundaries(program, at)
    ages = np.where(link.role == 2, rng.integers(0, 24, len(link.role)), rng.integers(18, 90, len(link.role)))
    columns: dict[Cell, Column] = {cell_for(program, "age", at): column_of(ages)}
    for cell in cells:
        definition = program.definitions[cell.name]
        columns[cell] = column_of(random_entries(program, definition, counts[definition.entity], rng, edges))
    population = Columns(at, counts, columns, {"tax_unit": link})
    result = Evaluator().evaluate(program, population, list(WANTED), options=_NO_SHORT_FORMS)
    return Handed(cells, FAMILIES, result.handed_over, result.causes)


def _families(rng: np.random.Generator) -> GroupLink:
    """A head each, with a spouse in every other family, and up to three dependents."""
    roles = [
        [0, *[1] * int(rng.integers(0, 2)), *[2] * int(rng.integers(0, _MOST_CHILDREN + 1))] for _ in range(FAMILIES)
    ]
    group = np.repeat(np.arange(FAMILIES, dtype=np.int32), [len(family) for family in roles])
    return GroupLink(group, np.array([role for family in roles for role in family], dtype=np.int8))
