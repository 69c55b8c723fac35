"""From a plan to the text of a module: one function for every few hundred operations, and one that runs them block by
block.

1. Walk over the passes; write each cell's formula into the current function, round once to the figure's grid, and
   hold it.
2. Begin a new function when the entity changes or the current one has grown to `cut` operations, so that compiling
   takes time in proportion to the number of figures.
3. A figure that another function, or another row, reads is left in scratch by the function that made it.
4. Figures that read themselves along records are a function that runs in rounds (`awaited`).
5. Wanted figures are written to their output, with a status beside where they may be bad or absent.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from math import ceil, floor

from engine.ir.program import Definition, Program
from engine.native.arithmetic import number
from engine.native.arithmetic.lanes import Mask, Module
from engine.native.arithmetic.number import Number, plain
from engine.native.arithmetic.whole import Arithmetic, Whole
from engine.native.plan.interface import ABSENT, BAD, Output
from engine.native.plan.options import Options
from engine.native.plan.plan import Pass, Plan, Source
from engine.native.plan.pointers import OutputEntries, OutputStatuses, Pointer
from engine.native.plan.shape import Shape
from engine.native.plan.terms import Entries, Reliance, Terms
from engine.native.write import lane_values as v
from engine.native.write.awaited import expect, keep_due
from engine.native.write.chunk import Arguments, Chunk
from engine.native.write.costs import Costs
from engine.native.write.formulas import FormulaWriter
from engine.native.write.idle import write_figure
from engine.native.write.lane_values import Figure, Length, Truth
from engine.native.write.memory import Memory, store_output, wholes_of
from engine.native.write.sharing import Sharing
from engine.native.write.writing import Frame
from engine.population.columns import Cell, unit_of
from engine.text.own_faults import compiling

_MAGIC = 2.0**52 + 2.0**51
_MAGIC_BITS = 0x4338_0000_0000_0000
_HELD = 2**50


@dataclass(frozen=True, slots=True)
class Text:
    """A module's text, and what it needs at run time: pointers in order, constants that it relies on and what of them
    was found, scratch, outputs."""

    text: str
    arguments: tuple[Pointer, ...]
    entries: Entries
    relied: Reliance
    scratch_size: int
    outputs: tuple[Output, ...] = field(default=())


def write_module(program: Program, plan: Plan, shape: Shape, options: Options, *, width: int, permutes: bool) -> Text:
    """The code for a plan on data of a shape."""
    module = Module(width, permutes)
    builder = _Builder(program, plan, shape, options, module)
    builder.write()
    names = [chunk.name for chunk in builder.chunks]
    parts = [*(chunk.text() for chunk in builder.chunks), _driver(names), *module.declared.values()]
    return Text(
        "\n".join(parts),
        tuple(builder.arguments.numbers),
        builder.terms.entries,
        builder.terms.reliance(),
        builder.memory.scratch_size,
        tuple(builder.outputs),
    )


def _driver(names: list[str]) -> str:
    calls = [f"  call void @{name}(ptr %args, ptr %scratch, i64 %block)" for name in names]
    return "\n".join(
        [
            "define void @run(ptr %args, ptr %scratch, i64 %first, i64 %last) {",
            "entry:",
            "  %some = icmp slt i64 %first, %last",
            "  br i1 %some, label %loop, label %done",
            "loop:",
            "  %block = phi i64 [ %first, %entry ], [ %next, %loop ]",
            *calls,
            "  %next = add i64 %block, 1",
            "  %more = icmp slt i64 %next, %last",
            "  br i1 %more, label %loop, label %done",
            "done:",
            "  ret void",
            "}",
        ]
    )


class _Builder:
    def __init__(self, program: Program, plan: Plan, shape: Shape, options: Options, module: Module) -> None:
        self.program = program
        self.plan = plan
        self.options = options
        self.module = module
        self.arguments = Arguments()
        self.terms = Terms(program, options.roomy)
        self.memory = Memory(program, plan, shape, options)
        self.sharing = Sharing(Costs(program))
        self.chunks: list[Chunk] = []
        self.outputs: list[Output] = []
        self.wanted = set(plan.wanted)

    def write(self) -> None:
        for planned in self.plan.passes:
            if planned.sequences:
                self.run_along(planned)
                continue
            chunk: Chunk | None = None
            for cell in planned.cells:
                if chunk is None or chunk.lanes.cost >= self.options.cut:
                    chunk, writer = self.begun(planned)
                with compiling(cell.name, self.program.definitions[cell.name].span):
                    self.cell(chunk, writer, cell)

    def begun(self, planned: Pass) -> tuple[Chunk, FormulaWriter]:
        """A new function, and what writes formulas into it."""
        name = f"chunk{len(self.chunks)}"
        chunk = Chunk(self.module, self.arguments, name, planned.entity, planned.sequences)
        self.chunks.append(chunk)
        return chunk, FormulaWriter(self.program, self.memory, self.terms, chunk, self.sharing)

    def run_along(self, planned: Pass) -> None:
        """Figures that follow each other along records: one function, which runs in rounds."""
        for cell in planned.cells:
            expect(self.memory, cell)
        chunk, writer = self.begun(planned)
        for cell in planned.cells:
            with compiling(cell.name, self.program.definitions[cell.name].span):
                self.cell(chunk, writer, cell)

    def cell(self, chunk: Chunk, writer: FormulaWriter, cell: Cell) -> None:
        source = self.plan.sources[cell]
        raw = write_figure(writer, source, Frame(chunk.own, cell.period), self.options.idle_cost)
        figure = self.held(chunk, raw, source)
        if source.partly:
            figure = self.memory.patched(chunk, cell, source, chunk.own, figure)
        if chunk.sequences:
            figure = keep_due(self.memory, chunk, cell, figure)
        chunk.values[cell] = figure
        self.memory.producers[cell] = chunk
        if cell in self.wanted:
            self.output(chunk, cell, figure)

    def held(self, chunk: Chunk, raw: Figure, source: Source) -> Figure:
        """The figure as it is stored: a number on its grid and in its range, narrow, over the column's unit."""
        if not isinstance(raw.content, Number):
            return raw
        work, definition = chunk.work, source.definition
        unit = unit_of(self.program, definition)
        if definition.grid is None:
            whole, exact = _integral(raw.content)
        else:
            step = definition.grid.step
            steps = number.to_steps(work, raw.content, step, definition.grid.mode)
            whole, exact = work.multiply(steps, work.constant(int(step * unit))), True
        content = plain(narrow(work, whole), unit)
        outside = chunk.lanes.both(_outside(work, content.n, definition, unit), chunk.lanes.opposite(raw.absent))
        bad = chunk.lanes.either(raw.bad, work.take_flags(), not exact, outside)
        return replace(raw, content=content, bad=bad)

    def output(self, chunk: Chunk, cell: Cell, figure: Figure) -> None:
        lanes, module = chunk.lanes, chunk.module
        status = figure.bad is not False or figure.absent is not False
        content = figure.content
        if isinstance(content, Length):
            status, content = True, Truth(False)
            figure = Figure(content, bad=True)
        if status:
            kind = module.byte
            bad = lanes.select(figure.bad, f"splat (i8 {BAD})", "zeroinitializer", kind)
            absent = lanes.select(figure.absent, f"splat (i8 {ABSENT})", "zeroinitializer", kind)
            store_output(chunk, OutputStatuses(cell), "i8", lanes.pure(f"or {kind} {bad}, {absent}"))
        small = isinstance(content, Truth | v.Code)
        if isinstance(content, Truth):
            value = lanes.pure(f"zext {module.mask} {lanes.written(content.mask)} to {module.byte}")
        elif isinstance(content, v.Code):
            value = lanes.pure(f"fptoui {module.double} {content.place.main} to {module.byte}")
        else:
            value = _as_integer(chunk, wholes_of(content)[0])
        store_output(chunk, OutputEntries(cell), "i8" if small else "i64", value)
        self.outputs.append(Output(cell, small, status))


