"""PolicyEngine's household endpoint: a household of theirs into a case of ours, every `null` filled in.

1. People stay people. Their groups become ours with the same members (`policyengine.yaml`); in the tax unit the first
   adult is the head, another adult of the same marital unit the spouse, everybody else a dependent, unless
   `is_tax_unit_head`, `_spouse` or `_dependent` say so. Whoever is in no group of a kind gets one of their own.
2. A value overrides the formula, as theirs do. An amount by year of what we define by month is divided over the months,
   to the cent; anything else is repeated. An amount by month of what we define by year is the whole year's.
3. A `null` is answered under the period that was sent: by year for what we define by month the sum of the months or,
   for what is no amount, December's; by month for what we define by year a twelfth.
4. The case is complete. What we do not compute stays null, and is named in `warnings` and `not_computed`, or with
   `strict` refused. A name that neither knows is refused, all at once. Amounts are JSON numbers with their digits.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from engine.interpret.cases import Case
from engine.interpret.constants import Constants
from engine.interpret.interpreter import Interpreter
from engine.interpret.outcomes import Fact, Known, NotApplicable, Outcome
from engine.ir.program import Definition, Program
from engine.values.numbers import decimal_places, format_decimal
from engine.values.periods import Period, Unit, parse_period
from engine.values.types import EnumValue, Kind, Value

NAMES = Path(__file__).with_name("policyengine.yaml")
GROUPS = ("tax_units", "families", "spm_units", "households", "marital_units")
ADULT, MAX_AGE = 18, 130
MOST_PEOPLE, MOST_ASKED = 50, 500
_PERIOD = re.compile(r"([0-9]{4})(?:-([0-9]{1,2}))?", re.ASCII)
_NUMBER = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,12})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Names:
    """Their names in ours, as `policyengine.yaml` has them."""

    groups: Mapping[str, list[str]]
    same: Mapping[str, str]
    state_names: list[str]
    state_facts: list[str]
    states: Mapping[str, str]
    assumed: Mapping[str, bool]
    birth_date: str
    roles: Mapping[str, str]
    known: frozenset[str]


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


@dataclass(frozen=True, slots=True)
class Answered:
    """The household with every `null` filled in, and what could not be."""

    household: dict[str, Any]
    warnings: list[str]
    not_computed: list[str]


@dataclass(slots=True)
class _Household:
    """A household being read: who is in which of our groups, what is given, and what is asked for."""

    program: Program
    people: list[str]
    errors: list[str] = field(default_factory=list)
    warnings: dict[str, None] = field(default_factory=dict)
    instances: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    roles: dict[tuple[str, str], str] = field(default_factory=dict)
    given: dict[Fact, Value] = field(default_factory=dict)


def answer(
    program: Program, constants: Constants, household: Any, number: Callable[[str], Any], strict: bool = False
) -> Answered:
    """A household answered. `number` makes a JSON number of digits. Raises HouseholdInvalid with everything wrong."""
    units = _units(household)
    made = _Household(program, list(household["people"]))
    _place(made, household, units)
    asked: list[tuple[str, str, str, str]] = []
    for group, unit, variable, period, value in _said(made, household):
        if value is None:
            asked.append((group, unit, variable, period))
        else:
            _give(made, units, group, unit, variable, period, value)
    for _, _, variable, text in asked:
        if _definition(program, variable) is None and variable not in names().known:
            made.errors.append(f"`{variable[:60]}` at `{text[:10]}` is no variable of this model")
    if len(asked) > MOST_ASKED:
        made.errors.append(f"{len(asked):,} figures are asked for; ask for at most {MOST_ASKED}")
    _assume(made, household, [found for *_, text in asked if (found := _period(text)) is not None])
    if made.errors:
        raise HouseholdInvalid(list(dict.fromkeys(made.errors)))
    return _filled(made, constants, household, units, asked, number, strict)


# --- who is in what


def _units(household: Any) -> dict[str, dict[str, list[str]]]:
    """The members of every unit of theirs. Raises HouseholdInvalid for what is no household."""
    if not isinstance(household, dict) or not isinstance(household.get("people"), dict) or not household["people"]:
        raise HouseholdInvalid(["`household.people` is missing: name at least one person"])
    errors = [f"`{group[:60]}` is no group of this model" for group in household if group not in ("people", *GROUPS)]
    if len(household["people"]) > MOST_PEOPLE:
        errors.append(f"a household has at most {MOST_PEOPLE} people")
    found: dict[str, dict[str, list[str]]] = {}
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
            found.setdefault(group, {})[unit] = members
    if errors:
        raise HouseholdInvalid(errors)
    return found


def _place(made: _Household, household: Any, units: Mapping[str, Mapping[str, list[str]]]) -> None:
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


def _tax_roles(made: _Household, household: Any, units: Mapping[str, Mapping[str, list[str]]]) -> None:
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
    return not ages or not _NUMBER.fullmatch(str(ages[0])) or Decimal(str(ages[0])) >= ADULT


def _ssi_units(made: _Household, household: Any, units: Mapping[str, Mapping[str, list[str]]]) -> None:
    """Couples with the children under 18 of their tax unit; any other adult alone."""
    found: dict[str, list[str]] = {}
    placed: set[str] = set()
    for unit, members in made.instances.get("tax_unit", {"": made.people}).items():
        filers = [member for member in members if made.roles.get(("tax_unit", member)) in ("head", "spouse")]
        children = [member for member in members if member not in filers and not _adult(household["people"][member])]
        found[unit] = [*filers, *children]
        placed.update(found[unit])
        for person in filers:
            made.roles["ssi_unit", person] = "ssi_adult"
        for person in children:
            made.roles["ssi_unit", person] = "ssi_child"
    for person in made.people:
        if person not in placed:
            found[f"of {person}"] = [person]
            made.roles["ssi_unit", person] = "ssi_adult"
    made.instances["ssi_unit"] = found


# --- what is said


def _said(made: _Household, household: Any) -> Iterator[tuple[str, str, str, str, Any]]:
    """Every value: group, unit, variable, period, and the value, or None where it is asked for."""
    for group, members in household.items():
        for unit, body in members.items() if isinstance(members, dict) else ():
            for variable, periods in body.items() if isinstance(body, dict) else ():
                if variable == "members" or variable in names().roles:
                    continue
                if not isinstance(periods, dict):
                    made.errors.append(f"`{variable[:60]}` is not an object of periods")
                    continue
                for period, value in periods.items():
                    if _period(period) is None:
                        made.errors.append(f"`{period[:10]}` of `{variable[:60]}` is no period: write 2024 or 2024-01")
                    else:
                        yield group, unit, variable, period, value


def _period(text: str) -> Period | None:
    """A year or a month; also `2025-3`."""
    match = _PERIOD.fullmatch(text)
    if match is None:
        return None
    try:
        return parse_period(match[1] if match[2] is None else f"{match[1]}-{int(match[2]):02}")
    except ValueError:
        return None


def _definition(program: Program, variable: str) -> Definition | None:
    table = names()
    return program.find(table.same.get(variable, variable))


def _give(
    made: _Household, units: Mapping[str, Any], group: str, unit: str, variable: str, period: str, value: Any
) -> None:
    table, at = names(), _period(period)
    assert at is not None
    if variable in table.state_names:
        if value not in table.states:
            made.errors.append(f"`{variable}` is a State's two letters")
            return
        for name in table.state_facts:
            definition = made.program.find(name)
            if definition is not None:
                everywhere = made.instances.get(definition.entity, {}) if definition.entity != "person" else made.people
                _record(made, definition, list(everywhere), at, table.states[value], variable)
        return
    definition = _definition(made.program, variable)
    if definition is None:
        if variable in table.known:
            made.warnings[f"`{variable}` is not read by these rules"] = None
        else:
            made.errors.append(f"`{variable[:60]}` at `{period}` is no variable of this model")
        return
    _record(made, definition, _whose(made, units, definition, group, unit), at, value, variable)


def _whose(made: _Household, units: Mapping[str, Any], definition: Definition, group: str, unit: str) -> list[str]:
    """The instances of ours that a unit of theirs means: the person, or the group that its first member is in."""
    members = [unit] if group == "people" else units.get(group, {}).get(unit, [])
    if definition.entity == "person":
        return members[:1]
    groups = made.instances.get(definition.entity, {})
    return [name for name, people in groups.items() if members and members[0] in people][:1]


def _record(made: _Household, definition: Definition, whose: list[str], at: Period, value: Any, variable: str) -> None:
    typed = _typed(made.program, definition, value)
    if typed is None:
        made.errors.append(f"a value of `{variable}` at `{at}` is not a {definition.type}, or out of range")
        return
    for name in whose:
        for period, part in _spread(definition, at, typed):
            made.given[Fact(definition.name, name, period)] = part


def _typed(program: Program, definition: Definition, value: Any) -> Value | None:
    """A JSON value as our type; None if it is none of it, or out of range."""
    kind, text = definition.type.kind, str(value)
    if kind is Kind.BOOLEAN:
        return value if isinstance(value, bool) else {"0": False, "1": True}.get(text)
    if kind is Kind.ENUM:
        members = program.settings.enums[definition.type.enum].members
        return EnumValue(definition.type.enum, text.lower()) if text.lower() in members else None
    if kind is Kind.DATE:
        try:
            return date.fromisoformat(text)
        except ValueError:
            return None
    if isinstance(value, bool) or not _NUMBER.fullmatch(text):
        return None
    amount = Fraction(text)
    if kind is Kind.INTEGER:
        return int(amount) if amount.denominator == 1 and _inside(definition, amount) else None
    step = definition.grid.step if definition.grid is not None else Fraction(1, 100)
    amount = round(amount / step) * step  # they send what their floats came to
    return amount if _inside(definition, amount) else None


def _inside(definition: Definition, amount: Fraction) -> bool:
    low, high = definition.low, definition.high
    return (low is None or amount >= low) and (high is None or amount <= high)


def _spread(definition: Definition, at: Period, value: Value) -> Iterator[tuple[Period, Value]]:
    """The periods of ours that a value of theirs is for, with what falls on each."""
    kind = definition.period
    if kind.unit is Unit.MONTH and at.kind.unit is Unit.YEAR:
        months = at.months()
        if definition.type.kind is Kind.MONEY and not definition.stock and isinstance(value, Fraction):
            step = definition.grid.step if definition.grid is not None else Fraction(1, 100)
            each, left = divmod(value / step, 12)
            for number, month in enumerate(months):
                yield month, (each + (1 if number < left else 0)) * step
        else:
            yield from ((month, value) for month in months)
        return
    yield kind.containing(at.start if kind.unit is not Unit.DAY else at.end), value


def _assume(made: _Household, household: Any, asked: list[Period]) -> None:
    """What they take to be so unless it is said: see `assumed` and `birth_date` in the table."""
    table = names()
    for name, value in table.assumed.items():
        definition = made.program.find(name)
        if definition is None:
            continue
        instances = made.people if definition.entity == "person" else list(made.instances.get(definition.entity, {}))
        for at in asked:
            for instance in instances:
                for period, part in _spread(definition, at, value):
                    made.given.setdefault(Fact(definition.name, instance, period), part)
    born = made.program.find(table.birth_date)
    for person in made.people if born is not None else ():
        said = household["people"][person].get("age", {}) if isinstance(household["people"][person], dict) else {}
        for text, value in said.items() if isinstance(said, dict) else ():
            year, age = _period(text), str(value)
            if born is not None and year is not None and age.isdigit() and int(age) <= MAX_AGE:
                day = date(year.start.year - int(age), 1, 1)
                made.given.setdefault(Fact(born.name, person, born.period.containing(day)), day)


# --- what is answered


def _filled(
    made: _Household,
    constants: Constants,
    household: Any,
    units: Mapping[str, Any],
    asked: list[tuple[str, str, str, str]],
    number: Callable[[str], Any],
    strict: bool,
) -> Answered:
    at = next((period for *_, text in asked if (period := _period(text)) is not None), parse_period("2024"))
    interpreter = Interpreter(made.program, _case(made, at), constants)
    result = {group: {unit: _copied(body) for unit, body in members.items()} for group, members in household.items()}
    missing: dict[str, None] = {}
    for group, unit, variable, text in asked:
        found = _asked(made, interpreter, units, group, unit, variable, text)
        if found is None:
            missing[variable] = None
            continue
        definition, value = found
        result[group][unit][variable][text] = _data(definition, value, number)
    if missing and strict:
        raise HouseholdInvalid([f"`{variable}` is not computed here" for variable in missing])
    told = [f"`{variable}` is not computed here, and stays null" for variable in missing]
    return Answered(result, [*made.warnings, *told], list(missing))


def _copied(body: Any) -> Any:
    return {key: dict(value) if isinstance(value, dict) else value for key, value in body.items()}


def _case(made: _Household, at: Period) -> Case:
    instances: dict[str, tuple[str, ...]] = {"person": tuple(made.people)}
    holders: dict[tuple[str, str, str], tuple[str, ...]] = {}
    group_of: dict[tuple[str, str], str] = {}
    for entity, groups in made.instances.items():
        instances[entity] = tuple(groups)
        for name, members in groups.items():
            for person, role in _roles(made, entity, members):
                holders[entity, name, role] = (*holders.get((entity, name, role), ()), person)
                group_of[entity, person] = name
    return Case(at, instances, holders, group_of, {}, {}, made.given, complete=True)


def _roles(made: _Household, entity: str, members: list[str]) -> Iterator[tuple[str, str]]:
    """Everybody's role in a group: as was settled, or the first has the role that one holds, the others the other."""
    declared = made.program.settings.entities[entity].roles
    single = next((role.name for role in declared if role.single), "")
    several = next((role.name for role in declared if not role.single), single)
    for number, person in enumerate(members):
        yield person, made.roles.get((entity, person)) or (single if single and number == 0 else several)


