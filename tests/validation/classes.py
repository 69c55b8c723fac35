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
    return any(0 < fact < 400 for fact in own) or (_status(row, "2") and min(own) < 0 < max(own))


def _rebates_of_2020(row: Row) -> bool:
    """Above the income at which the rebates are reduced, with minors who are no children under 17, or a dependent."""
    start = {"2": 150_000, "4": 112_500}.get(row["MARS"], 75_000)
    older = number(row, "nu18") > number(row, "n24")
    return row["FLPDYR"] == "2020" and (number(row, "out_c00100") > start or older or number(row, "DSI") > 0)


def _larger_credit(row: Row) -> bool:
    """Children enough for the limit on the reduction of 2021."""
    limit = {"2": 12_500, "4": 4_375, "5": 2_500}.get(row["MARS"], 6_250)
    many = 1_000 * max(number(row, "n24"), number(row, "nu18")) + 600 * number(row, "nu06") > limit
    return row["FLPDYR"] == "2021" and many and number(row, "out_c00100") > 75_000


def _gifts(row: Row) -> bool:
    """Gifts in kind for which gifts of cash leave no room within half of the income, or above 30% of it."""
    in_kind, cash, income = number(row, "e20100"), number(row, "e19800"), number(row, "out_c00100")
    return in_kind > 0 and (in_kind + cash > 0.5 * income or in_kind > 0.3 * income)


def _credit_falls(row: Row) -> bool:
    """In 2015 or 2018, income above the point where the earned income credit begins to fall."""
    starts = {"2015": (18_110, 23_630, 8_240, 13_750), "2018": (18_660, 24_350, 8_490, 14_170)}.get(row["FLPDYR"])
    income = max(number(row, "out_earned"), number(row, "out_c00100"))
    return starts is not None and income > starts[2 * (number(row, "EIC") == 0) + _status(row, "2")]


def _medical(row: Row) -> bool:
    """Medical expenses of filers under 65, to 2016."""
    under_65 = max(number(row, "age_head"), number(row, "age_spouse")) < 65
    return row["FLPDYR"] < "2017" and under_65 and min(number(row, "out_c17000"), number(row, "out_c09600")) > 0


def _top_bracket(row: Row) -> bool:
    """Something to itemize in 2026 with income in the 37% bracket; where taxcalc reduced it to less than the standard
    deduction, it does not state it."""
    start = {"2": 768_700, "3": 384_350}.get(row["MARS"], 640_600)
    spent = any(number(row, name) > 0 for name in ("e17500", "e18400", "e18500", "e19200", "e19800", "e20100"))
    return row["FLPDYR"] == "2026" and spent and number(row, "out_c00100") > start


def _exemption_used_up(row: Row) -> bool:
    """A separate return above the income at which its exemption from the minimum tax is gone."""
    least = 238_550 if row["FLPDYR"] < "2018" else 640_200 if row["FLPDYR"] == "2026" else 718_800
    return _status(row, "3") and number(row, "out_c62100") > least


def _gifts_before_income(row: Row) -> bool:
    """Gifts of money in 2020 by one who does not itemize."""
    itemizes = number(row, "out_standard") == 0 and number(row, "out_c04470") > 0
    return row["FLPDYR"] == "2020" and number(row, "e19800") > 0 and not itemizes


def _excess_loss(row: Row) -> bool:
    """Business losses of so much that their limit, or its suspension to 2020, matters."""
    names = ("e00900p", "e00900s", "e02000", "e02100p", "e02100s", "e01200")
    return row["FLPDYR"] >= "2018" and sum(number(row, name) for name in names) < -250_000


def _floor_at_limit(row: Row) -> bool:
    gifts = number(row, "e19800") + number(row, "e20100")
    return row["FLPDYR"] == "2026" and gifts > 0.5 * number(row, "out_c00100")


def _young(row: Row) -> bool:
    """Under 18 from 2018 on; before, only on a joint return, which is no such child's."""
    young = 0 < number(row, "age_head") < 18 and number(row, "out_c09600") > 0
    return young and (row["FLPDYR"] >= "2018" or _status(row, "2"))


