"""The classes of difference with taxcalc that `DIFFERENCES.md` explains, each with a test on the facts of a case.

A difference belongs to the first class whose test holds. One that belongs to none is unexplained, and a fault until
shown otherwise. The tests look at the facts that make a class possible and, where the law says by how much, at the
amount.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from tests.validation.compare import Difference

Row = dict[str, str]
TAXES = ("income tax",)
INCOMES = ("taxable income", "income tax")


@dataclass(frozen=True, slots=True)
class Explained:
    """A class: its heading in DIFFERENCES.md, the figures it touches, when a case can be in it, and by how much at most
    the figures can differ then (0: by anything)."""

    name: str
    figures: tuple[str, ...]
    holds: Callable[[Row], bool]
    most: Fraction = Fraction(0)


def number(row: Row, name: str) -> float:
    """A column of a record; nothing if the source does not state it."""
    return float(row.get(name) or 0)


def _status(row: Row, *codes: str) -> bool:
    return row["MARS"] in codes


def _unmarried_bonus(row: Row) -> bool:
    """Aged or blind, where taxcalc's addition to the standard deduction is not the law's."""
    aged = number(row, "age_head") >= 65 or number(row, "blind_head") > 0
    year = row["FLPDYR"]
    return aged and (
        (year == "2023" and _status(row, "1", "4")) or (year in ("2022", "2023", "2024") and _status(row, "5"))
    )


def _business(row: Row) -> bool:
    return any(number(row, name) > 0 for name in ("e00900p", "e00900s", "e02100p", "e02100s", "e26270"))


def _small_or_two_businesses(row: Row) -> bool:
    """Net earnings below 400, or spouses of whom one has a loss beside the other's profit."""
    own = [0.9235 * sum(number(row, f"{name}{end}") for name in ("e00900", "e02100", "k1bx14")) for end in "ps"]
    return any(0 < one < 400 for one in own) or (_status(row, "2") and min(own) < 0 < max(own))


def _rebates_of_2020(row: Row) -> bool:
    """Above the income at which the rebates are reduced, with minors who are no children under 17, or a dependent."""
    start = {"2": 150_000, "4": 112_500}.get(row["MARS"], 75_000)
    older = number(row, "nu18") > number(row, "n24")
    return row["FLPDYR"] == "2020" and (number(row, "out_c00100") > start or older or number(row, "DSI") > 0)


def _larger_credit(row: Row) -> bool:
    """Children enough for the limit on the reduction of 2021."""
    many = number(row, "nu06") >= 2 or 1_000 * number(row, "n24") + 600 * number(row, "nu06") > 4_375
    return row["FLPDYR"] == "2021" and many and number(row, "out_c00100") > 75_000


def _gifts(row: Row) -> bool:
    """Gifts in kind for which gifts of cash leave no room within half of the income."""
    in_kind, cash = number(row, "e20100"), number(row, "e19800")
    return in_kind > 0 and cash > 0 and in_kind + cash > number(row, "out_c00100") / 2


def _top_bracket(row: Row) -> bool:
    """Itemized deductions of 2026 with income in the 37% bracket."""
    start = {"2": 768_700, "3": 384_350}.get(row["MARS"], 640_600)
    itemized = number(row, "out_c04470")
    return row["FLPDYR"] == "2026" and itemized > 0 and number(row, "out_c00100") > start


def _young(row: Row) -> bool:
    return 0 < number(row, "age_head") < 18 and number(row, "out_c09600") > 0


