"""Against returns that the IRS's Direct File finished: lines 1a to 37 of Form 1040 for 2024, to the dollar.

1. A return's facts become people, a tax unit and totals of its documents; whom the law makes a dependent or a
   qualifying child is left to the rules, and so is every figure but those on documents.
2. The rules compute it with `figures_as_filed`: from the tables, in whole dollars.
3. A return agrees if every line does. An empty line means nothing, as on paper.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from math import floor
from pathlib import Path
from typing import Any

from api import rulesets
from api.batch import Batch, Person, Unanswered, Unit
from engine.periods import parse_period
from engine.types import EnumValue, Value
from tests.validation.compare import Difference, Tally
from tests.validation.make_direct_file import read_folder

DATA = Path(__file__).parent / "data" / "direct_file.json.gz"
SOURCE = "IRS Direct File"
YEAR = 2024
Facts = Mapping[str, Any]

LINES = {
    "1a": "tax_unit_wages", "1e": "taxable_dependent_care_benefits", "1i": "combat_pay_counted",
    "1z": "employee_income",
    "2a": "tax_unit_tax_exempt_interest_income", "2b": "tax_unit_taxable_interest_income",
    "3a": "tax_unit_qualified_dividend_income", "3b": "tax_unit_dividend_income",
    "4a": "tax_unit_ira_distributions", "4b": "tax_unit_taxable_ira_distributions",
    "5a": "tax_unit_pension_distributions", "5b": "tax_unit_taxable_pension_income", "6a": "tax_unit_social_security",
    "6b": "tax_unit_taxable_social_security", "7": "loss_limited_net_capital_gains", "8": "additional_income",
    "9": "gross_income", "10": "above_the_line_deductions", "11": "adjusted_gross_income", "12": "deduction_taken",
    "13": "qualified_business_income_deduction", "14": "taxable_income_deductions", "15": "taxable_income",
    "16": "regular_tax_before_credits", "17": "additional_tax_before_credits", "18": "tax_that_limits_credits",
    "19": "non_refundable_ctc", "20": "credits_other_than_for_dependents", "21": "income_tax_non_refundable_credits",
    "22": "tax_after_non_refundable_credits", "23": "taxes_other_than_income_tax", "24": "total_tax",
    "25a": "tax_withheld_from_wages", "25b": "tax_withheld_on_forms_1099", "25c": "tax_withheld_otherwise",
    "25d": "tax_withheld", "26": "estimated_tax_payments", "27": "eitc", "28": "refundable_ctc",
    "29": "refundable_american_opportunity_credit", "31": "other_payments_and_refundable_credits",
    "32": "income_tax_refundable_credits", "33": "total_payments", "34": "refund", "37": "amount_owed",
}  # fmt: skip
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
EXPLAINED = {
    "1040-withholdings-without-attachments": {"chapter": "cents of tax withheld", "lines": "25b 25d 33 34"},
}
MORE_THAN_HALF = ("seven", "eight", "nine", "ten", "eleven", "twelve")


@dataclass(frozen=True, slots=True)
class Return:
    """A return: its facts as Direct File has them, and the amounts on the lines of its Form 1040."""

    name: str
    facts: Mapping[str, Mapping[str, Facts]]
    lines: Mapping[str, Fraction]

    @property
    def own(self) -> Facts:
        """The facts of the return itself."""
        return self.facts[""]

    def records(self, kind: str, filer: str | None = None) -> list[Facts]:
        """The records of a kind, or those of one filer; one that names nobody is the first filer's."""
        found = self.facts.get(kind, {}).values()
        return [record for record in found if filer is None or record.get("filer", self.first) == filer]

    @property
    def first(self) -> str:
        """The first filer."""
        return next(key for key, facts in self.facts["filers"].items() if facts.get("isPrimaryFiler"))

    def total(self, kind: str, filer: str, *names: str) -> Fraction:
        """The sum of boxes over a filer's documents of a kind."""
        return sum((money(record, name) for record in self.records(kind, filer) for name in names), Fraction())


def money(facts: Facts, name: str) -> Fraction:
    """An amount, nothing if it is not there."""
    return Fraction(facts.get(name, 0))


def returns(path: Path = DATA, every: int = 1) -> list[Return]:
    """Every n-th return of our compact file, or of a folder such as `make_direct_file` reads."""
    found = read_folder(path) if path.is_dir() else json.loads(gzip.decompress(path.read_bytes()))
    chosen = list(found.items())[::every]
    return [
        Return(name, one["facts"], {line: Fraction(text) for line, text in one["lines"].items()})
        for name, one in chosen
    ]


def unit_of(one: Return) -> Unit:
    """A return as a tax unit of ours."""
    filers = one.facts["filers"]
    head = one.first
    joint = one.own["filingStatus"] == "marriedFilingJointly"
    spouses = [key for key in filers if key != head] if joint else []
    people = [Person("head", _filer(one, head, first=True))]
    people += [Person("spouse", _filer(one, key, first=False)) for key in spouses]
    people += [Person("dependent", _relative(facts)) for facts in one.records("familyAndHousehold")]
    return Unit(tuple(people), _unit_facts(one, head, spouses))


