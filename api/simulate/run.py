"""`simulate`: current law and reforms over a weighted population, year by year, and what follows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from api.failures import Failure, count
from api.scale.spread import Spread, here
from api.simulate.answers import Simulation, YearAnswer
from api.simulate.asked import Asked, read_request
from api.simulate.earners import MARGINAL_STEP, STEP_WITH_BENEFITS, Earner, earners_of
from api.simulate.exactly import exact_text, total_of
from api.simulate.household_benefits import benefits_of, counted, said_of
from api.simulate.household_rates import in_turn, with_benefits_lost
from api.simulate.households import Households, households_of
from api.simulate.manifest import manifest_of, request_again, same_as_said
from api.simulate.method import method
from api.simulate.outcomes import Outcome, Units, outcome, units_of
from api.simulate.population import Population, admit
from api.simulate.reform_answer import (
    Answered,
    answer_of,
    by_household,
    hide_what_follows_from_all,
    responding,
    weighed_by,
)
from api.simulate.replicates import replicates_of
from api.simulate.request import Request
from api.simulate.sampling import Samples, bootstrap
from api.simulate.suppress import SMALL_BELOW
from api.simulate.take_up import claimed
from api.simulate.told_before import unread_said
from api.simulate.view import View
from api.simulate.window import window_of
from engine.ir.program import Program
from engine.values.periods import Period

Progress = Callable[[str, int, int], None]


def simulate(
    request: Request,
    on_progress: Progress = lambda *_: None,
    spread: Spread = here,
    on_notice: Callable[[str], None] = lambda _: None,
    *,
    said: dict[str, Any] | None = None,
) -> Simulation:
    """The whole answer; `spread` says where each law's outcome is computed. `on_notice` is told, before the population
    is read, of reforms that cannot be expected to change anything. `said` is the manifest that it is to be the same as.

    Raises Failure (RulesInvalid for a reform with a fault) before anything is computed of it.
    """
    asked = read_request(request, on_notice)
    manifest = manifest_of(request, asked.law, [program for _, program in asked.reformed], asked.source)
    if said is not None:
        manifest = same_as_said(said, manifest)
    tell = _Told(on_progress, len(asked.periods) * (1 + len(asked.reformed)))
    found = [_year(asked, period, tell, spread) for period in asked.periods]
    hide_what_follows_from_all([answered for _, answers in found for answered in answers])
    years = tuple(replace(year, reforms=tuple(each.hidden() for each in answers)) for year, answers in found)
    tell.done()
    by_household = any(answer.households is not None for answer in years[-1].reforms)
    return Simulation(
        request.rules, asked.law.settings.currency, asked.source.about, method(request, asked.view, by_household),
        years, window_of(years), manifest, asked.view.unit_said,
    )  # fmt: skip


@dataclass(slots=True)
class _Told:
    """How far the simulation is, of `total` laws to go through."""

    on_progress: Progress
    total: int
    through: int = 0

    def next(self, what: str) -> None:
        """Begin with a law."""
        self.on_progress(what, self.through, self.total)
        self.through += 1

    def done(self) -> None:
        """All is computed."""
        self.on_progress("", self.total, self.total)


def _year(asked: Asked, period: Period, tell: _Told, spread: Spread) -> tuple[YearAnswer, list[Answered]]:
    """The year without its reforms, and these."""
    request, law, view = asked.request, asked.law, asked.view
    tell.next(f"{period}, current law")
    population = _admitted(asked, period)
    given = _given(asked, population)
    outcomes = spread(_outcome, given, asked.laws)
    with ThreadPoolExecutor(request.threads) as pool:  # none of these hangs on another
        computed = pool.submit(next, outcomes)
        gathered = pool.submit(_units_and_homes, law, view, population)
        samples = _samples(request, population, asked.source.tables[view.unit])
    units, homes = gathered.result()
    before = computed.result()
    answers = []
    for files, _ in asked.reformed:
        tell.next(f"{period}, {files[0].stem}")
        weighed = weighed_by(
            view, units, population, before, after=next(outcomes), samples=samples, threshold=request.threshold
        )
        answered = answer_of(files, weighed, population, period, threads=request.threads)
        if homes is not None:
            answered = by_household(answered, weighed, homes, period, seed=request.seed)
        if asked.elasticity is not None:
            answered = responding(
                answered, weighed, asked.elasticity, population,
                compute=given.anew(weighed.after.program), homes=homes, seed=request.seed,
            )  # fmt: skip
        answers.append(answered)
    return _year_answer(law, period, population, units), answers


def _units_and_homes(law: Program, view: View, population: Population) -> tuple[Units, Households | None]:
    units = units_of(law, view, population)
    return units, households_of(law, view, population, units)


def _admitted(asked: Asked, period: Period) -> Population:
    """The population in a year, with what is to be said of it."""
    request, law, view, source = asked.request, asked.law, asked.view, asked.source
    population = admit(
        law, view, source, period,
        weight=request.weight, index=request.uprate or view.uprate, replicates=request.replicates,
    )  # fmt: skip
    _check_size(population)
    names = (*view.figures, *counted(law, view, population.columns))
    unread = unread_said(asked.laws, names, source, period)
    benefits = said_of(law, view, population.columns)
    return replace(population, notes=(*population.notes, *unread, *asked.added, *benefits))


def _given(asked: Asked, population: Population) -> _Given:
    request, law, view, columns = asked.request, asked.law, asked.view, population.columns
    benefits = counted(law, view, columns)
    rated = asked.roles if request.marginal else ()
    step = STEP_WITH_BENEFITS if benefits else MARGINAL_STEP
    earners = earners_of(law, view, columns, rated, request.threads, step=step)
    if benefits:
        earners = in_turn(law, view, columns, earners)
    return _Given(
        view, population, earners, request.threads, request.distribution, asked.take_up, request.seed, benefits
    )  # fmt: skip


def _check_size(population: Population) -> None:
    if population.units < SMALL_BELOW:
        told = f"the population has {count(population.units, 'unit')}, and nothing is shown of fewer than {SMALL_BELOW}"
        raise Failure(told, "give a larger one; `rulewright calc` and `sweep` take a single household")


@dataclass(frozen=True, slots=True)
class _Given:
    """What the outcomes of all laws are computed from."""

    view: View
    population: Population
    earners: tuple[Earner, ...]
    threads: int
    named: bool
    take_up: Mapping[str, Fraction]
    seed: int
    benefits: tuple[str, ...] = ()

    def anew(self, program: Program) -> Callable[[Population], Outcome]:
        """What computes a program's figures of the same people with other facts."""
        return lambda moved: _outcome(replace(self, population=moved, earners=(), named=False), program)


