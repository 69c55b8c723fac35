"""What a simulation is asked for: read and checked, before anything is computed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from api.cases.naming import read_period
from api.failures import Misuse
from api.rules import programs
from api.simulate.amounts import check_distribution
from api.simulate.behaviour import read_elasticity
from api.simulate.column_map import read_column_map
from api.simulate.earners import read_roles
from api.simulate.population import Source, read_source, shipped_name
from api.simulate.request import Request
from api.simulate.take_up import read_take_up, with_take_up
from api.simulate.told_before import added_said, expected_nothing, name_of
from api.simulate.view import View, load_view
from api.simulate.window import years_of
from engine.ir.program import Program
from engine.records import record
from engine.values.periods import Period


@record(frozen=True, slots=True)
class Asked:
    """What is asked for, read and checked. `added`: what is said of facts that only a reform has."""

    request: Request
    law: Program
    view: View
    reformed: Sequence[tuple[tuple[Path, ...], Program]]
    periods: Sequence[Period]
    source: Source
    added: tuple[str, ...]
    roles: tuple[str, ...]
    elasticity: Fraction | None
    take_up: Mapping[str, Fraction]

    @property
    def laws(self) -> list[Program]:
        """Current law, and each reform of it."""
        return [self.law, *(program for _, program in self.reformed)]


def read_request(request: Request, on_notice: Callable[[str], None]) -> Asked:
    """Everything that is asked for. Raises Misuse or Failure."""
    _check_asked(request)
    law = programs.load_program(request.rules, to_be_reformed=True)
    view = load_view(law, request.view)
    if request.distribution:
        check_distribution(view)
    elasticity, take_up = read_elasticity(request.elasticity), read_take_up(law, view, request.take_up)
    roles = read_roles(law, view, request.earners)
    periods = [read_period(law, text, projected=True) for text in years_of(request.at)]
    reformed = [(files, programs.load_reformed(law, request.rules, files)) for files in request.reforms]
    for sentence in expected_nothing(law, reformed, periods):
        on_notice(sentence)
    mapped = read_column_map(law, request.columns) if request.columns is not None else None
    source = read_source(law, view, request.population, request.data_year, columns=mapped, weight=request.weight)
    source = _of_a_year(source, request, view, periods)
    source = with_take_up(law, view, source, take_up, request.seed)
    added = added_said(law, reformed, source)
    return Asked(request, law, view, reformed, periods, source, added, roles, elasticity, take_up)


def _of_a_year(source: Source, request: Request, view: View, periods: Sequence[Period]) -> Source:
    """Files of whose money nobody says the year, for several years: it cannot be of each, but of the first."""
    own = shipped_name(request.population) is None and request.data_year is None
    if not own or len(periods) == 1 or (request.uprate or view.uprate) in ("", "none"):
        return source
    said = f"`--data-year` is not given: money in the files is taken to be of {periods[0]}, the first year asked for."
    return replace(source, year=periods[0].start.year, notes=(said, *source.notes))


def _check_asked(request: Request) -> None:
    if not request.reforms:
        raise Misuse("there is no reform to simulate", "name one: `--reform FILE`")
    called = [name_of(files) for files in request.reforms]
    if (twice := next((name for name in called if called.count(name) > 1), None)) is not None:
        raise Misuse(f"two reforms are called `{twice}`", "give each once, in a file with a name of its own")
    if not request.at:
        raise Misuse("the year is missing", "give it: `--at 2026`")
