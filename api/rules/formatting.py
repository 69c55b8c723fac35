"""Formulas of a rule file in canonical form, everything else byte for byte as it is.

1. Read the file's YAML for its scalars, and its declarations for where formulas stand in them.
2. Print each formula from its tree. One that stands on several lines is broken where its author broke it, if its lines
   fit; else where its form has parts.
3. Put the print in place of the scalar: a block keeps its indentation, a quoted text its quotes; a plain text that
   could no longer stand unquoted, or no longer fits its line, becomes a block.
4. A formula that holds a comment is left as it is, for the tree does not know where a comment belongs.
5. Read the new text back: every formula must be the tree it was, or the file is left alone (that would be a bug).
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from difflib import SequenceMatcher
from typing import get_args

from engine.reading.declarations import Example, RuleModule
from engine.reading.declared_settings import Settings
from engine.reading.documents import read_module
from engine.syntax import ast
from engine.syntax.nodes import Mapping, Node, Scalar, Sequence, Style
from engine.syntax.printer import print_formula
from engine.syntax.yaml_reader import read_nodes
from engine.text.diagnostics import Diagnostics
from engine.text.source import Source

LINE, _ENDLESS = 120, 10**9
_EXPRESSIONS = get_args(ast.Expression)
_UNSAFE_PLAIN = re.compile(r":(\s|$)|\s#|^[\s\-?:,\[\]{}#&*!|>'\"%@`]|\s$")
_LINE_FEED = re.compile(r"(?<!\r)\n")
_UNSAFE_IN_FLOW = re.compile(r"[,\[\]{}]")


@dataclass(frozen=True, slots=True)
class Edit:
    """Characters of a file from `start` up to `end`, and what shall stand there."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class _Place:
    """A scalar: whether it stands in brackets, and the column (from 0) of the key that holds it."""

    scalar: Scalar
    in_flow: bool
    key_column: int


def formatted(source: Source, settings: Settings, problems: Diagnostics) -> str | None:
    """The text of a file with its formulas in order; None, with problems, if it cannot be read."""
    diagnostics = Diagnostics()
    module = read_module(source, source.name, settings, diagnostics)
    tree = read_nodes(source, Diagnostics())
    syntax = [problem for problem in diagnostics if problem.code.startswith(("E1", "E3"))]
    if module is None or tree is None or syntax:
        problems.items += syntax or list(diagnostics)
        return None
    text = source.text
    for edit in sorted(_edits(module, tree), key=lambda edit: edit.start, reverse=True):
        new = _LINE_FEED.sub("\r\n", edit.text) if "\r\n" in source.text else edit.text
        text = text[: edit.start] + new + text[edit.end :]
    again = read_module(Source(source.name, text), source.name, settings, Diagnostics())
    before, after = (list(_formulas(rule_module)) if rule_module is not None else [] for rule_module in (module, again))
    return text if before == after else source.text


def _edits(module: RuleModule, tree: Node) -> Iterator[Edit]:
    places = {place.scalar.span.start: place for place in _scalars(tree, False, 0)}
    starts = sorted(places)
    for formula in _formulas(module):
        at = _last_at_most(starts, formula.span.start)
        if at is None or formula.span.end > places[at].scalar.span.end:
            continue
        edit = _edit(places[at], formula)
        if edit is not None:
            yield edit


def _last_at_most(starts: list[int], position: int) -> int | None:
    index = bisect_right(starts, position)
    return starts[index - 1] if index else None


def _scalars(node: Node, in_flow: bool, key_column: int) -> Iterator[_Place]:
    match node:
        case Scalar():
            yield _Place(node, in_flow, key_column)
        case Mapping():
            inside = in_flow or node.span.text.startswith("{")
            for entry in node:
                yield from _scalars(entry.value, inside, entry.key.span.column - 1)
        case Sequence():
            for item in node:
                yield from _scalars(item, in_flow or node.span.text.startswith("["), key_column)


def _formulas(value: object) -> Iterator[ast.Expression]:
    """The outermost formulas in declarations, in the order of their fields."""
    if isinstance(value, _EXPRESSIONS):
        yield value
    elif isinstance(value, tuple | list):
        for item in value:
            yield from _formulas(item)
    elif is_dataclass(value) and not isinstance(value, Example | Source):
        for field in fields(value):
            yield from _formulas(getattr(value, field.name))


