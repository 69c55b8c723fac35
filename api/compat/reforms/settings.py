"""What a reform of another calculator sets here: a constant, from a day on; or a bracket of a scale."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import inf
from typing import Any

from api.failures import Failure

STATUSES = ("single", "joint", "separate", "head_of_household", "surviving_spouse")
_INFINITE = re.compile(r"9(?:\.0)?e\+?99")  # as Tax-Calculator writes it
_NUMBER = re.compile(r"-?\d+(\.\d+)?$")


@dataclass(frozen=True, slots=True)
class Setting:
    """`target` (a constant, perhaps with a cell) is `value` from `day` on."""

    target: str
    day: str
    value: str


@dataclass(frozen=True, slots=True)
class Edit:
    """A part of a scale is `value` from `day` on, for the keys named: the threshold or rate of a row, both rates with
    the distance between them kept (`base_rate`), or that distance (`added_rate`)."""

    scale: str
    row: int
    part: str
    keys: tuple[str, ...]
    day: str
    value: Fraction


class Unlimited(Failure):
    """A parameter is set to infinity, as theirs may be, and ours may not."""


def keys_of(known: Mapping[str, Any]) -> tuple[str, ...]:
    """The keys of a list of theirs, in its order; one empty key for a plain number."""
    return {"status": STATUSES, "children": ("0", "1", "2", "3")}.get(known.get("by", ""), ("",))


def target_of(known: Mapping[str, Any], key: str) -> str:
    """A constant, with the cell that is meant."""
    column = f".{known['column']}" if "column" in known else ""
    return f"{known['to']}{f'[{key}]' if key else ''}{column}"


def number_text(name: str, value: Any) -> str:
    """A number as it is written: no float comes in between. Raises Failure for what is none, Unlimited for infinity."""
    if value == inf or (isinstance(value, str) and _INFINITE.fullmatch(value)):
        raise Unlimited(f"`{name}`: infinity is not a value here", "write an overlay of our own")
    if not isinstance(value, str) or not _NUMBER.match(value):
        raise Failure(f"`{name}`: `{value}` is not a number", "give a plain number; infinity is not a value here")
    return value
