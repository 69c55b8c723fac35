"""What follows from the marks of a test of PolicyEngine's together: who heads a family, cares for a child or bore it,
who lives with others or in an institution. They infer this in formulas of their own; here these are facts.
"""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING

from engine.values.types import EnumValue

if TYPE_CHECKING:
    from tests.validation.policyengine_situation import Situation

ADULT, FOURTEEN, OF_AN_INFANT, PROTECTED, SCHOOL_OF_CALIFORNIA = 18, 14, 1, 21, 6
INCOME_OF_A_CHILD = (
    "employment_income",
    "self_employment_income",
    "taxable_interest_income",
    "unemployment_compensation",
)
STATES_TO_19 = ("alabama", "georgia", "kansas", "massachusetts")
FOOD_COUNTS_NO_MORE = date(2024, 9, 30)  # 89 FR 21199
UNSTATED_SUPPORT = Fraction(1_000_000_000)  # more than what is presumed


def conclude(situation: Situation) -> None:
    """State what follows, where it is not stated."""
    _couples_and_parents(situation)
    _heads(situation)
    _mothers(situation)
    _support(situation)
    _service(situation)
    _income_of_head_start(situation)
    _families_of_students(situation)
    _homes(situation)
    _schools(situation)
    _children_who_file(situation)
    for person in situation.people:
        situation.state("ss_claiming_age", person, situation.ages[person])  # they claim now unless another age is said


def _inside(situation: Situation, group: str) -> list[list[str]]:
    units = {situation.unit_of(group, person): None for person in situation.people}
    return [[person for person in situation.people if situation.unit_of(group, person) == unit] for unit in units]


def _couples_and_parents(situation: Situation) -> None:
    for inside in _inside(situation, "tax_unit"):
        roles = situation.roles_in("tax_unit", inside)
        couple = [*roles["head"], *roles["spouse"]]
        if any(_is_dependent_child(situation, child) for child in roles["dependent"]):
            for person in couple:
                situation.state("is_caretaker_of_dependent_child", person, True)
        if any(situation.ages[child] < FOURTEEN for child in roles["dependent"]):
            for person in couple:
                situation.state("is_caregiver_of_child_under_14_or_disabled_person", person, True)
                situation.state("is_responsible_for_dependent_child", person, True)
        unstated = not any(person in situation.stated_ages for person in couple)
        if situation.wants_aged and len(couple) > 1 and unstated:  # meant as an aged couple
            for person in couple:
                situation.state("is_ssi_joint_claim", person, True)


def _is_dependent_child(situation: Situation, child: str) -> bool:
    """Under 18, or at 18 a student or in a State that goes to 19 (42 CFR 435.4); no foster child."""
    state = situation.said("state_code", child)
    to_19 = situation.said("is_full_time_student", child) or (
        isinstance(state, EnumValue) and state.member in STATES_TO_19
    )
    return not situation.said("is_in_foster_care", child) and situation.ages[child] < (ADULT + 1 if to_19 else ADULT)


def _heads(situation: Situation) -> None:
    """The head of an assisted family is who is said to be, or the oldest; with husband or wife."""
    for inside in _inside(situation, "family"):
        named = [person for person in inside if (person, "is_household_head") in situation.marks]
        head = (named or sorted(inside, key=lambda person: -situation.ages[person]))[0]
        unit = situation.unit_of("tax_unit", head)
        roles = situation.roles_in("tax_unit", [its for its in inside if situation.unit_of("tax_unit", its) == unit])
        couple = [*roles["head"], *roles["spouse"]]
        for person in couple if head in couple else [head]:
            situation.state("is_head_or_spouse_of_assisted_family", person, True)


def _mothers(situation: Situation) -> None:
    """Of each infant, the youngest first, the youngest woman who may be the mother: one of the same return, or one who
    breastfeeds and has no infant on her own."""
    marks, ages = situation.marks, situation.ages
    mothers = [
        person
        for person in sorted(situation.people, key=lambda person: ages[person])
        if (person, "is_mother") in marks
        or (
            (person, "is_female") in marks
            and ((person, "own_children_in_household") in marks or situation.said("is_breastfeeding", person))
        )
    ]
    infants = sorted((person for person in situation.people if ages[person] < OF_AN_INFANT), key=lambda its: ages[its])
    returns_with_infants = {situation.unit_of("tax_unit", infant) for infant in infants}
    for infant in infants:
        unit = situation.unit_of("tax_unit", infant)
        near = [
            person
            for person in mothers
            if (its := situation.unit_of("tax_unit", person)) == unit
            or (situation.said("is_breastfeeding", person) and its not in returns_with_infants)
        ]
        for mother in (near or mothers)[:1]:
            mothers.remove(mother)
            born = situation.at.start - timedelta(days=int(ages[infant] * 365))
            situation.state("pregnancy_ended_on", mother, born if ages[infant] else date(situation.at.start.year, 1, 2))


