"""Weights that add up to totals which are known from elsewhere: entropy balancing.

1. A target is a weighted sum over units: how many there are, how many people, the total of an amount, how many have
   something. Its column holds what each unit adds to it.
2. Of all weights that meet the targets those are taken that are nearest to the given ones in relative entropy. They are
   the given weight times exp(x'z) for a vector z with an entry a target (Deville and Särndal 1992, the multiplicative
   case; raking is the case where targets count categories). No weight falls below zero, and none of zero rises.
3. z is found by Newton's method on the convex dual; each step solves a linear system with LAPACK through numpy, and is
   halved until it leads down. Columns are scaled to their targets first.
4. Weights are rounded to six decimals, and the totals told are those of the rounded ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
from numpy.typing import NDArray

from api.cases.naming import find_definition, read_period
from api.failures import Failure, Misuse
from api.rules import programs
from api.simulate.column_map import read_column_map
from api.simulate.exactly import exact_text, rounded_text, weighted_total
from api.simulate.known import known_entries
from api.simulate.population import Population, admit, read_source
from api.simulate.settings_file import read_settings
from api.simulate.view import View, load_view
from engine.ir.program import Definition, Program
from engine.native import evaluate
from engine.native.plan.plan import cell_for
from engine.population.columns import Columns, unit_of
from engine.values.numbers import parse_decimal
from engine.values.types import Kind

pa: Any = pyarrow
Floats = NDArray[np.float64]
KINDS = ("units", "people", "total", "count")
PLACES = 6
MOST_STEPS, MOST_HALVINGS = 100, 40
CLOSE = 1e-9
_REMEDY = (
    "write, for each target, one of `total: FIGURE`, `count: FIGURE`, `units: all`, `people: all`, and `to: AMOUNT`"
)


@dataclass(frozen=True, slots=True)
class Target:
    """A total to be met: `kind` of what, `of` which value of an enumeration (empty: whatever is not zero)."""

    kind: str
    figure: str
    of: str
    to: Fraction
    source: str = ""

    @property
    def words(self) -> str:
        """What is added up."""
        match self.kind:
            case "units" | "people":
                return self.kind
            case "total":
                return f"total of {self.figure}"
        return f"count of {self.figure}" + (f" {self.of}" if self.of else "")


@dataclass(frozen=True, slots=True)
class TargetMet:
    """A target with its total under the given weights and under the new ones, exact."""

    target: str
    source: str
    before: str
    to: str
    after: str


@dataclass(frozen=True, slots=True)
class Calibrated:
    """The report: targets, by how much weights were multiplied, and how many units of equal weight they are as good as
    (Kish)."""

    population: str
    year: str
    targets: tuple[TargetMet, ...]
    steps: int
    least_ratio: str
    middle_ratio: str
    greatest_ratio: str
    effective_units_before: int
    effective_units_after: int
    notes: tuple[str, ...]


def read_targets(program: Program, path: Path) -> tuple[Target, ...]:
    """The targets of a file. Raises Misuse for one that cannot be understood."""
    said = read_settings(path, "a YAML file of targets")
    rows = said.get("targets") if isinstance(said, dict) else None
    if not isinstance(rows, list) or not rows:
        raise Misuse(f"`{path}` has no `targets`", _REMEDY)
    return tuple(_target(program, row, number, path) for number, row in enumerate(rows, 1))


def _target(program: Program, row: Any, number: int, path: Path) -> Target:
    kinds = [kind for kind in KINDS if isinstance(row, dict) and kind in row]
    if len(kinds) != 1 or "to" not in row or {*row} - {*KINDS, "to", "of", "source"}:
        raise Misuse(f"target {number} of `{path}` cannot be understood", _REMEDY)
    try:
        amount = parse_decimal(str(row["to"]))
    except ValueError as fault:
        raise Misuse(f"target {number} of `{path}`: {fault}", "write a plain number") from None
    figure, of = str(row[kinds[0]]), str(row.get("of", ""))
    if kinds[0] in ("total", "count"):
        definition = find_definition(program, figure)
        members = program.settings.enums[definition.type.enum].members if definition.type.enum else ()
        if (of or members) and (kinds[0] == "total" or of not in members):
            known = ", ".join(f"`{member}`" for member in members)
            raise Misuse(
                f"target {number}: `{figure}` has no value `{of}`", f"say `of:` one of {known}" if members else ""
            )
        if kinds[0] == "total" and definition.type.kind not in (Kind.MONEY, Kind.INTEGER):
            raise Misuse(
                f"target {number}: `{figure}` is neither an amount nor a number", "`count:` says how many have it"
            )
    return Target(kinds[0], figure, of, amount, str(row.get("source", "")))


def calibrate(
    rules: str, targets: Path, given: Sequence[str], at: str, *, weight: str, data_year: int | None = None,
    columns: Path | None = None, view_file: Path | None = None,
) -> tuple[Calibrated, Any]:  # fmt: skip
    """The report, and the units' table with the new weights. Raises Failure where no weights meet the targets."""
    program = programs.load_program(rules)
    view = load_view(program, view_file)
    wanted = read_targets(program, targets)
    mapped = read_column_map(program, columns) if columns is not None else None
    source = read_source(program, view, given, data_year, columns=mapped, weight=weight)
    period = read_period(program, at or str(source.year or program.settings.covers_to.year))
    population = admit(program, view, source, period, weight=weight, index=view.uprate)
    parts = [_column(program, view, population.columns, target) for target in wanted]
    old = population.weights / population.weight_scale
    exact = [float(target.to) for target in wanted]
    ratio, steps = balanced(old, np.stack([part / unit for part, unit in parts], axis=1), np.array(exact), wanted)
    new = np.rint(old * ratio * 10**PLACES).astype(np.int64)
    report = _report(
        population, str(period), wanted, [(entries, unit) for entries, unit in parts], new=new, steps=steps
    )
    table = source.tables[view.unit]
    name = weight or view.weight
    texts = pa.array([exact_text(int(each), 10**PLACES) for each in new])
    return report, table.set_column(table.column_names.index(name), name, texts)


