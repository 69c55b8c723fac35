"""The tables of a snapshot: rows dealt out to entities, and what holds written into columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import cast

import numpy as np

from citizens.errors import Refused
from citizens.points import Block, Ints, Scan
from citizens.snapshot.columns import Column, ColumnKind, Link, Mask, Table
from citizens.snapshot.distinct import coded, distinct
from citizens.snapshot.fitting import KIND_NAMES, WORD, Naming, fitting
from citizens.snapshot.standing import (
    Recorded,
    Standing,
    code_of,
    formerly,
    is_link,
    picked,
    recorded,
    scale_of,
    standings,
    unwanted,
)
from citizens.snapshot.wanted import Attributes, Misfit, Wanted
from citizens.stored_values import day_number


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """Everybody's facts as valid on a day, as known at an offset. Entities that nobody is of are absent.

    `silent` says, by entity, of how many subjects facts were recorded, none of which the tables have: they are of other
    attributes or days, or were taken back. It is empty in a snapshot of some subjects. `formerly` has, for each column
    that asks for it, the numbers of subjects that were in a group by then, and of the groups. `recorded` says when
    each attribute that is wanted was recorded, and `unwanted` of which entity each of the others was, of one subject at
    least; both are empty in a snapshot of some subjects.
    """

    valid_on: date
    offset: int
    tables: Mapping[str, Table]
    misfits: tuple[Misfit, ...] = ()
    silent: Mapping[str, int] = field(default_factory=dict)
    formerly: Mapping[str, Ints] = field(default_factory=dict)
    recorded: Mapping[str, Recorded] = field(default_factory=dict)
    unwanted: Mapping[str, str] = field(default_factory=dict)


def build(
    scan: Scan, names: Naming, valid_on: date, offset: int, attributes: Attributes = None, *, every: bool = True
) -> Snapshot:
    """The snapshot that a log's facts up to `offset` make. `attributes` limits what is read into columns; None: all.

    `every` says that the scan is of everybody, not of some subjects.
    """
    standing = list(standings(scan, valid_on, attributes))
    misfits: list[Misfit] = []
    if isinstance(attributes, Mapping):
        standing = [fitting(each, attributes[each.name], names, scan.words, misfits) for each in standing]
    groups = [each.values[is_link(each)] for each in standing]
    anybody = [_anybody(scan, names, valid_on, attributes)] if isinstance(attributes, Mapping) else []
    present = distinct([*(each.subjects for each in standing), *groups, *anybody])
    tables = _tables(names, present, standing, scan.words, every=every)
    everybody = distinct([scan.subjects])
    silent = _silent(names, everybody[~_among(everybody, present)]) if every else {}
    narrowed = attributes if isinstance(attributes, Mapping) else {}
    before = formerly(scan, narrowed)
    when = recorded(scan, valid_on, narrowed) if every else {}
    others = unwanted(scan, narrowed) if every and narrowed else {}
    entities = {name: _parts(names, number)[0] for name, number in others.items()}
    return Snapshot(valid_on, offset, tables, tuple(misfits), silent, before, when, entities)


def _anybody(scan: Scan, names: Naming, valid_on: date, attributes: Mapping[str, Wanted]) -> Ints:
    """The subjects of whom a row is wanted if anything was recorded of them."""
    numbers = [np.empty(0, np.int64)]
    for wanted in attributes.values():
        if wanted.anybody:
            until = day_number(min(wanted.until, valid_on))
            blocks = (block for block in scan.blocks if block.day <= until and _says_something(block))
            there = [numbers[0], *(scan.subjects[block.events] for block in blocks)]
            named = [number for number, entity, _ in names.all_names() if entity == wanted.anybody]
            numbers.append(np.intersect1d(np.concatenate(there), np.array(named, np.int64)))
    return np.concatenate(numbers)


def _says_something(block: Block) -> bool:
    """Whether some of its change points neither end a fact nor take one back."""
    return any(kind not in ("n", "x") for _, kind in block.shape)


def _among(numbers: Ints, others: Ints) -> Mask:
    """Which of some numbers are among others, which are in order."""
    if not len(others):
        return np.zeros(len(numbers), dtype=np.bool_)
    at = np.minimum(np.searchsorted(others, numbers), len(others) - 1)
    among: Mask = others[at] == numbers
    return among


def _silent(names: Naming, numbers: Ints) -> Mapping[str, int]:
    """How many of some subjects there are, by entity."""
    if not len(numbers):
        return {}
    wanted = set(numbers.tolist())
    return Counter(entity for number, entity, _ in names.all_names() if number in wanted)


def _members(names: Naming, present: Ints, every: bool) -> dict[str, tuple[Ints, list[str]]]:
    """Numbers and ids of those present, by entity. `every`: they are about as many as there are."""
    named = list(names.all_names()) if every else [(number, *_parts(names, number)) for number in present.tolist()]
    if not named:
        return {}
    numbers, entities, ids = zip(*named, strict=True)
    held, known_as = np.array(numbers, dtype=np.int64), np.array(ids, dtype=object)
    places = {entity: place for place, entity in enumerate(dict.fromkeys(entities))}
    of = np.fromiter(map(places.__getitem__, entities), np.int64, len(entities))
    of[~_among(held, present)] = -1
    members: dict[str, tuple[Ints, list[str]]] = {}
    for entity, place in places.items():
        rows = np.flatnonzero(of == place)
        if len(rows):
            members[entity] = held[rows], _ids(held[rows], known_as[rows].tolist())
    return members


def _ids(numbers: Ints, ids: list[str | None]) -> list[str]:
    """The ids, and what stands for those of the erased."""
    if None not in ids:
        return cast(list[str], ids)
    pairs = zip(numbers.tolist(), ids, strict=True)
    return [known_as if known_as is not None else f"erased-{number}" for number, known_as in pairs]


def _parts(names: Naming, number: int) -> tuple[str, str]:
    entity, _, identifier = names.name(number).partition("/")
    return entity, identifier


def _tables(
    names: Naming, present: Ints, standing: Iterable[Standing], words: list[str], *, every: bool
) -> dict[str, Table]:
    """Deal the rows out to entities and fill their columns."""
    members = _members(names, present, every)
    arrays = {entity: numbers for entity, (numbers, _) in members.items()}
    rows_of = _Rows(arrays, present)
    columns: dict[str, dict[str, Column]] = {entity: {} for entity in members}
    links: dict[str, dict[str, Link]] = {entity: {} for entity in members}
    for each in standing:
        for entity, part in rows_of.split(each):
            if is_link(part).any():
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
        places: Ints = self._entity[np.searchsorted(self._present, numbers)]
        return places

    def row(self, numbers: Ints) -> Ints:
        """The row of each number in its entity's table."""
        rows: Ints = self._row[np.searchsorted(self._present, numbers)]
        return rows

    def split(self, standing: Standing) -> Iterator[tuple[str, Standing]]:
        """What holds of one attribute, entity by entity."""
        entities = self.entity(standing.subjects)
        present = np.flatnonzero(np.bincount(entities)).tolist()
        for index in present:
            part = standing if len(present) == 1 else picked(standing, entities == index)
            yield self.entities[index], part


