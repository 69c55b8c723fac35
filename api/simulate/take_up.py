"""Take-up: of those who are due a benefit, the part that claims it.

Who does not claim is drawn once, from a seed, and is the same under every law and in every year; without a stated part
everybody claims. A benefit that is not claimed is nothing, and so is its part of what the view says that it goes into
(a refundable credit: less of all refundable credits, more of the tax less them). Marginal rates are those of claimants.

Benefits of households read a fact that says who takes them up. Where a population does not state it, it is drawn in the
same way (`takes_up_snap=80%`), and becomes a column of the population.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pyarrow
from numpy.typing import NDArray

from api.cases.naming import find_definition
from api.failures import Misuse, suggestion
from api.simulate.outcomes import Outcome
from api.simulate.population import Source
from api.simulate.view import View
from engine.ir.program import Program
from engine.population.columns import unit_of
from engine.values.numbers import parse_decimal
from engine.values.types import Kind


def read_take_up(program: Program, view: View, texts: Sequence[str]) -> dict[str, Fraction]:
    """The parts that `eitc=80%` and the like mean; a set of figures stands for its benefits. Raises Misuse."""
    parts: dict[str, Fraction] = {}
    for text in texts:
        name, equals, said = text.partition("=")
        meant = _meant(program, view, name)
        try:
            part = parse_decimal(said.removesuffix("%")) / (100 if said.endswith("%") else 1)
        except ValueError:
            part = Fraction(-1)
        if not equals or not 0 <= part <= 1:
            raise Misuse(
                f"`--take-up {text}` does not say which part of those who are due it claims",
                f"write a part from 0% to 100%: `--take-up {name}=80%`",
            )
        parts |= dict.fromkeys(meant, part)
    return parts


def _meant(program: Program, view: View, name: str) -> list[str]:
    """The benefits and facts of take-up that a name means. Raises Misuse where it means none."""
    names = [*view.claims, *_facts_of_take_up(program, view, view.household_benefits)]
    if name in names:
        return [name]
    figure_set = program.settings.figure_sets.get(name)
    figures = figure_set.figures if figure_set is not None else ()
    counted = [figure for figure in figures if figure in view.household_benefits]
    meant = [*(figure for figure in figures if figure in view.claims), *_facts_of_take_up(program, view, counted)]
    if meant:
        return meant
    known = "those whose take-up can be stated: " + ", ".join(f"`{each}`" for each in names)
    choices = [*names, *program.settings.figure_sets]
    raise Misuse(f"nothing says what not claiming `{name}` means", suggestion(name, choices, known))


def _facts_of_take_up(program: Program, view: View, benefits: Iterable[str]) -> list[str]:
    """The facts that say who takes up these benefits of households."""
    needs = dict.fromkeys(need for name in benefits for need in view.household_benefits[name].needs)
    facts = {name: program.find(name) for name in needs if name not in program.settings.entities}
    return [name for name, fact in facts.items() if fact is not None and fact.type.kind is Kind.BOOLEAN]


def with_take_up(program: Program, view: View, source: Source, parts: Mapping[str, Fraction], seed: int) -> Source:
    """The population with a column for each fact of take-up that is to be drawn. Raises Misuse for one that the
    population states, and where it has no table for it."""
    tables = dict(source.tables)
    for name in (name for name in parts if name not in view.claims):
        entity = find_definition(program, name).entity
        plural = program.settings.entities[entity].plural
        if entity not in tables:
            raise Misuse(
                f"the population has no {plural}, of whom `{name}` is drawn", f"give them: `--population {plural}.csv`"
            )
        table = tables[entity]
        if name in {column.partition("@")[0] for column in table.column_names}:
            raise Misuse(f"the population states `{name}` itself", f"leave out the column, or `--take-up {name}`")
        tables[entity] = table.append_column(name, pyarrow.array(~_idle(len(table), name, parts[name], seed)))
    return replace(source, tables=tables)


def _idle(count: int, name: str, part: Fraction, seed: int) -> NDArray[np.bool_]:
    """Who does not claim, where a part does."""
    number = int.from_bytes(hashlib.sha256(f"{seed}/{name}".encode()).digest()[:8], "big")
    return np.asarray(np.random.Generator(np.random.PCG64(number)).random(count) >= float(part))


def claimed(outcome: Outcome, view: View, parts: Mapping[str, Fraction], seed: int) -> Outcome:
    """The outcome where so many claim."""
    figures = dict(outcome.figures)
    for name in (name for name in parts if name in view.claims):
        due = figures[name]
        idle = _idle(len(due), name, parts[name], seed)
        figures[name] = np.where(idle, 0, due)
        for figure, sign in view.claims[name].items():
            if figure in figures:
                steps = _steps(outcome, figure), _steps(outcome, name)
                figures[figure] = figures[figure] + sign * np.where(idle, due, 0) * steps[0] // steps[1]
    return replace(outcome, figures=figures)


def _steps(outcome: Outcome, name: str) -> int:
    definition = outcome.program.find(name)
    assert definition is not None
    return unit_of(outcome.program, definition)


def take_up_sentence(view: View, texts: Sequence[str]) -> str:
    """Who is taken to claim, in a sentence."""
    if not view.claims:
        return "Everybody is taken to claim what they are due."
    if not texts:
        return (
            "Take-up is full: everybody claims " + " and ".join(f"`{name}`" for name in view.claims) + " that is due."
        )
    drawn = f"Of those who are due a benefit so many claim it, drawn at random: {', '.join(texts)}."
    full = [name for name in view.claims if name not in {text.partition("=")[0] for text in texts}]
    return drawn + (f" Everybody claims {' and '.join(f'`{name}`' for name in full)} that is due." if full else "")
