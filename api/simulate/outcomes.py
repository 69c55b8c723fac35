"""What the law, before and after a reform, makes of a population: figures as whole numbers, and what follows for net
income.

A unit's net income under current law is its people's incomes less the taxes it bears itself. Under a reform it is that
and the change of every benefit, less the change of every tax of the budget: so who gains and loses adds up to the
budget, exactly. An employer's share of a tax counts as borne by the worker in so far as the reform changes it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from api.failures import Failure
from api.simulate.amounts import amounts
from api.simulate.earners import Earner, Kept, kept_of
from api.simulate.known import Entries, known_entries
from api.simulate.population import Population
from api.simulate.view import View
from engine.ir.program import Program
from engine.native import evaluate
from engine.native.plan.plan import cell_for
from engine.population.columns import Columns, unit_of


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """Figures of every unit under one version of the law, in steps of money, and (if asked) what of their earnings is
    kept, earner by earner. `benefits` are figures of every household."""

    program: Program
    figures: Mapping[str, Entries]
    kept: tuple[Kept, ...] = ()
    named: Mapping[str, NDArray[np.float64]] | None = None  # for Tax-Calculator's tables
    benefits: Mapping[str, Entries] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Units:
    """What is the same under every version: net income comes from `incomes` (in steps), `size` people, and so on."""

    step: int
    incomes: Entries
    size: Entries
    children: Entries
    couple: NDArray[np.bool_]
    oldest: Entries


def outcome(
    program: Program,
    view: View,
    population: Population,
    earners: Sequence[Earner] = (),
    *,
    threads: int,
    named: bool = False,
) -> Outcome:
    """The figures of the view under a program, and what each earner keeps; `named`: those of Tax-Calculator's tables
    too.

    Raises Failure where one is not determined for somebody.
    """
    columns = population.columns
    gone = [name for name in view.figures if program.find(name) is None]
    if gone:
        raise Failure(
            f"the reform removes `{gone[0]}`, which the simulation counts", "name a view without it: `--view`"
        )
    named_amounts = amounts(program, view, columns, threads) if named else None
    options = earners[0].options if earners else None  # those with which more earnings fit share one layout
    result = evaluate(program, columns, view.figures, threads=threads, options=options)
    figures = {name: known_entries(name, column) for name, column in result.figures.items()}
    kept = tuple(kept_of(program, view, columns, earner, figures, threads=threads) for earner in earners)
    return Outcome(program, figures, kept, named_amounts)


def units_of(program: Program, view: View, population: Population) -> Units:
    """Incomes, sizes and kinds of the units, which no reform changes."""
    columns = population.columns
    count = columns.counts[view.unit]
    link = columns.groups[view.unit]
    inside = link.group >= 0
    whose = link.group[inside]
    step = money_step(program, view)
    incomes = np.zeros(count, dtype=np.int64)
    for name in view.incomes:
        cell = cell_for(program, name, columns.at)
        column = columns.columns.get(cell)
        if column is not None:
            factor = step // unit_of(program, program.definitions[cell.name])
            np.add.at(incomes, whose, column.entries.astype(np.int64)[inside] * factor)
    ages = _ages(program, view, columns)[inside]
    roles = [role.name for role in program.settings.entities[view.unit].roles]
    couple = np.zeros(count, dtype=np.bool_)
    if view.couple in roles:
        couple[whose[link.role[inside] == roles.index(view.couple)]] = True
    declared = program.settings.entities[view.unit].roles
    single = np.array([role.single for role in declared])
    filer = single[link.role[inside]]
    children = np.bincount(whose[(ages < view.child_below) & ~filer], minlength=count)
    oldest = np.zeros(count, dtype=np.int64)
    np.maximum.at(oldest, whose[filer], ages[filer])
    return Units(step, incomes, np.bincount(whose, minlength=count), children, couple, oldest)


def _ages(program: Program, view: View, columns: Columns) -> Entries:
    count = columns.counts[view.person]
    if not view.age:
        return np.zeros(count, dtype=np.int64)
    column = columns.columns.get(cell_for(program, view.age, columns.at))
    return np.zeros(count, dtype=np.int64) if column is None else column.entries.astype(np.int64)


def money_step(program: Program, view: View) -> int:
    """The finest step of the view's money: so many make one of the currency."""
    names = [*view.incomes, *view.figures]
    return int(
        np.lcm.reduce([unit_of(program, figure) for name in names if (figure := program.find(name)) is not None])
    )


def in_steps(program: Program, outcome: Outcome, step: int, name: str) -> Entries:
    """A figure in steps of `step`."""
    definition = program.find(name)
    assert definition is not None
    return outcome.figures[name] * (step // unit_of(program, definition))


def net_change(view: View, before: Outcome, after: Outcome, step: int) -> Entries:
    """By how much each unit's net income changes, in steps."""
    change = np.zeros(len(next(iter(before.figures.values()))), dtype=np.int64)
    for names, sign in ((view.taxes, -1), (view.benefits, 1)):
        for name in names:
            moved = in_steps(after.program, after, step, name) - in_steps(before.program, before, step, name)
            change += sign * moved
    return change


def net_income(view: View, units: Units, before: Outcome) -> Entries:
    """Each unit's net income under current law, in steps."""
    income = units.incomes.copy()
    for name in view.borne:
        income -= in_steps(before.program, before, units.step, name)
    return income
