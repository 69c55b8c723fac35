"""Against PolicyEngine's own tests of health coverage, SSI, Medicare, meals and others, in a month of the year.

1. The people of a test are one return, one family and one SSI unit. What is said of them is said in our names
   (`policyengine_benefits.yaml`); money of a year is a twelfth in each month.
2. Their figures are of years, and of the guideline of January: ours are of a month in which that guideline holds, and
   are compared with a twelfth of theirs. A figure that is one of a year is compared as it is.

policyengine-us is AGPL: its files are read from where it is installed, and none of them is here.

    python -m tests.validation.policyengine_benefits FOLDER
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
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
from tests.validation.policyengine_names import NoCounterpart, Test, exact, tests_in
from tests.validation.policyengine_snap import POSTAL, _said

MAPPING = Path(__file__).resolve().parent / "policyengine_benefits.yaml"
UNIT = "home"
UNITS = ("tax_units", "spm_units", "marital_units", "households", "families")  # theirs
GROUPS = ("tax_unit", "family", "ssi_unit", "dwelling")
MONTH, EARLIER_MONTHS = 6, 3  # a month in which every program has taken up the year's guideline; SSI looks back two
UNSTATED_AGE, ADULT, YEARS_HERE = 40, 18, 5
MARGIN = Fraction(1, 2)


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
    ages: dict[str, int] = field(default_factory=dict)
    roles: dict[str, str] = field(default_factory=dict)
    given: dict[Fact, Value] = field(default_factory=dict)
    level: Fraction | None = None
    fraction: Fraction | None = None

    def figure(self, name: str) -> Definition:
        """The figure of ours that a name means; raises `NoCounterpart`."""
        found = self.program.find(self.mapping["same"].get(name, name))
        if found is None or found.entity not in ("person", *GROUPS):
            raise NoCounterpart(name)
        return found

    def value(self, definition: Definition, raw: Any, theirs: str) -> Value:
        """A value as ours: money that is of a year under their name as a twelfth, where ours is of the month."""
        match definition.type.kind:
            case Kind.BOOLEAN:
                return bool(raw)
            case Kind.ENUM:
                enum = definition.type.enum
                member = self.mapping["members"].get(enum, {}).get(raw)
                if enum in ("state", "snap_state"):
                    member = dict(zip(POSTAL, self.program.settings.enums["snap_state"].members, strict=True)).get(raw)
                if member is None or member not in self.program.settings.enums[enum].members:
                    raise NoCounterpart(f"{enum} {raw}")
                return EnumValue(enum, member)
            case Kind.INTEGER:
                return int(exact(raw))
        monthly = definition.type.kind is Kind.MONEY and str(definition.period) == "month" and not definition.stock
        return exact(raw) / 12 if monthly and (self.of_year or theirs in self.yearly) else exact(raw)

    def put(self, name: str, whose: str, raw: Any) -> None:
        """State a figure of somebody, of the group where it is one of a group, for every month that may be read."""
        definition = self.figure(name)
        for one in self.whom(definition, whose):
            for period in self._periods(definition):
                self.given[Fact(definition.name, one, period)] = self.value(definition, raw, name)

    def whom(self, definition: Definition, whose: str) -> list[str]:
        """Of whom a figure is meant: somebody, everybody, or the groups that they are in."""
        members = self._members_of(whose)
        if definition.entity not in GROUPS:
            return members
        return list({self.unit_of(definition.entity, one): None for one in members})

    def _members_of(self, whose: str) -> list[str]:
        if whose in self.people:
            return [whose]
        for units in self.groups.values():
            if whose in units:
                return units[whose]
        return self.people

    def unit_of(self, group: str, one: str) -> str:
        """The group of a person: as the test deals people out to its units; all in one where it does not."""
        theirs = {"tax_unit": "tax_units", "family": "spm_units", "ssi_unit": "tax_units", "dwelling": "households"}
        for unit, members in self.groups.get(theirs[group], {}).items():
            if one in members:
                return unit
        return UNIT

    def _periods(self, definition: Definition) -> list[Period]:
        months = [self.at]
        for _ in range(EARLIER_MONTHS):
            before = months[-1].start - timedelta(days=1)
            months.append(parse_period(f"{before.year}-{before.month:02d}"))
        return list({definition.period.containing(month.start): None for month in months})

    def say(self, name: str, raw: Any, whose: str) -> None:
        """Say a fact of a test in our names; raises `NoCounterpart`."""
        if isinstance(raw, list):
            whom = self._members_of(whose)
            if len(raw) != len(whom):
                raise NoCounterpart(f"{name} of several groups")
            for one, its in zip(whom, raw, strict=True):
                self.say(name, its, one)
            return
        if isinstance(raw, Mapping):
            by_period = {str(one): its for one, its in raw.items()}
            said = by_period.get(str(self.at), by_period.get(str(self.at.start.year)))
            if said is None:
                raise NoCounterpart(f"{name} of another period")
            raw = said
        whom = self._members_of(whose)
        match name:
            case "is_tax_unit_head" | "is_tax_unit_spouse" | "is_tax_unit_dependent" if raw:
                self.roles |= dict.fromkeys(whom, name.removeprefix("is_tax_unit_"))
            case "age" | "monthly_age":
                self.ages |= dict.fromkeys(whom, int(exact(raw)))
            case "state_code" | "state_code_str":
                self.put("state_of_residence_in_month", whose, raw)
                self.put("family_state", whose, raw)
            case "medicaid_income_level":
                self.level = exact(raw)
            case "aca_magi_fraction":
                self.fraction = exact(raw)
            case "years_since_us_entry":
                for one in whom:
                    self._stated("qualified_status_since", one, date(self.at.start.year - int(exact(raw)), 1, 1))
            case "own_children_in_household":
                self.put(name, whose, exact(raw) > 0)
            case "is_disabled":
                self.put("is_disabled_for_housing", whose, raw)
            case "ssi":
                for one in whom:
                    self.put("receives_ssi", one, exact(raw) > 0)
                    self.put("ssi_received_of_month", one, raw)
            case _ if name not in self.mapping["irrelevant"]:
                self.put(name, whose, raw)

    def _stated(self, name: str, whose: str, value: Value) -> None:
        definition = self.figure(name)
        self.given[Fact(definition.name, whose, definition.period.containing(self.at.start))] = value

    def case(self) -> Case:
        """The complete case: ages, who is whose, and income where only its share of the guideline is said."""
        for one in self.people:
            age = self.ages.setdefault(one, UNSTATED_AGE)
            birth = date(self.at.start.year - age, 1, 2)
            self._stated("date_of_birth", one, birth)
            since = self.figure("qualified_status_since")
            self.given.setdefault(
                Fact(since.name, one, since.period.containing(self.at.start)),
                date(self.at.start.year - YEARS_HERE, 1, 1),
            )
        if self.level is not None:
            size = self.figure("medicaid_household_size")
            for one in self.people:
                self.given.setdefault(Fact(size.name, one, self.at), 1)
        for one in self.people:
            if one in self._roles("tax_unit", self.people)["head"] or self.roles.get(one) == "spouse":
                self._stated("is_head_or_spouse_of_assisted_family", one, True)
        holders: dict[tuple[str, str, str], tuple[str, ...]] = {}
        group_of: dict[tuple[str, str], str] = {}
        for group in GROUPS:
            for unit in {self.unit_of(group, one): None for one in self.people}:
                inside = [one for one in self.people if self.unit_of(group, one) == unit]
                for role, its in self._roles(group, inside).items():
                    holders[group, unit, role] = tuple(its)
                    group_of |= {(group, one): unit for one in its}
        instances = {group: tuple(dict.fromkeys(unit for (of, unit, _) in holders if of == group)) for group in GROUPS}
        return Case(
            at=self.at,
            instances={"person": tuple(self.people), **instances},
            holders=holders,
            group_of=group_of,
            given=self.given,
            complete=True,
        )

    def _roles(self, group: str, inside: list[str]) -> Mapping[str, list[str]]:
        """Who holds which role of a group of these people."""
        adults = [one for one in inside if self.ages[one] >= ADULT and self.roles.get(one) != "dependent"]
        heads = ([one for one in inside if self.roles.get(one) == "head"] or adults or inside)[:1]
        couple = next(
            (its for its in self.groups.get("marital_units", {}).values() if len(its) == 2 and heads[0] in its), []
        )
        spouses = [one for one in inside if self.roles.get(one) == "spouse" or (one in couple and one not in heads)][:1]
        rest = [one for one in inside if one not in heads and one not in spouses]
        match group:
            case "tax_unit":
                return {"head": heads, "spouse": spouses, "dependent": rest}
            case "family":
                return {"family_member": inside}
            case "dwelling":
                return {"occupant": inside}
        return {"ssi_adult": [*heads, *spouses], "ssi_child": [one for one in rest if self.ages[one] < ADULT]}


@dataclass(frozen=True, slots=True)
class Compared:
    """A figure that a test expects, ours and theirs, in the same measure."""

    name: str
    ours: Value | None
    theirs: Value

    def agrees(self, margin: Fraction) -> bool:
        """Numbers within the margin; anything else alike."""
        if isinstance(self.ours, Fraction | int) and not isinstance(self.ours, bool):
            return (
                isinstance(self.theirs, Fraction | int) and abs(Fraction(self.ours) - Fraction(self.theirs)) <= margin
            )
        return self.ours == self.theirs


def compared(
    test: Test, program: Program, mapping: Mapping[str, Any], constants: Constants, yearly: frozenset[str]
) -> list[Compared]:
    """What a test expects and we compute; raises `NoCounterpart`."""
    inputs, text = test.body.get("input") or {}, str(test.body.get("period", ""))
    at = parse_period(f"{text}-{MONTH:02d}" if text.isdigit() else text)
    if at.start.year < 2014 or len(text) > len("2024-01"):
        raise NoCounterpart("period")
    people = [str(one) for one in inputs.get("people") or ["alone"]]
    groups = {
        kind: {
            str(unit): [str(one) for one in its.get("members") or people]
            for unit, its in (inputs.get(kind) or {}).items()
        }
        for kind in UNITS
    }
    situation = Situation(program, mapping, people, at, yearly, text.isdigit(), groups)
    situation.put("state_of_residence_in_month", "", "CA")
    situation.put("family_state", "", "CA")
    for name, raw, whose in _said(inputs):
        situation.say(name, raw, whose)
    wanted = []
    for name, raw, whose in _said(test.body.get("output") or {}):
        if name not in mapping["wanted"] or isinstance(raw, Mapping):
            raise NoCounterpart(f"output {name}")
        definition = situation.figure(name)
        whom = situation.whom(definition, whose)
        values = raw if isinstance(raw, list) else [raw] * len(whom)
        if len(values) != len(whom):
            raise NoCounterpart(f"output {name} of several groups")
        wanted += [
            (definition, one, situation.value(definition, value, name)) for one, value in zip(whom, values, strict=True)
        ]
    case = situation.case()
    interpreter = Interpreter(program, case, constants)
    for share, base, amount, each in (
        (situation.level, "guideline_of_medicaid_household", "medicaid_household_income", Fraction(1, 12)),
        (situation.fraction, "tax_unit_fpg", "aca_magi", Fraction(1)),
    ):
        if share is not None:
            of, income = situation.figure(base), situation.figure(amount)
            for one in situation.whom(of, ""):
                found = interpreter.find(Fact(of.name, one, of.period.containing(at.start)))
                if not isinstance(found, Known) or not isinstance(found.value, Fraction):
                    raise NoCounterpart(base)
                situation.given[Fact(income.name, one, income.period.containing(at.start))] = share * found.value * each
            interpreter = Interpreter(program, case, constants)
    result = []
    for definition, one, theirs in wanted:
        outcome = interpreter.find(Fact(definition.name, one, definition.period.containing(at.start)))
        result.append(Compared(definition.name, outcome.value if isinstance(outcome, Known) else None, theirs))
    return result


def yearly_names(folder: Path) -> frozenset[str]:
    """Their names of which a value is of a year, as their own definitions say."""
    root = next(one for one in folder.resolve().parents if one.name == "policyengine_us")
    files = (root / "variables").rglob("*.py")
    return frozenset(one.stem for one in files if "definition_period = YEAR" in one.read_text(encoding="utf-8"))


def main() -> None:
    """Print the tests that differ, what the others lack, and how many agree."""
    program = programs.load_program("us")
    mapping = yaml.safe_load(MAPPING.read_text(encoding="utf-8"))
    constants = Constants(program)
    yearly = yearly_names(Path(sys.argv[1]))
    lacking: Counter[str] = Counter()
    cases = agreeing = runnable = 0
    for test in tests_in(Path(sys.argv[1])):
        cases += 1
        try:
            found = compared(test, program, mapping, constants, yearly)
        except NoCounterpart as lack:
            lacking[str(lack)] += 1
            continue
        runnable += 1
        margin = max(exact(test.body.get("absolute_error_margin", MARGIN) or 0), Fraction(1, 100))
        differing = [one for one in found if not one.agrees(margin)]
        agreeing += not differing
        for one in differing[:1]:
            print(f"{test.key}  {one.name}: {one.ours} / {one.theirs}")
    for name, count in lacking.most_common(40):
        print(f"{count:6}  {name}")
    print(f"{cases:,} tests, {runnable:,} runnable, {agreeing:,} agreeing")


if __name__ == "__main__":
    main()
