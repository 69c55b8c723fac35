"""Orders among records: what decides them must be known of each record whatever the time."""

from __future__ import annotations

from collections.abc import Mapping

from engine.check.resolve import Symbols, did_you_mean
from engine.ir.program import Definition
from engine.reading.declared_settings import Entity, Steps
from engine.syntax.nodes import shown
from engine.text.diagnostics import Diagnostics
from engine.values.periods import Unit
from engine.values.types import Kind

_ORDERED = (Kind.MONEY, Kind.RATE, Kind.INTEGER, Kind.DATE, Kind.DURATION, Kind.BOOLEAN)


def check_sequences(symbols: Symbols, definitions: Mapping[str, Definition], problems: Diagnostics) -> None:
    """E213 for a figure under `by` or `within` that is none of the record, changes with time, or has no order."""
    for entity in symbols.settings.entities.values():
        for steps in entity.sequences.values():
            for name in steps.figures:
                _check(
                    entity,
                    steps,
                    name,
                    definitions.get(symbols.figure_of(entity.name, name)),
                    symbols=symbols,
                    problems=problems,
                )


def _check(
    entity: Entity, steps: Steps, name: str, definition: Definition | None, *, symbols: Symbols, problems: Diagnostics
) -> None:
    span = steps.places.get(name, entity.span)
    if definition is None or definition.entity != entity.name:
        own = [
            symbol.declaration.name for symbol in symbols.all() if symbol.figure and symbol.figure.entity == entity.name
        ]
        message = f"`{shown(name)}` is not a figure of a {entity.name}"
        problems.add("E213", message, span, help=did_you_mean(name, set(own)))
    elif definition.period.unit is not Unit.ETERNITY:
        message = f"`{name}` is per {definition.period}, and an order among records does not change"
        problems.add("E213", message, span, help="name a figure with `period: eternity`")
    elif name not in steps.within and definition.type.kind not in _ORDERED:
        help_text = "order by a number, a date, a length of time or a condition"
        problems.add("E213", f"`{name}` has no order", span, help=help_text)
    elif definition.may_not_apply:
        message = f"`{name}` may be none, and then the record has no place in the order"
        problems.add("E213", message, span, help="name a figure that every record has")