CLASSES = (
    Explained(
        "gains at 25% and 28%",
        (*TAXES, "AMT", "CTC", "ACTC"),
        lambda row: number(row, "e24515") + number(row, "e24518") > 0,
    ),
    Explained(
        "self-employment below 400, and of two spouses",
        ("payroll tax", "AGI", "taxable income", "income tax", "AMT", "EITC", "CTC", "ACTC"),
        _small_or_two_businesses,
    ),
    Explained(
        "contributions to an IRA beside a plan",
        ("AGI", *INCOMES, "AMT", "EITC", "CTC", "ACTC"),
        lambda row: (
            number(row, "e03150") > 0
            and sum(number(row, name) for name in ("e03300", "pencon_p", "pencon_s")) > 0
            and number(row, "out_c00100") > 75_000
        ),
    ),
    Explained(
        "health savings account of a dependent",
        ("AGI", *INCOMES, "AMT", "EITC", "CTC", "ACTC"),
        lambda row: number(row, "e03290") > 0 and number(row, "DSI") > 0,
    ),
    Explained("excess business losses", ("AGI", *INCOMES, "EITC", "CTC"), _excess_loss),
    Explained(
        "foreign tax credit above the regular tax",
        TAXES,
        lambda row: number(row, "e07300") > number(row, "out_taxbc") and number(row, "out_c09600") > 0,
    ),
    Explained(
        "minimum deduction of a service business",
        (*INCOMES, "AMT"),
        lambda row: row["FLPDYR"] >= "2026" and number(row, "PT_SSTB_income") > 0 and number(row, "out_qbided") == 400,
        most=Fraction(400),
    ),
    Explained("gifts without itemizing in 2020", ("AGI", *INCOMES, "AMT", "EITC", "CTC", "ACTC"), _gifts_before_income,
    most=Fraction(600)),
    Explained("aged and blind, unmarried or surviving spouse", (*INCOMES, "CTC", "ACTC"), _unmarried_bonus,
    most=Fraction(700)),
    Explained(
        "capital gain distributions", (*INCOMES, "AMT", "EITC", "CTC", "ACTC"), lambda row: number(row, "e01100") > 0
    ),
    Explained(
        "penalties and net investment income",
        TAXES,
        lambda row: number(row, "e03400") > 0 and number(row, "out_c00100") > 125_000,
        most=Fraction(1_000),
    ),
    Explained(
        "earned income credit on a separate return",
        ("EITC", "income tax"),
        lambda row: _status(row, "3") and number(row, "EIC") == 0 and number(row, "out_c59660") > 0,
    ),
    Explained(
        "credit for other dependents in 2021",
        ("CTC", "ACTC", "income tax"),
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
        lambda row: row["FLPDYR"] in ("2021", "2026") and min(number(row, "e19800"), number(row, "out_c09600")) > 0,
    ),
    Explained(
        "minimum tax of the young",
        (*TAXES, "AMT"),
        _young,
    ),
    Explained(
        "medical expenses and the minimum tax",
        (*TAXES, "AMT"),
        _medical,
    ),
    Explained("thresholds of the earned income credit in 2015 and 2018", ("EITC", *TAXES), _credit_falls,
    most=Fraction(1056, 100)),
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
        _exemption_used_up,
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
        ("CTC", "ACTC", "income tax"),
        _larger_credit,
    ),
    Explained(
        "child credits of a surviving spouse",
        ("CTC", "income tax"),
        lambda row: _status(row, "5") and number(row, "out_c00100") > 200_000,
    ),
    Explained(
        "two education credits for one student",
        (*TAXES, "CTC", "ACTC"),
        lambda row: min(number(row, "e87521"), number(row, "e87530")) > 0,
    ),
    Explained("share of an education credit", TAXES, lambda row: number(row, "e87521") + number(row, "e87530") > 0),
    Explained("floor under gifts at the limit", (*INCOMES, "CTC"), _floor_at_limit),
    Explained("gifts in kind beside gifts of cash", (*INCOMES, "CTC", "ACTC", "AMT"), _gifts),
)  # fmt: skip


def explain(difference: Difference, row: Row) -> str:
    """The class of a difference, or nothing."""
    class_s = (class_ for class_ in CLASSES if difference.figure in class_.figures and class_.holds(row))
    return next((entry.name for entry in class_s if not entry.most or abs(difference.gap) <= entry.most), "")
