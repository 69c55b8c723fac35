"""A population in parts that fit into memory: so many groups, with their people and records.

1. The groups' file sets the pace: so many of its rows make a part.
2. People, and records after them, come in the order of their groups: a part takes all rows that belong to it, and the
   first row of a later part ends it. Rows that belong to nobody go along, and are refused at the door.
3. Where columns of people say memberships for a time, records have further owners (`parent_id` beside `child_id`), or
   files of other groups are given (homes beside tax units) that figures read (`aside.py`), the whole population is one
   part, and its rows may stand in any order.
4. A row that belongs to an earlier part came out of order. That stops the run, since its group was computed without it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from api.batch.files import BATCH, Stream, batches, read_table
from api.failures import Failure, Misuse
from engine.ir.program import Program
from engine.population.functions import compute, empty_cells, filled
from engine.reading.declared_settings import Entity
from engine.records import record

WHOLE = 2**40


@record(frozen=True, slots=True)
class Part:
    """One table for each entity, and how many rows of its file stand before it. `last`: nothing follows."""

    tables: Mapping[str, pa.Table]
    first_rows: Mapping[str, int]


def parts(program: Program, inputs: Mapping[str, Path], group: str, rows: int) -> Iterator[Part]:
    """The population in parts of `rows` groups."""
    entities = program.settings.entities
    if group not in inputs:
        raise Misuse(f"no file of `{entities[group].plural}` is given", f"add `--input {group}=FILE`")
    streams = {name: Stream(path) for name, path in inputs.items()}
    owners = {name: _owner(entities, name, group) for name in inputs}
    for name, owner in owners.items():
        if owner and owner not in inputs:
            told = f"a file of `{entities[name].plural}` is given, and none of their `{entities[owner].plural}`"
            raise Misuse(told, f"add `--input {owner}=FILE`")
    order = sorted((name for name in inputs if owners[name]), key=lambda name: _depth(name, owners))
    followers = {name: _Follower(streams[name], owners[name], streams[owners[name]]) for name in order}
    if _joins_groups(entities, inputs, group):
        tables = {name: read_table(path) for name, path in inputs.items()}
        if len(tables[group]):
            yield Part(tables, dict.fromkeys(tables, 0))
        return
    if any(_says_memberships(inputs, stream.fill(1)) for stream in streams.values()):
        rows = WHOLE
    while (groups := streams[group].fill(rows + 1)) is not None:
        first_rows = {name: stream.taken for name, stream in streams.items()}
        tables = {group: streams[group].take(min(rows, len(groups)))}
        for name, follower in followers.items():
            tables[name] = follower.belonging(tables[owners[name]])
        yield Part(tables, first_rows)
    for follower in followers.values():
        follower.finish()


def _joins_groups(entities: Mapping[str, Entity], inputs: Collection[str], group: str) -> bool:
    """Whether people may be in groups of other kinds than the one, or records belong to people of several groups."""
    if any(entities[name].of and name != group for name in inputs):
        return True
    records = [entities[name] for name in inputs if entities[name].belongs_to]
    return any(owner.entity in inputs for record in records for owner in record.further)


def _says_memberships(inputs: Collection[str], table: pa.Table | None) -> bool:
    """Whether people may be in one group after another: then no part can be cut off from the others."""
    names = table.column_names if table is not None else []
    return any(name.startswith(f"{entity}_id@") for name in names for entity in inputs)


def _owner(entities: Mapping[str, Entity], name: str, group: str) -> str:
    """In whose order a file's rows come: people in that of their groups, records in that of their owners."""
    if name == group:
        return ""
    return group if name == entities[group].of else entities[name].belongs_to


def _depth(name: str, owners: Mapping[str, str]) -> int:
    return 1 + _depth(owners[name], owners) if owners.get(name) else 0


