"""A test of PolicyEngine's about several households, as a test of each by itself.

1. Who is in which SPM unit or household tells the households apart; a flat test with lists has one for each place
   (`policyengine_names.parts`).
2. A household takes along its people, the groups that have some of them, and its part of each list: of people in the
   order of the test, of units in theirs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from tests.validation.policyengine_names import GROUPS, NoCounterpart, Test

APART = ("spm_units", "households")


def by_household(test: Test) -> Iterator[Test]:
    """The test of each household, in the order of the test; the test itself if it has one."""
    inputs = test.body.get("input") or {}
    kind = next((kind for kind in APART if len(inputs.get(kind) or {}) > 1), "")
    if not kind:
        yield test
        return
    people = [str(person) for person in inputs.get("people") or {}]
    units = [[str(member) for member in (its or {}).get("members") or []] for its in inputs[kind].values()]
    for place, members in enumerate(units):
        body = {
            part: {
                name: _of_household(name, raw, people, members, place, len(units))
                for name, raw in (test.body.get(part) or {}).items()
            }
            for part in ("input", "output")
        }
        yield replace(test, body={**test.body, **body})


def _of_household(name: str, raw: Any, people: list[str], members: list[str], place: int, units: int) -> Any:
    if name == "people":
        return {person: its for person, its in raw.items() if str(person) in members}
    if name in GROUPS:
        return {unit: _with_members(its or {}, members) for unit, its in raw.items() if _touches(its or {}, members)}
    if isinstance(raw, Mapping):
        return {key: _of_household("", its, people, members, place, units) for key, its in raw.items()}
    if not isinstance(raw, list):
        return raw
    if len(raw) == len(people):
        return [its for person, its in zip(people, raw, strict=True) if person in members]
    if len(raw) == units:
        return [raw[place]]
    raise NoCounterpart(f"{name} of several households")


def _touches(its: Mapping[str, Any], members: list[str]) -> bool:
    return not its.get("members") or any(str(member) in members for member in its["members"])


def _with_members(its: Mapping[str, Any], members: list[str]) -> dict[str, Any]:
    return {**its, "members": [member for member in its.get("members") or members if str(member) in members]}
