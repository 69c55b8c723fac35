"""Tables that Arrow reads: text whose cells are numbers of any form, and Parquet and Arrow files.

Columns of text are parsed as whole numbers, or as text that is then cast to decimals, from the first piece on that
needs it. (Arrow's own reader of decimals overflows without a word: 9e20 is another number to it.)
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator
from string import ascii_letters
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute
import pyarrow.csv
import pyarrow.ipc
import pyarrow.parquet as pq

from api.failures import Failure
from api.taxsim.blocks import Block, block_of
from api.taxsim.columns import CODES, MONEY
from api.taxsim.letters import letters_of
from api.taxsim.numbers import cents, whole_numbers
from api.taxsim.table import Header, identifier, read_records

pc: Any = pyarrow.compute
arrow_csv: Any = pyarrow.csv
PARQUET, ROWS = b"PAR1", 65_536
LONGEST_ID = 60
_PLAIN = np.zeros(256, dtype=bool)
_PLAIN[list(b"-_0123456789" + ascii_letters.encode())] = True


class ArrowText:
    """Lines of text under a header. `kinds` are the types as which columns are parsed."""

    def __init__(self, header: Header, delimiter: str) -> None:
        self.header = header
        self.delimiter = delimiter
        self.kinds: dict[str, pa.DataType] = {name: pa.int64() for name in header.places}
        if "taxsimid" in self.kinds:
            self.kinds["taxsimid"] = pa.string()

    def block(self, piece: bytes, line: int, count: int) -> Block | None:
        """The lines, from the line numbered `line` on, as columns; None if one is not as plain as that takes."""
        if b"0x" in piece or b"0X" in piece:  # which Arrow would take for a number
            return None
        table, kinds = self._table(piece, self.kinds), self.kinds
        if table is None and (learned := self._learned(piece)) is not None:
            table, kinds = self._table(piece, learned), learned
        if table is None or len(table) != count:
            return None
        lines = np.arange(line, line + count, dtype=np.int64)
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
    starts, letters = letters_of(column)
    lengths = np.diff(starts)
    within = lengths.min(initial=1) > 0 and lengths.max(initial=1) <= LONGEST_ID
    return within and bool(_PLAIN[letters[starts[0] : starts[-1]]].all())


def read_file(start: bytes, source: BinaryIO) -> tuple[list[str], Callable[[Header], Iterator[Block]]]:
    """The columns of a Parquet or Arrow file whose rest is in the source, and what reads those under a header."""
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
    return list(names), lambda header: _of_batches(header, batches)


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
