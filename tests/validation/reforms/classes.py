"""Why a reform may change a figure otherwise in taxcalc than here: the classes that `DIFFERENCES.md` explains.

A class of `tests.validation.classes` explains a difference of changes too, where its test holds of the unit under the
law or under the reform: what differs without a reform differs by another amount with one. Those here are of reforms.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.validation import classes
from tests.validation.classes import Row, number
from tests.validation.compare import Difference


@dataclass(frozen=True, slots=True)
class Sides:
    """What is known where a change differs: the parameters moved, and the unit with its answers on both sides."""

    names: tuple[str, ...]
    law: Row
    reform: Row


@dataclass(frozen=True, slots=True)
class ExplainedChange:
    """A class: its heading in DIFFERENCES.md, the figures it touches, and when a case can be in it."""

    name: str
    figures: tuple[str, ...]
    holds: Callable[[Sides], bool]


def _employee_alone(sides: Sides) -> bool:
    """One side's rate moves, for a family whose refund goes by Social Security taxes."""
    return any(name.startswith("FICA_") for name in sides.names) and number(sides.law, "n24") >= 1


def _gifts_in_kind(sides: Sides) -> bool:
    """taxcalc's limit on all gifts, which is the limit on gifts of cash here, moves for somebody who gave in kind."""
    return "ID_Charity_crt_all" in sides.names and number(sides.law, "e20100") > 0


CLASSES: tuple[ExplainedChange, ...] = (
    ExplainedChange(
        "gifts in kind beside gifts of cash",
        ("taxable income", "income tax", "AMT", "CTC", "ACTC"),
        _gifts_in_kind,
    ),
    ExplainedChange("employee's share of payroll taxes", ("income tax", "CTC", "ACTC"), _employee_alone),
)


def explain(difference: Difference, sides: Sides) -> str:
    """The class of a difference of changes, or nothing."""
    for known in CLASSES:
        if difference.figure in known.figures and known.holds(sides):
            return known.name
    return next(filter(None, (classes.explain(difference, row) for row in (sides.law, sides.reform))), "")
