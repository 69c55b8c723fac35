"""Against PolicyEngine's own tests of SNAP, each month by itself.

1. A test's people are one SNAP household. What is said of them is said in our names (`policyengine_snap.yaml`).
2. A test of a year is computed for each of its months: money is added up, a truth must hold in all.
3. It agrees if every figure does, within its own margin or half a dollar, in one of the two ways in which a State may
   round (7 CFR 273.10(e)(1)(ii)): cents kept, or each figure at the nearest dollar. No test says which; how many agree
   at the nearest dollar alone is said.

policyengine-us is AGPL: its files are read from where it is installed, and none of them is here.

    python -m tests.validation.policyengine_snap FOLDER
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from math import ceil
from pathlib import Path
from typing import Any

import yaml

from api.rules import programs
from engine.interpret.cases import Case
from engine.interpret.constants import Constants
from engine.interpret.interpreter import Interpreter
from engine.interpret.outcomes import Fact, Known
from engine.ir.program import Definition, Program
from engine.values.periods import Period, parse_period
from engine.values.types import EnumValue, Kind, Value
from tests.validation.policyengine_households import by_household
from tests.validation.policyengine_names import CountedOut, NoCounterpart, Test, exact, parts
from tests.validation.policyengine_report import Differing, report
from tests.validation.policyengine_snap_payers import settle
from tests.validation.policyengine_snap_relations import relate

MAPPING = Path(__file__).resolve().parent / "policyengine_snap.yaml"
FIGURES = MAPPING.with_name("policyengine_snap_figures.yaml")
MODULE = "validation/policyengine_snap"
KINDS_OF_UTILITIES = (
    "pays_electricity", "pays_water", "pays_sewage", "pays_trash", "pays_gas_or_fuel", "pays_telephone",
)  # fmt: skip
BY_COUNTY, PLACES = "areas and their waivers by county", ("county", "county_str", "county_fips")
GROSS_SHARE = Fraction(13, 10)
UNIT, ALONE = "home", "alone"
GROUPS = ("households", "tax_units", "families", "marital_units", "spm_units")
ENTITIES = ("person", "household", "tax_unit", "family", "spm_unit")
CENTS, NEAREST_DOLLAR = "cents", "nearest_dollar"  # ways to round
BEGINS = date(2018, 10, 1)  # the tables' first day
ADULT, SCHOOL_AGE = 18, 6
UNSTATED_AGE, ELDERLY_AGE, YEARS_HERE, MONTHS_USED = 40, 65, 5, 3  # what PolicyEngine assumes
WEEKS, MOST_HOURS = Fraction(52, 12), 744  # of a month
MARGIN, LEAST_MARGIN, HALF_A_CENT, MONTHS_SHOWN = Fraction(1, 2), Fraction(1, 100), Fraction(1, 200), 3
POSTAL = (
    "AL AK AZ AR CA CO CT DE DC FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR "
    "PA RI SC SD TN TX UT VT VA WA WV WI WY GU VI"
).split()  # in the order of our enum of States


@dataclass(slots=True)
class Names:
    """Their names in ours."""

    program: Program
    mapping: Mapping[str, Any]
    states: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.states = dict(zip(POSTAL, self.program.settings.enums["snap_state"].members, strict=True))

    def postal(self, state: str) -> str:
        """The letters of a State of ours."""
        return next(letters for letters, its in self.states.items() if its == state)

    def figure(self, name: str) -> Definition:
        """The figure of ours that a name means; raises `NoCounterpart`."""
        ours = self.mapping["same"].get(name, name)
        definition = self.program.find(ours) or self.program.find(f"{MODULE}:{ours}")
        if definition is None:
            raise NoCounterpart(name)
        return definition

    def value(self, definition: Definition, raw: Any, part: int = 1) -> Value:
        """A value as ours: numbers exact, money of a year by its parts, members of enums by our names."""
        if definition.type.kind is Kind.BOOLEAN:
            return bool(raw)
        if definition.type.kind is not Kind.ENUM:
            return exact(raw) / (part if definition.type.kind is Kind.MONEY else 1)
        enum = definition.type.enum
        member = self.mapping["members"].get(enum, {}).get(raw) or self.states.get(str(raw))
        if member is None:
            raise NoCounterpart(f"{enum} {raw}")
        return EnumValue(enum, member)


@dataclass(slots=True)
class Household:
    """What is said of the people of a test for one month, in our names."""

    names: Names
    people: list[str]
    at: Period
    of_year: bool
    rounding: str = CENTS
    given: dict[Fact, Value] = field(default_factory=dict)
    said: set[tuple[str, str]] = field(default_factory=set)
    no_carers: set[str] = field(default_factory=set)  # adults who care for no child

    def put(self, name: str, whose: str, value: Any, add: bool = False) -> None:
        """Give a figure of ours its value, or more of it."""
        definition = self.names.program.find(name)
        assert definition is not None, name
        fact = Fact(definition.name, whose, definition.period.containing(self.at.start))
        if definition.type.kind is Kind.INTEGER:
            value = int(Fraction(value))
        elif definition.type.kind is Kind.BOOLEAN:
            value = bool(value)
        elif not isinstance(value, EnumValue | date):
            value = Fraction(value)
        self.given[fact] = self.given[fact] + value if add and fact in self.given else value

    def value(self, name: str, whose: str) -> Any:
        """What has been given of somebody; None if nothing."""
        definition = self.names.program.find(name)
        assert definition is not None, name
        return self.given.get(Fact(definition.name, whose, self.at))

    def assume(self) -> None:
        """What PolicyEngine takes for granted of whoever is not described."""
        for person in self.people:
            self.put("age_in_month", person, UNSTATED_AGE)
            self.put("qualified_status_since", person, date(self.at.start.year - YEARS_HERE, 1, 1))
        self.put("snap_state", UNIT, EnumValue("snap_state", "california"))
        self.put("snap_rounding", UNIT, EnumValue("snap_rounding", self.rounding))

    def say(self, name: str, raw: Any, whose: str) -> None:
        """Say a fact of a test in our names; raises `NoCounterpart`."""
        if name in self.names.mapping["irrelevant"]:
            return
        if isinstance(raw, list):
            if len(raw) != len(self.people):
                raise NoCounterpart(f"{name} of several households")
            for first, its in zip(self.people, raw, strict=True):
                self.say(name, its, first)
        elif isinstance(raw, Mapping):
            self._of_period(name, raw, whose)
        else:
            self._amount(name, raw, [whose] if whose in self.people else self.people)

    def _of_period(self, name: str, raw: Mapping[Any, Any], whose: str) -> None:
        by_period = {str(period): value for period, value in raw.items()}
        month, year = str(self.at), str(self.at.start.year)
        if month in by_period and self.names.program.find(name) is not None:
            value = by_period[month]
            self.say(name, exact(value) * 12 if self.of_year and not isinstance(value, bool) else value, whose)
        elif year in by_period:
            self.say(name, by_period[year], whose)
        else:
            raise NoCounterpart(f"{name} of another period")

    def _amount(self, name: str, raw: Any, whom: list[str]) -> None:
        mapping, name = self.names.mapping, name.removesuffix("_before_lsr")
        if name in mapping["of_person_by_year"]:
            for item in whom:
                if (item, name) not in self.said:
                    self.said.add((item, name))
                    self.put(mapping["of_person_by_year"][name], item, exact(raw) / 12, add=True)
                if name == "social_security_disability" and exact(raw) > 0:
                    self.put("receives_social_security_disability", item, True)
        elif name in mapping["of_unit_by_year"]:
            self.put(mapping["of_unit_by_year"][name], UNIT, exact(raw) / 12, add=True)
        elif name in mapping["utilities"]:
            if exact(raw) > 0:
                self.put(mapping["utilities"][name], UNIT, True)
            self.put("snap_utility_costs", UNIT, exact(raw) / 12, add=True)
        elif name in mapping["flags"]:
            for item in self.people if name == "is_homeless" else whom:
                self.put(mapping["flags"][name], item, raw)
        else:
            self._status(name, raw, whom)

    def _status(self, name: str, raw: Any, whom: list[str]) -> None:
        each: list[tuple[str, Any]]
        match name:
            case "age" | "monthly_age":
                each = [("age_in_month", exact(raw))]
            case "immigration_status":
                if raw not in self.names.mapping["statuses"]:
                    raise NoCounterpart(f"{name} {raw}")
                each = [(name, EnumValue(name, self.names.mapping["statuses"][raw]))]
            case "years_since_us_entry":
                each = [("qualified_status_since", date(self.at.start.year - int(raw), 1, 1))]
            case "snap_alien_qualifying_quarters":
                each = [("has_forty_quarters_of_work", exact(raw) >= 40)]
            case "weekly_hours_worked":
                hours = min(MOST_HOURS, int(exact(raw) * WEEKS))
                each = [("weekly_hours_worked", exact(raw)), ("monthly_hours_of_work_or_training", hours)]
                each.append(("snap_countable_months_used", MONTHS_USED))
            case "ssi":
                part = exact(raw) / (12 if self.of_year else 1)
                each = [("ssi_received_of_month", part), ("receives_ssi", part > 0)]
            case "snap_self_employment_income_expense":
                self.put("self_employment_costs_of_month", whom[0], exact(raw) / 12)
                self.put("self_employment_of_month", whom[0], -exact(raw) / 12, add=True)
                return
            case "is_snap_work_registration_noncompliant":
                each = [("complies_with_snap_work_rules", not raw)]
            case "is_incapable_of_self_care":
                each = [("is_unfit_for_work", True)] if raw else []
                for item in self.people if raw else []:
                    if item not in whom:
                        self.put("cares_for_incapacitated_person", item, True)
            case _:
                self._of_unit(name, raw, whom)
                return
        for item in whom:
            for ours, value in each:
                self.put(ours, item, value)

    def _of_unit(self, name: str, raw: Any, whom: list[str]) -> None:
        match name:
            case "state_code" | "state_code_str":
                if raw not in self.names.states:
                    raise NoCounterpart(f"{name} {raw}")
                self.put("snap_state", UNIT, EnumValue("snap_state", self.names.states[raw]))
            case "snap_region_str" | "state_group" | "state_group_str":
                if raw not in self.names.mapping["regions"]:
                    raise NoCounterpart(f"{name} {raw}")
                for enum, member in zip(
                    ("snap_state", "snap_allotment_area"), self.names.mapping["regions"][raw], strict=False
                ):
                    self.put(enum, UNIT, EnumValue(enum, member))
            case "snap_utility_region_str":
                region = self.names.value(self.names.figure("snap_utility_region"), raw)
                self.put("snap_utility_region", UNIT, region)
                self._state_of(str(raw))
            case "meets_snap_work_requirements_person":
                for person in whom:
                    self.put("meets_snap_abawd_work_requirements", person, raw)
            case "snap_fpg":
                guideline = exact(raw) / (12 if self.of_year else 1)
                self.put("snap_gross_income_limit", UNIT, ceil(GROSS_SHARE * guideline))
                self.put("snap_net_income_limit", UNIT, ceil(guideline))
            case "count_distinct_utility_expenses":
                for kind in KINDS_OF_UTILITIES[: int(exact(raw))]:
                    self.put(kind, UNIT, True)
            case "has_heating_cooling_expense":
                self.put("pays_heating_or_cooling", UNIT, raw)
            case "snap_state_using_standard_utility_allowance":
                if raw:
                    raise NoCounterpart(name)
            case "tanf":
                self.put("tanf_received_of_month", self.people[0], exact(raw) / 12)
                for person in self.people:
                    self.put("receives_tanf", person, exact(raw) > 0)
            case "spm_unit_size":
                if self.people == [ALONE]:
                    self.put("snap_unit_size", UNIT, exact(raw))
            case "snap_assets" | "bank_account_assets":
                self.put("snap_resources", UNIT, exact(raw), add=name == "bank_account_assets")
            case "is_tanf_non_cash_eligible":
                self.put("meets_snap_broad_based_rule", UNIT, raw)
            case _ if name in self.names.mapping["wanted"]:
                definition = self.names.figure(name)
                for item in whom if definition.entity == "person" else [UNIT]:
                    self.put(definition.name, item, self.names.value(definition, raw, 12 if self.of_year else 1))
            case _:
                raise NoCounterpart(name)

    def _state_of(self, region: str) -> None:
        """A region lies in the State by whose letters its name begins."""
        self.put("snap_state", UNIT, EnumValue("snap_state", self.names.states[region.split("_")[0]]))

    def conclude(self) -> None:
        """Who cares for whom: adults for children and for those who cannot care for themselves."""
        ages = {person: self.value("age_in_month", person) for person in self.people}
        children = [age for age in ages.values() if age < ADULT]
        for found_person in self.people:
            if self.value("has_work_study_job", found_person):
                self.put("work_study_wages_of_month", found_person, self.value("wages_of_month", found_person) or 0)
        for found_person, age in ages.items():
            if self.value("is_usda_elderly", found_person) and age == UNSTATED_AGE:
                self.put("age_in_month", found_person, ELDERLY_AGE)
            if age >= ADULT and children and found_person not in self.no_carers:
                self.put("is_responsible_for_dependent_child", found_person, True)
                self.put("cares_for_child_under_6", found_person, min(children) < SCHOOL_AGE)

    def case(self) -> Case:
        """The complete case of the month."""
        return Case(
            at=self.at,
            instances={"person": tuple(self.people), "snap_unit": (UNIT,)},
            holders={("snap_unit", UNIT, "snap_member"): tuple(self.people)},
            group_of={("snap_unit", person): UNIT for person in self.people},
            given=self.given,
            complete=True,
        )


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure that a test expects of somebody: ours by month, and theirs."""

    name: str
    ours: list[Value | None]
    theirs: Any
    adds_up: bool = True

    def agrees(self, margin: Fraction) -> bool:
        """Money of the months together within the margin, each on its cent; anything else in each month."""
        if isinstance(self.theirs, bool | EnumValue):
            return all(our == self.theirs for our in self.ours)
        numbers = [our for our in self.ours if isinstance(our, int | Fraction)]
        if len(numbers) < len(self.ours):
            return False
        amounts = self.adds_up and isinstance(numbers[0], Fraction)
        total = sum(numbers, Fraction()) if amounts else Fraction(numbers[0])
        off_the_cent = HALF_A_CENT * len(numbers) if amounts and len(numbers) > 1 else 0
        return abs(total - exact(self.theirs)) <= margin + off_the_cent


