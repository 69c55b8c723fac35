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

import re
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

from citizens.codec import day_number, load_value
from citizens.csv_text import CSV_PARSING, cells_as_text, csv_header, csv_stream
from citizens.errors import InvalidEvent
from citizens.events import (
    Belongs,
    Draft,
    Facts,
    Origin,
    Point,
    Value,
    check_name,
    check_new_subjects,
    check_source,
    check_text,
)
from citizens.log import History
from citizens.sqlite.bulk import Loaded
from citizens.sqlite.cells import StoredColumn, payloads
from citizens.sqlite.keys import KeyStore
from citizens.sqlite.log import SqliteLog

BATCH = 2_000
MOST_UNITS = 10**18
_NUMBER = re.compile(r"-?[0-9]{1,18}(?:\.([0-9]{1,18}))?", re.ASCII)
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
    if log.head() == 0 and isinstance(log, SqliteLog):
        prepared = [(source, _ids(source), _columns(source)) for source in sources]

        def rows(keys: KeyStore) -> Iterator[Loaded]:
            done = 0
            for source, ids, columns in prepared:
                yield from _loaded(source, ids, columns, keys, origin=origin, name=name)
                done += len(ids)
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


def _ids(source: Source) -> list[str]:
    """The ids as text. Raises InvalidEvent for a missing one, or one that comes twice."""
    if source.id_column not in source.table.column_names:
        raise InvalidEvent(f"the table has no column `{source.id_column}`", "name the column with the ids")
    ids: list[str] = []
    seen: set[str] = set()
    for row, identifier in enumerate(_texts(source.table, source.id_column), 1):
        if identifier is None or identifier in seen:
            what = "no id" if identifier is None else "the id of an earlier row"
            raise InvalidEvent(f"row {row} of `{source.entity}` has {what}", "give each row its own")
        seen.add(identifier)
        ids.append(identifier)
    check_new_subjects(source.entity, ids)
    return ids


def _texts(table: pa.Table, column: str) -> list[str | None]:
    """A column's cells as text."""
    return table.column(column).cast(pa.string()).to_pylist()


def _columns(source: Source) -> list[StoredColumn]:
    special = {source.id_column}
    for member in source.memberships:
        special |= {member.group_column} | ({member.role_column} if member.role_column else set())
    missing = special - set(source.table.column_names)
    if missing:
        raise InvalidEvent(f"the table has no column `{min(missing)}`", "check the names of id, group and role columns")
    plain = [name for name in source.table.column_names if name not in special]
    return [_column(name, source) for name in plain]


def _column(name: str, source: Source) -> StoredColumn:
    check_name(name, f"column `{name[:40]}`")
    array: Any = source.table.column(name).combine_chunks()
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    kind, values = _stored(name, array, source.scales.get(name))
    return StoredColumn(name, [kind] * len(values), values)


def _stored(name: str, array: Any, scale: int | None) -> tuple[str, list[Any]]:
    """A column's kind and its stored values, None where it is empty."""
    types = pa.types
    if types.is_boolean(array.type):
        return "b", array.to_pylist()
    if types.is_date(array.type):
        return "t", array.cast(pa.date32()).cast(pa.int32()).to_pylist()
    if types.is_integer(array.type) and scale is None:
        return "i", array.cast(pa.int64()).to_pylist()
    if types.is_decimal(array.type):
        return _from_decimals(name, array)
    if types.is_floating(array.type) or types.is_integer(array.type):
        return _from_floats(name, array, scale)
    if types.is_string(array.type) or types.is_large_string(array.type):
        return _from_texts(name, array)
    raise InvalidEvent(f"column `{name}` holds {array.type}, which is not a kind of fact", "convert it or leave it out")


def _from_decimals(name: str, array: Any) -> tuple[str, list[Any]]:
    """Decimals as the whole numbers that Arrow holds them in, of the type's own scale."""
    scale = max(array.type.scale, 0)
    try:
        wide = array.cast(pa.decimal128(38, scale))
    except pa.ArrowInvalid:
        raise _too_long(name, scale) from None
    values = wide.buffers()[1]
    halves = np.frombuffer(values if values is not None else b"", dtype="<i8")
    halves = halves[2 * wide.offset : 2 * (wide.offset + len(wide))].reshape(-1, 2)
    units, above = halves[:, 0], halves[:, 1]
    empty = wide.is_null().to_numpy(zero_copy_only=False)
    if (~empty & ((above != units >> 63) | (units >= MOST_UNITS) | (units <= -MOST_UNITS))).any():
        raise _too_long(name, scale)
    return ("i" if scale == 0 else f"d{scale}"), pa.array(units, mask=empty).to_pylist()


def _too_long(name: str, scale: int) -> InvalidEvent:
    message = f"column `{name}` has a number of over 18 digits at {scale} decimals"
    return InvalidEvent(message, "give fewer decimals")


