"""Against taxcalc's answers for random tax units, as `peer_taxcalc.py` writes them.

taxcalc counts people where the law names them: children for each credit, people on the return. Those counts are given
to our rules as figures, so that both calculators start from the same facts. What it takes as an allowed amount (student
loan interest, the saver's credit) is given in the same way.
"""

from __future__ import annotations

import csv
import gzip
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from functools import partial
from pathlib import Path

from api.rules import programs
from api.taxsim.batch import Batch, Person, Unanswered, Unit
from engine.values.periods import parse_period
from engine.values.types import EnumValue, Value
from tests.validation.classes import explain
from tests.validation.compare import Tally

DATA = Path(__file__).parent / "data" / "taxcalc.csv.gz"
SOURCE = "taxcalc"
STATUS = {1: "single", 2: "joint", 3: "separate", 4: "head_of_household", 5: "surviving_spouse"}
Row = dict[str, str]
Figures = Mapping[str, Value]

HEAD = {
    "employment_income": "e00200p", "farm_income": "e02100p", "k1_self_employment_income": "k1bx14p",
    "wage_deferrals_subject_to_payroll_tax": "pencon_p", "taxable_interest_income": "e00300",
    "tax_exempt_interest_income": "e00400", "qualified_dividend_income": "e00650", "alimony_income": "e00800",
    "capital_gains_distributions_not_on_schedule_d": "e01100", "taxable_ira_distributions": "e01400",
    "taxable_pension_income": "e01700", "unemployment_compensation": "e02300", "social_security": "e02400",
    "traditional_ira_contributions": "e03150", "self_employed_pension_contributions": "e03300",
    "medical_out_of_pocket_expenses": "e17500", "state_and_local_income_tax_paid": "e18400", "real_estate_taxes":
    "e18500", "home_mortgage_interest": "e19200", "charitable_cash_donations": "e19800",
    "charitable_non_cash_donations": "e20100", "short_term_capital_gains": "p22250", "long_term_capital_gains":
    "p23250", "other_net_gain": "e01200", "partnership_s_corp_income": "e26270", "salt_refund_income": "e00700",
    "educator_expense": "e03220", "health_savings_account_ald": "e03290", "early_withdrawal_penalty": "e03400",
    "alimony_expense": "e03500", "casualty_loss": "g20500", "lifetime_learning_expenses": "e87530",
    "excess_social_security_tax_withheld": "e11200", "w2_wages_from_qualified_business": "PT_binc_w2_wages",
    "unadjusted_basis_qualified_property": "PT_ubia_property", "tip_income": "tip_income", "fsla_overtime_premium":
    "overtime_income",
}  # fmt: skip
SPOUSE = {
    "employment_income": "e00200s", "farm_income": "e02100s", "k1_self_employment_income": "k1bx14s",
    "wage_deferrals_subject_to_payroll_tax": "pencon_s", "self_employment_income": "e00900s",
}  # fmt: skip
UNIT = {
    "unrecaptured_section_1250_gain": "e24515", "capital_gains_28_percent_rate_gain": "e24518",
    "tax_unit_childcare_expenses": "e32800", "student_loan_interest_deduction": "e03210", "savers_credit_potential":
    "e07240", "energy_efficient_home_improvement_credit": "e07260", "foreign_tax_paid": "e07300",
    "general_business_credit": "e07400", "prior_year_minimum_tax_credit": "e07600", "other_non_refundable_credits":
    "p08000", "amt_other_adjustments": "cmbtp", "investment_income_elected_form_4952": "e58990", "auto_loan_interest":
    "auto_loan_interest",
}  # fmt: skip
GIVEN_COUNTS = {"eitc_child_count": "EIC", "count_cdcc_eligible": "f2441"}


def _income_tax(row: Row) -> Fraction:
    return _sum(row, "out_c09200") - _sum(row, "out_setax", "out_ptax_amc", "out_refund")


def _sum(row: Row, *names: str) -> Fraction:
    return sum((Fraction(row[name]) for name in names), Fraction(0))


# The figures that are compared: what we call it (a sum of ours), and what taxcalc answers.
FIGURES: dict[str, tuple[tuple[str, ...], Callable[[Row], Fraction]]] = {
    "income tax": (("income_tax",), _income_tax),
    "payroll tax": (
        ("payroll_tax", "additional_medicare_tax"),
        lambda row: _sum(row, "out_ptax_was", "out_setax", "out_ptax_amc"),
    ),
    "AGI": (("adjusted_gross_income",), lambda row: _sum(row, "out_c00100")),
    "taxable income": (("taxable_income",), lambda row: _sum(row, "out_c04800")),
    "EITC": (("eitc",), lambda row: _sum(row, "out_c59660")),
    "CTC": (("non_refundable_ctc", "refundable_ctc"), lambda row: _sum(row, "out_ctc_total")),
}
WANTED = tuple(dict.fromkeys(name for names, _ in FIGURES.values() for name in names))


def rows(path: Path = DATA, every: int = 1) -> list[Row]:
    """Every n-th unit with taxcalc's answers."""
    with gzip.open(path, "rt", newline="") as stream:
        return list(csv.DictReader(stream))[::every]


