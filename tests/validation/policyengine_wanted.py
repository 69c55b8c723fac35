"""What PolicyEngine's tests expect, said as figures of ours.

1. What is expected of several people in a figure of their unit is added up; of a dependent it stands on another return.
2. A role that is expected must be the one that was read from the facts.
3. A figure that hangs on a place can be compared only where what the place decides is given.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from engine.ir.program import Definition
from engine.values.types import EnumValue, Value
from tests.validation.policyengine_cases import People, persons_of, units_of
from tests.validation.policyengine_names import Names, NoCounterpart, Said, Test, said

ROLE_NAMES = {
    "is_tax_unit_head": ("head",),
    "is_tax_unit_spouse": ("spouse",),
    "is_tax_unit_dependent": ("dependent",),
    "is_tax_unit_head_or_spouse": ("head", "spouse"),
}


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
        result = _wanted(fact, people, names, test.year)
        filer = result.definition.entity == "person" and "dependent" not in {
            people.role_of[its] for its in result.whose
        }
        no_news = names.of_dependents if filer else names.of_filers
        if result.definition.entity == "person" and not result.value and result.definition.short_name in no_news:
            continue
        if (
            fact.entity != "people"
            or result.definition.entity != "tax_unit"
            or isinstance(result.value, bool | EnumValue)
        ):
            yield result
            continue
        if people.role_of[fact.instance] == "dependent":
            if result.value:
                raise NoCounterpart(f"{fact.name} of a dependent")
            continue
        key = (result.whose[0], fact.name)
        before = shared[key].value if key in shared else 0
        shared[key] = Wanted(result.name, result.definition, result.whose, before + result.value)  # type: ignore[operator]
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
    whose = units_of(people, fact) if definition.entity == "tax_unit" else _persons_wanted(people, fact)
    if fact.instance == "all" and len(people.units) > 1:
        whose = whose[:1]
    value = names.value(definition, fact.value)
    also = tuple(map(names.definition, others))
    return Wanted(fact.name, definition, tuple(whose), not value if negated else value, also)


def _persons_wanted(people: People, fact: Said) -> list[str]:
    """Those whose figure is wanted: of a unit, both filers."""
    if fact.instance not in people.unit_of:
        units = units_of(people, fact)
        return [holder for unit in units for role in ("head", "spouse") for holder in people.holders(unit, role)]
    return persons_of(people, fact)


def _listed(outputs: Mapping[str, Any], people: People) -> Mapping[str, Any]:
    """Outputs, with the lists of a test that names its people said by name."""
    found_by_name: dict[str, Any] = {}
    by_name: dict[str, dict[str, Any]] = {}
    for name, value in outputs.items():
        ids = next((ids for ids in (list(people.unit_of), people.units) if isinstance(value, list)
                    and len(ids) == len(value) and not ids[0].isdigit()), None)  # fmt: skip
        if ids is None:
            found_by_name[name] = value
        else:
            for first, its in zip(ids, value, strict=True):
                by_name.setdefault(first, {})[name] = its
    for entity, ids in (("people", list(people.unit_of)), ("tax_units", people.units)):
        extra = {id_: by_name[id_] for id_ in ids if id_ in by_name}
        if extra:
            found_by_name[entity] = {item: {**(found_by_name.get(entity, {}).get(item) or {}), **extra.get(item, {})}
                             for item in {**found_by_name.get(entity, {}), **extra}}  # fmt: skip
    return found_by_name