def figures(test: Test, names: Names, constants: Constants, rounding: str = CENTS) -> list[Figure]:
    """What a test expects and we compute in a State that rounds so; raises `NoCounterpart` and `CountedOut`."""
    several = [its for part in parts(test) for its in by_household(part)]
    return [figure for household in several for figure in _figures_of_part(household, names, constants, rounding)]


def _figures_of_part(test: Test, names: Names, constants: Constants, rounding: str) -> list[Figure]:
    outputs = _in_scope(test, names)
    inputs, months = test.body.get("input") or {}, _months(test)
    people = [str(item) for item in inputs.get("people") or [ALONE]]
    wanted = list(_wanted(outputs, people, names))
    figures = [Figure(name, [], theirs, names.figure(name).type.kind is not Kind.RATE) for name, _, theirs in wanted]
    for at in months:
        household = Household(names, people, at, len(months) > 1, rounding)
        household.assume()
        for name, raw, whose in said_in(inputs):
            household.say(name, raw, whose)
        relate(household, test.body)
        household.conclude()
        settle(household, test.body, constants)
        interpreter = Interpreter(names.program, household.case(), constants)
        for (name, whose, _), figure in zip(wanted, figures, strict=True):
            outcome = interpreter.find(Fact(names.figure(name).name, whose, at))
            figure.ours.append(outcome.value if isinstance(outcome, Known) else None)
    return figures


