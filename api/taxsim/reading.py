"""A table of tax units into blocks of columns, from front to back without holding it.

1. CSV (or tab-separated text) is cut into pieces of whole lines. A piece is parsed as columns at once: each column as
   whole numbers, or as text that is then cast to decimals, from the first piece on that needs it. (Arrow's own reader
   of decimals overflows without a word: 9e20 is another number to it.)
2. A piece that cannot be read so (a cell that is not a number, a line with too many or too few cells, text that is no
   UTF-8) is halved, down to a few lines, which are read one by one, with what is wrong with them.
3. From a quoted cell that goes over lines, or a NUL, on, the rest is read one by one.
4. Parquet and Arrow come as columns already.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain, islice
from string import ascii_letters
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute
import pyarrow.csv
import pyarrow.ipc
import pyarrow.parquet as pq

from api.failures import Failure
from api.taxsim.blocks import Block, block_of, joined
from api.taxsim.columns import CODES, MONEY
from api.taxsim.digits import letters_of
from api.taxsim.numbers import cents, whole_numbers
from api.taxsim.table import Header, identifier, read_header, read_records, read_rows

pc: Any = pyarrow.compute
arrow_csv: Any = pyarrow.csv
PIECE = 4 * 2**20  # bytes of text
ROWS = 65_536
FEW = 64  # lines that are read one by one
PARQUET, ARROW = b"PAR1", b"ARROW1"
LONGEST_ID = 60
_PLAIN = np.zeros(256, dtype=bool)
_PLAIN[list(b"-_0123456789" + ascii_letters.encode())] = True
BOM = b"\xef\xbb\xbf"


def read_blocks(source: BinaryIO, only: str = "") -> tuple[Header, Iterator[Block]]:
    """The header, and the rows as they are read. Raises Failure for what is not a table with a header.

    `only` names a column that is wanted alone: the others need not be there, and their faults are not looked for.
    """
    start = source.read(len(ARROW))
    if start[: len(PARQUET)] == PARQUET or start == ARROW:
        return _columnar(start, source, only)
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
    held = start
    while more := source.read(PIECE):
        whole, end, rest = (held + more).rpartition(b"\n")
        if end:
            yield whole + end
        held = rest
    if held:
        yield held


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
    """Lines of text under a header. `kinds` are the types as which columns are parsed."""

    def __init__(self, header: Header, delimiter: str) -> None:
        self.header = header
        self.delimiter = delimiter
        self.line = 1
        self.kinds: dict[str, pa.DataType] = {name: pa.int64() for name in header.places}
        if "taxsimid" in self.kinds:
            self.kinds["taxsimid"] = pa.string()

    def blocks(self, pieces: Iterator[bytes]) -> Iterator[Block]:
        """All rows."""
        for piece in pieces:
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
        block = self._parsed(piece, count)
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

    def _parsed(self, piece: bytes, count: int) -> Block | None:
        """The lines as columns; None if one of them is not as plain as that takes."""
        if b"0x" in piece or b"0X" in piece:  # which Arrow would take for a number
            return None
        table, kinds = self._table(piece, self.kinds), self.kinds
        if table is None and (learned := self._learned(piece)) is not None:
            table, kinds = self._table(piece, learned), learned
        if table is None or len(table) != count:
            return None
        lines = np.arange(self.line, self.line + count, dtype=np.int64)
        block = block_from(table.combine_chunks(), self.header.places, lines)
        if block is not None:
            self.kinds = kinds
        return block

    def _table(self, piece: bytes, kinds: dict[str, pa.DataType]) -> pa.Table | None:
        names = [str(place) for place in range(self.header.width)]
        places = {name: str(place) for name, place in self.header.places.items()}
        try:
            table: pa.Table = arrow_csv.read_csv(
                pa.BufferReader(piece),
                pyarrow.csv.ReadOptions(column_names=names, block_size=len(piece) + 1),
                pyarrow.csv.ParseOptions(delimiter=self.delimiter, ignore_empty_lines=False),
                pyarrow.csv.ConvertOptions(
                    column_types={places[name]: kind for name, kind in kinds.items()},
                    include_columns=list(places.values()),
                    null_values=[""],
                    strings_can_be_null=True,
                ),
            )
        except pa.ArrowInvalid:
            return None
        return table.rename_columns(list(places))

    def _learned(self, piece: bytes) -> dict[str, pa.DataType] | None:
        """The types that this piece needs."""
        table = self._table(piece, dict.fromkeys(self.kinds, pa.string()))
        if table is None:
            return None
        return {name: kind if _is_cast(table[name], kind) else pa.string() for name, kind in self.kinds.items()}


def _is_cast(column: pa.ChunkedArray[Any], kind: pa.DataType) -> bool:
    try:
        column.cast(kind)
    except pa.ArrowInvalid:
        return False
    return True


def block_from(table: pa.Table, places: dict[str, int], lines: np.ndarray[Any, Any]) -> Block | None:
    """Columns, which `places` names in order, as a block; None if a cell has to be looked at alone."""
    codes: dict[str, Any] = {}
    money: dict[str, Any] = {}
    for name, column in zip(places, table.columns, strict=True):
        into, read = (money, cents) if name in MONEY else (codes, whole_numbers)
        if name in MONEY or name in CODES:
            into[name] = read(_flat(column))
            if into[name] is None:
                return None
    return Block(lines, _ids(table, lines), codes, money)


def _flat(column: pa.ChunkedArray[Any]) -> pa.Array[Any]:
    array: Any = column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
    return array  # type: ignore[no-any-return]


def _ids(table: pa.Table, lines: np.ndarray[Any, Any]) -> pa.StringArray:
    """Ids as text: `1.` is 1, an empty one is the line's number."""
    if "taxsimid" not in table.column_names:
        return _as_text(lines)
    column: Any = _flat(table["taxsimid"])
    if not pa.types.is_string(column.type):
        column = pa.array([None if cell is None else str(cell) for cell in column.to_pylist()], pa.string())
    if column.null_count:
        column = pc.coalesce(column, _as_text(lines))
    if not _all_plain(column):
        column = pc.replace_substring_regex(column, r"^([0-9]+)\.0*$", r"\1")
    if not _all_plain(column):
        told = zip(column.to_pylist(), lines.tolist(), strict=True)
        column = pa.array([identifier(text.strip()) or str(number) for text, number in told], pa.string())
    ids: pa.StringArray = column
    return ids


