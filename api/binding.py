"""Where citizens' facts meet a program's inputs: the one place that knows both.

An attribute of a subject is the fact or figure of that name of the subject's entity. A relation is named after the
group's entity (`tax_unit`) and its value says which group and with which role. An attribute that the program does not
know is left alone. What a subject's history does not say means what the rules say of a complete case, as in a signed
return.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction

from api.failures import Failure
from citizens import Belongs, Scalar
from citizens import Value as Stored
from engine.cases import Case
from engine.ir.program import Definition, Program
from engine.outcomes import Fact
from engine.periods import Period
from engine.types import EnumValue, Kind, Value


@dataclass(slots=True)
class Household:
    """A group and its people: what is known of each by subject name, and the roles by person's subject name."""

    group: str
    roles: dict[str, str] = field(default_factory=dict)
    facts: dict[str, dict[str, Scalar]] = field(default_factory=dict)


class Binding:
    """A program's view of subjects' facts."""

    def __init__(self, program: Program, group: str = "tax_unit") -> None:
        self.program = program
        self.group = group
        entity = program.settings.entities.get(group)
        if entity is None or not entity.of:
            raise Failure(f"the rules know no group `{group}`", "name one of their group entities")
        self.person = entity.of
        self._definitions: dict[tuple[str, str], Definition | None] = {}

    def definition(self, entity: str, attribute: str) -> Definition | None:
        """The fact or figure that an attribute of an entity's subjects is, if the program has one."""
        key = (entity, attribute)
        if key not in self._definitions:
            found = self.program.find(attribute)
            self._definitions[key] = found if found is not None and found.entity == entity else None
        return self._definitions[key]

    def case(self, household: Household, period: Period) -> Case:
        """The household as a case at `period`. Raises Failure for a value that its fact cannot have."""
        holders: dict[tuple[str, str, str], tuple[str, ...]] = {}
        for person, role in household.roles.items():
            key = (self.group, household.group, role)
            holders[key] = (*holders.get(key, ()), person)
        given: dict[Fact, Value] = {}
        for subject, facts in household.facts.items():
            entity = self.group if subject == household.group else self.person
            for definition, value in self.values(entity, facts):
                given[Fact(definition.name, subject, definition.period.containing(period.start))] = value
        return Case(
            at=period,
            instances={self.group: (household.group,), self.person: tuple(household.roles)},
            holders=holders,
            group_of={(self.group, person): household.group for person in household.roles},
            given=given,
            complete=True,
        )

    def values(self, entity: str, facts: Mapping[str, Stored]) -> Iterable[tuple[Definition, Value]]:
        """What the program understands of a subject's facts, in its own types."""
        for attribute, stored in facts.items():
            definition = self.definition(entity, attribute)
            if definition is not None and stored is not None and not isinstance(stored, Belongs):
                yield definition, typed(definition, stored)


def typed(definition: Definition, stored: Scalar) -> Value:
    """A stored value in the type of its fact. Raises Failure if it does not fit."""
    match definition.type.kind, stored:
        case Kind.BOOLEAN, bool():
            return stored
        case Kind.MONEY | Kind.RATE, int() | Decimal() if not isinstance(stored, bool):
            return Fraction(stored)
        case Kind.INTEGER, int() | Decimal() if not isinstance(stored, bool) and stored == int(stored):
            return int(stored)
        case Kind.DATE, date():
            return stored
        case Kind.ENUM, str():
            return EnumValue(definition.type.enum, stored)
    wanted = definition.type
    raise Failure(f"`{definition.short_name}` is recorded as a {type(stored).__name__}, and the rules want a {wanted}")


def stored(value: Value) -> Scalar:
    """A figure as the history keeps it: money and rates as exact decimals."""
    match value:
        case bool() | int() | date():
            return value
        case Fraction():
            return decimal_of(value)
    return str(value)


def decimal_of(value: Fraction | int) -> Decimal:
    """An exact decimal. Raises Failure if the number has none."""
    numerator, denominator, places = value.numerator, value.denominator, 0
    while denominator != 1 and places <= 18:
        places += 1
        numerator, denominator = (Fraction(value) * 10**places).as_integer_ratio()
    if denominator != 1:
        raise Failure(f"{value} has no exact decimal of at most 18 places")
    return Decimal(numerator).scaleb(-places)
