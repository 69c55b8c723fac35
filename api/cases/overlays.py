"""What reforms set, in words: from when to when, and whether it stays as it is or moves with an index.

A constant that is projected with an index is told of by answers for a time after its stated values: there it matters
whether a reform's value stays or moves, and whoever reads the answer should not have to guess.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from engine.explain.words import value_words
from engine.ir.program import Program
from engine.reading.declared_constants import Overlay, Parameter, Scale, Table
from engine.reading.declared_settings import Settings
from engine.values.types import RATE

Constant = Parameter | Table | Scale


def overlays_said(constant: Constant, settings: Settings) -> tuple[str, ...]:
    """Each of a constant's overlays in a line; none where nothing moves it, so that its values say all there is."""
    if constant.uprate is None and not (isinstance(constant, Table) and constant.follows):
        return ()
    return tuple(_line(constant, overlay, settings) for overlay in constant.overlays)


def starts_said(constant: Constant, settings: Settings) -> tuple[str, ...]:
    """From when to when a table is read off which scale."""
    follows = constant.follows if isinstance(constant, Table) else ()
    return tuple(
        f"{_when(follow.start, follow.end)}: where `{follow.scale}` reaches {value_words(follow.rate, RATE, settings)}"
        for follow in follows
    )


def set_beyond_what_is_stated(program: Program, day: date) -> tuple[str, ...]:
    """What reforms set of constants whose values on `day` the law itself would project."""
    return tuple(_said(program, day))


def _said(program: Program, day: date) -> Iterator[str]:
    constants: list[Constant] = [*program.parameters.values(), *program.tables.values(), *program.scales.values()]
    for constant in constants:
        limit = constant.known_until
        if constant.uprate is None or limit is None or day <= limit:
            continue
        for overlay in constant.overlays:
            if overlay.holds(day):
                name = _path(constant, overlay)
                since = f"{overlay.indexed_from or overlay.start}"
                if overlay.indexed_from is not None:
                    yield f"`{name}` moves with {constant.uprate.by} from what the reform set on {since}"
                else:
                    yield f"`{name}` stays as the reform set it on {since}, and is not indexed"


def _line(constant: Constant, overlay: Overlay, settings: Settings) -> str:
    value = ""
    if isinstance(constant, Parameter) and constant.type is not None:
        value = f" {value_words(overlay.content, constant.type, settings)}"  # type: ignore[arg-type]
    how = f"moves with {constant.uprate.by}" if overlay.indexed_from is not None and constant.uprate else "stays"
    since = f" from {overlay.indexed_from}" if overlay.indexed_from is not None else ""
    return f"{_when(overlay.start, overlay.end)}: {_path(constant, overlay)}{value} {how}{since}"


def _path(constant: Constant, overlay: Overlay) -> str:
    keys = overlay.key if isinstance(overlay.key, tuple) else (() if overlay.key is None else (overlay.key,))
    inner = f"[{', '.join(map(str, keys))}]" if keys else ""
    return f"{constant.name}{inner}{f'.{overlay.column}' if overlay.column else ''}"


def _when(start: date, end: date | None) -> str:
    return f"{start} to {end - timedelta(days=1)}" if end is not None else f"from {start}"
