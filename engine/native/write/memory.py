"""Reading and writing columns and scratch: figures of the lanes' own rows lie side by side, those of other rows are
gathered.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from engine.ir.program import Program
from engine.native.arithmetic.lanes import Mask
from engine.native.arithmetic.number import Number, plain
from engine.native.arithmetic.whole import Whole
from engine.native.plan.options import Options
from engine.native.plan.plan import Origin, Plan, Source
from engine.native.plan.pointers import ColumnEntries, ColumnGaps, OutputEntries, OutputStatuses
from engine.native.plan.shape import Shape, Storage, assumed_bounds
from engine.native.write import lane_values as v
from engine.native.write.chunk import Chunk, Rows
from engine.native.write.lane_values import Code, Content, Day, Figure, Length, Truth
from engine.population.columns import Cell, unit_of
from engine.values.types import NONE, Kind

LINE = 64
PACKED = 8  # lanes whose mask is a byte


@dataclass(frozen=True, slots=True)
class Slot:
    """A column of scratch: its offset in bytes, and whether entries are doubles (else bytes). `packed`: bits, a byte
    for each vector of eight lanes."""

    offset: int
    double: bool
    packed: bool = False


@dataclass(frozen=True, slots=True)
class Stored:
    """A figure left in scratch: the figure with slots' keys for names."""

    figure: Figure
    slots: dict[str, Slot]


