"""Tables of people into the log.

An import turns each row into one event: its columns are facts from one day on. A column is typed by what it holds:

    Arrow boolean, integer, date      themselves
    Arrow decimal                     an exact decimal
    Arrow float                       only with a scale given, and only if every value is exactly on that grid
    text that all reads as numbers    whole numbers, or decimals with the scale of the longest
    other text                        text

An empty cell is a fact that is not known; nothing is recorded for it. A row's event id is made from the import's name,
the entity and the id, so importing a table twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from citizens.csv_text import CSV_PARSING, cells_as_text, csv_header, csv_stream
from citizens.errors import InvalidEvent
from citizens.events import (
    Belongs,
    Draft,
    Facts,
    Origin,
    Point,
    check_name,
    check_new_subjects,
    check_source,
)
from citizens.log import History
from citizens.points import Ints
from citizens.sqlite.bulk import Loaded
from citizens.sqlite.cells import StoredColumn, payloads
from citizens.sqlite.crypto import Bytes
from citizens.sqlite.keys import KeyStore
from citizens.sqlite.log import SqliteLog
from citizens.sqlite.typed import typed
from citizens.stored_values import day_number, load_value

BATCH, STRETCH = 2_000, 50_000
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Membership:
    """Column `group_column` names the row's group, of `entity`; the role is `role`, or what `role_column` says."""

    relation: str
    entity: str
    group_column: str
    role: str = "member"
    role_column: str | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """A table to import: one row per subject of `entity`, its id in `id_column`, its facts from `valid_from` on.

    `scales` gives the number of decimals of columns of floats. `memberships` says which columns are relations.
    """

    table: pa.Table
    entity: str
    id_column: str
    valid_from: date
    scales: Mapping[str, int] = field(default_factory=dict)
    memberships: Sequence[Membership] = ()


@dataclass(frozen=True, slots=True)
class Imported:
    """How many events an import recorded, and how many it found recorded before."""

    recorded: int
    duplicates: int


def read_table(path: Path | str) -> pa.Table:
    """A CSV (optionally .gz) or Parquet file as a table; CSV cells as text. Raises InvalidEvent if it is neither."""
    file = Path(path)
    try:
        if file.suffix == ".parquet":
            return pq.read_table(file)
        options = cells_as_text(csv_header(file))
        _check_rows(file, options)
        with csv_stream(file) as stream:
            return pyarrow.csv.read_csv(stream, parse_options=CSV_PARSING, convert_options=options)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        told = str(error).splitlines()[0][:200]
        raise InvalidEvent(
            f"{file} cannot be read as a table ({told})", "give CSV with a header line, or Parquet"
        ) from None


def _check_rows(file: Path, cells: pyarrow.csv.ConvertOptions) -> None:
    """Raise InvalidEvent, with the rows, if some of a CSV file have more or fewer cells than its header."""
    ragged: list[Any] = []

    def keep(row: Any) -> Literal["skip"]:
        ragged.append(row)
        return "skip"

    parsing = pyarrow.csv.ParseOptions(newlines_in_values=True, invalid_row_handler=keep)
    reading = pyarrow.csv.ReadOptions(use_threads=False)  # with threads, rows are not numbered
    with (
        csv_stream(file) as stream,
        pyarrow.csv.open_csv(stream, read_options=reading, parse_options=parsing, convert_options=cells) as reader,
    ):
        for _ in reader:
            continue
    if ragged:
        first = ragged[0]
        told = f"row {first.number - 1}: cells are {first.actual_columns}, and by the header {first.expected_columns}"
        more = f" (and {len(ragged) - 1:,} more such rows)" if len(ragged) > 1 else ""
        raise InvalidEvent(f"{file}, {told}{more}", "give every row a cell for each column")


def import_tables(
    log: History,
    sources: Sequence[Source],
    origin: Origin,
    name: str,
    on_progress: Progress = lambda _done, _all: None,
) -> Imported:
    """Import tables under `name`. Into an empty log all or nothing, and fast; else in transactions of 2,000 rows."""
    check_source(origin.source)
    total = sum(len(source.table) for source in sources)
    if not total:
        return Imported(0, 0)
    _check_apart(sources)
    if log.head() == 0 and isinstance(log, SqliteLog):
        prepared = [(source, _ids(source), _columns(source)) for source in sources]

        def rows(keys: KeyStore) -> Iterator[Loaded]:
            done, numbering = 0, _Numbering(keys)
            for source, ids, columns in prepared:
                for loaded, rows in _loaded(source, ids, columns, numbering, f"{origin.source}\0{name}"):
                    yield loaded
                    done += rows
                    on_progress(done, total)

        return Imported(log.bulk_load(origin, rows), 0)
    return _append_all(log, sources, origin, name, on_progress)


