"""What a test of SNAP says of its people only together: who is the husband, wife or child of a veteran or soldier, and
who receives what it expects of another program.

PolicyEngine infers this in formulas of its own; here each is a fact of the person (8 USC 1612(a)(2)(C); 7 CFR 271.2).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from tests.validation.policyengine_names import exact

if TYPE_CHECKING:
    from tests.validation.policyengine_snap import Household

CHILD, STUDENT_CHILD = 18, 22
RECEIVED = ("ssi",)
"""Programs of which an expected amount is one that is received."""
SERVICE = ("is_veteran", "is_military")


def relate(household: Household, body: Mapping[str, Any]) -> None:
    """State who is connected to whoever serves or served, and what is received."""
    inputs, outputs = body.get("input") or {}, body.get("output") or {}
    for name in RECEIVED:
        if name in outputs and name not in str(inputs):
            household.say(name, outputs[name], "")
    said = {str(who): its or {} for who, its in (inputs.get("people") or {}).items()}
    if not said:
        if exact(inputs.get("veterans_benefits", 0)) > 0:
            household.put("is_veteran", household.people[0], True)
        return
    for members in _units(inputs, "tax_units", said):
        for server in [person for person in members if _serves(said[person])]:
            wedded = next((pair for pair in _units(inputs, "marital_units", ()) if server in pair), [])
            for person in members:
                if person in wedded or _is_filer(said[person]) or _is_child(household, person, said[person]):
                    household.put("has_military_connection", person, True)


def _units(inputs: Mapping[str, Any], kind: str, otherwise: Iterable[str]) -> list[list[str]]:
    """The people of each unit of a kind, or all together where the test has none."""
    units = [[str(person) for person in its.get("members") or ()] for its in (inputs.get(kind) or {}).values()]
    return units or [list(otherwise)]


def _serves(said: Mapping[str, Any]) -> bool:
    return any(said.get(name) is True for name in SERVICE) or exact(said.get("veterans_benefits", 0)) > 0


def _is_filer(said: Mapping[str, Any]) -> bool:
    return bool(said.get("is_tax_unit_head") or said.get("is_tax_unit_spouse"))


def _is_child(household: Household, person: str, said: Mapping[str, Any]) -> bool:
    """A child at home: under 18, under 22 and a full-time student, or a dependent who is disabled."""
    age = Fraction(household.value("age_in_month", person) or 0)
    student = bool(said.get("is_full_time_college_student"))
    disabled = bool(said.get("is_disabled") and said.get("is_tax_unit_dependent"))
    return age < CHILD or (age < STUDENT_CHILD and student) or disabled
