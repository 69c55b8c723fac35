"""`simulate`: current law and reforms over a weighted population, year by year, and what follows."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from importlib.metadata import PackageNotFoundError, version
from itertools import chain, product
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from api.batch.unread import unread_columns
from api.cases.naming import read_period
from api.cases.overlays import set_beyond_what_is_stated
from api.failures import Failure, Misuse
from api.rules import programs
from api.scale.spread import Spread, here
from api.simulate.amounts import check_distribution
from api.simulate.answers import ReformAnswer, Simulation, YearAnswer
from api.simulate.behaviour import behaviour, read_elasticity
from api.simulate.column_map import read_column_map
from api.simulate.early import added_facts_said, facts_added, sets_nothing_else
from api.simulate.earners import Earner, earners_of, read_roles
from api.simulate.exactly import exact_text, total_of
from api.simulate.examples import examples
from api.simulate.groups import partings
from api.simulate.households import HOUSEHOLDS_SAID, household_answer, households_of
from api.simulate.inequality import measures
from api.simulate.named_tables import named_tables
from api.simulate.outcomes import Outcome, Units, net_change, net_income, outcome, units_of
from api.simulate.population import Population, Source, admit, index_factor, read_source
from api.simulate.rates import rates_of
from api.simulate.replicates import replicates_of
from api.simulate.sampling import MOST_GROUPS, Samples, bootstrap
from api.simulate.suppress import SMALL_BELOW
from api.simulate.tables import budget, groupings, winners
from api.simulate.take_up import claimed, read_take_up, take_up_sentence
from api.simulate.view import View, load_view
from api.simulate.weighed import Weighed
from api.simulate.window import window_of, years_of
from engine.interpret.constants import Constants
from engine.ir.program import Program
from engine.values.periods import Period

Progress = Callable[[str, int, int], None]
SAMPLES, SEED = 100, 20_260_101


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for. Each of `reforms` is a reform of its own; its files are laid over the law in order.

    `population` is empty for the shipped sample, else files; `data_year` is the year of their money, if it is not the
    year asked for; `columns` a map of their columns. `threshold` is from what change on somebody gains or loses.
    `earners` are roles of the unit whose marginal and participation rates are told, and who respond; else the first.
    """

    rules: str
    reforms: tuple[tuple[Path, ...], ...]
    at: tuple[str, ...]
    population: tuple[str, ...] = ()
    data_year: int | None = None
    weight: str = ""
    uprate: str = ""
    view: Path | None = None
    threshold: int = 1
    samples: int = SAMPLES
    seed: int = SEED
    marginal: bool = True
    threads: int = 2
    distribution: bool = False
    columns: Path | None = None
    elasticity: str = ""
    take_up: tuple[str, ...] = ()
    replicates: str = ""
    replicate_factor: str = ""
    earners: tuple[str, ...] = ()


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
    law = programs.load_program(request.rules)
    view = load_view(law, request.view)
    if request.distribution:
        check_distribution(view)
    elasticity, take_up = read_elasticity(request.elasticity), read_take_up(view, request.take_up)
    roles = read_roles(law, view, request.earners)
    periods = [read_period(law, text, projected=True) for text in years_of(request.at)]
    reformed = [(files, programs.load_program(request.rules, files)) for files in request.reforms]
    for sentence in _expected_nothing(law, reformed, periods):
        on_notice(sentence)
    mapped = read_column_map(law, request.columns) if request.columns is not None else None
    source = read_source(law, view, request.population, request.data_year, columns=mapped, weight=request.weight)
    added = _added(law, reformed, source)
    total, done = len(periods) * (1 + len(reformed)), 0
    years = []
    for period in periods:
        on_progress(f"{period}, current law", done, total)
        population = admit(law, view, source, period, weight=request.weight, index=request.uprate or view.uprate)
        _check_size(population)
        programs_asked = [law, *(program for _, program in reformed)]
        unread = _unread(programs_asked, view, source, period)
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


