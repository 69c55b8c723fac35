"""Ask taxcalc (CC0) about random tax units: write their inputs and its answers as CSV.

Run it with a Python that has `taxcalc`; it needs nothing of this project:

    python tests/validation/peer_taxcalc.py OUT.csv.gz [--units 2000] [--years 2021-2025] [--seed 1]

1. Draw units of the Current Population Survey that taxcalc ships; scale their incomes by a random factor, so that all
   brackets and phase-outs are visited; vary filing status, ages and blindness.
2. Give many of them what the survey does not know: gains and losses, partnerships, rents, adjustments, credits,
   alternative minimum tax items, the limits of the business deduction, the deductions of 2025. Inputs that contradict
   each other (a spouse's wages without a spouse) are not made.
3. Compute with exact steps (`exact_calculations`) and everybody claiming the credits they are due.
"""

from __future__ import annotations

import argparse
import gzip
import random
from typing import Any

NAMES_CPS = (
    "age_head", "age_spouse", "blind_head", "blind_spouse", "MARS", "DSI", "XTOT", "EIC", "n24", "nu06", "nu13", "nu18",
    "n1820", "n21", "f2441", "elderly_dependents", "e00200p", "e00200s", "e00900p", "e00900s", "e02100p", "e02100s",
    "e00300", "e00400", "e00600", "e00650", "e00800", "e01100", "e01400", "e01500", "e01700", "e02300", "e02400",
    "e03150", "e03210", "e03270", "e03300", "e17500", "e18400", "e18500", "e19200", "e19800", "e20100", "e32800",
    "pencon_p", "pencon_s",
)  # fmt: skip
COUNTS = NAMES_CPS[:16]
ADDED = (
    "p22250", "p23250", "e24515", "e24518", "e01200", "e26270", "e02000", "k1bx14p", "k1bx14s", "e00700", "e03220",
    "e03290", "e03400", "e03500", "e07240", "e07260", "e07300", "e07400", "e07600", "p08000", "e09700", "e09800",
    "e09900", "e11200", "g20500", "e58990", "e87521", "e87530", "cmbtp", "MIDR", "PT_SSTB_income", "PT_binc_w2_wages",
    "PT_ubia_property", "auto_loan_interest", "overtime_income", "tip_income",
)  # fmt: skip
ANSWERS = (
    "iitax", "payrolltax", "setax", "ptax_amc", "ptax_was", "niit", "othertaxes", "c00100", "c02500", "c02900",
    "c04800", "c04470", "standard", "qbided", "taxbc", "c09600", "c62100", "c05800", "c07100", "c07180", "c07200",
    "c07220", "odc", "c07230", "c10960", "c11070", "c59660", "eitc", "CDCC_refund", "recovery_rebate_credit", "ctc_new",
    "ctc_total", "refund", "c09200", "c01000", "c17000", "c18300", "c19700", "earned", "senior_deduction",
    "tip_income_deduction", "overtime_income_deduction", "auto_loan_interest_deduction",
)  # fmt: skip
Unit = dict[str, Any]


def drawn(rows: list[Unit], rng: random.Random) -> Unit:
    """A unit of the survey, its incomes scaled, with more facts added."""
    unit = dict(rng.choice(rows))
    scale = rng.choice([0.2, 0.5, 1, 1, 1.3, 2, 3, 6, 15]) * rng.uniform(0.7, 1.4)
    spending = rng.choice([0, 1, 2, 5]) * rng.uniform(0.5, 1.5)
    for name in NAMES_CPS[16:]:
        factor = spending if name in ("e17500", "e18400", "e18500", "e19200", "e19800", "e20100") else scale
        unit[name] = round(float(unit[name]) * factor)
    unit["e03270"] = unit["e03300"] = 0
    people(unit, rng)
    for name in ADDED:
        unit[name] = 0
    investments(unit, rng)
    businesses(unit, rng)
    adjustments(unit, rng)
    credits(unit, rng)
    unit["e00650"] = min(unit["e00650"], unit["e00600"])
    unit["e01500"] = max(unit["e01500"], unit["e01700"])
    for total in ("e00200", "e00900", "e02100"):
        unit[total] = unit[f"{total}p"] + unit[f"{total}s"]
    return unit


