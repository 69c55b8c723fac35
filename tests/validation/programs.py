"""Compare random filers with calculators that run as programs of their own: taxsim-py, and tenforty (OpenTaxSolver).

    python -m tests.validation.programs [--taxsim-py PROGRAM] [--tenforty PYTHON] [--filers N] [--seed N]

Prints how many figures agree within a dollar (tenforty computes in whole dollars: within two), and how many of the
others each class of DIFFERENCES.md explains. Exit 5 if some are not explained.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import random
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from api.rules import programs
from engine.interpret.case_reader import case_from_data
from engine.interpret.constants import Constants
from engine.interpret.interpreter import Interpreter
from engine.interpret.outcomes import Fact, Known
from engine.text.diagnostics import Diagnostics
from engine.values.periods import parse_period

YEARS = (2021, 2022, 2023, 2024, 2025)
Row = dict[str, Any]
Explain = Callable[[str, Row, dict[str, float], dict[str, float]], str]

CHAPTERS = frozenset(
    {
        "business income deduction",
        "child tax credit by steps",
        "children of 17 and other dependents in 2021",
        "deduction that changes no tax",
        "investment income and the earned income credit",
        "refund by Social Security taxes",
        "no Schedule SE before 2024",
        "no Forms 8959 and 8960 before 2024",
    }
)

# --- taxsim-py

COLUMNS = (
    "taxsimid year state mstat page sage depx age1 age2 age3 pwages swages psemp dividends intrec stcg ltcg pensions"
    " gssi pui proptax mortgage idtl"
).split()
TAXSIM_FIGURES = {
    "fiitax": "fiitax",
    "v10": "federal_adjusted_gross_income",
    "v12": "federal_taxable_social_security_benefits",
    "v18": "federal_taxable_income",
    "v22": "federal_child_tax_credit",
    "v25": "federal_earned_income_tax_credit",
    "v27": "federal_alternative_minimum_tax",
    "tfica": "tfica",
}


EITC_INVESTMENT_LIMIT = 10_000  # of 2021, the lowest of these years (26 USC 32(i)(1))


def taxsim_filers(count: int, seed: int) -> Iterator[Row]:
    """Filers in TAXSIM's columns, of all years, in a State without income tax."""
    draw = random.Random(seed)
    for number in range(1, count + 1):
        joint, children = draw.random() < 0.4, draw.choice((0, 0, 1, 2, 3))
        row: Row = dict.fromkeys(COLUMNS, 0)
        row |= {"taxsimid": number, "year": draw.choice(YEARS), "mstat": 2 if joint else 1, "idtl": 2, "depx": children}
        row |= {"page": draw.choice((25, 40, 64, 67)), "sage": draw.choice((25, 40, 66)) if joint else 0}
        row |= {f"age{place + 1}": draw.choice((1, 5, 9, 12, 15, 16, 17, 18)) for place in range(children)}
        row["pwages"] = draw.choice((0, draw.randrange(60_000), draw.randrange(300_000)))
        row["swages"] = draw.choice((0, draw.randrange(90_000))) if joint else 0
        sometimes = {"psemp": 80_000, "dividends": 20_000, "intrec": 12_000, "pensions": 60_000, "pui": 12_000}
        sometimes |= {"mortgage": 40_000, "proptax": 15_000, "ltcg": 100_000, "stcg": 20_000}
        row |= {name: draw.randrange(most) for name, most in sometimes.items() if draw.random() < 0.25}
        row["gssi"] = draw.randrange(40_000) if row["page"] > 63 and draw.random() < 0.7 else 0
        yield row


def with_taxsim_py(program: str, count: int, seed: int) -> bool:
    """Compare with taxsim-py; whether all that differs is explained."""
    filers = list(taxsim_filers(count, seed))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with (folder / "in.csv").open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
            writer.writeheader()
            writer.writerows(filers)
        ours = _run([sys.executable, "-m", "api.cli", "taxsim", str(folder / "in.csv")])
        options = ["--mode", "statutory", "--engine", "python", "--idtl", "2"]
        _run([program, *options, str(folder / "in.csv"), str(folder / "out.csv")])
        theirs = (folder / "out.csv").read_text(encoding="utf-8")
    pairs = zip(filers, _numbers(ours), _numbers(theirs), strict=True)
    named = (
        (row, mine, {figure: other[name] for figure, name in TAXSIM_FIGURES.items()}) for row, mine, other in pairs
    )
    return _told("taxsim-py", list(TAXSIM_FIGURES), named, _why_taxsim_py, tolerance=1)


