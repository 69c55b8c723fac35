"""The analyst's surface: a law, its reforms, figures of frames, explanations, simulations."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypedDict, Unpack

from api.batch.made_facts import require_made
from api.batch.run import check_wanted
from api.batch.table import Rows, figure_column, ids_of, table_of
from api.batch.unread import unread_columns
from api.cases.explain import why
from api.cases.files import CaseInvalid
from api.cases.naming import find_definition, named_figures, period_for, read_period
from api.failures import Failure, Misuse, suggestion
from api.find.candidates import Together
from api.python.frames import back, to_arrow
from api.rules import programs
from api.simulate.answers import Simulation
from api.simulate.request import Request
from api.simulate.run import simulate as run_simulation
from engine.explain.tree import render
from engine.interpret.case_reader import case_from_data
from engine.interpret.cases import Case
from engine.interpret.interpreter import Interpreter
from engine.interpret.outcomes import Fact, Known
from engine.ir.program import Program
from engine.native import evaluate
from engine.native.handover import case_of
from engine.population.columns import Columns
from engine.population.door import from_arrow
from engine.text.diagnostics import Diagnostics
from engine.values.periods import Period
from engine.values.types import Value

_SHOWN = 20
Frames = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Law:
    """Checked rules, ready to compute. `rules` and `reforms` say which; `program` is the engine's own."""

    rules: str
    reforms: tuple[Path, ...]
    program: Program = field(repr=False)

    def reform(self, *files: str | Path) -> Law:
        """This law with reforms laid over it, in order; this one stays as it is. Raises RulesInvalid for a fault."""
        return load(self.rules, *self.reforms, *files)

    def evaluate(
        self, frames: Frames, at: int | str, want: str | Sequence[str], *, complete: bool = True, threads: int = 2
    ) -> Any:
        """Figures of everybody in `frames`: one frame for each entity, by its name (`person`, `tax_unit`).

        A frame is a polars or pandas DataFrame, a pyarrow Table, or a mapping of columns to lists. Its columns are
        facts as the rules name them, ids (`person_id`) and, for people, `tax_unit_id` and `role`. Money is in the
        currency, as decimals, whole numbers, or floats that are on the money grid. NaN is a fault, but in pandas,
        which writes a missing cell so.

        `want` is a figure, or several, or sets of them, of one entity. Returned is a frame of the kind given for that
        entity, a row for each of its rows in their order: the id, each figure (money as exact decimals; null where it
        does not apply), and `problem`: why a row has no figure. With `complete` an empty cell means what the rules say
        of a fact that a complete return does not list; without, it is not known. Raises Failure with every cell that is
        at fault, and warns of a column for a time at which nothing that is wanted reads it.
        """
        period = read_period(self.program, str(at))
        wanted = [figure for name in _listed(want) for figure in named_figures(self.program, name, period)]
        check_wanted(wanted)
        for definition in wanted:
            period_for(self.program, definition, period)
        entity = wanted[0].entity
        if entity not in frames:
            raise Misuse(f"there is no frame of `{entity}`, whose figures are wanted", f"give `{{'{entity}': …}}`")
        tables = {name: to_arrow(frame) for name, frame in frames.items()}
        columns = self._columns(tables, period, complete)
        for told in unread_columns(
            self.program, period, wanted, {name: table.column_names for name, table in tables.items()}
        ):
            warnings.warn(told, stacklevel=2)
        self._require_listed(columns, entity)
        result = evaluate(self.program, columns, [definition.name for definition in wanted], threads=threads)
        rows = Rows(len(tables[entity]), None)
        made = {f"{entity}_id": ids_of(entity, tables[entity], 0)}
        for definition in wanted:
            made[definition.short_name] = figure_column(self.program, definition, result.figures[definition.name], rows)
        return back(table_of(made, rows), frames[entity])

    def calculate(self, case: Mapping[str, object], want: str | Sequence[str], at: int | str = "") -> dict[str, Value]:
        """Figures of one case (as in a case file), exact: money and rates as Fractions, by name.

        Of a figure of several people, or one that is not determined, it is a Failure that says so.
        """
        read = self._case(case, at)
        interpreter = Interpreter(self.program, read)
        sets = self.program.settings.figure_sets
        names = [
            figure.short_name if name in sets else name
            for name in _listed(want)
            for figure in named_figures(self.program, name, read.at)
        ]
        return {name: self._figure(interpreter, read, name) for name in names}

    def why(self, case: Mapping[str, object], figure: str, at: int | str = "") -> str:
        """Why a figure of a case is what it is: the tree of what decided it, with the law, as text."""
        explained = why(self.program, self._case(case, at), find_definition(self.program, figure))
        return "\n\n".join("\n".join(render(tree)) for tree in explained.trees)

    def why_row(self, frames: Frames, figure: str, of: str, at: int | str, *, complete: bool = True) -> str:
        """Why a figure is what it is for one row of `frames` (as in `evaluate`), whose id is `of`: the tree as text.

        People and groups are called by their ids. Raises Failure with every cell that is at fault.
        """
        definition, period = find_definition(self.program, figure), read_period(self.program, str(at))
        tables = {name: to_arrow(frame) for name, frame in frames.items()}
        if definition.entity not in tables:
            raise Misuse(f"there is no frame of `{definition.entity}`, whose figure `{figure}` is", "give it too")
        columns = self._columns(tables, period, complete)
        names = {
            entity: [str(name) for name in ids_of(entity, table, 0).to_pylist()] for entity, table in tables.items()
        }
        known = names[definition.entity]
        if of not in known:
            raise Misuse(f"no {definition.entity} has the id `{of}`", suggestion(of, known))
        self._require_listed(columns, definition.entity)
        rows = Together(self.program, columns).rows(definition.entity, known.index(of))
        case = case_of(self.program, columns, rows, names=names)
        return "\n\n".join("\n".join(render(tree)) for tree in why(self.program, case, definition, of).trees)

    def _columns(self, tables: Mapping[str, Any], at: Period, complete: bool) -> Columns:
        """The tables as columns. Raises Failure with every cell that is at fault."""
        admitted = from_arrow(self.program, at, tables, complete=complete)
        if admitted.columns is None:
            shown = "\n  ".join(map(str, admitted.problems[:_SHOWN]))
            count = f"{len(admitted.problems):,} fault{'s' * (len(admitted.problems) > 1)}"
            raise Failure(f"the frames have {count}:\n  {shown}", "correct the cells")
        require_made(self.program, admitted.columns, tables)
        return admitted.columns

    def _require_listed(self, columns: Columns, entity: str) -> None:
        """Raise Misuse for groups that a figure makes, since a frame of facts of these need not have a row of each."""
        if entity not in columns.counts:
            declared = self.program.settings.entities[entity]
            remedy = (
                f"want a figure of each {declared.of} or {declared.within}, or give each {declared.of} a `{entity}_id`"
            )
            raise Misuse(f"no frame says who is in which {entity}: a figure makes them", remedy)

    def _case(self, data: Mapping[str, object], at: int | str) -> Case:
        problems = Diagnostics()
        period = read_period(self.program, str(at)) if at else None
        case = case_from_data(self.program, data, problems, period)
        if case is None or problems.errors:
            raise CaseInvalid(problems)
        return case

    def _figure(self, interpreter: Interpreter, case: Case, name: str) -> Value:
        definition = find_definition(self.program, name)
        holders = case.instances.get(definition.entity, ())
        if len(holders) != 1:
            raise Misuse(f"the case has {len(holders)} of {definition.entity}, whose figure `{name}` is", "ask `why`")
        period = period_for(self.program, definition, case.at)
        outcome = interpreter.find(Fact(definition.name, holders[0], period))
        if not isinstance(outcome, Known):
            raise Failure(f"`{name}` is not determined for this case", "state more facts, or add `complete: true`")
        return outcome.value


