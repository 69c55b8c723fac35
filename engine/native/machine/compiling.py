"""From a program and the shape of a population to code that can be called, by way of what is kept.

1. In memory: a kernel for the same program, wanted figures, shape and options.
2. On disk, under what decides it (the program's fingerprint, the wanted figures, the shape, the options, the machine
   and this compiler's own code): all that a kernel needs at run time, its constants included, with the name of its
   object. Neither a plan nor a text is made again.
3. On disk, under the module's text: its object. So a reform of constants writes the text anew, and finds the object.

Whatever is not there, damaged or not to be trusted is made again.
"""

from __future__ import annotations

import pickle
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from engine.ir.program import Program
from engine.kept import code_digest
from engine.native.machine import object_cache
from engine.native.machine.fixed import object_of
from engine.native.machine.toolchain import Loaded, machine
from engine.native.plan.interface import Interface
from engine.native.plan.layout import Layout, lay_out, with_other_columns
from engine.native.plan.options import Options
from engine.native.plan.shape import ColumnShape, Shape
from engine.population.columns import Cell, Columns
from engine.text.recursion import deep_recursion

KERNELS = 32


@dataclass(slots=True, eq=False)
class Kernel:
    """Compiled code for wanted figures on data of one shape. `from_cache`: nothing had to be compiled."""

    program: Program
    interface: Interface
    terms: NDArray[np.float64]
    loaded: Loaded | None
    options: Options
    from_cache: bool = False


class Kernels:
    """Code and layouts that are kept in memory: the code used last, each population's layouts as long as it is."""

    def __init__(self) -> None:
        self.made: dict[tuple[object, ...], Kernel] = {}
        self._layouts: WeakKeyDictionary[Columns, list[Layout]] = WeakKeyDictionary()

    def layout(self, program: Program, columns: Columns, options: Options) -> Layout:
        """The population laid out."""
        kept = self._layouts.setdefault(columns, [])
        for layout in kept:
            if _fits(layout, program, options):
                return layout
        kept.append(lay_out(program, columns, options))
        return kept[-1]

    def share_layout(
        self, program: Program, columns: Columns, moved: Columns, cells: Collection[Cell], options: Options
    ) -> None:
        """Let a population that differs in the entries of some columns use the layout of the other."""
        kept = self._layouts.setdefault(moved, [])
        if not any(_fits(layout, program, options) for layout in kept):
            kept.append(with_other_columns(self.layout(program, columns, options), moved, cells))

    @deep_recursion()
    def kernel(self, program: Program, layout: Layout, wanted: Sequence[Cell], options: Options) -> Kernel:
        """Code for the wanted cells on data of this shape."""
        supply = {cell: column.missing is not None for cell, column in layout.columns.columns.items()}
        shape = layout.shape(supply)
        decided = deciding(layout, wanted, shape)
        key = (program.fingerprint or id(program), decided, options)
        kernel = self.made.get(key)
        if kernel is None or not (program.fingerprint or kernel.program is program):
            kernel = _fetched(program, decided, options) or _make(
                program, layout, wanted, shape, options=options, decided=decided
            )
            while len(self.made) >= KERNELS:
                del self.made[next(iter(self.made))]
            self.made[key] = kernel
        return kernel


def _fits(layout: Layout, program: Program, options: Options) -> bool:
    """Whether a layout is what a program needs of its population."""
    same = (layout.options.block, layout.options.limit) == (options.block, options.limit)
    return same and (layout.program is program or layout.program.settings == program.settings)


def deciding(layout: Layout, wanted: Sequence[Cell], shape: Shape) -> tuple[str, ...]:
    """What decides the code beside the program and the options."""
    return (
        " ".join(map(str, wanted)),
        *sorted(_said(cell, held) for cell, held in shape.columns.items()),
        *sorted(f"{entity} {size}" for entity, size in (*shape.capacity.items(), *shape.members.items())),
        " ".join(sorted(shape.in_order)),
        f"of {' '.join(sorted(layout.columns.counts))}; owned {' '.join(sorted(layout.columns.owners))}",
        f"{shape.complete} {layout.columns.complete} {' '.join(sorted(shape.stated))}",
    )


@lru_cache(maxsize=20_000)
def _said(cell: Cell, held: ColumnShape) -> str:
    """A column and its form in words: the same ones for each of many small populations."""
    return f"{cell} {held}"


def _key(program: Program, decided: tuple[str, ...], options: Options) -> str:
    """The name under which a kernel is kept on disk; empty if it is not."""
    if not program.fingerprint:
        return ""
    identity, chosen = machine(options.width).identity, str(replace(options, cache=None))
    return object_cache.key_of("kernel", code_digest(), identity, program.fingerprint, chosen, *decided)


def _fetched(program: Program, decided: tuple[str, ...], options: Options) -> Kernel | None:
    """The kernel as it was kept on disk, if all of it is there."""
    folder, key = object_cache.folder_of(options.cache), _key(program, decided, options)
    kept = object_cache.fetch(folder, key) if folder is not None and key else None
    if kept is None:
        return None
    name, interface, terms = pickle.loads(kept)
    code = object_cache.fetch(folder, name)
    if code is None:
        return None
    return Kernel(program, interface, np.frombuffer(terms), Loaded(code, machine(options.width)), options, True)


def _make(
    program: Program,
    layout: Layout,
    wanted: Sequence[Cell],
    shape: Shape,
    *,
    options: Options,
    decided: tuple[str, ...],
) -> Kernel:
    """Plan, write the text, and compile it unless its object is kept."""
    from engine.native.machine.making import make_text  # what is kept needs none of it, and it takes a while to import

    target = machine(options.width)
    text, interface, terms = make_text(program, layout, wanted, shape, options=options, target=target)
    if not interface.outputs:
        return Kernel(program, interface, terms, None, options)
    folder = object_cache.folder_of(options.cache)
    name, code, was_kept = object_of(text, target, folder)
    key = _key(program, decided, options)
    if folder is not None and key:
        object_cache.keep(folder, key, pickle.dumps((name, interface, terms.tobytes())))
    return Kernel(program, interface, terms, Loaded(code, target), options, was_kept)
