"""Where an expression is evaluated, and what was found on the way to a figure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date

from engine.interpret.outcomes import NOT_APPLICABLE, Fact, Outcome
from engine.ir import nodes as ir
from engine.ir.program import Definition
from engine.values.periods import Period


@dataclass(slots=True)
class Step:
    """How one figure was found. `reads`, `constants` and `branches` are in the order of evaluation."""

    fact: Fact
    definition: Definition
    source: str
    outcome: Outcome = NOT_APPLICABLE
    before_rounding: Outcome | None = None
    reads: list[Fact] = field(default_factory=list)
    constants: list[tuple[str, date, bool]] = field(default_factory=list)
    branches: list[tuple[ir.Expression, bool | str]] = field(default_factory=list)
    body: ir.Expression | None = None


@dataclass(slots=True)
class Frame:
    """Where an expression is evaluated: the instance and period of the formula, its local names, how deep in calls."""

    instance: str
    period: Period
    step: Step
    names: Mapping[str, Callable[[], Outcome]]
    bound: Mapping[str, str]
    calls: int = 0