def _listed(want: str | Sequence[str]) -> Sequence[str]:
    """The names that are wanted, of one or of several. Raises Misuse for none."""
    if not want:
        raise Misuse("no figure is wanted", 'name one or several: `want=["income_tax", "eitc"]`')
    return [want] if isinstance(want, str) else want


def load(rules: str = "us", *reforms: str | Path) -> Law:
    """The shipped rules of that name, or those in a folder, under reforms. Raises Misuse, or RulesInvalid."""
    files = tuple(Path(reform) for reform in reforms)
    return Law(rules, files, programs.load_program(rules, files))


def sample(units: int | None = None) -> dict[str, Any]:
    """The shipped sample of 2024 as pyarrow Tables: `person`, `tax_unit` (facts only) and `weight` (one column).

    10,000 tax units in random order, or the first `units`; the weights say how many units of the nation each is.
    """
    from citizens.sample import load_sample

    loaded = load_sample(units)
    facts = loaded.tax_units.drop_columns(["weight", "state_fips"])
    people = loaded.people
    return {"person": people, "tax_unit": facts, "weight": loaded.tax_units.select(["tax_unit_id", "weight"])}


def sample_homes() -> dict[str, Any]:
    """The shipped sample of 4,000 whole households of 2024 as pyarrow Tables: `person` (with `dwelling_id` and
    `family_id`), `tax_unit`, `dwelling`, `family` and `weight` (one column).

    The 5,549 units of the 4,000 dwellings: all units of a dwelling have one weight, which says how many dwellings of
    the nation it is as well as how many units each of them is. `simulate(…, population=["cps-homes"])` runs on them;
    its standard errors of units are over random groups of units, those of households over groups of households.
    """
    from citizens.sample import load_homes

    loaded = load_homes()
    facts = loaded.tax_units.drop_columns(["weight", "state_fips"])
    weight = loaded.tax_units.select(["tax_unit_id", "weight"])
    tables = {"person": loaded.people, "tax_unit": facts, "dwelling": loaded.dwellings, "family": loaded.families}
    return {**tables, "weight": weight}


