"""Worked cases. What is given and expected stays as nodes: a case is read against the checked program."""

from __future__ import annotations

from engine.reading.context import Context
from engine.reading.declarations import Example
from engine.reading.fields import Fields, as_sequence, open_fields
from engine.syntax.nodes import Mapping, Node, Scalar
from engine.text.source import Span

KEYS = ("name", "at", "given", "expect")


def read_examples(context: Context, node: Node, place: Span) -> tuple[Example, ...]:
    """The `examples` of a module. One that cannot be read is left out."""
    examples = []
    for index, item in enumerate(as_sequence(context, node, place, "`examples`"), start=1):
        fields = open_fields(context, item, item.span, "an example", KEYS)
        example = _example(fields, index) if fields else None
        if example is not None:
            examples.append(example)
    return tuple(examples)


def _example(fields: Fields, index: int) -> Example | None:
    start = fields.node.span.start
    name = fields.text("name") or f"example {index}"
    at = fields.scalar("at", needed=True)
    _check_at(fields, at)
    given = fields.mapping("given") if fields.has("given") else Mapping((), Span(fields.place.source, start, start))
    expect = fields.mapping("expect", needed=True)
    if expect is not None and not expect.entries:
        fields.context.report("E203", "`expect` is empty", expect.span, help="write the figures that are expected")
        return None
    if given is None or expect is None:
        return None
    return Example(name, at.text if at else "", given, expect, fields.place)


def _check_at(fields: Fields, scalar: Scalar | None) -> None:
    """E206 if the text is not a period, E214 if it lies before what the rules answer for."""
    if scalar is None:
        return
    settings = fields.context.settings
    try:
        period = settings.period(scalar.text)
        if period.end < settings.covers_from <= settings.covers_to:
            message = f"the rules do not answer for {period}"
            help_text = f"choose a time from {settings.covers_from} on"
            fields.context.report("E214", message, scalar.span, help=help_text)
    except (ValueError, OverflowError) as fault:
        message = " ".join(str(fault).split())
        fields.context.report("E206", message, scalar.span, help="write `2024`, `2024-03` or `2024-03-05`")
