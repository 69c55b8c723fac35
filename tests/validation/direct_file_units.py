"""A return of the IRS's Direct File as a tax unit of ours.

The facts become people with their documents, and a tax unit; whom the law makes a dependent or a qualifying child is
left to the rules. What Direct File would not ask after an earlier answer is as good as unanswered.
"""

from __future__ import annotations

from datetime import date
from fractions import Fraction

from api.taxsim.batch import Document, Person, Unit
from engine.values.types import EnumValue, Value
from tests.validation.direct_file_facts import Facts, Return, money, whole

STATUS = {
    "single": "single", "marriedFilingJointly": "joint", "marriedFilingSeparately": "separate",
    "headOfHousehold": "head_of_household", "qualifiedSurvivingSpouse": "surviving_spouse",
}  # fmt: skip
RELATIONSHIP = {
    "biologicalChild": "child", "adoptedChild": "child", "stepChild": "child", "fosterChild": "foster_child",
    "grandChildOrOtherDescendantOfChild": "descendant", "childOfSibling": "sibling_descendant", "sibling": "sibling",
}  # fmt: skip
CATEGORY = {
    "childOrDescendants": "child", "siblingOrDescendants": "sibling", "parentOrAncestors": "parent",
    "notRelated": "not_related",
}  # fmt: skip
PLANS = ("writablePrimaryFilerDependentCarePlanMaximum", "writableSecondaryFilerDependentCarePlanMaximum")
NAMED_BY = {"childOrDescendants": "childRelationship", "siblingOrDescendants": "siblingRelationship"}
KEPT = ("2", "7", "2B", "B2", "7B", "B7")  # codes of distributions that count against the saver's credit
CODES = {
    "G": "rollover",
    "H": "rollover",
    "Q": "roth_qualified",
    "T": "roth_excepted",
    "2": "early_excepted",
    "7": "normal",
}
BARRED = ("twoYears", "tenYears")
MORE_THAN_HALF = ("six", "seven", "eight", "nine", "ten", "eleven", "twelve")


def unit_of(one: Return) -> Unit:
    """A return as a tax unit of ours."""
    filers = one.facts["filers"]
    head = one.first
    joint = one.own["filingStatus"] == "marriedFilingJointly"
    spouses = [key for key in filers if key != head] if joint else []
    people = [Person("head", _filer(one, head, first=True), _documents(one, head))]
    people += [Person("spouse", _filer(one, key, first=False), _documents(one, key)) for key in spouses]
    people += [Person("dependent", _relative(facts)) for facts in one.records("familyAndHousehold")]
    return Unit(tuple(people), _unit_facts(one, head, spouses))


def _filer(one: Return, key: str, first: bool) -> dict[str, Value]:
    facts = one.facts["filers"][key]
    whose = "primary" if first else "secondary"
    cared_for = bool(facts.get("cdccHasDependentCareExpenses")) and "writableCdccQualifyingExpenseAmount" in facts
    return {
        "birth_date": date.fromisoformat(facts["dateOfBirth"]),
        "is_blind": bool(facts.get("isBlind")),
        "is_disabled": bool(facts.get("isDisabled")),
        "is_incapable_of_self_care": cared_for,
        "is_full_time_student": bool(facts.get("isStudent")),
        "has_valid_ssn": _may_work(one, facts, whose),
        **_income(one, key),
        **_health_account(one, key),
        "taxable_disability_income": _disability_pay(facts),
        "educator_expense": _educator(one, whose),
        "student_loan_interest": _student_loan(one) if first else Fraction(),
        "elects_combat_pay_as_earned_income": _elects(one, "combatPayElection", whose),
        "elects_combat_pay_for_care_credit": _elects(one, "cdccCombatPayElection", whose),
        **_deemed_months(one, whose),
    }


def _deemed_months(one: Return, whose: str) -> dict[str, Value]:
    """A filer who studies or is disabled, and says that no month's pay was below what counts as earned: no months."""
    said = one.own.get(f"{whose}FilerMadeLessThanDisabledOrStudentMonthlyIncome")
    return {"months_student_or_disabled": 0} if said is False else {}


