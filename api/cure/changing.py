"""Which facts somebody can change, and which only time does."""

from __future__ import annotations

from engine.ir import nodes as ir
from engine.ir.program import Definition, Program
from engine.ir.walk import walk
from engine.values.periods import Unit
from engine.values.types import Kind


def may_change(program: Program, definition: Definition) -> bool:
    """Whether somebody can change a fact: as the rules say, else by what kind of fact it is."""
    if definition.changing.can:
        return definition.changing.can == "yes"
    if grows(definition):
        return False
    if program.settings.entities[definition.entity].belongs_to and definition.period.unit is Unit.ETERNITY:
        return False  # an offence, a test that was passed: it happened
    name = definition.short_name
    return not (definition.type.kind is Kind.DATE and ("birth" in name or "born" in name))


def grows(definition: Definition) -> bool:
    """Whether a number of years grows by itself: an age, stated as a fact of which the rules say so, or in the place of
    a formula that reckons years."""
    if definition.is_input:
        return definition.changing.can == "by_time"
    nodes = (node for dated in definition.formulas for node in walk(dated.body))
    reckons = any(isinstance(node, ir.DateFunction) and node.name in ("age_on", "years_between") for node in nodes)
    return definition.type.kind is Kind.INTEGER and reckons
