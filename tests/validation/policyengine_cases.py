"""PolicyEngine's YAML tests, read where they are installed and said in our names.

1. A test is a mapping of inputs and outputs for a period: by entity and id, or flat, where a list stands for several
   people who each have a tax unit of their own.
2. Who is head, spouse or dependent of a unit is what the test says, else: the first adult, the second one, the rest.
3. Each name is said in ours by `policyengine.yaml`: the same figure under another name, a figure turned round, one that
   is spread over roles or members of an enum, or one that changes nothing, with the reason.
4. A test with a name or a value that has no counterpart cannot be run, and says which.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import yaml

from api.batch import out_of_range
from engine.ir.program import Definition, Program
from engine.types import EnumValue, Kind, Value
from tests.validation.policyengine_restated import (
    CLAIMED,
    restated,
    with_married_dependents,
    with_unstated_terms,
    without_exempt_wages,
)

MAPPING = Path(__file__).resolve().parent / "policyengine.yaml"
GROUPS = ("tax_units", "households", "families", "spm_units", "marital_units")
ROLES = ("head", "spouse", "dependent")
ROLE_NAMES = {
    "is_tax_unit_head": ("head",),
    "is_tax_unit_spouse": ("spouse",),
    "is_tax_unit_dependent": ("dependent",),
    "is_tax_unit_head_or_spouse": ("head", "spouse"),
}
ADULT = 18
CARED_FOR_AGE = 13  # 26 USC 21(b)(1)(A)
EXCEPTED = "dependent_claimant_filing_exception"
CARED_FOR = "tax_unit_childcare_expenses"


class NoCounterpart(Exception):
    """A name or a value of a test that we have no counterpart of."""


@dataclass(frozen=True, slots=True)
class Test:
    """A test as it stands in its file: `number` counts from 1."""

    file: str
    number: int
    body: Mapping[str, Any]

    @property
    def year(self) -> int:
        """The year of its period; 0 if it has none."""
        text = str(self.body.get("period", ""))[:4]
        return int(text) if text.isdigit() else 0

    @property
    def key(self) -> str:
        """How differences name it."""
        return f"{self.file} #{self.number}"


@dataclass(slots=True)
class People:
    """Who there is: people and units in order, the role and unit of each, and what is said of each by our names."""

    units: list[str] = field(default_factory=list)
    unit_of: dict[str, str] = field(default_factory=dict)
    role_of: dict[str, str] = field(default_factory=dict)
    given: dict[tuple[str, str], Value] = field(default_factory=dict)

    def holders(self, unit: str, role: str) -> list[str]:
        """Who has a role in a unit."""
        return [one for one, its in self.unit_of.items() if its == unit and self.role_of.get(one) == role]


def tests_in(folder: Path) -> Iterator[Test]:
    """Every test of every YAML file below a folder, in the order of their paths."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    for path in sorted(folder.rglob("*.yaml")):
        bodies = yaml.load(path.read_text(encoding="utf-8"), loader) or []
        for number, body in enumerate(bodies if isinstance(bodies, list) else [bodies], 1):
            yield Test(path.relative_to(folder).as_posix(), number, body)


class Names:
    """Their names in ours."""

    def __init__(self, program: Program, mapping: Mapping[str, Any]) -> None:
        self.program = program
        self.same: Mapping[str, str] = mapping["same"]
        self.all_of: Mapping[str, list[str]] = mapping["all_of"]
        self.of_year: Mapping[int, Mapping[str, str]] = mapping["of_year"]
        self.negated: Mapping[str, str] = mapping["negated"]
        self.by_role: Mapping[str, Mapping[str, str]] = mapping["by_role"]
        self.of_role: Mapping[str, Mapping[str, str]] = mapping["of_role"]
        self.members: Mapping[str, Mapping[str, Mapping[str, Any]]] = mapping["members"]
        self.wanted: Mapping[str, str] = mapping["wanted"]
        self.irrelevant: Mapping[str, str] = mapping["irrelevant"]
        self.places: list[str] = mapping["places"]
        self.of_places: list[str] = mapping["of_places"]
        self.neutral: Mapping[str, Mapping[str, Any]] = mapping["neutral"]
        self.of_dependents: list[str] = mapping["of_dependents"]
        self.of_filers: list[str] = mapping["of_filers"]
        self.living_apart: Mapping[str, Any] = mapping["living_apart"]
        self.unlike: Mapping[str, str] = mapping["unlike"]

    def changes_nothing(self, name: str, value: object) -> bool:
        """A fact that no wanted figure hangs on, or a value that says what we assume anyway."""
        if name in self.irrelevant or name in self.places:
            return True
        return name in self.neutral and value in self.neutral[name]["values"]

    def definition(self, name: str) -> Definition:
        """The figure of ours that a name means."""
        found = None if name in self.unlike else self.program.find(self.same.get(name, name))
        if found is None:
            raise NoCounterpart(name)
        return found

    def value(self, definition: Definition, raw: object) -> Value:
        """A value as ours: numbers exact, members of enums by their names in lower case."""
        if definition.type.kind is Kind.ENUM:
            return EnumValue(definition.type.enum, str(raw).lower())
        if definition.type.kind is Kind.BOOLEAN:
            return bool(raw)
        number = exact(raw)
        if definition.type.kind is Kind.INTEGER:
            if number.denominator != 1:
                raise NoCounterpart(f"{definition.short_name} {number}")
            return int(number)
        return number


