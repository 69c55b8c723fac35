"""Marginal rates of a batch: by how much a figure changes for each unit of currency that somebody has more of a fact.

In each group the fact is raised for who holds one role (the first that the rules declare, if none is named); a fact of
the group itself is raised in every group. A rate is the figure's change over the step, in nine decimals, half up; it is
empty where nobody was raised, or where there is no figure before or after.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from api.cases.naming import find_definition
from api.failures import Misuse, suggestion
from engine.ir.program import Definition, Program
from engine.native import Marginals
from engine.population.columns import Columns, unit_of
from engine.records import record
from engine.values.numbers import format_decimal
from engine.values.types import Kind

RATE_STEPS = 10**9
CLEAR = 100  # of the currency: over as much, cents are a hundredth of a percent
_MOST_STEPS = 10**8  # 1,000,000 on a grid of cents, so that a rest of it times 2 * RATE_STEPS is below 2**63


@record(frozen=True, slots=True)
class Marginal:
    """What is raised, for whom (empty: a fact of the group itself), and by how many of its steps."""

    fact: Definition
    role: str
    step: int


def read_marginal(program: Program, group: str, name: str, role: str, step: str) -> Marginal:
    """What `--marginal`, `--marginal-of` and `--marginal-step` mean for the figures of a group. Raises Misuse."""
    fact = find_definition(program, name)
    declared = program.settings.entities[group]
    if fact.type.kind is not Kind.MONEY or fact.entity not in (group, declared.of):
        raise Misuse(f"`{name}` cannot be raised for a {group}", f"name an amount of money of a {group} or its people")
    if fact.entity == group:
        if role:
            raise Misuse(f"`{name}` is a fact of the {group}, not of one who is in it", "leave out `--marginal-of`")
    else:
        roles = [declared_role.name for declared_role in declared.roles]
        if role and role not in roles:
            raise Misuse(
                f"there is no role `{role}` in a {group}", suggestion(role, roles, f"one of {', '.join(roles)}")
            )
        role = role or roles[0]
    return Marginal(fact, role, _steps(program, fact, step))


def _steps(program: Program, fact: Definition, text: str) -> int:
    try:
        steps = Fraction(text.replace("_", "")) * unit_of(program, fact)
    except (ValueError, ZeroDivisionError):
        steps = Fraction(0)
    if steps.denominator != 1 or not 0 < steps <= _MOST_STEPS:
        raise Misuse(f"`{text}` is no amount to raise `{fact.short_name}` by", "for example `--marginal-step 100`")
    return int(steps)


def blurred(program: Program, marginal: Marginal) -> str:
    """What to say where the step is so small that rounding shows: each figure behind a rate is rounded to its grid, so
    the rate is off by up to a grid's step over the step for each of them. Nothing from 100 of the currency on."""
    unit = unit_of(program, marginal.fact)
    if marginal.step >= CLEAR * unit:
        return ""
    currency, grid = program.settings.currency, program.settings.money_grid
    off = format_decimal(round(grid * 100 * unit / marginal.step, 4))
    step = format_decimal(Fraction(marginal.step, unit))
    return (
        f"over {step} {currency} rates show how figures are rounded: each that is rounded on the way moves them by up "
        f"to {off}%; `--marginal-step {CLEAR}` shows the law's"
    )


def raised_rows(program: Program, columns: Columns, group: str, marginal: Marginal) -> NDArray[np.bool_]:
    """The rows of the fact's entity that are to be raised."""
    if not marginal.role:
        return np.ones(columns.counts[marginal.fact.entity], dtype=np.bool_)
    link = columns.groups[group]
    roles = [role.name for role in program.settings.entities[group].roles]
    return np.asarray((link.group >= 0) & (link.role == roles.index(marginal.role)))


def touched_rows(
    columns: Columns, group: str, entity: str, marginal: Marginal, raised: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """The rows of an entity (the group, or its people) whose group has somebody who was raised."""
    touched = np.zeros(columns.counts[group] + 1, dtype=np.bool_)  # the last stands for who is in no group
    of = columns.groups[group].group
    if marginal.role:
        touched[of[raised]] = True
    else:
        touched[:-1] = raised
    return touched[:-1] if entity == group else touched[of]


def rates(
    program: Program, definition: Definition, name: str, marginals: Marginals, marginal: Marginal
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """A figure's change for each unit of the fact, in steps of a billionth, and where that is too large to be held."""
    change = marginals.after.figures[name].entries.astype(np.int64) - marginals.before.figures[name].entries.astype(
        np.int64
    )
    over = Fraction(marginal.step * unit_of(program, definition), unit_of(program, marginal.fact))
    change, divisor = change * over.denominator, over.numerator
    large = np.abs(change) >= divisor * 10**9
    whole, rest = np.divmod(np.where(large, 0, change), divisor)
    return whole * RATE_STEPS + (2 * RATE_STEPS * rest + divisor) // (2 * divisor), large
