"""What facts say of each other: which implies which, which contradict, and which say nothing of any other."""

from __future__ import annotations

from engine.reading.declarations import Implication, Said
from engine.reading.fields import Fields, as_sequence, name_list, open_fields
from engine.syntax.nodes import Mapping, Scalar

HOW_SURE = ("always", "same", "unless")
STATED = "stated"
CLAIMS = ("equal", "then", "only", "needs", "never", "always", "same")
KEYS = ("if", "equal", "then", "only", "needs", "never", *HOW_SURE, "role", "law")


def read_implications(fields: Fields) -> tuple[Implication, ...]:
    """The `implications` of a module: `- {if: {a: true}, then: {b: 12}, always: true, law: …}`."""
    node = fields.node_of("implications")
    if node is None:
        return ()
    implications = []
    for item in as_sequence(fields.context, node, fields.span_of("implications"), "`implications`"):
        row = open_fields(fields.context, item, item.span, "an implication", KEYS)
        if row is not None:
            implications.append(_read_row(row))
    return tuple(implications)


def _read_row(row: Fields) -> Implication:
    """One row; E210 where it says more than one thing of whether the conclusion may be stated otherwise."""
    if row.has("equal"):
        return _read_equal(row)
    stated = [key for key in HOW_SURE if row.has(key)]
    given = read_said(row, row.mapping("if", needed=True))
    refuses = any(row.has(key) for key in ("only", "needs", "never"))
    then = read_said(row, row.mapping("then", needed=bool(stated) or not refuses))
    if len(stated) > 1:
        row.only_one(HOW_SURE)
    return Implication(
        given,
        then,
        row.text("law", needed=True),
        row.node.span,
        read_said(row, row.mapping("never")),
        read_said(row, row.mapping("only")),
        read_said(row, row.mapping("needs")),
        row.flag("always"),
        row.flag("same"),
        row.text("unless"),
        row.text("role"),
    )


def _read_equal(row: Fields) -> Implication:
    """A row that says that facts have one value: `{equal: [a, b], if: {c: true}, unless: {d: true}, law: …}`."""
    row.only_one(CLAIMS)
    names = tuple(Said(name, STATED, span) for name, span in name_list(row, "equal"))
    if len(names) < 2:
        message = "`equal` names fewer than two facts"
        row.context.report("E203", message, row.span_of("equal"), help="write `equal: [a, b]`")
    given, apart = (read_said(row, row.mapping(key)) for key in ("if", "unless"))
    law = row.text("law", needed=True)
    return Implication(given, (), law, row.node.span, role=row.text("role"), equal=names, apart=apart)


def read_said(fields: Fields, mapping: Mapping | None) -> tuple[Said, ...]:
    """What a mapping says of facts, each by a single value: `{a: true, b: 12}`; E203 for anything else."""
    statements = []
    for entry in mapping.entries if mapping is not None else ():
        if isinstance(entry.value, Scalar):
            statements.append(Said(entry.name, entry.value.text, entry.key.span))
        else:
            message = f"`{entry.name}` is not given a single value"
            fields.context.report("E203", message, entry.key.span, help="write `a: true`, `b: 12` or `c: above 0`")
    return tuple(statements)
