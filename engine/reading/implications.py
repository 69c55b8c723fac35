"""What facts say of each other: which implies which, and which say nothing of any other."""

from __future__ import annotations

from engine.reading.declarations import Implication, Said
from engine.reading.fields import Fields, as_sequence, open_fields
from engine.syntax.nodes import Mapping, Scalar

KEYS = ("if", "then", "law")


def read_implications(fields: Fields) -> tuple[Implication, ...]:
    """The `implications` of a module: `- {if: {a: true}, then: {b: 12}, law: …}`."""
    node = fields.node_of("implications")
    if node is None:
        return ()
    implications = []
    for item in as_sequence(fields.context, node, fields.span_of("implications"), "`implications`"):
        row = open_fields(fields.context, item, item.span, "an implication", KEYS)
        if row is not None:
            given, then = row.mapping("if", needed=True), row.mapping("then", needed=True)
            implications.append(
                Implication(read_said(row, given), read_said(row, then), row.text("law", needed=True), item.span)
            )
    return tuple(implications)


def read_said(fields: Fields, mapping: Mapping | None) -> tuple[Said, ...]:
    """What a mapping says of facts, each by a single value: `{a: true, b: 12}`; E203 for anything else."""
    statements = []
    for entry in mapping.entries if mapping is not None else ():
        if isinstance(entry.value, Scalar):
            statements.append(Said(entry.name, entry.value.text, entry.key.span))
        else:
            message = f"`{entry.name}` is said to be no single value"
            fields.context.report("E203", message, entry.key.span, help="write `a: true`, `b: 12` or `c: above 0`")
    return tuple(statements)