def unit_of(row: Row) -> Unit:
    """A record of taxcalc as a tax unit of ours."""
    joint = int(row["MARS"]) == 2
    head = Person("head", _head(row))
    spouse = Person(
        "spouse", _facts(row, SPOUSE) | {"age": int(row["age_spouse"]), "is_blind": _flag(row, "blind_spouse")}
    )
    dependents = max(0, int(row["XTOT"]) - (2 if joint else 1))
    people = [head, *([spouse] if joint else []), *(Person("dependent", {"age": 30}) for _ in range(dependents))]
    return Unit(tuple(_students(people, Fraction(row["e87521"]))), _unit_facts(row, dependents))


def _students(people: list[Person], tentative: Fraction) -> Iterator[Person]:
    """The people, with expenses that make the American opportunity credit which taxcalc states for all students: 100%
    of 2,000 and 25% of the next 2,000, for each of them."""
    for person in people:
        credit = min(tentative, Fraction(2500))
        tentative -= credit
        expenses = min(credit, Fraction(2000)) + 4 * max(Fraction(0), credit - 2000)
        yield Person(person.role, {**person.facts, "american_opportunity_expenses": expenses})


def _head(row: Row) -> dict[str, Value]:
    facts = _facts(row, HEAD)
    services = _flag(row, "PT_SSTB_income")
    facts["sstb_self_employment_income" if services else "self_employment_income"] = Fraction(row["e00900p"])
    facts["non_qualified_dividend_income"] = Fraction(row["e00600"]) - Fraction(row["e00650"])
    facts["nontaxable_pensions_and_benefits"] = Fraction(row["e01500"]) - Fraction(row["e01700"])
    facts["rental_income"] = Fraction(row["e02000"]) - Fraction(row["e26270"])
    facts["alimony_agreement_after_2018"] = row["FLPDYR"] > "2018"  # as taxcalc has it
    return facts | {"age": int(row["age_head"]), "is_blind": _flag(row, "blind_head")}


def _unit_facts(row: Row, dependents: int) -> dict[str, Value]:
    facts = _facts(row, UNIT)
    children = _ctc_children(row)
    facts |= {ours: int(row[theirs]) for ours, theirs in GIVEN_COUNTS.items()}
    facts["filing_status"] = EnumValue("filing_status", STATUS[int(row["MARS"])])
    facts["files_separately"] = int(row["MARS"]) == 3
    facts["head_is_dependent_elsewhere"] = _flag(row, "DSI")
    facts["separate_filer_itemizes"] = _flag(row, "MIDR")
    apart = int(row["MARS"]) == 3  # what taxcalc takes for granted where it taxes benefits and credits the elderly
    facts["lived_apart_from_spouse_all_year"] = facts["lived_apart_from_spouse_last_six_months"] = apart
    facts |= _election(row)
    facts["child_taxed_at_parents_rate"] = 0 < int(row["age_head"]) < 18 and int(row["MARS"]) != 2
    facts["kiddie_tax"] = Fraction(0)  # taxcalc knows no parents' rate
    facts["ctc_child_count"] = children
    facts["ctc_young_child_count"] = int(row["nu06"])
    facts["other_dependent_count"] = max(0, dependents - children)
    facts["foreign_source_taxable_income"] = Fraction(10**7)
    facts["other_taxes"] = Fraction(row["e09700"]) + Fraction(row["e09800"]) + Fraction(row["e09900"])
    return facts


def _election(row: Row) -> dict[str, Value]:
    """What taxcalc elected (26 USC 63(e)) where it is not simply the larger deduction. It itemizes below the standard
    deduction where that lowers the minimum tax, which knows no standard deduction; and where no tax is due in either
    way, it does not itemize."""
    standard, itemized = Fraction(row["out_standard"]), Fraction(row["out_c04470"])
    if standard == 0 and row["MIDR"] == "0":
        return {"tax_unit_itemizes": True}
    idle = itemized == 0 and Fraction(row["out_c05800"]) <= Fraction(row["out_c07100"])
    return {"tax_unit_itemizes": False} if idle else {}


def _ctc_children(row: Row) -> int:
    """Children under 17; for 2021 under 18."""
    under_17 = int(row["n24"])
    if row["FLPDYR"] != "2021":
        return under_17
    filers = int(int(row["age_head"]) < 18) + int(row["MARS"] == "2" and int(row["age_spouse"]) < 18)
    return under_17 + max(0, int(row["nu18"]) - filers - under_17)


def _facts(row: Row, names: Mapping[str, str]) -> dict[str, Value]:
    return {ours: Fraction(row[theirs]) for ours, theirs in names.items()}


def _flag(row: Row, name: str) -> bool:
    return int(row[name]) != 0


def compare(units: list[Row]) -> Iterator[Tally]:
    """A tally for each figure and year."""
    program = programs.load_program("us")
    for year in sorted({row["FLPDYR"] for row in units}):
        tallies = {figure: Tally(SOURCE, figure, int(year)) for figure in FIGURES}
        of_year = [row for row in units if row["FLPDYR"] == year]
        batch = Batch(program, parse_period(year), WANTED)
        for row, answer in zip(of_year, batch.answers(unit_of(row) for row in of_year), strict=True):
            for figure, (ours, theirs) in FIGURES.items():
                value = None if isinstance(answer, Unanswered) else total(answer, ours)
                tallies[figure].add(row["RECID"], value, theirs(row), partial(explain, row=row))
        yield from tallies.values()


def total(answer: Figures, names: tuple[str, ...]) -> Fraction:
    """The sum of figures of money."""
    values = [answer[name] for name in names]
    return sum((Fraction(value) for value in values if isinstance(value, int | Fraction)), Fraction(0))
