"""A whole population's facts as columns, as valid on V, as known at K.

1. Decode the facts recorded by K into blocks (`points`).
2. For each attribute: of its change points at or before V, sort by (subject, day, offset) and keep the last recorded of
   each day; drop the retracted; keep the last day of each subject.
3. A subject is a row of its entity's table if any of its change points is left, or if somebody belongs to it.
4. Write what is left into one column per attribute: whole numbers with a scale, and a mask of what is known. A
   relation becomes, for each row, the row of its group and a role.

`Wanted` narrows a column down: to change points of some days (money of a year counts only if it was recorded for that
year), and to kinds of value. A value of another kind is left out and named, so that one wrong fact does not stop a
whole population. A snapshot of some subjects reads only their events.

A fact that was never recorded, or has ended, is not known; it is never zero. The tables are kept as Parquet in the
log's `cache` folder if asked for. The cache may be deleted at any time, and an erasure deletes it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Literal, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from citizens.codec import day_date, day_number
from citizens.errors import Refused
from citizens.events import EXACT, Scalar
from citizens.points import Block, Ints, Scan

ColumnKind = Literal["boolean", "integer", "decimal", "date", "text"]
Mask = npt.NDArray[np.bool_]
_KINDS: dict[str, ColumnKind] = {"b": "boolean", "i": "integer", "d": "decimal", "t": "date", "s": "text"}
_ARROW: dict[ColumnKind, Callable[[], pa.DataType]] = {
    "boolean": pa.bool_, "integer": pa.int64, "decimal": pa.int64, "date": pa.date32, "text": pa.string,
}  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """One attribute of every row. Where `known` is false, `values` is 0 and means nothing.

    boolean: 0 or 1; integer: itself; decimal: units of 10**-scale; date: days since 1970-01-01; text: index into
    `words`.
    """

    name: str
    kind: ColumnKind
    values: Ints
    known: Mask
    scale: int = 0
    words: tuple[str, ...] = ()

    def value(self, row: int) -> Scalar | None:
        """The value at a row, or None if it is not known."""
        if not self.known[row]:
            return None
        stored = int(self.values[row])
        match self.kind:
            case "boolean":
                return bool(stored)
            case "integer":
                return stored
            case "decimal":
                return EXACT.scaleb(Decimal(stored), -self.scale)
            case "date":
                return day_date(stored)
            case "text":
                return self.words[stored]

    def to_arrow(self) -> Any:
        """The column as Arrow: bool, int64 (with the scale as the field's metadata), date32, or dictionary of text."""
        missing = ~self.known
        if self.kind == "text":
            indices: Any = pa.array(self.values.astype(np.int32), mask=missing)
            return pa.DictionaryArray.from_arrays(indices, pa.array(self.words, pa.string()))
        if self.kind == "boolean":
            return pa.array(self.values.astype(np.bool_), mask=missing)
        if self.kind == "date":
            return pa.array(self.values.astype(np.int32), mask=missing).cast(pa.date32())
        return pa.array(self.values, mask=missing)

    def to_field(self) -> Any:
        """The column's Arrow field, its kind and scale in the metadata."""
        kind = pa.dictionary(pa.int32(), pa.string()) if self.kind == "text" else _ARROW[self.kind]()
        return pa.field(self.name, kind, metadata={"kind": self.kind, "scale": str(self.scale)})


@dataclass(frozen=True, slots=True, eq=False)
class Link:
    """Membership of every row under one relation: `rows` are rows of `entity`'s table (-1 for none), `roles` indices
    into `role_names` (-1 for none)."""

    relation: str
    entity: str
    rows: Ints
    roles: Ints
    role_names: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """All subjects of one entity: `ids` (their names are `<entity>/<id>`), in order of first appearance in the log."""

    entity: str
    numbers: Ints
    ids: tuple[str, ...]
    columns: Mapping[str, Column]
    links: Mapping[str, Link]

    def __len__(self) -> int:
        return len(self.ids)

    def to_arrow(self) -> pa.Table:
        """The columns as an Arrow table, the ids first."""
        columns = list(self.columns.values())
        fields = [pa.field("id", pa.string()), *(column.to_field() for column in columns)]
        arrays = [pa.array(self.ids, pa.string()), *(column.to_arrow() for column in columns)]
        return pa.Table.from_arrays(arrays, schema=pa.schema(fields))


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a column is made of: the last change point from `since` to `until`, values of `kinds` (`codec`'s letters).

    `attribute` is the one that is read, if it is not the column's name: one attribute may have a column for each month.
    A relation (kind `r`) leads to groups of the entity `group`, if one is named. Numbers have at most `places`
    decimals. An end that was recorded as valid from after `ends_until` does not count: what held before it holds on.
    """

    since: date = date.min
    until: date = date.max
    kinds: str = "bditsr"
    group: str = ""
    attribute: str = ""
    places: int | None = field(default=None, compare=False)
    ends_until: date = field(default=date.max, compare=False)


Attributes = Collection[str] | Mapping[str, Wanted] | None
"""Which attributes are read: all, or those named; a mapping narrows them down, and is by the columns' names."""


@dataclass(frozen=True, slots=True)
class Misfit:
    """A value that was left out, because it is not of the kind that is wanted. `kind` says what it is."""

    subject: str
    attribute: str
    kind: str
    offset: int


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """Everybody's facts as valid on a day, as known at an offset. Entities that nobody is of are absent."""

    valid_on: date
    offset: int
    tables: Mapping[str, Table]
    misfits: tuple[Misfit, ...] = ()


@dataclass(frozen=True, slots=True)
class Standing:
    """The change points of one attribute that hold: one per subject, in order of subject."""

    name: str
    subjects: Ints
    kinds: tuple[str, ...]
    kind_of: Ints
    values: Ints
    offsets: Ints


class Naming(Protocol):
    """Which subject a number stands for."""

    def name(self, number: int) -> str:
        """The subject with that number, or `<entity>/erased-<number>`."""

    def all_names(self) -> Iterable[tuple[int, str, str | None]]:
        """(number, entity, id) of every subject in order of number; no id for the erased."""


def build(
    found: Scan, names: Naming, valid_on: date, offset: int, attributes: Attributes = None, *, every: bool = True
) -> Snapshot:
    """The snapshot that a log's facts up to `offset` make. `attributes` limits what is read into columns; None: all.

    `every` says that the scan is of everybody, not of some subjects.
    """
    standing = list(standings(found, valid_on, attributes))
    misfits: list[Misfit] = []
    if isinstance(attributes, Mapping):
        standing = [_fitting(each, attributes[each.name], names, misfits) for each in standing]
    groups = [each.values[_is_link(each)] for each in standing]
    present = np.unique(np.concatenate([np.empty(0, np.int64), *(each.subjects for each in standing), *groups]))
    return Snapshot(valid_on, offset, _tables(names, present, standing, found.words, every=every), tuple(misfits))


def _fitting(each: Standing, wanted: Wanted, names: Naming, misfits: list[Misfit]) -> Standing:
    """What holds of an attribute without values that do not fit, which are noted. Each is judged by itself alone."""
    told: dict[int, str] = {}
    kinds = np.array([kind[0] not in wanted.kinds + "n" for kind in each.kinds], dtype=np.bool_)
    for row in np.flatnonzero(kinds[each.kind_of]).tolist():
        told[row] = _KINDS.get(each.kinds[each.kind_of[row]][0]) or _entity(names, each.values[row])
    if wanted.group:
        told |= _led_astray(each, wanted.group, names)
    if wanted.places is not None:
        each = _on_places(each, wanted.places, told)
    for row in sorted(told):
        subject, offset = names.name(int(each.subjects[row])), int(each.offsets[row])
        misfits.append(Misfit(subject, each.name, told[row], offset))
    if not told:
        return each
    keep = np.ones(len(each.subjects), dtype=np.bool_)
    keep[list(told)] = False
    return _picked(each, keep)


def _entity(names: Naming, number: int) -> str:
    return names.name(int(number)).partition("/")[0]


def _led_astray(each: Standing, group: str, names: Naming) -> dict[int, str]:
    """The rows whose relation leads to a group of another entity, and to which. Ended relations lead nowhere."""
    rows = np.flatnonzero(_is_link(each))
    entities = {number: _entity(names, number) for number in np.unique(each.values[rows]).tolist()}
    if all(entity == group for entity in entities.values()):
        return {}
    found = {row: entities[int(each.values[row])] for row in rows.tolist()}
    return {row: entity for row, entity in found.items() if entity != group}


def _on_places(each: Standing, places: int, told: dict[int, str]) -> Standing:
    """The numbers with at most so many decimals. Those that have more, or too many digits with them, are told."""
    values, kind_of, kinds = each.values.copy(), each.kind_of.copy(), list(each.kinds)
    for code, kind in enumerate(each.kinds):
        if kind[0] not in "di":
            continue
        rows, more = np.flatnonzero(each.kind_of == code), _scale(kind) - places
        if more > 0:
            whole = values[rows] % 10**more == 0
            told |= dict.fromkeys(rows[~whole].tolist(), f"a number with over {places} decimals")
            if f"d{places}" not in kinds:
                kinds.append(f"d{places}")
            values[rows], kind_of[rows] = values[rows] // 10**more, kinds.index(f"d{places}")
        else:
            large = np.abs(values[rows]) >= 10 ** (18 + more)
            told |= dict.fromkeys(rows[large].tolist(), f"a number of over 18 digits with its {places} decimals")
    return Standing(each.name, each.subjects, tuple(kinds), kind_of, values, each.offsets)


def _picked(each: Standing, pick: Mask) -> Standing:
    """Some rows of what holds."""
    return Standing(
        each.name, each.subjects[pick], each.kinds, each.kind_of[pick], each.values[pick], each.offsets[pick]
    )


def standings(found: Scan, valid_on: date, attributes: Attributes) -> Iterator[Standing]:
    """What holds on the day, attribute by attribute."""
    where: dict[str, list[tuple[Block, int]]] = {}
    last = day_number(valid_on)
    columns = _columns_by_attribute(attributes, last) if isinstance(attributes, Mapping) else None
    for block in found.blocks:
        for column, (name, _) in enumerate(block.shape):
            if columns is not None:
                for narrowed, since, until in columns.get(name, ()):
                    if since <= block.day <= until:
                        where.setdefault(narrowed, []).append((block, column))
            elif block.day <= last and (attributes is None or name in attributes):
                where.setdefault(name, []).append((block, column))
    for name, places in where.items():
        wanted = attributes[name] if isinstance(attributes, Mapping) else Wanted()
        yield _standing(name, places, found, wanted.ends_until)


def attributes_of(attributes: Attributes) -> Collection[str] | None:
    """The attributes that are read."""
    if not isinstance(attributes, Mapping):
        return attributes
    return {one.attribute or name for name, one in attributes.items()}


def _columns_by_attribute(attributes: Mapping[str, Wanted], last: int) -> dict[str, list[tuple[str, int, int]]]:
    """Of each attribute the columns that are made of it, each with its first and last day."""
    found: dict[str, list[tuple[str, int, int]]] = {}
    for name, one in attributes.items():
        days = day_number(one.since), min(day_number(one.until), last)
        found.setdefault(one.attribute or name, []).append((name, *days))
    return found


def _standing(name: str, places: list[tuple[Block, int]], found: Scan, ends_until: date) -> Standing:
    kinds = tuple(dict.fromkeys(block.shape[column][1] for block, column in places))
    events = np.concatenate([block.events for block, _ in places])
    values = np.concatenate([block.values[column] for block, column in places])
    sizes = [len(block.events) for block, _ in places]
    days = np.repeat(np.array([block.day for block, _ in places], dtype=np.int64), sizes)
    codes = np.array([kinds.index(block.shape[column][1]) for block, column in places], dtype=np.int64)
    kind_of = np.repeat(codes, sizes)
    subjects, offsets = found.subjects[events], found.offsets[events]
    retracted = kind_of == kinds.index("x") if "x" in kinds else np.zeros(len(events), dtype=np.bool_)
    ended = (kind_of == _code(kinds, "n")) & (days > day_number(ends_until))
    keep = _last_standing(subjects, days, offsets, retracted | ended)
    return Standing(name, subjects[keep], kinds, kind_of[keep], values[keep], offsets[keep])


def _last_standing(subjects: Ints, days: Ints, offsets: Ints, retracted: Mask) -> Ints:
    """The rows that hold: one per subject at most, in order of subject."""
    if not retracted.any() and np.all(subjects[1:] > subjects[:-1]):
        return np.arange(len(subjects), dtype=np.int64)
    order = np.lexsort((offsets, days, subjects))
    order = order[_last_of_run(subjects[order], days[order])]
    order = order[~retracted[order]]
    return order[_last_of_run(subjects[order])]


def _last_of_run(*keys: Ints) -> Mask:
    """Where the next row has other keys."""
    size = len(keys[0])
    last = np.ones(size, dtype=np.bool_)
    if size > 1:
        last[:-1] = np.logical_or.reduce([key[1:] != key[:-1] for key in keys])
    return last


def _is_link(standing: Standing) -> Mask:
    links = np.array([kind.startswith("r.") for kind in standing.kinds], dtype=np.bool_)
    return links[standing.kind_of]


def _members(names: Naming, present: Ints, every: bool) -> dict[str, tuple[list[int], list[str]]]:
    """Numbers and ids of those present, by entity. `every`: they are about as many as there are."""
    members: dict[str, tuple[list[int], list[str]]] = {}
    wanted = set(present.tolist())
    if every:
        named = ((number, entity, known_as) for number, entity, known_as in names.all_names() if number in wanted)
    else:
        named = ((number, *_parts(names, number)) for number in present.tolist())
    for number, entity, known_as in named:
        numbers, ids = members.setdefault(entity, ([], []))
        numbers.append(number)
        ids.append(known_as if known_as is not None else f"erased-{number}")
    return members


def _parts(names: Naming, number: int) -> tuple[str, str]:
    entity, _, identifier = names.name(number).partition("/")
    return entity, identifier


def _tables(
    names: Naming, present: Ints, standing: Iterable[Standing], words: list[str], *, every: bool
) -> dict[str, Table]:
    """Deal the rows out to entities and fill their columns."""
    members = _members(names, present, every)
    arrays = {entity: np.array(numbers, dtype=np.int64) for entity, (numbers, _) in members.items()}
    rows_of = _Rows(arrays, present)
    columns: dict[str, dict[str, Column]] = {entity: {} for entity in members}
    links: dict[str, dict[str, Link]] = {entity: {} for entity in members}
    for each in standing:
        for entity, part in rows_of.split(each):
            if _is_link(part).any():
                links[entity][each.name] = _link(part, rows_of, entity)
            else:
                columns[entity][each.name] = _column(part, rows_of, entity, words)
    return {
        entity: Table(entity, arrays[entity], tuple(ids), columns[entity], links[entity])
        for entity, (_, ids) in members.items()
    }


class _Rows:
    """Which row of which entity's table a subject's number is. Numbers may be far apart: a partition comes first."""

    def __init__(self, numbers: Mapping[str, Ints], present: Ints) -> None:
        self.entities = tuple(numbers)
        self.sizes = {entity: len(of) for entity, of in numbers.items()}
        self._present = present
        self._entity = np.full(len(present), -1, dtype=np.int64)
        self._row = np.full(len(present), -1, dtype=np.int64)
        for index, of in enumerate(numbers.values()):
            at = np.searchsorted(present, of)
            self._entity[at] = index
            self._row[at] = np.arange(len(of))

    def entity(self, numbers: Ints) -> Ints:
        """The place in `entities` of each number's entity."""
        found: Ints = self._entity[np.searchsorted(self._present, numbers)]
        return found

    def row(self, numbers: Ints) -> Ints:
        """The row of each number in its entity's table."""
        found: Ints = self._row[np.searchsorted(self._present, numbers)]
        return found

    def split(self, standing: Standing) -> Iterator[tuple[str, Standing]]:
        """What holds of one attribute, entity by entity."""
        entities = self.entity(standing.subjects)
        for index in np.unique(entities):
            pick = entities == index
            yield self.entities[index], _picked(standing, pick)


def _column(part: Standing, rows_of: _Rows, entity: str, words: list[str]) -> Column:
    size, rows = rows_of.sizes[entity], rows_of.row(part.subjects)
    used = [part.kinds[code] for code in np.unique(part.kind_of) if part.kinds[code] != "n"]
    kind, scale = _unify(part, used)
    values, known = np.zeros(size, dtype=np.int64), np.zeros(size, dtype=np.bool_)
    for name in used:
        pick = part.kind_of == part.kinds.index(name)
        known[rows[pick]] = True
        values[rows[pick]] = _rescale(part.name, part.values[pick], scale - _scale(name))
    if kind != "text":
        return Column(part.name, kind, values, known, scale)
    distinct, codes = np.unique(values[known], return_inverse=True)
    values[known] = codes
    return Column(part.name, kind, values, known, 0, tuple(words[code] for code in distinct))


def _scale(kind: str) -> int:
    return int(kind[1:]) if kind[0] == "d" else 0


def _unify(part: Standing, used: list[str]) -> tuple[ColumnKind, int]:
    """The one kind and scale that hold all values. A whole number among decimals is a decimal."""
    letters = {kind[0] for kind in used}
    if letters == {"d", "i"}:
        letters = {"d"}
    if len(letters) > 1:
        examples = {kind[0]: int(part.offsets[part.kind_of == part.kinds.index(kind)][0]) for kind in used}
        told = " and ".join(f"{_KINDS.get(letter, 'a group')} at offset {at}" for letter, at in examples.items())
        raise Refused(f"attribute `{part.name}` is {told}", "correct one of them")
    return _KINDS[letters.pop()] if letters else "integer", max((_scale(kind) for kind in used), default=0)


def _rescale(name: str, values: Ints, digits: int) -> Ints:
    if digits and len(values) and int(np.abs(values).max()) >= 10 ** (18 - digits):
        raise Refused(f"attribute `{name}` mixes scales over 18 digits", "correct the finer values to one grid")
    rescaled: Ints = values * 10**digits
    return rescaled


def _link(part: Standing, rows_of: _Rows, entity: str) -> Link:
    pick = _is_link(part)
    if not (pick | (part.kind_of == _code(part.kinds, "n"))).all():
        raise Refused(
            f"attribute `{part.name}` is a group for some and a plain value for others", "correct one of them"
        )
    groups = part.values[pick]
    entities = np.unique(rows_of.entity(groups))
    if len(entities) != 1:
        raise Refused(f"relation `{part.name}` leads to groups of several entities", "correct one of them")
    size, at = rows_of.sizes[entity], rows_of.row(part.subjects[pick])
    rows, roles = np.full(size, -1, dtype=np.int64), np.full(size, -1, dtype=np.int64)
    rows[at] = rows_of.row(groups)
    names = tuple(sorted({kind[2:] for kind in part.kinds if kind.startswith("r.")}))
    codes = np.array([names.index(kind[2:]) if kind[:2] == "r." else -1 for kind in part.kinds], dtype=np.int64)
    roles[at] = codes[part.kind_of[pick]]
    return Link(part.name, rows_of.entities[entities[0]], rows, roles, names)


def _code(kinds: tuple[str, ...], kind: str) -> int:
    return kinds.index(kind) if kind in kinds else -1
