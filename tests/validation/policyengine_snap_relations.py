"""What a test of SNAP says of its people only together: who is the husband, wife or child of a veteran or soldier, who
receives what it expects of another program, who cares for the children, and which utilities are paid.

PolicyEngine infers this in formulas of its own; here each is a fact of the person (8 USC 1612(a)(2)(C); 7 CFR 271.2,
273.5(b)(8), (10)) or the household (7 CFR 273.9(d)(6)(iii)).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from tests.validation.policyengine_names import exact

if TYPE_CHECKING:
    from tests.validation.policyengine_snap import Household

CHILD, STUDENT_CHILD, CHILD_OF_SINGLE_STUDENT = 18, 22, 12
UNIT, ONE_CARER, ONE_CARER_SINCE, HOURS_OF_A_STUDENT = "home", "missouri", 2025, 20
RECEIVED = ("ssi",)
"""Programs of which an expected amount is one that is received."""
OTHER_UTILITIES = ("pays_electricity", "pays_water", "pays_sewage", "pays_trash", "pays_gas_or_fuel")
SERVICE = ("is_veteran", "is_military")


def relate(household: Household, body: Mapping[str, Any]) -> None:
    """State who is connected to whoever serves or served, who cares for children, and what is received and paid."""
    inputs, outputs = body.get("input") or {}, body.get("output") or {}
    _utilities(household, inputs)
    for name in RECEIVED:
        if name in outputs and name not in str(inputs):
            household.say(name, outputs[name], "")
    said = {str(who): its or {} for who, its in (inputs.get("people") or {}).items()}
    if not said:
        if exact(inputs.get("veterans_benefits", 0)) > 0:
            household.put("is_veteran", household.people[0], True)
        return
    _care(household, said)
    for members in _units(inputs, "tax_units", said):
        for server in [person for person in members if _serves(said[person])]:
            wedded = next((pair for pair in _units(inputs, "marital_units", ()) if server in pair), [])
            for person in members:
                if person in wedded or _is_filer(said[person]) or _is_child(household, person, said[person]):
                    household.put("has_military_connection", person, True)


def _utilities(household: Household, inputs: Mapping[str, Any]) -> None:
    """The energy aid that a State sends to all is received; a telephone that is paid is one of the utilities paid."""
    state = household.value("snap_state", UNIT).member
    since = household.names.mapping["sends_energy_aid"].get(household.names.postal(state))
    if since and household.at.start >= since and "snap_state_using_standard_utility_allowance" not in str(inputs):
        household.put("receives_energy_assistance_over_20", UNIT, True)
    others = int(exact(inputs.get("count_distinct_utility_expenses", 0))) - 1
    if others >= 0 and household.value("pays_telephone", UNIT):
        for place, kind in enumerate(OTHER_UTILITIES):
            household.put(kind, UNIT, place < others)


def _care(household: Household, said: Mapping[str, Mapping[str, Any]]) -> None:
    """A State that lets one parent of two claim the care of a child takes the first; who is alone and studies full time
    is a single parent."""
    ages = {person: household.value("age_in_month", person) for person in said}
    adults = [person for person in said if ages[person] >= CHILD]
    carers = [person for person in adults if said[person].get("is_tax_unit_head_or_spouse") is not False]
    in_need = [person for person in carers if _needs_an_excuse(said[person])]
    if household.value("snap_state", UNIT).member == ONE_CARER and household.at.start.year >= ONE_CARER_SINCE:
        household.no_carers.update(person for person in adults if person not in (in_need or carers)[:1])
    if len(adults) == 1 and said[adults[0]].get("is_full_time_college_student"):
        single = any(age < CHILD_OF_SINGLE_STUDENT for age in ages.values())
        household.put("is_single_full_time_student_parent", adults[0], single)


def _needs_an_excuse(said: Mapping[str, Any]) -> bool:
    hours = said.get("weekly_hours_worked", said.get("weekly_hours_worked_before_lsr", 0))
    return (
        bool(said.get("is_full_time_college_student"))
        and not isinstance(hours, Mapping)
        and exact(hours) < HOURS_OF_A_STUDENT
    )


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
