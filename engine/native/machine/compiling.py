"""From a program and the shape of a population to code that can be called, by way of what is kept.

1. In memory: a kernel for the same program, wanted figures, shape and options.
2. On disk, under what decides it (the program's fingerprint, the wanted figures, the shape, the options, the machine
   and this compiler's own code): what a module needs at run time, with the name of its object.
3. On disk, under the module's text: its object. So a reform of constants writes the text anew, and finds the object.

Whatever is not there, damaged or not to be trusted is made again.
"""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from engine.ir.program import Program
from engine.native.machine import object_cache
from engine.native.machine.toolchain import Loaded, compile_text, machine
from engine.native.plan.layout import Layout, lay_out, with_other_column
from engine.native.plan.options import Options
from engine.native.plan.plan import Plan, Supply, make_plan
from engine.native.plan.records import WithoutRecords
from engine.native.plan.shape import Shape
from engine.native.plan.terms import filled
from engine.native.write.kernel import Text, write_module
from engine.population.columns import Cell, Columns
from engine.text.recursion import deep_recursion

KERNELS = 32


@dataclass(slots=True, eq=False)
class Kernel:
    """Compiled code for wanted figures on data of one shape. `from_cache`: nothing had to be compiled."""

    program: Program
    plan: Plan
    text: Text
    terms: NDArray[np.float64]
    loaded: Loaded | None
    options: Options
    from_cache: bool = False


_layouts: WeakKeyDictionary[Columns, list[Layout]] = WeakKeyDictionary()
_kernels: dict[tuple[object, ...], Kernel] = {}


def layout_for(program: Program, columns: Columns, options: Options) -> Layout:
    """The population laid out; kept as long as the population is."""
    kept = _layouts.setdefault(columns, [])
    for one in kept:
        same = (one.options.block, one.options.limit) == (options.block, options.limit)
        if same and (one.program is program or one.program.settings == program.settings):
            return one
    made = lay_out(program, columns, options)
    kept.append(made)
    return made


def share_layout(program: Program, columns: Columns, moved: Columns, cell: Cell, options: Options) -> None:
    """Let a population that differs in one column's entries use the layout of the other."""
    _layouts.setdefault(moved, []).append(with_other_column(layout_for(program, columns, options), moved, cell))


@deep_recursion()
def compile_kernel(program: Program, layout: Layout, wanted: Sequence[Cell], options: Options) -> Kernel:
    """Code for the wanted cells on data of this shape."""
    supply = {cell: column.missing is not None for cell, column in layout.columns.columns.items()}
    shape = layout.shape(supply)
    sizes = (*sorted(shape.capacity.items()), *sorted(shape.members.items()))
    rest = (sizes, shape.in_order, shape.complete)
    key = (program.fingerprint or id(program), tuple(wanted), frozenset(shape.columns.items()), rest, options)
    found = _kernels.get(key)
    if found is None or not (program.fingerprint or found.program is program):
        lacking = frozenset(program.settings.entities) - frozenset(layout.columns.counts)
        given = Supply(supply, layout.columns.complete, _without(program, layout), lacking=lacking)
        plan = make_plan(program, wanted, given)
        found = _make(program, plan, shape, options)
        while len(_kernels) >= KERNELS:
            del _kernels[next(iter(_kernels))]
        _kernels[key] = found
    return found


def _without(program: Program, layout: Layout) -> WithoutRecords:
    """What rewrites formulas over the kinds of records of which the population has none."""
    entities = program.settings.entities.values()
    lacking = {one.name for one in entities if one.belongs_to and one.name not in layout.columns.owners}
    return WithoutRecords(program, lacking, {cell.name for cell in layout.columns.columns})


def forget() -> None:
    """Forget what is kept in memory, as a new process would: layouts and kernels. What is on disk stays."""
    _layouts.clear()
    _kernels.clear()


def _make(program: Program, plan: Plan, shape: Shape, options: Options) -> Kernel:
    folder = object_cache.folder_of(options.cache)
    target = machine(options.width)
    key = _text_key(program, plan, shape, options) if folder is not None and program.fingerprint else ""
    kept = object_cache.fetch(folder, key) if key else None
    if kept is not None:
        name, text = pickle.loads(kept)
        code = object_cache.fetch(folder, name)
        if code is not None:
            terms = filled(program, text.requests, text.positive, text.terms_size)
            return Kernel(program, plan, text, terms, Loaded(code, target), options, from_cache=True)
    text = write_module(program, plan, shape, options, target.width, target.permutes)
    terms = filled(program, text.requests, text.positive, text.terms_size)
    if not text.outputs:
        return Kernel(program, plan, text, terms, None, options)
    name = object_cache.key_of("object", target.identity, text.text)
    code = object_cache.fetch(folder, name)
    from_cache = code is not None
    if code is None:
        code = compile_text(text.text, target)
        object_cache.keep(folder, name, code)
    if key:
        object_cache.keep(folder, key, pickle.dumps((name, replace(text, text=""))))
    return Kernel(program, plan, text, terms, Loaded(code, target), options, from_cache)


def _text_key(program: Program, plan: Plan, shape: Shape, options: Options) -> str:
    parts = [
        *sorted(f"{cell} {one}" for cell, one in shape.columns.items()),
        *sorted(f"{entity} {size}" for entity, size in (*shape.capacity.items(), *shape.members.items())),
        *sorted(shape.in_order),
        str(shape.complete),
    ]
    wanted = " ".join(map(str, plan.wanted))
    chosen = str(replace(options, cache=None))
    identity = machine(options.width).identity
    return object_cache.key_of("text", own_code(), identity, program.fingerprint, wanted, chosen, *parts)


@cache
def own_code() -> str:
    """A hash over the engine's own modules: another version of them may write another text."""
    digest = hashlib.sha256()
    folder = Path(__file__).parents[2]
    for path in sorted(folder.rglob("*.py")):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(folder)}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()