def _append_all(log: History, sources: Sequence[Source], origin: Origin, name: str, on_progress: Progress) -> Imported:
    recorded = duplicates = 0
    total = sum(len(source.table) for source in sources)
    for source in sources:
        drafts = _drafts(source, origin, name)
        while batch := [draft for _, draft in zip(range(BATCH), drafts, strict=False)]:
            receipts = log.append(batch)
            again = sum(receipt.duplicate for receipt in receipts)
            recorded, duplicates = recorded + len(receipts) - again, duplicates + again
            on_progress(recorded + duplicates, total)
    return Imported(recorded, duplicates)


def _check_apart(sources: Sequence[Source]) -> None:
    """Raise InvalidEvent if two tables of one entity have an id in common: one import names each once."""
    by_entity: dict[str, list[Source]] = {}
    for source in sources:
        by_entity.setdefault(source.entity, []).append(source)
    for entity, tables in by_entity.items():
        if len(tables) == 1:
            continue
        seen: set[str] = set()
        for source in tables:
            ids = set(_ids(source).to_pylist())
            if common := sorted(seen & ids):
                message = f"two tables of `{entity}` have the id `{common[0]}`"
                raise InvalidEvent(message, "give one table of each entity, or import the second by itself")
            seen |= ids


def _ids(source: Source) -> Any:
    """The ids as an Arrow array of texts. Raises InvalidEvent for a missing one, or one that comes twice."""
    if source.id_column not in source.table.column_names:
        raise InvalidEvent(f"the table has no column `{source.id_column}`", "name the column with the ids")
    ids = _texts(source.table, source.id_column)
    if ids.null_count or len(pc.unique(ids)) < len(ids):
        raise _bad_id(source.entity, ids.to_pylist())
    check_new_subjects(source.entity, ids.to_pylist())
    return ids


def _bad_id(entity: str, ids: Sequence[str | None]) -> InvalidEvent:
    """What is wrong with the first id that is missing or comes twice."""
    seen: set[str | None] = {None}
    row = next(row for row, identifier in enumerate(ids, 1) if identifier in seen or seen.add(identifier))  # type: ignore[func-returns-value]
    what = "no id" if ids[row - 1] is None else "the id of an earlier row"
    return InvalidEvent(f"row {row} of `{entity}` has {what}", "give each row its own")


def _texts(table: pa.Table, column: str) -> Any:
    """A column's cells as an Arrow array of texts."""
    texts: Any = table.column(column).cast(pa.string())
    return texts.combine_chunks()


def _columns(source: Source) -> list[StoredColumn]:
    special = {source.id_column}
    for member in source.memberships:
        special |= {member.group_column} | ({member.role_column} if member.role_column else set())
    missing = special - set(source.table.column_names)
    if missing:
        raise InvalidEvent(f"the table has no column `{min(missing)}`", "check the names of id, group and role columns")
    plain = [name for name in source.table.column_names if name not in special]
    for name in plain:
        check_name(name, f"column `{name[:40]}`")
    return [typed(name, source.table.column(name), source.scales.get(name)) for name in plain]


def _with_links(
    source: Source, columns: list[StoredColumn], numbers_of: Callable[[str, Any], Ints]
) -> list[StoredColumn]:
    """The columns and, in stored form, the memberships. `numbers_of` gives the numbers of an entity's groups."""
    linked = list(columns)
    for member in source.memberships:
        groups, roles = _texts(source.table, member.group_column), _roles(source.table, member)
        check_name(member.relation, "a relation")
        coded = groups.dictionary_encode()
        check_new_subjects(member.entity, coded.dictionary.to_pylist())
        numbers = pa.array(numbers_of(member.entity, coded.dictionary), pa.int64())
        linked.append(StoredColumn(member.relation, numbers.take(coded.indices), roles=roles))
    return linked


def _roles(table: pa.Table, member: Membership) -> Any:
    """The role of each row, as an Arrow dictionary array."""
    if member.role_column is None:
        indices: Any = pa.array(np.zeros(len(table), np.int32))
        coded: Any = pa.DictionaryArray.from_arrays(indices, pa.array([member.role], pa.string()))
    else:
        coded = _texts(table, member.role_column).dictionary_encode()
    for role in coded.dictionary.to_pylist():
        Belongs(f"{member.entity}/g", role)  # which checks it
    if coded.null_count:
        raise InvalidEvent(f"column `{member.role_column}` has a row without a role", "fill it in")
    return coded


