"""One compiled function: a walk over the rows of one entity in one block, `width` rows at a time.

    void chunk(ptr args, ptr scratch, i64 block)

`args` is a table of pointers; its entry for an entity's blocks gives the block's first row, and the next one's.
Scratch holds what one function leaves for the next, by the row's place in the block. Rows past the end, in the last
step, compute nothing that is kept.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.native.arithmetic.lanes import Lanes, Mask, Module
from engine.native.arithmetic.whole import Arithmetic
from engine.native.plan.pointers import BlockStarts, Pointer
from engine.native.write.lane_values import Figure
from engine.population.columns import Cell


@dataclass(slots=True)
class Arguments:
    """Numbers the pointers that code asks for, by what they point to."""

    numbers: dict[Pointer, int] = field(default_factory=dict)

    def number(self, pointer: Pointer) -> int:
        """The place of a pointer in the table."""
        return self.numbers.setdefault(pointer, len(self.numbers))


@dataclass(frozen=True, slots=True)
class Rows:
    """Which row of `entity` each lane is about. `index`: the row of the first lane if they follow each other (`dense`),
    else a vector of rows. `valid`: lanes that have such a row."""

    entity: str
    index: str
    valid: Mask
    dense: bool = False


class Chunk:
    """A function while it is written."""

    def __init__(self, module: Module, arguments: Arguments, name: str, entity: str) -> None:
        self.module = module
        self.arguments = arguments
        self.name = name
        self.entity = entity
        self.lanes = Lanes(module)
        self.lanes.block = "loop"
        self.work = Arithmetic(self.lanes)
        self.values: dict[Cell, Figure] = {}
        self.prologue: list[str] = []
        self._known: dict[str, str] = {}
        self.begin, self.end = self.bounds(entity)
        self.own = Rows(entity, "%row", "%active", dense=True)

    # --- before the loop

    def before(self, text: str, stem: str = "p") -> str:
        """A value computed once, before the loop."""
        if text not in self._known:
            name = f"%{stem}{len(self._known)}_"
            self.prologue.append(f"  {name} = {text}")
            self._known[text] = name
        return self._known[text]

    def argument(self, pointer: Pointer) -> str:
        """A pointer from the table."""
        number = self.arguments.number(pointer)
        place = self.before(f"getelementptr ptr, ptr %args, i64 {number}")
        return self.before(f"load ptr, ptr {place}")

    def bounds(self, entity: str) -> tuple[str, str]:
        """The block's first row of an entity, and the one after its last."""
        table = self.argument(BlockStarts(entity))
        first = self.before(f"getelementptr i64, ptr {table}, i64 %block")
        after = self.before(f"getelementptr i64, ptr {first}, i64 1")
        return self.before(f"load i64, ptr {first}"), self.before(f"load i64, ptr {after}")

    def splat_before(self, value: str) -> str:
        """A 64-bit number in every lane, made before the loop."""
        width, long = self.module.width, self.module.long
        inserted = self.before(f"insertelement {long} poison, i64 {value}, i64 0")
        return self.before(f"shufflevector {long} {inserted}, {long} poison, <{width} x i32> zeroinitializer")

    # --- the whole

    def text(self) -> str:
        """The function."""
        module = self.module
        iota = ", ".join(f"i64 {lane}" for lane in range(module.width))
        lines = [
            f"define void @{self.name}(ptr %args, ptr %scratch, i64 %block) {{",
            "entry:",
            *self.prologue,
            f"  %some = icmp slt i64 {self.begin}, {self.end}",
            "  br i1 %some, label %loop, label %done",
            "loop:",
            f"  %row = phi i64 [ {self.begin}, %entry ], [ %next, %latch ]",
            f"  %local = sub i64 %row, {self.begin}",
            "  %local8 = shl i64 %local, 3",
            f"  %left = sub i64 {self.end}, %row",
            f"  %left1 = insertelement {module.long} poison, i64 %left, i64 0",
            f"  %lefts = shufflevector {module.long} %left1, {module.long} poison, {module.word} zeroinitializer",
            f"  %active = icmp slt {module.long} <{iota}>, %lefts",
            *self.lanes.lines,
            "  br label %latch",
            "latch:",
            f"  %next = add i64 %row, {module.width}",
            f"  %more = icmp slt i64 %next, {self.end}",
            "  br i1 %more, label %loop, label %done",
            "done:",
            "  ret void",
            "}",
        ]
        return "\n".join(lines)
