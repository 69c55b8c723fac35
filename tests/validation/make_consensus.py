"""Make `tests/validation/data/consensus.csv.gz`: what TAXSIM and PolicyEngine-US both answer for the same tax units.

The source is the comparison that policyengine-taxsim publishes (MIT): 3,000 units of the Current Population Survey a
year, each computed by both, and for other years and other kinds of income the units that `make_other_years.py` has
both compute. Run it on the folder of `comparison_2022.csv.gz`, `comparison_2024.csv.gz` and that script's files:

    python tests/validation/make_consensus.py FOLDER

A figure is kept where the two are within a dollar of each other, as the mean of both; else its cell is empty. Inputs
that are zero for every unit are left out, and input amounts are rounded to cents, as the `taxsim` command would.
"""

from __future__ import annotations

import csv
import gzip
import io
import sys
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

FILES = (
    "comparison_2022", "comparison_2024", "more_2021", "more_2022", "more_2023", "more_2024", "more_2025",
)  # fmt: skip
AGES = [f"age{number}" for number in range(1, 12)]
CODES = ["state", "mstat", "page", "sage", "depx", *AGES]
MONEY = [
    "pwages", "psemp", "swages", "ssemp", "dividends", "intrec", "stcg", "ltcg", "otherprop", "nonprop", "pensions",
    "gssi", "pui", "sui", "transfers", "rentpaid", "proptax", "otheritem", "childcare", "mortgage", "scorp",
    "pbusinc", "sbusinc", "pprofinc", "sprofinc",
]  # fmt: skip
FIGURES = ("fiitax", "v10", "v11", "v12", "v13", "v18", "v24", "v25", "v27", "v28", "tfica", "niit", "qbid")
TARGET = Path(__file__).parent / "data" / "consensus.csv.gz"
Row = dict[str, str]


def both(path: Path) -> dict[str, tuple[Row, Row]]:
    """By id, TAXSIM's row and PolicyEngine's."""
    by_name: dict[str, dict[str, Row]] = {}
    with gzip.open(path, "rt", newline="") as stream:
        for row in csv.DictReader(stream):
            by_name.setdefault(row["taxsimid"], {})[row["source"]] = row
    return {key: (rows["taxsim"], rows["policyengine"]) for key, rows in by_name.items()}


def child_credits(row: Row) -> float:
    """The child tax credit with its refundable part."""
    return float(row["v22"] or 0) + float(row["actc"] or 0)


def agreed(one: Row, other: Row) -> Row:
    """The figures on which the two agree within a dollar."""
    by_name: Row = {}
    for name in FIGURES:
        by_name[name] = mean(float(one[name] or 0), float(other[name] or 0))
    by_name["v22+actc"] = mean(child_credits(one), child_credits(other))
    return by_name


def mean(one: float, other: float) -> str:
    """What lies between two figures that are near each other; nothing for others."""
    return f"{(one + other) / 2:.2f}" if abs(one - other) <= 1 else ""


def inputs(row: Row) -> Row:
    """A unit's inputs, compact: whole codes, amounts in cents, nothing for zero."""
    codes = {name: str(int(float(row[name]))) if float(row.get(name) or 0) else "" for name in CODES}
    cent = Decimal("0.01")
    money = {name: Decimal(row.get(name) or 0).quantize(cent, ROUND_HALF_UP).normalize() for name in MONEY}
    return codes | {name: f"{value:f}" if value else "" for name, value in money.items()}


def main() -> None:
    """Write the compact file."""
    rows: list[Row] = []
    for name in FILES:
        for key, (first, other) in both(Path(sys.argv[1]) / f"{name}.csv.gz").items():
            rows.append({"taxsimid": str(int(float(key))), "year": name[-4:]} | inputs(first) | agreed(first, other))
    names = [name for name in rows[0] if any(row[name] not in ("", "0") for row in rows)]
    text = io.StringIO()
    writer = csv.DictWriter(text, names, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    TARGET.parent.mkdir(exist_ok=True)
    with TARGET.open("wb") as stream, gzip.GzipFile("", "wb", 9, stream, mtime=0) as packed:
        packed.write(text.getvalue().encode())


if __name__ == "__main__":
    main()
