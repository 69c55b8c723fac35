"""Random populations whose facts do not contradict each other, so that figures have values to compare.

1. A figure that is computed and has a range is a guard: outside its range is an error, as wages are that are less than
   the part of them earned in prison. All that rests on the figure is an error then.
2. Of each guard that fires, one of the facts that it rests on is set to zero (a statement to false), drawn at random
   from those next to it, and the guard is asked again; after `PATIENCE` times all of those facts are set to zero.
3. A fact that nothing can be said of any more as zero (its range leaves zero out) stays, and so does its error.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from engine.interpret.frames import Step
from engine.interpret.interpreter import Interpreter
from engine.interpret.made_groups import with_groups
from engine.interpret.outcomes import Fact, Failure
from engine.ir.program import Definition, Program
from engine.native.agreement import component_count
from engine.native.handover import case_of, rows_of
from engine.native.plan.laying import lay_out
from engine.native.plan.layout import Layout
from engine.native.plan.options import Options
from engine.native.plan.plan import cell_for
from engine.native.results import row_of
from engine.population.columns import Cell, Columns, column_of
from engine.values.types import Kind

PATIENCE, MOST_TIMES, SWEEPS = 3, 5, 3
NEAR = 0.4  # how likely the fact is drawn that is the next on the way from the guard
_COUNTED = (Kind.MONEY, Kind.INTEGER, Kind.RATE, Kind.BOOLEAN)
_Place = tuple[Cell, int]


def consistent(program: Program, columns: Columns, seed: int) -> Columns:
    """A population in which facts are set to zero until no figure lies outside its range."""
    rng = np.random.default_rng(seed)
    layout = lay_out(program, columns, Options())
    guards = [each for each in program.definitions.values() if each.formulas and _has_range(each)]
    parts = list(range(component_count(layout)))
    for _ in range(SWEEPS):
        asked, touched = dict.fromkeys(parts, guards), set[int]()
        for time in range(MOST_TIMES):
            firing = {part: _firing(program, (columns, layout), part, ranged) for part, ranged in asked.items()}
            asked = {part: list(dict.fromkeys(guard for guard, _ in fired)) for part, fired in firing.items() if fired}
            touched.update(asked)
            facts = [stated for fired in firing.values() for _, stated in fired]
            if not facts:
                break
            zeroed = [stated if time >= PATIENCE else [_drawn(stated, rng)] for stated in facts]
            columns = _zeroed(columns, [place for places in zeroed for place in places])
        parts = sorted(touched)  # where a zero may have made another guard fire
    return columns


def _drawn(facts: Sequence[_Place], rng: np.random.Generator) -> _Place:
    return facts[min(int(rng.geometric(NEAR)), len(facts)) - 1]


def _has_range(definition: Definition) -> bool:
    return definition.low is not None or definition.high is not None


def _may_be_zero(definition: Definition) -> bool:
    return (definition.low or 0) <= 0 <= (definition.high or 0)


def _firing(
    program: Program, population: tuple[Columns, Layout], part: int, guards: Sequence[Definition]
) -> list[tuple[Definition, list[_Place]]]:
    """The guards that fire among rows that belong together, each with the facts that can be set to zero."""
    columns, layout = population
    case, _ = with_groups(program, case_of(program, columns, rows_of(layout, part)))
    interpreter = Interpreter(program, case)
    firing: list[tuple[Definition, list[_Place]]] = []
    for guard in guards:
        period = cell_for(program, guard.name, columns.at).period
        for instance in case.instances.get(guard.entity, ()):
            fact = Fact(guard.name, instance, period)
            outcome = interpreter.find(fact)
            if isinstance(outcome, Failure) and outcome.path[:1] == (fact,):
                firing.append((guard, list(_stated(program, columns, interpreter, fact))))
    return [(guard, stated) for guard, stated in firing if stated]


def _stated(program: Program, columns: Columns, interpreter: Interpreter, fact: Fact) -> Iterator[_Place]:
    """The entries of a population that a figure rests on, that can be set to zero and are not."""
    for step in _under(interpreter, fact):
        definition = step.definition
        cell, row = (
            Cell(step.fact.name, step.fact.period),
            row_of(program, columns, definition.entity, step.fact.instance),
        )
        may_be_zero = (definition.low is None or definition.low <= 0) and (
            definition.high is None or definition.high >= 0
        )
        if cell in columns.columns and row is not None and may_be_zero and columns.columns[cell].entries[row]:
            yield cell, row


def _under(interpreter: Interpreter, fact: Fact) -> Iterator[Step]:
    """How the facts were stated that a figure rests on, the nearest first."""
    seen, left = {fact}, [fact]
    while left:
        step = interpreter.steps.get(left.pop(0))
        if step is None:
            continue
        if step.source == "given" and step.definition.type.kind in _COUNTED:
            yield step
        reads = [read for read in dict.fromkeys(step.reads) if read not in seen]
        seen.update(reads)
        left += reads


def _zeroed(columns: Columns, places: Sequence[_Place]) -> Columns:
    """The population with zeros in some places."""
    rows: dict[Cell, list[int]] = defaultdict(list)
    for cell, row in places:
        rows[cell].append(row)
    entries_of = dict(columns.columns)
    for cell, which in rows.items():
        entries = entries_of[cell].entries.copy()
        entries[which] = 0
        entries_of[cell] = column_of(entries, entries_of[cell].missing)
    return replace(columns, columns=entries_of)
