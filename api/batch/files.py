"""A population's files: which entity each is of, and its rows from front to back without holding the file."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from api.batch.remote import fetched, is_url, name_of, shown
from api.batch.stored import Stored, stored_of
from api.failures import Failure, Misuse
from engine.ir.program import Program

BATCH = 65_536
READERS = 2  # threads that decode columns
MOST_DIGITS = 18  # of a decimal that 64 bits hold


class Stream:
    """A file's rows from front to back. `taken` counts rows that were given out."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.taken = 0
        self._batches = batches(path)
        self.shown: pa.Table | None = None

    def fill(self, rows: int) -> pa.Table | None:
        """At least `rows` rows without taking them, fewer at the end; None if there are none."""
        waiting = [] if self.shown is None else [self.shown]
        count = sum(map(len, waiting))
        while count < rows and (batch := next(self._batches, None)) is not None:
            waiting.append(batch)
            count += len(batch)
        if len(waiting) > 1:
            self.shown = pa.concat_tables(waiting)
        elif waiting:
            self.shown = waiting[0]
        return self.shown if count else None

    def take(self, rows: int) -> pa.Table:
        """The next `rows` rows, of those that `fill` showed."""
        assert self.shown is not None
        table = self.shown.slice(0, rows)
        self.shown = self.shown.slice(rows)
        self.taken += rows
        return table


def batches(path: Path, wanted: Sequence[str] = (), every: bool = False) -> Iterator[pa.Table]:
    """The rows of a Parquet or CSV file, some at a time; cells of CSV as text. Of `wanted` columns, if any are named,
    the first that is there, or `every` one. Raises Failure."""
    with _reading(path):
        if path.suffix == ".parquet":
            stored = stored_of(path)
            with _opened(path, stored) as file:
                columns = _chosen(wanted, file.schema_arrow.names, every) if wanted else None
                for batch in file.iter_batches(batch_size=BATCH, columns=columns):
                    yield pa.Table.from_batches([batch]) if stored is None else stored.table(batch)
            return
        # brings all that logs need, and Parquet does without
        from citizens import CSV_PARSING, cells_as_text, csv_stream

        with csv_stream(path) as stream, pyarrow.csv.open_csv(stream, parse_options=CSV_PARSING) as first:
            names, empty = first.schema.names, not any(len(batch) for batch in first)
        if empty:
            yield pa.table({name: pa.array([], pa.string()) for name in names})
        options = cells_as_text(names)
        if wanted:
            options.include_columns = _chosen(wanted, names, every)
        with (
            csv_stream(path) as stream,
            pyarrow.csv.open_csv(stream, parse_options=CSV_PARSING, convert_options=options) as reader,
        ):
            for batch in reader:
                yield pa.Table.from_batches([batch])


def _chosen(wanted: Sequence[str], names: Sequence[str], every: bool) -> list[str]:
    """The first wanted column, if it is there once; all columns if none is. Or `every` wanted column."""
    if every:
        return [name for name in names if name in wanted]
    return next(([name] for name in wanted if names.count(name) == 1), list(names))


def columns_of(path: Path) -> list[str]:
    """The names of a file's columns. Raises Failure."""
    with _reading(path):
        if path.suffix == ".parquet":
            with pq.ParquetFile(path) as file:
                return list(file.schema_arrow.names)
    first = next(batches(path), None)
    return [] if first is None else list(first.column_names)


def read_columns(path: Path, names: Sequence[str]) -> pa.Table:
    """Some columns of a file, all rows; no rows where there are no such columns. Raises Failure."""
    return pa.concat_tables(batches(path, names, every=True)) if names else pa.table({})


