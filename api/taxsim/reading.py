"""A table of tax units into blocks of columns, from front to back without holding it.

1. CSV (or tab-separated text) is cut into pieces of whole lines. Machine code reads those of plain numbers.
2. Arrow parses other pieces as columns (`arrow_reading`). A piece that cannot be read so (a cell that is not a number,
   a line with too many or too few cells, text that is no UTF-8) is halved, down to a few lines, which are read one by
   one, with what is wrong with them.
3. From a quoted cell that goes over lines, or a NUL, on, the rest is read one by one.
4. Parquet and Arrow come as columns already.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, BinaryIO

from api.taxsim.blocks import Block, block_of, joined
from api.taxsim.machine_reading import PlainLines
from api.taxsim.table import Header, read_header, read_records, read_rows

if TYPE_CHECKING:
    from api.taxsim.arrow_reading import ArrowText

PIECE = 2 * 2**20  # bytes of text
ROWS = 65_536
FEW = 64  # lines that are read one by one
PARQUET, ARROW = b"PAR1", b"ARROW1"
BOM = b"\xef\xbb\xbf"


def read_blocks(source: BinaryIO, only: str = "") -> tuple[Header, Iterator[Block]]:
    """The header, and the rows as they are read. Raises Failure for what is not a table with a header.

    `only` names a column that is wanted alone: the others need not be there, and their faults are not looked for.
    """
    start = source.read(len(ARROW))
    if start[: len(PARQUET)] == PARQUET or start == ARROW:
        from api.taxsim.arrow_reading import read_file  # and with it much of Arrow, which plain text does without

        names, blocks_under = read_file(start, source)
        header = _narrowed(read_header(names), only)
        return header, blocks_under(header)
    pieces = _pieces(start.removeprefix(BOM), source)
    first = next(pieces, b"")
    line, _, rest = first.partition(b"\n")
    if not (_is_plain(first) and line.strip()):
        return _one_by_one(chain([first], pieces))
    cells, delimiter = _header_cells(line)
    header = _narrowed(read_header(cells), only)
    return header, _Text(header, delimiter).blocks(chain([rest] if rest else [], pieces))


def _narrowed(header: Header, only: str) -> Header:
    return replace(header, places={only: header.places[only]}) if only in header.places else header


def _header_cells(line: bytes) -> tuple[list[str], str]:
    """The names of columns, and what separates them: commas, or tabs where there is no comma."""
    text = line.decode("utf-8", "replace")
    delimiter = "\t" if "\t" in text and "," not in text else ","
    return next(csv.reader([text], delimiter=delimiter)), delimiter


def _pieces(start: bytes, source: BinaryIO) -> Iterator[bytes]:
    """The text in pieces of whole lines; the last may lack its end."""
    while more := source.read(PIECE):
        yield b"".join((start, more, source.readline()))
        start = b""
    if start:
        yield start


def _is_plain(piece: bytes) -> bool:
    """Whether each line of a piece is a record of its own."""
    if b"\0" in piece or (b"\r" in piece and piece.count(b"\r") != piece.count(b"\r\n")):
        return False
    return b'"' not in piece or all(line.count(b'"') % 2 == 0 for line in piece.split(b"\n"))


# --- one by one


def _one_by_one(pieces: Iterable[bytes]) -> tuple[Header, Iterator[Block]]:
    header, rows = read_rows(_text_of(pieces))
    return header, _in_blocks(rows)


def _text_of(pieces: Iterable[bytes]) -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BufferedReader(_Joined(pieces)), encoding="utf-8-sig", errors="replace", newline="")


class _Joined(io.RawIOBase):
    """Pieces as a stream of bytes."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self.pieces = iter(pieces)
        self.held = memoryview(b"")

    def readable(self) -> bool:
        """Yes: that is all it does."""
        return True

    def readinto(self, room: Any) -> int:
        """Fill the room from the next piece."""
        while not self.held:
            piece = next(self.pieces, None)
            if piece is None:
                return 0
            self.held = memoryview(piece)
        taken = self.held[: len(room)]
        room[: len(taken)] = taken
        self.held = self.held[len(taken) :]
        return len(taken)


def _in_blocks(rows: Iterator[Any]) -> Iterator[Block]:
    while some := list(islice(rows, ROWS)):
        yield block_of(some)


# --- as columns


class _Text:
    """Lines of text under a header."""

    def __init__(self, header: Header, delimiter: str) -> None:
        self.header = header
        self.delimiter = delimiter
        self.line = 1
        self.plain = PlainLines(header, delimiter)
        self.arrow: ArrowText | None = None

    def blocks(self, pieces: Iterator[bytes]) -> Iterator[Block]:
        """All rows."""
        for piece in pieces:
            plain = self.plain.block(piece, self.line)
            if plain is not None:
                self.line += len(plain)
                yield plain
                continue
            if not _is_plain(piece):
                rest = _text_of(chain([piece], pieces))
                lines = csv.reader(rest, delimiter=self.delimiter, strict=False)
                yield from _in_blocks(read_records(lines, self.header, self.line - 1))
                return
            blocks = [block for block in self._read(piece) if len(block)]
            if blocks:
                yield joined(blocks)

    def _read(self, piece: bytes) -> Iterator[Block]:
        count = piece.count(b"\n") + (not piece.endswith(b"\n"))
        block = self._by_arrow().block(piece, self.line, count)
        if block is not None:
            self.line += count
            yield block
        elif count <= FEW:
            text = io.StringIO(piece.decode("utf-8", "replace"), newline="")
            rows = list(read_records(csv.reader(text, delimiter=self.delimiter), self.header, self.line - 1))
            self.line += count
            if rows:
                yield block_of(rows)
        else:
            middle = piece.index(b"\n", len(piece) // 2) + 1
            if middle == len(piece):  # the last line is longer than all before it
                middle = piece.rindex(b"\n", 0, len(piece) - 1) + 1
            yield from self._read(piece[:middle])
            yield from self._read(piece[middle:])

    def _by_arrow(self) -> ArrowText:
        if self.arrow is None:
            from api.taxsim.arrow_reading import ArrowText

            self.arrow = ArrowText(self.header, self.delimiter)
        return self.arrow