class _Follower:
    """The rows of a file that come in the order of their owners in another."""

    def __init__(self, stream: Stream, owner: str, owners: Stream) -> None:
        self.stream = stream
        self.owner = owner
        self.owners = owners
        self.column = f"{owner}_id"

    def belonging(self, owners: pa.Table) -> pa.Table:
        """The next rows, as long as they belong to one of `owners`, or to nobody."""
        ids = _comparable(owners.column(self._own(owners)))
        count = 0
        while (shown := self.stream.fill(count + BATCH)) is not None and len(shown) > count:
            added = self._mine(shown, count, ids)
            count += added
            if count < len(shown):
                break
        if self.stream.shown is None:
            return pa.table({self.column: pa.array([], pa.string())})
        return self.stream.take(count)

    def _mine(self, shown: pa.Table, start: int, ids: Any) -> int:
        """How many rows from `start` on belong to `ids`, or to nobody."""
        if self.column not in shown.column_names:
            raise Failure(f"{self.stream.path} has no column `{self.column}`, which says whose each row is")
        whose = _comparable(shown.column(self.column).slice(start))
        inside = _among_rising(whose, ids)
        if whose.type != ids.type:
            whose, ids = compute.cast(whose, pa.string()), compute.cast(ids, pa.string())
        if inside is None:
            inside = compute.is_in(whose, value_set=ids).to_numpy(zero_copy_only=False) | empty_cells(whose)
        if inside.all():
            return len(whose)
        outside = int(inside.argmin())
        if self._follows(whose[outside]):
            return outside
        inside = inside | self._nobodys(whose, ids, start).to_numpy(zero_copy_only=False)
        return len(whose) if inside.all() else int(inside.argmin())

    def _follows(self, whose: Any) -> bool:
        """Whether an owner is among the next that are in memory already, as it is where nobody is out of order."""
        shown = self.owners.shown
        if shown is None or not len(shown):
            return False
        ids = _comparable(shown.column(self._own(shown)))
        wanted = whose.cast(pa.string()) if ids.type != whose.type else whose
        if ids.type == wanted.type and pa.types.is_integer(ids.type):
            return bool((ids.to_numpy(zero_copy_only=False) == wanted.as_py()).any())
        return bool(compute.index(ids.cast(wanted.type), wanted).as_py() >= 0)

    def _nobodys(self, whose: Any, ids: Any, start: int) -> Any:
        """Which rows name an owner that the whole file of owners does not have. Raises Failure for one that came
        earlier: its part was computed already."""
        strange = whose.filter(compute.invert(compute.is_in(whose, value_set=ids))).drop_null()
        unknown = compute.unique(strange).cast(pa.string())
        before = self.owners.taken - len(ids)
        row, there = 0, pa.array([], pa.string())
        for batch in batches(self.owners.path):
            name = next(column for column in (self.column, "id") if column in batch.column_names)
            known = compute.cast(_comparable(batch.column(name)), pa.string())
            for earlier in np.flatnonzero(compute.is_in(known, value_set=unknown).to_numpy(zero_copy_only=False)):
                if row + earlier < before:
                    self._out_of_order(whose, known[int(earlier)], start)
            there = pa.concat_arrays([there, known.filter(compute.is_in(known, value_set=unknown))])
            row += len(batch)
        strangers = unknown.filter(compute.invert(compute.is_in(unknown, value_set=there)))
        return compute.is_in(compute.cast(whose, pa.string()), value_set=strangers)

    def _out_of_order(self, whose: Any, owner: Any, start: int) -> None:
        row = self.stream.taken + start + compute.index(compute.cast(whose, pa.string()), owner).as_py() + 1
        raise Failure(
            f"{self.stream.path}, row {row}: it belongs to {self.owner} `{owner.as_py()}`, which came before",
            f"sort the rows in the order of the {self.owner} that each belongs to",
        )

    def _own(self, owners: pa.Table) -> str:
        own = next((name for name in (self.column, "id") if name in owners.column_names), None)
        if own is None:
            raise Failure(f"the table of each {self.owner} has no column `{self.column}`, by which others name it")
        return own

    def finish(self) -> None:
        """Raise Failure if rows are left."""
        if self.stream.fill(1) is not None:
            if not self.owners.taken:
                raise Failure(f"{self.owners.path} has no rows", f"give it a row for each {self.owner}")
            raise Failure(
                f"{self.stream.path}, row {self.stream.taken + 1}: it belongs to a {self.owner} that came before",
                f"sort the rows in the order of the {self.owner} that each belongs to",
            )


def _among_rising(whose: Any, ids: Any) -> NDArray[np.bool_] | None:
    """Which rows name one of whole numbers that rise, or nobody; None where ids are anything else."""
    if not pa.types.is_signed_integer(ids.type) or not pa.types.is_signed_integer(whose.type) or not len(ids):
        return None
    numbers = ids.to_numpy(zero_copy_only=False)
    if ids.null_count or not (numbers[1:] > numbers[:-1]).all():
        return None
    named = (filled(whose, 0)).to_numpy()
    among: NDArray[np.bool_]
    if numbers[-1] - numbers[0] == len(numbers) - 1:
        among = (named >= numbers[0]) & (named <= numbers[-1])
    else:
        among = numbers[np.minimum(np.searchsorted(numbers, named), len(numbers) - 1)] == named
    return among | empty_cells(whose)


def _comparable(array: Any) -> Any:
    """Ids as one array of whole numbers or of text."""
    combined: Any = array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
    if pa.types.is_dictionary(combined.type):
        combined = combined.dictionary_decode()
    if pa.types.is_floating(combined.type):
        combined = compute.cast(combined, pa.int64(), safe=False)
    if pa.types.is_nested(combined.type):
        remedy = "ids are whole numbers or text: give the column as one of them"
        raise Failure(f"a column of ids holds values of the type {combined.type}", remedy)
    return combined if pa.types.is_integer(combined.type) else compute.cast(combined, pa.string())
