"""One compiled function: a walk over the rows of one entity in one block, `width` rows at a time.

    void chunk(ptr args, ptr scratch, i64 block)

`args` is a table of pointers; its entry for an entity's blocks gives the block's first row, and the next one's.
Scratch holds what one function leaves for the next, by the row's place in the block. Rows past the end, in the last
step, compute nothing that is kept.

Figures that follow each other along records take one walk for each round: `%active` are the rows whose turn it is, and
vectors without any are passed over.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.native.arithmetic.lanes import Lanes, Mask, Module
from engine.native.arithmetic.whole import Arithmetic
from engine.native.plan.pointers import BlockStarts, PlaceAlong, Pointer, RecordBefore, RoundsAlong
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

    def __init__(
        self, module: Module, arguments: Arguments, name: str, entity: str, sequences: tuple[RecordBefore, ...] = ()
    ) -> None:
        self.module = module
        self.arguments = arguments
        self.name = name
        self.entity = entity
        self.sequences = sequences
        self.lanes = Lanes(module)
        self.lanes.block = "due" if sequences else "loop"
        self.work = Arithmetic(self.lanes)
        self.values: dict[Cell, Figure] = {}
        self.prologue: list[str] = []
        self._known: dict[str, str] = {}
        self.begin, self.end = self.bounds(entity)
        self.own = Rows(entity, "%row", "%active", dense=True)
        if sequences:
            places = self.argument(PlaceAlong(entity, sequences))
            rounds = self.argument(RoundsAlong(entity, sequences))
            self._along = places, self.before(f"getelementptr i32, ptr {rounds}, i64 %block")

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
        due = self._due() if self.sequences else []
        first, inside, after = ("again", "%inside", "around") if due else ("entry", "%active", "done")
        lines = [
            f"define void @{self.name}(ptr %args, ptr %scratch, i64 %block) {{",
            "entry:",
            *self.prologue,
            f"  %some = icmp slt i64 {self.begin}, {self.end}",
            f"  br i1 %some, label %{'again' if due else 'loop'}, label %done",
            *(["again:", "  %round = phi i32 [ 0, %entry ], [ %round1, %around ]", "  br label %loop"] if due else []),
            "loop:",
            f"  %row = phi i64 [ {self.begin}, %{first} ], [ %next, %latch ]",
            f"  %local = sub i64 %row, {self.begin}",
            "  %local8 = shl i64 %local, 3",
            "  %vector = lshr i64 %local, 3",
            f"  %left = sub i64 {self.end}, %row",
            f"  %left1 = insertelement {module.long} poison, i64 %left, i64 0",
            f"  %lefts = shufflevector {module.long} %left1, {module.long} poison, {module.word} zeroinitializer",
            f"  {inside} = icmp slt {module.long} <{iota}>, %lefts",
            *due,
            *self.lanes.lines,
            "  br label %latch",
            "latch:",
            f"  %next = add i64 %row, {module.width}",
            f"  %more = icmp slt i64 %next, {self.end}",
            f"  br i1 %more, label %loop, label %{after}",
            *(self._around() if due else []),
            "done:",
            "  ret void",
            "}",
        ]
        return "\n".join(lines)

    def _due(self) -> list[str]:
        """Go on with the rows of this round; past vectors that have none."""
        module, (places, _) = self.module, self._along
        width, word = module.width, module.word
        return [
            f"  %place1 = getelementptr i32, ptr {places}, i64 %row",
            f"  %place = load {word}, ptr %place1, align 4",
            f"  %turn = insertelement {word} poison, i32 %round, i64 0",
            f"  %turns = shufflevector {word} %turn, {word} poison, {word} zeroinitializer",
            f"  %whose = icmp eq {word} %place, %turns",
            f"  %active = and {module.mask} %inside, %whose",
            f"  %bits = bitcast {module.mask} %active to i{width}",
            f"  %any = icmp ne i{width} %bits, 0",
            "  br i1 %any, label %due, label %latch",
            "due:",
        ]

    def _around(self) -> list[str]:
        """Begin the next round, if there is one."""
        return [
            "around:",
            "  %round1 = add i32 %round, 1",
            f"  %rounds = load i32, ptr {self._along[1]}, align 4",
            "  %another = icmp slt i32 %round1, %rounds",
            "  br i1 %another, label %again, label %done",
        ]