def _support(situation: Situation) -> None:
    """Who lives in another's household or in an institution, has support in kind, or works too much to be disabled."""
    for person in {person: None for person, _ in situation.marks}:
        said = {name for owner, name in situation.marks if owner == person}
        for ours, names in situation.mapping["all_of"].items():
            if said.intersection(names):
                situation.put(ours, person, said.issuperset(names))
        food = {"ssi_receives_food_from_others"} if situation.at.start < FOOD_COUNTS_NO_MORE else set()
        if said & {"ssi_receives_shelter_from_others_in_household", "ssi_receives_outside_shelter_support", *food}:
            _support_in_kind(situation, person)
        if "ssi_engaged_in_sga" in said:
            situation.put("is_ssi_disabled", person, False)


def _support_in_kind(situation: Situation, person: str) -> None:
    if situation.said("ssi_in_kind_support_value", person) is None:
        situation.put("ssi_in_kind_support_value", person, int(UNSTATED_SUPPORT))


def _service(situation: Situation) -> None:
    """Broadband, with a telephone or without, unless only a telephone is paid for."""
    said = {name for _, name in situation.marks}
    situation.put(
        "lifeline_service",
        "",
        "phone_cost" if said & {"phone_cost", "broadband_cost"} == {"phone_cost"} else "broadband_cost",
    )


def _income_of_head_start(situation: Situation) -> None:
    """The kinds that 45 CFR 1305.2 names, of everybody in the family."""
    for inside in _inside(situation, "family"):
        amounts = [situation.said(name, person) for name in situation.mapping["head_start_income"] for person in inside]
        total = sum((amount for amount in amounts if isinstance(amount, Fraction)), Fraction())
        situation.state("family_income_of_12_months", situation.unit_of("family", inside[0]), total)


def _families_of_students(situation: Situation) -> None:
    """Who heads a return is an independent student, a dependent one of the parents who head it."""
    for inside in _inside(situation, "tax_unit"):
        roles = situation.roles_in("tax_unit", inside)
        couple = [*roles["head"], *roles["spouse"]]
        for person in inside:
            situation.state("aid_is_independent", person, person in couple)
            situation.state("aid_is_parent", person, person in couple and bool(roles["dependent"]))
            situation.state("aid_is_married", person, person in couple and len(couple) > 1)
            situation.state("aid_has_single_parent", person, person not in couple and len(couple) == 1)
            if (person, "is_independent_student") in situation.marks:  # nobody else contributes: 20 USC 1087pp, 1087qq
                situation.forget("pell_grant_dependent_contribution", person)


def _homes(situation: Situation) -> None:
    """Whether husband, wife, or a child under 21 or disabled lives in the home of who heads a return."""
    for inside in _inside(situation, "dwelling"):
        for owner in inside:
            unit = situation.unit_of("tax_unit", owner)
            roles = situation.roles_in(
                "tax_unit", [its for its in inside if situation.unit_of("tax_unit", its) == unit]
            )
            couple = [*roles["head"], *roles["spouse"]]
            children = [its for its in roles["dependent"] if situation.ages[its] < PROTECTED]
            related = [its for its in inside if (its, "is_related_to_head_or_spouse") in situation.marks]
            protected = [*children, *(its for its in related if its != owner and _is_disabled(situation, its))]
            if owner in couple and (len(couple) > 1 or protected):
                situation.state("spouse_or_protected_child_lives_in_home", owner, True)


def _schools(situation: Situation) -> None:
    """In California a child of 6 must attend school (Cal. Educ. Code 48200)."""
    for person in situation.stated_ages:
        state = situation.said("family_state", situation.unit_of("family", person))
        if (
            situation.ages[person] >= SCHOOL_OF_CALIFORNIA
            and isinstance(state, EnumValue)
            and state.member == "california"
        ):
            situation.state("is_of_compulsory_school_age", person, True)


def _children_who_file(situation: Situation) -> None:
    """A child alone in a unit and without any income expects to file no return."""
    for inside in _inside(situation, "tax_unit"):
        child = inside[0]
        alone = len(inside) == 1 and situation.ages[child] < ADULT and bool(situation.groups.get("tax_units"))
        if alone and not any(situation.said(name, child) for name in INCOME_OF_A_CHILD):
            situation.state("tax_unit_is_filer", situation.unit_of("tax_unit", child), False)


def _is_disabled(situation: Situation, person: str) -> bool:
    by_ssi = situation.said("is_ssi_disabled", person)
    return bool(situation.said("is_disabled", person) if by_ssi is None else by_ssi)