def _as_text(numbers: np.ndarray[Any, Any]) -> pa.StringArray:
    text: Any = pa.array(numbers).cast(pa.string())
    return text  # type: ignore[no-any-return]


def _all_plain(column: pa.StringArray) -> bool:
    """Whether all ids are short and made of letters, digits, `-` and `_`."""
    lengths, letters = letters_of(column)
    return lengths.min(initial=1) > 0 and lengths.max(initial=1) <= LONGEST_ID and bool(_PLAIN[letters].all())


def _columnar(start: bytes, source: BinaryIO, only: str) -> tuple[Header, Iterator[Block]]:
    """A Parquet or Arrow file, whose rest is in the source."""
    try:
        held: Any = pa.BufferReader(start + source.read()) if not source.seekable() else _rewound(source, len(start))
        if start[: len(PARQUET)] == PARQUET:
            file = pq.ParquetFile(held)
            names, batches = file.schema_arrow.names, file.iter_batches(batch_size=ROWS)
        else:
            reader = pa.ipc.open_file(held)
            names = reader.schema.names
            batches = (reader.get_batch(number) for number in range(reader.num_record_batches))
    except (pa.ArrowInvalid, OSError) as fault:
        remedy = "give CSV, Parquet or Arrow with TAXSIM's columns"
        raise Failure(f"the input cannot be read: {fault}", remedy) from None
    header = _narrowed(read_header(list(names)), only)
    return header, _of_batches(header, batches)


def _rewound(source: BinaryIO, read: int) -> BinaryIO:
    source.seek(-read, io.SEEK_CUR)
    return source


def _of_batches(header: Header, batches: Iterable[pa.RecordBatch]) -> Iterator[Block]:
    line = 1
    for batch in batches:
        lines = np.arange(line, line + len(batch), dtype=np.int64)
        columns = [batch.column(place) for place in header.places.values()]
        block = block_from(pa.table(columns, names=list(header.places)), header.places, lines)
        if block is None:
            block = block_of(_rows_of(header, batch, line))
        line += len(batch)
        if len(block):
            yield block


def _rows_of(header: Header, batch: pa.RecordBatch, line: int) -> list[Any]:
    """A batch with a cell that is not a number: each row as it would be read from text."""
    cells = [["" if cell is None else str(cell) for cell in column.to_pylist()] for column in batch.columns]
    return list(read_records(map(list, zip(*cells, strict=True)), header, line - 1))