def exact(raw: object) -> Fraction:
    """A number, or a sum of numbers that is written out."""
    if isinstance(raw, bool):
        return Fraction(int(raw))
    if isinstance(raw, int | float):
        return Fraction(str(raw))
    try:
        return _worked_out(ast.parse(str(raw).replace(",", ""), mode="eval").body)
    except (SyntaxError, ValueError) as fault:
        raise NoCounterpart(f"value {raw}") from fault


def _worked_out(node: ast.expr) -> Fraction:
    match node:
        case ast.Constant(value=int() | float() as number):
            return Fraction(str(number))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_worked_out(operand)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _worked_out(left) + _worked_out(right)
        case ast.BinOp(left=left, op=ast.Sub(), right=right):
            return _worked_out(left) - _worked_out(right)
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            return _worked_out(left) * _worked_out(right)
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            return _worked_out(left) / _worked_out(right)
    raise ValueError(ast.dump(node))


@dataclass(frozen=True, slots=True)
class Said:
    """Something said of somebody: the entity (`people`, `tax_units`, empty where a flat test leaves it open), id."""

    entity: str
    instance: str
    name: str
    value: Any


def said(part: Mapping[str, Any], year: int) -> Iterator[Said]:
    """What inputs or outputs say, one by one. In a flat test the id is the place in the list, `all` without a list."""
    for name, value in part.items():
        if name in ("people", *GROUPS):
            for instance, facts in (value or {}).items():
                for one, its in (facts or {}).items():
                    if one != "members":
                        yield Said(name, str(instance), one, _of_year(its, year))
        elif isinstance(value, list):
            if not value:
                raise NoCounterpart(name)
            yield from (Said("", str(place), name, _of_year(one, year)) for place, one in enumerate(value))
        elif name not in ("members", "person", "tax_unit"):
            yield Said("", "all", name, _of_year(value, year))
        else:
            raise NoCounterpart(f"entity {name}")


def _of_year(value: Any, year: int) -> Any:
    """A value, or that of the year if several periods are given."""
    if not isinstance(value, Mapping):
        return value
    of_year = {str(period): one for period, one in value.items()}
    if str(year) not in of_year or len(of_year) > 1:
        raise NoCounterpart("values of several periods")
    return of_year[str(year)]


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
            _give(people, fact, names)
    _leave_out_care(people, facts, names)
    return people


def _leave_out_care(people: People, facts: list[Said], names: Names) -> None:
    """The care of children is no expense of a filer who is a dependent: here only what counts is stated."""
    spent = names.definition(CARED_FOR).name
    young = {one.instance for one in facts if one.name == "age" and exact(one.value) < CARED_FOR_AGE}
    claimed, excepted = names.by_role[CLAIMED], names.by_role[EXCEPTED]
    dependent = [(names.definition(claimed[one]).name, names.definition(excepted[one]).name) for one in claimed]
    for fact in facts:
        if fact.name == CARED_FOR:
            for unit in _units(people, fact):
                given = [[people.given.get((unit, one)) for one in of_filer] for of_filer in dependent]
                if any(one and not other for one, other in given) and young & set(people.unit_of):
                    people.given[unit, spent] -= exact(fact.value)  # type: ignore[operator]


def _live_apart(people: People, fact: Said, facts: list[Said], names: Names) -> None:
    """State of the unit of somebody who lives apart what that makes of it."""
    if not fact.value:
        return
    children = {one.instance for one in facts if one.name == "age" and exact(one.value) < ADULT}
    for unit in _units(people, fact):
        for ours in names.living_apart["facts"]:
            people.given[unit, names.definition(ours).name] = True
        if children & set(people.holders(unit, "dependent")):
            people.given[unit, names.definition(names.living_apart["with_child"]).name] = True