def _may_work(one: Return, facts: Facts, whose: str) -> bool:
    """A Social Security number that is valid for employment, or at least not given for a benefit alone (26 USC 32(m));
    of a citizen that is not asked."""
    if str(facts.get("tin", "")).startswith("9"):
        return False
    validity = "neither" if facts.get("isUsCitizenFullYear") else one.own.get(f"{whose}FilerSsnEmploymentValidity")
    if validity == "notValid":
        return facts.get("writableHasSSNOnlyForBenefits") is False
    return validity != "validOnlyWithDhsAuthorizationExpired"


def _income(one: Return, key: str) -> dict[str, Value]:
    """What is on no document, or on a line for which documents are counted otherwise."""
    w2 = "formW2s"
    return {
        "employee_social_security_tax": one.total(w2, key, "writableOasdiWithholding"),
        "employee_medicare_tax": one.total(w2, key, "writableMedicareWithholding"),
        "recent_retirement_distributions": _taken_out(one, key),
        "taxable_interest_income": _interest(one, key),
        "miscellaneous_income": one.total("form1099Miscs", key, "writableOtherIncome"),
        "federal_income_tax_withheld_on_other_forms_1099": one.total(
            "form1099Miscs", key, "writableFederalWithholding"
        ),
    }


def _documents(one: Return, key: str) -> tuple[Document, ...]:
    """The forms of a filer that Direct File knows box by box."""
    return (
        *(Document("form_w2", _w2(record)) for record in one.records("formW2s", key)),
        *(Document("form_1099_int", _interest_form(record)) for record in _reported(one, key)),
        *(Document("form_1099_g", _unemployment_form(record)) for record in one.records("form1099Gs", key)),
        *(Document("form_ssa_1099", _benefit_form(record)) for record in one.records("socialSecurityReports", key)),
        *(Document("form_1099_r", _pension_form(record)) for record in one.records("form1099Rs", key)),
    )


def _w2(record: Facts) -> dict[str, Value]:
    """Form W-2: the electronic return carries boxes 1 and 2 in whole dollars."""
    return {
        "w2_wages": whole(money(record, "writableWages")),
        "w2_income_tax_withheld": whole(money(record, "writableFederalWithholding")),
        "w2_social_security_tax_withheld": money(record, "writableOasdiWithholding"),
        "w2_medicare_tax_withheld": money(record, "writableMedicareWithholding"),
        "w2_dependent_care_benefits": money(record, "writableDependentCareBenefits"),
        "w2_elective_deferrals": money(record, "401kDeferrals"),
        "w2_roth_contributions": money(record, "roth401kContributions"),
        "w2_combat_pay": money(record, "writableCombatPay"),
        "w2_health_savings_account_contributions": money(record, "employerHsaContributions"),
    }


def _interest_form(record: Facts) -> dict[str, Value]:
    return {
        "int_interest": money(record, "writable1099Amount"),
        "int_us_bond_interest": money(record, "writableInterestOnGovernmentBonds"),
        "int_early_withdrawal_penalty": money(record, "writableEarlyWithdrawlPenaltyAmount"),
        "int_tax_exempt_interest": money(record, "writableTaxExemptInterest"),
        "int_income_tax_withheld": whole(money(record, "writableTaxWithheld")),
    }


def _unemployment_form(record: Facts) -> dict[str, Value]:
    return {
        "g_unemployment_compensation": money(record, "amount"),
        "g_unemployment_repaid": money(record, "writableAmountPaidBackForBenefitsInTaxYear"),
        "g_income_tax_withheld": money(record, "writableFederalTaxWithheld"),
    }


def _benefit_form(record: Facts) -> dict[str, Value]:
    return {
        "ssa_net_benefits": money(record, "ssaNetBenefits"),
        "ssa_income_tax_withheld": money(record, "writableSsaFederalTaxWithheld"),
    }


