"""The cells of a table that is read off a scale: for each key, where its bracket with a rate begins.

Where a reform left no bracket with that rate, the first with a higher one is in its place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction

from engine.ir.fold import value_at
from engine.reading.declared_constants import Bracket, BracketStarts, Key, Row, Scale, Table
from engine.values.types import Nothing


def cells_of(followed: BracketStarts, bands: Mapping[Key | None, Sequence[Bracket]]) -> dict[tuple[Key, ...], Row]:
    """A table's cells, read off the brackets of the scale that it follows."""
    return {(key,): {"": _start_of(followed, brackets)} for key, brackets in bands.items() if key is not None}


def _start_of(followed: BracketStarts, brackets: Sequence[Bracket]) -> Fraction | Nothing:
    named = [bracket for bracket in brackets if _rate(bracket) == followed.rate]
    higher = [bracket for bracket in brackets if _rate(bracket) > followed.rate]
    return _start((named or higher)[0]) if named or higher else followed.otherwise


def stated_cells(table: Table, scales: Mapping[str, Scale]) -> Table:
    """The table with what its scales state in the place of stand-ins, so that checks see every stated value."""
    if not table.follows:
        return table
    days = {day for day, _ in table.values}
    for follow in table.follows:
        days |= {day for day, _ in scales[follow.scale].values if follow.holds(day)}
    values = []
    for day in sorted(days):
        own = value_at(table.values, day)
        followed = next((follow for follow in table.follows if follow.holds(day)), None)
        bands = value_at(scales[followed.scale].values, day) if followed is not None else None
        content = cells_of(followed, bands[1]) if followed is not None and bands is not None else own and own[1]
        for overlay in table.overlays:
            content = overlay.laid_over(content) if overlay.holds(day) else content
        if content is not None:
            values.append((day, content))
    return replace(table, values=tuple(values))


def restated_cells(table: Table, scales: Mapping[str, Scale]) -> Table:
    """A table of `stated_cells`, where its scales are now others."""
    written = [
        (day, content)
        for day, content in table.values
        if all(follow.start == day or not follow.holds(day) for follow in table.follows)
    ]
    return stated_cells(replace(table, values=tuple(written)), scales)


def _start(bracket: Bracket) -> Fraction:
    return bracket.threshold if bracket.threshold is not None else Fraction(0)


def _rate(bracket: Bracket) -> Fraction:
    assert isinstance(bracket.value, int | Fraction)
    return Fraction(bracket.value)
