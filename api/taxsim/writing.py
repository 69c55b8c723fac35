"""Answers as a table: CSV or tab-separated text, Parquet or Arrow; and, for a reader, a unit's figures one a line.

Amounts leave as decimals with two digits. In the full table, rows that ask for the standard columns leave the others
empty. What goes to a reader comes after the table.
"""

from __future__ import annotations

import csv
import io
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from api.taxsim import columns
from api.taxsim.answers import written
from api.taxsim.blocks import Block, Cents, Mask, Places, taken
from api.taxsim.letters import letters_of
from api.taxsim.machine_writing import amounts, table_text, whole, words

arrow: Any = pa
AMOUNT = pa.decimal128(20, 2)
CODES: dict[str, Any] = {"taxsimid": pa.string(), "year": pa.int64(), "state": pa.int64()}
IN_MEMORY = 2**20


@dataclass(frozen=True, slots=True)
class Answers:
    """The answers of some rows: amounts by column, in hundredths; `full` says of which rows all columns were wanted."""

    ids: pa.StringArray
    years: NDArray[np.int64]
    states: NDArray[np.int64]
    amounts: Mapping[str, Cents]
    full: Mask

    def there(self, name: str) -> Mask | None:
        """Which cells of a column are not empty; None if all are not."""
        return None if name in columns.STANDARD or self.full.all() else self.full


def answers_of(block: Block, places: Places, amounts: Mapping[str, Cents], full: Mask) -> Answers:
    """The answers of some rows of a block."""
    chosen = {name: taken(values, places) for name, values in amounts.items()}
    ids: Any = block.ids if len(places) == len(block) else block.ids.take(places)
    years, states = taken(block.code("year"), places), taken(block.code("state"), places)
    return Answers(ids, years, states, chosen, taken(full, places))


def schema_of(shown: Sequence[str]) -> pa.Schema:
    """The columns of the answers."""
    return pa.schema([(name, CODES.get(name, AMOUNT)) for name in shown])


def batch_of(answers: Answers, shown: Sequence[str]) -> pa.RecordBatch:
    """The answers as columns of Arrow."""
    made: dict[str, Any] = {"taxsimid": answers.ids, "year": pa.array(answers.years), "state": pa.array(answers.states)}
    for name in shown:
        if name not in made and name in answers.amounts:
            made[name] = _decimals(answers.amounts[name], answers.there(name))
    empty = pa.nulls(len(answers.ids), AMOUNT)
    record_batch: pa.RecordBatch = arrow.record_batch([made.get(name, empty) for name in shown], schema_of(shown))
    return record_batch


def _decimals(hundredths: Cents, there: Mask | None) -> pa.Array[Any]:
    """Whole hundredths as decimals: each in two words, the second its sign."""
    words = np.empty((len(hundredths), 2), dtype=np.int64)
    words[:, 0] = hundredths
    words[:, 1] = hundredths >> 63
    valid = None if there is None else pa.array(there).buffers()[1]
    return pa.Array.from_buffers(AMOUNT, len(hundredths), [valid, arrow.py_buffer(words)])


class TextTable:
    """Answers as comma- or tab-separated text."""

    def __init__(self, sink: BinaryIO, shown: Sequence[str], delimiter: str = ",") -> None:
        self.sink = sink
        self.shown = shown
        self.delimiter = delimiter
        self.sink.write((delimiter.join(shown) + "\n").encode())

    def write(self, answers: Answers) -> None:
        """Some rows."""
        ids = self._quoted(answers.ids)
        made = {
            "taxsimid": words(*letters_of(ids)),
            "year": whole(answers.years),
            "state": whole(answers.states),
        }
        nowhere = np.zeros(len(ids), dtype=np.bool_)
        empty = amounts(np.zeros(len(ids), dtype=np.int64), nowhere)
        for name in self.shown:
            if name not in made and name in answers.amounts:
                made[name] = amounts(answers.amounts[name], answers.there(name))
        self.sink.write(table_text([made.get(name, empty) for name in self.shown], self.delimiter, len(ids)))

    def _quoted(self, ids: pa.StringArray) -> pa.StringArray:
        """Ids as CSV has them."""
        letters = letters_of(ids)[1]
        if not any((letters == ord(mark)).any() for mark in ('"', "\r", "\n", self.delimiter)):
            return ids
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\0", delimiter=self.delimiter)
        writer.writerows([id] for id in ids.to_pylist())
        return pa.array(text.getvalue().split("\0")[:-1], pa.string())

    def close(self) -> None:
        """Nothing is held back."""


class ParquetTable:
    """Answers as Parquet."""

    def __init__(self, sink: BinaryIO, shown: Sequence[str]) -> None:
        import pyarrow.parquet as pq  # which text does without

        self.shown = shown
        self.writer: Any = pq.ParquetWriter(sink, schema_of(shown))

    def write(self, answers: Answers) -> None:
        """Some rows."""
        self.writer.write_batch(batch_of(answers, self.shown))

    def close(self) -> None:
        """Write the footer."""
        self.writer.close()


class ArrowTable:
    """Answers as an Arrow file."""

    def __init__(self, sink: BinaryIO, shown: Sequence[str]) -> None:

        self.shown = shown
        self.writer: Any = arrow.ipc.new_file(sink, schema_of(shown))

    def write(self, answers: Answers) -> None:
        """Some rows."""
        self.writer.write_batch(batch_of(answers, self.shown))

    def close(self) -> None:
        """Write the footer."""
        self.writer.close()


Table = TextTable | ParquetTable | ArrowTable


def open_table(sink: BinaryIO, shown: Sequence[str], form: str) -> Table:
    """A table that writes `csv`, `tsv`, `parquet` or `arrow`."""
    if form == "parquet":
        return ParquetTable(sink, shown)
    if form == "arrow":
        return ArrowTable(sink, shown)
    return TextTable(sink, shown, "\t" if form == "tsv" else ",")


class Spoken:
    """Units for a reader, held back until the table is there."""

    def __init__(self) -> None:
        self.held = SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - it lives as long as this does

    def add(self, block: Block, place: int, amounts: Mapping[str, int]) -> None:
        """A unit's figures, one a line."""
        lines = [f"Tax unit {block.ids[place].as_py()}, {int(block.code('year')[place])}"]
        for name in columns.FULL:
            if name in columns.LABELS and name in amounts:
                lines.append(f"  {name:<7} {columns.LABELS[name]:<45} {written(amounts[name]):>16}")
        self.held.write(("\n".join(lines) + "\n\n").encode())

    def write(self, sink: BinaryIO) -> None:
        """All of them."""
        self.held.seek(0)
        shutil.copyfileobj(self.held, sink)
        self.held.close()
