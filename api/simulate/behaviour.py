"""What follows if people respond, where it is asked for: more or less is earned, as more or less of it is kept.

1. Only the earnings of those move whose marginal rates are told (the first filer, or whom `--earner` names), by the
   intensive elasticity that is given: by so many per cent for each per cent by which the part of more earnings that is
   kept (one less the marginal rate) changes. Nobody begins or stops to work.
2. Earnings are rounded to the grid, and the reform is computed once more on them, benefits of households too. The rates
   are those of the static answer, and not found anew on the moved earnings.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from api.failures import Misuse
from api.simulate.answers import Behaviour, BudgetLine
from api.simulate.exactly import exact_text, weighted_total
from api.simulate.outcomes import Outcome
from api.simulate.population import Population
from api.simulate.weighed import Weighed
from engine.native.plan.plan import cell_for
from engine.population.columns import column_of, unit_of
from engine.values.numbers import format_decimal, parse_decimal

MOST = Fraction(5)


def read_elasticity(text: str) -> Fraction | None:
    """The elasticity that is meant; None if there is none. Raises Misuse."""
    if not text:
        return None
    try:
        elasticity = parse_decimal(text)
    except ValueError as fault:
        raise Misuse(f"`--elasticity`: {fault}", "write a plain number, such as 0.25") from None
    if not 0 < elasticity <= MOST:
        raise Misuse(
            f"an elasticity of {text} is not from above 0 to {MOST}", "0.25 is a usual one; leave it out for none"
        )
    return elasticity


def behaviour(
    weighed: Weighed,
    population: Population,
    elasticity: Fraction,
    compute: Callable[[Population], Outcome],
    lines: Callable[[Weighed], tuple[BudgetLine, ...]],
) -> tuple[Behaviour, Weighed]:
    """The budget with the response, and what it is made of; `compute` gives the reform's outcome, `lines` the budget.

    Raises Misuse where there are no rates.
    """
    view, columns = weighed.view, population.columns
    cell = cell_for(weighed.after.program, view.earnings, columns.at) if view.earnings else None
    column = columns.columns.get(cell) if cell is not None else None
    if not weighed.before.kept or cell is None or column is None:
        raise Misuse("this population has no earnings that could respond", "leave out `--elasticity`")
    link = columns.groups[view.unit]
    roles = [role.name for role in weighed.after.program.settings.entities[view.unit].roles]
    times = np.ones(len(column.entries))
    for before, after in zip(weighed.before.kept, weighed.after.kept, strict=True):
        earning = (link.group >= 0) & (link.role == roles.index(before.role))
        times[earning] = _times(before.marginal, after.marginal, float(elasticity))[link.group[earning]]
    definition = weighed.after.program.definitions[cell.name]
    unit = unit_of(weighed.after.program, definition)
    most = int(definition.high * unit) if definition.high is not None else 2**53
    moved = np.minimum(np.rint(column.entries * times), most).astype(np.int64)
    columns = replace(
        population.columns, columns={**population.columns.columns, cell: column_of(moved, column.missing)}
    )
    answer = compute(replace(population, columns=columns))
    weights = np.where(link.group >= 0, weighed.weights[np.maximum(link.group, 0)], 0)
    totals = [weighted_total(entries, weights) for entries in (column.entries, moved)]
    earned = (exact_text(total, unit * weighed.scale) for total in (*totals, totals[1] - totals[0]))
    was, now, change = earned
    whose = " and the ".join(f"`{kept.role}`" for kept in weighed.before.kept)
    said = (
        f"If `{view.earnings}` of the {whose} of each unit changes by {format_decimal(elasticity)}% for each 1% by "
        "which the part of more earnings that is kept changes. Everything else here is without this response."
    )
    responding = replace(weighed, after=answer)
    return Behaviour(format_decimal(elasticity), said, was, now, change, lines(responding)), responding


def _times(before: NDArray[np.float64], after: NDArray[np.float64], elasticity: float) -> NDArray[np.float64]:
    """By what each unit's earnings are multiplied; as they are where a rate is not known, or nothing is kept."""
    kept = 1 - before
    known = ~np.isnan(before) & ~np.isnan(after) & (kept > 0)
    change = np.divide(1 - after, kept, out=np.ones(len(kept)), where=known) - 1
    return np.asarray(np.maximum(0.0, 1 + elasticity * change))
