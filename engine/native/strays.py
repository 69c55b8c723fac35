"""Facts that a population states of groups which no figure makes: nothing would read them.

Facts of a made group stand in the row of the person after whom it is named (`engine.population.made_rows`). In no
period of the population may that person be the first member of one.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.interpret.made_groups import grouping_of, parts_of
from engine.ir.program import Program
from engine.native.made_groups import first_of_each
from engine.native.plan.layout import is_made
from engine.native.running import SHARED
from engine.native.undetermined import CodeFigure
from engine.population.columns import Cell, Columns, GroupLink

Mask = NDArray[np.bool_]


def strays(program: Program, columns: Columns) -> dict[str, Mask]:
    """By kind of group, the rows of people of whom something is stated as of the first member of a group that there
    never is. Where it is not known who is together, nobody is one."""
    stated: dict[str, Mask] = {}
    for cell, column in columns.columns.items():
        kind = program.definitions[cell.name].entity
        if is_made(program, columns, kind):
            said = ~column.missing if column.missing is not None else np.ones(len(column.entries), dtype=np.bool_)
            stated[kind] = stated.get(kind, np.zeros(len(said), dtype=np.bool_)) | said
    found = {kind: rows & ~_may_be_first(program, columns, kind) for kind, rows in stated.items()}
    return {kind: rows for kind, rows in found.items() if rows.any()}


def _may_be_first(program: Program, columns: Columns, kind: str) -> Mask:
    """The rows of people who are the first member of a group in some period, or may be."""
    declared, by = program.settings.entities[kind], grouping_of(program, kind)
    there: Mask = np.zeros(columns.counts[declared.of], dtype=np.bool_)
    larger = columns.groups.get(declared.within)
    if by is None or larger is None:
        return there
    numbers = SHARED.code_alone(program, columns, [Cell(by.name, part) for part in parts_of(columns.at, by)])
    for figure in numbers.values():
        there |= first_of_each(larger, figure) == np.arange(len(there))
        there |= _unclear(columns, larger, figure)
    if (stays := columns.stays.get(declared.within)) is not None:  # who is together differs by time
        moving = np.unique(np.concatenate([stays.group, larger.group[stays.person]]))
        there |= np.isin(larger.group, moving) & (larger.group >= 0)
    return there


def _unclear(columns: Columns, larger: GroupLink, numbers: CodeFigure) -> Mask:
    """Who is in a larger group of which it is not known who is together there."""
    apart = larger.group < 0
    unclear: Mask = numbers.bad & ~apart
    open_groups = np.unique(larger.group[unclear])
    return np.isin(larger.group, open_groups) & ~apart | (apart & (not columns.complete))
