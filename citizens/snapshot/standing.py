"""Which change points of an attribute hold on a day: one of each subject.

Of the change points at or before the day, sort by (subject, day, offset) and keep the last recorded of each day; drop
the retracted; keep the last day of each subject.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np

from citizens.points import Block, Ints, Scan
from citizens.snapshot.columns import Mask
from citizens.snapshot.wanted import Attributes, Wanted, columns_by_attribute
from citizens.stored_values import day_date, day_number


@dataclass(frozen=True, slots=True)
class Standing:
    """The change points of one attribute that hold: one per subject, in order of subject."""

    name: str
    subjects: Ints
    kinds: tuple[str, ...]
    kind_of: Ints
    values: Ints
    offsets: Ints


def picked(each: Standing, pick: Mask) -> Standing:
    """Some rows of what holds."""
    return Standing(
        each.name, each.subjects[pick], each.kinds, each.kind_of[pick], each.values[pick], each.offsets[pick]
    )


@dataclass(frozen=True, slots=True)
class Recorded:
    """The days from which an attribute was recorded, first and last, and whether any of them is among those wanted."""

    first: date
    last: date
    counts: bool

    def __or__(self, other: Recorded) -> Recorded:
        return Recorded(min(self.first, other.first), max(self.last, other.last), self.counts or other.counts)


def recorded(scan: Scan, valid_on: date, attributes: Mapping[str, Wanted]) -> dict[str, Recorded]:
    """When the wanted attributes were recorded. What was only ever ended or taken back is not among them."""
    columns = columns_by_attribute(attributes, day_number(valid_on))
    days: dict[str, set[int]] = {}
    for block in scan.blocks:
        for name, kind in block.shape:
            if name in columns and kind not in ("n", "x"):
                days.setdefault(name, set()).add(block.day)
    return {
        name: Recorded(
            day_date(min(stated)),
            day_date(max(stated)),
            any(since <= day <= until for _, since, until in columns[name] for day in stated),
        )
        for name, stated in days.items()
    }


def unwanted(scan: Scan, attributes: Mapping[str, Wanted]) -> dict[str, int]:
    """The attributes that were recorded and of which no column is made, each with the number of one of whom it was."""
    made = {wanted.attribute or name for name, wanted in attributes.items()}
    numbers: dict[str, int] = {}
    for block in scan.blocks:
        for name, kind in block.shape:
            if kind not in ("n", "x") and name not in made and name not in numbers:
                numbers[name] = int(scan.subjects[block.events][0])
    return numbers


def standings(scan: Scan, valid_on: date, attributes: Attributes) -> Iterator[Standing]:
    """What holds on the day, attribute by attribute."""
    where: dict[str, list[tuple[Block, int]]] = {}
    last = day_number(valid_on)
    columns = columns_by_attribute(attributes, last) if isinstance(attributes, Mapping) else None
    for block in scan.blocks:
        for column, (name, _) in enumerate(block.shape):
            if columns is not None:
                for narrowed, since, until in columns.get(name, ()):
                    if since <= block.day <= until:
                        where.setdefault(narrowed, []).append((block, column))
            elif block.day <= last and (attributes is None or name in attributes):
                where.setdefault(name, []).append((block, column))
    for name, places in where.items():
        wanted = attributes[name] if isinstance(attributes, Mapping) else Wanted()
        yield _standing(name, places, scan, wanted.ends_until)


def formerly(scan: Scan, attributes: Mapping[str, Wanted]) -> dict[str, Ints]:
    """For each column that asks for it the subjects that were ever in a group up to its last day, and those groups, in
    order; also as it was recorded and taken back."""
    asked = {name: wanted for name, wanted in attributes.items() if wanted.formerly}
    told: dict[str, list[Ints]] = {name: [np.empty(0, dtype=np.int64)] for name in asked}
    for block in scan.blocks if asked else ():
        for column, (attribute, kind) in enumerate(block.shape):
            for name, wanted in asked.items():
                if kind.startswith("r.") and attribute == (wanted.attribute or name):
                    if block.day <= day_number(wanted.until):
                        told[name] += [scan.subjects[block.events], block.values[column]]
    return {name: np.unique(np.concatenate(numbers)) for name, numbers in told.items()}


def _standing(name: str, places: list[tuple[Block, int]], scan: Scan, ends_until: date) -> Standing:
    kinds = tuple(dict.fromkeys(block.shape[column][1] for block, column in places))
    events = np.concatenate([block.events for block, _ in places])
    values = np.concatenate([block.values[column] for block, column in places])
    sizes = [len(block.events) for block, _ in places]
    days = np.repeat(np.array([block.day for block, _ in places], dtype=np.int64), sizes)
    codes = np.array([kinds.index(block.shape[column][1]) for block, column in places], dtype=np.int64)
    kind_of = np.repeat(codes, sizes)
    subjects, offsets = scan.subjects[events], scan.offsets[events]
    retracted = kind_of == kinds.index("x") if "x" in kinds else np.zeros(len(events), dtype=np.bool_)
    ended = (kind_of == code_of(kinds, "n")) & (days > day_number(ends_until))
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


def is_link(standing: Standing) -> Mask:
    """Where an attribute leads to a group."""
    links = np.array([kind.startswith("r.") for kind in standing.kinds], dtype=np.bool_)
    return links[standing.kind_of]


def scale_of(kind: str) -> int:
    """The decimals of a kind such as `d2`; 0 for all but decimals."""
    return int(kind[1:]) if kind[0] == "d" else 0


def code_of(kinds: tuple[str, ...], kind: str) -> int:
    """The place of a kind among others; -1 if it is none of them."""
    return kinds.index(kind) if kind in kinds else -1
