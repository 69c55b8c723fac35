"""Facts that have one value: what each value of the one leaves for the other.

Two enums may name the same things, one of them some together: what has the same name is the same, and what the other
does not name goes with whatever this one does not name (`texas` with `another_state` of an enum without Texas).
"""

from __future__ import annotations

from dataclasses import replace

from engine.ir.contradictions import Claim, Contradiction
from engine.ir.program import Program
from engine.reading.declared_settings import Settings
from engine.values.types import EnumValue, Value, ValueType


def agree(settings: Settings, first: ValueType, second: ValueType) -> bool:
    """Whether each value of either of two types leaves some value of the other, and none says that there is none."""
    if first.or_none or second.or_none:
        return False
    if first.enum and second.enum:
        mine, its = (set(settings.enums[type.enum].members) for type in (first, second))
        return bool(mine & its) and bool(mine - its) is bool(its - mine)
    return first.kind is second.kind


def counterparts(settings: Settings, value: Value, type: ValueType) -> tuple[Value, ...]:
    """What a fact of a type may be where one that is the same has a value."""
    if not isinstance(value, EnumValue) or value.enum == type.enum:
        return (value,)
    mine, its = (settings.enums[enum].members for enum in (value.enum, type.enum))
    same = [value.member] if value.member in its else [member for member in its if member not in mine]
    return tuple(EnumValue(type.enum, member) for member in same)


def settled(program: Program, contradiction: Contradiction, value: Value) -> Contradiction:
    """A contradiction of facts that have one value, where that of the first is known."""
    name = contradiction.claim.name
    values = counterparts(program.settings, value, program.definitions[name].type)
    return replace(contradiction, claim=Claim(name, values))
