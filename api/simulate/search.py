"""Which value of a constant costs so much? And what do several values cost, side by side?

1. Each value is a reform of its own, laid over the law (and over other reforms, if any) and compiled as any other is.
2. A search narrows down two values of which one costs less and one more, by the secant between them, until they are
   neighbours on the steps asked for. It rests on the cost going through the target between them, not on its being
   straight. All that were tried are told.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from api.cases.naming import read_period
from api.failures import Failure, Misuse
from api.rules import programs
from api.simulate.column_map import read_column_map
from api.simulate.exactly import exact_text, weighted_total
from api.simulate.household_benefits import benefit_change, benefits_of, counted
from api.simulate.households import households_of
from api.simulate.outcomes import Outcome, net_change, outcome, units_of
from api.simulate.population import admit, read_source
from api.simulate.view import load_view
from engine.ir.program import Program
from engine.values.numbers import format_decimal, parse_decimal, with_commas

Progress = Callable[[str], None]
MOST_TRIALS = 60
MOST_VALUES = 100


@dataclass(frozen=True, slots=True)
class Range:
    """Values of a constant from `low` to `high` in whole steps; `percent` writes them as `12.5%`."""

    path: str
    low: Fraction
    high: Fraction
    step: Fraction
    percent: bool

    def value(self, number: int) -> Fraction:
        """The value so many steps above the lowest."""
        return self.low + number * self.step

    @property
    def steps(self) -> int:
        """How many steps there are from the lowest to the highest value."""
        return int((self.high - self.low) / self.step)

    def text(self, value: Fraction) -> str:
        """The value as a reform writes it."""
        return f"{format_decimal(value * 100)}%" if self.percent else format_decimal(value)


@dataclass(frozen=True, slots=True)
class Tried:
    """A value and by how much the net budget changes (below zero: a cost), exact."""

    value: str
    net_change: str


@dataclass(frozen=True, slots=True)
class Sought:
    """What was found. `nearest` is the value whose cost is nearest to the target, `within` its two neighbours."""

    path: str
    year: str
    target: str
    nearest: Tried | None
    within: tuple[Tried, ...]
    tried: tuple[Tried, ...]
    population: str
    notes: tuple[str, ...]
    currency: str


@dataclass(frozen=True, slots=True)
class Asked:
    """The population that is meant, as in `api.simulate.request.Request`."""

    population: Sequence[str] = ()
    data_year: int | None = None
    columns: Path | None = None
    weight: str = ""
    uprate: str = ""
    view: Path | None = None


SHIPPED = Asked()


def read_range(path: str, low: str, high: str, step: str) -> Range:
    """The range that `--from`, `--to` and `--step` mean. Raises Misuse."""
    percent = low.endswith("%") or high.endswith("%")
    values = []
    for name, text in (("--from", low), ("--to", high), ("--step", step)):
        try:
            number = parse_decimal(text.removesuffix("%"))
        except ValueError as fault:
            raise Misuse(f"`{name}`: {fault}", "write a plain number, such as 2_500 or 12.5%") from None
        if percent != text.endswith("%"):
            raise Misuse("some of the range is in per cent and some is not", "write `%` after all three, or after none")
        values.append(number / 100 if percent else number)
    range_ = Range(path, values[0], values[1], values[2], percent)
    if range_.step <= 0 or range_.high <= range_.low:
        raise Misuse("the range is empty", "give `--from` below `--to`, and a `--step` above zero")
    return range_


@dataclass
class _Trials:
    """Tries values, each once. `base` are reforms under the one that is varied, which are part of what is compared."""

    rules: str
    base: Sequence[Path]
    range: Range
    at: str
    asked: Asked
    on_progress: Progress

    def __post_init__(self) -> None:
        self.law = programs.load_program(self.rules, self.base)
        self.view = load_view(self.law, self.asked.view)
        self.period = read_period(self.law, self.at, projected=True)
        self.programs = {0: self._reformed(0)}  # before the population is read: a name may be misspelt
        self._read_population()
        units = units_of(self.law, self.view, self.population)
        self.homes = households_of(self.law, self.view, self.population, units)
        self.benefits = counted(self.law, self.view, self.population.columns) if self.homes is not None else ()
        self.before = self._outcome(self.law)
        self.step = units.step
        self.known: dict[int, Fraction] = {}

    def _read_population(self) -> None:
        asked = self.asked
        mapped = read_column_map(self.law, asked.columns) if asked.columns is not None else None
        source = read_source(
            self.law, self.view, asked.population, asked.data_year, columns=mapped, weight=asked.weight
        )
        index = asked.uprate or self.view.uprate
        self.population = admit(self.law, self.view, source, self.period, weight=asked.weight, index=index)

    def net(self, number: int) -> Fraction:
        """By how much the net budget changes with the value so many steps up."""
        if number not in self.known:
            value = self.range.text(self.range.value(number))
            self.on_progress(f"{self.range.path} = {value}")
            change = 0
            program = self.programs[number] if number in self.programs else self._reformed(number)
            if program is not None:
                after = self._outcome(program)
                moved = net_change(self.view, self.before, after, self.step)
                change = -weighted_total(moved, self.population.weights)
                if self.homes is not None:
                    more = benefit_change(self.homes, self.before, after, self.step)
                    change -= weighted_total(more, self.homes.weights)
            self.known[number] = Fraction(change, self.step * self.population.weight_scale)
        return self.known[number]

    def _outcome(self, program: Program) -> Outcome:
        due = outcome(program, self.view, self.population, threads=2)
        return replace(due, benefits=benefits_of(program, self.population.columns, self.benefits, 2))

    def _reformed(self, number: int) -> Program | None:
        """The law with the value so many steps up; None where it is the law's own."""
        value = self.range.text(self.range.value(number))
        text = (
            f"about: {self.range.path}\nlaw: A proposal\nset:\n  {self.range.path}: {{{self.period.start}: {value}}}\n"
        )
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "varied.yaml"
            path.write_text(text, encoding="utf-8")
            compiled = programs.check(self.rules, [*self.base, path], lint=False)
        if compiled.program is not None:
            return compiled.program
        errors = [problem for problem in compiled.problems if problem.code != "E804"]
        if not errors:
            return None  # the value that the law has already
        told = errors[0]
        raise Failure(f"`{self.range.path}` cannot be {value}: {told.message}", told.help or "")

    def tried(self, number: int) -> Tried:
        net = self.net(number)
        return Tried(self.range.text(self.range.value(number)), exact_text(net.numerator, net.denominator))