def _pension_form(record: Facts) -> dict[str, Value]:
    return {
        "r_gross_distribution": money(record, "writableGrossDistribution"),
        "r_taxable_amount": money(record, "writableTaxableAmount"),
        "r_income_tax_withheld": whole(money(record, "writableFederalWithholding")),
        "r_distribution_code": EnumValue("distribution_code", _code(str(record.get("writableDistributionCode", "")))),
    }


def _code(code: str) -> str:
    """The rules' word for the code of box 7, of which there may be two."""
    return next((word for letter, word in CODES.items() if letter in code), "other")


def _sum(records: list[Facts], name: str) -> Fraction:
    return sum((money(record, name) for record in records), Fraction())


def _interest(one: Return, key: str) -> Fraction:
    """Interest; above 1,500 it goes on Schedule B, where each payer has a line of its own in whole dollars."""
    payers = [_paid(record) for record in one.records("interestReports", key)]
    if sum(map(_paid, one.records("interestReports"))) <= 1500:
        return sum(payers, Fraction())
    return sum(map(whole, payers), Fraction())


def _paid(record: Facts) -> Fraction:
    """What one payer paid in interest."""
    if record.get("has1099") is False:
        return money(record, "no1099Amount")
    return money(record, "writable1099Amount") + money(record, "writableInterestOnGovernmentBonds")


def _reported(one: Return, key: str) -> list[Facts]:
    """The payers who sent Form 1099-INT."""
    return [record for record in one.records("interestReports", key) if record.get("has1099") is not False]


def _taken_out(one: Return, key: str) -> Fraction:
    """Distributions that were not rolled over, of other than a military plan."""
    counted = [
        record
        for record in one.records("form1099Rs", key)
        if record.get("writableDistributionCode") in KEPT
        and not record.get("writableIsDistributionFromMilitaryRetirementPlan")
    ]
    return _sum(counted, "writableGrossDistribution")


def _health_account(one: Return, key: str) -> dict[str, Value]:
    facts = one.facts["filers"][key]
    covered = 12 if facts.get("hsaHdhpCoverageStatus") == "allYear" else 0
    family = facts.get("typeOfHdhp") == "family"
    taken = Fraction()
    for record in one.records("hsaDistributions", key):
        rolled_over = record.get("writableDistributionsRolloverBool")
        again = money(record, "writableDistributionsRolloverAmount") if rolled_over else Fraction()
        taken += max(Fraction(), money(record, "writableGrossDistribution") - again)
    return {
        "hsa_contributions": money(facts, "writableHsaNonemployerContributionsTaxYear")
        + money(facts, "writableHsaNonemployerContributionsTaxYearPlusOne"),
        "months_of_self_only_high_deductible_plan": 0 if family else covered,
        "months_of_family_high_deductible_plan": covered if family else 0,
        "hsa_distributions": taken,
        "hsa_qualified_medical_expenses": one.total("hsaDistributions", key, "writableQualifiedMedExpenses"),
    }


def _disability_pay(facts: Facts) -> Fraction:
    """Pay of somebody retired on permanent and total disability, with a physician's statement, before the age at which
    the employer retires everybody (26 USC 22(c)(2)(B)(iii), (e)(3))."""
    stated = any(value is True for name, value in facts.items() if "hys" in name and "tat" in name)
    too_old = facts.get("employerHasMandatoryRetirementAge") and facts.get("hasMetEmployerMandatoryRetirementAge")
    retired = facts.get("isRetOnPermOrTotalDisability") and not too_old
    return money(facts, "writableTotalTaxableDisabilityAmount") if retired and stated else Fraction()


def _educator(one: Return, whose: str) -> Fraction:
    who = {"primary": ("tpDid", "bothDid"), "secondary": ("spouseDid", "bothDid")}[whose]
    named = one.own.get("wasK12Educators") in who
    return money(one.own, f"{whose}EducatorExpensesWritable") if named else Fraction()


def _student_loan(one: Return) -> Fraction:
    qualifies = one.own.get("hadStudentLoanInterestPayments") and one.own.get("studentLoansQualify")
    return money(one.own, "studentLoanInterestAmount") if qualifies else Fraction()


