"""`rulewright batch`: what it must refuse, and whose files it must leave alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet
import pytest

from tests.cli.command import ROOT, run, write_rules
from tests.cli.command import SETTINGS as LAND

pq: Any = pyarrow.parquet


@pytest.fixture
def here(tmp_path: Path) -> Path:
    write_rules(tmp_path / "land")
    (tmp_path / "tax_units.csv").write_text("tax_unit_id\n1\n2\n3\n", encoding="utf-8")
    (tmp_path / "people.csv").write_text(
        "person_id,tax_unit_id,role,wages\n1,1,head,5000\n2,2,head,6000\n3,3,head,7000\n", encoding="utf-8"
    )
    return tmp_path


def batch(here: Path, *more: str, want: str = "income_tax") -> subprocess.CompletedProcess[str]:
    inputs = () if "--input" in more else ("--input", "people.csv", "--input", "tax_units.csv")
    output = () if "--output" in more else ("--output", "out.parquet")
    return run("batch", "land", "--at", "2024", *inputs, *output, "--want", want, *more, cwd=here)


def test_an_id_that_an_earlier_part_had_is_refused_as_in_one_part(here: Path) -> None:
    (here / "people.csv").write_text(
        "person_id,tax_unit_id,role,wages\nx,1,head,5000\ny,2,head,6000\nx,3,head,7000\n", encoding="utf-8"
    )
    whole = json.loads(batch(here, "--json").stdout)
    first = pq.read_table(here / "out.parquet").to_pydict()
    parts = json.loads(batch(here, "--json", "--part-rows", "1").stdout)
    assert pq.read_table(here / "out.parquet").to_pydict() == first
    assert [fault["row"] for fault in whole["faults"]] == [fault["row"] for fault in parts["faults"]] == [3]
    assert parts["faults"][0]["message"] == "`x` is the id of row 1 of the file already"


@pytest.mark.parametrize("rows", ["1", "2", "100"])
def test_records_of_an_id_that_two_people_have_go_to_neither(tmp_path: Path, rows: str) -> None:
    (tmp_path / "tax_units.csv").write_text("tax_unit_id\nA\nB\nC\n", encoding="utf-8")
    people = "person_id,tax_unit_id,tax_unit_role\n1,A,head\n1,B,head\n2,C,head\n"
    (tmp_path / "people.csv").write_text(people, encoding="utf-8")
    forms = "form_w2_id,person_id,w2_wages\nx,1,50000\ny,1,60000\nz,2,70000\n"
    (tmp_path / "forms_w2.csv").write_text(forms, encoding="utf-8")
    inputs = [word for name in ("tax_units", "people", "forms_w2") for word in ("--input", f"{name}.csv")]
    at = ("--at", "2024", "--part-rows", rows, "--output", "-")
    done = run("batch", "us", *inputs, *at, "--want", "adjusted_gross_income", cwd=tmp_path)
    figures = [line.split(",")[1] for line in done.stdout.splitlines()[1:4]]
    assert (done.returncode, figures) == (1, ["", "", "70000.00"])
    assert "`1` is the id of a later row too" in done.stderr


def test_a_column_without_its_period_is_told_as_columns_are_headed(here: Path) -> None:
    settings = LAND.replace("entities:", "calendars: {tax_year: {starts: 04-06}}\nentities:", 1)
    write_rules(here / "land", OF_A_TAX_YEAR, settings)
    done = batch(here, want="doubled")
    assert (done.returncode, "`wages@tax_year:2023` or `wages@tax_year:2024`" in done.stderr) == (1, True), done.stderr


def test_a_file_that_is_no_table_is_not_replaced(here: Path) -> None:
    (here / "notes.txt").write_text("mine", encoding="utf-8")
    (here / "link.parquet").symlink_to(here / "notes.txt")
    for name in ("notes.txt", "link.parquet"):
        done = batch(here, "--output", name)
        assert (done.returncode, "is no Parquet file" in done.stderr) == (2, True)
    assert (here / "notes.txt").read_text(encoding="utf-8") == "mine"
    assert batch(here).returncode == batch(here).returncode == 0  # an earlier output is


def test_two_columns_for_one_fact_are_refused(here: Path) -> None:
    people = "person_id,tax_unit_id,role,wages,wages@2024\n1,1,head,5000,1\n2,2,head,6000,2\n3,3,head,7000,3\n"
    (here / "people.csv").write_text(people, encoding="utf-8")
    done = batch(here)
    assert (done.returncode, "states the same as the column `wages`" in done.stderr) == (1, True)
    (here / "people.csv").write_text(people.replace("wages@2024", "wages"), encoding="utf-8")
    again = batch(here)
    assert (again.returncode, "appears twice" in again.stderr) == (1, True)


@pytest.mark.parametrize(
    "wages",
    [
        pa.array([Decimal(10) ** 37, 6000, 7000], pa.decimal128(38, 0)),
        pa.array([Decimal(10) ** 60, 6000, 7000], pa.decimal256(76, 2)),
        pa.array([2**63 + 5, 6000, 7000], pa.uint64()),
        pa.array([-(2**63), 6000, 7000], pa.int64()),
    ],
)
def test_a_number_that_no_column_holds_is_refused_never_wrapped(here: Path, wages: Any) -> None:
    table = pa.table({"person_id": [1, 2, 3], "tax_unit_id": [1, 2, 3], "role": ["head"] * 3, "wages": wages})
    pq.write_table(table, here / "people.parquet")
    done = batch(here, "--input", "people.parquet", "--input", "tax_units.csv", "--json")
    told = json.loads(done.stdout)
    assert [(fault["row"], fault["column"]) for fault in told["faults"]] == [(1, "wages")]
    assert pq.read_table(here / "out.parquet")["income_tax"].to_pylist()[1:] == [Decimal("400.00"), Decimal("500.00")]


@pytest.mark.parametrize("column", ["person_id", "tax_unit_id", "role"])
def test_lists_are_no_ids_and_no_roles(here: Path, column: str) -> None:
    columns: dict[str, Any] = {"person_id": [1], "tax_unit_id": [1], "role": ["head"], "wages": [1]}
    columns[column] = pa.array([[1]])
    pq.write_table(pa.table(columns), here / "people.parquet")
    done = batch(here, "--input", "people.parquet", "--input", "tax_units.csv")
    assert done.returncode == 1
    assert done.stderr.startswith("error: ")


def test_a_fact_of_the_unit_on_a_persons_row_is_refused(here: Path) -> None:
    people = "person_id,tax_unit_id,role,taxed\n1,1,head,5000\n2,2,head,6000\n3,3,head,7000\n"
    (here / "people.csv").write_text(people, encoding="utf-8")
    done = batch(here)
    assert (done.returncode, "a person has no figure `taxed`" in done.stderr) == (1, True)


def test_a_kept_fact_still_counts(here: Path) -> None:
    assert batch(here, "--keep", "wages", want="doubled").returncode == 2
    kept = batch(here, "--keep", "wages")
    assert kept.returncode == 0
    assert pq.read_table(here / "out.parquet")["income_tax"].to_pylist()[0] == Decimal("300.00")


def test_what_belongs_to_others_is_left_alone(here: Path) -> None:
    (here / "out.parquet.parts").mkdir()
    (here / "out.parquet.parts" / "mine.txt").write_text("mine", encoding="utf-8")
    (here / "precious").write_text("mine", encoding="utf-8")
    (here / "out.parquet.new").symlink_to(here / "precious")
    assert batch(here).returncode == 0
    assert (here / "out.parquet.parts" / "mine.txt").read_text(encoding="utf-8") == "mine"
    assert (here / "precious").read_text(encoding="utf-8") == "mine"
    (here / ".out.parquet.rulewright").mkdir()
    taken = batch(here)
    assert (taken.returncode, "is in the way, and is not ours" in taken.stderr) == (1, True)


def test_an_input_is_never_replaced(here: Path) -> None:
    before = (here / "people.csv").read_bytes()
    done = batch(here, "--output", "people.csv")
    assert done.returncode in (1, 2)
    pq.write_table(pa.table({"tax_unit_id": [1, 2, 3]}), here / "tax_units.parquet")
    inputs = ("--input", "people.csv", "--input", "tax_units.parquet")
    again = batch(here, *inputs, "--output", "tax_units.parquet")
    assert (again.returncode, "would take its place" in again.stderr) == (2, True)
    assert (here / "people.csv").read_bytes() == before


def test_a_second_run_to_the_same_output_is_told_so(here: Path) -> None:
    hold = (
        "import sys, pathlib; from api.batch.parts import Parts\n"
        "with Parts(pathlib.Path(sys.argv[1]), '{}'): print('held', flush=True); sys.stdin.read()"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    arguments = [sys.executable, "-c", hold, str(here / "out.parquet")]
    with subprocess.Popen(arguments, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        done = batch(here)
        other.communicate(b"")
    assert (done.returncode, "another run is writing this output" in done.stderr) == (1, True)
    assert batch(here).returncode == 0


RECORDS = """\
about: Licences
law: Road Act
exports: [points, valid]
inputs:
  points: {entity: licence, period: year, type: integer, label: Points, range: 0 .. 99, absent: 0}
