"""What one reform does in one year: of units, and of households with their benefits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import chain
from pathlib import Path

import numpy as np
import yaml

from api.cases.overlays import set_beyond_what_is_stated
from api.simulate.answers import BudgetLine, Grouping, ReformAnswer, Winners
from api.simulate.behaviour import behaviour
from api.simulate.disclosure import MOST_CELLS, Published, hide_what_follows
from api.simulate.examples import examples
from api.simulate.groups import Parting, partings
from api.simulate.household_benefits import with_benefits, with_budget
from api.simulate.households import Households, household_answer, ways_of_households, weighed_together
from api.simulate.inequality import measures
from api.simulate.named_tables import named_tables
from api.simulate.outcomes import Outcome, Units, net_change, net_income
from api.simulate.population import Population
from api.simulate.poverty_line import poverty_lines
from api.simulate.published import (
    RESPONSE,
    hidden_in,
    hidden_in_households,
    tables_of,
    tables_of_budget,
    tables_of_units,
)
from api.simulate.rates import rates_of
from api.simulate.sampling import Samples
from api.simulate.tables import budget, groupings, winners
from api.simulate.told_before import name_of
from api.simulate.view import View
from api.simulate.weighed import Weighed
from engine.values.periods import Period


def weighed_by(
    view: View,
    units: Units,
    population: Population,
    before: Outcome,
    *,
    after: Outcome,
    samples: Samples,
    threshold: int,
) -> Weighed:
    """One reform beside current law, unit by unit."""
    net = net_income(view, units, before)
    change = net_change(view, before, after, units.step)
    return Weighed(
        view, units, population.weights, population.weight_scale, before, after, net, change, threshold * units.step,
        samples,
    )  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Answered:
    """What a reform does in a year, and its tables as cells of units: those of units, and those of households."""

    answer: ReformAnswer
    tables: Sequence[Published] = ()
    of_households: Sequence[Published] = ()

    def hidden(self) -> ReformAnswer:
        """The answer without the cells that its tables no longer show."""
        of_units, of_homes = ({table.key: table.hidden for table in each} for each in (self.tables, self.of_households))
        answer = hidden_in(self.answer, of_units)
        if answer.households is None:
            return answer
        return replace(answer, households=hidden_in_households(answer.households, of_homes))


def answer_of(
    files: Sequence[Path], weighed: Weighed, population: Population, period: Period, *, threads: int
) -> Answered:
    """What a reform does, unit by unit. Its parts do not hang on one another, and go to threads, the longest first:
    numpy lets go of Python's lock."""
    lines, line_said = poverty_lines(weighed.before.program, weighed.view, weighed.units, period)
    view, before, after = weighed.view, weighed.before, weighed.after
    with ThreadPoolExecutor(threads) as pool:
        explained = pool.submit(examples, view, population, before, after, weighed.change)
        measured = pool.submit(measures, weighed, lines)
        grouped = pool.submit(_by_group, weighed)
        lined = pool.submit(budget, weighed)
        rated = pool.submit(rates_of, weighed)
    unequal, poor = measured.result()
    ways, groups, fares = grouped.result()
    nothing = all(np.array_equal(before.figures[name], after.figures[name]) for name in view.figures)
    answer = ReformAnswer(
        name_of(files), about_of(files), tuple(path.name for path in files), after.program.fingerprint, nothing,
        lined.result(), groups, fares, unequal, poor, line_said, rated.result(), explained.result(),
        set_beyond_what_is_stated(after.program, period.start),
        named_tables(before.named, after.named, weighed.weights / weighed.scale)
        if before.named is not None and after.named is not None else (),
    )  # fmt: skip
    return Answered(answer, tables_of_units(answer, weighed, ways))


def _by_group(weighed: Weighed) -> tuple[tuple[Parting, ...], tuple[Grouping, ...], Winners]:
    """The ways in which units are parted, how each group fares, and who wins and loses."""
    view = weighed.view
    ways = partings(weighed.units, weighed.net, weighed.weights, view.income_groups, bool(view.age))
    return ways, groupings(weighed, ways), winners(weighed, ways[0])


def by_household(answered: Answered, weighed: Weighed, homes: Households, period: Period, *, seed: int) -> Answered:
    """The answer with what the reform does household by household; with benefits of households in the budget too."""
    lines = poverty_lines(weighed.before.program, weighed.view, homes.units, period, "household")
    together = with_benefits(weighed_together(weighed, homes, seed), homes)
    same = all(
        np.array_equal(entries, weighed.after.benefits[name]) for name, entries in weighed.before.benefits.items()
    )
    answer, ways = answered.answer, ways_of_households(together, homes)
    households = household_answer(together, homes, ways, *lines)
    whole = replace(
        answer,
        changes_nothing=answer.changes_nothing and same,
        budget=with_budget(answer.budget, together),
        households=households,
    )
    return replace(answered, answer=whole, of_households=tables_of(households, together, ways, homes.of))


def responding(
    answered: Answered, weighed: Weighed, elasticity: Fraction, population: Population,
    *, compute: Callable[[Population], Outcome], homes: Households | None, seed: int,
) -> Answered:  # fmt: skip
    """The answer with the budget if earnings respond, with benefits of households where they are counted."""

    def lines(moved: Weighed) -> tuple[BudgetLine, ...]:
        if homes is None or not moved.before.benefits:
            return budget(moved)
        return with_budget(budget(moved), with_benefits(weighed_together(moved, homes, seed), homes))

    response, moved = behaviour(weighed, population, elasticity, compute, lines)
    tables = [*answered.tables, *tables_of_budget(response.budget, moved, RESPONSE)]
    return replace(answered, answer=replace(answered.answer, behaviour=response), tables=tables)


def hide_what_follows_from_all(answers: Sequence[Answered]) -> None:
    """Hide in the tables of all reforms and years what tells a hidden cell; very many are looked at one by one."""
    tables = [[*answered.tables, *answered.of_households] for answered in answers]
    if sum(len(table.n) for each in tables for table in each) <= MOST_CELLS:
        tables = [list(chain.from_iterable(tables))]
    for each in tables:
        hide_what_follows(each)


def about_of(files: Sequence[Path]) -> str:
    """What the reforms say that they are."""
    said = []
    for path in files:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        said.append(str(content.get("about", "")) if isinstance(content, dict) else "")
    return "; ".join(filter(None, said))
