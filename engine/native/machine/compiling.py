"""From a program and the shape of a population to code that can be called, by way of what is kept.

1. In memory: a kernel for the same program, wanted figures, shape and options.
2. On disk, under what decides it (the program's fingerprint, the wanted figures, the shape, the options, the machine
   and this compiler's own code): all that a kernel needs at run time, its constants included, with the name of its
   object. Neither a plan nor a text is made again.
3. The same for a program that differs from one before in values of constants alone, if they fit its code. One that does
   not fit has code of its own, with room for more decimals and brackets.
4. On disk, under the module's text: its object.

Whatever is not there, damaged or not to be trusted is made again.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from engine.ir.program import Program
from engine.native.machine import kept_kernels
from engine.native.machine.fixed import object_of
from engine.native.machine.kept_kernels import Decided, Found
from engine.native.machine.toolchain import Loaded, machine
from engine.native.plan.interface import Interface
from engine.native.plan.laying import lay_out
from engine.native.plan.layout import Layout, with_other_columns
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
        decided = Decided(program, options, deciding(layout, wanted, shape))
        key = (program.fingerprint or id(program), decided.rest, options)
        kernel = self.made.get(key)
        if kernel is None or not (program.fingerprint or kernel.program is program):
            kernel = _fetched(decided) or _make(decided, layout, wanted, shape)
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
        f"{' '.join(sorted(shape.in_order))}; placed {' '.join(sorted(shape.placed))}",
        f"of {' '.join(sorted(layout.columns.counts))}; owned {' '.join(sorted(layout.columns.owners))}",
        f"{shape.complete} {layout.columns.complete} {' '.join(sorted(shape.stated))}",
    )


@lru_cache(maxsize=20_000)
def _said(cell: Cell, held: ColumnShape) -> str:
    """A column and its form in words: the same ones for each of many small populations."""
    return f"{cell} {held}"


def _fetched(decided: Decided) -> Kernel | None:
    """The kernel as it was kept on disk, if all of it is there."""
    found = kept_kernels.fetch(decided)
    loaded = kept_kernels.loaded(decided, found.name) if found is not None else None
    if found is None or loaded is None:
        return None
    return Kernel(decided.program, found.interface, found.terms, loaded, decided.options, True)


def _make(decided: Decided, layout: Layout, wanted: Sequence[Cell], shape: Shape) -> Kernel:
    """Plan, write the text, and compile it unless its object is kept."""
    from engine.native.machine.making import make_text  # what is kept needs none of it, and it takes a while to import

    program, options = decided.program, decided.options
    target = machine(options.width)
    chosen = replace(options, roomy=options.roomy or kept_kernels.fits_none(decided))
    text, interface, relied, terms = make_text(program, layout, wanted, shape, options=chosen, target=target)
    if not interface.outputs:
        return Kernel(program, interface, terms, None, options)
    name, code, was_kept = object_of(text, target, decided.folder)
    kept_kernels.keep(decided, Found(name, interface, terms), relied)
    return Kernel(program, interface, terms, kept_kernels.loaded(decided, name, code), options, was_kept)