def _filer(one: Return, key: str, first: bool) -> dict[str, Value]:
    facts = one.facts["filers"][key]
    whose = "primary" if first else "secondary"
    validity = one.own.get(f"{whose}FilerSsnEmploymentValidity")
    return {
        "birth_date": date.fromisoformat(facts["dateOfBirth"]),
        "is_blind": bool(facts.get("isBlind")),
        "is_disabled": bool(facts.get("isDisabled")),
        "is_incapable_of_self_care": "writableCdccQualifyingExpenseAmount" in facts,
        "is_full_time_student": bool(facts.get("isStudent")),
        "has_valid_ssn": not str(facts.get("tin", "")).startswith("9") and validity != "notValid",
        **_income(one, key),
        **_health_account(one, key),
        "taxable_disability_income": _disability_pay(facts),
        "educator_expense": _educator(one, whose),
        "student_loan_interest": _student_loan(one) if first else Fraction(),
        "elects_combat_pay_as_earned_income": _elects(one, "combatPayElection", whose),
        "elects_combat_pay_for_care_credit": _elects(one, "cdccCombatPayElection", whose),
    }


def _income(one: Return, key: str) -> dict[str, Value]:
    w2, interest, pension = "formW2s", "interestReports", "form1099Rs"
    paid_back = one.total("form1099Gs", key, "writableAmountPaidBackForBenefitsInTaxYear")
    withheld = (
        one.total(interest, key, "writableTaxWithheld")
        + one.total("form1099Gs", key, "writableFederalTaxWithheld")
        + one.total(pension, key, "writableFederalWithholding")
        + one.total("form1099Miscs", key, "writableFederalWithholding")
        + one.total("socialSecurityReports", key, "writableSsaFederalTaxWithheld")
    )
    return {
        "employment_income": one.total(w2, key, "writableWages"),
        "federal_income_tax_withheld": one.total(w2, key, "writableFederalWithholding"),
        "dependent_care_benefits_received": one.total(w2, key, "writableDependentCareBenefits"),
        "employee_social_security_tax": one.total(w2, key, "writableOasdiWithholding"),
        "employee_medicare_tax": one.total(w2, key, "writableMedicareWithholding"),
        "retirement_savings_contributions": one.total(w2, key, "401kDeferrals", "roth401kContributions"),
        "nontaxable_combat_pay": one.total(w2, key, "writableCombatPay"),
        "taxable_interest_income": _interest(one, key),
        "tax_exempt_interest_income": one.total(interest, key, "writableTaxExemptInterest"),
        "early_withdrawal_penalty": one.total(interest, key, "writableEarlyWithdrawlPenaltyAmount"),
        "unemployment_compensation": one.total("form1099Gs", key, "amount") - paid_back,
        "pension_distributions": _partly_taxed(one, key),
        "taxable_pension_income": one.total(pension, key, "writableTaxableAmount"),
        "miscellaneous_income": one.total("form1099Miscs", key, "writableOtherIncome"),
        "social_security": one.total("socialSecurityReports", key, "ssaNetBenefits"),
        "federal_income_tax_withheld_on_forms_1099": withheld,
    }


def _interest(one: Return, key: str) -> Fraction:
    """Interest; above 1,500 it goes on Schedule B, where each payer has a line of its own in whole dollars."""
    payers = [_paid(record) for record in one.records("interestReports", key)]
    if sum(map(_paid, one.records("interestReports"))) <= 1500:
        return sum(payers, Fraction())
    return Fraction(sum(floor(paid + Fraction(1, 2)) for paid in payers))


def _paid(record: Facts) -> Fraction:
    """What one payer paid in interest."""
    names = ("writable1099Amount", "no1099Amount", "writableInterestOnGovernmentBonds")
    return sum((money(record, name) for name in names), Fraction())


def _partly_taxed(one: Return, key: str) -> Fraction:
    """What line 5a shows: a pension that is taxed as a whole is on line 5b only."""
    gross, taxed = "writableGrossDistribution", "writableTaxableAmount"
    found = one.records("form1099Rs", key)
    return sum((money(record, gross) for record in found if money(record, gross) != money(record, taxed)), Fraction())


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
        "hsa_employer_contributions": one.total("formW2s", key, "employerHsaContributions"),
        "months_of_self_only_high_deductible_plan": 0 if family else covered,
        "months_of_family_high_deductible_plan": covered if family else 0,
        "hsa_distributions": taken,
        "hsa_qualified_medical_expenses": one.total("hsaDistributions", key, "writableQualifiedMedExpenses"),
    }