class _Numbering:
    """Numbers of subjects in an empty log, and their keys: those that were given out are at hand."""

    def __init__(self, keys: KeyStore) -> None:
        self.keys = keys
        self._given: dict[str, tuple[Any, Ints, Bytes]] = {}

    def take(self, entity: str, ids: Any) -> tuple[Ints, Bytes]:
        """The numbers of different subjects of an entity, and their keys, 32 bytes a row."""
        names, numbers, keys = self._given.get(entity, _NOBODY)
        places = pc.index_in(ids, value_set=names)
        if places.null_count:
            new = ids.filter(places.is_null())
            added = self.keys.add_many(entity, new.to_pylist())
            names = pa.concat_arrays([names, new])
            numbers = np.concatenate([numbers, added.numbers])
            keys = np.concatenate([keys, added.keys.reshape(-1, 32)])
            self._given[entity] = names, numbers, keys
            places = pc.index_in(ids, value_set=names)
        rows = places.to_numpy()
        return numbers[rows], keys[rows]

    def numbers(self, entity: str, ids: Any) -> Ints:
        """The numbers alone."""
        return self.take(entity, ids)[0]


_NOBODY: tuple[Any, Ints, Bytes] = (pa.array([], pa.string()), np.empty(0, np.int64), np.empty((0, 32), np.uint8))


def _loaded(
    source: Source, ids: Any, columns: list[StoredColumn], numbering: _Numbering, prefix: str
) -> Iterator[tuple[Loaded, int]]:
    """The rows of one table for a bulk load, in stretches, and how many rows each is of.

    `prefix` is the source of the events and, behind a null, the name that their ids begin with.
    """
    numbers, keys = numbering.take(source.entity, ids)
    linked = _with_links(source, columns, numbering.numbers)
    origin, _, name = prefix.partition("\0")
    for start in range(0, len(ids), STRETCH):
        stretch = [column.slice(start, STRETCH) for column in linked]
        event_ids = pc.binary_join_element_wise(pa.scalar(f"{name}/{source.entity}/"), ids.slice(start, STRETCH), "")
        texts, filled = payloads(stretch, event_ids, day_number(source.valid_from))
        of = numbers[start : start + STRETCH][filled]
        deliveries = numbering.keys.deliveries(origin, event_ids.filter(pa.array(filled)))
        named = _members(stretch[len(columns) :], filled, of)
        yield Loaded(of, keys[start : start + STRETCH][filled].reshape(-1), deliveries, texts, named), len(event_ids)


def _members(relations: Sequence[StoredColumn], filled: Any, numbers: Ints) -> Ints:
    """Pairs of a group and who is said to belong to it."""
    pairs = [np.empty((0, 2), np.int64)]
    for relation in relations:
        groups = relation.values.filter(pa.array(filled))
        named = pc.is_valid(groups).to_numpy(zero_copy_only=False)
        pairs.append(np.stack([groups.drop_null().to_numpy(), numbers[named]], axis=1))
    return np.concatenate(pairs)


class _Groups:
    """Stands in for the key store while drafts are made: a group's number is its place in a list."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def take(self, entity: str, identifiers: Any) -> Ints:
        first = len(self.names)
        self.names.extend(f"{entity}/{identifier}" for identifier in identifiers.to_pylist())
        return np.arange(first, len(self.names), dtype=np.int64)

    def name(self, number: int) -> str:
        return self.names[number]

    def number(self, subject: str) -> int:
        return self.names.index(subject)


def _drafts(source: Source, origin: Origin, name: str) -> Iterator[Draft]:
    """The rows of one table, for ordinary appends."""
    ids, groups = _ids(source).to_pylist(), _Groups()
    columns = _with_links(source, _columns(source), groups.take)
    cells = [(column.name, column.kinds(), column.values.to_pylist()) for column in columns]
    for row, identifier in enumerate(ids):
        points = tuple(
            Point(attribute, source.valid_from, load_value(kinds[row], values[row], groups))
            for attribute, kinds, values in cells
            if values[row] is not None
        )
        if points:
            subject = f"{source.entity}/{identifier}"
            yield Draft(subject, Facts(points), origin, f"{name}/{subject}")
