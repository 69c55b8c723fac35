"""The order of records in sequences, sorted outside the code for each owner.

1. A figure that decides an order is a column, or code computes it first: no such figure follows from the order.
2. All records are sorted at once by owner, what they share, and the keys. An owner of whom a key is not known or does
   not apply, or two of whose records tie, has no certain order: what is read along it is the interpreter's.
3. How many records lead to each through some sequences tells the rounds in which code goes along them. Records that
   lead to each other in a circle, through several sequences, are the interpreter's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from engine.ir.program import Program
from engine.native.plan.components import new_rows
from engine.native.plan.layout import Layout, padded
from engine.native.plan.pointers import Order, PlaceAlong, Pointer, RecordBefore, RoundsAlong
from engine.native.undetermined import CodeFigure
from engine.population.columns import Cell, Entries
from engine.values.periods import ETERNITY

FIRST, UNSURE = -1, -2
Rows = NDArray[np.int64]
Keys = Callable[[Sequence[Cell]], Mapping[Cell, CodeFigure]]
"""Code's figures of some cells."""


def orders_of_records(
    program: Program, layout: Layout, pointers: Sequence[Pointer], keys_of: Keys
) -> dict[Pointer, Entries]:
    """What code asks to know of the order of records. It is kept with the layout."""
    kept = layout.orders if program.fingerprint else {}
    orders: dict[Pointer, Entries] = {}
    for pointer in pointers:
        if isinstance(pointer, RecordBefore | PlaceAlong | RoundsAlong):
            key = (program.fingerprint, pointer)
            if key not in kept:
                kept[key] = _made(program, layout, pointer, keys_of)
            orders[pointer] = kept[key]
    return orders


def _made(program: Program, layout: Layout, pointer: Order, keys_of: Keys) -> Entries:
    if isinstance(pointer, RecordBefore):
        return padded(_before(program, layout, pointer, keys_of), np.int32)
    before = [_before(program, layout, sequence, keys_of) for sequence in pointer.sequences]
    places = _places(layout, pointer.entity, before)
    return padded(places if isinstance(pointer, PlaceAlong) else _rounds(layout, pointer.entity, places), np.int32)


def _before(program: Program, layout: Layout, before: RecordBefore, keys_of: Keys) -> Rows:
    """For each sorted row the row of the record before it."""
    steps = program.settings.entities[before.entity].sequences[before.sequence]
    owners = layout.columns.owners[before.entity].astype(np.int64)
    count = len(owners)
    cells = [Cell(name, ETERNITY) for name in before.keys]
    figures = keys_of(list(dict.fromkeys(cells)))
    unknown = np.zeros(count, dtype=np.bool_)
    for figure in figures.values():
        unknown |= figure.bad | figure.absent
    entries = iter([figures[cell].entries.astype(np.int64) for cell in cells])
    within = [next(entries) for _ in steps.within]
    listed = np.arange(count, dtype=np.int64)
    keys = [(-1 if key.descending else 1) * (next(entries) if key.name else listed) for key in steps.by]
    order = np.lexsort((*reversed(keys), *within, owners))
    kin = _as_before([owners, *within], order)
    tied = kin & _as_before(keys, order)
    unsure = np.zeros(int(owners.max(initial=-1)) + 1, dtype=np.bool_)
    unsure[owners[unknown]] = True
    unsure[owners[order[1:][tied]]] = True
    earlier = np.full(count, FIRST, dtype=np.int64)
    earlier[order[1:][kin]] = order[:-1][kin]
    earlier[unsure[owners]] = UNSURE
    return _sorted(layout, before.entity, earlier)


def _as_before(keys: Sequence[Entries], order: Rows) -> NDArray[np.bool_]:
    """Of each row in an order but the first, whether it has the keys of the one before."""
    same = np.ones(max(0, len(order) - 1), dtype=np.bool_)
    for key in keys:
        same &= key[order[1:]] == key[order[:-1]]
    return same


def _sorted(layout: Layout, entity: str, earlier: Rows) -> Rows:
    """From rows as given, which name rows as given, to sorted rows."""
    order = layout.order[entity]
    if order is None:
        return earlier
    rows = new_rows(layout, entity)
    return np.where(earlier >= 0, rows[np.maximum(earlier, 0)], earlier)[order]


def _places(layout: Layout, entity: str, before: Sequence[Rows]) -> Rows:
    """How many records lead to each; nothing for those of a component in which they go in a circle."""
    most = int(np.bincount(layout.columns.owners[entity]).max(initial=0))
    places = np.zeros(len(layout.columns.owners[entity]), dtype=np.int64)
    for _ in range(most + 1):
        after = np.zeros_like(places)
        for earlier in before:
            led = earlier >= 0
            after[led] = np.maximum(after[led], places[earlier[led]] + 1)
        if np.array_equal(after, places):
            return places
        places = after
    components = layout.component[entity]
    circular = np.unique(components[places >= most])
    layout.beyond.update(circular.tolist())
    return np.where(np.isin(components, circular), 0, places)


def _rounds(layout: Layout, entity: str, places: Rows) -> Rows:
    starts = layout.blocks[entity]
    rounds = np.zeros(layout.block_count, dtype=np.int64)
    np.maximum.at(rounds, np.searchsorted(starts, np.arange(len(places)), side="right") - 1, places + 1)
    return rounds


__all__ = ["orders_of_records"]
