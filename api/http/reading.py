"""Request bodies: strict JSON as nodes that know their JSON pointer. What is refused is refused in milliseconds.

1. The bytes must be UTF-8 without a byte order mark; brackets may nest `MAX_DEPTH` deep: both are looked at before
   anything is parsed.
2. Keys that stand twice, NaN, infinities, numbers over 40 digits or beyond a double's exponents, lone surrogates and
   NUL are refused (400), with line and column where the parser knows them.
3. What is left becomes `engine.syntax` nodes, each with a span whose start is its place in `pointers`: a problem that
   the engine finds in a case is told with the pointer of what is wrong. Numbers keep their digits; no float exists.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

from api.cases.odd_texts import holds_odd_text
from api.http.problems import Fault, Refusal
from engine.syntax.nodes import Mapping, MappingEntry, Node, Scalar, Sequence, Style
from engine.text.source import Source, Span

MAX_DEPTH = 64
MAX_DIGITS = 40
MAX_ITEMS = 200_000
_TOKENS = re.compile(rb'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)|[\[\]{}]', re.DOTALL)
_EXPONENT = re.compile(r".*[eE]([+-]?[0-9]+)")
_SOURCE = Source("request", "")


class Number(str):
    """A JSON number, as its digits."""

    __slots__ = ()


@dataclass(slots=True)
class Document:
    """A body: its `data` (numbers are `Number`), and nodes of any part of it on demand."""

    data: Any
    pointers: list[str] = field(default_factory=list)

    def node(self, value: Any, pointer: str) -> Node:
        """A part of the body, which stands at `pointer`, as nodes."""
        return self._node(value, pointer)

    def pointer(self, span: Span | None) -> str:
        """The pointer of what stands at a span."""
        return self.pointers[span.start] if span is not None and span.start < len(self.pointers) else ""

    def _span(self, pointer: str) -> Span:
        self.pointers.append(pointer)
        return Span(_SOURCE, len(self.pointers) - 1, len(self.pointers))

    def _node(self, value: Any, pointer: str) -> Node:
        span = self._span(pointer)
        match value:
            case Number():
                return Scalar(str(value), Style.PLAIN, span)
            case str():
                return Scalar(value, Style.DOUBLE, span)
            case bool():
                return Scalar("true" if value else "false", Style.PLAIN, span)
            case None:
                return Scalar("null", Style.PLAIN, span)
            case list():
                return Sequence(tuple(self._node(item, f"{pointer}/{at}") for at, item in enumerate(value)), span)
            case dict():
                return Mapping(tuple(self._entry(name, entry, pointer) for name, entry in value.items()), span)
        raise TypeError(type(value).__name__)

    def _entry(self, name: str, value: Any, pointer: str) -> MappingEntry:
        place = f"{pointer}/{escaped(name)}"
        return MappingEntry(Scalar(name, Style.DOUBLE, self._span(place)), self._node(value, place))


def escaped(name: str) -> str:
    """A key as a JSON pointer writes it."""
    return name.replace("~", "~0").replace("/", "~1")


def read_json(body: bytes) -> Document:
    """The body as JSON. Raises Refusal (400) for what is none."""
    if body[:2] in (b"\xff\xfe", b"\xfe\xff") or body[1:2] == b"\0" or body[:1] == b"\0":
        raise not_json("the body is not UTF-8, and looks like UTF-16", "send UTF-8")
    if body.startswith(b"\xef\xbb\xbf"):
        raise not_json("the body begins with a byte order mark", "send UTF-8 without one")
    _check_depth(body)
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as fault:
        line = body[: fault.start].count(b"\n") + 1
        raise not_json(f"the body is not UTF-8 text from line {line} on", "send UTF-8") from None
    try:
        data = _DECODER.decode(text)
    except json.JSONDecodeError as fault:
        message = f"line {fault.lineno}, column {fault.colno}: {_plain(fault.msg)}"
        raise not_json(message, "send one JSON value") from None
    except RecursionError:
        raise _too_deep() from None
    _check_texts(data)
    return Document(data)


def not_json(message: str, remedy: str) -> Refusal:
    """The refusal of a body that cannot be parsed."""
    return Refusal("not-json", [Fault("", message, remedy)])


def _plain(message: str) -> str:
    return f"{message[:1].lower()}{message[1:]}"


def _too_deep() -> Refusal:
    return not_json(f"brackets nest deeper than {MAX_DEPTH}", "flatten the structure")


def _too_many() -> Refusal:
    return Refusal("too-large", [Fault("", f"the body holds over {MAX_ITEMS:,} items", "send it in parts")])


def _check_depth(body: bytes) -> None:
    if body.count(b",") > MAX_ITEMS:
        raise _too_many()
    depth = 0
    for match in _TOKENS.finditer(body):
        match match.group():
            case b"{" | b"[":
                depth += 1
                if depth > MAX_DEPTH:
                    raise _too_deep()
            case b"}" | b"]":
                depth -= 1


def _check_texts(data: Any) -> None:
    """Refuse half characters and NUL in any text."""
    if holds_odd_text(data):
        raise not_json("a text holds NUL or half of a character (a lone surrogate)", "send whole characters")


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise not_json("a key appears twice in one object", "send each key once")
    return made


def _number(text: str) -> Number:
    if len(text) > MAX_DIGITS:
        raise not_json(f"a number has over {MAX_DIGITS} digits", "send fewer digits")
    exponent = _EXPONENT.fullmatch(text)
    if exponent is not None and (len(exponent[1]) > 4 or abs(int(exponent[1])) > 300):
        raise not_json("a number has an exponent beyond what JSON's readers can hold", "write its digits out")
    return Number(text)


def _constant(text: str) -> Any:
    raise not_json(f"`{text}` is not a JSON value", "send a number, or null for what is not known")


_DECODER = json.JSONDecoder(object_pairs_hook=_pairs, parse_int=_number, parse_float=_number, parse_constant=_constant)
