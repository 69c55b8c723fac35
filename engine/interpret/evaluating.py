"""What the parts of the interpreter need of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Protocol

from engine.interpret.cases import Case
from engine.interpret.frames import Frame
from engine.interpret.outcomes import Choice, Fact, Failure, Interval, NotApplicable, Outcome
from engine.ir import nodes as ir
from engine.ir.program import Program
from engine.records import record
from engine.values.periods import Period
from engine.values.types import ValueType


@record(frozen=True, slots=True)
class Unsure:
    """It is not known who is meant, or whether there is anybody: what must be known for that."""

    needs: frozenset[Fact]
    may_fail: str = ""


Found = str | Unsure | NotApplicable | Failure
Queue = Mapping[str, str] | Unsure | Failure  # of each record the one before it, if any; or why that is not certain


Places = Mapping[str, str | None]
"""Of each member of a larger group the group that they are in, of those that a figure makes; None where they are in
none."""
Asked = tuple[str, str, date | Period]
"""Who is together by which figure, in which larger group, and when."""


Closure = Callable[[Any, Frame], Outcome]
"""What evaluates one expression, of an interpreter and a frame."""


class Evaluating(Protocol):
    """Whoever evaluates one case under one program."""

    @property
    def program(self) -> Program: ...

    @property
    def case(self) -> Case: ...

    @property
    def supposed(self) -> Mapping[Asked, Places]:
        """Who is taken to be together, where it is not known."""

    @property
    def queues(self) -> dict[tuple[str, str, str], Queue]:
        """The orders that were found: (record entity, its owner, the sequence's name) -> of each the one before it."""

    def find(self, fact: Fact) -> Outcome:
        """The figure or fact, found once."""

    def find_for(self, fact: Fact, frame: Frame) -> Outcome:
        """The figure or fact, noted as read by whoever is evaluated."""

    def evaluate(self, node: ir.Expression, frame: Frame) -> Outcome:
        """What an expression gives."""

    def anything(self, value_type: ValueType, low: Any = None, high: Any = None) -> Interval | Choice:
        """Every value of a type, between the ends of numbers and dates."""
