"""How two of whom facts are stated go together: as one and the same, an owner's record, or a group's member."""

from __future__ import annotations

from enum import Enum

from engine.reading.declared_settings import Settings


class Link(Enum):
    """How the second of two goes with the first: the same one, a record of it, or as a group its member or a record of
    a member."""

    SAME = "same"
    RECORD = "record"
    MEMBER = "member"
    RECORD_OF_MEMBER = "record of a member"


def related(settings: Settings, entity: str, other: str) -> Link | None:
    """How two entities go together, in either order; None if not at all, or if one of them could not be read."""
    if not {entity, other} <= settings.entities.keys():
        return None
    if entity == other:
        return Link.SAME
    first, second = settings.entities.get(entity), settings.entities.get(other)
    if first is None or second is None:  # of a ruleset that does not check
        return None
    if entity == second.belongs_to or other == first.belongs_to:
        return Link.RECORD
    if other == first.of or entity == second.of:
        return Link.MEMBER
    of_member = (first.of and first.of == second.belongs_to) or (second.of and second.of == first.belongs_to)
    return Link.RECORD_OF_MEMBER if of_member else None


def is_below(settings: Settings, entity: str, other: str) -> bool:
    """Whether the one is a record of the other, or the other a group of it: then the other is the first of a link."""
    mine, its = settings.entities[entity], settings.entities[other]
    return mine.belongs_to == its.name or its.of == mine.name or bool(its.of and its.of == mine.belongs_to)
