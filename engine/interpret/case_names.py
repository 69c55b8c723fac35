"""What to write in place of a name that a case states and no rule knows."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher

from engine.ir.program import Program
from engine.reading.context import Context
from engine.reading.declared_settings import Entity, Role

_LISTED_AT_MOST = 12
_SURE = 0.8
"""How alike two names are, from 0 to 1, of which one is a misspelling of the other."""


def help_for(program: Program, context: Context, entity: Entity, name: str) -> str:
    """The remedy for an unknown name under one of an entity.

    The name of records that belong to it: where they are listed. Else the nearest of what a case states of it (facts
    and roles) before the nearest of its other figures. Else what there is to state.
    """
    where = _where_listed(program, entity, name)
    if where:
        return where
    of_it = [definition for definition in program.definitions.values() if definition.entity == entity.name]
    facts = sorted({definition.short_name for definition in of_it if definition.is_input})
    roles = [_written(role) for role in entity.roles]
    near = context.nearest(name, [*facts, *roles]) or context.nearest(name, (figure.short_name for figure in of_it))
    return _suggested(name, near) if near else _what_there_is(roles, facts)


def _suggested(name: str, near: str) -> str:
    if SequenceMatcher(None, name, near).ratio() >= _SURE:
        return f"did you mean `{near}`?"
    words = " ".join(word for word in name.split("_") if word)
    return f"did you mean `{near}`? If not, `rulewright search {words}` finds names by their words"


def _where_listed(program: Program, entity: Entity, name: str) -> str:
    """Where the records of this name are listed, if an entity has such; else nothing."""
    for record in program.settings.entities.values():
        if record.plural == name and record.belongs_to == entity.name:
            owner = record.first_owner or entity.name
            listed = f"`{name}: {{a_name: {{{owner}: …}}}}`"
            return f"list them beside `{entity.plural}`: {listed}, or `{name}: []` if there are none"
    return ""


def _written(role: Role) -> str:
    return role.name if role.maximum == 1 or not role.plural else role.plural


def _what_there_is(roles: Sequence[str], facts: Sequence[str]) -> str:
    people = f"its people go under {_names(roles)}; " if roles else ""
    if not facts:
        return f"{people}it has no facts"
    if len(facts) <= _LISTED_AT_MOST:
        return f"{people}its facts: {_names(facts)}"
    return f"{people}`rulewright search WORDS --kind fact` finds its {len(facts)} facts by their words"


def _names(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