def _elects(one: Return, election: str, whose: str) -> bool:
    chosen = str(one.own.get(election, ""))
    return "ombatPay" in chosen and chosen != "noCombatPay" and (whose in chosen.lower() or "both" in chosen.lower())


def _relative(facts: Facts) -> dict[str, Value]:
    category = facts["relationshipCategory"]
    named = facts.get(NAMED_BY.get(category, ""), "")
    relationship = RELATIONSHIP.get(named) or CATEGORY.get(category, "other_relative")
    whole_year = facts["residencyDuration"] == "allYear"
    stayed = facts.get("monthsLivedWithTPInUS")
    number = facts.get("tinType")
    apart, not_claiming = _parents_apart(facts), facts.get("whichParentNotClaiming")
    claimable = bool(facts.get("writableCouldBeQualifyingChildOfAnother")) and not facts.get("tpClaims")
    return {
        "birth_date": date.fromisoformat(facts["dateOfBirth"]),
        "relationship_to_filer": EnumValue("relationship", relationship),
        "is_disabled": bool(facts.get("permanentTotalDisability")),
        "is_incapable_of_self_care": bool(facts.get("unableToCareForSelf")),
        "is_full_time_student": bool(facts.get("fullTimeStudent")),
        "lives_with_filer_whole_year": whole_year,
        "lives_with_filer_over_half_year": stayed in MORE_THAN_HALF if stayed else whole_year,
        "provides_over_half_own_support": bool(facts.get("ownSupport")),
        "filer_provides_over_half_support": bool(facts.get("writableQrSupportTest", True)),
        "meets_gross_income_test": bool(facts.get("grossIncomeTest", True)),
        "is_us_citizen_or_resident": bool(facts.get("isUsCitizenFullYear") or facts.get("writableUsResident")),
        "has_taxpayer_number": number in ("ssn", "itin", "atin"),
        "has_valid_ssn": number == "ssn" and not facts.get("ssnOnlyForFederallyFundedBenefit"),
        "ssn_is_not_valid_for_employment": facts.get("ssnEmploymentValidity") == "notValid",
        "is_claimed_by_another": claimable,
        "claim_released_to_other_parent": _of_parents_apart(facts) or (apart and not_claiming == "iDid"),
        "claim_released_by_other_parent": apart
        and not_claiming == "theyDid"
        and facts.get("nightsWithTpVsOtherParent") == "less",
    }


def _parents_apart(facts: Facts) -> bool:
    """The filer is a parent who lives apart from the other (26 USC 152(e)(1))."""
    asked = ("hasOtherBiologicalOrAdoptiveParent", "inParentsCustody", "parentalSupport")
    lived = "livedWithTpOrOtherBiologicalOrAdoptiveParentMoreThanSixMonths"
    own = facts.get("childRelationship") in ("biologicalChild", "adoptedChild")
    apart = facts.get("parentalSituation", "other") != "other"
    return own and apart and all(facts.get(name) for name in (*asked, lived))


def _of_parents_apart(facts: Facts) -> bool:
    """The filer is not a parent; the parents live apart, and one of them may claim the child by 26 USC 152(e)."""
    asked = ("biologicalOrAdoptiveParentsLiving", "inParentsCustody", "nonParentalSomeParentNotClaiming")
    own = facts.get("childRelationship") in ("biologicalChild", "adoptedChild")
    return not own and all(facts.get(name) for name in (*asked, "parentsMeetReqsRuleForChildrenOfDivorcedParents"))


