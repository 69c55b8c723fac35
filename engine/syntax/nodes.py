"""The tree of a YAML file: mappings, lists and scalars, each of which knows where it stands.

Scalars are text. What type a text has is for the reader of its key to say; see `engine.reading`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field
from enum import Enum

from engine.records import record
from engine.syntax.scalars import scalar_offsets
from engine.text.source import Fragment, Span, visible


class Style(Enum):
    """How a scalar is written."""

    PLAIN = "plain"
    SINGLE = "single-quoted"
    DOUBLE = "double-quoted"
    LITERAL = "literal"
    FOLDED = "folded"


@record(frozen=True, slots=True)
class Scalar:
    """A text. `span` covers quotes and block headers too; `text` is the text without them.

    `refused` marks what stood for an alias: it says nothing, and was reported already.
    """

    text: str
    style: Style
    span: Span = field(compare=False, repr=False)
    refused: bool = False

    @property
    def fragment(self) -> Fragment:
        """The text with the place in the file of each of its characters. Computed at each call."""
        offsets = scalar_offsets(self.span, self.text, self.is_block)
        return Fragment(self.text, self.span.source, offsets)

    @property
    def is_block(self) -> bool:
        """Whether the text stands below a `|` or `>`."""
        return self.style in (Style.LITERAL, Style.FOLDED)

    @property
    def is_empty(self) -> bool:
        """Whether nothing was written at all, as after `key:`."""
        return self.style is Style.PLAIN and not self.text

    @property
    def keeps_lines(self) -> bool:
        """Whether line breaks in the file are line breaks in the text."""
        return self.style is Style.LITERAL or "\n" not in self.span.text


@record(frozen=True, slots=True)
class MappingEntry:
    """A key of a mapping and what it holds."""

    key: Scalar
    value: Node

    @property
    def name(self) -> str:
        """The key's text."""
        return self.key.text


@record(frozen=True, slots=True)
class Mapping:
    """Keys and what they hold, in the order of the file. No key appears twice."""

    entries: tuple[MappingEntry, ...]
    span: Span = field(compare=False, repr=False)

    def find(self, name: str) -> MappingEntry | None:
        """The entry of a key, if it is there. Takes time in proportion to the number of keys."""
        return next((entry for entry in self.entries if entry.name == name), None)

    def get(self, name: str) -> Node | None:
        """What a key holds, if it is there."""
        entry = self.find(name)
        return entry.value if entry else None

    def __iter__(self) -> Iterator[MappingEntry]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)


@record(frozen=True, slots=True)
class Sequence:
    """A list."""

    items: tuple[Node, ...]
    span: Span = field(compare=False, repr=False)

    def __iter__(self) -> Iterator[Node]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)


Node = Scalar | Mapping | Sequence


def kind_of(node: Node) -> str:
    """What a node is, in words: `a mapping`, `a list`, `a value`, `nothing`."""
    match node:
        case Mapping():
            return "a mapping"
        case Sequence():
            return "a list"
        case Scalar():
            return "nothing" if node.is_empty else "a single value"


def shown(text: str, width: int = 40) -> str:
    """Text of a user as a message quotes it: one line, not too long."""
    line = " ".join(text[: 2 * width].split())
    line = visible(line)
    return line if len(line) <= width and len(text) <= 2 * width else line[:width] + "…"