def _numbers(text: str) -> Iterator[dict[str, float]]:
    for row in csv.DictReader(io.StringIO(text)):
        yield {key: float(value) for key, value in row.items() if value}


def _why_taxsim_py(figure: str, row: Row, ours: dict[str, float], theirs: dict[str, float]) -> str:
    """The class of a difference, tested on the figures themselves; empty if there is none."""
    business = ours.get("qbid", 0)
    if business and abs(ours["v18"] + business - theirs["v18"]) <= 1 and figure in ("v18", "fiitax", "v22", "v27"):
        return "business income deduction"
    steps = theirs["v22"] - ours["v22"]
    if row["depx"] and 0 < steps < 50 and figure in ("v22", "fiitax"):
        return "child tax credit by steps"
    if row["year"] == 2021 and row["depx"] and figure in ("v22", "fiitax"):
        return "children of 17 and other dependents in 2021"
    with_standard = row["year"] == 2021 and abs(max(0, ours["v10"] - ours["v13"]) - theirs["v18"]) <= 1
    if figure in ("v18", "v22") and (abs(ours["fiitax"] - theirs["fiitax"]) <= 1 or with_standard):
        return "deduction that changes no tax"
    invested = row["dividends"] + row["intrec"] + max(0, row["ltcg"] + row["stcg"])
    if figure in ("v25", "fiitax") and ours["v25"] == 0 < theirs["v25"] and invested > EITC_INVESTMENT_LIMIT:
        return "investment income and the earned income credit"
    refunded = theirs["fiitax"] - ours["fiitax"]
    if figure == "fiitax" and row["depx"] >= 3 and row["year"] != 2021 and 0 < refunded <= ours["tfica"] + 1:
        return "refund by Social Security taxes"
    return ""


# --- tenforty

TENFORTY_FIGURES = {
    "federal_adjusted_gross_income": "adjusted_gross_income",
    "federal_taxable_income": "taxable_income",
    "federal_amt": "alternative_minimum_tax",
    "federal_se_tax": "tax_unit_self_employment_tax",
    "federal_niit": "net_investment_income_tax",
    "federal_additional_medicare_tax": "additional_medicare_tax",
}


FIRST_WITH_SCHEDULES = 2024


def tenforty_filers(count: int, seed: int) -> Iterator[Row]:
    """Filers without dependents, by the arguments of tenforty."""
    draw = random.Random(seed)
    for _ in range(count):
        row: Row = {"year": draw.choice((2022, 2023, 2024)), "filing_status": draw.choice(("Single", "Married/Joint"))}
        row["w2_income"] = draw.choice((0, draw.randrange(60_000), draw.randrange(400_000)))
        sometimes = {"taxable_interest": 12_000, "ordinary_dividends": 20_000, "short_term_capital_gains": 20_000}
        sometimes |= {"long_term_capital_gains": 100_000, "self_employment_income": 90_000}
        row |= {name: draw.randrange(most) for name, most in sometimes.items() if draw.random() < 0.35}
        yield row


def with_tenforty(python: str, count: int, seed: int) -> bool:
    """Compare with tenforty; whether all that differs is explained."""
    filers = list(tenforty_filers(count, seed))
    lines = "".join(json.dumps(row) + "\n" for row in filers)
    answers = _run([python, str(Path(__file__).with_name("peer_tenforty.py"))], lines)
    theirs = [json.loads(line) for line in answers.splitlines()]
    ours = [_ours(row) for row in filers]
    return _told("tenforty", list(TENFORTY_FIGURES), zip(filers, ours, theirs, strict=True), _why_tenforty, tolerance=2)


