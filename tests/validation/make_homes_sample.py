"""Make `citizens/data/homes/`: 4,000 whole households of the Current Population Survey, aged to 2024, with the tax
units and families in them.

Run it from the root of the tree with a Python that has `taxcalc` (CC0), whose package carries the survey file:

    python -m tests.validation.make_homes_sample citizens/data/homes

1. taxcalc's file pools three surveys. A home is who has the same survey year (`FLPDYR`) and household number (`h_seq`);
   a family in it has one number too (`ffpos`). taxcalc carries incomes and weights forward to 2024.
2. The survey weighs people; units that share a home may have different weights. Every unit of a home gets the mean of
   them, by people, so that as many people are stood for as before.
3. Homes with a unit that contradicts itself (a spouse of age 0) are left out. The others are sorted by income and every
   n-th is taken; they are shuffled with a fixed seed, and their weights scaled to the survey's people.
4. Ages of dependents, and where incomes of a unit are written, are as in `make_sample.py`.
"""

from __future__ import annotations

import csv
import gzip
import random
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.validation.make_sample import PEOPLE, TAX_UNITS, Row, aged, income, people, tax_unit, write

HOMES, SEED = 4_000, 20240416
HOME_COLUMNS = ["dwelling_id", "dwelling_role", "family_id", "family_role"]


def places() -> Iterator[tuple[tuple[str, str], str]]:
    """For each unit of taxcalc's file, in its order, its home (survey year, household number) and family in it."""
    import taxcalc

    path = Path(taxcalc.__file__).with_name("cps.csv.gz")
    with gzip.open(path, "rt", encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            yield (row["FLPDYR"], row["h_seq"]), row["ffpos"]


def homes_of(units: Sequence[Row]) -> list[list[Row]]:
    """The units home by home, in the file's order, each with its family's number."""
    homes: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for unit, (home, family) in zip(units, places(), strict=True):
        homes[home].append(unit | {"family": family})
    return list(homes.values())


def weigh(homes: Sequence[Sequence[Row]]) -> None:
    """Give every unit of a home the mean weight of its people."""
    for units in homes:
        mean = sum(unit["s006"] * unit["XTOT"] for unit in units) / sum(unit["XTOT"] for unit in units)
        for unit in units:
            unit["weight"] = mean


def chosen(homes: Sequence[list[Row]], rng: random.Random) -> list[list[Row]]:
    """Every n-th home by income, shuffled, with weights that stand for as many people as the survey's."""
    sound = [units for units in homes if not any(unit["MARS"] == 2 and unit["age_spouse"] == 0 for unit in units)]
    ranked = sorted(range(len(sound)), key=lambda index: (sum(map(income, sound[index])), index))
    step = len(sound) / HOMES
    taken = [sound[ranked[int((index + 0.5) * step)]] for index in range(HOMES)]
    scale = _people(homes) / _people(taken)
    for unit in (unit for units in taken for unit in units):
        unit["weight"] *= scale
    rng.shuffle(taken)
    return taken


def _people(homes: Sequence[Sequence[Row]]) -> float:
    return float(sum(unit["weight"] * unit["XTOT"] for units in homes for unit in units))


def main() -> None:
    """Write `people.csv.gz` and `tax_units.csv.gz` into the folder named on the command line."""
    folder = Path(sys.argv[1])
    rng = random.Random(SEED)
    homes = homes_of(aged("XTOT"))
    weigh(homes)
    everybody: list[Row] = []
    tax_units: list[Row] = []
    for number, units in enumerate(chosen(homes, rng), 1):
        home, weight = f"h{number:04d}", f"{units[0]['weight']:.2f}"
        for place, unit in enumerate(units, 1):
            shared = {
                "dwelling_id": home, "dwelling_role": "occupant",
                "family_id": f"{home}f{unit['family']}", "family_role": "family_member",
            }  # fmt: skip
            everybody += [row | shared for row in people(f"{home}u{place}", unit, rng)]
            tax_units.append(tax_unit(f"{home}u{place}", unit) | {"weight": weight})
    folder.mkdir(parents=True, exist_ok=True)
    write(folder / "people.csv.gz", PEOPLE[:3] + HOME_COLUMNS + PEOPLE[3:], everybody)
    write(folder / "tax_units.csv.gz", TAX_UNITS, tax_units)


if __name__ == "__main__":
    main()
