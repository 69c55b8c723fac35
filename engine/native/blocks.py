"""Running compiled code over the blocks of a population, on threads.

`ctypes` lets go of Python's lock while code runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import assert_never

import numpy as np

from engine.native.buffers import Buffers
from engine.native.machine.compiling import Kernel
from engine.native.plan.laying import member_places
from engine.native.plan.layout import PAD, Layout
from engine.native.plan.pointers import (
    BlockStarts,
    ColumnEntries,
    ColumnGaps,
    GroupList,
    GroupOfEach,
    GroupStarts,
    MemberList,
    MemberPlace,
    MemberStarts,
    OutputEntries,
    OutputStatuses,
    OwnedList,
    OwnedStarts,
    OwnerOfEach,
    PlaceAlong,
    Pointer,
    RecordBefore,
    RoundsAlong,
    TermsVector,
    made_by,
)
from engine.population.columns import Cell, Entries

SHARES = 8  # that each thread may take: one that is held up by others on the machine then takes fewer


def run(
    kernel: Kernel, layout: Layout, orders: Mapping[Pointer, Entries], threads: int, buffers: Buffers
) -> tuple[dict[Cell, Entries], dict[Cell, Entries]]:
    """Run the code over every block. Gives the outputs and statuses by cell, in sorted order. `orders` are those of
    the records that the code asks for."""
    if kernel.loaded is None:
        return {}, {}
    outputs, statuses = room_for_outputs(kernel, layout, buffers)
    arrays = pointed(kernel, layout, orders, outputs, statuses)
    table = np.array([array.ctypes.data for array in arrays], dtype=np.uint64)
    _run_blocks(kernel, table, layout.block_count, threads, buffers)
    return outputs, statuses


def room_for_outputs(
    kernel: Kernel, layout: Layout, buffers: Buffers
) -> tuple[dict[Cell, Entries], dict[Cell, Entries]]:
    """Room for the outputs and statuses, all in one piece of memory, which the system then gives in large pages."""
    sizes: list[tuple[Cell, bool, int, type]] = []
    for output in kernel.interface.outputs:
        count = layout.count(kernel.program.definitions[output.cell.name].entity) + PAD
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


def pointed(
    kernel: Kernel,
    layout: Layout,
    orders: Mapping[Pointer, Entries],
    outputs: dict[Cell, Entries],
    statuses: dict[Cell, Entries],
) -> list[Entries]:
    """The arrays that the code's table of pointers points to, in order."""

    def array_of(pointer: Pointer) -> Entries:
        match pointer:
            case TermsVector():
                return kernel.terms
            case BlockStarts():
                return layout.blocks[pointer.entity]
            case ColumnEntries():
                return layout.column(pointer.cell)[0]
            case ColumnGaps():
                missing = layout.column(pointer.cell)[1]
                assert missing is not None
                return missing
            case OutputEntries():
                return outputs[pointer.cell]
            case OutputStatuses():
                return statuses[pointer.cell]
            case RecordBefore() | PlaceAlong() | RoundsAlong():
                return orders[pointer]
            case MemberPlace():
                return member_places(layout, pointer.group)
            case (
                GroupOfEach()
                | MemberList()
                | MemberStarts()
                | GroupList()
                | GroupStarts()
                | OwnerOfEach()
                | OwnedList()
                | OwnedStarts()
            ):
                groups = made_by(pointer)
                links = layout.links if groups is None else layout.made_by(kernel.program)[groups].links
                return links[pointer]
            case _:
                assert_never(pointer)

    return [array_of(pointer) for pointer in kernel.interface.arguments]


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
