"""How aggregates over members and records are written as Python: loops over the places of those who are listed."""

from __future__ import annotations

from engine.interpret.written import Scope, Text, Written
from engine.interpret.written_reads import by_node, frame
from engine.ir import nodes as ir
from engine.values.types import NUMBERS


def aggregate(text: Text, node: ir.Aggregate, scope: Scope) -> Written:
    """`sum count any all min max` over a link, where all that counts is known."""
    if node.operator not in ("any", "all") and node.type.kind not in NUMBERS:
        return by_node(text, node, scope)
    number = text.number(node.link)
    known = text.new("m")
    text.line(f"{known} = place.links.get({number})")
    asked = f"members(interpreter, place, {number}, {text.named(node)}, {frame(text, scope)})"
    text.line(f"if {known} is None: {known} = {asked}")
    total = text.variable({"any": "False", "all": "True", "sum": "0", "count": "0"}.get(node.operator, "None"))
    member = text.new("p")
    with text.repeated(f"for {member} in {known}:"):
        _each(text, node, scope.binding(node.name, member), total)
    return total, node.operator in ("min", "max")


def _each(text: Text, node: ir.Aggregate, scope: Scope, total: str) -> None:
    if node.where is not None:
        text.line(f"if not {text.value(node.where, scope)}: continue")
    if node.body is None:
        text.line(f"{total} = {total} + 1")
        return
    body = text.value(node.body, scope)
    match node.operator:
        case "any":
            text.line(f"if {body}: {total} = True; break")
        case "all":
            text.line(f"if not {body}: {total} = False; break")
        case "min":
            text.line(f"if {total} is None or less({body}, {total}): {total} = {body}")
        case "max":
            text.line(f"if {total} is None or less({total}, {body}): {total} = {body}")
        case _:
            text.line(f"{total} = add({total}, {body})")
