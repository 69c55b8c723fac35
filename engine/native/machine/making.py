"""From a program and the shape of a population to the text of its code, with the constants that it reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from engine.ir.program import Program
from engine.native.machine.toolchain import Machine
from engine.native.plan.interface import Interface
from engine.native.plan.layout import Layout
from engine.native.plan.options import Options
from engine.native.plan.orders import WithoutOrders
from engine.native.plan.plan import Plan, Supply, make_plan
from engine.native.plan.records import WithoutRecords
from engine.native.plan.shape import Shape
from engine.native.plan.terms import Reliance, filled
from engine.native.plan.worlds import Worlds
from engine.native.write.kernel import Text, write_module
from engine.population.columns import Cell


def make_text(
    program: Program, layout: Layout, wanted: Sequence[Cell], shape: Shape, *, options: Options, target: Machine
) -> tuple[str, Interface, Reliance, NDArray[np.float64]]:
    """The text of a module, what running it takes, what it relies on in constants, and the vector of these."""
    worlds = _worlds(program, layout)
    plan = _planned(worlds, layout, wanted)
    text = write_module(worlds.program, plan, shape, options, width=target.width, permutes=target.permutes)
    return text.text, _interface(plan, text), text.relied, filled(text.entries, text.relied)


def planned(program: Program, layout: Layout, wanted: Sequence[Cell]) -> Plan:
    """What code for the wanted cells on such data computes, in which passes."""
    return _planned(_worlds(program, layout), layout, wanted)


def planned_as_written(program: Program, layout: Layout, wanted: Sequence[Cell]) -> tuple[Program, Plan]:
    """Everything that the wanted cells may need, with what is chosen among many as it is written; and the program with
    all its figures, those of other worlds among them."""
    worlds = _worlds(program, layout)
    return worlds.program, make_plan(worlds.program, wanted, replace(_supply(worlds, layout), orders=None, whole=True))


def _worlds(program: Program, layout: Layout) -> Worlds:
    return Worlds(program, {cell.name for cell in layout.columns.columns})


def _planned(worlds: Worlds, layout: Layout, wanted: Sequence[Cell]) -> Plan:
    return make_plan(worlds.program, wanted, _supply(worlds, layout))


def _supply(worlds: Worlds, layout: Layout) -> Supply:
    program = worlds.program
    columns = {cell: column.missing is not None for cell, column in layout.columns.columns.items()}
    lacking = frozenset(program.settings.entities) - frozenset(layout.capacity)
    without, orders = _without(program, layout), WithoutOrders(layout.members)
    return Supply(columns, layout.columns.complete, without, lacking=lacking, worlds=worlds, orders=orders)


def _interface(plan: Plan, text: Text) -> Interface:
    computed = {output.cell for output in text.outputs}
    leaves = {cell: plan.sources[cell].value for cell in plan.wanted if cell not in computed}
    return Interface(plan.wanted, leaves, text.arguments, text.scratch_size, text.outputs)


def _without(program: Program, layout: Layout) -> WithoutRecords:
    """What rewrites formulas over the kinds of records of which the population has none: those without a table, if what
    is not listed is not there."""
    entities = program.settings.entities.values()
    records = [entity.name for entity in entities if entity.belongs_to and entity.name not in layout.columns.owners]
    lacking = set(records) if layout.columns.complete else set()
    return WithoutRecords(program, lacking, {cell.name for cell in layout.columns.columns})
