"""What a difference between two versions of the law comes to: on worked examples, and for whom on the population."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from api.cases.naming import read_period
from api.rules.examples import mismatches
from api.simulate.exactly import exact_text, rounded_text, weighted_total
from api.simulate.groups import Parting, families
from api.simulate.known import Entries
from api.simulate.outcomes import outcome, units_of
from api.simulate.population import Population, admit, read_source
from api.simulate.suppress import SMALL_BELOW
from api.simulate.view import load_view
from engine.ir.program import Program
from engine.population.columns import unit_of
from engine.values.types import Kind


@dataclass(frozen=True, slots=True)
class ExampleChange:
    """An example of the first version that comes out otherwise under the second."""

    module: str
    example: str
    figure: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class FigureChange:
    """An amount on the population: for how many units it changes, rises and falls (unweighted; null if they are fewer
    than ten, but some), its exact weighted totals, and of which families those are for whom it changes, in words."""

    figure: str
    label: str
    n: int | None
    more: int | None
    less: int | None
    before: str
    after: str
    change: str
    whom: str = ""


@dataclass(frozen=True, slots=True)
class MeasuredDifferences:
    """The amounts that change on a population, and how many do not."""

    year: str
    population: str
    figures: tuple[FigureChange, ...]
    unchanged: int


def example_changes(rules: str, second: Program) -> Iterator[ExampleChange]:
    """Examples in the first rules of which a figure that they expect is another under the second program."""
    kept = {(mismatch.module, mismatch.example, mismatch.figure) for mismatch in mismatches(rules)}
    for mismatch in mismatches(rules, second):
        if (mismatch.module, mismatch.example, mismatch.figure) not in kept:
            yield ExampleChange(
                mismatch.module, mismatch.example, mismatch.figure, mismatch.expected, mismatch.computed
            )


def on_population(first: Program, second: Program, names: Sequence[str], at: str) -> MeasuredDifferences:
    """The amounts among `names` under both programs, on the shipped sample."""
    view = load_view(first)
    period = read_period(first, at, projected=True)
    amounts = [
        name for name in names
        if _is_amount(first, name) and _is_amount(second, name)
        and first.definitions[name].period_at(period) is not None
    ]  # fmt: skip
    population = admit(first, view, read_source(first, view, (), None), period, weight="", index=view.uprate)
    wide = replace(view, taxes=dict.fromkeys(amounts, ""), benefits={}, borne=(), shown=(), earnings="")
    outcomes = [outcome(program, wide, population, threads=2) for program in (first, second)] if amounts else []
    kinds = families(units_of(first, view, population))
    changes = []
    for name in amounts:
        before, after = (result.figures[name] for result in outcomes)
        if (before != after).any():
            changes.append(_change(first, name, before, after, population=population, kinds=kinds))
    return MeasuredDifferences(str(period), population.about, tuple(changes), len(amounts) - len(changes))


def _change(
    program: Program, name: str, before: Entries, after: Entries, *, population: Population, kinds: Parting
) -> FigureChange:
    definition = program.definitions[name]
    divisor = unit_of(program, definition) * population.weight_scale
    was, now, moved = (
        exact_text(weighted_total(entries, population.weights), divisor) for entries in (before, after, after - before)
    )
    more, less = _shown(after > before), _shown(after < before)
    n = _shown(after != before)
    whom = _whom(after != before, population.weights / population.weight_scale, kinds) if n else ""
    return FigureChange(definition.name, definition.label, n, more, less, was, now, moved, whom)


def _shown(flags: NDArray[np.bool_]) -> int | None:
    n = int(np.count_nonzero(flags))
    return None if 0 < n < SMALL_BELOW else n


def _whom(changed: NDArray[np.bool_], weights: NDArray[np.float64], kinds: Parting) -> str:
    """Of which families those are for whom a figure changes, the most first; too few of a kind are not told."""
    held = np.bincount(kinds.of[changed], weights[changed], len(kinds.labels))
    n = np.bincount(kinds.of[changed], minlength=len(kinds.labels))
    if any(0 < count < SMALL_BELOW for count in n.tolist()) or not held.sum():
        return ""
    shares: Mapping[str, float] = dict(zip(kinds.labels, (100 * held / held.sum()).tolist(), strict=True))
    return ", ".join(
        f"{label} {rounded_text(share, 0)}%"
        for label, share in sorted(shares.items(), key=lambda pair: -pair[1])
        if share
    )


def _is_amount(program: Program, name: str) -> bool:
    definition = program.definitions.get(name)
    return definition is not None and definition.type.kind is Kind.MONEY and not definition.is_input
