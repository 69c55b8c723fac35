"""Make `comparison_{year}.csv.gz` for years that policyengine-taxsim does not publish, by running both programs.

    python tests/validation/make_other_years.py TAXSIM POLICYENGINE_TAXSIM FOLDER

TAXSIM is NBER's executable `taxsimtest` (policyengine-taxsim ships it), POLICYENGINE_TAXSIM the command of that name.
Two kinds of units: every third unit of the published comparison of 2024, its year changed to 2021, 2023 and 2025; and
700 random units a year for 2021 to 2025 in Alaska, which taxes no income and no sales, with childcare, property tax,
mortgage interest and business income that the survey does not have. S-corporation income is active, as the column is
defined, and businesses have wages enough for section 199A. `make_consensus.py` then keeps what the two agree on.
"""

from __future__ import annotations

import csv
import gzip
import random
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

AGES = [f"age{number}" for number in range(1, 11)]
COLUMNS = [
    "taxsimid", "year", "state", "mstat", "page", "sage", "depx", *AGES, "pwages", "psemp", "swages", "ssemp",
    "dividends", "intrec", "stcg", "ltcg", "otherprop", "nonprop", "pensions", "gssi", "pui", "sui", "transfers",
    "rentpaid", "proptax", "otheritem", "childcare", "mortgage", "scorp", "pbusinc", "sbusinc", "pprofinc", "sprofinc",
    "idtl",
]  # fmt: skip
SURVEY_YEARS, RANDOM_YEARS = (2021, 2023, 2025), (2021, 2022, 2023, 2024, 2025)
RANDOM_UNITS, FIRST_RANDOM_ID, ALASKA = 700, 1_000_000, "2"
Row = dict[str, str]


def survey_units(year: int) -> list[Row]:
    """Every third unit of 2024, in another year."""
    with gzip.open(Path(__file__).parent / "data" / "consensus.csv.gz", "rt", newline="") as stream:
        units = [
            row for row in csv.DictReader(stream) if row["year"] == "2024" and int(row["taxsimid"]) < FIRST_RANDOM_ID
        ]
    return [{name: row.get(name) or "0" for name in COLUMNS} | {"year": str(year), "idtl": "2"} for row in units[::3]]


