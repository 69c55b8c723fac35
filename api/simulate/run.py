"""`simulate`: current law and reforms over a weighted population, year by year, and what follows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from api.cases.naming import read_period
from api.cases.overlays import set_beyond_what_is_stated
from api.failures import Failure, Misuse
from api.rules import programs
from api.scale.spread import Spread, here
from api.simulate.amounts import check_distribution
from api.simulate.answers import ReformAnswer, Simulation, YearAnswer
from api.simulate.behaviour import behaviour, read_elasticity
from api.simulate.column_map import read_column_map
from api.simulate.earners import Earner, earners_of, read_roles
from api.simulate.exactly import exact_text, total_of
from api.simulate.examples import examples
from api.simulate.groups import partings
from api.simulate.households import household_answer, households_of
from api.simulate.inequality import measures
from api.simulate.manifest import check_same, manifest_of, request_again
from api.simulate.method import method
from api.simulate.named_tables import named_tables
from api.simulate.outcomes import Outcome, Units, net_change, net_income, outcome, units_of
from api.simulate.population import Population, admit, read_source
from api.simulate.poverty_line import poverty_lines
from api.simulate.rates import rates_of
from api.simulate.replicates import replicates_of
from api.simulate.request import Request
from api.simulate.sampling import Samples, bootstrap
from api.simulate.suppress import SMALL_BELOW
from api.simulate.tables import budget, groupings, winners
from api.simulate.take_up import claimed, read_take_up
from api.simulate.told_before import added_said, expected_nothing, name_of, unread_said
from api.simulate.view import View, load_view
from api.simulate.weighed import Weighed
from api.simulate.window import window_of, years_of
from engine.ir.program import Program
from engine.values.periods import Period

Progress = Callable[[str, int, int], None]


def simulate(
    request: Request,
    on_progress: Progress = lambda *_: None,
    spread: Spread = here,
    on_notice: Callable[[str], None] = lambda _: None,
) -> Simulation:
    """The whole answer; `spread` says where each law's outcome is computed. `on_notice` is told, before the population
    is read, of reforms that cannot be expected to change anything.

    Raises Failure (RulesInvalid for a reform with a fault) before anything is computed of it.
    """
    _check_asked(request)
    law = programs.load_program(request.rules, to_be_reformed=True)
    view = load_view(law, request.view)
    if request.distribution:
        check_distribution(view)
    elasticity, take_up = read_elasticity(request.elasticity), read_take_up(view, request.take_up)
    roles = read_roles(law, view, request.earners)
    periods = [read_period(law, text, projected=True) for text in years_of(request.at)]
    reformed = [(files, programs.load_reformed(law, request.rules, files)) for files in request.reforms]
    for sentence in expected_nothing(law, reformed, periods):
        on_notice(sentence)
    mapped = read_column_map(law, request.columns) if request.columns is not None else None
    source = read_source(law, view, request.population, request.data_year, columns=mapped, weight=request.weight)
    added = added_said(law, reformed, source)
    total, done = len(periods) * (1 + len(reformed)), 0
    years = []
    for period in periods:
        on_progress(f"{period}, current law", done, total)
        population = admit(law, view, source, period, weight=request.weight, index=request.uprate or view.uprate)
        _check_size(population)
        programs_asked = [law, *(program for _, program in reformed)]
        unread = unread_said(programs_asked, view, source, period)
        population = replace(population, notes=(*population.notes, *unread, *added))
        rated = roles if request.marginal else ()
        earners = earners_of(law, view, population.columns, rated, request.threads)
        given = _Given(view, population, earners, request.threads, request.distribution, take_up, request.seed)
        outcomes = spread(_outcome, given, programs_asked)
        before = next(outcomes)
        samples = _samples(request, population, source.tables[view.unit])
        units, answers = units_of(law, view, population), []
        homes = households_of(law, view, population, units)
        done += 1
        for files, _ in reformed:
            on_progress(f"{period}, {files[0].stem}", done, total)
            after = next(outcomes)
            weighed = _weighed(
                view, units, population, before, after=after, samples=samples, threshold=request.threshold
            )
            answer = _answer(files, weighed, population, period)
            if homes is not None:
                lines = poverty_lines(law, view, homes.units, period, "household")
                answer = replace(answer, households=household_answer(weighed, homes, request.seed, *lines))
            if elasticity is not None:
                answer = replace(
                    answer, behaviour=behaviour(weighed, population, elasticity, given.anew(after.program))
                )
            answers.append(answer)
            done += 1
        years.append(_year(law, period, population, units, tuple(answers)))
    on_progress("", total, total)
    by_household = any(answer.households is not None for answer in years[-1].reforms)
    manifest = manifest_of(request, law, [program for _, program in reformed], source)
    return Simulation(
        request.rules, law.settings.currency, source.about, method(request, view, by_household), tuple(years),
        window_of(years), manifest,
    )  # fmt: skip


def _check_asked(request: Request) -> None:
    if not request.reforms:
        raise Misuse("there is no reform to simulate", "name one: `--reform FILE`")
    if not request.at:
        raise Misuse("the year is missing", "give it: `--at 2026`")


def _check_size(population: Population) -> None:
    if population.units < SMALL_BELOW:
        told = f"the population has {population.units} units, and nothing is shown of fewer than {SMALL_BELOW}"
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

    def anew(self, program: Program) -> Callable[[Population], Outcome]:
        """What computes a program's figures of the same people with other facts."""
        return lambda moved: _outcome(replace(self, population=moved, earners=(), named=False), program)


def _outcome(given: _Given, program: Program) -> Outcome:
    due = outcome(program, given.view, given.population, given.earners, threads=given.threads, named=given.named)
    return claimed(due, given.view, given.take_up, given.seed)


def _samples(request: Request, population: Population, units: Any) -> Samples:
    if request.replicates:
        return replicates_of(population, units, request.replicates, request.replicate_factor)
    return bootstrap(population.units, request.samples, request.seed)


def _weighed(
    view: View,
    units: Units,
    population: Population,
    before: Outcome,
    *,
    after: Outcome,
    samples: Samples,
    threshold: int,
) -> Weighed:
    net = net_income(view, units, before)
    change = net_change(view, before, after, units.step)
    return Weighed(
        view, units, population.weights, population.weight_scale, before, after, net, change, threshold * units.step,
        samples,
    )  # fmt: skip


def _answer(files: Sequence[Path], weighed: Weighed, population: Population, period: Period) -> ReformAnswer:
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


def about_of(files: Sequence[Path]) -> str:
    """What the reforms say that they are."""
    said = []
    for path in files:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        said.append(str(content.get("about", "")) if isinstance(content, dict) else "")
    return "; ".join(filter(None, said))


def _year(
    law: Program, period: Period, population: Population, units: Units, answers: tuple[ReformAnswer, ...]
) -> YearAnswer:
    weight = exact_text(total_of(population.weights), population.weight_scale)
    people = int(units.size.sum())
    projected = law.settings.is_projection(period.start)
    return YearAnswer(
        str(period), projected, population.units, people, weight, population.notes, law.fingerprint, answers
    )


def again(
    said: dict[str, Any], threads: int, on_progress: Progress = lambda *_: None, spread: Spread = here
) -> Simulation:
    """The same answer as the one a manifest was written for; a Failure if it cannot be the same."""
    simulation = simulate(replace(request_again(said), threads=threads), on_progress, spread)
    check_same(said, simulation.manifest)
    return simulation
