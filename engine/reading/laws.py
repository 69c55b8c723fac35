"""`law:` in its forms: a text, a citation (`source`, `section`, `title`, `url`, `note`), a list of those, or dates to
any of them.
"""

from __future__ import annotations

from datetime import date

from engine.reading.context import Context
from engine.reading.dated import dated_entries
from engine.reading.fields import Fields, as_scalar, open_fields
from engine.syntax.nodes import Mapping, Node, Scalar, Sequence
from engine.text.citations import Citation, Law
from engine.text.source import Span

CITATION_KEYS = ("source", "section", "title", "url", "note")


def read_law(fields: Fields) -> str:
    """What `law` cites; empty if it is not there."""
    node = fields.node_of("law")
    if node is None or isinstance(node, Scalar):
        return fields.text("law")
    place = fields.span_of("law")
    if isinstance(node, Mapping) and node.entries and all(entry.name[:1].isdigit() for entry in node):
        entries = list(dated_entries(fields.context, node, place, "`law`"))
        return Law(tuple((day, _citations(fields.context, entry.value, entry.key.span)) for day, entry in entries))
    return Law(((None, _citations(fields.context, node, place)),))


def _citations(context: Context, node: Node, place: Span) -> tuple[Citation, ...]:
    parts = node.items if isinstance(node, Sequence) else (node,)
    citations = [_citation(context, part, place) for part in parts]
    return tuple(citation for citation in citations if citation is not None)


def _citation(context: Context, node: Node, place: Span) -> Citation | None:
    if not isinstance(node, Mapping):
        scalar = as_scalar(context, node, place, "a citation")
        return Citation(" ".join(scalar.text.split())) if scalar is not None else None
    inner = open_fields(context, node, place, "the citation", CITATION_KEYS)
    if inner is None:
        return None
    source = inner.text("source", needed=True)
    return Citation(source, *(inner.text(key) for key in CITATION_KEYS[1:])) if source else None


def check_cited_from(fields: Fields, law: str, first: date | None) -> None:
    """E212 where a dated law cites nothing yet for the first of what it covers."""
    if not isinstance(law, Law) or not law.dated or first is None:
        return
    day = law.dated[0][0]
    if day is not None and day > first:
        message = f"{fields.what} cites no law for {first}: its first citation is from {day}"
        help_text = f"add the citation of {first}"
        fields.context.report("E212", message, fields.span_of("law"), help=help_text)
