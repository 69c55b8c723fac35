"""The keys of one declaration, looked up by name; what is unknown, missing or of the wrong shape is reported once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from engine.reading.context import Context
from engine.records import record
from engine.syntax.nodes import Mapping, MappingEntry, Node, Scalar, Sequence, kind_of, shown
from engine.text.source import Span


@record(frozen=True, slots=True)
class Fields:
    """A mapping whose keys are those of the manual. `place` is where a missing key is reported."""

    context: Context
    node: Mapping
    place: Span
    what: str

    def has(self, key: str) -> bool:
        """Whether the key stands there."""
        return self.node.find(key) is not None

    def node_of(self, key: str) -> Node | None:
        """What the key holds, if it stands there."""
        return self.node.get(key)

    def span_of(self, key: str) -> Span:
        """Where the key stands; `place` if it does not."""
        entry = self.node.find(key)
        return entry.key.span if entry else self.place

    def required(self, key: str, help: str = "") -> Node | None:
        """What the key holds; E202 if it is not there."""
        node = self.node.get(key)
        if node is None:
            remedy = help or f"add `{key}:`"
            self.context.report("E202", f"{self.what} lacks `{key}`", self.place, help=remedy)
        return node

    def scalar(self, key: str, needed: bool = False) -> Scalar | None:
        """A single value; E203 if it is anything else or nothing."""
        node = self.required(key) if needed else self.node.get(key)
        return as_scalar(self.context, node, self.span_of(key), f"`{key}`") if node is not None else None

    def mapping(self, key: str, needed: bool = False) -> Mapping | None:
        """A mapping; E203 if it is anything else."""
        node = self.required(key) if needed else self.node.get(key)
        return as_mapping(self.context, node, self.span_of(key), f"`{key}`") if node is not None else None

    def sequence(self, key: str) -> tuple[Node, ...]:
        """The items of a list, none if the key is not there; E203 if it is anything else."""
        node = self.node.get(key)
        return as_sequence(self.context, node, self.span_of(key), f"`{key}`") if node is not None else ()

    def text(self, key: str, needed: bool = False) -> str:
        """Prose without white space around it; empty if it is not there."""
        scalar = self.scalar(key, needed)
        return scalar.text.strip() if scalar else ""

    def flag(self, key: str) -> bool:
        """`true` or `false`; false if it is not there."""
        scalar = self.scalar(key)
        if scalar is None or scalar.text in ("true", "false"):
            return scalar is not None and scalar.text == "true"
        message = f"`{key}` is true or false, not `{shown(scalar.text)}`"
        self.context.report("E204", message, scalar.span, help="write `true` or `false`")
        return False

    def only_one(self, keys: Iterable[str]) -> str:
        """Which one of `keys` stands there: E202 if none does, E210 if several do, and then the first."""
        names = tuple(keys)
        entries = [entry for entry in self.node if entry.name in names]
        spoken = " or ".join(f"`{name}`" for name in names)
        if not entries:
            self.context.report("E202", f"{self.what} lacks {spoken}", self.place, help=f"add one of {spoken}")
            return ""
        if len(entries) > 1:
            message = f"{self.what} has both `{entries[0].name}` and `{entries[1].name}`"
            self.context.report("E210", message, entries[1].key.span, help=f"keep one of {spoken}")
        return entries[0].name


def name_list(fields: Fields, key: str) -> tuple[tuple[str, Span], ...]:
    """A list of names with their places; E203 for anything else. A name that appears twice is in it twice."""
    place = fields.span_of(key)
    scalars = (as_scalar(fields.context, item, place, f"`{key}`") for item in fields.sequence(key))
    return tuple((scalar.text, scalar.span) for scalar in scalars if scalar is not None)


def open_fields(context: Context, node: Node, place: Span, what: str, allowed: Iterable[str]) -> Fields | None:
    """The keys of `node`: E203 if it is not a mapping (then None), E201 for each key that is not `allowed`.

    A key that is nearly one that is missing is read as that one, so that a slip of the pen is one problem, not many.
    """
    mapping = as_mapping(context, node, place, what)
    if mapping is None:
        return None
    known = tuple(allowed)
    there = {entry.name for entry in mapping}
    entries = []
    for entry in mapping:
        if entry.name not in known:
            meant = _synonym(entry.name, known, there) or context.nearest(entry.name, known)
            help_text = f"did you mean `{meant}`?" if meant else context.did_you_mean(entry.name, known)
            context.report("E201", f"{what} has no key `{shown(entry.name)}`", entry.key.span, help=help_text)
            if meant and meant not in there:
                there.add(meant)
                entry = replace(entry, key=replace(entry.key, text=meant))
        entries.append(entry)
    return Fields(context, replace(mapping, entries=tuple(entries)), place, what)


_SYNONYMS = {
    "amount": ("value",), "brackets": ("values",), "citation": ("law",), "condition": ("needs", "when"),
    "description": ("label", "about"), "expression": ("formula",), "formula": ("needs", "then"),
    "if": ("when", "needs"), "name": ("label",), "needs": ("then",), "rate": ("value",), "reference": ("law",),
    "source": ("law",), "statute": ("law",), "then": ("needs",), "title": ("label", "about"), "unit": ("type",),
    "value": ("rate", "values", "then", "formula"), "when": ("needs",),
}  # fmt: skip


def _synonym(word: str, known: tuple[str, ...], there: set[str]) -> str:
    """The key for which an author may write `word`, if the place has it and it does not stand there."""
    return next((synonym for synonym in _SYNONYMS.get(word, ()) if synonym in known and synonym not in there), "")


def as_mapping(context: Context, node: Node, place: Span, what: str) -> Mapping | None:
    """`node` if it is a mapping, else None with E203."""
    if isinstance(node, Mapping):
        return node
    _wrong_shape(
        context, node, place, what, wanted="a mapping", help="write `key: value` lines below it, or `{key: value}`"
    )
    return None


def as_scalar(context: Context, node: Node, place: Span, what: str) -> Scalar | None:
    """`node` if it is a single value that says something, else None with E203."""
    if isinstance(node, Scalar) and node.text.strip():
        return node
    _wrong_shape(context, node, place, what, wanted="a single value", help="write the value after the colon")
    return None


def as_sequence(context: Context, node: Node, place: Span, what: str) -> tuple[Node, ...]:
    """The items of `node` if it is a list, else none with E203."""
    if isinstance(node, Sequence):
        return node.items
    _wrong_shape(
        context, node, place, what, wanted="a list", help="write `[first, second]`, or lines that begin with `- `"
    )
    return ()


def named_entries(
    context: Context,
    node: Node,
    place: Span,
    what: str,
    *,
    of_what: str,
    in_formulas: bool = True,
    free: frozenset[str] = frozenset(),
) -> tuple[MappingEntry, ...]:
    """The entries of a mapping from names to definitions: E203 for the shape, E205 for the names, which may be words of
    the language only if no formula can name them (`in_formulas` false), or if they are `free` there."""
    mapping = as_mapping(context, node, place, what)
    for entry in mapping or ():
        context.name(entry.key, of_what, in_formulas and entry.name not in free)
    return mapping.entries if mapping else ()


def _wrong_shape(context: Context, node: Node, place: Span, what: str, *, wanted: str, help: str) -> None:
    if isinstance(node, Scalar) and node.refused:
        return
    span = node.span if node.span.text.strip() else place
    if isinstance(node, Scalar) and not node.is_empty and not node.text.strip():
        context.report("E203", f"{what} is empty", span, help=help)
        return
    context.report("E203", f"{what} holds {kind_of(node)}, where {wanted} is expected", span, help=help)
