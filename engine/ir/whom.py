"""Whom a formula reads: an entity reached, step by step, from the one that the formula is about."""

from __future__ import annotations

from typing import Union

from engine.records import record
from engine.values.periods import PeriodKind


@record(frozen=True, slots=True)
class Self:
    """The one that the formula is about."""

    entity: str


@record(frozen=True, slots=True)
class Bound:
    """The member or record that an aggregate calls `name` (unique within a formula)."""

    entity: str
    name: str


@record(frozen=True, slots=True)
class Grouping:
    """What makes groups of a kind out of the members of a larger one: those of whom the figure `name` gives the same
    number are together, those of whom it gives none are in no group. `kind`: the periods of that figure; `within`: the
    entity of the larger group."""

    name: str
    kind: PeriodKind
    within: str


@record(frozen=True, slots=True)
class GroupOf:
    """The group of kind `entity` that a person is in. With `optional`, there may be none: then nothing applies. `by`:
    how groups of this kind are made; None where they are stated."""

    entity: str
    person: Subject
    optional: bool = False
    by: Grouping | None = None


@record(frozen=True, slots=True)
class HolderOf:
    """The one person who holds `role` in a group. With `optional`, there may be none: then nothing applies."""

    entity: str
    group: Subject
    role: str
    optional: bool


@record(frozen=True, slots=True)
class OwnerOf:
    """Whom a record belongs to. `further` names an owner besides the first; or it is the larger group that a group lies
    in, of which with `optional` there may be none."""

    entity: str
    record: Subject
    further: str = ""
    optional: bool = False


@record(frozen=True, slots=True)
class Before:
    """The record before another in its entity's order `sequence`; there is none before the first. `keys` are the
    figures that decide the order, as `Steps.figures` lists them."""

    entity: str
    record: Subject
    sequence: str
    keys: tuple[str, ...]


Subject = Union[Self, Bound, GroupOf, HolderOf, OwnerOf, Before]


@record(frozen=True, slots=True)
class Records:
    """The records of kind `entity` that belong to somebody, as given; with `further`, as their owner of that name. Or
    the groups of that kind that lie in a larger one."""

    entity: str
    owner: Subject
    further: str = ""
    by: Grouping | None = None
