"""`Evaluator.evaluate(program, columns, wanted, period) -> Result`: the one way to figures for a population.

1. Plan what the wanted figures need; lay the population out; compile, or take compiled code from memory or disk.
2. Run blocks of rows, on as many threads as asked; ctypes lets go of Python's lock while code runs.
3. Rows whose wanted figures are bad go to the interpreter, with all that belongs to them. How many is reported.

The result is the interpreter's for every row, whatever the width, block, limit or number of threads.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from engine.interpret.constants import Constants
from engine.interpret.outcomes import Failure, Known, NotApplicable, Possible
from engine.ir.program import Program
from engine.native.buffers import Buffers
from engine.native.handover import case_of, described, entry_of, not_known, outcomes, rows_of
from engine.native.machine.compiling import Kernel, Kernels
from engine.native.plan.interface import ABSENT, BAD
from engine.native.plan.layout import PAD, Layout
from engine.native.plan.options import Options
from engine.native.plan.plan import cell_for
from engine.native.plan.shape import fitting
from engine.native.undetermined import WORTH_PROVING, Found, undetermined
from engine.native.vacancies import compared, vacated
from engine.population.columns import NONE_ENTRY, Cell, Columns, Entries
from engine.text.recursion import deep_recursion
from engine.values.periods import Period
from engine.values.types import Kind

KNOWN, NOT_APPLICABLE, UNDETERMINED, ERROR = 0, 1, 2, 3
SHARES = 8  # that each thread may take: one that is held up by others on the machine then takes fewer


@dataclass(frozen=True, slots=True, eq=False)
class Figures:
    """A wanted figure of every row of its entity, as given. `status` (None: all known) says where an entry is none."""

    cell: Cell
    entries: Entries
    status: NDArray[np.uint8] | None = None
    messages: dict[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """The wanted figures by the name under which they were asked for, and how many components were handed over;
    `causes`, for how many of them a figure was what code could not give."""

    figures: dict[str, Figures]
    handed_over: int
    causes: Mapping[str, int] = field(default_factory=dict)


def _nobodys(cell: Cell) -> Figures:
    return Figures(cell, np.zeros(0, dtype=np.int64))


@dataclass(frozen=True, slots=True, eq=False)
class Ready:
    """Compiled code, and the population laid out for it: what `evaluate` makes, or finds kept, before it runs."""

    kernel: Kernel
    layout: Layout
    buffers: Buffers

    def traffic(self) -> tuple[int, int]:
        """How many bytes one run has to read and to write at the least: each column and link, each output, once."""
        outputs, statuses = _outputs(self.kernel, self.layout, self.buffers)
        written = sum(array.nbytes for array in (*outputs.values(), *statuses.values()))
        held = _pointed(self.kernel, self.layout, outputs, statuses) if self.kernel.loaded is not None else []
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
        there = [cell for cell in cells.values() if program.definitions[cell.name].entity in columns.counts]
        own = [cell for cell in dict.fromkeys(there) if program.definitions[cell.name].period.is_personal]
        ready = self._ready(program, columns, [cell for cell in dict.fromkeys(there) if cell not in own], options)
        kernel, layout = ready.kernel, ready.layout
        outputs, statuses = run(kernel, layout, threads, self.buffers)
        causes, figures = _assembled(kernel, layout, outputs, statuses)
        for cell in own:  # each row has its own period: the interpreter's
            figures[cell] = Figures(cell, np.zeros(columns.counts[program.definitions[cell.name].entity], np.int64))
            causes[cell] = set(np.unique(layout.component[program.definitions[cell.name].entity]).tolist())
        if not columns.complete:
            self._tell_vacancies(ready, figures, causes, threads)
            self._tell_undetermined(ready, statuses, figures, causes, threads)
        bad = set(layout.beyond).union(*causes.values())
        for component in bad:
            _hand_over(program, layout, component, figures, self._constants_of(program))
        named = {name: len(causes[cell]) for name, cell in cells.items() if causes.get(cell)}
        return Result({name: figures.get(cell) or _nobodys(cell) for name, cell in cells.items()}, len(bad), named)

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
    ) -> None:
        """Note the rows that hang on who is in a group, and hand over those of which code cannot say it."""
        kernel, layout = ready.kernel, ready.layout
        program = kernel.program
        other = vacated(program, layout.columns)
        if other is None:
            return
        said = not_known([fact.short_name for fact in other[1]])
        cells = [cell for cell in figures if cell in kernel.interface.wanted]

        here, there = (
            self.code_alone(program, columns, cells, kernel.options, threads) for columns in (layout.columns, other[0])
        )
        for cell, (differs, unsure) in compared(here, there).items():
            outcome, entity = figures[cell], program.definitions[cell.name].entity
            status = outcome.status if outcome.status is not None else np.zeros(len(outcome.entries), dtype=np.uint8)
            status[differs] = UNDETERMINED
            outcome.entries[differs] = 0
            told = dict.fromkeys(np.flatnonzero(differs).tolist(), said)
            figures[cell] = replace(outcome, status=status, messages={**outcome.messages, **told})
            order = layout.order[entity]
            handed = layout.component[entity][unsure if order is None else unsure[order]]
            causes[cell] = causes.get(cell, set()) | set(handed.tolist())

    def _tell_undetermined(
        self,
        ready: Ready,
        statuses: Mapping[Cell, Entries],
        figures: dict[Cell, Figures],
        causes: dict[Cell, set[int]],
        threads: int,
    ) -> None:
        """Note the rows that are proved not to be determined, and take their components out of `causes` where nothing
        else is open in them."""
        kernel, layout = ready.kernel, ready.layout
        program, columns = kernel.program, layout.columns
        hurt = [cell for cell in causes if causes[cell] and cell in statuses]
        bad = {cell: _bad_rows(layout, program, cell, statuses[cell]) for cell in hurt}
        if len(set().union(*causes.values())) < WORTH_PROVING or not bad:
            return

        def compute(moved: Columns, like: Columns | None, cells: Sequence[Cell]) -> dict[Cell, Found]:
            if like is not None:
                self.share_layout(program, like, moved, cells, kernel.options)
            return self.code_alone(program, moved, list(bad), kernel.options, threads)

        from engine.native.machine.making import planned  # which most runs do without

        plan = planned(program, layout, kernel.interface.wanted)
        for cell, (proved, messages) in undetermined(program, columns, plan, bad, compute).items():
            outcome, entity = figures[cell], program.definitions[cell.name].entity
            status = outcome.status if outcome.status is not None else np.zeros(len(outcome.entries), dtype=np.uint8)
            status[proved] = UNDETERMINED
            outcome.entries[proved] = 0
            figures[cell] = replace(outcome, status=status, messages={**outcome.messages, **messages})
            left, order = bad[cell] & ~proved, layout.order[entity]
            causes[cell] = set(layout.component[entity][left if order is None else left[order]].tolist())

    def code_alone(
        self,
        program: Program,
        columns: Columns,
        cells: Sequence[Cell],
        options: Options | None = None,
        threads: int = 1,
    ) -> dict[Cell, Found]:
        """What code gives of some figures, without the interpreter."""
        ready = self._ready(program, columns, cells, options)
        layout = ready.layout
        outputs, statuses = run(ready.kernel, layout, threads, self.buffers)
        told: dict[Cell, Found] = {}
        for cell in cells:
            entity = program.definitions[cell.name].entity
            count = columns.counts[entity]
            if cell not in outputs:
                told[cell] = Found(np.zeros(count), np.zeros(count, dtype=np.bool_), np.ones(count, dtype=np.bool_))
                continue
            status = statuses[cell][:count] if cell in statuses else np.zeros(count, dtype=np.uint8)
            absent = (status & ABSENT) != 0
            outside = np.isin(layout.component[entity], list(layout.beyond)) if layout.beyond else np.bool_(False)
            parts = (np.where(absent, 0, outputs[cell][:count]), absent, ((status & BAD) != 0) | outside)
            told[cell] = Found(*(_given_order(layout, entity, part) for part in parts))
        return told

    def _ready(self, program: Program, columns: Columns, cells: Sequence[Cell], options: Options | None) -> Ready:
        options = fitting(program, columns, options or Options())
        layout = self.kernels.layout(program, columns, options)
        return Ready(self.kernels.kernel(program, layout, cells, options), layout, self.buffers)

    def _constants_of(self, program: Program) -> Constants:
        for kept, constants in self._constants:
            if kept is program:
                return constants
        made = Constants(program)
        self._constants = [*self._constants[-3:], (program, made)]
        return made


def _bad_rows(layout: Layout, program: Program, cell: Cell, status: Entries) -> NDArray[np.bool_]:
    entity = program.definitions[cell.name].entity
    rows: NDArray[np.bool_] = _given_order(layout, entity, (status[: layout.columns.counts[entity]] & BAD) != 0)
    return rows


# --- running


def run(
    kernel: Kernel, layout: Layout, threads: int, buffers: Buffers
) -> tuple[dict[Cell, Entries], dict[Cell, Entries]]:
    """Run the code over every block. Gives the outputs and statuses by cell, in sorted order."""
    if kernel.loaded is None:
        return {}, {}
    outputs, statuses = _outputs(kernel, layout, buffers)
    held = _pointed(kernel, layout, outputs, statuses)
    table = np.array([array.ctypes.data for array in held], dtype=np.uint64)
    _run_blocks(kernel, table, layout.block_count, threads, buffers)
    return outputs, statuses


def _outputs(kernel: Kernel, layout: Layout, buffers: Buffers) -> tuple[dict[Cell, Entries], dict[Cell, Entries]]:
    """Room for the outputs and statuses, all in one piece of memory, which the system then gives in large pages."""
    sizes: list[tuple[Cell, bool, int, type]] = []
    for output in kernel.interface.outputs:
        count = layout.columns.counts[kernel.program.definitions[output.cell.name].entity] + PAD
        sizes.append((output.cell, False, count, np.uint8 if output.small else np.int64))
        if output.status:
            sizes.append((output.cell, True, count, np.uint8))
    room = [-(-count * np.dtype(kind).itemsize // 64) * 64 + 64 for _, _, count, kind in sizes]
    piece = buffers.room(sum(room))
    outputs: dict[Cell, Entries] = {}
    statuses: dict[Cell, Entries] = {}
    start = 0
    for (cell, status, count, kind), size in zip(sizes, room, strict=True):
        view: Entries = piece[start : start + count * np.dtype(kind).itemsize].view(kind)
        (statuses if status else outputs)[cell] = view
        start += size
    return outputs, statuses


def _pointed(
    kernel: Kernel, layout: Layout, outputs: dict[Cell, Entries], statuses: dict[Cell, Entries]
) -> list[Entries]:
    """The arrays that the code's table of pointers points to, in order."""
    interface = kernel.interface
    held: list[Entries] = []
    for key in interface.arguments:
        match key[0]:
            case "terms":
                held.append(kernel.terms)
            case "block":
                held.append(layout.blocks[key[1]])
            case "column":
                held.append(layout.column(interface.cells[key])[0])
            case "missing":
                missing = layout.column(interface.cells[key])[1]
                assert missing is not None
                held.append(missing)
            case "output":
                held.append(outputs[interface.cells[key]])
            case "status":
                held.append(statuses[interface.cells[key]])
            case _:
                held.append(layout.links[key])
    return held


