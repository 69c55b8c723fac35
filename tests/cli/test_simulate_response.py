"""Responses, take-up and replicate weights of a simulation, on a land whose answers can be worked out by hand."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from api.simulate.published import hidden_in
from api.simulate.request import Request
from api.simulate.run import simulate
from tests.cli.command import run, write_rules
from tests.cli.test_simulate import REFORM, VIEW, tax

CLAIMS = VIEW + "shown: [taxed]\nclaims: {taxed: {income_tax: 1}}\n"
ASKED = ("simulate", "rules", "--view", "view.yaml", "--reform", "reform.yaml", "--at", "2024", "--bootstrap", "20")
FILES = ("--population", "people.csv", "--population", "tax_units.csv", "--json")
WAGES = [900 + 450 * at for at in range(60)]
REPLICATES = 4


@pytest.fixture(scope="module")
def land(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("land")
    write_rules(folder / "rules")
    (folder / "view.yaml").write_text(CLAIMS)
    (folder / "reform.yaml").write_text(REFORM)
    people = [f"u{at},head,40,{wages}" for at, wages in enumerate(WAGES)]
    (folder / "people.csv").write_text("tax_unit_id,role,age,wages\n" + "\n".join(people) + "\n")
    head = "tax_unit_id,weight," + ",".join(f"rep{number}" for number in range(REPLICATES))
    units = [f"u{at},2," + ",".join(str(4 * ((at + number) % 2)) for number in range(REPLICATES)) for at in range(60)]
    (folder / "tax_units.csv").write_text("\n".join([head, *units]) + "\n")
    return folder


def simulated(land: Path, *more: str) -> Any:
    done = run(*ASKED, *FILES, *more, cwd=land)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["years"][0]["reforms"][0]


def rate(wages: int, allowance: int) -> Fraction:
    return (tax(wages + 100, 0, allowance) - tax(wages, 0, allowance)) / 100


def test_earnings_respond_by_the_elasticity_and_nothing_else_does(land: Path) -> None:
    static, answer = simulated(land), simulated(land, "--elasticity", "0.5")
    moved = []
    for wages in WAGES:
        kept = (1 - rate(wages, 0)) / (1 - rate(wages, 2_000))
        moved.append(Fraction(round(wages * 100 * (1 + (kept - 1) / 2)), 100))
    assert Fraction(answer["behaviour"]["earnings_after"]) == 2 * sum(moved)
    (line,) = [line for line in answer["behaviour"]["budget"] if line["figure"] == "income_tax"]
    expected = 2 * sum(Fraction(round(tax(0, 0, 0) + t, 2)) for t in (_tax(wages) for wages in moved))
    assert abs(Fraction(line["after"]) - expected) < 1
    assert answer.pop("behaviour")["elasticity"] == "0.5"
    assert "behaviour" not in static
    assert answer == static


def _tax(wages: Fraction) -> Fraction:
    """Without an allowance, without children."""
    return min(wages, Fraction(20_000)) / 10 + max(Fraction(0), wages - 20_000) / 5


def test_nobody_claims_and_everybody_does(land: Path) -> None:
    full, none, some = (simulated(land, *more) for more in ((), ("--take-up", "taxed=0"), ("--take-up", "taxed=40%")))
    lines = [{line["figure"]: line for line in answer["budget"]} for answer in (full, none, some)]
    assert lines[1]["taxed"]["after"] == "0.00"
    due = Fraction(lines[0]["taxed"]["after"])
    assert Fraction(lines[1]["income_tax"]["after"]) == Fraction(lines[0]["income_tax"]["after"]) + due
    assert 0 < Fraction(lines[2]["taxed"]["after"]) < due
    total = [Fraction(each["taxed"]["after"]) + Fraction(each["income_tax"]["after"]) for each in lines]
    assert total[0] == total[1] == total[2]
    assert 0 < sum(wages <= 2_000 for wages in WAGES) < 10
    assert "having_before" not in lines[0]["taxed"]  # beside all units it would tell how few have none
    assert "having_after" not in lines[0]["taxed"]  # it would tell that so few begin to have it


def test_errors_of_replicate_weights_are_worked_out_by_hand(land: Path) -> None:
    answer = simulated(land, "--replicates", "rep*", "--replicate-factor", "0.25")
    (line,) = [line for line in answer["budget"] if line["figure"] == "income_tax"]
    change = [tax(wages, 0, 0) - tax(wages, 0, 2_000) for wages in WAGES]
    whole = 2 * sum(change)
    sums = [4 * sum(c for at, c in enumerate(change) if (at + number) % 2) for number in range(REPLICATES)]
    error = float(Fraction(1, 4) * sum((each - whole) ** 2 for each in sums)) ** 0.5
    assert float(line["standard_error"]) == pytest.approx(error, abs=0.51)


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (("--elasticity", "much"), "`--elasticity`: `much` is not a plain decimal number"),
        (("--elasticity", "-1"), "an elasticity of -1 is not from above 0 to 5"),
        (("--take-up", "tax=80%"), "nothing says what not claiming `tax` means"),
        (("--take-up", "taxed=180%"), "`--take-up taxed=180%` does not say which part of those who are due it claims"),
        (("--uprate", "no_index"), "there is no index `no_index`"),
        (("--replicates", "wgt*"), "0 columns of the units fit `wgt*`"),
        (("--replicates", "rep*", "--replicate-factor", "0"), "a factor of 0 gives no error"),
    ],
)
def test_what_is_not_understood_is_told(land: Path, more: tuple[str, ...], told: str) -> None:
    done = run(*ASKED, *FILES, *more, cwd=land)
    assert done.returncode == 2
    assert told in done.stderr


def test_counts_of_the_response_are_hidden_where_others_would_tell_them(land: Path) -> None:
    files = tuple(str(land / name) for name in ("people.csv", "tax_units.csv"))
    request = Request(
        str(land / "rules"), ((land / "reform.yaml",),), ("2024",), files, view=land / "view.yaml", samples=20,
        elasticity="0.5",
    )  # fmt: skip
    (answer,) = simulate(request).years[0].reforms
    hidden = hidden_in(answer, {("response", "income_tax", "changed"): {True}})
    assert answer.behaviour is not None and hidden.behaviour is not None
    pairs = zip(answer.behaviour.budget, hidden.behaviour.budget, strict=True)
    told = {before.figure: (before.changed, after.changed) for before, after in pairs}
    assert told["income_tax"][0] and told["income_tax"][1] is None
    assert all(before == after for figure, (before, after) in told.items() if figure != "income_tax")
    assert hidden.budget == answer.budget
