"""Groups that a figure makes out of the members of a larger one: what that figure may be."""

from __future__ import annotations

from collections.abc import Mapping

from engine.check.resolve import Symbols, did_you_mean
from engine.ir.program import Definition
from engine.reading.declared_settings import Entity
from engine.syntax.nodes import shown
from engine.text.diagnostics import Diagnostics
from engine.values.types import Kind


def check_groupings(symbols: Symbols, definitions: Mapping[str, Definition], problems: Diagnostics) -> None:
    """E213 for a figure under `by` that is not an exported whole number of those whom the groups are of, or may be none
    where everybody is in a group."""
    for entity in symbols.settings.entities.values():
        if entity.by:
            _check(entity, symbols, definitions, problems)


def _check(entity: Entity, symbols: Symbols, definitions: Mapping[str, Definition], problems: Diagnostics) -> None:
    symbol = symbols.exported.get(entity.by)
    definition = definitions.get(symbol.name) if symbol is not None else None
    name = shown(entity.by)
    if definition is None or not _is_count(definition, entity.of):
        message = f"`{name}` is not an exported whole number of a {entity.of}"
        known = {
            exported.declaration.name
            for exported in symbols.exported.values()
            if _is_count(definitions.get(exported.name), entity.of)
        }
        problems.add("E213", message, entity.by_span, help=did_you_mean(entity.by, known))
    elif definition.period.is_personal:
        message = f"`{name}` is per {definition.period}, which begins on somebody's own day"
        problems.add("E213", message, entity.by_span, help="name a figure of civil periods")
    elif definition.may_not_apply and not entity.may_have_none:
        message = f"`{name}` may be none, and then a {entity.of} is in no {entity.name}"
        problems.add("E213", message, entity.by_span, help="add `may_have_none: true`")


def _is_count(definition: Definition | None, entity: str) -> bool:
    """Whether it is a whole number of an entity."""
    return definition is not None and definition.entity == entity and definition.type.kind is Kind.INTEGER