def _restated(inputs: Mapping[str, Any]) -> Mapping[str, Any]:
    """Inputs with the facts of each person and unit restated."""
    if "people" not in inputs:
        return restated(inputs)
    found: dict[str, Any] = {}
    inputs = with_married_dependents(inputs)
    inputs = without_exempt_wages({**inputs, "people": with_unstated_terms(inputs["people"])})
    for entity, its in inputs.items():
        among = entity in ("people", *GROUPS) and isinstance(its, Mapping)
        found[entity] = {one: restated(facts or {}) for one, facts in its.items()} if among else its
    return found


def _entered(inputs: Mapping[str, Any], facts: list[Said]) -> People:
    """People and units. Who is in no unit that is listed is in the one that there is."""
    people = People()
    if inputs.get("people"):
        units = inputs.get("tax_units") or {"tax_unit": {}}
        people.units = [str(unit) for unit in units]
        for unit, its in units.items():
            for one in (its or {}).get("members") or (inputs["people"] if len(units) == 1 else ()):
                people.unit_of[str(one)] = str(unit)
        if set(people.unit_of) != {str(one) for one in inputs["people"]}:
            raise NoCounterpart("people without a tax unit")
        return people
    places = sorted({int(fact.instance) for fact in facts if fact.instance.isdigit()}) or [0]
    people.units = [f"unit{place}" for place in places]
    people.unit_of = {str(place): f"unit{place}" for place in places}
    return people


def _roles(people: People, facts: list[Said]) -> None:
    """The role of each, as the test says or by age."""
    stated = {(one.instance, one.name.removeprefix("is_tax_unit_")): bool(one.value) for one in facts
              if one.name in ("is_tax_unit_head", "is_tax_unit_spouse", "is_tax_unit_dependent")}  # fmt: skip
    no_filers = [one for one in facts if one.name == "is_tax_unit_head_or_spouse" and one.value is False]
    stated |= {(one.instance, "dependent"): True for one in no_filers if one.entity == "people"}
    if len(people.unit_of) == 1 and no_filers:
        raise NoCounterpart("a unit without a filer")
    ages = {one.instance: exact(one.value) for one in facts if one.name == "age"}
    students = {one.instance for one in facts if one.name in ("is_full_time_student", "is_full_time_college_student")
                and one.value}  # fmt: skip
    for unit in people.units:
        members = [one for one, its in people.unit_of.items() if its == unit]
        if not members:
            raise NoCounterpart("a tax unit without people")
        named = (str(one.value) for one in facts if one.name == "filing_status" and one.instance in (unit, "all"))
        status = next(named, "")
        for one in members:
            role = next((role for role in ROLES if stated.get((one, role))), "")
            if role:
                people.role_of[one] = role
        rest = [one for one in members if one not in people.role_of]
        adults = [one for one in rest if ages.get(one, 40) >= ADULT and stated.get((one, "head")) is not False]
        if not people.holders(unit, "head") and rest:
            first = (adults or rest)[0]
            people.role_of[first] = "head"
            rest.remove(first)
        others = [one for one in rest if one in adults and (one, "spouse") not in stated]
        others = [one for one in others if one not in students] or (others if status == "JOINT" else [])
        if others and not people.holders(unit, "spouse") and status in ("", "JOINT"):
            people.role_of[others[0]] = "spouse"
            rest.remove(others[0])
        for one in rest:
            people.role_of[one] = "dependent"


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
        for one in _persons(people, fact):
            flag = names.by_role[name].get(people.role_of[one])
            if flag is not None:
                people.given[people.unit_of[one], names.definition(flag).name] = bool(value)
    elif name in names.of_role:
        ((role, ours),) = names.of_role[name].items()
        definition = names.definition(ours)
        for unit in _units(people, fact):
            for one in people.holders(unit, role):
                people.given[one, definition.name] = names.value(definition, value)
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
        for unit in _units(people, fact):
            before = people.given.get((unit, definition.name))
            part = fact.entity == "people" or definition.short_name == CARED_FOR
            added = part and before is not None and not isinstance(value, bool | EnumValue)
            people.given[unit, definition.name] = before + value if added else value  # type: ignore[operator]
    elif definition.entity == "person":
        persons = _persons(people, fact)
        for one in persons:
            before = people.given.get((one, definition.name))
            more = definition.is_input and before is not None and not isinstance(value, bool | EnumValue)
            people.given[one, definition.name] = before + value if more else value  # type: ignore[operator]
    else:
        raise NoCounterpart(fact.name)


def _units(people: People, fact: Said) -> list[str]:
    """The units that something is said of."""
    if fact.instance in people.units and fact.entity != "people":
        return [fact.instance]
    if fact.instance in people.unit_of:
        return [people.unit_of[fact.instance]]
    return people.units


