"""CSV into rows of exact numbers. A row with a fault keeps its id and its faults; the others are not touched by it.

Money goes through exact decimals and is then rounded to whole cents, halves away from zero: `41904.76190476191` is
41904.76. Whole numbers may be written `1`, `1.` or `1.0`, as TAXSIM and statistics programs print them. An empty cell
is 0.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from typing import TextIO

from api.failures import Failure
from api.taxsim.columns import CODES, KNOWN, MONEY
from engine.text.source import visible

_CENT = Decimal("0.01")
_EXACT = Context(prec=200)  # more than the digits of the longest number with the largest exponent
_NOUGHTS = frozenset(("", "0", "0.", "0.0", "0.00"))  # what most cells hold
_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,30}\.?[0-9]{0,40}|\.[0-9]{1,40})(?:[eE][+-]?[0-9]{1,2})?", re.ASCII)
_MOST_CELLS = 500


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a column of a row."""

    column: str
    message: str


@dataclass(slots=True)
class Row:
    """A tax unit as it came: its id as text, codes and money (whole cents) by column, and what is wrong with it."""

    line: int
    taxsimid: str
    codes: dict[str, int] = field(default_factory=dict)
    money: dict[str, int] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Header:
    """The columns of a file: where each known one stands, and those that are ignored."""

    places: dict[str, int]
    ignored: tuple[str, ...]
    width: int


def read_header(cells: list[str]) -> Header:
    """Where the columns stand. Raises Failure if there is no `year` or a column appears twice."""
    places: dict[str, int] = {}
    ignored: list[str] = []
    for place, cell in enumerate(cells):
        name = cell.strip().strip("\ufeff").lower()
        if name not in KNOWN:
            ignored.append(visible(name[:40]))
        elif name in places:
            raise Failure(f"the column `{name}` appears twice", "remove one of the two")
        else:
            places[name] = place
    for needed in ("year", "mstat"):
        if needed not in places:
            raise Failure(f"there is no column `{needed}`", _header_help(cells))
    return Header(places, tuple(name for name in ignored if name), len(cells))


def _header_help(cells: list[str]) -> str:
    if len(cells) == 1 and any(mark in cells[0] for mark in ";\t|"):
        return "separate the columns by commas"
    return "begin with a header line: taxsimid,year,mstat,page,…"


def read_rows(stream: TextIO) -> tuple[Header, Iterator[Row]]:
    """The header, and the rows as they are read. Raises Failure for what is no CSV with a header."""
    lines = csv.reader(stream, strict=False)
    try:
        first = next(lines, None)
    except csv.Error as fault:
        raise _no_csv(fault) from None
    if first is None or not any(cell.strip() for cell in first):
        raise Failure("the input is empty", "give CSV with a header line: taxsimid,year,mstat,page,…")
    header = read_header(first)
    return header, read_records(lines, header)


def read_records(lines: Iterator[list[str]], header: Header, number: int = 0) -> Iterator[Row]:
    """The rows in records of cells, empty ones left out; `number` records of the file came before them."""
    while True:
        try:
            cells = next(lines, None)
        except csv.Error as fault:
            raise _no_csv(fault) from None
        if cells is None:
            return
        number += 1
        if any(cell.strip() for cell in cells):
            yield read_row(number, cells, header)


def _no_csv(fault: Exception) -> Failure:
    return Failure(f"the input cannot be read as CSV: {fault}", "give CSV with a header line, saved as UTF-8")


def read_row(number: int, cells: list[str], header: Header) -> Row:
    """One line of the file as a row."""
    row = Row(number, str(number))
    if len(cells) > min(_MOST_CELLS, header.width):
        row.faults.append(Fault("taxsimid", "the line has more cells than the header has columns"))
    for name, place in header.places.items():
        text = cells[place].strip() if place < len(cells) else ""
        if name == "taxsimid":
            row.taxsimid = identifier(text) or row.taxsimid
        elif name in MONEY:
            row.money[name] = _money(text, name, row)
        elif name in CODES:
            row.codes[name] = _whole(text, name, row)
    return row


def identifier(text: str) -> str:
    """`1.` and `1.0` are 1; anything else stays as it is, on one line."""
    match = re.fullmatch(r"([0-9]+)\.0*", text, re.ASCII)
    return match[1] if match else visible(" ".join(text[:60].split()))


def _number(text: str, column: str, row: Row) -> Decimal:
    if not text:
        return Decimal(0)
    try:
        if not _NUMBER.fullmatch(text):
            raise InvalidOperation
        return Decimal(text)
    except (InvalidOperation, OverflowError, ValueError):
        row.faults.append(Fault(column, f"`{visible(text[:40])}` is not a number"))
        return Decimal(0)


def _money(text: str, column: str, row: Row) -> int:
    """In cents."""
    if text in _NOUGHTS:
        return 0
    return int(_number(text, column, row).quantize(_CENT, ROUND_HALF_UP, _EXACT).scaleb(2, _EXACT))


def _whole(text: str, column: str, row: Row) -> int:
    if text in _NOUGHTS:
        return 0
    if len(text) < 10 and text.isascii() and text.isdecimal():
        return int(text)
    value = _number(text, column, row)
    if value != value.to_integral_value():
        row.faults.append(Fault(column, f"`{visible(text[:40])}` is not a whole number"))
        return 0
    return int(value)
