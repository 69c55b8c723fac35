"""Ask taxcalc (CC0) about reforms: write its units, the reforms, and its answers before and after.

Run it from the top of this project with a Python that has `taxcalc`:

    python -m tests.validation.reforms.peer OUT --count 200 [--units 2000] [--seed 1]
    python -m tests.validation.reforms.peer OUT --named FILE.json --year 2026 [--every N]

1. Random reforms are looked at on units of their year: half of them as they are in the survey, half with their incomes
   scaled and more facts added (`peer_taxcalc`). Named ones on the survey as it is (`peer_cps`).
2. `OUT/units_YEAR.npz` holds the inputs and the answers under the law, `OUT/reform_N.npz` those under a reform, and
   `OUT/reforms.json` the reforms in taxcalc's own form. Everybody claims what they are due; steps are exact.
"""

from __future__ import annotations

import argparse
import copy
import json
import random
import time
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from tests.validation import peer_cps, peer_taxcalc
from tests.validation.reforms.drawing import YEARS, drawn

TABLE = Path(__file__).with_name("parameters.yaml")
ANSWERS = tuple(dict.fromkeys((
    *peer_taxcalc.ANSWERS, *peer_cps.ANSWERS, "c04600", "combined", "expanded_income", "aftertax_income", "surtax",
    "ubi", "benefit_cost_total", "benefit_value_total",
)))  # fmt: skip


def current_law(table: Any) -> dict[int, dict[str, Any]]:
    """By year and parameter, what the law says: a number, or a list by filing status or children."""
    import taxcalc

    policy = taxcalc.Policy()
    by_name: dict[int, dict[str, Any]] = {}
    for year in range(2014, max(YEARS) + 1):
        policy.set_year(year)
        by_name[year] = {}
        for name in dict.fromkeys(item for known in table for item in (known, *table[known].get("with", ()))):
            value = np.asarray(getattr(policy, name))[0]
            by_name[year][name] = [float(item) for item in value] if np.ndim(value) else float(value)
    return by_name


def indexed() -> set[str]:
    """The parameters that taxcalc moves on with its price index."""
    import taxcalc

    law = json.loads(Path(taxcalc.__path__[0], "policy_current_law.json").read_text())
    return {name for name, said in law.items() if said.get("indexed")}


@cache
def _claiming() -> Any:
    """The law with everybody claiming. Making one takes seconds, so it is copied."""
    import taxcalc

    policy = taxcalc.Policy()
    policy.implement_reform({name: {2013: 9e99} for name in ("eitc_claim_prob_scale", "actc_claim_prob_scale")})
    return policy


def policy_of(reform: dict[str, Any], year: int) -> Any:
    """The law of a year with a reform, everybody claiming."""
    policy = copy.deepcopy(_claiming())
    if reform:
        policy.implement_reform({
            name: {int(when): value for when, value in values.items()} for name, values in reform.items()
        })  # fmt: skip
    policy.set_year(year)
    return policy


def answers(frame: Any, policy: Any, year: int) -> dict[str, Any]:
    """What taxcalc answers of the units."""
    import taxcalc

    records = taxcalc.Records(
        data=frame.copy(), start_year=year, gfactors=None, weights=None, adjust_ratios=None, exact_calculations=True
    )
    calculator = taxcalc.Calculator(policy=policy, records=records, sync_years=False)
    calculator.advance_to_year(year)
    calculator.calc_all()
    return {f"out_{name}": np.round(calculator.array(name), 2) for name in ANSWERS}


def random_units(year: int, count: int, rng: random.Random) -> Any:
    """Half of the units as the survey has them, half with more facts, as a data frame."""
    import pandas
    import taxcalc

    names = [*peer_taxcalc.NAMES_CPS, "e20400"]
    survey = pandas.read_csv(f"{taxcalc.__path__[0]}/cps.csv.gz", usecols=names)
    rows = survey.sample(count, random_state=rng.randrange(2**31)).to_dict("records")
    units = [plain(row) for row in rows[: count // 2]]
    units += [peer_taxcalc.drawn(rows, rng) for _ in range(count - count // 2)]
    frame = pandas.DataFrame(units)
    frame["RECID"] = range(1, len(units) + 1)
    frame["FLPDYR"] = year
    frame["s006"] = 1.0
    if year < 2025:
        frame[["tip_income", "overtime_income", "auto_loan_interest"]] = 0
    return frame


def plain(row: dict[str, Any]) -> dict[str, Any]:
    """A unit as it is in the survey, in whole dollars. Its gains stand on Schedule D."""
    unit = dict(row) | dict.fromkeys(peer_taxcalc.ADDED, 0)
    unit["p23250"], unit["e01100"] = unit["e01100"], 0
    unit["e03270"] = unit["e03300"] = 0
    unit["e00650"] = min(unit["e00650"], unit["e00600"])
    unit["e01500"] = max(unit["e01500"], unit["e01700"])
    for total in ("e00200", "e00900", "e02100"):
        unit[total] = unit[f"{total}p"] + unit[f"{total}s"]
    return unit


def write_units(out: Path, frame: Any, found: dict[str, Any], year: int) -> None:
    """The inputs and the answers under the law."""
    names = [name for name in frame.columns if name not in ("FLPDYR",)]
    np.savez_compressed(out / f"units_{year}.npz", **{name: frame[name].to_numpy() for name in names}, **found)


def main() -> None:
    """Write the folder named on the command line."""
    import yaml

    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=Path)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--units", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", nargs="+", help="draw reforms of these parameters alone")
    parser.add_argument("--named", type=Path)
    parser.add_argument("--year", type=int, default=2026)
    parser.add_argument("--every", type=int, default=1)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    named = list(json.loads(options.named.read_text()).values()) if options.named else []
    table = yaml.safe_load(TABLE.read_text())
    table = {name: how for name, how in table.items() if not options.only or name in options.only}
    law, moving = current_law(table), indexed()
    frames: dict[int, Any] = {}
    said: list[dict[str, Any]] = []
    for number in range(len(named) or options.count):
        rng = random.Random(f"{options.seed}/{number}")
        year, reform = (options.year, named[number]) if named else drawn(table, law, moving, number, rng)
        while (policy := _accepted(reform, year)) is None:
            year, reform = drawn(table, law, moving, number, rng)
        if year not in frames:
            frames[year] = made = _frame(year, options)
            write_units(options.out, made, answers(made, policy_of({}, year), year), year)
        start = time.perf_counter()
        np.savez_compressed(options.out / f"reform_{number}.npz", **answers(frames[year], policy, year))
        said.append({"year": year, "reform": reform, "seconds": time.perf_counter() - start})
        (options.out / "reforms.json").write_text(json.dumps(said))
        print(number, year, reform, flush=True)


def _frame(year: int, options: argparse.Namespace) -> Any:
    if options.named:
        return peer_cps.carried_forward(year, False).iloc[:: options.every].reset_index(drop=True)
    return random_units(year, options.units, random.Random(f"{options.seed}/{year}"))


def _accepted(reform: dict[str, Any], year: int) -> Any:
    """The law with a reform; None where taxcalc does not take it (brackets that cross)."""
    try:
        return policy_of(reform, year)
    except Exception as fault:  # taxcalc's own kind of error, which it does not export
        print("redrawn:", str(fault).splitlines()[0], flush=True)
        return None


if __name__ == "__main__":
    main()
