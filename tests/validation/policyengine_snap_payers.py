"""Who pays what of a household in a test of SNAP, which follows only once it is known who may have SNAP.

1. PolicyEngine takes costs of home and care to be paid evenly by everybody, and support by whom the test says it of
   (7 CFR 273.11(c)(2)(iv), (d)); here the share that ineligible people pay is a fact of the household.
2. Medical costs count of the elderly and disabled alone (7 CFR 273.9(d)(3)); ours is the sum of those.
3. Cash aid goes to a family's eligible members, and not to the first of whoever is listed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from engine.interpret.constants import Constants
from engine.interpret.interpreter import Interpreter
from engine.interpret.outcomes import Fact, Known
from engine.values.types import EnumValue, Value
from tests.validation.policyengine_names import exact

if TYPE_CHECKING:
    from tests.validation.policyengine_snap import Household

UNIT = "home"
MEDICAL = "snap_medical_costs"
SUPPORT, AID = "snap_child_support_paid", "tanf_received_of_month"
COMMON = ("snap_shelter_costs", "snap_dependent_care_costs")


def settle(household: Household, body: Mapping[str, Any], constants: Constants) -> None:
    """State who pays support, home and care, whose medical costs count, and who receives aid."""
    said = {str(who): its or {} for who, its in ((body.get("input") or {}).get("people") or {}).items()}
    if len(household.people) < 2 or not said:
        return
    interpreter = Interpreter(household.names.program, household.case(), constants)
    standings = {person: _standing(interpreter, household, person) for person in household.people}
    _medical(household, said, interpreter)
    _support(household, said, standings)
    _common(household, standings)
    _aid(household, standings)


def _standing(interpreter: Interpreter, household: Household, person: str) -> str:
    value = _value(interpreter, household, "snap_standing", person)
    return value.member if isinstance(value, EnumValue) else ""


def _value(interpreter: Interpreter, household: Household, name: str, person: str) -> Value | None:
    definition = household.names.program.find(name)
    assert definition is not None, name
    outcome = interpreter.find(Fact(definition.name, person, household.at))
    return outcome.value if isinstance(outcome, Known) else None


def _said_of(household: Household, said: Mapping[str, Any], person: str, ours: str) -> Fraction:
    """A month's part of what a test says of somebody in names that mean one figure of ours."""
    names = household.names.mapping["of_unit_by_year"]
    amounts: Iterable[Any] = (raw for name, raw in said[person].items() if names.get(name) == ours)
    return sum((exact(raw) / 12 for raw in amounts if not isinstance(raw, Mapping)), Fraction())


def _medical(household: Household, said: Mapping[str, Any], interpreter: Interpreter) -> None:
    for person in said:
        paid = _said_of(household, said, person, MEDICAL)
        counts = any(_value(interpreter, household, name, person) for name in ("is_usda_elderly", "is_usda_disabled"))
        if paid and not counts:
            household.put(MEDICAL, UNIT, -paid, add=True)


def _support(household: Household, said: Mapping[str, Any], standings: Mapping[str, str]) -> None:
    paid = {person: _said_of(household, said, person, SUPPORT) for person in said}
    outside = sum((amount for person, amount in paid.items() if standings[person] == "left_out"), Fraction())
    in_part = sum((amount for person, amount in paid.items() if standings[person] == "counted_in_part"), Fraction())
    total = sum(paid.values(), Fraction()) - outside
    if outside:
        household.put(SUPPORT, UNIT, -outside, add=True)
    if total:
        household.put("snap_share_of_support_paid_by_ineligible", UNIT, in_part / total)


def _common(household: Household, standings: Mapping[str, str]) -> None:
    everybody = len(standings)
    outside = sum(standing == "left_out" for standing in standings.values())
    in_part = sum(standing == "counted_in_part" for standing in standings.values())
    if outside == everybody:
        return
    for name in COMMON if outside else ():
        if paid := household.value(name, UNIT):
            household.put(name, UNIT, paid * Fraction(everybody - outside, everybody))
    if in_part:
        household.put("snap_share_of_costs_billed_to_ineligible", UNIT, Fraction(in_part, everybody - outside))


def _aid(household: Household, standings: Mapping[str, str]) -> None:
    first = household.people[0]
    eligible = [person for person, standing in standings.items() if standing == "eligible"]
    paid = household.value(AID, first)
    if paid and eligible and first not in eligible:
        household.put(AID, first, 0)
        household.put(AID, eligible[0], paid, add=True)
