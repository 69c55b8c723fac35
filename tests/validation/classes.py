"""The classes of difference with taxcalc that `DIFFERENCES.md` explains, each with a test on the facts of a case.

A difference belongs to the first class whose test holds. One that belongs to none is unexplained, and a fault until
shown otherwise. The tests look at the facts that make a class possible and, where the law says by how much, at the
amount.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.validation.compare import Difference

Row = dict[str, str]
TAXES = ("income tax",)
INCOMES = ("taxable income", "income tax")


@dataclass(frozen=True, slots=True)
class Explained:
    """A class: its heading in DIFFERENCES.md, the figures it touches, and when a case can be in it."""

    name: str
    figures: tuple[str, ...]
    holds: Callable[[Row], bool]


def number(row: Row, name: str) -> float:
    """A column of a record."""
    return float(row[name] or 0)


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


def _two_self_employed(row: Row) -> bool:
    """Spouses of whom one has a loss, or less than 400, beside the other's profit."""
    own = [0.9235 * sum(number(row, f"{name}{end}") for name in ("e00900", "e02100", "k1bx14")) for end in "ps"]
    return _status(row, "2") and min(own) != 0 and min(own) < 400 and max(own) > 0


CLASSES = (
    Explained("gains at 25% and 28%", TAXES, lambda row: number(row, "e24515") + number(row, "e24518") > 0),
    Explained(
        "self-employment of two spouses",
        ("payroll tax", "AGI", "taxable income", "income tax", "EITC", "CTC"),
        _two_self_employed,
    ),
    Explained("aged and blind, unmarried or surviving spouse", (*INCOMES, "CTC"), _unmarried_bonus),
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
        TAXES,
        lambda row: row["FLPDYR"] == "2021" and number(row, "e19800") > 0 and number(row, "out_c09600") > 0,
    ),
    Explained(
        "minimum tax of the young",
        TAXES,
        lambda row: 0 < number(row, "age_head") < 18 and number(row, "out_c09600") > 0,
    ),
    Explained(
        "separate returns' top bracket in 2023",
        TAXES,
        lambda row: row["FLPDYR"] == "2023" and _status(row, "3") and number(row, "out_c04800") > 346_875,
    ),
    Explained(
        "minimum tax on a separate return",
        TAXES,
        lambda row: _status(row, "3") and number(row, "out_c62100") > 800_000,
    ),
    Explained(
        "business deduction's threshold",
        INCOMES,
        lambda row: _business(row) and (_status(row, "5") or (row["FLPDYR"] == "2021" and _status(row, "3"))),
    ),
    Explained(
        "state and local taxes on a separate return",
        INCOMES,
        lambda row: row["FLPDYR"] == "2025" and _status(row, "3") and number(row, "out_c00100") > 250_000,
    ),
    Explained(
        "larger child credit of 2021",
        ("CTC", "income tax"),
        lambda row: row["FLPDYR"] == "2021" and number(row, "nu06") >= 2 and number(row, "out_c00100") > 75_000,
    ),
    Explained(
        "child credits of a surviving spouse",
        ("CTC", "income tax"),
        lambda row: _status(row, "5") and number(row, "out_c00100") > 200_000,
    ),
    Explained("share of an education credit", TAXES, lambda row: number(row, "e87521") + number(row, "e87530") > 0),
    Explained("gifts in kind beside gifts of cash", (*INCOMES, "CTC"), lambda row: number(row, "e20100") > 0 and
    number(row, "e19800") > 0),
)  # fmt: skip


def explain(difference: Difference, row: Row) -> str:
    """The class of a difference, or nothing."""
    return next((one.name for one in CLASSES if difference.figure in one.figures and one.holds(row)), "")
