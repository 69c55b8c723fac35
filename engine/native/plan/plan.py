"""What has to be computed for the wanted figures, and in which passes over which entity.

1. From each wanted figure (a definition for a period) follow what its formula reads, with the periods worked out;
   only what is reached is compiled. A figure that is given by a column, has a default, or means something when
   absent, is a leaf.
2. A figure that reads only its own row can be computed in the same pass as what it reads. One that reads other rows
   (its members, its group, the holder of a role) must wait for the pass after: its level is one more than theirs.
3. A pass is all figures of one entity and one level; inside it they stand in an order in which each follows what it
   reads. Figures that read themselves along records are a pass of their own (`along`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import field
from enum import Enum

from engine.ir import nodes as ir
from engine.ir.fold import day_of, formula_at, parts_of
from engine.ir.program import Definition, Program
from engine.ir.walk import children, groupings, order_keys
from engine.native.plan.along import Order, Reading, along_records, sequences_of
from engine.native.plan.handed import is_handed, is_handed_over
from engine.native.plan.orders import WithoutOrders
from engine.native.plan.pointers import RecordBefore
from engine.native.plan.records import WithoutRecords
from engine.native.plan.settled import taken
from engine.native.plan.worlds import Worlds
from engine.population.columns import Cell
from engine.records import record
from engine.values.periods import ETERNITY, Period
from engine.values.types import Value


class Origin(Enum):
    """Where a cell's figures come from."""

    COLUMN = "column"
    CONSTANT = "constant"
    FORMULA = "formula"
    UNKNOWN = "unknown"


@record(frozen=True, slots=True)
class Source:
    """How a cell is had. `partly`: a column that leaves some rows to the constant or the formula."""

    definition: Definition
    origin: Origin
    value: Value | None = None
    body: ir.Expression | None = None
    partly: bool = False


@record(frozen=True, slots=True)
class Pass:
    """Figures of one entity that one walk over its rows computes, in order; or, with `sequences`, one walk for each
    round that it takes for records to come after those before them."""

    entity: str
    level: int
    cells: tuple[Cell, ...]
    sequences: tuple[RecordBefore, ...] = ()


@record(frozen=True, slots=True)
class Supply:
    """What columns are there: for each whether some of its rows are empty. `complete`: what is not listed is absent.

    `without` rewrites formulas over kinds of records of which there is none. `whole`: also what only rows that are
    handed over read is planned. `lacking` are entities of which the population has no table: what is read of them is
    the interpreter's. `worlds` rewrites formulas that ask `as if`, and has the figures that these then read; `orders`
    those that choose among many or rank them.
    """

    columns: dict[Cell, bool] = field(default_factory=dict)
    complete: bool = True
    without: WithoutRecords | None = None
    whole: bool = False
    lacking: frozenset[str] = frozenset()
    worlds: Worlds | None = None
    orders: WithoutOrders | None = None


@record(frozen=True, slots=True)
class Plan:
    """Every cell that is needed with its source, and the passes in order."""

    sources: dict[Cell, Source]
    passes: tuple[Pass, ...]
    wanted: tuple[Cell, ...]


def period_at(time: ir.Time, period: Period) -> Period | None:
    """The period that a formula of `period` reads; None if it hangs on a computed day or lies outside all dates."""
    try:
        match time:
            case ir.ThisPeriod():
                return period
            case ir.Containing(kind=kind) | ir.ContainingDate(kind=kind) if kind.is_personal:
                return None  # which differs by row
            case ir.Containing():
                anchor = period.end if time.at_end else period.start
                return time.kind.containing(anchor).shift(time.shift)
            case ir.ContainingDate():
                day = day_of(time.day, period)
                return time.kind.containing(day) if day is not None else None
    except OverflowError:
        return None


def window(node: ir.OverTime, period: Period) -> Sequence[Period] | None:
    """The periods over which a figure is taken; None if they lie outside all dates."""
    try:
        current = node.kind.containing(period.start)
        if node.last == 0:
            return [current.shift(index) for index in range(12)]
        return [current.shift(-back) for back in range(node.last, 0, -1)]
    except OverflowError:
        return None


def parts(node: ir.OverParts, period: Period) -> Sequence[Period] | None:
    """The periods in which an expression is evaluated, as many as there may be; None outside all dates."""
    try:
        return parts_of(node, period) if not node.kind.is_personal else None
    except OverflowError:
        return None


def reads(body: ir.Expression, period: Period, whole: bool = False, stated: Collection[str] = ()) -> Iterator[Reading]:
    """The cells that the code of a formula reads; with `whole` also those that are read for rows that are handed
    over: but none of the figures `stated`, which make groups that are stated."""
    for node, at in evaluated(body, period, whole):
        for _, key in order_keys(node):
            yield Cell(key, ETERNITY), False, ()
        for by, time in groupings(node) if whole else ():
            when = period_at(time, at)
            if when is not None and by.name not in stated:
                yield Cell(by.name, when), False, ()
        match node:
            case ir.VariableRead():
                when = period_at(node.time, at)
                if when is not None:
                    yield Cell(node.name, when), isinstance(node.subject, ir.Self), sequences_of(node.subject)
            case ir.OverTime():
                own_row, along = isinstance(node.subject, ir.Self), sequences_of(node.subject)
                for read_period in window(node, at) or ():
                    yield Cell(node.name, read_period), own_row, along


