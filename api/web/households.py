"""The household that the calculator's form describes: who there is and what they have, as a case, or what is wrong.

What a ruleset's calculator asks and adds up is data: `calculators/NAME.yaml`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from api.http.programs import Law
from engine.reading.declared_settings import Settings

FOLDER = Path(__file__).parent / "calculators"
MOST_CHILDREN, MOST_AGE = 12, 120
YOU, PARTNER = "you", "partner"
_AMOUNT = re.compile(r"-?[0-9]{1,8}(?:\.[0-9]{1,2})?", re.ASCII)
_AGE = re.compile(r"[0-9]{1,3}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Asked:
    """A fact that the form asks of adults, and how far a chart over it goes at least."""

    name: str
    label: str
    high: int


@dataclass(frozen=True, slots=True)
class Reform:
    """A change of law that the form offers."""

    name: str
    label: str
    overlay: Mapping[str, Any]


@dataclass(frozen=True)
class Plan:
    """A ruleset's calculator: what it asks, what it takes and gives, and the household that it begins with."""

    about: str
    group: Mapping[str, str]
    age: str
    facts: Sequence[Asked]
    takes: Mapping[str, str]
    gives: Mapping[str, str]
    parts: Mapping[str, str]
    reforms: Sequence[Reform]
    household: Mapping[str, Any]


@cache
def plan_of(name: str) -> Plan | None:
    """The calculator of a ruleset; None if it has none."""
    path = FOLDER / f"{name}.yaml"
    if not re.fullmatch(r"[a-z0-9_-]+", name) or not path.is_file():
        return None
    said = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
    facts = [Asked(fact, entry["label"], int(entry["high"])) for fact, entry in said.pop("facts").items()]
    reforms = [Reform(key, entry["label"], entry["overlay"]) for key, entry in said.pop("reforms").items()]
    return Plan(facts=facts, reforms=reforms, **said)


def plan_for(law: Law) -> Plan | None:
    """The calculator of a law."""
    return plan_of(Path(law.name).name)


@dataclass(frozen=True, slots=True)
class Wrong:
    """What is wrong with a field of the form, by its id."""

    field: str
    message: str


@dataclass
class Household:
    """What the form says, as it says it, so that it can be shown again. `over`: the fact that the chart runs over."""

    year: str
    adults: list[dict[str, str]]
    children: list[str]
    over: str
    reform: str = ""
    wrong: list[Wrong] = field(default_factory=list)

    def message(self, name: str) -> str:
        """What is wrong with a field; empty if nothing is."""
        return next((problem.message for problem in self.wrong if problem.field == name), "")

    def case(self, plan: Plan) -> dict[str, Any]:
        """The case, which is complete: what the form does not ask is not there."""
        people: dict[str, Any] = {}
        for name, adult in zip((YOU, PARTNER), self.adults, strict=False):
            people[name] = {key: bare(value) or "0" for key, value in adult.items()}
        children = [f"child{at}" for at, _ in enumerate(self.children, 1)]
        people |= {name: {plan.age: bare(age)} for name, age in zip(children, self.children, strict=True)}
        group: dict[str, Any] = {plan.group["first"]: YOU, plan.group["children"]: children}
        if len(self.adults) > 1:
            group[plan.group["second"]] = PARTNER
        return {"complete": True, "people": people, plan.group["plural"]: {"home": group}}


def bare(text: str) -> str:
    """An amount without what people write around its digits."""
    return text.strip().replace(",", "").replace(" ", "").lstrip("$")


def first_household(plan: Plan) -> Household:
    """The household that the page begins with."""
    said = plan.household
    adults = [{plan.age: adult[plan.age], **_amounts(plan, adult)} for adult in said["adults"]]
    return Household(said["year"], adults, list(said["children"]), plan.facts[0].name)


def _amounts(plan: Plan, adult: Mapping[str, str]) -> dict[str, str]:
    return {fact.name: adult.get(fact.name, "") for fact in plan.facts}


def read_household(plan: Plan, settings: Settings, fields: Mapping[str, str]) -> Household:
    """The form's household, after the button that was pressed (`change`) has added or taken away somebody."""
    pressed = fields.get("change", "")
    count = 2 if fields.get("adults") == "2" else 1
    count = 2 if pressed == "add-partner" else 1 if pressed == "remove-partner" else count
    adults = [
        {key: fields.get(f"{key}-{at}", "")[:20] for key in (plan.age, *(fact.name for fact in plan.facts))}
        for at in range(1, count + 1)
    ]
    children = [fields[key][:5] for key in (f"child-{at}" for at in range(1, MOST_CHILDREN + 1)) if key in fields]
    if pressed == "add-child" and len(children) < MOST_CHILDREN:
        children.append("5")
    if pressed == "add-partner":
        adults[1][plan.age] = adults[1][plan.age] or adults[0][plan.age]
    if pressed.startswith("remove-child-") and pressed.removeprefix("remove-child-").isdigit():
        at = int(pressed.removeprefix("remove-child-"))
        children[at - 1 : at] = []
    over = fields.get("over", "")
    known = [fact.name for fact in plan.facts]
    household = Household(fields.get("year", "")[:4], adults, children, over if over in known else known[0])
    household.reform = next((reform.name for reform in plan.reforms if reform.name == fields.get("reform")), "")
    household.wrong = list(_wrong(plan, settings, household))
    return household


def _wrong(plan: Plan, settings: Settings, household: Household) -> list[Wrong]:
    """Everything that is wrong with a household, in the form's order."""
    problems: list[Wrong] = []
    first, last = settings.covers_from.year, settings.covers_to.year
    if not household.year.isdigit() or not first <= int(household.year) <= last:
        problems.append(Wrong("year", f"Choose a year from {first} to {last}"))
    for at, adult in enumerate(household.adults, 1):
        if not _is_age(adult[plan.age]):
            problems.append(Wrong(f"{plan.age}-{at}", f"Enter an age in whole years, from 0 to {MOST_AGE}"))
        for fact in plan.facts:
            text = bare(adult[fact.name])
            if text and not _AMOUNT.fullmatch(text):
                problems.append(Wrong(f"{fact.name}-{at}", f"Enter {fact.label.lower()} in dollars, such as 31,000"))
            elif text.startswith("-") and fact.name == household.over:
                problems.append(Wrong(f"{fact.name}-{at}", f"Enter {fact.label.lower()} of 0 or more"))
    for at, age in enumerate(household.children, 1):
        if not _is_age(age):
            problems.append(Wrong(f"child-{at}", "Enter an age in whole years, such as 9"))
    return problems


def _is_age(text: str) -> bool:
    return _AGE.fullmatch(text.strip()) is not None and int(text) <= MOST_AGE
