"""A population in files, read in parts that fit into memory: so many groups, with their people and records.

1. The groups' file sets the pace: so many of its rows make a part.
2. People, and records after them, come in the order of their groups: a part takes all rows that belong to it, and the
   first row that does not ends it. What belongs to no part is told at the end, with its row.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from api.failures import Failure, Misuse
from engine.ir.program import Program

_BATCH = 65_536


@dataclass(frozen=True, slots=True)
class Part:
    """One table for each entity, and how many rows of its file stand before it. `last`: nothing follows."""

    tables: Mapping[str, pa.Table]
    first_rows: Mapping[str, int]


class _Stream:
    """A file's rows from front to back. `taken` counts rows that were given out."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.taken = 0
        self._batches = _batches(path)
        self._buffer: pa.Table | None = None

    def fill(self, rows: int) -> pa.Table | None:
        """At least `rows` rows without taking them, fewer at the end; None if there are none."""
        while self._buffer is None or len(self._buffer) < rows:
            batch = next(self._batches, None)
            if batch is None:
                break
            self._buffer = batch if self._buffer is None else pa.concat_tables([self._buffer, batch])
        return self._buffer if self._buffer is not None and len(self._buffer) else None

    def take(self, rows: int) -> pa.Table:
        """The next `rows` rows, of those that `fill` showed."""
        assert self._buffer is not None
        table = self._buffer.slice(0, rows)
        self._buffer = self._buffer.slice(rows)
        self.taken += rows
        return table


def _batches(path: Path) -> Iterator[pa.Table]:
    try:
        if path.suffix == ".parquet":
            with pq.ParquetFile(path) as file:
                for batch in file.iter_batches(batch_size=_BATCH):
                    yield pa.Table.from_batches([batch])
            return
        with _opened(path) as stream:
            names = pyarrow.csv.open_csv(stream).schema.names
        convert = pyarrow.csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=True, null_values=[""]
        )
        with _opened(path) as stream:
            for batch in pyarrow.csv.open_csv(stream, convert_options=convert):
                yield pa.Table.from_batches([batch])
    except (pa.ArrowInvalid, OSError) as fault:
        told = str(fault).splitlines()[0][:200]
        raise Failure(f"{path} cannot be read as a table: {told}", "give Parquet, or CSV with a header line") from None


def _opened(path: Path) -> Any:
    """The file's bytes, decompressed as its name says."""
    return pa.input_stream(str(path), compression="detect")


def find_inputs(program: Program, paths: list[str]) -> dict[str, Path]:
    """Which entity each file is of: `tax_units.parquet`, or `tax_unit=anything.csv`. Raises Misuse."""
    entities = program.settings.entities
    words = {word: name for name, one in entities.items() for word in (name, one.plural)}
    found: dict[str, Path] = {}
    for text in paths:
        word, equals, rest = text.partition("=")
        path = Path(rest if equals else text)
        name = words.get(word if equals else path.name.split(".")[0])
        if name is None:
            known = ", ".join(sorted(words))
            raise Misuse(f"it is not clear of which entity `{text}` is", f"write `ENTITY={path}`, with one of {known}")
        if name in found:
            raise Misuse(f"there are two files of `{name}`", "give one file for each entity")
        if not path.is_file():
            raise Failure(f"there is no file `{path}`")
        found[name] = path
    return found


def parts(program: Program, inputs: Mapping[str, Path], group: str, rows: int) -> Iterator[Part]:
    """The population in parts of `rows` groups."""
    entities = program.settings.entities
    if group not in inputs:
        raise Misuse(f"no file of `{entities[group].plural}` is given", f"add `--input {group}=FILE`")
    streams = {name: _Stream(path) for name, path in inputs.items()}
    while (groups := streams[group].fill(rows)) is not None:
        first_rows = {name: stream.taken for name, stream in streams.items()}
        tables = {group: streams[group].take(min(rows, len(groups)))}
        person = entities[group].of
        if person in streams:
            tables[person] = _belonging(streams[person], group, tables[group])
        for name, stream in streams.items():
            owner = entities[name].belongs_to
            if owner in tables:
                tables[name] = _belonging(stream, owner, tables[owner])
        yield Part(tables, first_rows)
    _nothing_left(program, streams, group)


def _belonging(stream: _Stream, owner: str, owners: pa.Table) -> pa.Table:
    """The stream's next rows, as long as they belong to one of `owners`."""
    own = next((name for name in (f"{owner}_id", "id") if name in owners.column_names), None)
    if own is None:
        raise Failure(f"the table of each {owner} has no column `{owner}_id`, by which others name it")
    ids, column = _text(owners.column(own)), f"{owner}_id"
    wanted = _BATCH
    while (shown := stream.fill(wanted)) is not None:
        if column not in shown.column_names:
            raise Failure(f"{stream.path} has no column `{column}`, which says whose each row is")
        outside = pc.index(pc.is_in(_text(shown.column(column)), value_set=ids), pa.scalar(False)).as_py()
        if outside >= 0:
            return stream.take(outside)
        if len(shown) < wanted:
            return stream.take(len(shown))
        wanted *= 2
    return stream.take(0) if stream._buffer is not None else pa.table({column: pa.array([], pa.string())})


def _text(array: Any) -> Any:
    combined = array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
    if pa.types.is_floating(combined.type):
        combined = pc.cast(combined, pa.int64(), safe=False)
    return pc.cast(combined, pa.string())


def _nothing_left(program: Program, streams: Mapping[str, _Stream], group: str) -> None:
    for name, stream in streams.items():
        left = stream.fill(1)
        if left is not None and name != group:
            plural = program.settings.entities[name].plural
            raise Failure(
                f"{stream.path}, row {stream.taken + 1}: it belongs to nobody who is given, or comes out of order",
                f"sort the {plural} in the order of their {program.settings.entities[group].plural}",
            )