def evaluated(body: ir.Expression, period: Period, whole: bool) -> Iterator[tuple[ir.Expression, Period]]:
    """The nodes that the code of a formula evaluates (with `whole` also those for rows that are handed over), each with
    the period in which it does."""
    pending = [(body, period)]
    while pending:
        node, at = pending.pop()
        if not whole and is_handed(node, at):
            continue
        match node:
            case ir.If() if (branch := taken(node, at)) is not None:
                pending.append((branch, at))
                continue
            case ir.OverParts():
                if not whole and is_handed_over(node, parts(node, at)):
                    continue
                yield node, at
                pending += [] if node.last is None else [(node.last, at)]
                pending += [(node.body, part) for part in reversed(parts(node, at) or ())]
                continue
        yield node, at
        pending += [(child, at) for child in reversed(children(node))]


def source_of(program: Program, cell: Cell, supply: Supply) -> Source:
    """Where a cell's figures come from, in the interpreter's order: given, default, absent, formula, unknown."""
    definition = program.definitions[cell.name]
    otherwise = _without_column(program, definition, cell, supply)
    if cell not in supply.columns:
        return otherwise
    if not supply.columns[cell]:
        return Source(definition, Origin.COLUMN)
    return Source(definition, otherwise.origin, otherwise.value, otherwise.body, partly=True)


def _without_column(program: Program, definition: Definition, cell: Cell, supply: Supply) -> Source:
    stands = definition.default if definition.default is not None else definition.absent if supply.complete else None
    if stands is not None:
        return Source(definition, Origin.CONSTANT, stands)
    before = cell.period.start < program.settings.covers_from and definition.period.unit.value != "eternity"
    body = None if before else formula_at(definition.formulas, cell.period.start)
    if body is None:
        return Source(definition, Origin.UNKNOWN)
    body = supply.without.body(body) if supply.without is not None else body
    body = supply.orders.body(body) if supply.orders is not None else body
    return Source(
        definition, Origin.FORMULA, body=supply.worlds.body(cell, body) if supply.worlds is not None else body
    )


def make_plan(program: Program, wanted: Sequence[Cell], supply: Supply) -> Plan:
    """Everything that the wanted cells need. With `supply.worlds`, the program is theirs."""
    sources: dict[Cell, Source] = {}
    levels: dict[Cell, int] = {}
    order: list[Cell] = []
    met = [_visit(program, root, supply, sources, levels=levels, order=order) for root in wanted]
    along = _along(sources) if any(met) and not supply.whole else None
    if along is not None:
        levels, order = dict(along.levels), list(along.cells)
    grouped: dict[tuple[int, str, int], list[Cell]] = {}
    for cell in order:
        if sources[cell].origin is Origin.FORMULA:
            run = along.run_of.get(cell, -1) if along is not None else -1
            grouped.setdefault((levels[cell], sources[cell].definition.entity, run), []).append(cell)
    passes = [
        Pass(entity, level, tuple(cells), along.runs.get(run, ()) if along is not None else ())
        for (level, entity, run), cells in sorted(grouped.items(), key=_place)
    ]
    return Plan(sources, tuple(passes), tuple(wanted))


def _place(item: tuple[tuple[int, str, int], list[Cell]]) -> tuple[int, str, int]:
    return item[0]


def _along(sources: Mapping[Cell, Source]) -> Order:
    """The order of figures of which some are read along records."""
    readings = {
        cell: [read for read in reads(source.body, cell.period) if read[0] in sources]
        if source.body is not None
        else []
        for cell, source in sources.items()
    }
    return along_records(readings, lambda cell: sources[cell].origin is Origin.FORMULA)


def _visit(
    program: Program,
    root: Cell,
    supply: Supply,
    sources: dict[Cell, Source],
    *,
    levels: dict[Cell, int],
    order: list[Cell],
) -> bool:
    """Depth first with a stack of its own, since chains of figures may be long. Whether anything is read along
    records."""
    along = False
    stack: list[tuple[Cell, Iterator[Reading]]] = []

    def enter(cell: Cell) -> None:
        if cell in sources or program.definitions[cell.name].entity in supply.lacking:
            return
        source = source_of(program, cell, supply)
        sources[cell] = source
        levels[cell] = 0
        reading = reads(source.body, cell.period, supply.whole) if source.body is not None else iter(())
        stack.append((cell, reading))

    enter(root)
    while stack:
        cell, pending = stack[-1]
        next_read = next(pending, None)
        if next_read is not None:
            enter(next_read[0])
            along = along or bool(next_read[2])
            continue
        stack.pop()
        body = sources[cell].body
        if body is not None:
            levels[cell] = _level(program, cell, body, sources, levels)
        order.append(cell)
    return along


def _level(
    program: Program, cell: Cell, body: ir.Expression, sources: dict[Cell, Source], levels: dict[Cell, int]
) -> int:
    entity = program.definitions[cell.name].entity
    level = 0
    for read, own_row, _ in reads(body, cell.period):
        if read not in sources:  # of an entity that the population lacks
            continue
        computed = sources[read].origin is Origin.FORMULA
        same = own_row and program.definitions[read.name].entity == entity
        level = max(level, levels[read] + (1 if computed and not same else 0))
    return level


def cell_for(program: Program, name: str, at: Period) -> Cell:
    """The cell that is meant by a figure's name in an evaluation at a period. Raises KeyError for an unknown name."""
    definition = program.find(name)
    if definition is None:
        raise KeyError(name)
    kind = definition.period
    if kind == at.kind:
        return Cell(definition.name, at)
    return Cell(definition.name, kind.containing(at.end if definition.stock else at.start))
