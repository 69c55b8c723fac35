"""What running a kernel takes: kept with its code, so that nothing has to be planned or written again."""

from __future__ import annotations

from engine.native.plan.pointers import Pointer
from engine.population.columns import Cell
from engine.records import record
from engine.values.types import Value

BAD, ABSENT = 1, 2  # the bits of a status


@record(frozen=True, slots=True)
class Output:
    """A wanted figure that code writes: 8-byte whole numbers or (`small`) bytes; with `status`, a byte of BAD and
    ABSENT.
    """

    cell: Cell
    small: bool
    status: bool


@record(frozen=True, slots=True)
class Interface:
    """What running a module takes: the wanted cells, for those of them that are not computed the constant they are (if
    they are one), which pointers the code expects, its scratch, and its outputs."""

    wanted: tuple[Cell, ...]
    leaves: dict[Cell, Value | None]
    arguments: tuple[Pointer, ...]
    scratch_size: int
    outputs: tuple[Output, ...]
