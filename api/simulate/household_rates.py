"""What benefits of households take of more earnings, and of all of them: they end as taxes begin.

1. The benefits of a home hang on everybody in it. So of the units of each home one at a time has its earner earn more
   (or nothing): as many populations as the home with most units has, each of all homes together. What a home then loses
   is that unit's.
2. A benefit of a month is rounded to the dollar. So the step is 100 a month and not 100 a year.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from api.simulate.earners import Earner, Floats, Kept, Turns, raised_units
from api.simulate.households import homes_of_units
from api.simulate.known import Entries, known_entries
from api.simulate.outcomes import Outcome
from api.simulate.view import View
from engine.ir.program import Program
from engine.native import evaluate, share_layout
from engine.population.columns import Cell, Columns, column_of, unit_of


def in_turn(program: Program, view: View, columns: Columns, earners: Sequence[Earner]) -> tuple[Earner, ...]:
    """The earners with the populations in which each home's units come one after the other."""
    of, _, places = homes_of_units(program, view, columns)
    turn = _turns(of)
    return tuple(replace(earner, turns=_turns_of(view, columns, earner, turn, places[of])) for earner in earners)


def _turns(home_of: NDArray[np.int64]) -> NDArray[np.int64]:
    """For each unit how many units of its home come before it."""
    order = np.argsort(home_of, kind="stable")
    sorted_homes = home_of[order]
    starts = np.flatnonzero(np.r_[True, sorted_homes[1:] != sorted_homes[:-1]])
    counts = np.diff(np.r_[starts, len(sorted_homes)])
    turn = np.empty(len(home_of), dtype=np.int64)
    turn[order] = np.arange(len(home_of)) - np.repeat(starts, counts)
    return turn


def _turns_of(
    view: View, columns: Columns, earner: Earner, turn: NDArray[np.int64], places: NDArray[np.int64]
) -> Turns:
    unit = columns.groups[view.unit].group
    of_person = np.where(unit >= 0, turn[np.maximum(unit, 0)], -1)
    cell, last = earner.more.cell, int(turn.max(initial=-1))
    moved = [_only(earner.more.plain, earner.more.moved, cell, of_person == at) for at in range(last + 1)]
    idle = [_only(columns, earner.idle, cell, of_person == at) for at in range(last + 1)] if earner.idle else []
    return Turns(turn, places, tuple(moved), tuple(idle))


def _only(plain: Columns, changed: Columns, cell: Cell, rows: NDArray[np.bool_]) -> Columns:
    """The population as it is, but for some rows of a column, which are as in the other."""
    before, after = plain.columns[cell], changed.columns[cell]
    mixed = column_of(np.where(rows, after.entries, before.entries), before.missing)
    return replace(plain, columns={**plain.columns, cell: mixed})


def with_benefits_lost(
    outcome: Outcome, view: View, columns: Columns, earners: Sequence[Earner], threads: int
) -> Outcome:
    """An outcome whose rates count what each unit's home loses of its benefits."""
    if not outcome.benefits:
        return outcome
    kept = (
        _with_lost(outcome, view, columns, earner, each, threads=threads)
        for earner, each in zip(earners, outcome.kept, strict=True)
    )
    return replace(outcome, kept=tuple(kept))


def _with_lost(outcome: Outcome, view: View, columns: Columns, earner: Earner, kept: Kept, *, threads: int) -> Kept:
    turns = earner.turns
    assert turns is not None
    program, names, cell = outcome.program, tuple(outcome.benefits), earner.more.cell

    def lost(since: Mapping[str, Entries], populations: Sequence[Columns], like: Columns) -> dict[str, Floats]:
        """What each unit's home loses of each benefit in the unit's turn, in the currency."""
        of_unit = {name: np.zeros(len(turns.turn)) for name in names}
        for at, population in enumerate(populations):
            share_layout(program, like, population, [cell], earner.options)
            figures = evaluate(program, population, names, threads=threads, options=earner.options).figures
            mine = turns.turn == at
            for name in names:
                gone = (since[name] - known_entries(name, figures[name]))[turns.places[mine]]
                of_unit[name][mine] = gone / _unit(program, name)
        return of_unit

    as_stated = cell in columns.columns and columns.columns[cell].missing is None
    like = columns if as_stated else earner.more.plain
    since = outcome.benefits if as_stated else _benefits(program, like, names, earner, threads)
    raised = raised_units(view, columns, earner)
    parts = {
        name: np.where(raised, gone / earner.step, np.nan) for name, gone in lost(since, turns.moved, like).items()
    }
    participation = kept.participation
    if participation is not None:
        gained = -np.sum([*lost(outcome.benefits, turns.idle, columns).values()], axis=0)
        participation = participation + np.divide(
            gained, earner.earned, out=np.zeros(len(gained)), where=earner.earned > 0
        )
    return replace(kept, parts={**kept.parts, **parts}, participation=participation)


def _benefits(
    program: Program, columns: Columns, names: Sequence[str], earner: Earner, threads: int
) -> Mapping[str, Entries]:
    figures = evaluate(program, columns, names, threads=threads, options=earner.options).figures
    return {name: known_entries(name, figure) for name, figure in figures.items()}


def _unit(program: Program, name: str) -> int:
    definition = program.find(name)
    assert definition is not None
    return unit_of(program, definition)