def _run_blocks(kernel: Kernel, table: Entries, count: int, threads: int, buffers: Buffers) -> None:
    loaded = kernel.loaded
    assert loaded is not None
    pieces = max(1, min(threads, count))

    def work(bounds: tuple[int, int]) -> None:
        scratch = buffers.borrow(kernel.interface.scratch_size + 4096)
        start = scratch.ctypes.data
        loaded.run(table.ctypes.data, start + (-start) % 64, *bounds)
        buffers.give_back(scratch)

    if pieces == 1:
        work((0, count))
        return
    shares = min(count, SHARES * pieces)
    cuts = [count * share // shares for share in range(shares + 1)]
    with ThreadPoolExecutor(pieces) as pool:
        list(pool.map(work, pairwise(cuts)))


# --- results


def _assembled(
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
        count = layout.columns.counts[entity]
        absent: NDArray[np.uint8] | None = None
        if status is not None:
            status = status[:count]
            where = (status & BAD) != 0
            if where.any():
                bad[cell] = set(layout.component[entity][where].tolist())
            absent = _given_order(layout, entity, ((status & ABSENT) != 0).astype(np.uint8)) if status.any() else None
        entries = _given_order(layout, entity, outputs[cell][:count])
        if absent is not None:
            entries[absent != 0] = 0
        figures[cell] = Figures(cell, entries, absent)
    return bad, figures


def _given_order(layout: Layout, entity: str, entries: Entries) -> Entries:
    order = layout.order[entity]
    if order is None:
        return entries
    back = np.empty_like(entries)
    back[order] = entries
    return back


def _leaf(kernel: Kernel, layout: Layout, cell: Cell) -> tuple[Figures, set[int]]:
    """A wanted figure that is not computed: what was given, a constant, or unknown."""
    program, definition = kernel.program, kernel.program.definitions[cell.name]
    entity, value = definition.entity, kernel.interface.leaves[cell]
    small = definition.type.kind in (Kind.BOOLEAN, Kind.ENUM)
    entries = np.zeros(layout.columns.counts[entity], dtype=np.uint8 if small else np.int64)
    open_rows = np.ones(len(entries), dtype=bool)
    none = np.zeros(len(entries), dtype=np.uint8)
    if value is not None:
        held = entry_of(program, definition, value)
        if held is not None:
            none[:], open_rows[:] = held == NONE_ENTRY, False
            entries[:] = 0 if held == NONE_ENTRY else held
    column = layout.columns.columns.get(cell)
    if column is not None:
        there = ~column.missing if column.missing is not None else np.ones(len(entries), dtype=bool)
        none[there] = column.entries[there] == NONE_ENTRY
        entries[there] = np.where(none[there], 0, column.entries[there])
        open_rows[there] = False
    order = layout.order[entity]
    where = open_rows if order is None else open_rows[order]
    status = none * np.uint8(NOT_APPLICABLE) if none.any() else None
    return Figures(cell, entries, status), set(layout.component[entity][where].tolist())


def _hand_over(
    program: Program, layout: Layout, component: int, figures: dict[Cell, Figures], constants: Constants
) -> None:
    case = case_of(program, layout.columns, rows_of(layout, component))
    for cell, instance, outcome in outcomes(program, constants, case, figures):
        row, definition = int(instance), program.definitions[cell.name]
        entry = entry_of(program, definition, outcome.value) if isinstance(outcome, Known) else None
        if entry is not None:
            figures[cell].entries[row] = entry
            if figures[cell].status is not None:
                figures[cell].status[row] = KNOWN  # type: ignore[index]
            continue
        figure = figures[cell]
        status = figure.status if figure.status is not None else np.zeros(len(figure.entries), dtype=np.uint8)
        status[row] = status_of(outcome)
        figure.entries[row] = 0
        figure.messages[row] = described(outcome)
        if figure.status is None:
            figures[cell] = replace(figure, status=status)


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


SHARED = Evaluator()
"""For whoever needs no evaluator of their own."""
evaluate, prepare, share_layout, forget = SHARED.evaluate, SHARED.prepare, SHARED.share_layout, SHARED.forget