def narrow(work: Arithmetic, whole: Whole) -> Whole:
    """A whole number in one double, kept within 2^50; lanes beyond are flagged."""
    if whole.size <= _HELD:
        return whole
    main = work.nearest(whole)
    within = work.lanes.compare("olt", work.lanes.absolute(main), work.lanes.number(_HELD))
    work.flags.append(work.lanes.opposite(within))
    return Whole(main, None, max(whole.low, -_HELD), min(whole.high, _HELD))


def _outside(work: Arithmetic, whole: Whole, definition: Definition, unit: int) -> Mask:
    """The lanes in which a figure lies outside the range that the law states for it: the interpreter says so."""
    below: Mask = False
    above: Mask = False
    if definition.low is not None:
        below = work.compare("<", whole, work.constant(ceil(definition.low * unit)))
    if definition.high is not None:
        above = work.compare(">", whole, work.constant(floor(definition.high * unit)))
    return work.lanes.either(below, above)


def _integral(value: Number) -> tuple[Whole, bool]:
    """An integer's whole number; whether it is held in a form that gives it."""
    return value.n, value.m is None and value.d == 1


def _as_integer(chunk: Chunk, whole: Whole) -> str:
    """A number below 2^51 as a 64-bit integer: its bits stand at the end of those of 1.5 * 2^52 plus itself."""
    lanes, module = chunk.lanes, chunk.module
    moved = lanes.binary("fadd", whole.main, lanes.real(_MAGIC))
    bits = lanes.pure(f"bitcast {module.double} {moved} to {module.long}")
    return lanes.pure(f"sub {module.long} {bits}, splat (i64 {_MAGIC_BITS})")


__all__ = ["Text", "write_module"]
