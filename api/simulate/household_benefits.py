"""Benefits of households: SNAP, cash aid and others, counted where the population states what they ask.

1. The view names each benefit's figure of a household, and what a population must have for it: the groups that the law
   asks about, and whether people take it up. Nobody is taken to claim anything that the population does not say.
2. A benefit for which something of that is missing is not counted, and named. One that is counted must be determined of
   every household.
3. Counted benefits are lines of the budget, and part of the income of households, in kind as in money. Tables of units
   are of taxes and refundable credits alone: a household's benefits belong to no one unit.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from api.failures import Failure
from api.simulate.answers import BudgetLine
from api.simulate.households import Households
from api.simulate.known import Entries, known_entries
from api.simulate.outcomes import Outcome, in_steps
from api.simulate.tables import budget_line
from api.simulate.view import View
from api.simulate.weighed import Weighed
from engine.ir.program import Program
from engine.native import evaluate
from engine.population.columns import Columns

SAID = (
    "Benefits that are counted household by household: {counted}. They are in the budget and in the income of "
    "households, at their value where they are in kind, for households that the population says take them up. Marginal "
    "and participation rates count what a household loses of them. Tables of units are of taxes and refundable credits "
    "alone."
)
NONE_SAID = (
    "No benefit of households is counted ({benefits}): the population does not say who shares a home (`{household}`)."
)


def counted(program: Program, view: View, columns: Columns) -> tuple[str, ...]:
    """The figures of the benefits for which the population has everything that they need."""
    return tuple(name for name in view.household_benefits if not missing(program, view, columns, name))


def missing(program: Program, view: View, columns: Columns, name: str) -> list[str]:
    """What a benefit needs and the population does not have."""
    stated = {program.definitions[cell.name].short_name for cell in columns.columns}
    has = {*columns.groups, *stated}
    needs = (view.household, *view.household_benefits[name].needs)
    return [need for need in needs if need not in has]


def said_of(program: Program, view: View, columns: Columns) -> tuple[str, ...]:
    """Which benefits of households are counted, and of the others why not."""
    if not view.household_benefits:
        return ()
    if view.household not in columns.groups:
        labels = ", ".join(benefit.label for benefit in view.household_benefits.values())
        return (NONE_SAID.format(benefits=labels, household=view.household),)
    names = counted(program, view, columns)
    told = [SAID.format(counted=", ".join(view.household_benefits[name].label for name in names))] if names else []
    lacking = {name: missing(program, view, columns, name) for name in view.household_benefits if name not in names}
    if lacking:
        parts = (
            f"{view.household_benefits[name].label} ({', '.join(f'`{need}`' for need in needs)})"
            for name, needs in lacking.items()
        )
        told.append("Benefits that are not counted, and what the population does not say: " + ", ".join(parts) + ".")
    return tuple(told)


def benefits_of(program: Program, columns: Columns, names: Sequence[str], threads: int) -> Mapping[str, Entries]:
    """The figures of every household under a law. Raises Failure where one is not determined, or the law has none."""
    gone = [name for name in names if program.find(name) is None]
    if gone:
        raise Failure(f"the reform removes `{gone[0]}`, which the simulation counts", "name a view without it")
    if not names:
        return {}
    figures = evaluate(program, columns, names, threads=threads).figures
    return {name: known_entries(name, figure) for name, figure in figures.items()}


def with_benefits(weighed: Weighed, homes: Households) -> Weighed:
    """Households with their benefits: as figures, and in their net income and its change."""
    before, after = (_with(each, homes) for each in (weighed.before, weighed.after))
    step, net = weighed.units.step, weighed.net.copy()
    for name in before.benefits:
        net += in_steps(before.program, before, step, name)
    change = weighed.change + benefit_change(homes, weighed.before, weighed.after, step)
    return replace(weighed, before=before, after=after, net=net, change=change)


def benefit_change(homes: Households, before: Outcome, after: Outcome, step: int) -> Entries:
    """By how much the benefits of each household with units change, in steps."""
    sides = _with(before, homes), _with(after, homes)
    change = np.zeros(len(homes.first), dtype=np.int64)
    for name in before.benefits:
        was, now = (in_steps(each.program, each, step, name) for each in sides)
        change += now - was
    return change


def _with(outcome: Outcome, homes: Households) -> Outcome:
    figures = {name: entries[homes.places] for name, entries in outcome.benefits.items()}
    return Outcome(outcome.program, {**outcome.figures, **figures}, benefits=outcome.benefits)


def with_budget(lines: Sequence[BudgetLine], together: Weighed) -> tuple[BudgetLine, ...]:
    """The budget of units with the benefits of households, and the net of all of them."""
    names = list(together.before.benefits)
    if not names:
        return tuple(lines)
    labels = {name: together.view.household_benefits[name].label for name in names}
    added = [budget_line(together, name, f"{labels[name]} (households)", "benefit") for name in names]
    first = next(at for at, line in enumerate(lines) if line.kind == "net")
    return (*lines[:first], *added, _net(together, names), *lines[first + 1 :])


def _net(together: Weighed, benefits: Iterable[str]) -> BudgetLine:
    both = [np.zeros(len(together.weights), dtype=np.int64) for _ in range(2)]
    signs = {**dict.fromkeys(together.view.taxes, 1), **dict.fromkeys([*together.view.benefits, *benefits], -1)}
    for name, sign in signs.items():
        for side, entries in enumerate(together.both(name)):
            both[side] = both[side] + sign * entries
    return budget_line(together, "net", "Net: taxes less benefits", "net", (both[0], both[1]))