class Options(TypedDict, total=False):
    """What else a simulation may be asked: the command's options of the same names.

    data_year: the year of the files' money, if it is not the year asked for. weight: the column of weights. uprate: the
    index that carries money on, or "none". view, columns: YAML files of what is counted, and of what columns mean.
    threshold: from what change on, in the currency, somebody gains or loses. samples, seed: of the bootstrap. threads:
    to compute with. distribution: Tax-Calculator's tables too. elasticity: of earnings, "0.25". take_up: parts that
    claim, ["eitc=80%"]. replicates, replicate_factor: columns of replicate weights, "repwgt*", and their factor.
    earners: roles whose rates are told, ["head", "spouse"].
    """

    data_year: int | None
    weight: str
    uprate: str
    view: Path | None
    columns: Path | None
    threshold: int
    samples: int
    seed: int
    threads: int
    distribution: bool
    elasticity: str
    take_up: Sequence[str]
    replicates: str
    replicate_factor: str
    earners: Sequence[str]


def simulate(
    *reforms: str | Path | Sequence[str | Path], at: int | str | Sequence[int | str], rules: str = "us",
    population: Sequence[str] = (), **more: Unpack[Options],
) -> Simulation:  # fmt: skip
    """What reforms would do to a weighted population: each is a file, or several to be laid over each other.

    `at` is a year, `"2026..2035"`, or several. `population` are files, one an entity, or `["cps-homes"]`; without them
    it is the shipped sample. Amounts of the answer are decimals as text, exact: `answer.years[0].reforms[0].budget`
    holds the budget's lines. Raises Failure, Misuse or RulesInvalid before anything is computed.
    """
    each = tuple((Path(reform),) if isinstance(reform, str | Path) else tuple(map(Path, reform)) for reform in reforms)
    years = (str(at),) if isinstance(at, int | str) else tuple(map(str, at))
    listed: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in more.items()}
    files = {name: Path(listed[name]) for name in ("view", "columns") if listed.get(name)}
    return run_simulation(Request(rules, each, years, tuple(population), **{**listed, **files}))