def _from_floats(name: str, array: Any, scale: int | None) -> tuple[str, list[Any]]:
    if scale is None:
        raise InvalidEvent(f"column `{name}` holds floats, and facts are exact", "give its scale (2 for cents)")
    numbers = np.asarray(pc.fill_null(array, 0).to_numpy(zero_copy_only=False), dtype=np.float64)
    units = np.rint(numbers * 10**scale)
    wrong = np.flatnonzero(~((units / 10**scale == numbers) & (np.abs(units) < 2**53)))
    if len(wrong):
        raise InvalidEvent(
            f"column `{name}`, row {wrong[0] + 1}: not exactly on a grid of {scale} decimals", "round it"
        )
    return f"d{scale}", pa.array(
        units.astype(np.int64), mask=array.is_null().to_numpy(zero_copy_only=False)
    ).to_pylist()


def _from_texts(name: str, array: Any) -> tuple[str, list[Any]]:
    texts = array.to_pylist()
    matches = [None if text is None else _NUMBER.fullmatch(text) for text in texts]
    if any(match is None and text is not None for match, text in zip(matches, texts, strict=True)):
        for text in set(texts):
            if text is not None:
                check_text(text, f"a cell of column `{name}`")
        return "s", texts
    scale = max((len(match[1] or "") for match in matches if match), default=0)
    units = [None if match is None else _units(match, scale, name) for match in matches]
    return ("i" if scale == 0 else f"d{scale}"), units


def _units(match: re.Match[str], scale: int, name: str) -> int:
    fraction = match[1] or ""
    units = int(match[0].replace(".", "") + "0" * (scale - len(fraction)))
    if abs(units) >= MOST_UNITS:
        raise _too_long(name, scale)
    return units


def _with_links(
    source: Source, columns: list[StoredColumn], number: Callable[[str, list[str]], list[int]]
) -> list[StoredColumn]:
    """The columns and, in stored form, the memberships. `number` gives the groups' numbers."""
    linked = list(columns)
    for member in source.memberships:
        groups = _texts(source.table, member.group_column)
        roles: list[str | None] = [member.role] * len(groups)
        if member.role_column is not None:
            roles = _texts(source.table, member.role_column)
        checked = {Belongs(f"{member.entity}/g", role).role for role in set(roles) if role is not None}
        if None in roles or not checked:
            raise InvalidEvent(f"column `{member.role_column}` has a row without a role", "fill it in")
        check_name(member.relation, "a relation")
        distinct = list(dict.fromkeys(group for group in groups if group is not None))
        check_new_subjects(member.entity, distinct)
        numbers = dict(zip(distinct, number(member.entity, distinct), strict=True))
        values = [None if group is None else numbers[group] for group in groups]
        linked.append(StoredColumn(member.relation, [f"r.{role}" for role in roles], values))
    return linked


def _loaded(
    source: Source, ids: list[str], columns: list[StoredColumn], keys: KeyStore, *, origin: Origin, name: str
) -> Iterator[Loaded]:
    """The rows of one table, for a bulk load."""
    members = keys.add_many(source.entity, ids)
    linked = _with_links(source, columns, lambda entity, of: [number for number, _ in keys.add_many(entity, of)])
    day, relations = day_number(source.valid_from), [column.values for column in linked[len(columns) :]]
    groups = zip(*relations, strict=True) if relations else iter([()] * len(ids))
    event_ids = [f"{name}/{source.entity}/{identifier}" for identifier in ids]
    delivery = keys.deliveries(origin.source)
    rows = zip(members, event_ids, payloads(linked, event_ids, day), groups, strict=True)
    for (number, key), event_id, payload, named in rows:
        if payload is not None:
            yield Loaded(number, key, delivery(event_id), payload, named)


class _Groups:
    """Stands in for the key store while drafts are made: a group's number is its place in a list."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def take(self, entity: str, identifiers: list[str]) -> list[int]:
        first = len(self.names)
        self.names.extend(f"{entity}/{identifier}" for identifier in identifiers)
        return list(range(first, len(self.names)))

    def name(self, number: int) -> str:
        return self.names[number]

    def number(self, subject: str) -> int:
        return self.names.index(subject)


def _drafts(source: Source, origin: Origin, name: str) -> Iterator[Draft]:
    """The rows of one table, for ordinary appends."""
    ids, groups = _ids(source), _Groups()
    columns = _with_links(source, _columns(source), groups.take)
    for row, identifier in enumerate(ids):
        points = tuple(
            Point(column.name, source.valid_from, _value(column, row, groups))
            for column in columns
            if column.values[row] is not None
        )
        if points:
            subject = f"{source.entity}/{identifier}"
            yield Draft(subject, Facts(points), origin, f"{name}/{subject}")


def _value(column: StoredColumn, row: int, groups: _Groups) -> Value:
    return load_value(column.kinds[row], column.values[row], groups)
