"""Where each character of a YAML scalar stands in the file.

YAML drops indentation, folds lines and replaces escapes, but never reorders: so the text as YAML gives it is laid
beside the text as written.

1. Split what is written between the delimiters into units: an escape is one unit, and so is any other character.
2. Walk through the text. A character that is not white space is the next unit that is not layout.
3. A run of white space takes the units between its neighbours: from the left while characters agree, then from the
   right; a folded line break, which agrees with nothing, stands at the first unit that is left.
4. One more offset marks the end: just after the last character.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from engine.source import Span

_LAYOUT = " \t\r\n"
_PROPERTIES = re.compile(r"(?:[&!][^\s,\[\]{}]*\s+)+")
_ESCAPE = re.compile(r"\\(?:x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|\r\n|.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class _Unit:
    """One written character or escape: its place, and the character unless it is an escape (then empty)."""

    start: int
    char: str

    @property
    def is_layout(self) -> bool:
        return bool(self.char) and self.char in _LAYOUT


def scalar_offsets(span: Span, text: str, double_quoted: bool, block: bool) -> tuple[int, ...]:
    """For each character of `text`, and for its end, the offset in the source of the scalar written in `span`."""
    start, end = _inside(span, block)
    if span.source.text[start:end] == text and (not double_quoted or "\\" not in text):
        return tuple(range(start, end + 1))
    units = _units(span.source.text, start, end, double_quoted)
    return _align(text, units, start, end)


def _inside(span: Span, block: bool) -> tuple[int, int]:
    """The range within the delimiters: after a block's header line, between quotes."""
    written = span.source.text
    start, end = span.start, span.end
    found = _PROPERTIES.match(written, start, end)
    start = found.end() if found else start
    if block:
        line_end = written.find("\n", start, end)
        return (end if line_end < 0 else line_end + 1), end
    if written[start : start + 1] in ("'", '"') and end - start >= 2:
        return start + 1, end - 1
    return start, end


def _units(written: str, start: int, end: int, double_quoted: bool) -> list[_Unit]:
    single_quoted = not double_quoted and start > 0 and written[start - 1] == "'"
    units: list[_Unit] = []
    position = start
    while position < end:
        length, char = 1, written[position]
        if double_quoted and char == "\\":
            found = _ESCAPE.match(written, position, end)
            length, char = (found.end() - position if found else 1), ""
            if written[position + 1 : position + 2] in ("\n", "\r"):
                char = "\n"
        elif single_quoted and written[position : position + 2] == "''":
            length = 2
        units.append(_Unit(position, char))
        position += length
    return units


def _align(text: str, units: list[_Unit], start: int, end: int) -> tuple[int, ...]:
    solid = [index for index, unit in enumerate(units) if not unit.is_layout]
    offsets: list[int] = []
    next_solid, previous = 0, -1
    for run in re.finditer(r"[ \t\r\n]+|[^ \t\r\n]", text):
        piece = run.group()
        if piece[0] in _LAYOUT:
            following = _after(text[run.end() : run.end() + 1], units, solid, next_solid)
            taken = _white(piece, units, previous + 1, following, start)
            offsets += taken
            while next_solid < len(solid) and solid[next_solid] < following:
                previous, next_solid = solid[next_solid], next_solid + 1
        elif next_solid < len(solid):
            previous = solid[next_solid]
            offsets.append(units[previous].start)
            next_solid += 1
        else:
            offsets.append(offsets[-1] if offsets else start)
    last = previous + 1
    return (*offsets, units[last].start if text and last < len(units) else end)


def _after(char: str, units: list[_Unit], solid: list[int], next_solid: int) -> int:
    """The unit at which a run of white space ends: the next one that can be the character `char` after it.

    An escape such as `\\n` is a unit that stands within the run; it is passed over while `char` is written later.
    """
    position = next_solid
    while position < len(solid) and not units[solid[position]].char and char:
        escaped_layout = _is_escaped_layout(units, solid[position])
        if not escaped_layout:
            break
        position += 1
    return solid[position] if position < len(solid) and char else len(units)


def _is_escaped_layout(units: list[_Unit], index: int) -> bool:
    raise NotImplementedError
