"""Marginal rates of a simulation against those of the TAXSIM interface, on the same units."""

from __future__ import annotations

import csv
import io
import random
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa

from api.rules.programs import load_program
from api.simulate import tabular
from api.simulate.answers import CliffCause, Rates, ReformAnswer, Simulation, Winners, YearAnswer
from api.simulate.bands import BANDS, bands_of
from api.simulate.earners import Kept, earners_of, read_roles
from api.simulate.outcomes import Outcome, outcome
from api.simulate.population import Source, admit
from api.simulate.rates import cliff_causes, takes_most
from api.simulate.view import load_view
from api.taxsim.columns import ADDITIONAL_MEDICARE, INCOME_TAX, PAYROLL_TAX
from tests.cli.command import run

UNITS = 150
TO_HEAD = {
    "pwages": "employment_income", "intrec": "taxable_interest_income", "dividends": "qualified_dividend_income",
    "pensions": "taxable_pension_income", "gssi": "social_security", "ltcg": "long_term_capital_gains",
}  # fmt: skip


def rows() -> list[dict[str, int]]:
    random_source = random.Random(15)
    made = []
    for number in range(1, UNITS + 1):
        joint = random_source.random() < 0.5
        row = {"taxsimid": number, "year": 2024, "state": 0, "mstat": 2 if joint else 1}
        row |= {"page": random_source.randint(20, 80), "sage": random_source.randint(20, 80) if joint else 0}
        row["depx"] = random_source.randint(0, 3)
        row |= {f"age{at}": random_source.randint(1, 18) if at <= row["depx"] else 0 for at in (1, 2, 3)}
        row |= {"pwages": random_source.choice((0, 9_000, 24_000, 61_300, 168_550, 240_000))}
        row["swages"] = random_source.choice((0, 18_000, 90_000)) if joint else 0
        row |= {name: random_source.choice((0, 0, 0, 2_500, 14_000)) for name in list(TO_HEAD)[1:]}
        made.append(row | {"mtr": 85})
    return made


def tables(units: list[dict[str, int]]) -> dict[str, pa.Table]:
    people: list[dict[str, object]] = []
    for row in units:
        head = {fact: row[name] for name, fact in TO_HEAD.items()}
        people.append({"tax_unit_id": row["taxsimid"], "role": "head", "age": row["page"], **head})
        nothing = dict.fromkeys(TO_HEAD.values(), 0)
        if row["mstat"] == 2:
            earned = {"employment_income": row["swages"]}
            people.append({"tax_unit_id": row["taxsimid"], "role": "spouse", "age": row["sage"], **nothing, **earned})
        for at in range(1, row["depx"] + 1):
            child = {"tax_unit_id": row["taxsimid"], "role": "dependent", "age": row[f"age{at}"]}
            people.append({**child, **nothing})
    ids = [row["taxsimid"] for row in units]
    return {
        "person": pa.Table.from_pylist(people),
        "tax_unit": pa.table({"tax_unit_id": ids, "weight": [1] * len(ids)}),
    }


