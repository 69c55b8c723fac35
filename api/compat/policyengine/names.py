"""The table of names: PolicyEngine's in ours, as `names.yaml` has them, and what a household is refused for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from engine.ir.program import Definition, Program
from engine.values.periods import Period, parse_period

NAMES = Path(__file__).with_name("names.yaml")
GROUPS = ("tax_units", "families", "spm_units", "households", "marital_units")
NUMBER = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,12})?", re.ASCII)
_PERIOD = re.compile(r"([0-9]{4})(?:-([0-9]{1,2}))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Names:
    """Their names in ours, as `names.yaml` has them."""

    groups: Mapping[str, list[str]]
    same: Mapping[str, str]
    sums: Mapping[str, list[str]]
    state_names: list[str]
    state_facts: list[str]
    states: Mapping[str, str]
    assumed: Mapping[str, bool]
    birth_date: str
    roles: Mapping[str, str]
    known: frozenset[str]

    def is_theirs(self, variable: str) -> bool:
        """Whether a name that we have no counterpart of is one of theirs: it is listed, or a State's."""
        return variable in self.known or variable.partition("_")[0].upper() in self.states

    def sum_with(self, variable: str) -> str | None:
        """The fact of ours that a name of theirs is a part of."""
        return next((total for total, parts in self.sums.items() if variable in parts), None)


@cache
def names() -> Names:
    """The table of names."""
    said = yaml.safe_load(NAMES.read_text(encoding="utf-8"))
    return Names(**{**said, "known": frozenset(said["known"])})


class HouseholdInvalid(Exception):
    """A household that cannot be computed, in their form: `errors` are sentences."""

    def __init__(self, errors: list[str]) -> None:
        super().__init__("Invalid household variables.")
        self.errors = errors


def period_of(text: str) -> Period | None:
    """A year or a month; also `2025-3`."""
    match = _PERIOD.fullmatch(text)
    if match is None:
        return None
    try:
        return parse_period(match[1] if match[2] is None else f"{match[1]}-{int(match[2]):02}")
    except ValueError:
        return None


def definition_of(program: Program, variable: str) -> Definition | None:
    """The fact or figure of ours that a name of theirs means; None if there is none."""
    table = names()
    return program.find(table.same.get(variable, variable))
