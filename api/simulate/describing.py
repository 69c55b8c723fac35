"""`population describe`: what a population holds, before anybody simulates on it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from api.cases.naming import read_period
from api.rules import programs
from api.simulate.calibrating import effective_units
from api.simulate.column_map import read_column_map
from api.simulate.exactly import exact_text, rounded_text, total_of, weighted_total
from api.simulate.groups import sizes
from api.simulate.household_benefits import missing
from api.simulate.households import households_of
from api.simulate.outcomes import units_of
from api.simulate.population import Population, admit, read_source, shipped_name, shipped_notes
from api.simulate.suppress import SMALL_BELOW, suppressed
from api.simulate.view import View, load_view
from engine.ir.program import Program
from engine.population.columns import Entries, unit_of
from engine.values.types import Kind


@dataclass(frozen=True, slots=True)
class FactDescribed:
    """A fact: for how many rows it is stated, for how many it is not zero (null below ten), and its weighted total.

    `total` is exact, of amounts and counts; empty for others, and where too few have it.
    """

    fact: str
    entity: str
    label: str
    stated: int
    not_zero: int | None
    total: str


@dataclass(frozen=True, slots=True)
class HouseholdsDescribed:
    """The homes of a population that says who shares one: how many they are and stand for, how many people one has on
    average, and the share of each size, in per cent."""

    n: int
    weight: str
    mean_size: str
    share_by_size: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class BenefitDescribed:
    """A benefit of households, and what the population does not say of what it asks: with nothing, it is counted."""

    figure: str
    label: str
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PopulationDescribed:
    """A population: its rows by entity, what they stand for, its facts, and what was done to it or is not in it.
    `households`: if it says who shares a home."""

    about: str
    year: str
    rows: Mapping[str, int]
    weight: str
    largest_weight_share: str
    effective_units: int
    facts: tuple[FactDescribed, ...]
    incomes_without: tuple[str, ...]
    notes: tuple[str, ...]
    sha256: str
    households: HouseholdsDescribed | None = None
    benefits: tuple[BenefitDescribed, ...] = ()


def describe_population(
    rules: str,
    given: Sequence[str],
    at: str,
    weight: str,
    *,
    data_year: int | None = None,
    columns: Path | None = None,
    view_file: Path | None = None,
) -> PopulationDescribed:
    """What the shipped sample, or the files given, hold. Money is as in the data unless `at` is another year."""
    program = programs.load_program(rules)
    view = load_view(program, view_file)
    mapped = read_column_map(program, columns) if columns is not None else None
    source = read_source(program, view, given, data_year, columns=mapped, weight=weight)
    period = read_period(program, at or str(source.year or program.settings.covers_to.year))
    population = admit(program, view, source, period, weight=weight, index=view.uprate)
    weights = population.weights
    facts = tuple(_facts(program, view, population))
    counted = {fact.fact for fact in facts}
    name = shipped_name(given)
    notes = shipped_notes(view, name) if name is not None else ()
    return PopulationDescribed(
        population.about, str(period), dict(population.columns.counts),
        exact_text(total_of(weights), population.weight_scale),
        exact_text(round(Fraction(int(weights.max()) * 10**6, int(weights.sum()))), 10**4),
        effective_units(weights), facts,
        tuple(name for name in view.incomes if name not in counted), (*notes, *population.notes), population.digest,
        _households(program, view, population), tuple(_benefits(program, view, population)),
    )  # fmt: skip


def _benefits(program: Program, view: View, population: Population) -> Iterator[BenefitDescribed]:
    for name, benefit in view.household_benefits.items():
        yield BenefitDescribed(name, benefit.label, tuple(missing(program, view, population.columns, name)))


def _households(program: Program, view: View, population: Population) -> HouseholdsDescribed | None:
    homes = households_of(program, view, population, units_of(program, view, population))
    if homes is None:
        return None
    way, whole = sizes(homes.units), total_of(homes.weights)
    hidden = suppressed(np.bincount(way.of, minlength=len(way.labels)).reshape(-1, 1))[:, 0]
    shares = {
        label: "" if hidden[place] else rounded_text(Fraction(100 * total_of(homes.weights[way.of == place]), whole), 2)
        for place, label in enumerate(way.labels)
    }
    people = weighted_total(homes.units.size, homes.weights)
    scale = population.weight_scale
    return HouseholdsDescribed(
        len(homes.first), exact_text(whole, scale), rounded_text(Fraction(people, whole), 3), shares
    )


def _facts(program: Program, view: View, population: Population) -> Iterator[FactDescribed]:
    columns = population.columns
    for cell, column in sorted(columns.columns.items(), key=lambda pair: (pair[0].name, str(pair[0].period))):
        definition = program.definitions[cell.name]
        there = np.ones(len(column.entries), dtype=np.bool_) if column.missing is None else ~column.missing
        full = there & (column.entries != 0)
        n = int(full.sum())
        small = 0 < n < SMALL_BELOW
        total = ""
        weights = _weights_of(view, population, definition.entity)
        if definition.type.kind in (Kind.MONEY, Kind.BOOLEAN) and weights is not None and not small:
            total = exact_text(
                weighted_total(np.where(there, column.entries, 0), weights),
                unit_of(program, definition) * population.weight_scale,
            )
        yield FactDescribed(
            definition.short_name, definition.entity, definition.label, int(there.sum()), None if small else n, total
        )


def _weights_of(view: View, population: Population, entity: str) -> Entries | None:
    """The weights of an entity's rows: the unit's own, and for people those of their unit."""
    if entity == view.unit:
        return population.weights
    if entity != view.person:
        return None
    group = population.columns.groups[view.unit].group
    return np.where(group >= 0, population.weights[np.maximum(group, 0)], 0)
