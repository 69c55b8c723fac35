"""Ask taxcalc (CC0) about its whole survey file, year by year: write its inputs and its answers.

Run it with a Python that has `taxcalc`; it needs nothing of this project:

    python tests/validation/peer_cps.py FOLDER [--years 2013-2026] [--every N] [--distributions]

1. taxcalc carries the 280,005 units of its Current Population Survey file, which is of 2014, forward to the year; 2013
   is the law of 2013 on the units of 2014.
2. Amounts are rounded to cents, so that both calculators start from the same facts. What the survey has of capital
   gains is in taxcalc's column of capital gain distributions without a Schedule D, a column that taxcalc leaves out of
   investment income; here they are long-term gains, unless `--distributions` leaves them where they were.
3. taxcalc computes them with exact steps and everybody claiming the credits they are due.
4. `FOLDER/cps_YEAR.npz` holds the inputs under their names and the answers as `out_NAME`.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np

SURVEY = 2014
MONEY = (
    "e00200p", "e00200s", "e00900p", "e00900s", "e02100p", "e02100s", "e00300", "e00400", "e00600", "e00650", "e00800",
    "e01100", "e01400", "e01500", "e01700", "e02300", "e02400", "e03150", "e03210", "e03240", "e03270", "e03300",
    "e17500", "e18400", "e18500", "e19200", "e19800", "e20100", "e20400", "e32800", "pencon_p", "pencon_s",
)  # fmt: skip
OTHERS = (
    "RECID", "age_head", "age_spouse", "blind_head", "blind_spouse", "MARS", "DSI", "XTOT", "EIC", "n24", "nu06",
    "nu13", "nu18", "n1820", "n21", "f2441", "elderly_dependents",
)  # fmt: skip
ANSWERS = (
    "iitax", "setax", "ptax_amc", "ptax_was", "niit", "refund", "c09200", "c00100", "c01000", "c02500", "c02900",
    "c04470", "c04600", "c04800", "standard", "qbided", "taxbc", "c05800", "c62100", "c09600", "c07100", "c07180",
    "c07220", "odc", "c11070", "c59660", "ctc_total", "recovery_rebate_credit", "CDCC_refund", "c17000", "c18300",
    "c19200", "c19700", "c20800", "c21040", "earned", "earned_p", "earned_s", "ctc_new",
)  # fmt: skip


def everybody_claims(policy: Any, year: int) -> None:
    """taxcalc draws at random who claims; here all do."""
    policy.set_year(year)
    policy.implement_reform({name: {year: 9e99} for name in ("eitc_claim_prob_scale", "actc_claim_prob_scale")})


def cents(amounts: Any) -> Any:
    """Amounts as the floats nearest to whole cents."""
    return np.rint(amounts * 100) / 100


def carried_forward(year: int, distributions: bool) -> Any:
    """The survey's units in a year, in whole cents, as a data frame."""
    import pandas
    import taxcalc

    calculator = taxcalc.Calculator(policy=taxcalc.Policy(), records=taxcalc.Records.cps_constructor())
    calculator.advance_to_year(max(year, SURVEY))
    frame = pandas.DataFrame({name: calculator.array(name).astype(int) for name in OTHERS})
    for name in MONEY:
        frame[name] = cents(calculator.array(name))
    frame["p23250"] = 0.0
    if not distributions:
        frame["p23250"], frame["e01100"] = frame["e01100"], 0.0
    frame["e00650"] = np.minimum(frame["e00650"], frame["e00600"])
    frame["e01500"] = np.maximum(frame["e01500"], frame["e01700"])
    for total in ("e00200", "e00900", "e02100"):
        frame[total] = cents(frame[f"{total}p"] + frame[f"{total}s"])
    frame["s006"] = calculator.array("s006")
    frame["FLPDYR"] = year
    return frame


def answered(frame: Any, year: int) -> dict[str, Any]:
    """The units' inputs and answers as arrays."""
    import taxcalc

    records = taxcalc.Records(
        data=frame, start_year=year, gfactors=None, weights=None, adjust_ratios=None, exact_calculations=True
    )
    policy = taxcalc.Policy()
    everybody_claims(policy, year)
    calculator = taxcalc.Calculator(policy=policy, records=records, sync_years=False)
    calculator.advance_to_year(year)
    calculator.calc_all()
    inputs = {name: frame[name].to_numpy() for name in (*OTHERS, *MONEY, "p23250", "s006")}
    return inputs | {f"out_{name}": np.round(calculator.array(name), 2) for name in ANSWERS}


def main() -> None:
    """Write a file for each year."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--years", default="2013-2026")
    parser.add_argument("--every", type=int, default=1, help="take every n-th unit only")
    parser.add_argument("--distributions", action="store_true", help="leave gains in taxcalc's column e01100")
    options = parser.parse_args()
    first, _, last = options.years.partition("-")
    options.folder.mkdir(parents=True, exist_ok=True)
    for year in range(int(first), int(last or first) + 1):
        frame = carried_forward(year, options.distributions).iloc[:: options.every].reset_index(drop=True)
        np.savez_compressed(options.folder / f"cps_{year}.npz", **answered(frame, year))
        print(year, len(frame), flush=True)


if __name__ == "__main__":
    main()
