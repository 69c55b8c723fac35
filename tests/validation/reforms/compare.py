"""Changes that reforms make, ours beside taxcalc's, unit by unit.

1. `peer.py` wrote units of a year, reforms, and taxcalc's answers with each and without.
2. Each reform is translated as `rulewright translate` does it, and laid over the rules.
3. Who itemizes is given as taxcalc chose it, with the reform and without (26 USC 63(e) leaves the choice).
4. A change is the figure with the reform less the figure without. Where ours and taxcalc's are more than a dollar
   apart, the difference belongs to a class of `classes.py`, or is unexplained.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from api.cases.naming import find_definition
from api.compat.reforms.translating import translate_text
from api.rules.programs import load_program
from api.taxsim.batch import Unit
from api.taxsim.batch_columns import columns_of
from engine.ir.program import Program
from engine.native import evaluate
from engine.population.columns import Cell, Columns, column_of
from engine.reading.declarations import Ruleset
from engine.values.periods import Period, parse_period
from tests.validation import cps, taxcalc_peer
from tests.validation.compare import Difference, Tally
from tests.validation.reforms.classes import Sides, explain
from tests.validation.reforms.laying import declared_law, laid_over

DATA = Path(__file__).parents[1] / "data" / "reforms"
SOURCE = "taxcalc, reforms"
Array = NDArray[Any]
Arrays = Mapping[str, Array]


@dataclass(frozen=True, slots=True)
class Asked:
    """A reform as taxcalc was asked of it: its number, its year, and the parameters in its own form."""

    number: int
    year: int
    reform: Mapping[str, Any]

    @property
    def names(self) -> tuple[str, ...]:
        """The parameters that it moves."""
        return tuple(name for name in self.reform if not name.endswith("-indexed"))

    @property
    def title(self) -> str:
        """What is moved, when and whereto."""
        return "; ".join(f"{name} {self.reform[name]}" for name in self.names)


def asked(folder: Path) -> list[Asked]:
    """The reforms of a folder, in order."""
    said = json.loads((folder / "reforms.json").read_text(encoding="utf-8"))
    return [Asked(number, row["year"], row["reform"]) for number, row in enumerate(said)]


def overlay(reform: Asked) -> str:
    """The reform as an overlay of ours, as `rulewright translate` writes it."""
    translated = translate_text(f"reform {reform.number}", json.dumps(reform.reform), current_law)
    assert not translated.unread, translated.unread
    return translated.text


@cache
def current_law() -> Program:
    """The rules."""
    return load_program("us")


@cache
def written() -> Ruleset:
    """The rules as they are written."""
    return declared_law("us")


def columns(program: Program, period: Period, units: Arrays) -> Columns:
    """The units of a year as columns, without who itemizes."""
    rows = [_unit(units, row, period) for row in range(len(units["MARS"]))]
    people = [(row, person.role, person.facts) for row, unit in enumerate(rows) for person in unit.people]
    facts = [unit.facts for unit in rows]
    names = dict.fromkeys(name for each in (*facts, *(item for _, _, item in people)) for name in each)
    definitions = {name: find_definition(program, name) for name in names}
    return columns_of(program, period, "tax_unit", facts, people=people, documents=[], definitions=definitions)


def _unit(units: Arrays, row: int, period: Period) -> Unit:
    said = {name: f"{values[row]:.12g}" for name, values in units.items()} | {"FLPDYR": str(period)}
    unit = taxcalc_peer.unit_of(said)
    head = replace(
        unit.people[0], facts={**unit.people[0].facts, "other_miscellaneous_expenses": Fraction(said["e20400"])}
    )
    return Unit((head, *unit.people[1:]), unit.facts)


def itemizing(program: Program, population: Columns, answers: Arrays, units: Arrays) -> Columns:
    """The population with taxcalc's choice to itemize: it has no standard deduction then; whose spouse itemizes
    (`MIDR`) has none in any case."""
    cell = Cell(find_definition(program, "tax_unit_itemizes").name, population.at)
    forced = units.get("MIDR", np.zeros(1)) == 1
    chosen = np.where(forced, answers["out_c04470"] > 0, answers["out_standard"] == 0)
    return replace(population, columns={**population.columns, cell: column_of(chosen.astype(np.int64), None)})


def ours(program: Program, population: Columns) -> dict[str, Array]:
    """The figures that are compared, in cents. No unit may be without one."""
    result = evaluate(program, population, cps.WANTED).figures
    for name in cps.WANTED:
        status = result[name].status
        assert status is None or not status.any(), f"{name}: {int(status.sum())} units have no figure"
    return {
        figure: np.asarray(sum(result[name].entries.astype(np.int64) for name in names))
        for figure, (names, _, _) in cps.FIGURES.items()
    }


def theirs(answers: Arrays, year: int) -> dict[str, Array]:
    """Taxcalc's, in cents."""

    def cents(names: Sequence[str]) -> Array:
        columns = [np.round(answers[f"out_{name}"] * 100).astype(np.int64) for name in names]
        return np.sum(columns, axis=0) if columns else np.zeros(len(answers["out_c00100"]), dtype=np.int64)

    wholly = cps.WHOLLY_REFUNDED.get(year, ())
    return {
        figure: cents((*plus, *(wholly if figure == "ACTC" else ()))) - cents(minus)
        for figure, (_, plus, minus) in cps.FIGURES.items()
    }


