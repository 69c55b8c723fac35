"""What a permit states: a requirement that holds for somebody, from one day to another, and for which vehicles."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from api.schema import Json


@dataclass(frozen=True, slots=True)
class Privilege:
    """A category that may be driven, from one day to another: by its code in ISO 18013-5 where the rules say that
    they use its codes and it has this one (`is_international`), else by the jurisdiction's own."""

    code: str
    first: date
    last: date
    label: str = ""
    is_international: bool = True


@dataclass(frozen=True, slots=True)
class Circumstance:
    """What a permission was asked for on its day, such as the vehicle: it says nothing of another."""

    fact: str
    label: str
    value: Json
    text: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided: of whom, on which day, whether it holds, and up to which day. `text` says why it does not, or
    what is not known, and `unmet` in words which reasons are not met; `privileges` if it was asked for each member of a
    fact; `circumstances`: for what."""

    requirement: str
    label: str
    entity: str
    instance: str
    on: date
    holds: bool
    until: date
    text: str = ""
    privileges: tuple[Privilege, ...] = ()
    circumstances: tuple[Circumstance, ...] = ()
    unmet: tuple[str, ...] = ()
