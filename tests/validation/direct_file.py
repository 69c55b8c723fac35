"""Against returns that the IRS's Direct File finished: lines 1a to 37 of Form 1040 for 2024, to the dollar.

1. A return's facts become people with their documents, and a tax unit (`direct_file_units`).
2. The rules compute it with `figures_as_filed`: from the tables, in whole dollars.
3. A return agrees if every line does. An empty line means nothing, as on paper.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction

from api.rules import programs
from api.taxsim.batch import Batch, Unanswered
from engine.values.periods import parse_period
from engine.values.types import Value
from tests.validation.compare import Difference, Tally
from tests.validation.direct_file_facts import DATA, Return, returns
from tests.validation.direct_file_units import unit_of

__all__ = ["DATA", "SOURCE", "compare", "returns"]
SOURCE = "IRS Direct File"
YEAR = 2024

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
    "25d": "tax_withheld", "26": "estimated_tax_counted", "27": "eitc", "28": "refundable_ctc",
    "29": "refundable_american_opportunity_credit", "31": "other_payments_and_refundable_credits",
    "32": "income_tax_refundable_credits", "33": "total_payments", "34": "refund", "37": "amount_owed",
}  # fmt: skip
EXPLAINED = {
    "ticket-12386": {"chapter": "cents of care benefits", "lines": "1e 1z 9 11 15"},
}


def answers(chosen: list[Return]) -> Iterator[tuple[Return, Mapping[str, Value] | Unanswered]]:
    """Each return with our figures."""
    wanted = tuple(dict.fromkeys(LINES.values()))
    batch = Batch(programs.load_program("us"), parse_period(str(YEAR)), wanted)
    yield from zip(chosen, batch.answers(map(unit_of, chosen)), strict=True)


def differences(one: Return, answer: Mapping[str, Value] | Unanswered) -> dict[str, tuple[Fraction, Fraction]]:
    """The lines on which the return and we differ: ours, theirs."""
    if isinstance(answer, Unanswered):
        raise AssertionError(f"{one.name}: {answer}")
    unknown = set(one.lines) - set(LINES)
    if any(one.lines[line] for line in unknown):
        raise AssertionError(f"{one.name}: no figure of ours for lines {unknown}")
    by_name = {}
    for line, figure in LINES.items():
        value = answer[figure]
        assert isinstance(value, int | Fraction)
        ours, theirs = Fraction(value), one.lines.get(line, Fraction())
        if ours != theirs:
            by_name[line] = (ours, theirs)
    return by_name


def compare(chosen: list[Return]) -> Iterator[Tally]:
    """One tally: a case is a return, which agrees if all its lines do; a difference is shown by its first line."""
    tally = Tally(SOURCE, "lines 1a to 37", YEAR)
    for first, answer in answers(chosen):
        lines = differences(first, answer)
        line, (ours, theirs) = next(iter(lines.items()), ("", (Fraction(), Fraction())))
        tally.cases += 1
        tally.runnable += 1
        if lines:
            why = EXPLAINED.get(first.name, {})
            explained = why.get("chapter", "") if set(lines) <= set(why.get("lines", "").split()) else ""
            tally.differences.append(Difference(first.name, YEAR, f"line {line}", ours, theirs, explained))
        else:
            tally.agreeing += 1
    yield tally


def main() -> None:
    """Print a line for each return."""
    agreeing = 0
    for first, answer in answers(returns()):
        lines = differences(first, answer)
        agreeing += not lines
        shown = "  ".join(f"{line}: {float(ours):.0f} / {float(theirs):.0f}" for line, (ours, theirs) in lines.items())
        print(f"{first.name:60} {'agrees' if not lines else shown}")
    print(f"{agreeing} agree on every line (ours / theirs)")


if __name__ == "__main__":
    main()
