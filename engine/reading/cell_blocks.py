"""Cells of a long table as a block of text, as the law prints them.

1. Below the keys that are written out stands a literal block (`|`): a line for each value of the last key but one, or
   one line where only the last key is left; on each line a number for each value of the last key, in order. What
   follows a `#` is a comment.
2. A line of plain whole numbers is taken at once, since there may be thousands; any other is read number by number, as
   a cell is anywhere, each with its own place in the file.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache

from engine.reading.context import Context
from engine.reading.declared_constants import Key, KeyType
from engine.reading.percent import read_constant
from engine.syntax.nodes import Node, Scalar, Style
from engine.text.source import Span
from engine.values.types import NUMBERS, Kind, Value, ValueType

_WHOLE = r"(?:0|[1-9][0-9]{0,14})"
_WHOLE_NUMBERS = re.compile(rf"\s*{_WHOLE}(?:\s+{_WHOLE})*\s*", re.ASCII)

Level = tuple[KeyType, tuple[Key, ...]]


def is_block(node: Node, of: ValueType | None, levels: Sequence[Level]) -> bool:
    """Whether a node is a block of cells: of numbers, for one or two keys."""
    if of is None or of.kind not in NUMBERS or len(levels) not in (1, 2):
        return False
    return isinstance(node, Scalar) and node.style is Style.LITERAL


def read_block(
    context: Context, scalar: Scalar, of: ValueType, levels: Sequence[Level]
) -> list[tuple[tuple[Key, ...], Value]]:
    """The cells of a block by the keys of `levels`; E208 where a line or a number is missing or too many."""
    lines = _lines(scalar)
    rows: Sequence[tuple[Key, ...]] = [(key,) for key in levels[0][1]] if len(levels) == 2 else [()]
    last, columns = levels[-1]
    if len(lines) != len(rows):
        what = f"the {len(rows)} values of `{levels[0][0].name}`" if len(levels) == 2 else "one line of numbers"
        message = f"the block has {_count(len(lines), 'line')} for {what}"
        context.report("E208", message, scalar.span, help="write a line for each, in order")
        return []
    cells: list[tuple[tuple[Key, ...], Value]] = []
    for row, (start, line) in zip(rows, lines, strict=True):
        numbers = line.split()
        if len(numbers) != len(columns):
            message = f"the line has {_count(len(numbers), 'number')} for the {len(columns)} values of `{last.name}`"
            place = _placed(scalar, start + len(line) - len(line.lstrip()), start + len(line.rstrip()))
            context.report("E208", message, place, help="write a number for each, in order, with spaces between")
            continue
        whole = of.kind is not Kind.RATE and _WHOLE_NUMBERS.fullmatch(line)
        values = _whole(numbers, of) if whole else _read(context, scalar, of, start, numbers)
        cells += [((*row, key), value) for key, value in zip(columns, values, strict=True)]
    return cells


def _lines(scalar: Scalar) -> list[tuple[int, str]]:
    """The lines that are not empty, without comments, each with where it begins in the text."""
    lines, start = [], 0
    for line in scalar.text.split("\n"):
        said = line.partition("#")[0]
        if said.strip():
            lines.append((start, said))
        start += len(line) + 1
    return lines


def _whole(numbers: Sequence[str], of: ValueType) -> list[Value]:
    return [int(text) for text in numbers] if of.kind is Kind.INTEGER else [_fraction(text) for text in numbers]


@lru_cache(maxsize=10_000)
def _fraction(text: str) -> Fraction:
    """A whole number; kept, since a table has the same ones again and again."""
    return Fraction(int(text))


def _read(context: Context, scalar: Scalar, of: ValueType, start: int, numbers: Sequence[str]) -> list[Value]:
    values, at = [], start
    for text in numbers:
        at = scalar.text.index(text, at)
        span = _placed(scalar, at, at + len(text))
        values.append(read_constant(context, Scalar(text, Style.PLAIN, span), of, span))
        at += len(text)
    return values


def _placed(scalar: Scalar, start: int, end: int) -> Span:
    offsets = scalar.fragment.offsets
    return Span(scalar.span.source, offsets[start], offsets[end - 1] + 1)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