def _in_scope(test: Test, names: Names) -> list[tuple[str, Any, str]]:
    """What is expected and is SNAP's law; raises `CountedOut` if that is nothing."""
    reasons = {name: reason for reason, its in names.mapping["counted_out"].items() for name in its}
    require_our_law(test, reasons, "takes_up_snap")
    said = list(said_in(test.body.get("output") or {}))
    names_of_places = {name for name, _, _ in said} & set(names.mapping["of_places"])
    by_county = any(name in PLACES for name, _, _ in said_in(test.body.get("input") or {}))
    if any(reasons.get(name) == BY_COUNTY for name, _, _ in said) or (by_county and names_of_places):
        raise CountedOut(BY_COUNTY)
    kept = [its for its in said if its[0] not in reasons and not its[0].startswith(("ca_", "dc_", "md_", "ny_", "nj_"))]
    if not kept:
        raise CountedOut(reasons.get(said[0][0], "programs and money of States") if said else "nothing expected")
    return kept


def require_our_law(test: Test, reasons: Mapping[str, str], take_up: str) -> None:
    """Raises `CountedOut` for a test that states who enrols (inputs that begin with `take_up`), or another law."""
    for name, raw, _ in said_in(test.body.get("input") or {}):
        if name.startswith(take_up) and not raw:
            raise CountedOut("who enrols")
        if name in reasons or name.startswith("gov."):
            raise CountedOut(reasons.get(name, "another law than the one in force"))