def _column(part: Standing, rows_of: _Rows, entity: str, words: list[str]) -> Column:
    size, rows = rows_of.sizes[entity], rows_of.row(part.subjects)
    used = [
        part.kinds[code] for code in np.flatnonzero(np.bincount(part.kind_of)) if part.kinds[code] not in ("n", WORD)
    ]
    kind, scale = _unify(part, used)
    values, known = np.zeros(size, dtype=np.int64), np.zeros(size, dtype=np.bool_)
    for name in used:
        pick = part.kind_of == part.kinds.index(name)
        known[rows[pick]] = True
        values[rows[pick]] = _rescale(part.name, part.values[pick], scale - scale_of(name))
    if kind != "text":
        return Column(part.name, kind, values, known, scale, worded=_worded(part, rows, size))
    different, codes = coded(values[known])
    values[known] = codes
    return Column(part.name, kind, values, known, 0, tuple(words[code] for code in different))


def _worded(part: Standing, rows: Ints, size: int) -> Mask | None:
    """The rows of which the word is said that may stand in the place of a value; None if it is said of nobody."""
    said = part.kind_of == code_of(part.kinds, WORD)
    if WORD not in part.kinds or not said.any():
        return None
    worded = np.zeros(size, dtype=np.bool_)
    worded[rows[said]] = True
    return worded


def _unify(part: Standing, used: list[str]) -> tuple[ColumnKind, int]:
    """The one kind and scale that hold all values. A whole number among decimals is a decimal."""
    letters = {kind[0] for kind in used}
    if letters == {"d", "i"}:
        letters = {"d"}
    if len(letters) > 1:
        examples = {kind[0]: int(part.offsets[part.kind_of == part.kinds.index(kind)][0]) for kind in used}
        told = " and ".join(f"{KIND_NAMES.get(letter, 'a group')} at offset {at}" for letter, at in examples.items())
        raise Refused(f"attribute `{part.name}` is {told}", "correct one of them")
    return KIND_NAMES[letters.pop()] if letters else "integer", max((scale_of(kind) for kind in used), default=0)


def _rescale(name: str, values: Ints, digits: int) -> Ints:
    if digits and len(values) and int(np.abs(values).max()) >= 10 ** (18 - digits):
        raise Refused(f"attribute `{name}` mixes scales over 18 digits", "correct the finer values to one grid")
    rescaled: Ints = values * 10**digits
    return rescaled


def _link(part: Standing, rows_of: _Rows, entity: str) -> Link:
    pick = is_link(part)
    if not (pick | (part.kind_of == code_of(part.kinds, "n"))).all():
        raise Refused(
            f"attribute `{part.name}` is a group for some and a plain value for others", "correct one of them"
        )
    groups = part.values[pick]
    entities = np.flatnonzero(np.bincount(rows_of.entity(groups)))
    if len(entities) != 1:
        raise Refused(f"relation `{part.name}` leads to groups of several entities", "correct one of them")
    size, at = rows_of.sizes[entity], rows_of.row(part.subjects[pick])
    rows, roles = np.full(size, -1, dtype=np.int64), np.full(size, -1, dtype=np.int64)
    rows[at] = rows_of.row(groups)
    names = tuple(sorted({kind[2:] for kind in part.kinds if kind.startswith("r.")}))
    codes = np.array([names.index(kind[2:]) if kind[:2] == "r." else -1 for kind in part.kinds], dtype=np.int64)
    roles[at] = codes[part.kind_of[pick]]
    return Link(part.name, rows_of.entities[entities[0]], rows, roles, names)
