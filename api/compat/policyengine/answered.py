"""What is answered: every `null` of a household filled in, or named."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from api.compat.policyengine.household import Household
from api.compat.policyengine.names import HouseholdInvalid, definition_of, period_of
from api.compat.policyengine.stated import whose as whose_of
from engine.interpret.cases import Case
from engine.interpret.constants import Constants
from engine.interpret.contradicted import contradicted
from engine.interpret.interpreter import Interpreter
from engine.interpret.outcomes import Fact, Known, NotApplicable, Outcome
from engine.ir.program import Definition
from engine.values.numbers import decimal_places, format_decimal
from engine.values.periods import Period, Unit, parse_period
from engine.values.types import EnumValue, Kind, Value


@dataclass(frozen=True, slots=True)
class Answered:
    """The household with every `null` filled in, and what could not be."""

    household: dict[str, Any]
    warnings: list[str]
    not_computed: list[str]


def filled(
    made: Household,
    constants: Constants,
    household: Any,
    units: Mapping[str, Any],
    *,
    asked: list[tuple[str, str, str, str]],
    number: Callable[[str], Any],
    strict: bool,
) -> Answered:
    """The household with every figure that is asked for, those that are not computed here named."""
    at = next((period for *_, text in asked if (period := period_of(text)) is not None), parse_period("2024"))
    case = _case(made, at)
    refused = [f"{found.message}; {found.remedy}" for found in contradicted(made.program, case)]
    if refused:
        raise HouseholdInvalid(refused)
    interpreter = Interpreter(made.program, case, constants)
    result = {group: {unit: _copied(body) for unit, body in members.items()} for group, members in household.items()}
    missing: dict[str, None] = {}
    for group, unit, variable, text in asked:
        figure = _asked(made, interpreter, units, group, unit=unit, variable=variable, text=text)
        if figure is None:
            missing[variable] = None
            continue
        definition, value = figure
        result[group][unit][variable][text] = _data(definition, value, number)
    if missing and strict:
        raise HouseholdInvalid([f"`{variable}` is not computed here" for variable in missing])
    told = [f"`{variable}` is not computed here, and stays null" for variable in missing]
    return Answered(result, [*made.warnings, *told], list(missing))


def _copied(body: Any) -> Any:
    return {key: dict(value) if isinstance(value, dict) else value for key, value in body.items()}


def _case(made: Household, at: Period) -> Case:
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


def _roles(made: Household, entity: str, members: list[str]) -> Iterator[tuple[str, str]]:
    """Everybody's role in a group: as was settled, or the first has the role that one holds, the others the other."""
    declared = made.program.settings.entities[entity].roles
    single = next((role.name for role in declared if role.single), "")
    several = next((role.name for role in declared if not role.single), single)
    for number, person in enumerate(members):
        yield person, made.roles.get((entity, person)) or (single if single and number == 0 else several)


def _asked(
    made: Household,
    interpreter: Interpreter,
    units: Mapping[str, Any],
    group: str,
    *,
    unit: str,
    variable: str,
    text: str,
) -> tuple[Definition, Value | None] | None:
    """What a figure came to; None where we do not compute it. A figure that does not apply is nothing."""
    definition, at = definition_of(made.program, variable), period_of(text)
    if definition is None or at is None:
        return None
    whose = whose_of(made, units, definition, group, unit)
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
