"""How the answers were made, in sentences."""

from __future__ import annotations

from api.simulate.households import HOUSEHOLDS_SAID
from api.simulate.request import Request
from api.simulate.sampling import MOST_GROUPS
from api.simulate.suppress import SMALL_BELOW
from api.simulate.take_up import take_up_sentence
from api.simulate.view import View


def method(request: Request, view: View, by_household: bool = False) -> tuple[str, ...]:
    """How the answers were made, in sentences."""
    return (
        "The simulation is static: nobody works, saves, marries or files differently because of the reform."
        + (" The effect of a response of earnings is shown apart." if request.elasticity else ""),
        take_up_sentence(view, request.take_up),
        "Net income is " + ", ".join(f"`{income}`" for income in view.incomes) + " of everybody in the unit, less "
        + " and ".join(f"`{figure}`" for figure in view.borne) + "; a reform adds the change of benefits and takes "
        "the change of taxes, an employer's share among them. State taxes are not in it.",
        "Totals are exact: every figure is computed on the money grid as the law rounds it, and multiplied by a "
        "decimal weight. Means, shares, measures and errors are statistics in floating point, rounded as shown.",
        f"Standard errors are of the replicate weights `{request.replicates}`." if request.replicates else
        f"Standard errors are of {request.samples} bootstrap samples of units (of {MOST_GROUPS:,} random groups of "
        f"them, where there are more) with seed {request.seed}. They tell "
        "the chance of the sample, not its faults, and not how the survey was designed."
        + (" Those of households are of samples of households." if by_household else ""),
        f"Cells of fewer than {SMALL_BELOW} units are not shown, nor others from which they could be worked out.",
        "Inequality is of people's net income over the square root of their unit's size; below zero counts as zero.",
        *((HOUSEHOLDS_SAID.format(entity=view.household),) if by_household else ()),
    )  # fmt: skip