def _asked(
    made: _Household,
    interpreter: Interpreter,
    units: Mapping[str, Any],
    group: str,
    unit: str,
    variable: str,
    text: str,
) -> tuple[Definition, Value | None] | None:
    """What a figure came to; None where we do not compute it. A figure that does not apply is nothing."""
    definition, at = _definition(made.program, variable), _period(text)
    if definition is None or at is None:
        return None
    whose = _whose(made, units, definition, group, unit)
    if definition.entity == "person" and group != "people":
        whose = units.get(group, {}).get(unit, []) if definition.type.kind is Kind.MONEY else []
    if not whose or (definition.entity != "person" and group == "people"):
        return None
    total: Value | None = None
    for name in whose:
        value = _value(interpreter, definition, name, at)
        if isinstance(value, str):
            return None
        total = value if total is None else total if value is None else total + value  # type: ignore[operator]
    return definition, total


def _value(interpreter: Interpreter, definition: Definition, name: str, at: Period) -> Value | str | None:
    """The value at their period; a text where there is none, None where it does not apply."""
    kind, money = definition.period, definition.type.kind is Kind.MONEY and not definition.stock
    if kind.unit is Unit.MONTH and at.kind.unit is Unit.YEAR:
        periods = at.months() if money else at.months()[-1:]
    else:
        periods = (kind.containing(at.start),)
    outcomes = [interpreter.find(Fact(definition.name, name, period)) for period in periods]
    values = [_known(outcome) for outcome in outcomes]
    if any(isinstance(value, str) for value in values):
        return ""
    if not money:
        return values[0]
    total = sum((Fraction(value) for value in values if isinstance(value, int | Fraction)), Fraction(0))
    return total / 12 if kind.unit is Unit.YEAR and at.kind.unit is Unit.MONTH else total


def _known(outcome: Outcome) -> Value | str | None:
    match outcome:
        case Known():
            return outcome.value
        case NotApplicable():
            return None
    return ""


def _data(definition: Definition, value: Value | None, number: Callable[[str], Any]) -> Any:
    """A value in their JSON: amounts are numbers, members of enums in capitals."""
    kind = definition.type.kind
    if value is None:
        return False if kind is Kind.BOOLEAN else "NONE" if kind is Kind.ENUM else 0
    match value:
        case bool():
            return value
        case EnumValue():
            return value.member.upper()
        case int():
            return value
        case Fraction():
            exact = value if decimal_places(value) is not None else Fraction(round(value * 100), 100)
            return number(format_decimal(exact))
    return str(value)
