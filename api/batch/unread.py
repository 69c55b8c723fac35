"""Columns of tables that are stated for a time at which nothing reads them: `wages@2023` in a run of 2024."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from api.cases.times_read import times_read
from engine.interpret.stated import Days, NotATime, stated_for
from engine.ir.program import Definition, Program
from engine.values.periods import Period


def unread_columns(
    program: Program, at: Period, figures: Sequence[Definition], heads: Mapping[str, Sequence[str]]
) -> tuple[str, ...]:
    """What to say of columns that are stated for a time at which no wanted figure reads them. `heads`: the names of the
    columns, by entity."""
    dated = [(entity, head) for entity, names in heads.items() for head in names if "@" in head]
    return tuple(filter(None, (_unread_column(program, at, figures, *column) for column in dated)))


def _unread_column(program: Program, at: Period, figures: Sequence[Definition], entity: str, head: str) -> str:
    name, _, text = head.partition("@")
    definition = program.find(name)
    if definition is None or definition.entity != entity or definition.period.is_personal:
        return ""
    try:
        stated = stated_for(definition, text, program.settings)
    except NotATime:
        return ""  # which is told as a fault
    times = times_read(program, at, figures)
    if not times.passes_over(definition.name, [stated] if isinstance(stated, Days) else stated):
        return ""
    return f"the column `{head}` is read by nothing: what is wanted reads `{name}` for {times.said(definition.name)}"