def _ours(row: Row) -> dict[str, float]:
    """Our figures of a filer, by the names of tenforty, in whole dollars as a return has them."""
    program = programs.load_program("us")
    person = {
        "age": 40,
        "employment_income": row["w2_income"],
        "taxable_interest_income": row.get("taxable_interest", 0),
    }
    person |= {"non_qualified_dividend_income": row.get("ordinary_dividends", 0)}
    for name in ("short_term_capital_gains", "long_term_capital_gains", "self_employment_income"):
        person[name] = row.get(name, 0)
    unit: Row = {"head": "a", "figures_as_filed": True}
    people: Row = {"a": person}
    if row["filing_status"] == "Married/Joint":
        people["b"] = {"age": 40}
        unit["spouse"] = "b"
    data = {"at": row["year"], "complete": True, "people": people, "tax_units": {"home": unit}}
    problems = Diagnostics()
    case = case_from_data(program, data, problems)
    assert case is not None, list(problems)
    interpreter = Interpreter(program, case, _constants())
    told = {}
    for figure, name in TENFORTY_FIGURES.items():
        outcome = interpreter.find(Fact(name, "home", parse_period(str(row["year"]))))
        assert isinstance(outcome, Known) and isinstance(outcome.value, int | Fraction), (name, outcome)
        told[figure] = float(outcome.value)
    return told


_kept: list[Constants] = []


def _constants() -> Constants:
    if not _kept:
        _kept.append(Constants(programs.load_program("us")))
    return _kept[0]


def _why_tenforty(figure: str, row: Row, ours: dict[str, float], theirs: dict[str, float]) -> str:
    """The class of a difference; empty if there is none."""
    of_business = figure in ("federal_adjusted_gross_income", "federal_taxable_income", "federal_se_tax")
    if row["year"] >= FIRST_WITH_SCHEDULES or theirs["federal_se_tax"]:
        return ""
    if of_business and row.get("self_employment_income"):
        return "no Schedule SE before 2024"
    return "no Forms 8959 and 8960 before 2024" if not of_business and theirs[figure] == 0 else ""


# --- both


def _run(command: Sequence[str], stdin: str = "") -> str:
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{command[0]} failed: {done.stderr[-500:]}")
    return done.stdout


def _told(
    source: str,
    figures: Sequence[str],
    rows: Iterator[tuple[Row, dict[str, float], dict[str, float]]] | Any,
    explain: Explain,
    tolerance: float,
) -> bool:
    agreeing, classes = Counter[str](), Counter[tuple[str, str]]()
    count = 0
    for row, ours, theirs in rows:
        count += 1
        for figure in figures:
            if abs(ours[figure] - theirs[figure]) <= tolerance:
                agreeing[figure] += 1
                continue
            why = explain(figure, row, ours, theirs)
            classes[figure, why] += 1
            if not why and classes[figure, ""] <= 3:
                print(f"  {source} {figure}: ours {ours[figure]:.2f}, theirs {theirs[figure]:.2f}: {_stated(row)}")
    for figure in figures:
        others = ", ".join(
            f"{number} {why or 'unexplained'}" for (name, why), number in classes.items() if name == figure
        )
        print(f"{source}  {figure}: {agreeing[figure]} of {count} agree" + f"; {others}" * bool(others))
    assert {why for _, why in classes} <= CHAPTERS | {""}
    return not any(why == "" for _, why in classes)


def _stated(row: Row) -> str:
    return ", ".join(f"{key} {value}" for key, value in row.items() if value and key not in ("taxsimid", "idtl"))


def main() -> int:
    """Compare with the programs that are named."""
    parser = argparse.ArgumentParser(prog="python -m tests.validation.programs", description=__doc__)
    parser.add_argument("--taxsim-py", help="the program")
    parser.add_argument("--tenforty", help="a Python that has tenforty")
    parser.add_argument("--filers", type=int, default=3_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    explained = [True]
    if options.taxsim_py:
        explained.append(with_taxsim_py(options.taxsim_py, options.filers, options.seed))
    if options.tenforty:
        explained.append(with_tenforty(options.tenforty, options.filers, options.seed))
    return 0 if all(explained) else 5


if __name__ == "__main__":
    sys.exit(main())