class RandomUnits:
    """Units drawn from one seed for all years."""

    def __init__(self) -> None:
        self.draw = random.Random(11)

    def year(self, year: int) -> list[Row]:
        """The units of a year."""
        return [self.unit(year, number) for number in range(1, RANDOM_UNITS + 1)]

    def amount(self, chance: float, most: float, negative: bool = False) -> str:
        """An amount with a chance to be other than 0."""
        if self.draw.random() > chance:
            return "0"
        even, small = self.draw.uniform(0, most), self.draw.uniform(0, most / 10)
        value = round(self.draw.choice([even, small, self.draw.expovariate(6 / most)]), 2)
        return str(-value if negative and self.draw.random() < 0.4 else value)

    def unit(self, year: int, number: int) -> Row:
        """One unit; the order of the draws decides what it is."""
        draw = self.draw
        status = draw.choices([1, 2, 6, 8], [45, 45, 6, 4])[0]
        count = 0 if status in (6, 8) else draw.choices([0, 1, 2, 3], [40, 25, 25, 10])[0]
        ages = sorted(
            draw.choice([draw.randint(1, 16), draw.randint(1, 18), draw.randint(17, 30)]) for _ in range(count)
        )
        row = dict.fromkeys(COLUMNS, "0") | {
            "taxsimid": str(FIRST_RANDOM_ID + number), "year": str(year), "state": ALASKA, "mstat": str(status),
            "page": str(draw.choice([draw.randint(18, 64), draw.randint(22, 60), draw.randint(60, 85)])),
            "depx": str(count), "idtl": "2",
        }  # fmt: skip
        row |= {f"age{place}": str(age) for place, age in enumerate(ages, start=1)}
        most = draw.choice([60e3, 60e3, 150e3, 600e3])
        row |= {"pwages": self.amount(0.8, most), "psemp": self.amount(0.15, most / 2, True)}
        if status == 2:
            row |= self.spouse(most)
        return row | self.property(row, most) | self.deductions(count, most)

    def spouse(self, most: float) -> Row:
        """What a spouse adds."""
        return {
            "sage": str(self.draw.choice([self.draw.randint(18, 64), self.draw.randint(60, 85)])),
            "swages": self.amount(0.6, most), "ssemp": self.amount(0.12, most / 2, True),
            "sui": self.amount(0.06, 15000), "sbusinc": self.amount(0.04, most), "sprofinc": self.amount(0.04, most),
        }  # fmt: skip

    def property(self, row: Row, most: float) -> Row:
        """Income from property, pensions and benefits."""
        by_name = {
            "dividends": self.amount(0.25, most / 3), "intrec": self.amount(0.4, most / 5),
            "stcg": self.amount(0.12, 20000, True), "ltcg": self.amount(0.2, most / 2, True),
            "otherprop": self.amount(0.1, most / 4), "nonprop": self.amount(0.05, most / 4),
            "pensions": self.amount(0.2, most / 2),
        }  # fmt: skip
        if int(row["page"]) >= 62:
            by_name["gssi"] = self.amount(0.8, 40000)
        return by_name

    def deductions(self, count: int, most: float) -> Row:
        """Benefits without tax, expenses, and income of businesses."""
        by_name = {
            "pui": self.amount(0.1, 15000), "transfers": self.amount(0.05, 10000), "rentpaid": self.amount(0.1, 20000),
            "proptax": self.amount(0.3, 20000), "otheritem": self.amount(0.1, 20000),
            "mortgage": self.amount(0.3, 40000),
        }  # fmt: skip
        if count:
            by_name["childcare"] = self.amount(0.4, 15000)
        return by_name | {name: self.amount(0.05, most) for name in ("scorp", "pbusinc", "pprofinc")}


def write(path: Path, rows: Sequence[Row]) -> None:
    """Input as both programs read it."""
    with path.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def answered(text: str) -> dict[str, Row]:
    """A program's rows by id; TAXSIM's standard output has lines of its own between them."""
    lines = [line for line in text.splitlines() if line[:1].isdigit() or line.startswith("taxsimid")]
    return {str(int(float(row["taxsimid"]))): row for row in csv.DictReader(lines)}


def compared(rows: Sequence[Row], taxsim: dict[str, Row], policyengine: dict[str, Row]) -> list[Row]:
    """Each unit twice, with each program's answer."""
    both = (("taxsim", taxsim), ("policyengine", policyengine))
    return [{"source": source} | answer[row["taxsimid"]] | row for row in rows for source, answer in both]


def main() -> None:
    """Write the comparisons."""
    taxsim, policyengine, folder = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    randomly = RandomUnits()
    for year in RANDOM_YEARS:
        rows = randomly.year(year) + (survey_units(year) if year in SURVEY_YEARS else [])
        given, answer = folder / f"in_{year}.csv", folder / f"policyengine_{year}.csv"
        write(given, rows)
        first = subprocess.run([taxsim], stdin=given.open(), capture_output=True, text=True, check=True).stdout
        options = ["-o", str(answer), "--assume-w2-wages", "--scorp-treatment", "active"]
        subprocess.run([policyengine, "policyengine", str(given), *options], check=True)
        write_comparison(folder, year, compared(rows, answered(first), answered(answer.read_text())))


def write_comparison(folder: Path, year: int, rows: Sequence[Row]) -> None:
    """In the form in which policyengine-taxsim publishes its own, beside them under another name."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    with gzip.open(folder / f"more_{year}.csv.gz", "wt", newline="") as stream:
        writer = csv.DictWriter(stream, names, restval="0")
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    main()
