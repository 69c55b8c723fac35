"""What is told before anybody is computed: of reforms that set nothing in time, added facts, unread columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, product
from pathlib import Path

from api.batch.unread import unread_columns
from api.simulate.early import added_facts_said, facts_added, sets_nothing_else
from api.simulate.population import Source
from engine.ir.program import Program
from engine.values.periods import Period

Reformed = Sequence[tuple[tuple[Path, ...], Program]]


def expected_nothing(law: Program, reformed: Reformed, periods: Sequence[Period]) -> Iterator[str]:
    """What to say of reforms that set nothing in time."""
    for (files, program), period in product(reformed, periods):
        if sets_nothing_else(law, program, files, period):
            told = f"sets nothing else than the law has up to {period.end}: expect no change in {period}"
            yield f"`{name_of(files)}` {told}"


def added_said(law: Program, reformed: Reformed, source: Source) -> tuple[str, ...]:
    """What to say of facts that only a reform has. Raises Failure for one that the population states."""
    heads = {entity: table.column_names for entity, table in source.tables.items()}
    said = (added_facts_said(name_of(files), facts_added(law, program), heads) for files, program in reformed)
    return tuple(chain.from_iterable(said))


def unread_said(laws: Sequence[Program], names: Sequence[str], source: Source, period: Period) -> tuple[str, ...]:
    """What to say of columns that are stated for a time at which no law reads them for the figures named."""
    heads = {entity: table.column_names for entity, table in source.tables.items()}
    told = []
    for law in laws:  # of which one may have no such figure, which is told where it is computed
        figures = [figure for figure in map(law.find, names) if figure is not None]
        told.append(unread_columns(law, period, figures, heads))
    return tuple(f"{line[0].upper()}{line[1:]}." for line in told[0] if all(line in other for other in told[1:]))


def name_of(files: Sequence[Path]) -> str:
    """What a reform is called: its files' names."""
    return " and ".join(path.stem for path in files)
