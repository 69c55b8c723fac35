"""What is left of an income, for `sweep`: after the taxes that the ruleset's view of a simulation takes from people."""

from __future__ import annotations

from api.simulate.view import has_view, load_view
from api.sweep.sweep import Left
from engine.ir.program import Program


def left_of(program: Program) -> Left | None:
    """The incomes and what is borne of them; None for rules of which nothing says what a simulation counts."""
    if not has_view(program):
        return None
    view = load_view(program)
    return Left(view.incomes, view.borne, view.unit)