def people(unit: Unit, rng: random.Random) -> None:
    """Vary status, ages and blindness, without contradiction."""
    children = unit["XTOT"] - (2 if unit["MARS"] == 2 else 1) > 0
    if unit["MARS"] in (1, 4) and rng.random() < 0.08:
        unit["MARS"] = 5 if children else 3
    if unit["MARS"] != 2:
        unit["age_spouse"] = unit["blind_spouse"] = 0
        for name in ("e00200s", "e00900s", "e02100s", "pencon_s"):
            unit[name] = 0
    elif unit["age_spouse"] == 0:
        unit["age_spouse"] = unit["age_head"]
    unit["blind_head"] = int(rng.random() < 0.03)
    unit["blind_spouse"] = int(unit["MARS"] == 2 and rng.random() < 0.03)
    if rng.random() < 0.15 and unit["age_head"] >= 21:
        unit["age_head"] = rng.randint(21, 85)


def some(rng: random.Random, chance: float, typical: float) -> int:
    """With a chance, an amount around `typical`; else 0."""
    return round(rng.lognormvariate(0, 1.2) * typical) if rng.random() < chance else 0


def investments(unit: Unit, rng: random.Random) -> None:
    """Gains and losses, and what goes with them."""
    sign = rng.choice([1, 1, 1, -1])
    if rng.random() < 0.5:
        unit["p22250"] = rng.choice([1, -1]) * some(rng, 0.6, 5_000)
        unit["p23250"] = sign * some(rng, 0.7, 15_000)
        unit["e01100"] = 0
        if unit["p23250"] > 0 and unit["p22250"] >= 0:
            unit["e24515"] = round(unit["p23250"] * 0.3) if rng.random() < 0.05 else 0
            unit["e24518"] = round(unit["p23250"] * 0.4) if rng.random() < 0.05 else 0
    unit["e01200"] = rng.choice([1, -1]) * some(rng, 0.08, 4_000)
    unit["e00300"] += some(rng, 0.2, 2_000)
    unit["e00400"] += some(rng, 0.1, 2_000)
    added = some(rng, 0.25, 4_000)
    unit["e00600"] += added
    unit["e00650"] += round(added * rng.random())
    unit["e00700"] = some(rng, 0.05, 600)


def businesses(unit: Unit, rng: random.Random) -> None:
    """Self-employment, partnerships and rents, and the limits of the deduction for them."""
    unit["e00900p"] += rng.choice([1, 1, 1, -1]) * some(rng, 0.2, 30_000)
    if unit["MARS"] == 2:
        unit["e00900s"] += some(rng, 0.08, 20_000)
    unit["e26270"] = rng.choice([1, 1, 1, -1]) * some(rng, 0.15, 30_000)
    if unit["e26270"] > 0 and rng.random() < 0.3:
        unit["k1bx14p"] = round(unit["e26270"] * 0.8)
    unit["e02000"] = unit["e26270"] + rng.choice([1, 1, -1]) * some(rng, 0.15, 8_000)
    alone = not (unit["e00900s"] or unit["e02100s"])
    if rng.random() < 0.2 and alone and not (unit["e02100p"] or unit["e26270"]):
        unit["PT_SSTB_income"] = int(unit["e00900p"] > 0)
    if alone and rng.random() < 0.5:
        unit["PT_binc_w2_wages"] = some(rng, 0.7, 30_000)
        unit["PT_ubia_property"] = some(rng, 0.4, 200_000)
    if unit["e00900p"] > 20_000:
        unit["e03300"] = some(rng, 0.2, 3_000)


