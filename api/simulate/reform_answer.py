"""What one reform does in one year: of units, and of households with their benefits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import yaml

from api.cases.overlays import set_beyond_what_is_stated
from api.simulate.answers import ReformAnswer
from api.simulate.examples import examples
from api.simulate.groups import partings
from api.simulate.household_benefits import with_benefits, with_budget
from api.simulate.households import Households, household_answer, weighed_together
from api.simulate.inequality import measures
from api.simulate.named_tables import named_tables
from api.simulate.outcomes import Outcome, Units, net_change, net_income
from api.simulate.population import Population
from api.simulate.poverty_line import poverty_lines
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


def answer_of(files: Sequence[Path], weighed: Weighed, population: Population, period: Period) -> ReformAnswer:
    """What a reform does, unit by unit."""
    lines, line_said = poverty_lines(weighed.before.program, weighed.view, weighed.units, period)
    unequal, poor = measures(weighed, lines)
    view = weighed.view
    ways = partings(weighed.units, weighed.net, weighed.weights, view.income_groups, bool(view.age))
    nothing = all(
        np.array_equal(weighed.before.figures[name], weighed.after.figures[name]) for name in weighed.view.figures
    )
    return ReformAnswer(
        name_of(files), about_of(files), tuple(path.name for path in files),
        weighed.after.program.fingerprint, nothing, budget(weighed), groupings(weighed, ways),
        winners(weighed, ways[0]), unequal, poor, line_said, rates_of(weighed),
        examples(weighed.view, population, weighed.before, weighed.after, weighed.change),
        set_beyond_what_is_stated(weighed.after.program, period.start),
        named_tables(weighed.before.named, weighed.after.named, weighed.weights / weighed.scale)
        if weighed.before.named is not None and weighed.after.named is not None else (),
    )  # fmt: skip


def by_household(
    answer: ReformAnswer, weighed: Weighed, homes: Households, period: Period, *, seed: int
) -> ReformAnswer:
    """The answer with what the reform does household by household; with benefits of households in the budget too."""
    lines = poverty_lines(weighed.before.program, weighed.view, homes.units, period, "household")
    together = with_benefits(weighed_together(weighed, homes, seed), homes)
    same = all(
        np.array_equal(entries, weighed.after.benefits[name]) for name, entries in weighed.before.benefits.items()
    )
    return replace(
        answer,
        changes_nothing=answer.changes_nothing and same,
        budget=with_budget(answer.budget, together),
        households=household_answer(together, homes, *lines),
    )


def about_of(files: Sequence[Path]) -> str:
    """What the reforms say that they are."""
    said = []
    for path in files:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        said.append(str(content.get("about", "")) if isinstance(content, dict) else "")
    return "; ".join(filter(None, said))