def vary(
    rules: str, base: Sequence[Path], values: Range, at: str, *, asked: Asked = SHIPPED,
    on_progress: Progress = lambda _: None,
) -> Sought:  # fmt: skip
    """What each value of the range costs. Raises Misuse for too many."""
    if values.steps >= MOST_VALUES:
        raise Misuse(f"the range has {values.steps + 1:,} values, more than {MOST_VALUES}", "take a larger `--step`")
    trials = _Trials(rules, base, values, at, asked, on_progress)
    tried = tuple(trials.tried(number) for number in range(values.steps + 1))
    return _sought(trials, "", None, (), tried)


def seek(
    rules: str, base: Sequence[Path], values: Range, at: str, *, target: Fraction, asked: Asked = SHIPPED,
    on_progress: Progress = lambda _: None,
) -> Sought:  # fmt: skip
    """The value whose net change of the budget is nearest to `target`. Raises Failure if it is not between the ends."""
    trials = _Trials(rules, base, values, at, asked, on_progress)
    low, high = 0, values.steps
    ends = [trials.net(low) - target, trials.net(high) - target]
    if ends[0] * ends[1] > 0:
        told = " and ".join(f"{values.text(values.value(end))} {costs(trials.net(end))}" for end in (low, high))
        raise Failure(
            f"no value between the ends {costs(target)}: {told}", "widen `--from` and `--to`, or ask for another cost"
        )
    low, high = _narrowed(trials, target, low, high)
    nearest = min((low, high), key=lambda number: abs(trials.net(number) - target))
    tried = tuple(trials.tried(number) for number in sorted(trials.known))
    within = tuple(map(trials.tried, (low, high)))
    return _sought(trials, exact_text(target.numerator, target.denominator), trials.tried(nearest), within, tried)


def costs(net_change: Fraction) -> str:
    """A change of the net budget in words: what it costs, or raises, in whole units of the currency."""
    return f"{'raises' if net_change > 0 else 'costs'} {with_commas(str(round(abs(net_change))))}"


def _narrowed(trials: _Trials, target: Fraction, low: int, high: int) -> tuple[int, int]:
    """Two neighbours between which the target lies. Every third turn halves, so that no bend holds it up."""
    for turn in range(MOST_TRIALS):
        if high - low <= 1:
            break
        below, above = trials.net(low) - target, trials.net(high) - target
        middle = (low + high) // 2
        if turn % 3 != 2 and above != below:
            middle = min(max(round(low - below * (high - low) / (above - below)), low + 1), high - 1)
        excess = trials.net(middle) - target
        if excess == 0:
            return middle, middle
        low, high = (middle, high) if excess * below > 0 or below == 0 else (low, middle)
    return low, high


def _sought(
    trials: _Trials, target: str, nearest: Tried | None, within: tuple[Tried, ...], tried: tuple[Tried, ...]
) -> Sought:
    return Sought(
        trials.range.path, str(trials.period), target, nearest, within, tried, trials.population.about,
        trials.population.notes, trials.law.settings.currency,
    )  # fmt: skip
