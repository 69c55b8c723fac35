"""Where each character of a YAML scalar stands in the file.

YAML drops indentation, folds lines and replaces escapes, but never reorders.

1. A flow scalar (plain or quoted) is read once more: an escape stands where its backslash stands; a folded line break
   is a space at the break, and n empty lines between two lines are n line breaks.
2. A block scalar is laid beside its text: a character that is not white space is the next such character of the file;
   a run of white space takes the characters between its neighbours, from the left while they agree, the rest from
   the right.
3. One more offset marks the end.
"""

from __future__ import annotations

import re

from engine.text.source import Span

_PROPERTIES = re.compile(r"(?:[&!][^\s,\[\]{}]*\s+)+")
_FOLD = re.compile(r"[ \t]*\r?\n[ \t\r\n]*")
_ESCAPED_BREAK = re.compile(r"\\(\r?\n)([ \t\r\n]*)")
_ESCAPE = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))", re.DOTALL)
_ESCAPED = {
    "0": "\0", "a": "\a", "b": "\b", "t": "\t", "\t": "\t", "n": "\n", "v": "\v", "f": "\f", "r": "\r", "e": "\x1b",
    "N": "\x85", "_": "\xa0", "L": "\u2028", "P": "\u2029",
}  # fmt: skip
_RUNS = re.compile(r"[ \t\r\n]+|[^ \t\r\n]")

Placed = list[tuple[str, int]]


def scalar_offsets(span: Span, text: str, block: bool) -> tuple[int, ...]:
    """For each character of `text`, and for its end, its offset in the source of the scalar that `span` covers."""
    start, end = _without_properties(span)
    written = span.source.text
    quote = written[start : start + 1]
    if block:
        line_end = written.find("\n", start, end)
        start = end if line_end < 0 else line_end + 1
        return _beside(text, written, start, end)
    if quote in ("'", '"') and end - start >= 2:
        start, end = start + 1, end - 1
    if written[start:end] == text:
        return tuple(range(start, end + 1))
    placed = _flow(written, start, end, quote)
    if "".join(char for char, _ in placed) != text:
        return (span.start,) * (len(text) + 1)
    return (*(offset for _, offset in placed), end)


def _without_properties(span: Span) -> tuple[int, int]:
    """The range after an anchor or a tag. Both are refused, but the text after them is still read."""
    match = _PROPERTIES.match(span.source.text, span.start, span.end)
    return (match.end() if match else span.start), span.end


def _flow(written: str, start: int, end: int, quote: str) -> Placed:
    """The characters of a plain or quoted scalar with their places."""
    placed: Placed = []
    position = start
    while position < end:
        char = written[position]
        fold = _FOLD.match(written, position, end) if char in " \t\r\n" else None
        if fold:
            placed += _folded(written, fold.start(), fold.end())
            position = fold.end()
        elif quote == '"' and char == "\\":
            position = _escape(written, position, end, placed)
        else:
            placed.append((char, position))
            position += 2 if quote == "'" and char == "'" else 1
    return placed


def _folded(written: str, start: int, end: int) -> Placed:
    breaks = [index for index in range(start, end) if written[index] == "\n"]
    return [(" ", breaks[0])] if len(breaks) == 1 else [("\n", index) for index in breaks[1:]]


def _escape(written: str, position: int, end: int, placed: Placed) -> int:
    """Add what the escape at `position` stands for; the position after it."""
    line = _ESCAPED_BREAK.match(written, position, end)
    if line:
        placed += [("\n", index) for index in range(line.start(2), line.end()) if written[index] == "\n"]
        return line.end()
    match = _ESCAPE.match(written, position, end)
    if not match:
        return end
    code = match[1] or match[2] or match[3]
    placed.append((chr(int(code, 16)) if code else _ESCAPED.get(match[4], match[4]), position))
    return match.end()


def _beside(text: str, written: str, start: int, end: int) -> tuple[int, ...]:
    """The offsets of a block scalar's text, which the lines from `start` to `end` hold indented."""
    offsets: list[int] = []
    cursor = start
    for run in _RUNS.finditer(text):
        if run.group()[0] not in " \t\r\n":
            while cursor < end and written[cursor] in " \t\r\n":
                cursor += 1
            offsets.append(min(cursor, end))
            cursor += 1
            continue
        stop = cursor
        while stop < end and written[stop] in " \t\r\n":
            stop += 1
        offsets += _white(run.group(), written, cursor, stop)
        cursor = stop
    return (*offsets, min(cursor, end))


def _white(run: str, written: str, start: int, stop: int) -> list[int]:
    """Places for a run of white space among the written characters from `start` to `stop`."""
    right: list[int] = []
    position, index = stop, len(run)
    if "\n" in run or written.find("\n", start, stop) < 0:
        while index and position > start and run[index - 1] in " \t" and written[position - 1] == run[index - 1]:
            index, position = index - 1, position - 1
            right.append(position)
    left: list[int] = []
    place = start
    for char in run[:index]:
        char_at = place if written[place : place + 1] == char else written.find("\n", place, position)
        left.append(char_at if 0 <= char_at < position else max(start, position - 1))
        place = char_at + 1 if char_at >= 0 else position
    return left + right[::-1]
