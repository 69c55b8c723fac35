"""Somebody or something that a list may hold besides what a case lists.

A list that a case does not say to be whole may hold any number of further members or records. One of them stands for
all: it has an id of its own, nothing is known of it, and it counts perhaps, as often as there is room.
"""

from __future__ import annotations

from typing import NamedTuple

from engine.interpret.outcomes import Fact
from engine.values.periods import Period

ASKED = "[]:"  # begins the name of the fact that a list is whole
EVERYTHING = f"{ASKED}:everything"  # that all lists are
OWNER = "of "  # before the name of an owner besides the first


class Place(NamedTuple):
    """Where a list is: `link` is the group's or the record's entity, `of` whose it is, `role` that of a group. Records
    that are read by an owner besides the first have that owner's name after `OWNER`."""

    link: str
    of: str
    role: str = ""


class Another(str):
    """The id of one whom a list may hold besides. It is nobody's who is listed, whatever they are called.

    `most`: how many there may be, None for any number; `word`: what the list is called.
    """

    place: Place
    most: int | None
    word: str

    def __new__(cls, place: Place, most: int | None, word: str, called: str) -> Another:
        """One more in a list, `called` what one of it is called."""
        another = super().__new__(cls, f"another {called} of {place.of}")
        another.place, another.most, another.word = place, most, word
        return another

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Another) and self.place == other.place

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash((self.place.link, self.place.role))

    @property
    def is_one(self) -> bool:
        """Whether there is room for one only."""
        return self.most == 1

    def owner(self, further: str) -> str | None:
        """Whom a record belongs to, if that is known of it: the owner in whose list it is."""
        return self.place.of if self.place.role == owner_role(further) else None

    def asked(self, at: Period) -> Fact:
        """What to ask: whether there is anybody else in the list, or in the one that holds whose list it is."""
        of = self.place.of
        return of.asked(at) if isinstance(of, Another) else Fact(listed_name(self.place, self.word), of, at)


def listed_name(place: Place, word: str) -> str:
    """The name of the fact that a list is whole: where it is, and what it is called."""
    return f"{ASKED}{place.link}/{place.role}:{word}"


def place_of(fact: Fact) -> Place:
    """The list that such a fact is about."""
    link, _, role = fact.name.removeprefix(ASKED).rpartition(":")[0].partition("/")
    return Place(link, fact.instance, role)


def owner_role(further: str) -> str:
    """How a list of records says by which owner it is read."""
    return f"{OWNER}{further}" if further else ""


def is_list(fact: Fact) -> bool:
    """Whether a fact is that a list is whole, and none of the rules."""
    return fact.name.startswith(ASKED)
