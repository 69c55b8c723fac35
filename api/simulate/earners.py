"""What is kept of earnings: of a little more by one person of each unit, and of all that the person earns.

1. An earner is whoever has a role of the unit that one person alone has: its first filer, the second.
2. For each there are two more populations, made once for all versions of the law: one in which every such person earns
   a step more, where the fact's range has room, and one in which they earn nothing. They differ from the population in
   one column, and share its layout once that is computed with.
3. A rate is by how much the taxes borne change, over by how much earnings do. It is NaN where nothing is earned or
   could be more. What benefits of households take is added by `household_rates`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from api.failures import Misuse, suggestion
from api.simulate.bands import bands_of
from api.simulate.known import Entries, known_entries
from api.simulate.view import View
from engine.ir.program import Program
from engine.native import Options, Raised, evaluate, share_layout, with_more
from engine.native.plan.plan import cell_for
from engine.native.plan.shape import fitting
from engine.population.columns import Columns, column_of, unit_of

MARGINAL_STEP = 100
STEP_WITH_BENEFITS = 1_200  # 100 a month: benefits of a month are rounded to the dollar
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Turns:
    """Populations in which of the units of each home one alone has its earner earn more, or nothing, in turn: the
    benefits of a home are not those of one unit. `turn` is that of each unit, `places` its home among all homes."""

    turn: NDArray[np.int64]
    places: NDArray[np.int64]
    moved: tuple[Columns, ...]
    idle: tuple[Columns, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Earner:
    """One person of each unit who has `role`: the population with `step` more of their earnings and with none (None:
    nobody's are stated), and what each unit's earns, in the currency. `turns`: where benefits of homes are counted."""

    role: str
    step: int
    more: Raised
    idle: Columns | None
    earned: Floats
    options: Options
    turns: Turns | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    """Of each unit, the part of `step` more earnings of one earner that each tax borne, or benefit lost, takes, and the
    part of all of them that all take together."""

    role: str
    step: int
    parts: Mapping[str, Floats]
    participation: Floats | None
    _bands: dict[str, NDArray[np.int64]] = field(init=False, repr=False, default_factory=dict)

    def bands(self, name: str) -> NDArray[np.int64]:
        """For each unit the place among `BANDS` of its rate, `marginal` or `participation`; -1 where it has none."""
        if name not in self._bands:
            self._bands[name] = bands_of(getattr(self, name))
        return self._bands[name]

    @property
    def marginal(self) -> Floats:
        """The part of more earnings that all take together."""
        return np.asarray(sum(self.parts.values()), dtype=np.float64)


def read_roles(program: Program, view: View, given: Sequence[str]) -> tuple[str, ...]:
    """The roles of the earners that are meant, the first of the unit if none is named. Raises Misuse."""
    roles = [role.name for role in program.settings.entities[view.unit].roles if role.single]
    for role in given:
        if role not in roles:
            told = f"`{role}` is no role of a {view.unit} that one person has"
            raise Misuse(told, suggestion(role, roles, "name one of " + ", ".join(f"`{each}`" for each in roles)))
    return tuple(dict.fromkeys(given)) or tuple(roles[:1])


def earners_of(
    program: Program, view: View, columns: Columns, roles: Sequence[str], threads: int, *, step: int = MARGINAL_STEP
) -> tuple[Earner, ...]:
    """The populations of each earner. Empty where the view names no earnings, or no taxes that are borne."""
    if not (view.earnings and view.borne):
        return ()
    names = [role.name for role in program.settings.entities[view.unit].roles]
    link = columns.groups[view.unit]
    return tuple(
        _earner(
            program, view, columns, role, (link.group >= 0) & (link.role == names.index(role)), step=step,
            threads=threads,
        )
        for role in roles
    )  # fmt: skip


def _earner(
    program: Program, view: View, columns: Columns, role: str, holders: NDArray[np.bool_], *, step: int, threads: int
) -> Earner:
    cell = cell_for(program, view.earnings, columns.at)
    unit = unit_of(program, program.definitions[cell.name])
    more = with_more(program, columns, view.earnings, rows=holders, step=step * unit, threads=threads)
    options = fitting(program, more.moved, Options())
    earned = np.zeros(columns.counts[view.unit])
    column = columns.columns.get(cell)
    if column is None:
        return Earner(role, step, more, None, earned, options)
    working = holders & (column.entries > 0)
    group = columns.groups[view.unit].group[working]
    earned[group] = column.entries[working] / unit
    without = column_of(np.where(working, 0, column.entries), column.missing)
    idle = replace(columns, columns={**columns.columns, cell: without})
    return Earner(role, step, more, idle, earned, options)


def kept_of(
    program: Program, view: View, columns: Columns, earner: Earner, figures: Mapping[str, Entries], *, threads: int
) -> Kept:
    """What of the earner's earnings is kept under a law, whose `figures` of the population as it is are given."""

    cell = earner.more.cell
    as_stated = cell in columns.columns and columns.columns[cell].missing is None

    def borne(population: Columns, like: Columns | None = None) -> dict[str, Floats]:
        if like is not None:
            share_layout(program, like, population, [cell], earner.options)
        result = evaluate(program, population, view.borne, threads=threads, options=earner.options)
        there = {name: known_entries(name, figure) for name, figure in result.figures.items()}
        return borne_of(program, view, columns, there)

    bears = borne_of(program, view, columns, figures)
    plain = bears if as_stated else borne(earner.more.plain)
    moved = borne(earner.more.moved, columns if as_stated else earner.more.plain)
    raised = raised_units(view, columns, earner)
    parts = {name: np.where(raised, (moved[name] - plain[name]) / earner.step, np.nan) for name in view.borne}
    if earner.idle is None:
        return Kept(earner.role, earner.step, parts, None)
    without, earned = borne(earner.idle, columns), earner.earned
    change = sum(bears[name] - without[name] for name in view.borne)
    of_all = np.divide(change, earned, out=np.full(len(earned), np.nan), where=earned > 0)
    return Kept(earner.role, earner.step, parts, of_all)


def raised_units(view: View, columns: Columns, earner: Earner) -> NDArray[np.bool_]:
    """Which units have an earner who could earn more."""
    raised = np.zeros(len(earner.earned), dtype=np.bool_)
    raised[columns.groups[view.unit].group[earner.more.rows]] = True
    return raised


def borne_of(program: Program, view: View, columns: Columns, figures: Mapping[str, Entries]) -> dict[str, Floats]:
    """What each unit bears, tax by tax, in the currency."""
    return {
        name: figures[name] / unit_of(program, program.definitions[cell_for(program, name, columns.at).name])
        for name in view.borne
    }
