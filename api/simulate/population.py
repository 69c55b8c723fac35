"""A weighted population: files or the shipped sample, checked at the door, carried forward to the year asked for.

1. Weights are decimals in a column of the units' table. One that is missing, no number, or below zero is refused.
2. Money of the population's own year is multiplied by an index of the rules, exactly, and rounded to the money grid,
   halves away from zero. Ages and who is there stay as they are; weights grow with the population's own total, where
   the view says it by year. What was done is said in sentences.
3. Columns that are not facts of the rules (a state's number, a survey's id) are left aside and named.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from fractions import Fraction
from typing import Any

import numpy as np
import pyarrow
from numpy.typing import NDArray

from api.batch.begun import whole_table
from api.batch.files import find_inputs
from api.batch.made_facts import require_made
from api.failures import Failure, Misuse, count, suggestion
from api.simulate.column_map import ColumnMap, renamed
from api.simulate.view import View
from api.simulate.weights import MAX_SHOWN, read_weights
from engine.interpret.constants import Constants
from engine.ir.program import Program
from engine.population.columns import Column, Columns, column_of, unit_of
from engine.population.door import from_arrow
from engine.values.periods import Period
from engine.values.types import Kind

pa: Any = pyarrow
UNITS, HOMES = "cps", "cps-homes"
WEIGHT_PLACES = 10**4


@dataclass(frozen=True, slots=True, eq=False)
class Population:
    """Units and people as columns. A unit stands for `weights[i] / weight_scale` units.

    `notes` say what was done to the data. `digest` is a SHA-256 over the tables as they were read.
    """

    about: str
    columns: Columns
    weights: NDArray[np.int64]
    weight_scale: int
    notes: tuple[str, ...]
    digest: str

    @property
    def units(self) -> int:
        """How many units there are, unweighted."""
        return len(self.weights)


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """Tables by entity as they were read, and their files. `year`: of which their money is (None: that asked for).
    `notes`: what was left aside in reading. `weights_by_year`: how many units there are in other years, where it is
    known of the population."""

    about: str
    tables: Mapping[str, Any]
    files: Mapping[str, str]
    year: int | None
    digest: str
    notes: tuple[str, ...] = ()
    weights_by_year: Mapping[int, Fraction] = field(default_factory=dict)


def read_source(
    program: Program, view: View, given: Sequence[str], year: int | None,
    *, columns: ColumnMap | None = None, weight: str = "",
) -> Source:  # fmt: skip
    """The population that is meant: `cps` (or nothing) is the shipped sample of units, `cps-homes` that of whole
    households, else files, whose columns a map may name. Raises Failure."""
    if (name := shipped_name(given)) is not None:
        return _sample(view, name)
    paths = find_inputs(program, list(given))
    for entity in (view.unit, view.person):
        if entity not in paths:
            plural = program.settings.entities[entity].plural
            raise Misuse(f"the population has no file of {plural}", f"give one: `--population {plural}.parquet`")
    tables = {entity: whole_table(path) for entity, path in paths.items()}
    digest = hashlib.sha256(b"".join(hashlib.sha256(path.read_bytes()).digest() for path in paths.values()))
    about = ", ".join(path.name for path in paths.values())
    files = {entity: str(path) for entity, path in paths.items()}
    notes: tuple[str, ...] = ()
    if columns is not None:
        tables, notes = renamed(program, columns, tables, weight or view.weight)
    return Source(about, tables, files, year, digest.hexdigest(), notes)


def shipped_name(given: Sequence[str]) -> str | None:
    """The name of the shipped sample that is meant; None if files are."""
    names = list(given) or [UNITS]
    return names[0] if names in ([UNITS], [HOMES]) else None


def shipped_notes(view: View, name: str) -> tuple[str, ...]:
    """What was done to a shipped sample, and what was imputed."""
    return tuple((view.population["homes"] if name == HOMES else view.population).get("notes", ()))


def _sample(view: View, name: str) -> Source:
    if not view.population or (name == HOMES and "homes" not in view.population):
        raise Misuse("these rules have no such sample of their own", "give files: `--population people.parquet …`")
    from citizens import sample

    folder = sample.HOMES_FOLDER if name == HOMES else sample.FOLDER
    digest = hashlib.sha256(b"".join((folder / file).read_bytes() for file in ("people.csv.gz", "tax_units.csv.gz")))
    loaded = sample.load_homes() if name == HOMES else sample.load_sample()
    tables = {view.person: loaded.people, view.unit: loaded.tax_units}
    files = {view.person: "people", view.unit: "tax_units"}
    if isinstance(loaded, sample.Homes):
        tables |= {"dwelling": loaded.dwellings, "family": loaded.families}
        files |= {"dwelling": "dwellings", "family": "families"}
    about = str((view.population["homes"] if name == HOMES else view.population)["about"])
    by_year = {int(at): Fraction(str(total)) for at, total in view.population.get("weights", {}).items()}
    return Source(about, tables, files, int(view.population["year"]), digest.hexdigest(), weights_by_year=by_year)


def admit(
    program: Program, view: View, source: Source, at: Period, *, weight: str, index: str, replicates: str = ""
) -> Population:
    """The population at `at`; columns that fit `replicates` are not told as unread. Raises Failure of all faults."""
    check_index(program, index)
    units = source.tables[view.unit]
    weights, scale, rounded = read_weights(units, weight or view.weight, source.files[view.unit])
    tables, aside = dict(source.tables), list[str]()
    apart = [name for name in units.column_names if name == (weight or view.weight) or fnmatchcase(name, replicates)]
    tables[view.unit] = units.drop_columns(apart)
    for entity, table in list(tables.items()):
        unread = [name for name in table.column_names if _is_no_fact(program, entity, name)]
        tables[entity] = table.drop_columns(unread)
        aside += unread
    gathered = from_arrow(program, at, tables, files=source.files)
    if gathered.columns is None:
        shown = "\n  ".join(str(problem) for problem in gathered.problems[:MAX_SHOWN])
        more = f"\n  … and {len(gathered.problems) - MAX_SHOWN:,} more" if len(gathered.problems) > MAX_SHOWN else ""
        raise Failure(
            f"the population has {count(len(gathered.problems), 'fault')}:\n  {shown}{more}", "correct the cells"
        )
    require_made(program, gathered.columns, tables)
    empty = _empty_said(program, gathered.columns)
    columns, notes = _carried(program, gathered.columns, source.year, at, index)
    if source.year is not None and str(source.year) != str(at) and index not in ("", "none"):
        weights, scale, said = _grown(weights, scale, source, at)
        notes = (*notes, said)
    notes = (*notes, *rounded, *empty, *source.notes)
    if aside:
        notes = (*notes, _unread_said(sorted(aside)))
    return Population(source.about, columns, weights, scale, notes, source.digest)


def _unread_said(names: Sequence[str]) -> str:
    more = f" and {len(names) - MAX_SHOWN:,} more" if len(names) > MAX_SHOWN else ""
    return f"Columns that are not facts of the rules were not read: {', '.join(names[:MAX_SHOWN])}{more}."


def _empty_said(program: Program, columns: Columns) -> tuple[str, ...]:
    """What to say of columns of which some cells are empty; of dependents that have no such income too."""
    told = [
        f"`{cell.name.rpartition(':')[2]}` of {int(column.missing.sum()):,} of {len(column.entries):,} "
        + program.settings.entities[program.definitions[cell.name].entity].plural
        for cell, column in columns.columns.items()
        if column.missing is not None and column.missing.any()
    ]
    if not told:
        return ()
    more = f" and {len(told) - MAX_SHOWN} more facts" if len(told) > MAX_SHOWN else ""
    return (f"Empty cells count as the rules assume of a complete return: {', '.join(told[:MAX_SHOWN])}{more}.",)


def _is_no_fact(program: Program, entity: str, name: str) -> bool:
    settings = program.settings
    plain = name.partition("@")[0]
    links = {"id", "role", f"{entity}_id", *(f"{linked}_id" for linked in settings.entities)}
    links |= {f"{linked}_role" for linked in settings.entities}
    return plain not in links and program.find(plain) is None


def check_index(program: Program, index: str) -> None:
    """Raise Misuse if what is to carry money on is not there, whether or not it is needed."""
    if index not in ("", "none", *program.parameters):
        raise Misuse(f"there is no index `{index}`", suggestion(index, program.parameters, "`--uprate none`"))


def index_factor(program: Program, index: str, start: int, at: Period) -> Fraction:
    """How much an index of the rules grows from a year to a period. Raises Misuse for one that is not there."""
    check_index(program, index)
    constants = Constants(program)
    then = constants.at(index, program.settings.period(str(start)).start)
    now = constants.at(index, at.start)
    if then is None or now is None or not then.content:
        raise Misuse(f"`{index}` has no value for {start}", "name another index, or `--uprate none`")
    return Fraction(now.content) / Fraction(then.content)


def _carried(
    program: Program, columns: Columns, year: int | None, at: Period, index: str
) -> tuple[Columns, tuple[str, ...]]:
    if year is None or str(year) == str(at):
        return columns, (f"Money and weights are of {at} as they stand in the data.",)
    if index in ("", "none"):
        return columns, (f"The data are of {year} and were not carried forward to {at}.",)
    factor = index_factor(program, index, year, at)
    moved = {}
    for cell, column in columns.columns.items():
        definition = program.definitions[cell.name]
        moved[cell] = _times(column, factor) if definition.type.kind is Kind.MONEY else column
        high = definition.high
        if high is not None and moved[cell].high > high * unit_of(program, definition):
            raise Failure(f"`{cell.name}` goes beyond its range when it is carried to {at}", "use `--uprate none`")
    said = (
        f"Money of {year} was multiplied by {float(factor):.6f}, the growth of `{index}` from {year} to {at}, and "
        "rounded to the money grid; ages and who is there are as in the data."
    )
    return replace(columns, columns=moved), (said,)


def _grown(weights: NDArray[np.int64], scale: int, source: Source, at: Period) -> tuple[NDArray[np.int64], int, str]:
    """The weights of another year, where it is known how many units there are then, and what was done."""
    then, now = (source.weights_by_year.get(year) for year in (source.year or 0, at.start.year))
    if then is None or now is None:
        return weights, scale, f"Weights are those of {source.year}: how many units there are in {at} is not known."
    if int(weights.max()) * WEIGHT_PLACES >= 2**53 * scale:
        raise Failure("weights have too many digits to be carried to another year", "round them to four decimals")
    times = WEIGHT_PLACES * now / then / scale
    grown = (2 * weights.astype(object) * times.numerator + times.denominator) // (2 * times.denominator)
    said = (
        f"Weights of {source.year} were multiplied by {float(now / then):.6f}, the growth of the survey's own total to "
        f"{at}, and rounded to four decimals."
    )
    return np.array(grown, dtype=np.int64), WEIGHT_PLACES, said


def _times(column: Column, factor: Fraction) -> Column:
    """Entries times a factor, halves away from zero, in whole numbers throughout."""
    size = np.abs(column.entries.astype(np.int64)).astype(object)
    scaled = (2 * size * factor.numerator + factor.denominator) // (2 * factor.denominator)
    entries = np.array(scaled, dtype=np.int64) * np.sign(column.entries.astype(np.int64))
    return column_of(entries, column.missing)