@dataclass(frozen=True, slots=True, eq=False)
class Before:
    """A year under the law: the units, and what both calculators say of them."""

    population: Columns
    units: Arrays
    ours: Mapping[str, Array]
    theirs: Mapping[str, Array]


def before(program: Program, folder: Path, year: int) -> Before:
    """A year of a folder under the law."""
    units = cps.read(folder / f"units_{year}.npz")
    population = columns(program, parse_period(str(year)), units)
    return Before(population, units, ours(program, itemizing(program, population, units, units)), theirs(units, year))


def tallies(law: Before, reform: Asked, answers: Arrays) -> Iterator[Tally]:
    """For each figure, on how many units both change it alike."""
    program = laid_over(current_law(), written(), overlay(reform))
    after, after_theirs = (
        ours(program, itemizing(program, law.population, answers, law.units)),
        theirs(answers, reform.year),
    )
    for figure in cps.FIGURES:
        mine, yours = after[figure] - law.ours[figure], after_theirs[figure] - law.theirs[figure]
        tally = Tally(SOURCE, figure, reform.year, cases=len(mine), runnable=len(mine))
        apart = np.flatnonzero(np.abs(mine - yours) > 100)
        tally.agreeing = tally.cases - len(apart)
        for row in apart.tolist():
            case = f"{reform.number}/{law.units['RECID'][row]}"
            difference = Difference(
                case, reform.year, figure, Fraction(int(mine[row]), 100), Fraction(int(yours[row]), 100)
            )
            sides = Sides(reform.names, cps.facts(law.units, reform.year, row), _with(law.units, answers, reform, row))
            tally.differences.append(replace(difference, explained=explain(difference, sides)))
        yield tally


def _with(units: Arrays, answers: Arrays, reform: Asked, row: int) -> dict[str, str]:
    return cps.facts({**units, **answers}, reform.year, row)


def compare(folder: Path, only: Sequence[int] = ()) -> Iterator[tuple[Asked, list[Tally]]]:
    """Every reform of a folder, or those that are named by their numbers."""
    years: dict[int, Before] = {}
    for reform in asked(folder):
        if only and reform.number not in only:
            continue
        if reform.year not in years:
            years[reform.year] = before(current_law(), folder, reform.year)
        yield reform, list(tallies(years[reform.year], reform, cps.read(folder / f"reform_{reform.number}.npz")))
