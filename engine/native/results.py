"""What an evaluation gives: figures as entries with a status beside them.

They are put together from what code wrote and, for the rows that are handed over, from what the interpreter finds.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import field, replace

import numpy as np
from numpy.typing import NDArray

from engine.interpret.made_groups import with_groups
from engine.interpret.outcomes import Failure, Known, NotApplicable, Outcome, Possible
from engine.ir.program import Program
from engine.native.asking import Asking
from engine.native.handover import case_of, described, entry_of, outcomes, rows_of
from engine.native.machine.compiling import Kernel
from engine.native.plan.interface import ABSENT, BAD
from engine.native.plan.layout import Layout
from engine.population.columns import NONE_ENTRY, Cell, Columns, Entries
from engine.records import record
from engine.values.types import Kind

KNOWN, NOT_APPLICABLE, UNDETERMINED, ERROR = 0, 1, 2, 3
Mask = NDArray[np.bool_]


@record(frozen=True, slots=True, eq=False)
class Figures:
    """A wanted figure of every row of its entity, as given. `status` (None: all known) says where an entry is none."""

    cell: Cell
    entries: Entries
    status: NDArray[np.uint8] | None = None
    messages: dict[int, str] = field(default_factory=dict)


@record(frozen=True, slots=True, eq=False)
class Result:
    """The wanted figures by the name under which they were asked for, and how many components were handed over;
    `causes`, for how many of them a figure was what code could not give.

    `groups`: by kind of group that a figure makes, the rows of people who are the first member of one, which is what
    figures of that group are given for.
    """

    figures: dict[str, Figures]
    handed_over: int
    causes: Mapping[str, int] = field(default_factory=dict)
    groups: Mapping[str, Mask] = field(default_factory=dict)


def nobodys(cell: Cell) -> Figures:
    """The figures of an entity of which the population has no table."""
    return Figures(cell, np.zeros(0, dtype=np.int64))


def only_groups(figures: dict[Cell, Figures], program: Program, groups: Mapping[str, Mask]) -> None:
    """Of groups that a figure makes, let figures apply to those that there are."""
    for cell, outcome in figures.items():
        there = groups.get(program.definitions[cell.name].entity)
        if there is not None:
            none = np.zeros(len(there), dtype=np.int64)
            tell(figures, cell, ~there, entries=none, status=NOT_APPLICABLE)
            for row in [row for row in outcome.messages if not there[row]]:
                del outcome.messages[row]


# --- from what code wrote


def assembled(
    kernel: Kernel, layout: Layout, outputs: dict[Cell, Entries], statuses: dict[Cell, Entries]
) -> tuple[dict[Cell, set[int]], dict[Cell, Figures]]:
    """For each figure the components in which code could not give it, and the figures as they stand before those are
    handed over."""
    bad: dict[Cell, set[int]] = {}
    program = kernel.program
    figures: dict[Cell, Figures] = {}
    for cell in kernel.interface.wanted:
        if cell not in outputs:
            figures[cell], bad[cell] = _leaf(kernel, layout, cell)
            continue
        entity = program.definitions[cell.name].entity
        status = statuses.get(cell)
        count = layout.count(entity)
        absent: NDArray[np.uint8] | None = None
        if status is not None:
            status = status[:count]
            where = (status & BAD) != 0
            if where.any():
                bad[cell] = set(layout.component[entity][where].tolist())
            absent = given_order(layout, entity, ((status & ABSENT) != 0).astype(np.uint8)) if status.any() else None
        entries = given_order(layout, entity, outputs[cell][:count])
        if absent is not None:
            entries[absent != 0] = 0
        figures[cell] = Figures(cell, entries, absent)
    return bad, figures


def given_order(layout: Layout, entity: str, entries: Entries) -> Entries:
    """Entries of sorted rows in the order in which the rows were given."""
    order = layout.order[entity]
    if order is None:
        return entries
    back = np.empty_like(entries)
    back[order] = entries
    return back


def components_of(layout: Layout, entity: str, rows: Mask) -> set[int]:
    """The components of some rows, as given."""
    order = layout.order[entity]
    return set(layout.component[entity][rows if order is None else rows[order]].tolist())


def rows_in(layout: Layout, entity: str, components: set[int]) -> Mask:
    """The rows of an entity, as given, that are in some components."""
    return given_order(layout, entity, np.isin(layout.component[entity], list(components)))


def leaving(layout: Layout, vacant: Columns) -> set[int]:
    """The components in which somebody is in a group here and not there."""
    components: set[int] = set()
    for group, link in layout.columns.groups.items():
        people = layout.program.settings.entities[group].of
        components |= components_of(layout, people, link.group != vacant.groups[group].group)
    return components


def tell(
    figures: dict[Cell, Figures],
    cell: Cell,
    rows: Mask,
    *,
    entries: Entries,
    status: int,
    messages: Mapping[int, str] | None = None,
) -> None:
    """Put into a figure what is proved of some rows."""
    if not rows.any():
        return
    outcome = figures[cell]
    statuses = outcome.status if outcome.status is not None else np.zeros(len(outcome.entries), dtype=np.uint8)
    statuses[rows] = status
    outcome.entries[rows] = entries[rows]
    figures[cell] = replace(outcome, status=statuses, messages={**outcome.messages, **(messages or {})})


def _leaf(kernel: Kernel, layout: Layout, cell: Cell) -> tuple[Figures, set[int]]:
    """A wanted figure that is not computed, and the components in which it is not known."""
    entries, none, open_rows = leaf(kernel, layout, cell)
    status = none * np.uint8(NOT_APPLICABLE) if none.any() else None
    return Figures(cell, entries, status), components_of(
        layout, kernel.program.definitions[cell.name].entity, open_rows
    )


def leaf(kernel: Kernel, layout: Layout, cell: Cell) -> tuple[Entries, Mask, Mask]:
    """What a figure that is not computed is in every row, as given: what was stated, or a constant; where there is
    none; and where it is not known."""
    program, definition = kernel.program, kernel.program.definitions[cell.name]
    entity, value = definition.entity, kernel.interface.leaves[cell]
    small = definition.type.kind in (Kind.BOOLEAN, Kind.ENUM)
    entries = np.zeros(layout.count(entity), dtype=np.uint8 if small else np.int64)
    open_rows = np.ones(len(entries), dtype=bool)
    none = np.zeros(len(entries), dtype=bool)
    if value is not None:
        entry = entry_of(program, definition, value)
        if entry is not None:
            none[:], open_rows[:] = entry == NONE_ENTRY, False
            entries[:] = 0 if entry == NONE_ENTRY else entry
    column = layout.columns.columns.get(cell)
    if column is not None:
        there = ~column.missing if column.missing is not None else np.ones(len(entries), dtype=bool)
        none[there] = column.entries[there] == NONE_ENTRY
        entries[there] = np.where(none[there], 0, column.entries[there])
        open_rows[there] = False
    return entries, none, open_rows


# --- from the interpreter


def hand_over(
    layout: Layout,
    component: int,
    figures: dict[Cell, Figures],
    asking: Asking,
    *,
    asked: Collection[Cell],
    groups: Mapping[str, Mask],
) -> None:
    """Put the interpreter's figures of a component, those that are asked, in the place of what code wrote; in `groups`
    those that figures make."""
    listed = rows_of(layout, component)
    if not groups:
        for cell, row, outcome in asking.outcomes(layout.columns, listed, asked):
            _put(asking.program, figures, cell, row, outcome)
        return
    program = asking.program
    case = with_groups(program, case_of(program, layout.columns, listed))[0]
    for entity, rows in groups.items():
        rows[np.flatnonzero(rows_in(layout, entity, {component}))] = False
        there = (row_of(program, layout.columns, entity, name) for name in case.instances.get(entity, ()))
        rows[[row for row in there if row is not None]] = True
    for cell, instance, outcome in outcomes(program, asking.constants, case, asked):
        at = row_of(program, layout.columns, program.definitions[cell.name].entity, instance)
        if at is not None:
            _put(program, figures, cell, at, outcome)


def _put(program: Program, figures: dict[Cell, Figures], cell: Cell, row: int, outcome: Outcome) -> None:
    """Put an outcome of the interpreter in its place."""
    figure = figures[cell]
    entry = entry_of(program, program.definitions[cell.name], outcome.value) if isinstance(outcome, Known) else None
    if entry is not None:
        figure.entries[row] = entry
        if figure.status is not None:
            figure.status[row] = KNOWN
        return
    status = figure.status if figure.status is not None else np.zeros(len(figure.entries), dtype=np.uint8)
    status[row] = status_of(outcome)
    figure.entries[row] = 0
    figure.messages[row] = described(outcome)
    if figure.status is None:
        figures[cell] = replace(figure, status=status)


def row_of(program: Program, columns: Columns, entity: str, instance: str) -> int | None:
    """The row of somebody in the case of some rows; of a group that a figure makes, that of its first member, if that
    is where they live in the end (else None: they may be the first of another there)."""
    whole, slash, row = instance.rpartition("/")
    larger = columns.groups.get(program.settings.entities[entity].within) if slash else None
    return int(row) if larger is None or int(larger.group[int(row)]) == int(whole) else None


def status_of(outcome: object) -> int:
    """The status that stands for an outcome without a value that a column holds."""
    match outcome:
        case NotApplicable():
            return NOT_APPLICABLE
        case Possible():
            return UNDETERMINED
        case Failure() | Known():
            return ERROR
    raise AssertionError(outcome)


def bad_rows(layout: Layout, program: Program, cell: Cell, status: Entries) -> NDArray[np.bool_]:
    """The rows, as given, in which code could not give a figure."""
    entity = program.definitions[cell.name].entity
    rows: NDArray[np.bool_] = given_order(layout, entity, (status[: layout.count(entity)] & BAD) != 0)
    return rows