def _months(test: Test) -> list[Period]:
    text = str(test.body.get("period", ""))
    months = [f"{text}-{month:02d}" for month in range(1, 13)] if text.isdigit() else [text]
    if len(months[0]) != len("2024-01"):
        raise NoCounterpart("period")
    if parse_period(months[0]).start < BEGINS:
        raise CountedOut("before October 2018")
    return [parse_period(other_month) for other_month in months]


def said_in(inputs: Mapping[str, Any]) -> Iterator[tuple[str, Any, str]]:
    """Each name that a test states, its value, and whose it is; empty where it is nobody's in particular."""
    for name, raw in inputs.items():
        if name in ("people", *GROUPS):
            yield from (
                (other_name, value, str(who))
                for who, its in (raw or {}).items()
                for other_name, value in (its or {}).items()
            )
        elif name in ENTITIES:
            yield from ((each_name, value, "") for each_name, value in raw.items())
        else:
            yield name, raw, ""


def _wanted(outputs: list[tuple[str, Any, str]], people: list[str], names: Names) -> Iterator[tuple[str, str, Any]]:
    known = [its for its in outputs if its[0] in names.mapping["wanted"]]
    for name, raw, who in outputs:
        if known and name in names.mapping["on_the_way"]:
            continue
        if name not in names.mapping["wanted"] or isinstance(raw, Mapping):
            raise NoCounterpart(f"output {name}")
        definition = names.figure(name)
        whose = [UNIT] if definition.entity == "snap_unit" else [who] if who in people else people
        values = raw if isinstance(raw, list) else [raw] * len(whose)
        if len(values) != len(whose):
            raise NoCounterpart(f"output {name} of several households")
        if definition.type.kind is Kind.ENUM:
            values = [names.value(definition, value) for value in values]
        yield from ((name, item, value) for item, value in zip(whose, values, strict=True))