def _edit(place: _Place, formula: ast.Expression) -> Edit | None:
    scalar = place.scalar
    if "#" in scalar.text:
        return None
    room, line = LINE - place.key_column - 2, print_formula(formula, width=_ENDLESS)
    printed = print_formula(formula, room)
    if scalar.is_block and "\n" in scalar.text.strip():
        printed = broken_as(scalar.text, line, room) or print_formula(formula, room, broken=True)
    if printed == scalar.text.rstrip("\n"):
        return None
    match scalar.style:
        case Style.LITERAL | Style.FOLDED:
            return _block_edit(scalar, printed)
        case Style.SINGLE:
            return Edit(scalar.span.start, scalar.span.end, line.replace("'", "''").join("''"))
        case Style.DOUBLE:
            return Edit(scalar.span.start, scalar.span.end, line.join('""'))
    return _plain_edit(place, line, printed)


_TOKEN = re.compile(r"\s*([A-Za-z0-9_.]+|[<>!]=|[^\sA-Za-z0-9_])")


def broken_as(written: str, printed: str, room: int) -> str:
    """A printed formula with the line breaks and indents of the written one; empty if a line would not fit `room`.

    The tokens of both are the same but for parentheses that say nothing and for the spelling of numbers.
    """
    begins = {len(_tokens(head)): _indent_after(head, written) for head in _heads(written)}
    before = _tokens(written)
    after = list(_TOKEN.finditer(printed))
    same = SequenceMatcher(None, before, [_spelt(token[1]) for token in after], autojunk=False).get_matching_blocks()
    places = {block.a + step: block.b + step for block in same for step in range(block.size)}
    breaks: dict[int, str] = {}
    for index, indent in begins.items():
        kept = next((places[at] for at in range(index, len(before)) if at in places), None)
        if kept:
            breaks.setdefault(kept, indent)
    text = "".join(f"\n{breaks[at]}{token[1]}" if at in breaks else token[0] for at, token in enumerate(after))
    lines = text.splitlines()
    return text if len(lines) > 1 and max(map(len, lines)) <= room else ""


def _tokens(text: str) -> list[str]:
    return [_spelt(token[1]) for token in _TOKEN.finditer(text)]


def _spelt(token: str) -> str:
    return token.replace("_", "") if token[0].isdigit() else token


def _heads(text: str) -> Iterator[str]:
    """What stands before each line but the first that is not empty."""
    lines = text.rstrip().split("\n")
    for number in range(1, len(lines)):
        if lines[number].strip():
            yield "\n".join(lines[:number]) + "\n"


def _indent_after(head: str, text: str) -> str:
    line = text[len(head) :].partition("\n")[0]
    return line[: len(line) - len(line.lstrip())]


def _plain_edit(place: _Place, one_line: str, printed: str) -> Edit:
    span = place.scalar.span
    fits = span.column - 1 + len(one_line) <= LINE
    unsafe = _UNSAFE_PLAIN.search(one_line) or (place.in_flow and _UNSAFE_IN_FLOW.search(one_line))
    if place.in_flow:
        return Edit(span.start, span.end, one_line.join('""') if unsafe else one_line)
    if fits and not unsafe:
        return Edit(span.start, span.end, one_line)
    indent = " " * (place.key_column + 2)
    return Edit(span.start, span.end, "|\n" + "\n".join(indent + line for line in printed.splitlines()))


def _block_edit(scalar: Scalar, printed: str) -> Edit:
    """The lines below the block's header, with the indentation of the first."""
    text = scalar.span.text
    head, _, body = text.partition("\n")
    lines = [line for line in body.split("\n") if line.strip()]
    indent = lines[0][: len(lines[0]) - len(lines[0].lstrip())]
    tail = body[len(body.rstrip()) :]
    start = scalar.span.start + len(head) + 1
    new = "\n".join(indent + line for line in printed.splitlines())
    return Edit(start, scalar.span.end, new + tail)
