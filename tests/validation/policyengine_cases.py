"""PolicyEngine's YAML tests, read where they are installed and said in our names.

1. A test is a mapping of inputs and outputs for a period: by entity and id, or flat, where a list stands for several
   people who each have a tax unit of their own.
2. Who is head, spouse or dependent of a unit is what the test says, else: the first adult, the second one, the rest.
3. What is said of each is said in our names (`policyengine_names`); a test with a name or a value that has no
   counterpart cannot be run, and says which.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from api.taxsim.batch import out_of_range
from engine.ir.program import Definition
from engine.values.types import EnumValue, Value
from tests.validation.policyengine_names import GROUPS, Names, NoCounterpart, Said, Test, exact, said
from tests.validation.policyengine_restated import (
    CLAIMED,
    restated,
    with_married_dependents,
    with_unstated_terms,
    without_exempt_wages,
)

ROLES = ("head", "spouse", "dependent")
ADULT = 18
CARED_FOR_AGE = 13  # 26 USC 21(b)(1)(A)
EXCEPTED = "dependent_claimant_filing_exception"
CARED_FOR = "tax_unit_childcare_expenses"


@dataclass(slots=True)
class People:
    """Who there is: people and units in order, the role and unit of each, and what is said of each by our names."""

    units: list[str] = field(default_factory=list)
    unit_of: dict[str, str] = field(default_factory=dict)
    role_of: dict[str, str] = field(default_factory=dict)
    given: dict[tuple[str, str], Value] = field(default_factory=dict)

    def holders(self, unit: str, role: str) -> list[str]:
        """Who has a role in a unit."""
        return [name for name, its in self.unit_of.items() if its == unit and self.role_of.get(name) == role]


def people_of(test: Test, names: Names) -> People:
    """Who there is in a test and what is said of them in our names."""
    inputs = _restated(test.body.get("input") or {})
    facts = list(said(inputs, test.year))
    people = _entered(inputs, facts)
    _roles(people, facts)
    for fact in facts:
        if fact.name == names.living_apart["name"]:
            _live_apart(people, fact, facts, names)
        else:
            for item in names.given_of_year.get(test.year, {}).get(fact.name, [fact.name]):
                _give(people, replace(fact, name=item), names)
    _leave_out_care(people, facts, names)
    return people


def _leave_out_care(people: People, facts: list[Said], names: Names) -> None:
    """The care of children is no expense of a filer who is a dependent: here only what counts is stated."""
    spent = names.definition(CARED_FOR).name
    young = {
        other_fact.instance
        for other_fact in facts
        if other_fact.name == "age" and exact(other_fact.value) < CARED_FOR_AGE
    }
    claimed, excepted = names.by_role[CLAIMED], names.by_role[EXCEPTED]
    dependent = [(names.definition(claimed[item]).name, names.definition(excepted[item]).name) for item in claimed]
    for fact in facts:
        if fact.name == CARED_FOR:
            for unit in units_of(people, fact):
                given = [[people.given.get((unit, item)) for item in of_filer] for of_filer in dependent]
                if any(item and not other for item, other in given) and young & set(people.unit_of):
                    people.given[unit, spent] -= exact(fact.value)  # type: ignore[operator]


def _live_apart(people: People, fact: Said, facts: list[Said], names: Names) -> None:
    """State of the unit of somebody who lives apart what that makes of it."""
    if not fact.value:
        return
    children = {
        other_fact.instance for other_fact in facts if other_fact.name == "age" and exact(other_fact.value) < ADULT
    }
    for unit in units_of(people, fact):
        for ours in names.living_apart["facts"]:
            people.given[unit, names.definition(ours).name] = True
        if children & set(people.holders(unit, "dependent")):
            people.given[unit, names.definition(names.living_apart["with_child"]).name] = True


def _restated(inputs: Mapping[str, Any]) -> Mapping[str, Any]:
    """Inputs with the facts of each person and unit restated."""
    if "people" not in inputs:
        return restated(inputs)
    by_name: dict[str, Any] = {}
    inputs = with_married_dependents(inputs)
    inputs = without_exempt_wages({**inputs, "people": with_unstated_terms(inputs["people"])})
    for entity, its in inputs.items():
        among = entity in ("people", *GROUPS) and isinstance(its, Mapping)
        by_name[entity] = {name: restated(facts or {}) for name, facts in its.items()} if among else its
    return by_name


def _entered(inputs: Mapping[str, Any], facts: list[Said]) -> People:
    """People and units. Who is in no unit that is listed is in the one that there is."""
    people = People()
    if inputs.get("people"):
        units = inputs.get("tax_units") or {"tax_unit": {}}
        people.units = [str(unit) for unit in units]
        for unit, its in units.items():
            for item in (its or {}).get("members") or (inputs["people"] if len(units) == 1 else ()):
                people.unit_of[str(item)] = str(unit)
        if set(people.unit_of) != {str(person) for person in inputs["people"]}:
            raise NoCounterpart("people without a tax unit")
        return people
    places = sorted({int(fact.instance) for fact in facts if fact.instance.isdigit()}) or [0]
    people.units = [f"unit{place}" for place in places]
    people.unit_of = {str(place): f"unit{place}" for place in places}
    return people


def _roles(people: People, facts: list[Said]) -> None:
    """The role of each, as the test says or by age."""
    stated = {(fact.instance, fact.name.removeprefix("is_tax_unit_")): bool(fact.value) for fact in facts
              if fact.name in ("is_tax_unit_head", "is_tax_unit_spouse", "is_tax_unit_dependent")}  # fmt: skip
    no_filers = [fact for fact in facts if fact.name == "is_tax_unit_head_or_spouse" and fact.value is False]
    stated |= {(filer.instance, "dependent"): True for filer in no_filers if filer.entity == "people"}
    if len(people.unit_of) == 1 and no_filers:
        raise NoCounterpart("a unit without a filer")
    ages = {fact.instance: exact(fact.value) for fact in facts if fact.name == "age"}
    students = {fact.instance for fact in facts if fact.name in ("is_full_time_student", "is_full_time_college_student")
                and fact.value}  # fmt: skip
    for unit in people.units:
        members = [name for name, its in people.unit_of.items() if its == unit]
        if not members:
            raise NoCounterpart("a tax unit without people")
        named = (str(fact.value) for fact in facts if fact.name == "filing_status" and fact.instance in (unit, "all"))
        status = next(named, "")
        for result in members:
            role = next((role for role in ROLES if stated.get((result, role))), "")
            if role:
                people.role_of[result] = role
        rest = [member for member in members if member not in people.role_of]
        adults = [line for line in rest if ages.get(line, 40) >= ADULT and stated.get((line, "head")) is not False]
        if not people.holders(unit, "head") and rest:
            first = (adults or rest)[0]
            people.role_of[first] = "head"
            rest.remove(first)
        others = [line for line in rest if line in adults and (line, "spouse") not in stated]
        others = [other for other in others if other not in students] or (others if status == "JOINT" else [])
        if others and not people.holders(unit, "spouse") and status in ("", "JOINT"):
            people.role_of[others[0]] = "spouse"
            rest.remove(others[0])
        for result in rest:
            people.role_of[result] = "dependent"


def _give(people: People, fact: Said, names: Names) -> None:
    """Note a fact in our names; raises `NoCounterpart`."""
    name, value = fact.name, fact.value
    if name.startswith("is_tax_unit_") or names.changes_nothing(name, value):
        return
    if name in names.all_of:
        for ours in names.all_of[name]:
            _note(people, fact, names.definition(ours), bool(value))
    elif name in names.negated:
        _note(people, fact, names.definition(names.negated[name]), not value)
    elif name in names.members:
        if str(value) not in names.members[name]:
            raise NoCounterpart(f"{name} {value}")
        for ours, its in names.members[name][str(value)].items():
            definition = names.definition(ours)
            _note(people, fact, definition, names.value(definition, its))
    elif name in names.by_role:
        for person in persons_of(people, fact):
            flag = names.by_role[name].get(people.role_of[person])
            if flag is not None:
                people.given[people.unit_of[person], names.definition(flag).name] = bool(value)
    elif name in names.of_role:
        ((role, ours),) = names.of_role[name].items()
        definition = names.definition(ours)
        for unit in units_of(people, fact):
            for holder in people.holders(unit, role):
                people.given[holder, definition.name] = names.value(definition, value)
    else:
        definition = names.definition(name)
        _note(people, fact, definition, names.value(definition, value))


def _note(people: People, fact: Said, definition: Definition, value: Value) -> None:
    """Give a figure its value. A person's part in a figure of the unit is added up; the other way it is the head's."""
    if out_of_range(definition, value):
        raise NoCounterpart(f"{fact.name} out of its range")
    if definition.entity == "tax_unit":
        of_dependent = fact.entity == "people" and people.role_of[fact.instance] == "dependent"
        if of_dependent and definition.short_name != CARED_FOR:
            return  # it stands on the dependent's own return
        for unit in units_of(people, fact):
            before = people.given.get((unit, definition.name))
            part = fact.entity == "people" or definition.short_name == CARED_FOR
            added = part and before is not None and not isinstance(value, bool | EnumValue)
            people.given[unit, definition.name] = before + value if added else value  # type: ignore[operator]
    elif definition.entity == "person":
        persons = persons_of(people, fact)
        for person in persons:
            before = people.given.get((person, definition.name))
            more = definition.is_input and before is not None and not isinstance(value, bool | EnumValue)
            people.given[person, definition.name] = before + value if more else value  # type: ignore[operator]
    else:
        raise NoCounterpart(fact.name)


def units_of(people: People, fact: Said) -> list[str]:
    """The units that something is said of."""
    if fact.instance in people.units and fact.entity != "people":
        return [fact.instance]
    if fact.instance in people.unit_of:
        return [people.unit_of[fact.instance]]
    return people.units


def persons_of(people: People, fact: Said) -> list[str]:
    """The people that something is said of: of a unit, its head."""
    if fact.instance in people.unit_of and fact.entity in ("people", ""):
        return [fact.instance]
    return [holder for unit in units_of(people, fact) for holder in people.holders(unit, "head")]
