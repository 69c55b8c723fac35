"""`Evaluator.evaluate(program, columns, wanted, period) -> Result`: the one way to figures for a population.

1. Plan what the wanted figures need; lay the population out; compile, or take compiled code from memory or disk.
2. Run blocks of rows, on as many threads as asked; ctypes lets go of Python's lock while code runs.
3. Rows whose wanted figures are bad go to the interpreter, with all that belongs to them. How many is reported.

The result is the interpreter's for every row, whatever the width, block, limit or number of threads.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import numpy as np

from engine.interpret.constants import Constants
from engine.ir.program import Program
from engine.native.asking import Asking
from engine.native.blocks import pointed, room_for_outputs, run
from engine.native.buffers import Buffers
from engine.native.determined import WORTH_WRITING, determined
from engine.native.handover import not_known
from engine.native.machine.compiling import Kernel, Kernels, deciding
from engine.native.made_groups import made_groups, parts_made, told_groups
from engine.native.plan.interface import ABSENT, BAD
from engine.native.plan.layout import Layout, is_made
from engine.native.plan.options import Options
from engine.native.plan.plan import Origin, cell_for
from engine.native.plan.pointers import GroupOfEach, Pointer
from engine.native.plan.shape import fitting
from engine.native.results import (
    KNOWN,
    NOT_APPLICABLE,
    UNDETERMINED,
    Figures,
    Mask,
    Result,
    assembled,
    bad_rows,
    components_of,
    given_order,
    hand_over,
    leaf,
    leaving,
    nobodys,
    only_groups,
    rows_in,
    tell,
)  # fmt: skip
from engine.native.sequences import orders_of_records
from engine.native.undetermined import WORTH_PROVING, CodeFigure, undetermined
from engine.native.vacancies import compared, vacated
from engine.population.columns import Cell, Columns, Entries
from engine.records import record
from engine.text.recursion import deep_recursion
from engine.values.periods import Period

NO_SHORT_FORMS = 10**9  # they take half the time to write, and few rows are asked


@record(frozen=True, slots=True, eq=False)
class Ready:
    """Compiled code, and the population laid out for it: what `evaluate` makes, or finds kept, before it runs."""

    kernel: Kernel
    layout: Layout
    orders: Mapping[Pointer, Entries]
    buffers: Buffers

    def traffic(self) -> tuple[int, int]:
        """How many bytes one run has to read and to write at the least: each column and link, each output, once."""
        outputs, statuses = room_for_outputs(self.kernel, self.layout, self.buffers)
        written = sum(array.nbytes for array in (*outputs.values(), *statuses.values()))
        loaded = self.kernel.loaded is not None
        held = pointed(self.kernel, self.layout, self.orders, outputs, statuses) if loaded else []
        return sum(array.nbytes for array in held) - written, written


class Evaluator:
    """What computes figures for populations, and owns all that it keeps for the next time: code, layouts, the constants
    of programs, memory. Threads may share one."""

    def __init__(self) -> None:
        self.kernels = Kernels()
        self.buffers = Buffers()
        self._constants: list[tuple[Program, Constants]] = []

    @deep_recursion()  # plans are made of formulas as deep as the parser lets them be
    def evaluate(
        self,
        program: Program,
        columns: Columns,
        wanted: Sequence[str],
        period: Period | None = None,
        *,
        threads: int = 1,
        options: Options | None = None,
    ) -> Result:
        """The wanted figures of a population. Raises KeyError for a name that the program does not have.

        `wanted` are names; each is taken for the period of its kind at `period` (the population's unless given). A
        figure of an entity that the population has no table of has no rows.
        """
        cells = {name: cell_for(program, name, period or columns.at) for name in wanted}
        there = [cell for cell in cells.values() if _has_rows(program, columns, program.definitions[cell.name].entity)]
        own = [cell for cell in dict.fromkeys(there) if program.definitions[cell.name].period.is_personal]
        ready = self._ready(program, columns, [cell for cell in dict.fromkeys(there) if cell not in own], options)
        kernel, layout = ready.kernel, ready.layout
        apart = self._group(ready, options, threads)
        outputs, statuses = run(kernel, layout, ready.orders, threads, self.buffers)
        causes, figures = assembled(kernel, layout, outputs, statuses)
        for cell in own:  # each row has its own period: the interpreter's
            figures[cell] = Figures(cell, np.zeros(layout.count(program.definitions[cell.name].entity), np.int64))
            causes[cell] = set(np.unique(layout.component[program.definitions[cell.name].entity]).tolist())
        vacant = set[int]() if columns.complete else self._tell_vacancies(ready, figures, causes, threads)
        self._tell_open(ready, statuses, figures, causes, leaving=vacant, threads=threads)
        bad = set(layout.beyond).union(apart, *causes.values())
        kinds = {program.definitions[cell.name].entity for cell in figures}
        groups = {kind: told_groups(program, layout, kind) for kind in kinds if is_made(program, columns, kind)}
        whole, asking = set(layout.beyond) | apart, Asking(program, self._constants_of(program))
        for component in bad:  # of the others only what code could not tell
            asked = [cell for cell in figures if component in whole or component in causes.get(cell, ())]
            hand_over(layout, component, figures, asking, asked=asked, groups=groups)
        only_groups(figures, program, groups)
        named = {name: len(causes[cell]) for name, cell in cells.items() if causes.get(cell)}
        told = {name: figures.get(cell) or nobodys(cell) for name, cell in cells.items()}
        return Result(told, len(bad), named, groups)

    def prepare(
        self,
        program: Program,
        columns: Columns,
        wanted: Sequence[str],
        period: Period | None = None,
        *,
        options: Options | None = None,
    ) -> Ready:
        """Lay the population out and compile, or take what is kept. It is kept for `evaluate`."""
        cells = [cell_for(program, name, period or columns.at) for name in wanted]
        return self._ready(program, columns, list(dict.fromkeys(cells)), options)

    def share_layout(
        self, program: Program, columns: Columns, moved: Columns, cells: Collection[Cell], options: Options
    ) -> None:
        """Let a population that differs in the entries of some columns use the layout of the other."""
        self.kernels.share_layout(program, columns, moved, cells, options)

    def forget(self) -> None:
        """Forget code, layouts and constants, as a new process would. What is on disk stays."""
        self.kernels = Kernels()
        self._constants = []

    def _tell_vacancies(
        self, ready: Ready, figures: dict[Cell, Figures], causes: dict[Cell, set[int]], threads: int
    ) -> set[int]:
        """Note the rows that hang on who is in a group, and hand over those of which code cannot say it. Gives the
        components in which somebody may not be in a group."""
        kernel, layout = ready.kernel, ready.layout
        program = kernel.program
        other = vacated(program, layout.columns)
        if other is None:
            return set()
        said = not_known([fact.short_name for fact in other[1]])
        cells = [cell for cell in figures if cell in kernel.interface.wanted]

        here, there = (
            self.code_alone(program, columns, cells, kernel.options, threads) for columns in (layout.columns, other[0])
        )
        for cell, (differs, unsure) in compared(here, there).items():
            none = np.zeros(len(differs), dtype=np.int64)
            messages = dict.fromkeys(np.flatnonzero(differs).tolist(), said)
            tell(figures, cell, differs, entries=none, status=UNDETERMINED, messages=messages)
            causes[cell] = causes.get(cell, set()) | components_of(
                layout, program.definitions[cell.name].entity, unsure
            )
        return leaving(layout, other[0])

    def _tell_open(
        self,
        ready: Ready,
        statuses: Mapping[Cell, Entries],
        figures: dict[Cell, Figures],
        causes: dict[Cell, set[int]],
        *,
        leaving: set[int],
        threads: int,
    ) -> None:
        """Note the rows that are proved to be determined or not to be, and take their components out of `causes` where
        nothing else is open in them."""
        kernel, layout = ready.kernel, ready.layout
        program, columns = kernel.program, layout.columns
        hurt = [cell for cell in causes if causes[cell] and cell in statuses]
        bad = {cell: bad_rows(layout, program, cell, statuses[cell]) for cell in hurt}
        if len(set().union(*causes.values())) < WORTH_PROVING or not bad:
            return
        first = _components(layout, program, bad)
        others = {cell: causes[cell] - first[cell] for cell in bad}  # for another reason

        def compute(moved: Columns, like: Columns | None, cells: Sequence[Cell]) -> dict[Cell, CodeFigure]:
            if like is not None:
                self.share_layout(program, like, moved, cells, kernel.options)
            return self.code_alone(program, moved, list(bad), kernel.options, threads)

        from engine.native.machine.making import planned  # which most runs do without

        plan = planned(program, layout, kernel.interface.wanted)
        if not any(source.origin is Origin.UNKNOWN for source in plan.sources.values()):
            return
        whose = {entity: given_order(layout, entity, rows) for entity, rows in layout.component.items()}
        for cell, (proved, messages) in undetermined(program, columns, plan, bad, compute, components=whose).items():
            none = np.zeros(len(proved), dtype=np.int64)
            tell(figures, cell, proved, entries=none, status=UNDETERMINED, messages=messages)
            bad[cell] &= ~proved
        left = _components(layout, program, bad)
        if not columns.stays and len(set().union(*left.values())) >= WORTH_WRITING:
            self._tell_determined(ready, figures, bad, leaving, threads)
            left = _components(layout, program, bad)
        causes |= {cell: left[cell] | others[cell] for cell in bad}

    def _tell_determined(
        self, ready: Ready, figures: dict[Cell, Figures], bad: dict[Cell, Mask], leaving: set[int], threads: int
    ) -> None:
        """Note the rows that are determined in spite of what is missing, and take them out of `bad`."""
        from engine.native.machine.making import planned_as_written

        kernel, columns = ready.kernel, ready.layout.columns
        whole, plan = planned_as_written(kernel.program, ready.layout, list(bad))
        shape = ready.layout.shape({cell: column.missing is not None for cell, column in columns.columns.items()})
        identity = deciding(ready.layout, list(bad), shape)
        options = replace(kernel.options, limit=0, idle_cost=NO_SHORT_FORMS)

        def compute(doubled: Program, moved: Columns, cells: Sequence[Cell]) -> dict[Cell, CodeFigure]:
            return self.code_alone(doubled, moved, cells, options, threads)

        told = determined(whole, columns, plan, identity=identity, bad=bad, compute=compute)
        for cell, (proved, found) in told.items():
            proved &= ~rows_in(ready.layout, whole.definitions[cell.name].entity, leaving)
            tell(figures, cell, proved & found.absent, entries=found.entries, status=NOT_APPLICABLE)
            tell(figures, cell, proved & ~found.absent, entries=found.entries, status=KNOWN)
            bad[cell] &= ~proved

    def code_alone(
        self,
        program: Program,
        columns: Columns,
        cells: Sequence[Cell],
        options: Options | None = None,
        threads: int = 1,
    ) -> dict[Cell, CodeFigure]:
        """What code gives of some figures, without the interpreter."""
        ready = self._ready(program, columns, cells, options)
        layout = ready.layout
        beyond = layout.beyond | self._group(ready, options, threads)
        outputs, statuses = run(ready.kernel, layout, ready.orders, threads, self.buffers)
        told: dict[Cell, CodeFigure] = {}
        for cell in cells:
            entity = program.definitions[cell.name].entity
            count = layout.count(entity)
            if cell not in outputs:
                told[cell] = CodeFigure(*leaf(ready.kernel, layout, cell))
                continue
            status = statuses[cell][:count] if cell in statuses else np.zeros(count, dtype=np.uint8)
            absent = (status & ABSENT) != 0
            outside = np.isin(layout.component[entity], list(beyond)) if beyond else np.bool_(False)
            parts = (np.where(absent, 0, outputs[cell][:count]), absent, ((status & BAD) != 0) | outside)
            told[cell] = CodeFigure(*(given_order(layout, entity, part) for part in parts))
        return told

    def _group(self, ready: Ready, options: Options | None, threads: int) -> set[int]:
        """Find who is together in the groups that figures make, where code points to such. Gives the components in
        which code cannot tell."""
        program, layout = ready.kernel.program, ready.layout

        def find(cells: Sequence[Cell]) -> dict[Cell, CodeFigure]:
            return self.code_alone(program, layout.columns, cells, options, threads)

        interface = ready.kernel.interface
        kinds = {program.definitions[cell.name].entity for cell in interface.wanted}
        listed = [GroupOfEach(kind, made) for kind in kinds for made in parts_made(program, layout.columns, kind)]
        return made_groups(program, layout, [*interface.arguments, *listed], find)

    def _ready(self, program: Program, columns: Columns, cells: Sequence[Cell], options: Options | None) -> Ready:
        options = fitting(program, columns, options or Options())
        layout = self.kernels.layout(program, columns, options)
        kernel = self.kernels.kernel(program, layout, cells, options)

        def keys_of(wanted: Sequence[Cell]) -> dict[Cell, CodeFigure]:
            return self.code_alone(program, columns, wanted, options)

        orders = orders_of_records(program, layout, kernel.interface.arguments, keys_of)
        return Ready(kernel, layout, orders, self.buffers)

    def _constants_of(self, program: Program) -> Constants:
        for kept, constants in self._constants:
            if kept is program:
                return constants
        made = Constants(program)
        self._constants = [*self._constants[-3:], (program, made)]
        return made


def _has_rows(program: Program, columns: Columns, entity: str) -> bool:
    return entity in columns.counts or is_made(program, columns, entity)


def _components(layout: Layout, program: Program, rows: Mapping[Cell, Mask]) -> dict[Cell, set[int]]:
    """The components of some rows of each figure."""
    return {cell: components_of(layout, program.definitions[cell.name].entity, which) for cell, which in rows.items()}


SHARED = Evaluator()
"""For whoever needs no evaluator of their own."""
evaluate, prepare, share_layout, forget = SHARED.evaluate, SHARED.prepare, SHARED.share_layout, SHARED.forget
code_alone = SHARED.code_alone
