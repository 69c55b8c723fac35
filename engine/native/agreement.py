"""Comparing the native evaluator with the interpreter, bit for bit: for tests and `rulewright check --differential`.

1. Every row's figures are asked of the interpreter, one component (rows that belong together) at a time.
2. Where it has a value, the native entry must be that value's very entry; where it has none, the status must say so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from itertools import islice

from engine.interpret.constants import Constants
from engine.interpret.interpreter import Interpreter
from engine.interpret.made_groups import with_groups
from engine.interpret.outcomes import Fact, Known, Outcome
from engine.ir import nodes as ir
from engine.ir.program import Program
from engine.ir.walk import walk
from engine.native.handover import case_of, entry_of, rows_of
from engine.native.plan.laying import lay_out
from engine.native.plan.layout import Layout, is_made
from engine.native.plan.options import Options
from engine.native.results import KNOWN, Figures, Result, row_of, status_of
from engine.population.columns import Columns


@dataclass(frozen=True, slots=True)
class Compared:
    """A figure of a row as both have it."""

    name: str
    row: int
    entry: int
    status: int
    outcome: Outcome
    same: bool

    def __str__(self) -> str:
        return f"{self.name} of row {self.row}: native {self.entry} ({self.status}), interpreter {self.outcome}"


def compared(program: Program, columns: Columns, result: Result, first: int = 0, every: int = 1) -> Iterator[Compared]:
    """Every figure of a native result beside the interpreter's; of each n-th component only, if asked for."""
    layout = lay_out(program, columns, Options())
    constants = Constants(program)
    for component in range(first, component_count(layout), every):
        case, _ = with_groups(program, case_of(program, columns, rows_of(layout, component)))
        interpreter = Interpreter(program, case, constants)
        for name, figures in result.figures.items():
            entity = program.definitions[figures.cell.name].entity
            for instance in case.instances.get(entity, ()):
                outcome = interpreter.find(Fact(figures.cell.name, instance, figures.cell.period))
                row = row_of(program, columns, entity, instance)
                if row is not None:
                    yield _compared(program, name, figures, row, outcome)


def component_count(layout: Layout) -> int:
    """How many components a population has."""
    return max((int(component.max(initial=-1)) + 1 for component in layout.component.values()), default=0)


def _compared(program: Program, name: str, figures: Figures, row: int, outcome: Outcome) -> Compared:
    status = int(figures.status[row]) if figures.status is not None else KNOWN
    entry = int(figures.entries[row])
    if isinstance(outcome, Known):
        held = entry_of(program, program.definitions[figures.cell.name], outcome.value)
        same = held is None or (status == KNOWN and entry == held)
    else:
        same = status == status_of(outcome)
    return Compared(name, row, entry, status, outcome, same)


def differences(program: Program, columns: Columns, result: Result, limit: int = 20, every: int = 1) -> list[str]:
    """Where a native result is not the interpreter's; at most `limit` of them."""
    texts = (str(comparison) for comparison in compared(program, columns, result, every=every) if not comparison.same)
    return list(islice(texts, limit))


def all_figures(program: Program, columns: Columns | None = None) -> Sequence[str]:
    """Every figure that is computed; of a population those of entities that it has, and that read no group that it
    lacks: such figures have no value in it, and the interpreter would say so row by row."""
    figures = [name for name, definition in program.definitions.items() if not definition.is_input]
    if columns is None:
        return figures
    lacking = {
        name
        for name, entity in program.settings.entities.items()
        if entity.of and name not in columns.counts and not is_made(program, columns, name)
    }
    reaching = _reaching(program, lacking)
    there = {name for name in program.settings.entities if name in columns.counts or is_made(program, columns, name)}
    return [name for name in figures if program.definitions[name].entity in there and name not in reaching]


def _reaching(program: Program, lacking: Set[str]) -> Set[str]:
    """The figures that read anything of an entity in `lacking`, themselves or through others."""
    reaching = {name for name, definition in program.definitions.items() if definition.entity in lacking}
    for name in program.order if lacking else ():
        nodes = (node for dated in program.definitions[name].formulas for node in walk(dated.body))
        if name not in reaching and any(_is_of(node, lacking, reaching) for node in nodes):
            reaching.add(name)
    return reaching


def _is_of(node: ir.Expression, lacking: Set[str], reaching: Set[str]) -> bool:
    match node:
        case ir.VariableRead():
            return node.name in reaching
        case ir.Aggregate(link=ir.Members() as link):
            return link.group.entity in lacking
    return False
