"""`rulewright seek`: the value that costs so much, on a land where it can be worked out by hand."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command import run, write_rules
from tests.cli.test_simulate import VIEW


@pytest.fixture(scope="module")
def land(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("land")
    write_rules(folder / "rules")
    (folder / "view.yaml").write_text(VIEW)
    people = [f"u{at},head,40,{10_000 + 10 * at}" for at in range(20)]
    (folder / "people.csv").write_text("tax_unit_id,role,age,wages\n" + "\n".join(people) + "\n")
    (folder / "tax_units.csv").write_text("tax_unit_id,weight\n" + "\n".join(f"u{at},2.5" for at in range(20)) + "\n")
    return folder


def sought(land: Path, *more: str) -> Any:
    return run(
        "seek", "rules", "allowance", "--from", "2_000", "--to", "5_000", "--at", "2024", "--view", "view.yaml",
        "--population", "people.csv", "--population", "tax_units.csv", *more, cwd=land,
    )  # fmt: skip


def test_the_value_is_that_of_the_law_solved_by_hand(land: Path) -> None:
    # everybody pays 10% of what is above the allowance: each more of it costs 0.1 for each of 20 * 2.5 units
    done = sought(land, "--cost", "5_003", "--json")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["nearest"] == {"value": "3001", "net_change": "-5005.00"}
    assert [item["value"] for item in answer["within"]] == ["3000", "3001"]
    assert all(Fraction(way["net_change"]) == -5 * (int(way["value"]) - 2_000) for way in answer["tried"])


def test_the_answer_is_a_sentence(land: Path) -> None:
    told = sought(land, "--cost", "5_003").stdout.splitlines()
    assert told[0] == "`allowance` = 3001 costs 5,005 USD in 2024, nearest to 5,003; 3000 costs 5,000"
    exactly = sought(land, "--cost", "-5_000", "--from", "0", "--to", "1_500").stdout.splitlines()
    assert exactly[0] == "`allowance` = 1000 raises 5,000 USD in 2024, exactly what was sought"


def test_without_a_cost_every_value_is_told(land: Path) -> None:
    done = sought(land, "--step", "1_500", "--json")
    tried = json.loads(done.stdout)["tried"]
    assert [(way["value"], Fraction(way["net_change"])) for way in tried] == [
        ("2000", Fraction(0)), ("3500", Fraction(-7_500)), ("5000", Fraction(-15_000)),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (("--cost", "90_000"), "no value between the ends costs 90,000: 2000 costs 0 and 5000 costs 15,000"),
        (("--cost", "much"), "`--cost`: `much` is not a plain decimal number"),
        (("--step", "5%"), "some of the range is in per cent and some is not"),
        (("--step", "0"), "the range is empty"),
        ((), "the range has 3,001 values, more than 100"),
    ],
)
def test_faults_are_told(land: Path, more: tuple[str, ...], told: str) -> None:
    done = sought(land, *more)
    assert done.returncode != 0
    assert told in done.stderr


def test_a_constant_that_is_not_there(land: Path) -> None:
    done = run(
        "seek", "rules", "alowance", "--from", "1", "--to", "2", "--at", "2024", "--view", "view.yaml",
        "--population", "people.csv", "--population", "tax_units.csv", cwd=land,
    )  # fmt: skip
    assert done.returncode == 1
    assert "did you mean `allowance`?" in done.stderr


def test_a_misspelt_constant_is_told_before_the_population_is_read(land: Path) -> None:
    done = run(
        "seek", "rules", "alowance", "--from", "1", "--to", "2", "--at", "2024", "--view", "view.yaml",
        "--population", "nowhere/people.csv", cwd=land,
    )  # fmt: skip
    assert done.returncode == 1
    assert "did you mean `allowance`?" in done.stderr


def test_columns_of_the_users_own_are_mapped_as_in_simulate(land: Path) -> None:
    (land / "own_people.csv").write_text((land / "people.csv").read_text().replace("wages", "WSAL", 1))
    (land / "own_units.csv").write_text((land / "tax_units.csv").read_text().replace("weight", "W", 1))
    heads = (land / "people.csv").read_text().splitlines()[0].split(",")
    mapped = "".join(f"  {'WSAL' if name == 'wages' else name}: {name}\n" for name in heads)
    (land / "map.yaml").write_text(f"person:\n{mapped}tax_unit: {{tax_unit_id: tax_unit_id, W: weight}}\n")
    own = ("--population", "person=own_people.csv", "--population", "tax_unit=own_units.csv", "--columns", "map.yaml")
    asked = ("seek", "rules", "allowance", "--from", "2_000", "--to", "5_000", "--step", "1_500", "--at", "2024")
    done = run(*asked, "--view", "view.yaml", *own, "--json", cwd=land)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["tried"] == json.loads(sought(land, "--step", "1_500", "--json").stdout)["tried"]
