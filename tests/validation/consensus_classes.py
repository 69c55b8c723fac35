"""The classes of difference with TAXSIM and PolicyEngine that `DIFFERENCES.md` explains, each with a test on the facts
of a unit. A difference that belongs to none is unexplained, and a fault until shown otherwise.
"""

from __future__ import annotations

from fractions import Fraction

from tests.validation.classes import Explained, Row, number
from tests.validation.compare import Difference

AGES = [f"age{place}" for place in range(1, 9)]
UNTAXED = ("", "0", "2", "10", "29", "34", "42", "43", "44", "48", "51")  # states without a tax on wages
LARGE = 10_000_000


def _separate_without_child(row: Row) -> bool:
    return row["year"] == "2021" and row["mstat"] in ("6", "66") and not row["depx"]


def _other_dependents(row: Row) -> bool:
    return row["year"] == "2021" and any(number(row, age) >= 18 for age in AGES)


def _dependent_filer(row: Row) -> bool:
    return row["mstat"] == "8" and any(number(row, name) > 0 for name in ("scorp", "nonprop"))


def _state_income_tax(row: Row) -> bool:
    """Wages on which a state takes more than the standard deduction, since the limit on it is 40,000."""
    return row["year"] == "2025" and row["state"] not in UNTAXED and number(row, "v10") > 300_000


def _millions(row: Row) -> bool:
    return max(number(row, name) for name in ("ltcg", "swages", "pwages", "scorp", "dividends")) > LARGE


CLASSES = (
    Explained("earned income credit on a separate return", ("fiitax", "v25"), _separate_without_child, Fraction(1_502)),
    Explained("refund of the credit for other dependents in 2021", ("v22+actc",), _other_dependents, Fraction(1_500)),
    Explained("standard deduction of a dependent", ("v13", "v18", "v28", "fiitax"), _dependent_filer),
    Explained("state income tax", ("v18", "v28", "fiitax"), _state_income_tax),
    Explained("single precision", ("v28", "fiitax", "v18", "v10"), _millions, Fraction(8)),
)


def explained(row: Row, difference: Difference) -> str:
    """The name of the class that a difference of a unit belongs to, or nothing."""
    for class_ in CLASSES:
        within = not class_.most or abs(difference.gap) <= class_.most
        if difference.figure in class_.figures and within and class_.holds(row):
            return class_.name
    return ""