variables:
  valid: {entity: licence, period: year, type: boolean, label: Valid, law: s. 1, formula: points < 12}
"""
OF_A_TAX_YEAR = """\
about: Twice the wages
law: Tax Act
exports: [doubled, wages]
inputs: {wages: {entity: person, period: tax_year, type: money, label: Wages}}
variables:
  doubled: {entity: person, period: year, type: money, label: Doubled, law: s. 1, formula: 2 * (wages @ (period_end))}
"""
SETTINGS = """\
about: A land of drivers
law: Road Act
currency: USD
covers: {from: 2020-01-01, to: 2026-12-31}
entities:
  person: {plural: people}
  licence: {plural: licences, belongs_to: person}
"""


def test_figures_of_records_where_there_is_no_group(here: Path) -> None:
    write_rules(here / "land", RECORDS, SETTINGS)
    (here / "people.csv").write_text("person_id\n1\n2\n", encoding="utf-8")
    (here / "licences.csv").write_text("licence_id,person_id,points\na,1,11\nb,2,12\n", encoding="utf-8")
    alone = batch(here, "--input", "licences.csv", want="valid")
    assert (alone.returncode, "add `--input person=FILE`" in alone.stderr) == (2, True)
    done = batch(here, "--input", "licences.csv", "--input", "people.csv", want="valid")
    assert (done.returncode, done.stderr) == (0, "")
    assert pq.read_table(here / "out.parquet")["valid"].to_pylist() == [True, False]


def test_records_of_a_group(here: Path) -> None:
    group = "unit: {plural: units, of: person, roles: {m: {plural: ms}}}"
    group += "\n  licence: {plural: licences, belongs_to: unit}"
    settings = SETTINGS.replace("licence: {plural: licences, belongs_to: person}", group)
    write_rules(here / "land", RECORDS, settings)
    (here / "people.csv").write_text("person_id,unit_id,role\n1,u,m\n", encoding="utf-8")
    (here / "units.csv").write_text("unit_id\nu\n", encoding="utf-8")
    (here / "licences.csv").write_text("licence_id,unit_id,points\na,u,11\n", encoding="utf-8")
    inputs = ("--input", "licences.csv", "--input", "people.csv", "--input", "units.csv")
    done = batch(here, *inputs, want="valid")
    assert (done.returncode, done.stderr) == (0, "")
    assert pq.read_table(here / "out.parquet")["valid"].to_pylist() == [True]


def test_all_that_is_wrong_with_a_command_line_is_told_at_once(here: Path) -> None:
    more = ("--input", "nowhere.csv", "--input", "tax_units.csv", "--missing", "perhaps")
    done = batch(here, *more, want="income_tex,wagez")
    assert done.returncode == 2
    for word in ("`income_tex`", "`wagez`", "`perhaps`", "there is no file `nowhere.csv`"):
        assert word in done.stderr, word
    assert "Traceback" not in done.stderr


def test_rates_of_a_role_that_nobody_holds_are_said_to_be_empty(here: Path) -> None:
    raising = ("--marginal", "wages", "--marginal-of")
    assert "was not raised for anybody: nobody is `dependent`" in batch(here, *raising, "dependent").stdout
    assert "raised for nobody" not in batch(here, *raising, "head").stdout
