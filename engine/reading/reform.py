"""A reform's file, read but not applied: what it sets, replaces, adds and removes, each with its place.

What `set` holds can be typed only by what it sets, so it stays a node; `engine.reforms.apply` finds the target and
reads the node with `read_dated_values`, `read_dated_cells` and `read_dated_brackets`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from engine.reading.context import Context
from engine.reading.declarations import Reason, RuleModule
from engine.reading.fields import Fields, name_list, open_fields
from engine.reading.module import GROUPS, Definitions, module_of, read_definitions
from engine.reading.requirements import read_reason
from engine.syntax.nodes import Mapping, MappingEntry, Node, Scalar
from engine.text.source import Fragment, Span

KEYS = ("about", "law", "set", "replace", "add", "remove")
ADD_KEYS = ("module", "about", "law", "exports", *GROUPS, "examples")


@dataclass(frozen=True, slots=True)
class Setting:
    """One line of `set`: the path as written (`eitc_terms[0].maximum`) and what stands for it, not yet typed."""

    path: Scalar
    values: Node

    @property
    def fragment(self) -> Fragment:
        """The path with the places of its characters."""
        return self.path.fragment


@dataclass(frozen=True, slots=True)
class ReasonChange:
    """One reason of a requirement by its path: `action` is replace, add or remove (then `reason` is None)."""

    action: str
    path: str
    span: Span = field(compare=False, repr=False)
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class Reform:
    """An overlay. `added` is a module of its own; its definitions and the replaced ones inherit the reform's law."""

    name: str
    about: str
    law: str
    span: Span = field(compare=False, repr=False)
    settings: tuple[Setting, ...] = ()
    replaced: Definitions = field(default_factory=Definitions)
    added: RuleModule | None = None
    removed: tuple[tuple[str, Span], ...] = ()
    reasons: tuple[ReasonChange, ...] = ()


def read_reform_file(context: Context, node: Node, name: str) -> Reform | None:
    """The reform `name`; None only if the file holds no mapping."""
    start = Span(node.span.source, node.span.start, node.span.start)
    fields = open_fields(context, node, start, "the reform", KEYS)
    if fields is None:
        return None
    about, law = fields.text("about", needed=True), fields.text("law")
    if not fields.has("law"):
        context.report("E212", "the reform cites no law", start, help="add `law:`, such as the bill's number")
    lawful = replace(fields, context=replace(context, inherited_law=law))
    settings = fields.mapping("set")
    return Reform(
        name,
        about,
        law,
        start,
        tuple(Setting(entry.key, entry.value) for entry in settings or ()),
        _replaced(lawful, law),
        _added(lawful, name, about, law),
        name_list(fields, "remove"),
        (*_reasons(lawful, "replace"), *_reasons(lawful, "add")),
    )


def _reasons(fields: Fields, action: str) -> tuple[ReasonChange, ...]:
    """The reasons that a reform replaces or adds, by their paths."""
    node = fields.node_of(action)
    entries = [entry for entry in node if "." in entry.name] if isinstance(node, Mapping) else []
    context = fields.context
    return tuple(
        ReasonChange(action, reason_entry.name, reason_entry.key.span, read_reason(context, _last(reason_entry)))
        for reason_entry in entries
    )


def _last(entry: MappingEntry) -> MappingEntry:
    """An entry called by the last word of its path."""
    return replace(entry, key=replace(entry.key, text=entry.name.rpartition(".")[2]))


def _without_reasons(node: Node | None) -> Node | None:
    """What `replace` or `add` holds besides reasons; None where there is nothing else."""
    if not isinstance(node, Mapping):
        return node
    rest = tuple(entry for entry in node if "." not in entry.name)
    return replace(node, entries=rest) if rest or not node.entries else None


def _replaced(fields: Fields, law: str) -> Definitions:
    node = _without_reasons(fields.node_of("replace"))
    inner = open_fields(fields.context, node, fields.span_of("replace"), "`replace`", GROUPS) if node else None
    return read_definitions(inner, law) if inner else Definitions()


def _added(fields: Fields, name: str, about: str, law: str) -> RuleModule | None:
    node = _without_reasons(fields.node_of("add"))
    inner = open_fields(fields.context, node, fields.span_of("add"), "`add`", ADD_KEYS) if node else None
    if inner is None:
        return None
    own_law = inner.text("law") or law
    definitions = read_definitions(inner, own_law)
    return module_of(
        inner, inner.text("module") or f"reforms/{name}", inner.text("about") or about, own_law, definitions
    )