def rates_by_taxsim(units: list[dict[str, int]]) -> list[dict[str, str]]:
    """What the interface answers of each unit."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(units[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(units)
    done = run("taxsim", stdin=text.getvalue())
    assert done.returncode == 0, done.stderr
    return list(csv.DictReader(io.StringIO(done.stdout)))


def test_rates_are_those_of_the_taxsim_interface() -> None:
    units = rows()
    theirs = rates_by_taxsim(units)
    program = load_program("us")
    view = replace(load_view(program), borne=(INCOME_TAX, PAYROLL_TAX, ADDITIONAL_MEDICARE))
    source = Source("rows", tables(units), {"person": "people", "tax_unit": "tax_units"}, 2024, "")
    population = admit(program, view, source, program.settings.period("2024"), weight="", index="")
    earners = earners_of(program, view, population.columns, read_roles(program, view, ["head", "spouse"]), 1)
    head, spouse = outcome(program, view, population, earners, threads=1).kept
    rates = [float(row["frate"]) + float(row["ficar"]) for row in theirs]
    np.testing.assert_allclose(100 * head.marginal, rates, atol=0.011)  # each of the two is rounded to a hundredth
    assert len({round(rate, 1) for rate in rates}) > 15
    couples = np.array([row["mstat"] == 2 for row in units])
    rates = [
        float(row["frate"]) + float(row["ficar"]) for row in rates_by_taxsim([{**row, "mtr": 86} for row in units])
    ]
    assert np.isnan(spouse.marginal[~couples]).all()
    np.testing.assert_allclose(100 * spouse.marginal[couples], np.array(rates)[couples], atol=0.011)
    assert spouse.participation is not None
    assert (~np.isnan(spouse.participation) == [row["swages"] > 0 for row in units]).all()


def test_a_cliff_is_named_by_what_takes_most_unless_too_few_have_it() -> None:
    program = load_program("us")
    view = load_view(program)
    units = np.arange(40)
    snap = np.where(units < 12, 1.2, 0.0)
    taxes = np.where((units >= 12) & (units < 25), 1.5, np.where(units < 12, 0.3, 0.2))
    taxes[39] = np.nan  # nobody there could earn more
    kept = Kept("head", 1_200, {"income_tax": taxes, "household_snap_taken_up": snap}, None)
    assert takes_most(kept).tolist() == [1] * 12 + [0] * 13 + [-1] * 15
    outcomes = Outcome(program, {}, (kept,))
    weighed: Any = SimpleNamespace(view=view, weight=np.where(units < 12, 3.0, 1.0), before=outcomes, after=outcomes)
    causes = cliff_causes(weighed, kept)
    assert [(cause.figure, cause.n, cause.share) for cause in causes] == [
        ("household_snap_taken_up", 12, "73.47"), ("income_tax", 13, "26.53"),
    ]  # fmt: skip
    assert causes[0].label == "SNAP"
    few = replace(kept, parts={**kept.parts, "household_snap_taken_up": np.where(units < 9, 1.2, 0.0)})
    assert cliff_causes(weighed, few) == ()


def test_a_table_names_the_cause_of_each_cliff_under_each_law() -> None:
    snap, tax = CliffCause("snap", "SNAP", 12, "73.47"), CliffCause("tax", "Tax", 13, "26.53")
    rates = Rates("marginal", "head", "", (), "", "", "", "", "", "", (snap, tax), (tax,))
    reform = ReformAnswer("r", "", (), "", False, (), (), Winners("", (), ()), (), (), "", (rates,), ())
    year = YearAnswer("2026", False, 40, 40, "40", (), "", (reform,))
    front = {"year": "2026", "projected": False, "reform": "r", "rate": "marginal", "earner": "head"}
    assert tabular.tables(Simulation("us", "USD", "", (), (year,), (), {}))["cliff_causes"] == [
        {**front, "law": "current law", "figure": "snap", "label": "SNAP", "n": 12, "share_percent": "73.47"},
        {**front, "law": "current law", "figure": "tax", "label": "Tax", "n": 13, "share_percent": "26.53"},
        {**front, "law": "reform", "figure": "tax", "label": "Tax", "n": 13, "share_percent": "26.53"},
    ]


def test_a_rate_on_an_edge_is_in_the_band_below_it() -> None:
    told = {
        -0.2: "below zero", 0.0: "0%", 4e-10: "0%", 0.1: "up to 10%", 0.100001: "10 to 20%", 0.7: "50 to 70%",
        1.0: "70 to 100%", 1.2: "above 100%", float("inf"): "above 100%",
    }  # fmt: skip
    assert [BANDS[place] for place in bands_of(np.array([*told]))] == [*told.values()]
    assert bands_of(np.array([np.nan, 0.3])).tolist() == [-1, BANDS.index("20 to 30%")]