_Reformed = Sequence[tuple[tuple[Path, ...], Program]]


def _expected_nothing(law: Program, reformed: _Reformed, periods: Sequence[Period]) -> Iterator[str]:
    """What to say of reforms that set nothing in time."""
    for (files, program), period in product(reformed, periods):
        if sets_nothing_else(law, program, files, period):
            told = f"sets nothing else than the law has up to {period.end}: expect no change in {period}"
            yield f"`{_name_of(files)}` {told}"


def _added(law: Program, reformed: _Reformed, source: Source) -> tuple[str, ...]:
    """What to say of facts that only a reform has. Raises Failure for one that the population states."""
    heads = {entity: table.column_names for entity, table in source.tables.items()}
    said = (added_facts_said(_name_of(files), facts_added(law, program), heads) for files, program in reformed)
    return tuple(chain.from_iterable(said))


def _unread(laws: Sequence[Program], view: View, source: Source, period: Period) -> tuple[str, ...]:
    """What to say of columns that are stated for a time at which no law reads them."""
    heads = {entity: table.column_names for entity, table in source.tables.items()}
    told = []
    for law in laws:  # of which one may have no such figure, which is told where it is computed
        figures = [figure for figure in map(law.find, view.figures) if figure is not None]
        told.append(unread_columns(law, period, figures, heads))
    return tuple(f"{line[0].upper()}{line[1:]}." for line in told[0] if all(line in other for other in told[1:]))


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
        _name_of(files), about_of(files), tuple(path.name for path in files),
        weighed.after.program.fingerprint, nothing, budget(weighed), groupings(weighed, ways),
        winners(weighed, ways[0]), unequal, poor, line_said, rates_of(weighed),
        examples(weighed.view, population, weighed.before, weighed.after, weighed.change),
        set_beyond_what_is_stated(weighed.after.program, period.start),
        named_tables(weighed.before.named, weighed.after.named, weighed.weights / weighed.scale)
        if weighed.before.named is not None and weighed.after.named is not None else (),
    )  # fmt: skip


def _name_of(files: Sequence[Path]) -> str:
    return " and ".join(path.stem for path in files)


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


def poverty_lines(law: Program, view: View, units: Units, period: Period, whose: str = "unit") -> tuple[Any, str]:
    """The line of each unit (or whatever `whose` says that they are), by its size, and a sentence that says which; None
    where the view names no line."""
    if not view.poverty:
        return None, ""
    name = str(view.poverty["table"])
    full = next((table for table in law.tables if table.rpartition(":")[2] == name), None)
    stated = Constants(law).at(full, period.start) if full is not None else None
    if stated is None:
        raise Misuse(f"there is no table `{name}` for {period}", "correct `poverty` in the view")
    area, largest, year = view.poverty["area"], int(view.poverty["largest"]), period.start.year
    known = max((key[1] for key in stated.content if key[0] == area and key[1] <= year), default=None)
    if known is None:
        raise Failure(f"`{name}` has no line of {year}", "name another table in the view")
    moved = index_factor(law, view.uprate, known, period) if known < year and view.uprate else Fraction(1)
    amounts = [float(stated.content[(area, known, size)][""] * moved) for size in range(1, largest + 2)]
    sizes = np.maximum(units.size, 1)
    lines = np.array(amounts)[np.minimum(sizes, largest) - 1] + np.maximum(0, sizes - largest) * amounts[-1]
    carried = f", moved to {year} with `{view.uprate}`" if moved != 1 else ""
    return lines, (
        f"The line is `{name}` of {known}{carried} ({view.poverty['law']}), {area}, for the number of people in the "
        f"{whose}: {amounts[0]:,.0f} for one, {amounts[3]:,.0f} for four."
        + (" A unit is not a household: who shares a home shares costs." if whose == "unit" else "")
    )


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
        "the chance of the sample, not its faults, and not how the survey was designed.",
        f"Cells of fewer than {SMALL_BELOW} units are not shown, nor others from which they could be worked out.",
        "Inequality is of people's net income over the square root of their unit's size; below zero counts as zero.",
        *((HOUSEHOLDS_SAID.format(entity=view.household),) if by_household else ()),
    )  # fmt: skip