def _disability_pay(facts: Facts) -> Fraction:
    """Pay of somebody retired on permanent and total disability, with a physician's statement, before the age at which
    the employer retires everybody (26 USC 22(c)(2)(B)(iii), (e)(3))."""
    stated = any(value is True for name, value in facts.items() if "hys" in name and "tat" in name)
    retired = facts.get("isRetOnPermOrTotalDisability") and not facts.get("hasMetEmployerMandatoryRetirementAge")
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
    named = facts.get("childRelationship") or facts.get("siblingRelationship")
    relationship = RELATIONSHIP.get(named or "") or CATEGORY.get(facts["relationshipCategory"], "other_relative")
    whole_year = facts["residencyDuration"] == "allYear"
    stayed = facts.get("monthsLivedWithTPInUS")
    by_other_parent = facts.get("nightsWithTpVsOtherParent") == "less"
    number = facts.get("tinType")
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
        "claim_released_to_other_parent": facts.get("whichParentNotClaiming") == "iDid",
        "claim_released_by_other_parent": by_other_parent,
    }


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
        "improper_child_credit_claim": bool(own.get("receivedImproperClaimsNotice"))
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
    """Somebody can claim a filer; not one who must file a joint return (26 USC 152(b)(2))."""
    return bool(one.facts["filers"][key].get("canBeClaimed")) and not one.own.get("MFJRequiredToFile")


def _care(one: Return) -> dict[str, Value]:
    """Expenses for care, and what employers paid of them (Form 2441 Part III)."""
    cared = [*one.records("familyAndHousehold"), *one.facts["filers"].values()]
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
    paid_in_advance = sum((_yearly(form, *advance) for form in one.records("1095As")), Fraction())
    return {
        "marketplace_premium": total("writablePtcAnnualPremium", "writablePtcMonthlyPremium"),
        "second_lowest_silver_plan_premium": total("writableSlcspAnnualPremium", "writablePtcMonthlySlcspPremium"),
        "advance_premium_tax_credit": paid_in_advance,
        "lawfully_present_without_medicaid": bool(
            one.own.get("writableBelow100ThresholdAndNotEligibleForMedicaidBecauseOfImmigrationStatus")
        ),
        "months_of_marketplace_coverage": max((len(form.get("coverageMonths", ())) for form in forms), default=0),
    }


def _yearly(form: Facts, annual: str, monthly: str) -> Fraction:
    """A column of Form 1095-A, as the year's sum or month by month."""
    by_month = (money(form, name) for name in form if name.startswith(monthly))
    return money(form, annual) if annual in form else sum(by_month, Fraction())


def answers(chosen: list[Return]) -> Iterator[tuple[Return, Mapping[str, Value] | Unanswered]]:
    """Each return with our figures."""
    wanted = tuple(dict.fromkeys(LINES.values()))
    batch = Batch(rulesets.load_program("us"), parse_period(str(YEAR)), wanted)
    yield from zip(chosen, batch.answers(map(unit_of, chosen)), strict=True)


def differences(one: Return, answer: Mapping[str, Value] | Unanswered) -> dict[str, tuple[Fraction, Fraction]]:
    """The lines on which the return and we differ: ours, theirs."""
    if isinstance(answer, Unanswered):
        raise AssertionError(f"{one.name}: {answer.message}")
    unknown = set(one.lines) - set(LINES)
    if any(one.lines[line] for line in unknown):
        raise AssertionError(f"{one.name}: no figure of ours for lines {unknown}")
    found = {}
    for line, figure in LINES.items():
        value = answer[figure]
        assert isinstance(value, int | Fraction)
        ours, theirs = Fraction(value), one.lines.get(line, Fraction())
        if ours != theirs:
            found[line] = (ours, theirs)
    return found


def compare(chosen: list[Return]) -> Iterator[Tally]:
    """One tally: a case is a return, which agrees if all its lines do; a difference is shown by its first line."""
    tally = Tally(SOURCE, "lines 1a to 37", YEAR)
    for one, answer in answers(chosen):
        lines = differences(one, answer)
        line, (ours, theirs) = next(iter(lines.items()), ("", (Fraction(), Fraction())))
        tally.cases += 1
        tally.runnable += 1
        if lines:
            why = EXPLAINED.get(one.name, {})
            explained = why.get("chapter", "") if set(lines) <= set(why.get("lines", "").split()) else ""
            tally.differences.append(Difference(one.name, YEAR, f"line {line}", ours, theirs, explained))
        else:
            tally.agreeing += 1
    yield tally


def main() -> None:
    """Print a line for each return."""
    agreeing = 0
    for one, answer in answers(returns()):
        lines = differences(one, answer)
        agreeing += not lines
        shown = "  ".join(f"{line}: {float(ours):.0f} / {float(theirs):.0f}" for line, (ours, theirs) in lines.items())
        print(f"{one.name:60} {'agrees' if not lines else shown}")
    print(f"{agreeing} agree on every line (ours / theirs)")


if __name__ == "__main__":
    main()
