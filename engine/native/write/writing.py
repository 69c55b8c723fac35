"""What the parts that write formulas share: where an expression stands, and what a writer of expressions can do.

`formulas.py` is the writer; the reading of rows, constants, dates and aggregates each have a module of their own and
see it through this contract.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from engine.ir import nodes as ir
from engine.ir.program import Program
from engine.native.arithmetic.lanes import Lanes
from engine.native.arithmetic.number import Number
from engine.native.arithmetic.whole import Arithmetic
from engine.native.plan.requests import Request
from engine.native.plan.terms import Terms
from engine.native.write.chunk import Chunk, Rows
from engine.native.write.lane_values import Content, Figure
from engine.native.write.memory import Memory
from engine.population.columns import Cell
from engine.values.periods import Period


@dataclass(slots=True, eq=False)
class Thunk:
    """A let-bound name: an expression and where it is to be evaluated."""

    node: ir.Expression
    frame: Frame


@dataclass(frozen=True, slots=True)
class Frame:
    """Where an expression stands: the formula's rows and period, its local names, and whom aggregates have bound.

    `links` keeps, for a bound name, over whose members it runs; `calls`, how many functions are being called.
    """

    own: Rows
    period: Period
    names: Mapping[str, Thunk] = field(default_factory=dict)
    bound: Mapping[str, Rows] = field(default_factory=dict)
    links: Mapping[str, ir.Link] = field(default_factory=dict)
    calls: int = 0


class Writer(Protocol):
    """Writes expressions into a function."""

    program: Program
    memory: Memory
    terms: Terms
    chunk: Chunk
    work: Arithmetic
    lanes: Lanes
    idle: frozenset[Cell]  # figures of the own row that are taken for zero

    origins: dict[str, tuple[Request, ...]]  # the blocks of terms that names were read from

    def write(self, node: ir.Expression, frame: Frame) -> Figure:
        """The figure of an expression."""

    def local(self, thunk: Thunk) -> Figure:
        """The figure of a let-bound name, written once in a scope."""

    def choose(
        self,
        condition: Figure,
        then: Callable[[], Figure],
        otherwise: Callable[[], Figure],
        costs: tuple[int, int] = (0, 0),
    ) -> Figure:
        """`then` where the condition holds, else `otherwise`; a branch that costs much only if a lane needs it."""

    def carrying(self, figure: Figure, operands: Sequence[Figure]) -> Figure:
        """`figure`, bad or absent also where an operand is."""

    def joined(self, parts: Sequence[Figure], deciding: bool) -> Figure:
        """`and` (deciding False) or `or` (deciding True)."""

    def calculated(self, operator: str, a: Number, b: Number) -> Figure:
        """`+ - * /` and `mod` on numbers."""

    def extreme(self, operator: str, parts: Sequence[Figure]) -> Figure:
        """The least or greatest of numbers, dates or durations."""

    def lesser(self, operator: str, a: Content, b: Content) -> Content:
        """The lesser (`min`) or greater (`max`) of two numbers or dates."""

    def added(self, a: Content, b: Content) -> Content:
        """The sum of two numbers or durations."""
