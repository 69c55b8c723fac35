"""What a household keeps, over one of its incomes: net income, what is kept of the next dollar, and the cliffs.

A cliff is where one more cent of income costs a dollar or more. It is looked for where net income falls between two
points of the chart, first among 200 points between them, then among the cents.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from api.web.charts import nice_step

POINTS = 180
CENT = Fraction(1, 100)
NEXT = 100
MOST_CLIFFS = 12
Figures = Mapping[str, Sequence[Fraction]]
Evaluate = Callable[[Sequence[Fraction]], Figures]


@dataclass(frozen=True, slots=True)
class Cliff:
    """An income beyond which a cent more costs `loss`, and the figures that change there, by how much."""

    at: Fraction
    loss: Fraction
    causes: tuple[tuple[str, Fraction], ...]


@dataclass(frozen=True, slots=True)
class Curve:
    """Net income and its parts at `xs`; at the household's own income `own`; `keeps` of each further dollar there."""

    xs: Sequence[Fraction]
    net: Sequence[Fraction]
    own_net: Fraction
    own: Mapping[str, Fraction]
    keeps: Fraction
    cliffs: tuple[Cliff, ...]

    def rates(self) -> list[tuple[Fraction, Fraction]]:
        """What is lost of each further dollar from each point to the next; where a cliff lies, what is lost before."""
        rates: list[tuple[Fraction, Fraction]] = []
        for (x, net), (following, next_net) in pairwise(zip(self.xs, self.net, strict=True)):
            fallen = sum((cliff.loss for cliff in self.cliffs if x <= cliff.at < following), Fraction(0))
            rates.append((x, 1 - (next_net - net + fallen) / (following - x)))
        return rates


def grid(own: Fraction, high: int) -> list[Fraction]:
    """Round incomes from 0 to at least `high`, and well beyond the household's own."""
    most = max(Fraction(high), own * 3 / 2)
    step = nice_step(most, POINTS)
    count = -(-most // step)
    return [step * at for at in range(int(count) + 1)]


def curve(evaluate: Evaluate, own: Fraction, high: int, others: Fraction, signs: Mapping[str, int]) -> Curve:
    """The curve of a household with `others` of income beside; `signs` says of each figure if it takes or gives."""
    xs = grid(own, high)
    figures_at = evaluate([*xs, own, own + NEXT])
    net = [
        others + x + sum(sign * figures_at[name][at] for name, sign in signs.items())
        for at, x in enumerate([*xs, own, own + NEXT])
    ]
    cliffs: list[Cliff] = []
    for at in range(len(xs) - 1):
        if net[at + 1] < net[at] and len(cliffs) < MOST_CLIFFS:
            cliff = _cliff(evaluate, xs[at], xs[at + 1], signs)
            cliffs += [cliff] if cliff is not None else []
    count = len(xs)
    figures = {name: values[count] for name, values in figures_at.items()}
    return Curve(xs, net[:count], net[count], figures, (net[count + 1] - net[count]) / NEXT, tuple(cliffs))


def _cliff(evaluate: Evaluate, low: Fraction, high: Fraction, signs: Mapping[str, int]) -> Cliff | None:
    """The steepest fall between two incomes, if one cent makes it."""
    while True:
        cents = int((high - low) / CENT)
        count = min(cents, POINTS)
        xs = [low + CENT * (cents * at // count) for at in range(count + 1)]
        figures = evaluate(xs)
        net = [x + sum(sign * figures[name][at] for name, sign in signs.items()) for at, x in enumerate(xs)]
        falls = [later - earlier for earlier, later in pairwise(net)]
        at = falls.index(min(falls))
        if cents <= POINTS:
            break
        low, high = xs[at], xs[at + 1]
    loss = -falls[at]
    if loss < 1:
        return None
    changes = {name: values[at + 1] - values[at] for name, values in figures.items()}
    causes = tuple((name, change) for name, change in changes.items() if abs(change) >= 1)
    return Cliff(xs[at], loss, causes)
