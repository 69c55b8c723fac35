"""A simulation over an analyst's own files, as it is told: small sums, weights that a program computed, same names."""

from __future__ import annotations

import csv
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.cli.command import MODULE, run, write_rules
from tests.cli.test_simulate import REFORM, VIEW

UNITS = 30


@pytest.fixture(scope="module")
def land(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("land")
    write_rules(folder / "rules")
    (folder / "view.yaml").write_text(VIEW)
    (folder / "reform.yaml").write_text(REFORM)
    (folder / "other").mkdir()
    (folder / "other" / "reform.yaml").write_text(REFORM.replace("{2024-01-01: 0}", "{2024-01-01: 500}"))
    people = ["person_id,tax_unit_id,role,age,wages", *(f"p{at},u{at},head,40,{900 * at}" for at in range(UNITS))]
    (folder / "people.csv").write_text("\n".join(people) + "\n")
    units = [",".join(["tax_unit_id", "weight", *(f"rep{number}" for number in range(4))])]
    units += [f"u{at},{at + 1}," + ",".join(str(at + number) for number in range(4)) for at in range(UNITS)]
    (folder / "tax_units.csv").write_text("\n".join(units) + "\n")
    return folder


def simulated(land: Path, *more: str | Path, units: str = "tax_units.csv") -> Any:
    return run(
        "simulate", "rules", "--view", "view.yaml", "--reform", "reform.yaml", "--at", "2024", "--population",
        "people.csv", "--population", units, "--bootstrap", "20", *more, cwd=land,
    )  # fmt: skip


def test_small_sums_are_told_in_a_unit_in_which_they_can_be_seen(land: Path) -> None:
    done = simulated(land)
    assert done.returncode == 0, done.stderr
    net = json.loads(simulated(land, "--json").stdout)["years"][0]["reforms"][0]["budget"][0]
    (told,) = (line for line in done.stdout.splitlines() if line.startswith("Income tax "))
    assert f"{float(net['before']):,.2f}" in told and f"{float(net['change']):,.2f} ±" in told


def test_an_error_that_nothing_gives_is_said_to_be_unknown(land: Path) -> None:
    done = simulated(land)
    assert "(± )" not in done.stdout


def test_replicate_weights_are_no_columns_that_nobody_reads(land: Path) -> None:
    (year,) = json.loads(simulated(land, "--replicates", "rep*", "--json").stdout)["years"]
    assert not any("not read" in note for note in year["notes"])
    (year,) = json.loads(simulated(land, "--replicates", "rep[0-3]", "--json").stdout)["years"]
    assert not any("not read" in note for note in year["notes"])
    (year,) = json.loads(simulated(land, "--json").stdout)["years"]
    assert "Columns that are not facts of the rules were not read: rep0, rep1, rep2, rep3." in year["notes"]


def test_weights_that_a_program_computed_are_rounded_and_that_is_said(land: Path) -> None:
    weights = [(at + 1) / 3 for at in range(UNITS)]
    ids = [f"u{at}" for at in range(UNITS)]
    pq.write_table(pa.table({"tax_unit_id": ids, "weight": weights}), land / "tax_units.parquet")
    done = simulated(land, "--json", units="tax_units.parquet")
    assert done.returncode == 0, done.stderr
    (year,) = json.loads(done.stdout)["years"]
    assert "The weights have more digits than are kept, and were rounded to 8 decimals." in year["notes"]
    assert year["weight"] == "155.00"


def test_two_reforms_of_one_name_are_refused(land: Path) -> None:
    done = simulated(land, "--reform", "other/reform.yaml")
    assert done.returncode == 2
    assert "two reforms are called `reform`" in done.stderr


def test_one_fault_is_a_fault(land: Path) -> None:
    people = (land / "people.csv").read_text().replace("p3,u3,head,40,2700", "p3,u3,head,40,many")
    (land / "one_fault.csv").write_text(people)
    done = run(
        "simulate", "rules", "--view", "view.yaml", "--reform", "reform.yaml", "--at", "2024", "--population",
        "people=one_fault.csv", "--population", "tax_units.csv", cwd=land,
    )  # fmt: skip
    assert "the population has 1 fault:" in done.stderr


def test_money_of_files_is_of_one_year_and_carried_to_the_others(land: Path) -> None:
    index = "  prices: {type: rate, law: s. 1, values: {2020-01-01: 100%, 2025-01-01: 110%}}\n  allowance:"
    write_rules(land / "indexed", MODULE.replace("  allowance:", index))
    (land / "indexed.yaml").write_text(VIEW + "uprate: tax:prices\n")
    asked = ("simulate", "indexed", "--view", "indexed.yaml", "--reform", "reform.yaml", "--at", "2024..2025")
    files = ("--population", "people.csv", "--population", "tax_units.csv", "--bootstrap", "20", "--json")
    assumed, said, plain = (
        json.loads(run(*asked, *files, *more, cwd=land).stdout)["years"]
        for more in ((), ("--data-year", "2024"), ("--uprate", "none"))
    )
    note = "`--data-year` is not given: money in the files is taken to be of 2024, the first year asked for."
    assert all(note in year["notes"] for year in assumed)
    assert [year["reforms"][0]["budget"] for year in assumed] == [year["reforms"][0]["budget"] for year in said]
    assert "multiplied by 1.100000" in " ".join(said[1]["notes"])
    assert "Money and weights are of 2025 as they stand in the data." in plain[1]["notes"]


def test_parquet_has_numbers_with_the_digits_of_the_csv_and_the_response_is_a_table(land: Path) -> None:
    done = simulated(land, "--elasticity", "0.5", "--tables", "tables", "--json")
    assert done.returncode == 0, done.stderr
    (reform,) = json.loads(done.stdout)["years"][0]["reforms"]
    for path in sorted((land / "tables").glob("*.parquet")):
        numbers = pq.read_table(path).to_pylist()
        with path.with_suffix(".csv").open(newline="") as file:
            texts = list(csv.DictReader(file))
        assert len(numbers) == len(texts) > 0
        for exact, text in zip(numbers, texts, strict=True):
            for key, value in exact.items():
                if isinstance(value, Decimal):
                    assert value == Decimal(text[key]), (path.name, key)
                elif value is None:
                    assert text[key] == ""
    budget = pq.read_table(land / "tables" / "budget.parquet")
    assert all(pa.types.is_decimal(budget.schema.field(name).type) for name in ("before", "change", "standard_error"))
    earnings, *lines = pq.read_table(land / "tables" / "response.parquet").to_pylist()
    assert earnings["change"] == Decimal(reform["behaviour"]["earnings_change"])
    told = {line["figure"]: Decimal(line["change"]) for line in reform["behaviour"]["budget"]}
    assert {line["figure"]: line["change"] for line in lines} == told