def adjustments(unit: Unit, rng: random.Random) -> None:
    """Above-the-line and itemized deductions."""
    unit["e03220"] = min(250, some(rng, 0.05, 200))
    unit["e03290"] = min(3_000, some(rng, 0.06, 1_500))
    unit["e03400"] = some(rng, 0.02, 200)
    unit["e03500"] = some(rng, 0.02, 6_000)
    unit["e03210"] = min(2_500, unit["e03210"])
    unit["g20500"] = some(rng, 0.02, 8_000)
    unit["e19200"] += some(rng, 0.15, 9_000)
    unit["e19800"] += some(rng, 0.15, 4_000)
    unit["e18500"] += some(rng, 0.15, 4_000)
    unit["MIDR"] = int(unit["MARS"] == 3 and rng.random() < 0.3)
    unit["cmbtp"] = some(rng, 0.05, 20_000)
    wages = unit["e00200p"] + unit["e00200s"]
    unit["tip_income"] = round(wages * rng.uniform(0.05, 0.4)) if rng.random() < 0.06 else 0
    unit["overtime_income"] = round(wages * rng.uniform(0.02, 0.2)) if rng.random() < 0.12 else 0
    unit["auto_loan_interest"] = some(rng, 0.1, 2_000)


def credits(unit: Unit, rng: random.Random) -> None:
    """Credits, and other taxes."""
    unit["e32800"] = some(rng, 0.7, 4_000) if unit["f2441"] and rng.random() < 0.6 else 0
    unit["e07300"] = some(rng, 0.05, 500)
    unit["e07240"] = min(1_000, some(rng, 0.05, 400))
    unit["e07260"] = some(rng, 0.03, 1_500)
    unit["e07400"] = some(rng, 0.02, 800)
    unit["e07600"] = some(rng, 0.02, 800)
    unit["p08000"] = some(rng, 0.01, 500)
    unit["e09700"] = some(rng, 0.01, 300)
    unit["e09900"] = some(rng, 0.03, 600)
    unit["e11200"] = some(rng, 0.01, 400)
    students = min(2, max(1, unit["XTOT"]))
    if unit["MARS"] != 3 and not unit["DSI"]:  # who may not have these credits; taxcalc leaves that to its input
        unit["e87521"] = min(2_500 * students, some(rng, 0.06, 2_000))
        unit["e87530"] = some(rng, 0.06, 4_000)


def computed(units: list[Unit], year: int) -> Any:
    """The units' inputs with taxcalc's answers, as a data frame."""
    import pandas
    import taxcalc

    frame = pandas.DataFrame(units)
    frame["RECID"] = range(1, len(units) + 1)
    frame["FLPDYR"] = year
    frame["s006"] = 1.0
    if year < 2025:
        frame[["tip_income", "overtime_income", "auto_loan_interest"]] = 0
    records = taxcalc.Records(
        data=frame, start_year=year, gfactors=None, weights=None, adjust_ratios=None, exact_calculations=True
    )
    policy = taxcalc.Policy()
    policy.set_year(year)
    policy.implement_reform({name: {year: 9e99} for name in ("eitc_claim_prob_scale", "actc_claim_prob_scale")})
    calculator = taxcalc.Calculator(policy=policy, records=records, sync_years=False)
    calculator.advance_to_year(year)
    calculator.calc_all()
    for name in ANSWERS:
        frame[f"out_{name}"] = calculator.array(name)
    return frame


def main() -> None:
    """Write the file named on the command line."""
    import pandas
    import taxcalc

    parser = argparse.ArgumentParser()
    parser.add_argument("out")
    parser.add_argument("--units", type=int, default=2_000)
    parser.add_argument("--years", default="2021-2025")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    first, last = map(int, options.years.split("-"))
    survey = pandas.read_csv(f"{taxcalc.__path__[0]}/cps.csv.gz", usecols=list(NAMES_CPS))
    rng = random.Random(options.seed)
    frames = []
    for year in range(first, last + 1):
        rows = survey.sample(options.units, random_state=rng.randrange(2**31)).to_dict("records")
        frames.append(computed([drawn(rows, rng) for _ in range(options.units)], year))
    everything = pandas.concat(frames)
    kept = ["RECID", "FLPDYR", *NAMES_CPS, *ADDED, *(f"out_{name}" for name in ANSWERS)]
    with gzip.GzipFile(options.out, "wb", 9, mtime=0) as packed:
        packed.write(everything[kept].round(2).to_csv(index=False, lineterminator="\n").encode())


if __name__ == "__main__":
    main()
