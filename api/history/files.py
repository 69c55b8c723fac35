"""Files of events as nodes with positions: YAML (or JSON), or JSON lines, whichever the file is.

1. A file named `.jsonl` or `.ndjson`, or whose first line is a whole JSON object, is JSON lines: one event a line.
2. Any other is YAML: an event, or a list of events. JSON is YAML.
3. JSON lines become the same nodes as YAML, each standing on its line, so that one reader checks both. Numbers keep
   their digits; keys that stand twice, NaN, nesting bombs and what is no text are problems with their position.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from api.failures import Failure, Misuse
from engine.reading.data import read_data
from engine.syntax.files import MAX_BYTES, source_from_bytes
from engine.syntax.nodes import Mapping, MappingEntry, Node, Scalar, Sequence, Style
from engine.text.diagnostics import Diagnostics
from engine.text.source import Source, Span

MAX_LINES_BYTES = 64_000_000
MAX_DEPTH = 20
MAX_PROBLEMS = 100
_LINES_NAMES = (".jsonl", ".ndjson")
_BROKEN_STRING = re.compile(r"[\ud800-\udfff]")


def read_events(path: str, problems: Diagnostics) -> list[Node]:
    """The events of a file, or of stdin for `-`, as nodes. Faults are added to `problems`."""
    name = "<stdin>" if path == "-" else path
    content = _content(path)
    if path.endswith(_LINES_NAMES) or _begins_with_an_object(content):
        return list(_lines(content, name, problems))
    if len(content) > MAX_BYTES:
        raise Failure(
            f"`{name}` is larger than {MAX_BYTES:,} bytes",
            f"split it, or give JSON lines (`events.jsonl`), of up to {MAX_LINES_BYTES:,} bytes",
        )
    source = source_from_bytes(content, name, problems)
    node = read_data(source, problems) if source is not None else None
    match node:
        case None:
            return []
        case Sequence():
            return list(node)
        case _:
            return [node]


def _content(path: str) -> bytes:
    """The bytes. Raises Misuse for what is not a file, Failure for too many."""
    if path == "-":
        content = sys.stdin.buffer.read(MAX_LINES_BYTES + 1)
    else:
        if not Path(path).exists():
            raise Misuse(f"there is no file `{path}`", "name a file of events, or `-` for stdin")
        if Path(path).is_dir():
            raise Misuse(f"`{path}` is a folder", "name a file of events, or `-` for stdin")
        with open(path, "rb") as stream:
            content = stream.read(MAX_LINES_BYTES + 1)
    if len(content) > MAX_LINES_BYTES:
        raise Failure(f"`{path}` is larger than {MAX_LINES_BYTES:,} bytes", "split it into several files")
    return content


def _begins_with_an_object(content: bytes) -> bool:
    """Whether the first line is a JSON object and more lines follow, or nothing."""
    first = content.lstrip()[:MAX_BYTES].split(b"\n", 1)[0].strip()
    if not first.startswith(b"{"):
        return False
    try:
        return isinstance(json.loads(first), dict)
    except (ValueError, RecursionError):
        return False


def _lines(content: bytes, name: str, problems: Diagnostics) -> Iterator[Node]:
    try:
        source = Source(name, content.decode("utf-8"))
    except UnicodeDecodeError as fault:
        line = content[: fault.start].count(b"\n") + 1
        problems.add("E102", f"line {line} is not UTF-8 text", None, help="save the file as UTF-8", file=name)
        return
    start, problems_before = 0, len(problems)
    for text in source.text.split("\n"):
        if text.strip():
            node = _line(text, start, source, problems)
            if node is not None:
                yield node
        if len(problems) - problems_before >= MAX_PROBLEMS:
            return
        start += len(text) + 1


def _line(text: str, start: int, source: Source, problems: Diagnostics) -> Node | None:
    """One line's object as nodes, all of which stand on the whole line."""
    begin = start + len(text) - len(text.lstrip())
    span = Span(source, begin, start + len(text.rstrip()))
    maker = _Maker(span, problems)
    try:
        return maker.node(maker.decoder.decode(text), 1)
    except json.JSONDecodeError as fault:
        at = Span(source, start + fault.pos, start + fault.pos + 1)
        message = f"this line is not JSON: {fault.msg[:1].lower()}{fault.msg[1:]}"
        problems.add("E101", message, at, help="write each event as a JSON object on a line of its own")
    except (ValueError, RecursionError) as fault:
        deep = isinstance(fault, RecursionError)
        code, message = ("E108", f"nesting is deeper than {MAX_DEPTH}") if deep else ("E207", str(fault))
        problems.add(code, message, span, help="see citizens/README.md for how events are written")
    return None


class _Maker:
    """Turns what the JSON decoder finds into nodes of one line."""

    def __init__(self, span: Span, problems: Diagnostics) -> None:
        self.span = span
        self.problems = problems
        self.decoder = json.JSONDecoder(
            object_pairs_hook=self.pairs, parse_int=self.plain, parse_float=self.plain, parse_constant=self.constant
        )

    def plain(self, text: str) -> Scalar:
        return Scalar(text, Style.PLAIN, self.span)

    def constant(self, text: str) -> Scalar:
        raise ValueError(f"`{text}` is not a number that can be kept")

    def pairs(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        mapping = dict(pairs)
        if len(mapping) != len(pairs):
            names = [name for name, _ in pairs]
            twice = next(name for name in names if names.count(name) > 1)
            self.problems.add("E107", f"`{twice[:40]}` appears twice", self.span, help="remove one of the two")
        return mapping

    def node(self, value: Any, depth: int) -> Node:
        if depth > MAX_DEPTH:
            raise RecursionError
        match value:
            case Scalar():
                return value
            case dict():
                entries = (
                    MappingEntry(self.text(name), self.node(member, depth + 1)) for name, member in value.items()
                )
                return Mapping(tuple(entries), self.span)
            case list():
                return Sequence(tuple(self.node(item, depth + 1) for item in value), self.span)
            case str():
                return self.text(value)
        return self.plain({True: "true", False: "false", None: "null"}[value])

    def text(self, text: str) -> Scalar:
        if _BROKEN_STRING.search(text):
            raise ValueError("a text holds half of a character (a lone surrogate)")
        return Scalar(text, Style.DOUBLE, self.span)
