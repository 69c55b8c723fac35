"""How wide the ranges are of what is not determined: households of the sample of whom half of the facts are known.

1. A household's facts are those of the sample; what the sample does not have is absent, as on a complete return.
2. Of the facts that the sample has, each is known or not with even odds: of an amount it is then known that it is at
   most 100,000, as an interview learns first; ages are known.
3. The interpreter computes the figures. Of those that are not determined, the width is the high end less the low one.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from api.bench.measured_population import OUTPUTS, YEAR
from api.bench.measuring import Measured, once
from citizens.sample import load_sample
from engine.interpret.case_reader import case_from_data
from engine.interpret.constants import Constants
from engine.interpret.interpreter import Interpreter
from engine.interpret.outcomes import Fact, Interval, Possible
from engine.ir.program import Program
from engine.text.diagnostics import Diagnostics
from engine.values.periods import parse_period

ALWAYS_KNOWN = ("person_id", "tax_unit_id", "role", "age", "weight", "state_fips")
ODDS = 0.5
AT_MOST = 100_000
SEED = 20


@dataclass(slots=True)
class Widths:
    """Of a figure: of how many households it is determined, has no bound at one end, and how wide the others are."""

    determined: int = 0
    unbounded: int = 0
    widths: list[Fraction] = field(default_factory=list)

    @property
    def households(self) -> int:
        """How many households were looked at."""
        return self.determined + self.unbounded + len(self.widths)

    def __str__(self) -> str:
        median, high = (f"{float(self.at(share)):,.0f}" for share in (0.5, 0.9))
        determined, unbounded = self.determined / self.households, self.unbounded / self.households
        return (
            f"{determined:.0%} determined, {unbounded:.0%} unbounded, else {median} wide, {high} at the 90th percentile"
        )

    def at(self, share: float) -> Fraction:
        """The width below which this share of the bounded ranges are; 0 if there are none."""
        return (
            sorted(self.widths)[min(len(self.widths) - 1, int(share * len(self.widths)))]
            if self.widths
            else Fraction(0)
        )


def households(count: int, seed: int = SEED) -> Iterator[dict[str, object]]:
    """Cases of so many of the sample's households, half of whose facts are unknown."""
    choose, sample = random.Random(seed), load_sample()
    people = defaultdict(list)
    for row in sample.people.to_pylist():
        people[row["tax_unit_id"]].append(row)
    for unit in choose.sample(sample.tax_units.to_pylist(), count):
        members = {row["person_id"]: row for row in people[unit["tax_unit_id"]]}
        home: dict[str, object] = {"head": "", "dependents": []}
        for name, row in members.items():
            if row["role"] == "dependent":
                home["dependents"] = [*home["dependents"], name]  # type: ignore[misc]
            else:
                home[row["role"]] = name
        told = {name: {"age": row["age"], **_half(row, choose)} for name, row in members.items()}
        yield {
            "at": YEAR, "complete": True, "people": told, "tax_units": {"home": {**home, **_half(unit, choose)}},
        }  # fmt: skip


def _half(row: Mapping[str, object], choose: random.Random) -> dict[str, object]:
    facts = {name: value for name, value in row.items() if name not in ALWAYS_KNOWN}
    return {name: value if choose.random() < ODDS else _unknown(value) for name, value in facts.items()}


def _unknown(value: object) -> object:
    """What is said in the place of a fact: of an amount its bounds, of all else nothing."""
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return {"at_least": 0, "at_most": max(AT_MOST, value)}
    return "unknown"


def widths(program: Program, count: int, figures: Sequence[str] = OUTPUTS) -> dict[str, Widths]:
    """How wide the ranges of figures are, over so many households."""
    widths_of, constants = {name: Widths() for name in figures}, Constants(program)
    for data in households(count):
        problems = Diagnostics()
        case = case_from_data(program, data, problems)
        assert case is not None and not problems.errors, [problem.message for problem in problems.errors]
        interpreter = Interpreter(program, case, constants)
        for name in figures:
            _note(widths_of[name], interpreter.find(Fact(name, _whose(program, name, data), parse_period(YEAR))))
    return widths_of


def _whose(program: Program, name: str, data: dict[str, object]) -> str:
    people = data["people"]
    assert isinstance(people, dict)
    return "home" if program.definitions[name].entity == "tax_unit" else next(iter(people))


def _note(figure: Widths, outcome: object) -> None:
    match outcome:
        case Possible(range=Interval(low=low, high=high)) if low is None or high is None:
            figure.unbounded += 1
        case Possible(range=Interval(low=low, high=high)):
            figure.widths.append(Fraction(high) - Fraction(low))
        case _:
            figure.determined += 1


def measured(program: Program, count: int) -> Iterator[Measured]:
    """A line for each figure: its widths, and first how long all of them take together."""
    widths_of: dict[str, Widths] = {}
    seconds = once(lambda: widths_of.update(widths(program, count)))
    what = f"{len(OUTPUTS)} figures of {count:,} households, half of whose facts are unknown"
    yield Measured("ranges", what, seconds, count, said=f"{_share(widths_of)} determined")
    for name, figure in widths_of.items():
        yield Measured("ranges", name, seconds / len(widths_of), count, said=str(figure))


def _share(widths_of: Mapping[str, Widths]) -> str:
    looked_at = sum(figure.households for figure in widths_of.values())
    return f"{sum(figure.determined for figure in widths_of.values()) / looked_at:.0%}"