def _persons(people: People, fact: Said) -> list[str]:
    """The people that something is said of: of a unit, its head."""
    if fact.instance in people.unit_of and fact.entity in ("people", ""):
        return [fact.instance]
    return [one for unit in _units(people, fact) for one in people.holders(unit, "head")]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a test expects: their name, our figure, whose (several are added up), and the value. `also`: what else must
    hold for it to hold."""

    name: str
    definition: Definition
    whose: tuple[str, ...]
    value: Value
    also: tuple[Definition, ...] = ()


def check_places(test: Test, names: Names) -> None:
    """Raises `NoCounterpart` for a figure that hangs on a place, unless what the place decides is given."""
    given = {fact.name for fact in said(test.body.get("input") or {}, test.year)}
    for fact in said(test.body.get("output") or {}, test.year):
        if fact.name in names.of_places and given & set(names.places):
            raise NoCounterpart(f"{fact.name} of a place")


def wanted_of(test: Test, people: People, names: Names) -> Iterator[Wanted]:
    """What a test expects, in our names. The parts of several people in a figure of their unit are added up."""
    shared: dict[tuple[str, str], Wanted] = {}
    for fact in said(_listed(test.body.get("output") or {}, people), test.year):
        if fact.name in ROLE_NAMES:
            _check_role(people, fact)
            continue
        one = _wanted(fact, people, names, test.year)
        filer = one.definition.entity == "person" and "dependent" not in {people.role_of[its] for its in one.whose}
        no_news = names.of_dependents if filer else names.of_filers
        if one.definition.entity == "person" and not one.value and one.definition.short_name in no_news:
            continue
        if fact.entity != "people" or one.definition.entity != "tax_unit" or isinstance(one.value, bool | EnumValue):
            yield one
            continue
        if people.role_of[fact.instance] == "dependent":
            if one.value:
                raise NoCounterpart(f"{fact.name} of a dependent")
            continue
        key = (one.whose[0], fact.name)
        before = shared[key].value if key in shared else 0
        shared[key] = Wanted(one.name, one.definition, one.whose, before + one.value)  # type: ignore[operator]
    yield from shared.values()


def _check_role(people: People, fact: Said) -> None:
    """A role that is expected is the one that was read from the facts, or the test is another one."""
    role = people.role_of.get(fact.instance, "head" if len(people.role_of) == 1 else "")
    if (role in ROLE_NAMES[fact.name]) != bool(fact.value):
        raise NoCounterpart(f"{fact.name} of {fact.instance}")


def _wanted(fact: Said, people: People, names: Names, year: int) -> Wanted:
    negated = fact.name in names.negated
    ours = names.negated[fact.name] if negated else names.wanted.get(fact.name, fact.name)
    first, *others = names.all_of.get(fact.name, [names.of_year.get(year, {}).get(fact.name, ours)])
    definition = names.definition(first)
    whose = _units(people, fact) if definition.entity == "tax_unit" else _persons_wanted(people, fact)
    if fact.instance == "all" and len(people.units) > 1:
        whose = whose[:1]
    value = names.value(definition, fact.value)
    also = tuple(map(names.definition, others))
    return Wanted(fact.name, definition, tuple(whose), not value if negated else value, also)


def _persons_wanted(people: People, fact: Said) -> list[str]:
    """Those whose figure is wanted: of a unit, both filers."""
    if fact.instance not in people.unit_of:
        units = _units(people, fact)
        return [one for unit in units for role in ("head", "spouse") for one in people.holders(unit, role)]
    return _persons(people, fact)


def _listed(outputs: Mapping[str, Any], people: People) -> Mapping[str, Any]:
    """Outputs, with the lists of a test that names its people said by name."""
    found: dict[str, Any] = {}
    by_name: dict[str, dict[str, Any]] = {}
    for name, value in outputs.items():
        ids = next((ids for ids in (list(people.unit_of), people.units) if isinstance(value, list)
                    and len(ids) == len(value) and not ids[0].isdigit()), None)  # fmt: skip
        if ids is None:
            found[name] = value
        else:
            for one, its in zip(ids, value, strict=True):
                by_name.setdefault(one, {})[name] = its
    for entity, ids in (("people", list(people.unit_of)), ("tax_units", people.units)):
        extra = {one: by_name[one] for one in ids if one in by_name}
        if extra:
            found[entity] = {one: {**(found.get(entity, {}).get(one) or {}), **extra.get(one, {})}
                             for one in {**found.get(entity, {}), **extra}}  # fmt: skip
    return found