# --- what gives the same bytes again


def manifest_of(request: Request, law: Program, reformed: Sequence[Program], source: Source) -> dict[str, object]:
    """Fingerprints of all that decides the answer, and what was asked."""
    reforms = [
        {
            "files": [{"path": str(path), "sha256": _sha256(path)} for path in files],
            "fingerprint": program.fingerprint,
        }
        for files, program in zip(request.reforms, reformed, strict=True)
    ]
    return {
        "rules": request.rules, "fingerprint": law.fingerprint, "reforms": reforms, "at": list(request.at),
        "population": list(request.population), "population_sha256": source.digest, "data_year": request.data_year,
        "weight": request.weight, "uprate": request.uprate, "view": str(request.view) if request.view else None,
        "view_sha256": _sha256(request.view) if request.view else None,
        "columns": str(request.columns) if request.columns else None,
        "columns_sha256": _sha256(request.columns) if request.columns else None,
        "threshold": request.threshold, "samples": request.samples, "seed": request.seed,
        "marginal": request.marginal, "earners": list(request.earners),
        "elasticity": request.elasticity, "take_up": list(request.take_up),
        "replicates": request.replicates, "replicate_factor": request.replicate_factor,
        "distribution": request.distribution, "versions": versions(),
    }  # fmt: skip


def versions() -> dict[str, str]:
    """Of what computes: with another one statistics may differ in their last digit."""
    version_of = {"python": ".".join(map(str, sys.version_info[:3])), "numpy": np.__version__}
    try:
        version_of["rulewright"] = version("rulewright")
    except PackageNotFoundError:
        version_of["rulewright"] = "not installed"
    return version_of


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def request_again(said: Any) -> Request:
    """What a manifest asks for. Raises Misuse for one that cannot be read."""
    try:
        assert isinstance(said, dict)
        reforms = tuple(tuple(Path(file["path"]) for file in each["files"]) for each in said["reforms"])
        return Request(
            said["rules"], reforms, tuple(said["at"]), tuple(said["population"]), said["data_year"], said["weight"],
            said["uprate"], Path(said["view"]) if said["view"] else None, said["threshold"], said["samples"],
            said["seed"], said["marginal"], distribution=said.get("distribution", False),
            columns=Path(said["columns"]) if said.get("columns") else None, elasticity=said.get("elasticity", ""),
            take_up=tuple(said.get("take_up", ())), replicates=said.get("replicates", ""),
            replicate_factor=said.get("replicate_factor", ""), earners=tuple(said.get("earners", ())),
        )  # fmt: skip
    except (AssertionError, KeyError, TypeError):
        raise Misuse("this is not a manifest of a simulation", "give what `--manifest FILE` wrote") from None


def check_same(said: dict[str, Any], now: dict[str, Any]) -> None:
    """Raise Failure where something that decides the answer is not what it was."""
    for key, words in (
        ("population_sha256", "the population"), ("view_sha256", "the view"),
        ("columns_sha256", "the map of columns"), ("fingerprint", "the rules"),
        ("reforms", "a reform"), ("versions", "a version of what computes"),
    ):  # fmt: skip
        if said.get(key) != now.get(key):
            raise Failure(
                f"{words} is not what it was: the manifest has another `{key}`", "simulate again, without `--again`"
            )


def again(
    said: dict[str, Any], threads: int, on_progress: Progress = lambda *_: None, spread: Spread = here
) -> Simulation:
    """The same answer as the one a manifest was written for; a Failure if it cannot be the same."""
    simulation = simulate(replace(request_again(said), threads=threads), on_progress, spread)
    check_same(said, simulation.manifest)
    return simulation