def _column(program: Program, view: View, columns: Columns, target: Target) -> tuple[NDArray[np.int64], int]:
    """What each unit adds to a target, in whole numbers, and how many of them make one."""
    group, count = columns.groups[view.unit].group, columns.counts[view.unit]
    if target.kind == "units":
        return np.ones(count, dtype=np.int64), 1
    if target.kind == "people":
        return np.bincount(group[group >= 0], minlength=count).astype(np.int64), 1
    definition = find_definition(program, target.figure)
    entries = _entries(program, columns, definition)
    if target.kind == "count":
        members = list(program.settings.enums[definition.type.enum].members) if target.of else []
        entries = ((entries == members.index(target.of)) if target.of else (entries != 0)).astype(np.int64)
    unit = unit_of(program, definition) if target.kind == "total" else 1
    if definition.entity == view.unit:
        return entries, unit
    if definition.entity != view.person:
        raise Misuse(
            f"`{target.figure}` is of a {definition.entity}", f"name figures of a {view.unit} or {view.person}"
        )
    summed = np.zeros(count, dtype=np.int64)
    np.add.at(summed, group[group >= 0], entries[group >= 0])
    return summed, unit


def _entries(program: Program, columns: Columns, definition: Definition) -> NDArray[np.int64]:
    """A fact as it is stated, or a figure as it is computed."""
    stated = columns.columns.get(cell_for(program, definition.short_name, columns.at))
    if stated is not None and stated.missing is None:
        return stated.entries.astype(np.int64)
    figures = evaluate(program, columns, [definition.name]).figures[definition.name]
    return known_entries(definition.short_name, figures)


def balanced(weights: Floats, columns: Floats, totals: Floats, targets: Sequence[Target]) -> tuple[Floats, int]:
    """By what each weight is to be multiplied, and after how many steps. Raises Failure where nothing meets all."""
    scale = np.maximum(np.abs(totals), np.maximum(np.abs(weights @ columns), 1.0))
    x, aim = columns / scale, totals / scale
    z = np.zeros(len(aim))
    value, moved = _dual(weights, x, aim, z)
    for step in range(MOST_STEPS):
        gap = moved @ x - aim
        if np.abs(gap).max() <= CLOSE:
            return np.asarray(moved / np.where(weights > 0, weights, 1.0)), step
        downhill = np.linalg.lstsq((x * moved[:, None]).T @ x, -gap, rcond=1e-13)[0]
        for halving in range(MOST_HALVINGS):
            trial = z + downhill * 0.5**halving
            new_value, new_moved = _dual(weights, x, aim, trial)
            if np.isfinite(new_value) and new_value < value:
                break
        else:
            break
        z, value, moved = trial, new_value, new_moved
    missed = [target.words for target, each in zip(targets, moved @ x - aim, strict=True) if abs(each) > CLOSE]
    raise Failure(
        "no weights meet all targets together: " + ", ".join(missed),
        "leave out a target, or see whether two of them contradict each other or the data",
    )


def _dual(weights: Floats, x: Floats, aim: Floats, z: Floats) -> tuple[float, Floats]:
    with np.errstate(over="ignore", invalid="ignore"):
        moved = weights * np.exp(x @ z)
    return float(moved.sum() - aim @ z), moved


def _report(
    population: Population, year: str, targets: Sequence[Target], parts: Sequence[tuple[Any, int]],
    *, new: NDArray[np.int64], steps: int,
) -> Calibrated:  # fmt: skip
    old, scale = population.weights, population.weight_scale
    met = tuple(
        TargetMet(
            target.words, target.source, exact_text(weighted_total(entries, old), scale * unit),
            exact_text(target.to.numerator, target.to.denominator),
            exact_text(weighted_total(entries, new), 10**PLACES * unit),
        )
        for target, (entries, unit) in zip(targets, parts, strict=True)
    )  # fmt: skip
    ratios = (new / 10**PLACES)[old > 0] / (old / scale)[old > 0]
    least, middle, most = (rounded_text(float(of(ratios)), 4) for of in (np.min, np.median, np.max))
    return Calibrated(
        population.about, year, met, steps, least, middle, most,
        effective_units(old), effective_units(new), population.notes,
    )  # fmt: skip


def effective_units(weights: NDArray[np.int64]) -> int:
    """How many units of equal weight are as good (Kish 1965)."""
    shares = weights / weights.sum()
    return round(float(1 / (shares**2).sum()))