def read_table(path: Path) -> pa.Table:
    """All rows of a Parquet or CSV file at once; cells of CSV as text. Raises Failure.

    Parquet is read column by column, and decimals of up to 18 digits are held in 64 bits: fresh memory takes longer to
    come by than columns to decode.
    """
    if path.suffix != ".parquet":
        return pa.concat_tables(list(batches(path)))
    with _reading(path):
        stored = stored_of(path)
        with _opened(path, stored) as file:
            names = file.schema_arrow.names
            if file.metadata.num_columns != len(set(names)) or any("." in name for name in names):
                return file.read()  # nested columns, or two of one name: their names do not say which they are
    with ThreadPoolExecutor(READERS) as pool:
        parts = list(pool.map(lambda part: _read_columns(path, stored, names[part::READERS]), range(READERS)))
    columns = {name: column for part in parts for name, column in part.items()}
    return pa.table({name: columns[name] for name in names})


def _opened(path: Path, stored: Stored | None) -> pq.ParquetFile:
    return pq.ParquetFile(path, metadata=None if stored is None else stored.footer)


def _read_columns(path: Path, stored: Stored | None, names: Sequence[str]) -> dict[str, Any]:
    with _reading(path), _opened(path, stored) as file:
        return {name: _column(file, stored, name) for name in names}


def _column(file: pq.ParquetFile, stored: Stored | None, name: str) -> Any:
    column = file.read(columns=[name], use_threads=False).column(0)
    return _narrow(column if stored is None else stored.as_told(name, column))


def _narrow(column: Any) -> Any:
    kind = column.type
    if pa.types.is_decimal128(kind) and kind.precision <= MOST_DIGITS:
        return column.cast(pa.decimal64(kind.precision, kind.scale))
    return column


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Tell faults of a file by its name."""
    try:
        yield
    except (pa.ArrowInvalid, UnicodeDecodeError, OSError) as fault:
        told = str(fault).splitlines()[0][:200]
        raise Failure(f"{path} cannot be read as a table: {told}", "give Parquet, or CSV with a header line") from None


def find_inputs(program: Program, paths: list[str]) -> dict[str, Path]:
    """Which entity each file is of: `tax_units.parquet`, or `tax_unit=anything.csv`. What is named by a URL is copied
    here. Raises Misuse or Failure."""
    entities = program.settings.entities
    words = {word: name for name, declared in entities.items() for word in (name, declared.plural)}
    inputs: dict[str, Path] = {}
    for text in paths:
        word, rest = _parted(text)
        path = Path(rest)
        name = words.get(word or path.name.split(".")[0])
        if is_url(rest):
            name = words.get(word or name_of(rest).split(".")[0])
            path = fetched(rest) if name is not None else path
        elif not path.is_file():
            remedy = "name a file, Parquet or CSV" if path.is_dir() else "check the path"
            raise Failure(f"`{path}` is a folder" if path.is_dir() else f"there is no file `{path}`", remedy)
        if name is None:
            known = ", ".join(entity.plural for entity in entities.values())
            named = shown(rest) if is_url(rest) else rest
            message = f"it is not clear of which entity `{f'{word}=' if word else ''}{named}` is"
            raise Misuse(message, f"write `ENTITY={named}`, with one of {known}")
        if name in inputs:
            raise Misuse(f"there are two files of `{name}`", "give one file for each entity")
        inputs[name] = path
    return inputs


def _parted(text: str) -> tuple[str, str]:
    """`tax_unit=anything.csv` in two; of a file or URL alone the first is empty. A URL may have a `=` of its own."""
    word, equals, rest = text.partition("=")
    return (word, rest) if equals and not is_url(text) else ("", text)


def csv_lines(path: Path) -> Iterator[str]:
    """A Parquet file as CSV, some lines at a time, its header first. Cells are written as the door reads them."""
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    with pq.ParquetFile(path) as file:
        writer.writerow(file.schema_arrow.names)
        for batch in file.iter_batches():
            columns = ([_cell(value) for value in column.to_pylist()] for column in batch.columns)
            writer.writerows(zip(*columns, strict=True))
            yield text.getvalue()
            text.seek(0)
            text.truncate()
    if text.tell():
        yield text.getvalue()


def _cell(value: object) -> object:
    match value:
        case Decimal():
            return f"{value:f}"
        case bool():
            return "true" if value else "false"
    return value
