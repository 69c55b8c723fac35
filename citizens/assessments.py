"""First assessments of many subjects and their postings, as columns: what an annual run appends.

Whoever knows drafts alone sees drafts: this is a sequence of them, made when somebody asks. The embedded log takes the
columns as they are (`sqlite.assessing`), and what it records is the same to the byte.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, overload

import numpy as np
import pyarrow as pa

from citizens.events import Draft, Movement, Origin
from citizens.points import Ints
from citizens.snapshot import Mask


@dataclass(frozen=True, slots=True, eq=False)
class Subjects:
    """Subjects of one entity: their numbers in the log, and their ids, an Arrow array of texts."""

    entity: str
    numbers: Ints
    ids: Any

    def __len__(self) -> int:
        return len(self.numbers)

    def take(self, rows: Ints) -> Subjects:
        """Some of them, in that order."""
        return Subjects(self.entity, self.numbers[rows], self.ids.take(pa.array(rows)))

    def slice(self, start: int, stop: int) -> Subjects:
        """Those from one place up to another."""
        return Subjects(self.entity, self.numbers[start:stop], self.ids.slice(start, stop - start))

    def name(self, row: int) -> str:
        """One of them by name."""
        return f"{self.entity}/{self.ids[row].as_py()}"

    def names(self) -> list[str]:
        """All of them by name."""
        return [f"{self.entity}/{identifier}" for identifier in self.ids.to_pylist()]


@dataclass(frozen=True, slots=True, eq=False)
class UsedOf:
    """The facts of one entity's subjects that assessments used. `counts` says how many of the subjects each assessment
    used, one after the other; `attributes` which of each one's, in order and joined by spaces (an Arrow dictionary
    array)."""

    subjects: Subjects
    counts: Ints
    attributes: Any

    def slice(self, start: int, stop: int) -> UsedOf:
        """What some of the assessments used."""
        first, after = int(self.counts[:start].sum()), int(self.counts[:stop].sum())
        attributes = self.attributes.slice(first, after - first)
        return UsedOf(self.subjects.slice(first, after), self.counts[start:stop], attributes)


@dataclass(frozen=True, slots=True, eq=False)
class PostingsOf:
    """Postings of one movement and account. `amounts` are those of each assessment, in whole numbers of the smallest
    step of money; there is no posting of zero."""

    movement: Movement
    account: str
    amounts: Ints


@dataclass(frozen=True, slots=True)
class Common:
    """What all assessments share; see `Assessment`, `Row` and `Posting`. `places` are the decimals of money."""

    origin: Origin
    period: str
    valid_on: date
    program: str
    read_to: int
    shape: str
    currency: str
    places: int


@dataclass(frozen=True, eq=False)
class FirstAssessments(Sequence[Draft]):
    """First assessments, a line for each, with the postings that follow from it.

    `event_ids` (an Arrow array of texts) are the assessments'; the postings' have their number before it. `figures`
    have a column for each part of the shape, and a line for each assessment. The first of `used` are the assessed
    subjects themselves, one a line. Lines that do not fit the columns are `odd`: their drafts, by the line. `drafts`
    makes those of all lines. All are this program's own.
    """

    common: Common
    event_ids: Any
    figures: Ints
    used: Sequence[UsedOf]
    postings: Sequence[PostingsOf]
    odd: Mapping[int, Sequence[Draft]]
    drafts: Callable[[], Sequence[Draft]]

    @property
    def subjects(self) -> Subjects:
        """Those that are assessed."""
        return self.used[0].subjects

    @cached_property
    def plain(self) -> Mask:
        """The lines that are not odd."""
        plain = np.ones(len(self.subjects), dtype=np.bool_)
        plain[list(self.odd)] = False
        return plain

    @cached_property
    def _made(self) -> Sequence[Draft]:
        return self.drafts()

    def __len__(self) -> int:
        posted = sum(int(np.count_nonzero(of.amounts[self.plain])) for of in self.postings)
        return int(self.plain.sum()) + posted + sum(map(len, self.odd.values()))

    @overload
    def __getitem__(self, at: int) -> Draft: ...

    @overload
    def __getitem__(self, at: slice) -> Sequence[Draft]: ...

    def __getitem__(self, at: int | slice) -> Draft | Sequence[Draft]:
        return self._made[at]

    def __iter__(self) -> Iterator[Draft]:
        return iter(self._made)
