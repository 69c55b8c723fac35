"""Who is in what: a household of theirs in groups of ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any

from api.compat.policyengine.names import GROUPS, NUMBER, HouseholdInvalid, names
from engine.interpret.outcomes import Fact
from engine.ir.program import Program
from engine.values.types import Value

ADULT = 18
MOST_PEOPLE = 50


@dataclass(slots=True)
class Household:
    """A household being read: who is in which of our groups, what is given, and sums of what is given in
    parts."""

    program: Program
    people: list[str]
    errors: list[str] = field(default_factory=list)
    warnings: dict[str, None] = field(default_factory=dict)
    instances: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    roles: dict[tuple[str, str], str] = field(default_factory=dict)
    given: dict[Fact, Value] = field(default_factory=dict)
    parts: dict[Fact, Fraction] = field(default_factory=dict)


def units_of(household: Any) -> dict[str, dict[str, list[str]]]:
    """The members of every unit of theirs. Raises HouseholdInvalid for what is not a household."""
    if not isinstance(household, dict) or not isinstance(household.get("people"), dict) or not household["people"]:
        raise HouseholdInvalid(["`household.people` is missing: name at least one person"])
    errors = [f"`{group[:60]}` is not a group of this model" for group in household if group not in ("people", *GROUPS)]
    if len(household["people"]) > MOST_PEOPLE:
        errors.append(f"a household has at most {MOST_PEOPLE} people")
    members_of: dict[str, dict[str, list[str]]] = {}
    for group in GROUPS:
        said = household.get(group, {})
        seen: set[str] = set()
        if not isinstance(said, dict):
            errors.append(f"`{group}` is not an object")
            continue
        for at, (unit, body) in enumerate(said.items(), 1):
            members = body.get("members", []) if isinstance(body, dict) else None
            if not isinstance(members, list) or not all(isinstance(member, str) for member in members):
                errors.append(f"`members` of {group} number {at} is not a list of names")
                continue
            if any(member not in household["people"] for member in members):
                errors.append(f"{group} number {at} has a member who is not among the people")
            if seen & set(members) or len(set(members)) < len(members):
                errors.append(f"somebody is twice in {group}")
            seen |= set(members)
            members_of.setdefault(group, {})[unit] = members
    if errors:
        raise HouseholdInvalid(errors)
    return members_of


def place(made: Household, household: Any, units: Mapping[str, Mapping[str, list[str]]]) -> None:
    """Put everybody into our groups."""
    entities = made.program.settings.entities
    for group, ours in names().groups.items():
        members = {unit: list(people) for unit, people in units.get(group, {}).items()}
        if not members and group in ("spm_units", "households"):
            members = {"": list(made.people)}
        inside = {person for people in members.values() for person in people}
        for person in made.people:
            if person not in inside:
                members[f"of {person}"] = [person]
        for entity in ours:
            if entity in entities:
                made.instances[entity] = {unit: people for unit, people in members.items() if people}
    if "tax_unit" in entities:
        _tax_roles(made, household, units)
    if "ssi_unit" in entities:
        _ssi_units(made, household, units)


def _tax_roles(made: Household, household: Any, units: Mapping[str, Mapping[str, list[str]]]) -> None:
    for members in made.instances["tax_unit"].values():
        said = {person: _stated_role(household["people"][person]) for person in members}
        adults = [member for member in members if said[member] != "dependent" and _adult(household["people"][member])]
        head = next((member for member in members if said[member] == "head"), (adults or members)[0])
        partners = _partners(units, head)
        spouse = next((member for member in members if said[member] == "spouse"), None) or next(
            (adult for adult in adults if adult != head and (partners is None or adult in partners)), None
        )
        for person in members:
            role = "head" if person == head else "spouse" if person == spouse else "dependent"
            made.roles["tax_unit", person] = role


def _stated_role(body: Any) -> str:
    for name, role in names().roles.items():
        said = body.get(name) if isinstance(body, dict) else None
        if isinstance(said, dict) and any(value is True for value in said.values()):
            return role
    return ""


def _partners(units: Mapping[str, Mapping[str, list[str]]], person: str) -> list[str] | None:
    """Who is in a person's marital unit; None where nobody said anything of marital units."""
    if "marital_units" not in units:
        return None
    return next((members for members in units["marital_units"].values() if person in members), [])


def _adult(body: Any) -> bool:
    """Whether somebody is of age; who does not say is."""
    said = body.get("age") if isinstance(body, dict) else None
    ages = [value for value in said.values() if value is not None] if isinstance(said, dict) else []
    return not ages or not NUMBER.fullmatch(str(ages[0])) or Decimal(str(ages[0])) >= ADULT


def _ssi_units(made: Household, household: Any, units: Mapping[str, Mapping[str, list[str]]]) -> None:
    """Couples with the children under 18 of their tax unit; any other adult alone."""
    ssi_units: dict[str, list[str]] = {}
    placed: set[str] = set()
    for unit, members in made.instances.get("tax_unit", {"": made.people}).items():
        filers = [member for member in members if made.roles.get(("tax_unit", member)) in ("head", "spouse")]
        children = [member for member in members if member not in filers and not _adult(household["people"][member])]
        ssi_units[unit] = [*filers, *children]
        placed.update(ssi_units[unit])
        for person in filers:
            made.roles["ssi_unit", person] = "ssi_adult"
        for person in children:
            made.roles["ssi_unit", person] = "ssi_child"
    for person in made.people:
        if person not in placed:
            ssi_units[f"of {person}"] = [person]
            made.roles["ssi_unit", person] = "ssi_adult"
    made.instances["ssi_unit"] = ssi_units