CLASSES = (
    Explained("gains at 25% and 28%", TAXES, lambda row: number(row, "e24515") + number(row, "e24518") > 0),
    Explained(
        "self-employment below 400, and of two spouses",
        ("payroll tax", "AGI", "taxable income", "income tax", "AMT", "EITC", "CTC", "ACTC"),
        _small_or_two_businesses,
    ),
    Explained("aged and blind, unmarried or surviving spouse", (*INCOMES, "CTC", "ACTC"), _unmarried_bonus),
    Explained(
        "capital gain distributions", (*INCOMES, "EITC", "CTC"), lambda row: number(row, "e01100") > 0
    ),
    Explained(
        "earned income credit on a separate return",
        ("EITC", "income tax"),
        lambda row: _status(row, "3") and number(row, "EIC") == 0 and number(row, "out_c59660") > 0,
    ),
    Explained(
        "credit for other dependents in 2021",
        ("CTC", "income tax"),
        lambda row: row["FLPDYR"] == "2021" and number(row, "out_odc") > 0,
    ),
    Explained(
        "rebate of a dependent in 2021",
        TAXES,
        lambda row: row["FLPDYR"] == "2021" and row["DSI"] == "1" and number(row, "out_recovery_rebate_credit") > 0,
    ),
    Explained(
        "gifts without itemizing and the minimum tax",
        (*TAXES, "AMT"),
        lambda row: row["FLPDYR"] == "2021" and number(row, "e19800") > 0 and number(row, "out_c09600") > 0,
    ),
    Explained(
        "minimum tax of the young",
        (*TAXES, "AMT"),
        _young,
    ),
    Explained(
        "medical expenses and the minimum tax",
        (*TAXES, "AMT"),
        lambda row: row["FLPDYR"] < "2017" and min(number(row, "out_c17000"), number(row, "out_c09600")) > 0,
    ),
    Explained("thresholds of the earned income credit in 2015 and 2018", ("EITC", *TAXES), lambda row: row["FLPDYR"] in
    ("2015", "2018") and number(row, "out_c59660") > 0, most=Fraction(1054, 100)),
    Explained(
        "spouse without an age",
        ("EITC", *TAXES),
        lambda row: _status(row, "2") and number(row, "age_spouse") == 0,
    ),
    Explained("rebates of 2020", TAXES, _rebates_of_2020),
    Explained("itemized deductions in the top bracket", (*INCOMES, "AMT"), _top_bracket),
    Explained(
        "state and local taxes in 2026",
        (*INCOMES, "AMT"),
        lambda row: row["FLPDYR"] == "2026" and number(row, "out_c00100") > (252_500 if _status(row, "3") else 505_000),
    ),
    Explained(
        "separate returns' top bracket in 2023",
        TAXES,
        lambda row: row["FLPDYR"] == "2023" and _status(row, "3") and number(row, "out_c04800") > 346_875,
    ),
    Explained(
        "minimum tax on a separate return",
        (*TAXES, "AMT"),
        lambda row: _status(row, "3") and number(row, "out_c62100") > (240_000 if row["FLPDYR"] < "2018" else 700_000),
    ),
    Explained(
        "business deduction's threshold",
        INCOMES,
        lambda row: _business(row) and (_status(row, "5") or (row["FLPDYR"] == "2021" and _status(row, "3"))),
    ),
    Explained(
        "state and local taxes on a separate return",
        INCOMES,
        lambda row: row["FLPDYR"] >= "2025" and _status(row, "3") and number(row, "out_c00100") > 250_000,
    ),
    Explained(
        "larger child credit of 2021",
        ("CTC", "income tax"),
        _larger_credit,
    ),
    Explained(
        "child credits of a surviving spouse",
        ("CTC", "income tax"),
        lambda row: _status(row, "5") and number(row, "out_c00100") > 200_000,
    ),
    Explained("share of an education credit", TAXES, lambda row: number(row, "e87521") + number(row, "e87530") > 0),
    Explained("gifts in kind beside gifts of cash", (*INCOMES, "CTC", "AMT"), _gifts),
)  # fmt: skip


def explain(difference: Difference, row: Row) -> str:
    """The class of a difference, or nothing."""
    found = (one for one in CLASSES if difference.figure in one.figures and one.holds(row))
    return next((one.name for one in found if not one.most or abs(difference.gap) <= one.most), "")