def _outcome(given: _Given, program: Program) -> Outcome:
    due = outcome(program, given.view, given.population, given.earners, threads=given.threads, named=given.named)
    due = replace(due, benefits=benefits_of(program, given.population.columns, given.benefits, given.threads))
    due = with_benefits_lost(due, given.view, given.population.columns, given.earners, given.threads)
    return claimed(due, given.view, given.take_up, given.seed)


def _samples(request: Request, population: Population, units: Any) -> Samples:
    if request.replicates:
        return replicates_of(population, units, request.replicates, request.replicate_factor)
    return bootstrap(population.units, request.samples, request.seed)


def _year_answer(law: Program, period: Period, population: Population, units: Units) -> YearAnswer:
    weight = exact_text(total_of(population.weights), population.weight_scale)
    people = int(units.size.sum())
    projected = law.settings.is_projection(period.start)
    return YearAnswer(str(period), projected, population.units, people, weight, population.notes, law.fingerprint, ())


def again(
    said: dict[str, Any],
    threads: int,
    on_progress: Progress = lambda *_: None,
    spread: Spread = here,
    *,
    folder: Path | None = None,
) -> Simulation:
    """The same answer as the one a manifest was written for, whose files are where they were or in `folder`.

    Raises Failure, before anything is computed, if it cannot be the same.
    """
    request = replace(request_again(said, folder), threads=threads)
    return simulate(request, on_progress, spread, said=said)
