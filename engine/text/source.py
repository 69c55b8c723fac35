"""Where text came from: files, spans in them, and fragments whose characters map back to the file."""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from dataclasses import dataclass, field
from itertools import accumulate

from engine.records import record

_HIDDEN = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


def visible(text: str) -> str:
    """Text as a terminal may show it, of the same length: what moves the cursor or hides becomes a mark."""
    return "".join(" " if char == "\t" else "␦" if unicodedata.category(char) in _HIDDEN else char for char in text)


@dataclass(frozen=True, slots=True)
class Source:
    """A file's name, as the user wrote it, and its text."""

    name: str
    text: str = field(repr=False)
    line_starts: tuple[int, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        starts = accumulate((len(line) + 1 for line in self.text.split("\n")[:-1]), initial=0)
        object.__setattr__(self, "line_starts", tuple(starts))

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column, both from 1, of a character offset."""
        line = bisect_right(self.line_starts, offset)
        return line, offset - self.line_starts[line - 1] + 1

    def line(self, number: int) -> str:
        """The text of line `number` (from 1), without its end."""
        start = self.line_starts[number - 1]
        end = self.line_starts[number] - 1 if number < len(self.line_starts) else len(self.text)
        return self.text[start:end].rstrip("\r")


@record(frozen=True, slots=True)
class Span:
    """The characters from `start` up to `end` (exclusive) of a source."""

    source: Source = field(repr=False)
    start: int
    end: int

    @property
    def line(self) -> int:
        """The line on which the span begins, from 1."""
        return self.source.position(self.start)[0]

    @property
    def column(self) -> int:
        """The column at which the span begins, from 1."""
        return self.source.position(self.start)[1]

    @property
    def text(self) -> str:
        """The characters themselves."""
        return self.source.text[self.start : self.end]

    def to(self, other: Span) -> Span:
        """From the beginning of this span to the end of another in the same source."""
        return Span(self.source, self.start, max(self.end, other.end))

    def __str__(self) -> str:
        line, column = self.source.position(self.start)
        return f"{self.source.name}:{line}:{column}"


@dataclass(frozen=True, slots=True)
class Fragment:
    """Text taken out of a file, such as a formula in a YAML scalar.

    `offsets[i]` is where character i of `text` stands in the source; one more entry marks the end. Block and quoted
    scalars drop indentation and escapes, so the offsets need not be contiguous.
    """

    text: str
    source: Source = field(repr=False)
    offsets: tuple[int, ...] = field(repr=False)

    @classmethod
    def whole(cls, text: str, name: str = "<formula>") -> Fragment:
        """A fragment that is its own source, for formulas that come from no file."""
        return cls(text, Source(name, text), tuple(range(len(text) + 1)))

    def span(self, start: int, end: int) -> Span:
        """The span in the source of characters `start` to `end` of the fragment."""
        first = self.offsets[min(start, len(self.text))]
        if end <= start:
            return Span(self.source, first, first)
        return Span(self.source, first, self.offsets[min(end, len(self.text)) - 1] + 1)
