"""Requirements: conditions with named reasons, `all` and `any_of` nesting."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from engine.reading.context import Context
from engine.reading.declarations import Reason, Requirement
from engine.reading.fields import Fields, named_entries, open_fields
from engine.reading.formulas import cited_law, read_dated_formula, read_exceptions
from engine.reading.permits import read_permits
from engine.reading.scalars import read_entity, read_period_kind
from engine.syntax.nodes import MappingEntry, shown
from engine.text.source import Span

REASON_KEYS = ("label", "law", "needs", "all", "any_of", "fails", "exceptions")
REQUIREMENT_KEYS = ("entity", "period", "permits", *REASON_KEYS)
MODES = ("needs", "all", "any_of")


def read_requirements(context: Context, entries: Iterable[MappingEntry]) -> tuple[Requirement, ...]:
    """The `requirements` of a module."""
    return tuple(_requirement(context, entry) for entry in entries)


def _requirement(context: Context, entry: MappingEntry) -> Requirement:
    what = f"the requirement `{shown(entry.name)}`"
    fields = open_fields(context, entry.value, entry.key.span, what, REQUIREMENT_KEYS)
    if fields is None:
        return Requirement(entry.name, entry.key.span)
    reason = _reason_of(fields, entry, what)
    return Requirement(
        entry.name,
        entry.key.span,
        reason.label,
        reason.law,
        read_entity(context, fields.scalar("entity", needed=True)),
        read_period_kind(context, fields.scalar("period", needed=True)),
        reason,
        read_permits(fields),
    )


def read_reason(context: Context, entry: MappingEntry) -> Reason:
    """One reason of a requirement, with those that it is made of."""
    what = f"the reason `{shown(entry.name)}`"
    fields = open_fields(context, entry.value, entry.key.span, what, REASON_KEYS)
    return _reason_of(fields, entry, what) if fields else Reason(entry.name, entry.key.span)


def _reason_of(fields: Fields, entry: MappingEntry, what: str) -> Reason:
    """The condition that `fields` states. Its law is its own or that of what it is part of; a reason that is made of
    others need not cite one, if they do."""
    context = fields.context
    mode = fields.only_one(MODES)
    law = cited_law(fields, context.inherited_law, what, optional=mode in ("all", "any_of"))
    fields = replace(fields, context=replace(context, inherited_law=law))
    return Reason(
        entry.name,
        entry.key.span,
        fields.text("label"),
        law,
        read_dated_formula(context, fields.node_of("needs"), fields.span_of("needs")) if mode == "needs" else (),
        mode if mode in ("all", "any_of") else "",
        _parts(fields, mode) if mode in ("all", "any_of") else (),
        fields.text("fails"),
        read_exceptions(replace(fields, context=context), "needs"),
    )


def _parts(fields: Fields, mode: str) -> tuple[Reason, ...]:
    node = fields.node_of(mode)
    assert node is not None
    place: Span = fields.span_of(mode)
    entries = named_entries(fields.context, node, place, f"`{mode}`", of_what="a reason", in_formulas=False)
    if not entries and node.span.text.startswith("{"):
        fields.context.report("E203", f"`{mode}` is empty", place, help="write at least one named reason")
    return tuple(read_reason(fields.context, entry) for entry in entries)