class Memory:
    """Where every cell is. One for a compilation."""

    def __init__(self, program: Program, plan: Plan, shape: Shape, options: Options) -> None:
        self.program = program
        self.plan = plan
        self.shape = shape
        self.options = options
        self.members = {name: list(enum.members) for name, enum in program.settings.enums.items()}
        self.stored: dict[Cell, Stored] = {}
        self.packed: dict[Cell, Stored] = {}  # for those who read their own rows: a byte a vector for each mask
        self._numbers: dict[tuple[Cell, str], Slot] = {}
        self.producers: dict[Cell, Chunk] = {}
        self.scratch_size = 0

    # --- reading

    def read(self, chunk: Chunk, cell: Cell, rows: Rows) -> Figure:
        """A cell's figures of some rows. Lanes without a row give something that must not matter."""
        if rows.dense and cell in chunk.values:
            return chunk.values[cell]
        source = self.plan.sources[cell]
        if source.origin is Origin.COLUMN:
            return self.column(chunk, cell, source, rows)[0]
        if source.origin is Origin.FORMULA:
            return self._scratch(chunk, cell, rows)
        fallback = self._constant(chunk, source)
        return self.patched(chunk, cell, source, rows, fallback) if source.partly else fallback

    def patched(self, chunk: Chunk, cell: Cell, source: Source, rows: Rows, fallback: Figure) -> Figure:
        """What the column gives, and `fallback` where it is empty."""
        given, missing = self.column(chunk, cell, source, rows)
        return v.choice(chunk.work, missing, fallback, given)

    def _constant(self, chunk: Chunk, source: Source) -> Figure:
        if source.origin is Origin.UNKNOWN or source.value is None:
            return Figure(v.nothing(chunk.work, source.definition.type), bad=True)
        if source.value is NONE:
            return Figure(v.nothing(chunk.work, source.definition.type), absent=True)
        return Figure(v.literal(chunk.work, source.value, self.members.__getitem__))

    def column(self, chunk: Chunk, cell: Cell, source: Source, rows: Rows) -> tuple[Figure, Mask]:
        """What a column holds, and where it holds nothing (only for one that may be empty)."""
        shape = self.shape.columns[cell]
        data = self._entries(chunk, chunk.argument(ColumnEntries(cell)), shape.storage, rows)
        missing: Mask = False
        if shape.missing:
            empty = self._entries(chunk, chunk.argument(ColumnGaps(cell)), Storage.BYTE, rows)
            missing = chunk.lanes.pure(f"icmp ne {chunk.module.byte} {empty}, zeroinitializer")
        bad = missing if shape.missing and not source.partly else False
        absent: Mask = False
        if source.definition.may_not_apply:
            absent, data = self._without_none(chunk, data, shape.storage)
        return Figure(self._content(chunk, source, data, shape.storage), bad, absent), missing

    def _without_none(self, chunk: Chunk, data: str, storage: Storage) -> tuple[Mask, str]:
        """The lanes of which it is stated that there is none, and the entries with zero there."""
        kind = f"<{chunk.module.width} x {storage.value}>"
        double = storage is Storage.DOUBLE
        number = str(float(storage.none) if double else storage.none)
        operation = "fcmp oeq" if double else "icmp eq"
        none = chunk.lanes.pure(f"{operation} {kind} {data}, splat ({storage.value} {number})")
        mask = chunk.module.mask
        return none, chunk.lanes.pure(f"select {mask} {none}, {kind} zeroinitializer, {kind} {data}")

    def _content(self, chunk: Chunk, source: Source, data: str, storage: Storage) -> Content:
        module, kind = chunk.module, source.definition.type.kind
        if kind is Kind.BOOLEAN:
            return Truth(chunk.lanes.pure(f"icmp ne {module.byte} {data}, zeroinitializer"))
        match storage:
            case Storage.BYTE:
                data = chunk.lanes.pure(f"uitofp {module.byte} {data} to {module.double}")
            case Storage.WORD:
                data = chunk.lanes.pure(f"sitofp {module.word} {data} to {module.double}")
        low, high = assumed_bounds(source.definition, unit_of(self.program, source.definition), self.options)
        whole = Whole(data, None, low, high) if low < high else chunk.work.constant(low)
        match kind:
            case Kind.ENUM:
                return Code(replace(whole, high=len(self.members[source.definition.type.enum]) - 1))
            case Kind.DATE:
                return Day(whole)
        return plain(whole, unit_of(self.program, source.definition))

    def _entries(self, chunk: Chunk, base: str, storage: Storage, rows: Rows) -> str:
        kind = f"<{chunk.module.width} x {storage.value}>"
        if rows.dense:
            place = chunk.lanes.pure(f"getelementptr {storage.value}, ptr {base}, i64 {rows.index}")
            return chunk.lanes.pure(f"load {kind}, ptr {place}, align {storage.size}")
        return gather(chunk, base, storage, rows.index, rows.valid)

    def _scratch(self, chunk: Chunk, cell: Cell, rows: Rows) -> Figure:
        packed = rows.dense and chunk.module.width == PACKED and not self._is_awaited(cell)
        known = self.packed if packed else self.stored
        if cell not in known:
            producer = self.producers[cell]
            known[cell] = self.kept(producer, cell, producer.values[cell], packed)
        stored = known[cell]
        return v.renamed(stored.figure, {name: self._slot(chunk, slot, rows) for name, slot in stored.slots.items()})

    def _slot(self, chunk: Chunk, slot: Slot, rows: Rows) -> str:
        module, lanes = chunk.module, chunk.lanes
        if slot.packed:
            bits = lanes.pure(f"load i8, ptr {self.own_place(chunk, slot)}, align 1")
            return lanes.pure(f"bitcast i8 {bits} to {module.mask}")
        if rows.dense:
            place = self.own_place(chunk, slot)
            kind = module.double if slot.double else module.byte
            loaded = lanes.pure(f"load {kind}, ptr {place}, align {8 if slot.double else 1}")
        else:
            base = chunk.before(f"getelementptr i8, ptr %scratch, i64 {slot.offset}")
            begin = chunk.splat_before(chunk.bounds(rows.entity)[0])
            local = lanes.pure(f"sub {module.long} {rows.index}, {begin}")
            loaded = gather(chunk, base, Storage.DOUBLE if slot.double else Storage.BYTE, local, rows.valid)
        return loaded if slot.double else lanes.pure(f"icmp ne {module.byte} {loaded}, zeroinitializer")

    def own_place(self, chunk: Chunk, slot: Slot) -> str:
        """Where a slot's entries for the lanes' own rows begin."""
        which = "local8" if slot.double else "vector" if slot.packed else "local"
        base = chunk.lanes.pure(f"getelementptr i8, ptr %scratch, i64 %{which}")
        return chunk.lanes.pure(f"getelementptr i8, ptr {base}, i64 {slot.offset}")

    # --- writing

    def _is_awaited(self, cell: Cell) -> bool:
        """Whether a figure is written row by row, each in its round."""
        producer = self.producers.get(cell)
        return producer is None or bool(producer.sequences)

    def kept(self, chunk: Chunk, cell: Cell, figure: Figure, packed: bool) -> Stored:
        """A figure left in scratch for later functions."""
        slots: dict[str, Slot] = {}
        keys: dict[str, str] = {}
        for part in v.names(figure):
            number = None if part.is_mask else self._numbers.get((cell, part.operand))
            slot = number or self.allot(chunk.entity, not part.is_mask, packed and part.is_mask)
            key = f"%slot{slot.offset}"
            slots[key], keys[part.operand] = slot, key
            if number is None:
                self._store(chunk, slot, part.operand)
            if not part.is_mask:
                self._numbers[cell, part.operand] = slot
        return Stored(v.renamed(figure, keys), slots)

    def _store(self, chunk: Chunk, slot: Slot, operand: str) -> None:
        module, lanes = chunk.module, chunk.lanes
        place = self.own_place(chunk, slot)
        if slot.double:
            lanes.effect(f"store {module.double} {operand}, ptr {place}, align 8")
        elif slot.packed:
            bits = lanes.pure(f"bitcast {module.mask} {operand} to i8")
            lanes.effect(f"store i8 {bits}, ptr {place}, align 1")
        else:
            byte = lanes.pure(f"zext {module.mask} {operand} to {module.byte}")
            lanes.effect(f"store {module.byte} {byte}, ptr {place}, align 1")

    def allot(self, entity: str, double: bool, packed: bool = False) -> Slot:
        """Room in scratch for one entry of each row of a block."""
        slot = Slot(self.scratch_size, double, packed)
        entries = -(-self.shape.capacity[entity] // PACKED) if packed else self.shape.capacity[entity]
        self.scratch_size += -(-entries * (8 if double else 1) // LINE) * LINE + 2 * LINE
        return slot


def gather(chunk: Chunk, base: str, storage: Storage, index: str, valid: Mask) -> str:
    """Entries at the rows in `index`, zero where not `valid`."""
    module, lanes = chunk.module, chunk.lanes
    kind = Storage.WORD if storage is Storage.BYTE else storage
    element = storage.value
    places = lanes.pure(f"getelementptr {element}, ptr {base}, {module.long} {index}")
    vector = f"<{module.width} x {kind.value}>"
    suffix = {"double": "f64", "i32": "i32"}[kind.value]
    name = f"llvm.masked.gather.v{module.width}{suffix}.v{module.width}p0"
    arguments = [
        (module.pointers, places),
        ("i32", "1"),
        (module.mask, lanes.written(valid)),
        (vector, "zeroinitializer"),
    ]
    gathered = lanes.call(name, vector, arguments)
    if storage is not Storage.BYTE:
        return gathered
    # A byte is gathered as the word that begins with it; columns are padded so that this stays inside them.
    return lanes.pure(f"trunc {module.word} {gathered} to {module.byte}")


def store_output(chunk: Chunk, pointer: OutputEntries | OutputStatuses, kind: str, value: str) -> None:
    """Write results of the lanes that have a row, and no others."""
    place = chunk.lanes.make(f"getelementptr {kind}, ptr {chunk.argument(pointer)}, i64 %row")
    store_active(chunk, place, kind, value)


def store_active(chunk: Chunk, place: str, kind: str, value: str) -> None:
    """Write entries of the active lanes at a place, and no others."""
    width, suffix = chunk.module.width, {"double": "f64"}.get(kind, kind)
    vector = f"<{width} x {kind}>"
    intrinsic = f"llvm.masked.store.v{width}{suffix}.p0"
    chunk.module.declare(intrinsic, "void", [vector, "ptr", "i32", chunk.module.mask])
    chunk.lanes.effect(f"call void @{intrinsic}({vector} {value}, ptr {place}, i32 1, {chunk.module.mask} %active)")


def wholes_of(content: Content) -> list[Whole]:
    """The whole number that an output is written as; none for a boolean."""
    match content:
        case Number():
            return [content.n]
        case Code():
            return [content.place]
        case Day():
            return [content.ordinal]
        case Length():
            return [content.months, content.days]
        case Truth():
            return []
