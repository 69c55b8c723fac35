"""What is said of a household: values of theirs as facts of ours."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from fractions import Fraction
from typing import Any

from api.compat.policyengine.household import Household
from api.compat.policyengine.names import NUMBER, definition_of, names, period_of
from engine.interpret.outcomes import Fact
from engine.ir.program import Definition, Program
from engine.values.periods import Period, Unit
from engine.values.types import EnumValue, Kind, Value

MAX_AGE = 130


def said_of(made: Household, household: Any) -> Iterator[tuple[str, str, str, str, Any]]:
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
                    if period_of(period) is None:
                        made.errors.append(
                            f"`{period[:10]}` of `{variable[:60]}` is not a period: write 2024 or 2024-01"
                        )
                    else:
                        yield group, unit, variable, period, value


def give(
    made: Household, units: Mapping[str, Any], group: str, unit: str, *, variable: str, period: str, value: Any
) -> None:
    """Take a value as a fact of ours, as a part of one, or as what these rules do not read."""
    table, at = names(), period_of(period)
    assert at is not None
    if variable in table.state_names:
        _give_state(made, variable, at, value)
        return
    definition, total = definition_of(made.program, variable), made.program.find(table.sum_with(variable) or "")
    if total is not None:
        _add(made, total, whose(made, units, total, group, unit), at, value=value, variable=variable)
    if definition is not None:
        _record(made, definition, whose(made, units, definition, group, unit), at, value=value, variable=variable)
    elif total is None and table.is_theirs(variable):
        made.warnings[f"`{variable}` is not read by these rules"] = None
    elif total is None:
        made.errors.append(f"`{variable[:60]}` at `{period}` is not a variable of this model")


def _give_state(made: Household, variable: str, at: Period, value: Any) -> None:
    table = names()
    if value not in table.states:
        made.errors.append(f"`{variable}` is a State's two letters")
        return
    for name in table.state_facts:
        definition = made.program.find(name)
        if definition is not None:
            everywhere = made.instances.get(definition.entity, {}) if definition.entity != "person" else made.people
            _record(made, definition, list(everywhere), at, value=table.states[value], variable=variable)


def _add(made: Household, total: Definition, whose: list[str], at: Period, *, value: Any, variable: str) -> None:
    """Take a value as a part of a sum of ours."""
    typed = _typed(made.program, total, value)
    if not isinstance(typed, Fraction):
        made.errors.append(f"a value of `{variable}` at `{at}` is not a {total.type}, or out of range")
        return
    for name in whose:
        for period, part in _spread(total, at, typed):
            assert isinstance(part, Fraction)
            fact = Fact(total.name, name, period)
            made.parts[fact] = made.parts.get(fact, Fraction(0)) + part


def whose(made: Household, units: Mapping[str, Any], definition: Definition, group: str, unit: str) -> list[str]:
    """The instances of ours that a unit of theirs means: the person, or the group that its first member is in."""
    members = [unit] if group == "people" else units.get(group, {}).get(unit, [])
    if definition.entity == "person":
        return members[:1]
    groups = made.instances.get(definition.entity, {})
    return [name for name, people in groups.items() if members and members[0] in people][:1]


def _record(
    made: Household, definition: Definition, whose: list[str], at: Period, *, value: Any, variable: str
) -> None:
    typed = _typed(made.program, definition, _whole(made, definition, value, variable))
    if typed is None:
        made.errors.append(f"a value of `{variable}` at `{at}` is not a {definition.type}, or out of range")
        return
    for name in whose:
        for period, part in _spread(definition, at, typed):
            made.given[Fact(definition.name, name, period)] = part


def _whole(made: Household, definition: Definition, value: Any, variable: str) -> Any:
    """A count without its decimals, which their floats may have and ours has not; the answer says so."""
    if definition.type.kind is not Kind.INTEGER or isinstance(value, bool) or not NUMBER.fullmatch(str(value)):
        return value
    amount = Fraction(str(value))
    if amount.denominator == 1:
        return value
    made.warnings[f"`{variable}` is a whole number in these rules, and its decimals were left out"] = None
    return str(int(amount))


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
    if isinstance(value, bool) or not NUMBER.fullmatch(text):
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


def add_up(made: Household) -> None:
    """Give every sum of which parts were said, unless it was said itself."""
    for fact, total in made.parts.items():
        made.given.setdefault(fact, total)


def assume(made: Household, household: Any, asked: list[Period]) -> None:
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
            year, age = period_of(text), str(value)
            if born is not None and year is not None and age.isdigit() and int(age) <= MAX_AGE:
                day = date(year.start.year - int(age), 1, 1)
                made.given.setdefault(Fact(born.name, person, born.period.containing(day)), day)
