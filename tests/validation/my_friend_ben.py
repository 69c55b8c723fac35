"""MyFriendBen's validations: households, and whether its screener finds them eligible for a program that we have too.

1. A case names a State, people with their ages, incomes by kind and a program. The people live together: one return of
   head, spouse and children, one family, one SNAP household, one SSI unit.
2. Who is found eligible is somebody of the household, by the figure of `PROGRAMS`.
3. The month is one in which every program has taken up the guideline of 2026.

Its files are read from a clone of MyFriendBen/benefits-api, and none of them is here:

    python -m tests.validation.my_friend_ben FOLDER
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from api.rules import programs
from engine.interpret.case_reader import case_from_data
from engine.interpret.interpreter import Interpreter
from engine.interpret.outcomes import Fact, Known
from engine.ir.program import Program
from engine.text.diagnostics import Diagnostics
from engine.values.periods import parse_period
from engine.values.types import EnumValue

DATA = "validations/management/commands/import_validations/data"
AT = parse_period("2026-08")
STATES = {"tx": "texas", "il": "illinois", "ma": "massachusetts", "wa": "washington", "co": "colorado"}
CHILD = ("infant", "young_child", "older_child")
# Of each program the figures that find it, and the values of them that mean eligible.
COVERED = (("medicaid_category", (*CHILD, "adult", "parent", "pregnant")), ("is_chip_eligible_child", ("true",)))
SAVINGS = (("msp_category", ("qmb", "slmb", "qi", "qdwi")),)
HEAD_START, EARLY = (("is_head_start_eligible", ("true",)),), (("is_early_head_start_eligible", ("true",)),)
PROGRAMS: Mapping[str, tuple[tuple[str, tuple[str, ...]], ...]] = {
    "tx_medicaid_for_children": (("medicaid_category", CHILD),),
    "tx_medicaid_for_parents_and_caretakers": (("medicaid_category", ("parent",)),),
    "tx_medicaid_for_pregnant_women": (("medicaid_category", ("pregnant",)),),
    "tx_medicare_savings_program": SAVINGS,
    "il_msp": SAVINGS,
    "wa_apple_health_medicaid": COVERED,
    "wa_apple_health_for_kids": (("medicaid_category", CHILD), ("is_chip_eligible_child", ("true",))),
    "ma_head_start": HEAD_START,
    "tx_head_start": HEAD_START,
    "wa_head_start": (*HEAD_START, *EARLY),
    "ma_early_head_start": EARLY,
    "tx_early_head_start": EARLY,
    "wa_snap": (("is_snap_eligible", ("true",)),),
    "wa_wic": (("is_wic_eligible", ("true",)),),
    "wa_lifeline": (("is_lifeline_eligible", ("true",)),),
    "wa_ssi": (("is_ssi_eligible", ("true",)),),
    "wa_nslp": (("school_meal_tier", ("free", "reduced")),),
}
AGES_OF_HEAD_START = range(3, 6)  # compulsory school begins after it
# Of the year: months are a twelfth of it. SSI is of the month.
INCOMES = {
    "wages": "employment_income",
    "sSRetirement": "social_security",
    "sSDisability": "social_security",
    "unemployment": "unemployment_compensation",
    "investment": "taxable_interest_income",
    "rent": "rental_income",
}
RECEIVED = {
    "snap": ("receives_snap",),
    "tanf": ("receives_tanf",),
    "medicaid": ("receives_medicaid",),
    "ssi": ("receives_ssi",),
}
COUNTED_BY_HEAD_START = ("wages", "unemployment")  # 45 CFR 1305.2
UNDER, OF_SCHOOL = 19, 5


@dataclass(frozen=True, slots=True)
class Compared:
    """A case by file and number, whether somebody is eligible: ours and theirs."""

    key: str
    notes: str
    ours: bool | None
    theirs: bool


def compare(program: Program, folder: Path) -> Iterator[Compared]:
    """Every case of a program that we have."""
    for path in sorted((folder / DATA).glob("*.json")):
        for number, body in enumerate(json.loads(path.read_text(encoding="utf-8")), 1):
            results = body["expected_results"]
            for expected in results if isinstance(results, list) else [results]:
                if expected["program_name"] in PROGRAMS:
                    ours = eligible(program, body["household"], expected["program_name"])
                    yield Compared(f"{path.stem} #{number}", body["notes"], ours, expected["eligible"])


def eligible(program: Program, household: Mapping[str, Any], name: str) -> bool | None:
    """Whether somebody of the household is eligible; None if that is not determined."""
    case = case_from_data(program, said(household), Diagnostics(), AT)
    assert case is not None
    interpreter, found = Interpreter(program, case), []
    for figure, values in PROGRAMS[name]:
        definition = program.find(figure)
        assert definition is not None
        for owner in case.instances[definition.entity]:
            if figure == "is_head_start_eligible" and not _is_of_head_start_age(household, owner):
                continue
            outcome = interpreter.find(Fact(definition.name, owner, definition.period.containing(AT.start)))
            found.append(_as_text(outcome.value) in values if isinstance(outcome, Known) else None)
    return True if True in found else None if None in found else False


def _is_of_head_start_age(household: Mapping[str, Any], owner: str) -> bool:
    return household["household_members"][int(owner.removeprefix("p"))]["age"] in AGES_OF_HEAD_START


def _as_text(value: object) -> str:
    return value.member if isinstance(value, EnumValue) else str(value).lower()


def said(household: Mapping[str, Any]) -> dict[str, object]:
    """The household in our terms."""
    state = STATES[household["white_label"]]
    members = {f"p{place}": its for place, its in enumerate(household["household_members"])}
    children = [who for who, its in members.items() if its["relationship"] == "child"]
    couple = [who for who, its in members.items() if its["relationship"] in ("headOfHousehold", "spouse")]
    others = [who for who in members if who not in children and who not in couple]
    people = {who: _person(its, state) for who, its in members.items()}
    dependent = any(members[who]["age"] < UNDER for who in children)
    for who in couple:
        people[who]["is_caretaker_of_dependent_child"] = dependent
    for kind, facts in RECEIVED.items():
        if household.get(f"has_{kind}"):
            for who in members:
                people[who] |= dict.fromkeys(facts, True)
    people[couple[0]]["ssi_money_and_accounts"] = _money(household.get("household_assets") or 0)
    head_start = [_of_year(its) for its in members.values()]
    return {
        "complete": True,
        "people": people,
        "tax_units": {
            "home": {"head": couple[0], **({"spouse": couple[1]} if couple[1:] else {}), "dependents": children},
            **{who: {"head": who} for who in others},
        },
        "ssi_units": {
            "home": {"ssi_adults": couple, "ssi_children": [who for who in children if members[who]["age"] < 18]},
            **{who: {"ssi_adults": [who]} for who in (*others, *(c for c in children if members[c]["age"] >= 18))},
        },
        "families": {
            "home": {
                "family_members": list(members),
                "family_state": state,
                "family_income_of_12_months": str(sum(head_start, Fraction())),
                "lifeline_service": "broadband",
            }
        },
        "snap_units": {
            "home": {
                "snap_members": list(members),
                "snap_state": state,
                "snap_resources": _money(household.get("household_assets") or 0),
            }
        },
    }


def _money(amount: float | str) -> str:
    return str(Fraction(str(amount)).limit_denominator(100))


def _by_month(stream: Mapping[str, Any]) -> Fraction:
    return Fraction(str(stream["amount"])) / (12 if stream["frequency"] == "yearly" else 1)


def _of_year(member: Mapping[str, Any]) -> Fraction:
    streams = member.get("income_streams") or []
    return sum((12 * _by_month(its) for its in streams if its["type"] in COUNTED_BY_HEAD_START), Fraction())


def _person(member: Mapping[str, Any], state: str) -> dict[str, Any]:
    insured = member.get("insurance") or {}
    facts: dict[str, Any] = {
        "birth_date": f"{AT.start.year - member['age']}-01-15",
        "state_of_residence_in_month": state,
        "is_pregnant": bool(member.get("pregnant")),
        "is_ssi_disabled": bool(member.get("disabled") or member.get("long_term_disability")),
        "is_ssi_blind": bool(member.get("visually_impaired")),
        "has_medicare_in_month": bool(insured.get("medicare")),
        "is_medicare_eligible": bool(insured.get("medicare")),
        "has_other_health_coverage": bool(insured.get("employer") or insured.get("private")),
        "attends_school_with_meals": OF_SCHOOL <= member["age"] < UNDER,
        "is_at_nutritional_risk": True,
        "medically_needy_level_of_plan": 994,  # the SSI rate, as in Washington, whose table moves with it
        "medically_needy_resource_limit_of_plan": 2_000,
    }
    for stream in member.get("income_streams") or []:
        amount, kind = _by_month(stream), stream["type"]
        if kind == "sSI":
            facts["ssi_received_of_month"] = str(amount)
        else:
            facts[INCOMES[kind]] = str(Fraction(facts.get(INCOMES[kind], 0)) + 12 * amount)
    return facts


def main() -> None:
    """Print what differs, and how many agree."""
    program = programs.load_program("us")
    compared = list(compare(program, Path(sys.argv[1])))
    for its in compared:
        if its.ours != its.theirs:
            print(f"{its.key}  {its.ours} / {its.theirs}  {its.notes}")
    print(f"{len(compared)} cases, {sum(its.ours == its.theirs for its in compared)} agreeing")


if __name__ == "__main__":
    main()