def load() -> Names:
    """Our rules with the figures that their tests name, and their names in ours."""
    return Names(programs.load_program("us", [FIGURES]), yaml.safe_load(MAPPING.read_text(encoding="utf-8")))


def differing(test: Test, names: Names, constants: Constants, rounding: str = CENTS) -> list[Differing]:
    """The figures of a test that are not alike where a State rounds so, ours of its first months."""
    margin = max(exact(test.body.get("absolute_error_margin", MARGIN) or 0), LEAST_MARGIN)
    return [
        Differing(its.name, ", ".join(str(value) for value in its.ours[:MONTHS_SHOWN]), str(its.theirs))
        for its in figures(test, names, constants, rounding)
        if not its.agrees(margin)
    ]


def differing_in_both_ways(
    test: Test, names: Names, constants: Constants, in_dollars_alone: list[str]
) -> list[Differing]:
    """The figures that differ with cents kept; none if all agree at the nearest dollar, which adds the test's key to
    `in_dollars_alone`.
    """
    with_cents = differing(test, names, constants)
    if with_cents and not differing(test, names, constants, NEAREST_DOLLAR):
        in_dollars_alone.append(test.key)
        return []
    return with_cents


def main() -> None:
    """Report on a folder."""
    names = load()
    constants = Constants(names.program)
    in_dollars_alone: list[str] = []
    report(Path(sys.argv[1]), lambda test: differing_in_both_ways(test, names, constants, in_dollars_alone))
    print(
        f"{len(in_dollars_alone)} of the agreeing at the nearest dollar alone: {', '.join(in_dollars_alone) or 'none'}"
    )


if __name__ == "__main__":
    main()
