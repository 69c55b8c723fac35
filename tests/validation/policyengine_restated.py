"""Facts of PolicyEngine's tests that only together say what one fact of ours does.

1. A business that is a specified service has its income, wages and property under names of their own here.
2. The balance of a mortgage belongs to the limit of the time when it was taken out; a year of 0 is not known.
3. Tuition is an expense of the American opportunity credit for who is eligible for it, else of the other one.
4. Benefits for care that an employer gave were spent on care.
5. Who studies or cannot care for himself does so in every month; a deduction that is given is the same either way.
6. Somebody is claimed, or can be and is not.
7. Income earned abroad that is excluded was earned there, and to exclude it is a choice; what a possession exempts is
   among other income in theirs, apart in ours: it is taken out of wages, or beside a given adjusted gross income.
8. Income that is taxed apart as gains leaves the rest of taxable income to the ordinary rates.
9. A unit that is joint files jointly.
10. Wages are those of Form W-2 box 1 here: what went into a plan before income tax, or for health within a cafeteria
   plan, is not among them. Of the plans social security tax is due (26 USC 3121(v)(1)), of the rest it is not
   (26 USC 3121(a)(5)(G)). Who pays into one is covered by it (26 USC 219(g)(5)(A)). What is deferred above the least
   limit of any year is left as it is: it depends on the year.
11. Gifts are said in all there; what goes to organizations of the lower limits is apart from the rest here.
12. A dependent who shares a marital unit with somebody is married to him or her, and lives with the spouse.
13. Social Security and Medicare taxes that are given for the child tax credit are before the earned income credit in
    theirs (Schedule 8812 line 23), after it in ours (line 25).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

FIRST_YEAR_OF_LIMITS = 1988  # 26 USC 163(h)(3)(D)(iii): debt incurred by 13 October 1987 has none
LAST_YEAR_OF_HIGHER_LIMIT = 2017  # 26 USC 163(h)(3)(F)(i)(III): debt incurred by 15 December 2017
GRANDFATHERED = "grandfathered_mortgage_balance"
EARLIER, LATER = "acquisition_debt_before_december_2017", "acquisition_debt_after_december_2017"
SERVICE = {
    "qualified_business_income": "sstb_qualified_business_income",
    "w2_wages_from_qualified_business": "sstb_w2_wages_from_qualified_business",
    "unadjusted_basis_qualified_property": "sstb_unadjusted_basis_qualified_property",
}
CARE = "dependent_care_employer_benefits"
QBID = "qualified_business_income_deduction"
AMERICAN = "is_eligible_for_american_opportunity_credit"
AMERICAN_TERMS = (
    "is_pursuing_credential_for_american_opportunity_credit",
    "attends_eligible_educational_institution_for_american_opportunity_credit",
    "is_enrolled_at_least_half_time_for_american_opportunity_credit",
    "has_american_opportunity_credit_institution_ein",
    "has_american_opportunity_credit_1098_t_or_exception",
)
LIFETIME_TERMS = (
    "attends_eligible_educational_institution_for_lifetime_learning_credit",
    "has_lifetime_learning_credit_1098_t_or_exception",
)
EXCLUDED, ELECTION = "foreign_earned_income_exclusion", "excludes_foreign_earned_income"
FORM_2555 = (
    "foreign_earned_income_exclusion_amount",
    "foreign_housing_exclusion",
    "foreign_housing_deduction",
    "section_911_excluded_income",
    "foreign_earned_income_exclusion_allocable_deductions",
    "foreign_earned_income_exclusion_disallowed_deductions",
)
TAKEN_OUT = "wages are without what a possession exempts"
MARRIED = "married_and_lives_with_spouse"
POSSESSIONS = ("specified_possession_income", "puerto_rico_income")
STACKED, APART = "taxable_income_plus_section_911_exclusion", "capital_gains_excluded_from_taxable_income"
CLAIMED, CLAIMABLE = "claimed_as_dependent_on_another_return", "claimable_as_dependent_on_another_return"
NOT_CLAIMED = "is_not_claimed_as_dependent_on_another_return"
WAGES = "employment_income"
TAXES_REFUNDED = "ctc_social_security_tax"
DEFERRED = "wage_deferrals_without_form"
SAVED = "retirement_savings_contributions_without_form"
COVERED = "ira_active_participant"
LEAST_LIMIT_OF_DEFERRALS = 17_500  # 26 USC 402(g)(1) for 2013
CAFETERIA = ("pre_tax_health_insurance_premiums",)
PLANS = tuple(f"{kind}_{plan}_contributions" for kind in ("traditional", "roth") for plan in ("401k", "403b"))


def restated(facts: Mapping[str, Any]) -> Mapping[str, Any]:
    """The facts of one person, unit or flat test, those of steps 1 to 11 and 13 said in other names."""
    by_name = dict(facts)
    _service(by_name)
    _mortgages(by_name)
    _tuition(by_name)
    if CARE in by_name:
        by_name["dependent_care_benefits_received"] = by_name["dependent_care_expenses_incurred"] = by_name.pop(CARE)
    if any(by_name.get(name) is True for name in ("is_full_time_student", "is_incapable_of_self_care")):
        by_name["months_student_or_disabled"] = 12
    if QBID in by_name:
        by_name[f"{QBID}_if_itemizing"] = by_name[QBID]
    _gifts(by_name)
    _abroad(by_name)
    _pay(by_name)
    if TAXES_REFUNDED in by_name and "eitc" in by_name:
        by_name[TAXES_REFUNDED] = max(0, by_name[TAXES_REFUNDED] - by_name["eitc"])
    if by_name.get("tax_unit_is_joint") is True and "filing_status" not in by_name:
        by_name["filing_status"] = "JOINT"
    if CLAIMABLE in by_name:
        claimable = bool(by_name.pop(CLAIMABLE))
        if claimable and not by_name.get(CLAIMED):
            by_name[NOT_CLAIMED] = True
        by_name[CLAIMED] = claimable or bool(by_name.get(CLAIMED))
    return by_name


def _gifts(facts: dict[str, Any]) -> None:
    for total in ("charitable_cash_donations", "charitable_non_cash_donations"):
        public, others = facts.pop(f"{total}_50_pct_orgs", None), facts.get(f"{total}_non_50_pct_orgs")
        if public is not None:
            if others is None and total in facts:
                facts[f"{total}_non_50_pct_orgs"] = max(0, facts[total] - public)
            facts[total] = public
        elif others is not None and total in facts:
            facts[total] = max(0, facts[total] - others)


def _abroad(facts: dict[str, Any]) -> None:
    stated = [name for name in (EXCLUDED, *FORM_2555) if name in facts]
    if EXCLUDED in facts and stated == [EXCLUDED]:
        facts[FORM_2555[0]] = facts[EXCLUDED]
    chosen = [facts[name] for name in stated if name in FORM_2555[:4] or name == EXCLUDED]
    if any(_positive(choice) for choice in chosen):
        lists = [choice for choice in chosen if isinstance(choice, list)]
        facts[ELECTION] = [_positive(list_) for list_ in lists[0]] if lists else True
    if "adjusted_gross_income" not in facts and not facts.pop(TAKEN_OUT, False):
        for name in POSSESSIONS:
            if facts.get(name):
                facts[f"{name} among other income"] = facts.pop(name)
    if APART in facts and "taxable_income" in facts and not isinstance(facts["taxable_income"], list):
        abroad = facts.get(STACKED, facts["taxable_income"] + facts.get(EXCLUDED, 0))
        facts["ordinary_rate_income"] = abroad - facts.pop(APART)


def _pay(facts: dict[str, Any]) -> None:
    names = [name for plan in PLANS for name in (plan, f"{plan}_desired") if name in facts]
    before_tax = [name for name in names if name.startswith("traditional")]
    amounts = [facts[name] for name in (*names, *CAFETERIA, WAGES) if name in facts]
    if any(isinstance(amount, (list, dict, str)) for amount in amounts):
        return
    if sum(facts[name] for name in names) > LEAST_LIMIT_OF_DEFERRALS:
        return
    deferred = sum(facts[name] for name in before_tax)
    apart = deferred + sum(facts.pop(name) for name in CAFETERIA if name in facts)
    if names:
        facts[DEFERRED] = deferred
        facts[SAVED] = sum(facts.pop(name) for name in names)
        if facts[SAVED] > 0:
            facts.setdefault(COVERED, True)
    if apart and WAGES in facts:
        facts[WAGES] = max(0, facts[WAGES] - apart)


def without_exempt_wages(inputs: Mapping[str, Any]) -> Mapping[str, Any]:
    """Inputs by entity; what a possession exempts is taken out of wages in the only unit (step 7)."""
    units = inputs.get("tax_units") or {}
    unit = next(iter(units.values())) or {} if len(units) == 1 else {}
    amounts = [unit[name] for name in POSSESSIONS if isinstance(unit.get(name), int)]
    if not sum(amounts) or "adjusted_gross_income" in unit:
        return inputs
    for first, its in inputs["people"].items():
        for wages in (WAGES, f"irs_{WAGES}"):
            if isinstance(its.get(wages), int) and its[wages] >= sum(amounts):
                people = {**inputs["people"], first: {**its, wages: its[wages] - sum(amounts)}}
                return {**inputs, "people": people, "tax_units": {next(iter(units)): {**unit, TAKEN_OUT: True}}}
    return inputs


def with_married_dependents(inputs: Mapping[str, Any]) -> Mapping[str, Any]:
    """Inputs by entity: a dependent who shares a marital unit is married and lives with the spouse (step 12)."""
    couples = [(its or {}).get("members") or [] for its in (inputs.get("marital_units") or {}).values()]
    married = {person for couple in couples if len(couple) > 1 for person in couple}
    people = {
        name: {**its, MARRIED: True} if name in married and (its or {}).get("is_tax_unit_dependent") is True else its
        for name, its in inputs["people"].items()
    }
    return {**inputs, "people": people}


def _positive(value: Any) -> bool:
    return any(_positive(item) for item in value) if isinstance(value, list) else isinstance(value, int) and value > 0


def with_unstated_terms(people: Mapping[str, Mapping[str, Any] | None]) -> Mapping[str, Mapping[str, Any]]:
    """The people, where terms of an education credit are stated of one: of the others these do not hold."""
    stated = {name for facts in people.values() for name in facts or {}}
    terms = [name for names in (AMERICAN_TERMS, LIFETIME_TERMS) if stated & set(names) for name in names]
    return {other_name: {**dict.fromkeys(terms, False), **(facts or {})} for other_name, facts in people.items()}


def _service(facts: dict[str, Any]) -> None:
    if facts.get("business_is_sstb") is False:
        del facts["business_is_sstb"]
    apart = set(SERVICE.values()) & set(facts)
    if facts.get("business_is_sstb") is True and "qualified_business_income" in facts and not apart:
        del facts["business_is_sstb"]
        for name, other in SERVICE.items():
            facts[other] = facts.get(name, 0)
        facts["qualified_business_income"] = 0


def _mortgages(facts: dict[str, Any]) -> None:
    for home in ("first", "second"):
        balance = facts.pop(f"{home}_home_mortgage_balance", None)
        year = facts.pop(f"{home}_home_mortgage_origination_year", None)
        if balance is not None and not isinstance(balance, list):
            name = _limit_of(year or 0)
            facts[name] = facts.get(name, 0) + balance


def _limit_of(year: int) -> str:
    if 0 < year < FIRST_YEAR_OF_LIMITS:
        return GRANDFATHERED
    return EARLIER if 0 < year <= LAST_YEAR_OF_HIGHER_LIMIT else LATER


def _tuition(facts: dict[str, Any]) -> None:
    american = _all_of(facts, AMERICAN_TERMS) if AMERICAN not in facts else facts[AMERICAN]
    lifetime = _all_of(facts, LIFETIME_TERMS)
    spent = facts.pop("qualified_tuition_expenses", None)
    if spent is None or isinstance(spent, list):
        return
    if "tuition_and_fees_deduction_eligible" in facts:
        facts["tuition_and_fees"] = spent if facts.pop("tuition_and_fees_deduction_eligible") else 0
    elif american:
        facts["american_opportunity_expenses"] = spent
    elif lifetime:
        facts["lifetime_learning_expenses"] = spent


def _all_of(facts: dict[str, Any], names: Iterable[str]) -> bool:
    """Whether one of the terms is stated, and all hold that are asked for in some year; what is not stated does not."""
    stated = [bool(facts[name]) for name in names if name in facts]
    if stated:
        for name in names:
            facts.setdefault(name, False)
    return bool(stated) and all(stated)
