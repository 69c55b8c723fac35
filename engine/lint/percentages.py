"""Hints that a rate was probably meant as a percentage (W909), but for the values of an index: 1.017 is one."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection

from engine.check.resolve import Symbols
from engine.text.diagnostics import Diagnostics


def percentages(symbols: Symbols, indexes: Collection[str], problems: Diagnostics) -> None:
    """W909 for the hints that were noted in reading. `indexes` are the parameters that move others on."""
    starts = sorted(
        (symbol.declaration.span.source.name, symbol.declaration.span.start, symbol.name) for symbol in symbols.all()
    )
    for hint in problems.hints:
        assert hint.span is not None
        place = bisect_right(starts, (hint.span.source.name, hint.span.start, "")) - 1
        if place < 0 or starts[place][2] not in indexes:
            problems.add(hint.code, hint.message, hint.span, hint.help)
