"""Units laid out as columns, as the native evaluator reads them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from engine.ir.program import Definition, Program
from engine.native.handover import entry_of
from engine.population.columns import Cell, Column, Columns, GroupLink, column_of
from engine.values.periods import Period
from engine.values.types import Value

Facts = Mapping[str, Value]


def columns_of(
    program: Program,
    period: Period,
    group: str,
    groups: Sequence[Facts],
    *,
    people: Sequence[tuple[int, str, Facts]],
    documents: Sequence[tuple[int, str, Facts]],
    definitions: Mapping[str, Definition],
) -> Columns:
    """A population: the facts of each group; people, each with the row of its group, its role, and its facts; and their
    documents, each with the row of its person, its entity, and its facts.

    `definitions` gives the definition of each fact by the name that the facts use.
    """
    entity = program.settings.entities[group]
    roles = {role.name: number for number, role in enumerate(entity.roles)}
    link = GroupLink(
        np.array([row for row, _, _ in people], dtype=np.int32),
        np.array([roles[role] for _, role, _ in people], dtype=np.int8),
    )
    kinds = dict.fromkeys(kind for _, kind, _ in documents)
    papers = {kind: [(row, facts) for row, form, facts in documents if form == kind] for kind in kinds}
    columns: dict[Cell, Column] = {}
    for rows in (
        groups,
        [facts for _, _, facts in people],
        *([facts for _, facts in each] for each in papers.values()),
    ):
        for name in dict.fromkeys(name for facts in rows for name in facts):
            definition = definitions[name]
            cell = Cell(definition.name, definition.period.containing(period.start))
            columns[cell] = _column(program, definition, [facts.get(name) for facts in rows])
    counts = {entity.of: len(people), group: len(groups), **{kind: len(each) for kind, each in papers.items()}}
    owners = {kind: np.array([row for row, _ in each], dtype=np.int32) for kind, each in papers.items()}
    return Columns(period, counts, columns, {group: link}, owners)


def _column(program: Program, definition: Definition, values: Sequence[Value | None]) -> Column:
    entries = [0 if value is None else entry_of(program, definition, value) for value in values]
    assert None not in entries, f"`{definition.name}` has values that no column holds"
    missing = np.array([value is None for value in values])
    return column_of(np.array(entries, dtype=np.int64), missing)
