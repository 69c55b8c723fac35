"""What a test of PolicyEngine's says of its people, as facts of ours about a month and those before it.

1. The people of a test are one return, one family, one SSI unit and one dwelling, unless it deals them out.
2. What is said of them is said in our names (`policyengine_benefits.yaml`); money of a year is a twelfth in each month.
3. A share of a guideline is turned into the income that it means, once the people are known.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from engine.interpret.cases import Case
from engine.interpret.constants import Constants
from engine.interpret.interpreter import Interpreter
from engine.interpret.outcomes import Fact, Known
from engine.ir.program import Definition, Program
from engine.values.periods import Period, parse_period
from engine.values.types import EnumValue, Kind, Value
from tests.validation.policyengine_conclusions import conclude
from tests.validation.policyengine_kinships import KINSHIP, Links, records
from tests.validation.policyengine_names import NoCounterpart, exact
from tests.validation.policyengine_snap import POSTAL
from tests.validation.policyengine_ssi_units import ssi_unit_of

UNIT, ALONE, MODULE = "home", "alone", "validation/policyengine"
GROUPS = ("tax_unit", "family", "ssi_unit", "dwelling", "snap_unit")
THEIRS = {
    "tax_unit": "tax_units",
    "family": "spm_units",
    "ssi_unit": "tax_units",
    "dwelling": "households",
    "snap_unit": "spm_units",
}
EARLIER_MONTHS = 3  # SSI looks back two
SIX_MONTHS, FORTY_QUARTERS = 6, 40
CHIP_CATEGORIES = {
    "is_chip_eligible_child": "CHILD",
    "is_chip_eligible_pregnant": "PREGNANT_STANDARD",
    "is_chip_eligible_unborn": "PREGNANT_FCEP",
}
WEEKS, MOST_HOURS = Fraction(52, 12), 744  # of a month
UNSTATED_AGE, ADULT, YEARS_HERE, MONTHS_BEFORE_MEDICARE, FAR_TOO_MUCH = 40, 18, 5, 24, 1_000_000_000


@dataclass(slots=True)
class Situation:
    """What a test says of its people, as facts of ours about `at` and the months before."""

    program: Program
    mapping: Mapping[str, Any]
    people: list[str]
    at: Period
    yearly: frozenset[str] = frozenset()
    of_year: bool = True
    groups: Mapping[str, Mapping[str, list[str]]] = field(default_factory=dict)
    ages: dict[str, Fraction] = field(default_factory=dict)
    roles: dict[str, str] = field(default_factory=dict)
    stated_ages: set[str] = field(default_factory=set)
    no_spouses: set[str] = field(default_factory=set)
    marks: set[tuple[str, str]] = field(default_factory=set)
    wants_aged: bool = False
    links: Links = field(default_factory=Links)
    given: dict[Fact, Value] = field(default_factory=dict)
    shares: dict[tuple[str, str], Fraction] = field(default_factory=dict)

    def figure(self, name: str, wanted: bool = False) -> Definition:
        """The figure of ours that a name means; raises `NoCounterpart`."""
        ours = self.mapping["same"].get(name, name)
        ours = self.mapping["wanted_as"].get(name, ours) if wanted else ours
        definition = self.program.find(ours) or self.program.find(f"{MODULE}:{ours}")
        if definition is None or definition.entity not in ("person", *GROUPS) or name in self.mapping["unlike"]:
            raise NoCounterpart(f"output {name}" if wanted else name)
        return definition

    def value(self, definition: Definition, raw: Any, of_year: bool) -> Value:
        """A value as ours: money of a year as a twelfth, where ours is of the month."""
        match definition.type.kind:
            case Kind.BOOLEAN:
                return bool(raw)
            case Kind.ENUM:
                return self._member(definition.type.enum, raw)
            case Kind.INTEGER:
                return int(exact(raw))
        monthly = definition.type.kind is Kind.MONEY and str(definition.period) == "month" and not definition.stock
        monthly = monthly and definition.short_name not in self.mapping["of_year"]
        return exact(raw) / 12 if monthly and of_year else exact(raw)

    def _member(self, enum: str, raw: Any) -> EnumValue:
        member = self.mapping["members"].get(enum, {}).get(raw)
        if enum in ("state", "snap_state"):
            member = dict(zip(POSTAL, self.program.settings.enums["snap_state"].members, strict=True)).get(raw)
        if member is None or member not in self.program.settings.enums[enum].members:
            raise NoCounterpart(f"{enum} {raw}")
        return EnumValue(enum, member)

    def put(self, name: str, whose: str, raw: Any, during: str = "") -> None:
        """State a figure of somebody, of the group where it is one of a group: of a period, or of every month that may
        be read. What is one of several parts of ours is added."""
        definition = self.figure(name)
        yearly = name in self.yearly or name in self.mapping["their_year"]
        of_year = during.isdigit() if during else self.of_year or yearly
        whom = self.whom(definition, whose)
        if name in self.mapping["of_couple"]:
            whom = [person for owner in whom for person in self._couple(owner)]
        for owner in whom:
            for period in self._periods(definition, during):
                fact = Fact(definition.name, owner, period)
                its = self.value(definition, raw, of_year)
                added = name in self.mapping["sums"] or name in self.mapping["of_couple"]
                before = self.given.get(fact) if added else None
                numbers = isinstance(its, Fraction | int) and isinstance(before, Fraction | int)
                self.given[fact] = its + before if numbers and not isinstance(its, bool) else its  # type: ignore[operator]

    def whom(self, definition: Definition, whose: str) -> list[str]:
        """Of whom a figure is meant: somebody, everybody, or the groups that they are in."""
        members = self.members_of(whose)
        if definition.entity not in GROUPS:
            return members
        return list({self.unit_of(definition.entity, member): None for member in members})

    def _couple(self, person: str) -> list[str]:
        return next((its for its in self.groups.get("marital_units", {}).values() if person in its), [person])

    def members_of(self, whose: str) -> list[str]:
        """Somebody, the members of a unit of theirs, or everybody."""
        if whose in self.people:
            return [whose]
        for units in self.groups.values():
            if whose in units:
                return units[whose]
        return self.people

    def unit_of(self, group: str, person: str) -> str:
        """The group of a person: as the test deals people out to its units; all in one where it does not. Husband and
        wife are one SSI unit, and so are the children of their return."""
        if group == "tax_unit" and (claimed_on := self.links.claimed_on(person)) is not None:
            return claimed_on
        if group == "ssi_unit" and self.groups.get("marital_units"):
            return ssi_unit_of(self, person)
        if group == "ssi_unit" and self.roles.get(person) == "dependent" and self.ages.get(person, 0) >= ADULT:
            return person  # an adult who is not a spouse is alone
        for unit, members in self.groups.get(THEIRS[group], {}).items():
            if person in members:
                return unit
        return UNIT

    def _periods(self, definition: Definition, during: str) -> Iterator[Period]:
        if during:
            months = [f"{during}-{month:02d}" for month in range(1, 13)] if during.isdigit() else [during]
            starts = [parse_period(month).start for month in months]
        else:
            starts = [self.at.start]
            for _ in range(EARLIER_MONTHS):
                starts.append((starts[-1] - timedelta(days=1)).replace(day=1))
        yield from {definition.period.containing(start): None for start in starts}

    def say(self, name: str, raw: Any, whose: str) -> None:
        """Say a fact of a test in our names; raises `NoCounterpart`."""
        if isinstance(raw, Mapping):
            for during, its in sorted((str(period), its) for period, its in raw.items()):
                self._say(name, its, whose, during)
        elif isinstance(raw, list):
            whom = self.members_of(whose)
            if len(raw) != len(whom):
                raise NoCounterpart(f"{name} of several groups")
            for person, its in zip(whom, raw, strict=True):
                self._say(name, its, person, "")
        else:
            self._say(name, raw, whose, "")

    def _say(self, name: str, raw: Any, whose: str, during: str) -> None:
        whom, mapping = self.members_of(whose), self.mapping
        if self.links.say(name, raw, whose, whom):
            return
        if name in mapping["shares"]:
            self.shares |= {(person, name): exact(raw) for person in whom}
        for flag in (*mapping["receipts"].get(name, ()), *mapping["positive"].get(name, ())):
            self.put(flag, whose, exact(raw) > 0, during)
        for flag in mapping["also"].get(name, ()):
            self.put(flag, whose, raw, during)
        match name:
            case _ if name in mapping["marks"]:
                self.marks |= {(person, name) for person in whom if raw}
            case "is_tax_unit_head" | "is_tax_unit_spouse" | "is_tax_unit_dependent":
                if name == "is_tax_unit_spouse" and not raw:
                    self.no_spouses.update(whom)
                self.roles |= dict.fromkeys(whom if raw else (), name.removeprefix("is_tax_unit_"))
            case "months_receiving_social_security_disability":  # before this one: the next is counted here
                self.put(name, whose, int(exact(raw)) + 1, during)
                if exact(raw) >= MONTHS_BEFORE_MEDICARE:
                    self.put("has_medicare_in_month", whose, True)
            case "tanf" if raw and not isinstance(raw, bool):
                self.put("tanf_received_of_month", whom[0], raw, during)  # of the family, whoever receives it
            case "filing_status" if not during:
                for year in range(self.at.start.year - YEARS_HERE, self.at.start.year + 1):
                    self.put(name, whose, raw, str(year))
            case "age" | "monthly_age":
                self.ages |= dict.fromkeys(whom, exact(raw))
                self.stated_ages.update(whom)
            case "years_since_us_entry":
                for person in whom:
                    self.state("qualified_status_since", person, date(self.at.start.year - int(exact(raw)), 1, 1))
            case "own_children_in_household":
                self.put(name, whose, exact(raw) > 0)
                self.marks |= {(person, name) for person in whom if exact(raw) > 0}
            case "weekly_hours_worked" | "weekly_hours_worked_before_lsr" | "hours_worked_last_week":
                hours = min(MOST_HOURS, int(exact(raw) * WEEKS))
                self.put("weekly_hours_worked", whose, raw, during)
                self.put("hours_of_work_and_training_of_month", whose, hours, during)
            case "pell_grant_eligibility_type":
                self.put(name, whose, raw)
                self.put("is_pell_maximum_by_income", whose, raw == "MAXIMUM")
            case "pell_grant_formula":
                self.put("aid_is_independent", whose, raw != "A")
                self.put("aid_has_dependents", whose, raw == "C")
                self.marks |= {(person, "is_independent_student") for person in whom if raw != "A"}
            case "foreign_earned_income_exclusion":  # their adjusted gross income is after it, and their wages are
                self.put(name, whose, raw, during)
                wages = self.said("employment_income", whom[0])
                wages = exact(raw) + (wages if isinstance(wages, Fraction) else 0)
                self.put("employment_income", whom[0], wages, str(self.at.start.year))
            case "chip_category":
                self.put(name, whose, raw)
                for figure, category in CHIP_CATEGORIES.items():
                    self.put(figure, whose, raw == category)
            case "ss_aime":
                self.put(name, whose, raw)
                self.put("ss_eligibility_year", whose, self.at.start.year)  # they read the bend points of the year
            case "school_meal_tier":
                self.put(name, whose, raw)
                self.put("state_makes_meals_free", whose, False)  # an answer that the State's law moves no more
            case "is_head_start_income_eligible":
                self.put("family_income_of_12_months", whose, 0 if raw else FAR_TOO_MUCH)
            case "count_days_postpartum":
                for person in whom:
                    self.state("pregnancy_ended_on", person, self.at.start + timedelta(days=27 - int(exact(raw))))
            case "ssi_qualifying_quarters_earnings":
                self.put("has_forty_quarters_of_work", whose, exact(raw) >= FORTY_QUARTERS)
            case "tax_unit_is_filer":
                for person in whom:
                    if self.links.claimed_on(person) is None:
                        self.put(name, person, raw, during)
            case "medicaid_claimed_by_parent_in_tax_unit":
                for person in () if raw else whom:
                    self.state("relationship_to_filer", person, EnumValue("relationship", "other_relative"))
            case "separate_filer_itemizes":
                self.put(name, whose, raw, during)
                self.put("spouse_of_dependent_itemizes", whose, raw, during)
            case "medicaid_community_engagement_six_month_average_income":
                for person in whom:
                    self._earlier("gross_income_of_month", person, exact(raw))
            case "traditional_401k_contributions" | "traditional_403b_contributions":
                for person in whom:
                    self._defer(person, exact(raw))
            case "spm_unit_is_married" if raw and self.people == [ALONE]:
                self.put("msp_persons", whose, 2)
            case "broadband_cost" | "phone_cost":
                self.marks |= {(person, name) for person in whom if exact(raw) > 0}
                self.put(name, whose, raw, during)
            case _ if not any(name in mapping[kind] for kind in ("irrelevant", "shares", "receipts")):
                self.put(name, whose, raw, during)

    def said(self, name: str, whose: str) -> Value | None:
        """What has been given of somebody or of a group; none if nothing."""
        return self.given.get(self._fact(name, whose))

    def state(self, name: str, whose: str, value: Value) -> None:
        """Give a figure of ours its value, unless it has one."""
        self.given.setdefault(self._fact(name, whose), value)

    def forget(self, name: str, whose: str) -> None:
        """Take back what was given of somebody, where the law has no place for it."""
        self.given.pop(self._fact(name, whose), None)

    def _fact(self, name: str, whose: str) -> Fact:
        definition = self.figure(name)
        return Fact(definition.name, whose, definition.period.containing(self.at.start))

    def _earlier(self, name: str, person: str, amount: Fraction) -> None:
        """State a figure of each of the six months before."""
        definition, start = self.figure(name), self.at.start
        for _ in range(SIX_MONTHS):
            start = (start - timedelta(days=1)).replace(day=1)
            self.given[Fact(definition.name, person, definition.period.containing(start))] = amount

    def _defer(self, person: str, amount: Fraction) -> None:
        """Take what goes to a plan off the wages of the return, and not off those of the months."""
        fact = self._fact("employment_income", person)
        wages = self.given.get(fact, Fraction())
        assert isinstance(wages, Fraction)
        if not self.said("wages_of_month", person):
            self.put("wages_of_month", person, wages / 12, f"{self.at.start:%Y-%m}")
        self.given[fact] = wages - amount

    def case(self, constants: Constants) -> Case:
        """The complete case: ages, who is whose, and income where only its share of the guideline is said."""
        for person in self.people:
            age = self.ages.setdefault(person, Fraction(UNSTATED_AGE))
            birthday = (
                self.at.start + timedelta(days=27 - int(age % 1 * 365)) if age % 1 else date(self.at.start.year, 1, 2)
            )
            self.state("date_of_birth", person, birthday.replace(year=birthday.year - int(age)))
            self.state("age", person, int(age))
            self.state("qualified_status_since", person, date(self.at.start.year - YEARS_HERE, 1, 1))
            if (person, "medicaid_income_level") in self.shares and not self.groups.get("tax_units"):
                self.state("medicaid_household_size", person, 1)
        self.roles |= {person: "dependent" for person in self.people if self.links.claimed_on(person) is not None}
        conclude(self)
        case = self._people()
        interpreter = Interpreter(self.program, case, constants)
        for (person, name), share in self.shares.items():
            if name == "tax_unit_medicaid_income_level" and self._says_income_beside(person, share):
                continue
            self._income_of(self.mapping["shares"][name], person, share, interpreter)
        return case

    def _says_income_beside(self, person: str, share: Fraction) -> bool:
        """State the level and the income of a year as they are said, if both are."""
        income = self.said("aca_magi", self.unit_of("tax_unit", person))
        if not isinstance(income, Fraction):
            return False
        self.state("health_income_level", person, share)
        self.state("medicaid_household_income", person, income / 12)
        return True

    def _income_of(self, terms: Mapping[str, Any], person: str, share: Fraction, interpreter: Interpreter) -> None:
        base, income = self.figure(terms["of"]), self.figure(terms["is"])
        (owner,) = self.whom(base, person)
        outcome = interpreter.find(Fact(base.name, owner, base.period.containing(self.at.start)))
        if not isinstance(outcome, Known) or not isinstance(outcome.value, Fraction):
            raise NoCounterpart(terms["of"])
        amount = share * outcome.value * Fraction(terms["times"])
        self.given[Fact(income.name, owner, income.period.containing(self.at.start))] = amount

    def _people(self) -> Case:
        holders: dict[tuple[str, str, str], tuple[str, ...]] = {}
        group_of: dict[tuple[str, str], str] = {}
        for group in GROUPS:
            for unit in {self.unit_of(group, person): None for person in self.people}:
                inside = [person for person in self.people if self.unit_of(group, person) == unit]
                for role, its in self.roles_in(group, inside).items():
                    holders[group, unit, role] = tuple(its)
                    group_of |= {(group, person): unit for person in its}
        instances = {group: tuple(dict.fromkeys(unit for (of, unit, _) in holders if of == group)) for group in GROUPS}
        kinships = records(self)
        return Case(
            at=self.at,
            instances={
                "person": tuple(self.people),
                **instances,
                KINSHIP: tuple(its for _, its in kinships["owner_of"]),
            },
            holders=holders,
            group_of=group_of,
            given=self.given,
            complete=True,
            **kinships,  # type: ignore[arg-type]
        )

    def roles_in(self, group: str, inside: list[str]) -> Mapping[str, list[str]]:
        """Who holds which role of a group of these people. Where nobody is said to be married, two adults are."""
        adults = [person for person in inside if self.ages[person] >= ADULT and self.roles.get(person) != "dependent"]
        heads = ([person for person in inside if self.roles.get(person) == "head"] or adults or inside)[:1]
        said = self.groups.get("marital_units", {})
        couple = next((its for its in said.values() if heads[0] in its), [] if said else adults)
        couple = [person for person in couple if self.ages[person] >= ADULT or len(couple) == 2]
        spouses = [person for person in inside if self.roles.get(person) == "spouse"] or [
            person
            for person in inside
            if person in couple
            and person not in heads
            and self.links.claimed_on(person) is None
            and ((group == "ssi_unit" and said) or person not in self.no_spouses)
        ]
        rest = [person for person in inside if person not in heads and person not in spouses[:1]]
        match group:
            case "tax_unit":
                return {"head": heads, "spouse": spouses[:1], "dependent": rest}
            case "family":
                return {"family_member": inside}
            case "dwelling":
                return {"occupant": inside}
            case "snap_unit":
                return {"snap_member": inside}
        children = [person for person in rest if self.ages[person] < ADULT]
        return {"ssi_adult": [*heads, *spouses[:1]], "ssi_child": children}
