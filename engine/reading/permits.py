"""What other programs may ask: `permits: {action: drive, resource: {type: category, id: C}}` of a requirement, and
`subject_is: owner` or `subject_is: {property: owner, named_by: email}` of a fact."""

from __future__ import annotations

from engine.reading.context import Context
from engine.reading.declarations import Permit, SubjectIs
from engine.reading.fields import Fields, open_fields
from engine.syntax.nodes import Mapping, Node, Sequence
from engine.text.source import Span

PERMIT_KEYS = ("action", "resource")
RESOURCE_KEYS = ("type", "id")
SUBJECT_KEYS = ("property", "named_by")
MOST_CHARACTERS = 200


def read_permits(fields: Fields) -> tuple[Permit, ...]:
    """The actions that a requirement permits: one, or a list of them."""
    node = fields.node_of("permits")
    if node is None:
        return ()
    place = fields.span_of("permits")
    items = node.items if isinstance(node, Sequence) else (node,)
    permits = [_permit(fields.context, item, place) for item in items]
    return tuple(permit for permit in permits if permit is not None)


def read_subject_is(fields: Fields) -> SubjectIs | None:
    """By which property of a resource a fact is told, if it is."""
    node = fields.node_of("subject_is")
    if node is None:
        return None
    if not isinstance(node, Mapping):
        name = _said(fields, "subject_is")
        return SubjectIs(name) if name else None
    inner = open_fields(fields.context, node, fields.span_of("subject_is"), "`subject_is`", SUBJECT_KEYS)
    name = _said(inner, "property") if inner is not None else ""
    return SubjectIs(name, _said(inner, "named_by")) if inner is not None and name else None


def _permit(context: Context, node: Node, place: Span) -> Permit | None:
    fields = open_fields(context, node, place, "`permits`", PERMIT_KEYS)
    if fields is None:
        return None
    action = _said(fields, "action")
    resource = fields.required("resource", "add what it is done to: `resource: {type: …}`")
    if resource is None:
        return None
    inner = open_fields(context, resource, fields.span_of("resource"), "`resource`", RESOURCE_KEYS)
    if inner is None:
        return None
    kind = _said(inner, "type")
    return Permit(action, kind, _said(inner, "id") if inner.has("id") else "", node.span) if action and kind else None


def _said(fields: Fields, key: str) -> str:
    """A name as other programs write it: any text on one line."""
    scalar = fields.scalar(key, needed=True)
    if scalar is None:
        return ""
    text = scalar.text.strip()
    if len(text) > MOST_CHARACTERS or not text.isprintable():
        message = f"`{key}` is not a name that a program may ask for"
        help_text = f"write up to {MOST_CHARACTERS} characters on one line"
        fields.context.report("E204", message, scalar.span, help=help_text)
        return ""
    return text