def _unit_facts(one: Return, head: str, spouses: list[str]) -> dict[str, Value]:
    own = one.own
    separate = own["filingStatus"] == "marriedFilingSeparately"
    return {
        "figures_as_filed": True,
        "filing_status": EnumValue("filing_status", STATUS[own["filingStatus"]]),
        "files_separately": separate,
        "head_is_dependent_elsewhere": _dependent(one, head),
        "spouse_is_dependent_elsewhere": any(_dependent(one, key) for key in spouses),
        "separate_filer_itemizes": bool(own.get("spouseItemizes")),
        "lived_apart_from_spouse_last_six_months": separate and bool(own.get("writableLivedApartLastSixMonths")),
        "lived_apart_from_spouse_all_year": own.get("spouseLivedTogetherMonths") == "livedApartAllYear",
        "improper_child_credit_claim": own.get("receivedImproperClaimsNotice") in BARRED
        and own.get("improperClaimsNoticeExpired") is False,
        "improper_eitc_claim": bool(own.get("eitcReceivedImproperClaimsNotice"))
        and own.get("eitcImproperClaimsNoticeExpired") is False,
        "estimated_tax_payments": money(own, "estimatedTaxPaymentWritable")
        if own.get("paidEstimatedTaxesOrFromLastYear")
        else Fraction(),
        **_care(one),
        **_marketplace(one),
    }


def _dependent(one: Return, key: str) -> bool:
    """Somebody who files can claim a filer; not one who files a joint return to more than have tax refunded
    (26 USC 152(b)(2); Notice 2008-5)."""
    facts = one.facts["filers"][key]
    files = facts.get("potentialClaimerMustFile", True) or facts.get("potentialClaimerDidFile", True)
    if one.own["filingStatus"] == "marriedFilingJointly":
        files = files and not one.own.get("MFJRequiredToFile") and not one.own.get("MFJDependentsFilingForCredits")
    return bool(facts.get("canBeClaimed")) and bool(files)


def _care(one: Return) -> dict[str, Value]:
    """Expenses for care, and what employers paid of them (Form 2441 Part III)."""
    everybody = [*one.records("familyAndHousehold"), *one.facts["filers"].values()]
    cared = [facts for facts in everybody if facts.get("cdccHasDependentCareExpenses")]
    expenses = sum((money(facts, "writableCdccQualifyingExpenseAmount") for facts in cared), Fraction())
    plans = [money(one.own, name) for name in PLANS if name in one.own]
    limit = {"dependent_care_plan_limit": sum(plans, Fraction())} if plans else {}
    return {
        "tax_unit_childcare_expenses": expenses,
        "dependent_care_expenses_incurred": money(one.own, "writableCdccTotalQualifiedDependentCareExpenses"),
        "dependent_care_benefits_carried_over": money(one.own, "writableCdccCarryoverAmountFromPriorTaxYear"),
        **limit,
    }


def _marketplace(one: Return) -> dict[str, Value]:
    """Form 1095-A, by the year or by the month; advances also for months that are no coverage months."""
    forms = [form for form in one.records("1095As") if form.get("hasCoverageMonths")]

    def total(annual: str, monthly: str) -> Fraction:
        return sum((_yearly(form, annual, monthly) for form in forms), Fraction())

    advance = ("writableAptcAnnualAmount", "writablePtcMonthlyAptcPremium")
    advanced = one.records("1095As") if one.own.get("writableHasAdvancedPtc") is not False else []
    paid_in_advance = sum((_yearly(form, *advance) for form in advanced), Fraction())
    return {
        "marketplace_premium": total("writablePtcAnnualPremium", "writablePtcMonthlyPremium"),
        "second_lowest_silver_plan_premium": total("writableSlcspAnnualPremium", "writablePtcMonthlySlcspPremium"),
        "advance_premium_tax_credit": paid_in_advance,
        "separate_because_of_abuse_or_abandonment": bool(one.own.get("writableHasMfsException"))
        and not one.own.get("writableClaimingMfsExceptionForFourthStraightYear"),
        "lawfully_present_without_medicaid": bool(
            one.own.get("writableBelow100ThresholdAndNotEligibleForMedicaidBecauseOfImmigrationStatus")
        ),
        "months_of_marketplace_coverage": max((len(form.get("coverageMonths", ())) for form in forms), default=0),
    }


def _yearly(form: Facts, annual: str, monthly: str) -> Fraction:
    """A column of Form 1095-A, as the year's sum or month by month."""
    by_month = (money(form, name) for name in form if name.startswith(monthly))
    return money(form, annual) if annual in form else sum(by_month, Fraction())
