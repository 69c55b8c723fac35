"""`rulewright batch`: whole populations from files to a file, nothing lost, nothing half written."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet
import pytest

from api.batch.marginal import RATE_STEPS, blurred, rates, read_marginal
from api.batch.run import BatchReport, Job, run_batch
from api.failures import Failure
from api.rules.programs import load_program
from engine.ir.program import Program
from engine.native import marginal_rates
from engine.native.plan.plan import cell_for
from engine.pipeline import compile_rules
from engine.population.columns import Columns, GroupLink, column_of
from engine.values.periods import parse_period
from tests.cli.command import ROOT, run, write_rules

pq: Any = pyarrow.parquet
WAGES = ("30000", "0", "50000.25", "21999.99", "22000", "1000000", "2000.05")


def tax(wages: str, young: bool) -> Decimal:
    """The tax of the rules' law, worked out here."""
    taxed = max(Decimal(0), Decimal(wages) - 2_000)
    gross = taxed / 10 + max(Decimal(0), taxed - 20_000) / 10 - (50 if young else 0)
    return max(Decimal(0), gross).quantize(Decimal("0.01"), ROUND_HALF_UP)


TAXES = [tax(wages, young=unit in (1, 5)) for unit, wages in enumerate(WAGES)]


@pytest.fixture(scope="module")
def land(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_rules(tmp_path_factory.mktemp("rules") / "land")


@pytest.fixture(scope="module")
def program(land: Path) -> Program:
    return compile_rules(land)


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Seven tax units; every second has a child of 3 and the fourth a child of 18."""
    people: list[tuple[object, ...]] = []
    for unit, wages in enumerate(WAGES):
        people.append((f"p{unit}", f"u{unit}", "head", wages.replace("_", ""), 40))
        if unit % 2 == 1:
            people.append((f"c{unit}", f"u{unit}", "dependent", "", 18 if unit == 3 else 3))
    write(tmp_path / "people.csv", ("person_id", "tax_unit_id", "role", "wages", "age"), people)
    write(tmp_path / "tax_units.csv", ("tax_unit_id",), [(f"u{unit}",) for unit in range(len(WAGES))])
    return tmp_path


def write(path: Path, header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([header, *rows])


def replace_line(path: Path, number: int, line: str) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    lines[number] = line
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def compute(
    program: Program, folder: Path, part_rows: int = 100, complete: bool = True, marginal: str = ""
) -> tuple[BatchReport, dict[str, list[Any]]]:
    wanted = (program.definitions["income_tax"],)
    raised = read_marginal(program, "tax_unit", marginal, "", "100") if marginal else None
    inputs = {"person": folder / "people.csv", "tax_unit": folder / "tax_units.csv"}
    output = folder / "out.parquet"
    job = Job(program, parse_period("2024"), inputs, output, wanted, complete, 2, part_rows, raised)
    report = run_batch(job)
    assert not list(folder.glob("out.parquet.*"))
    return report, pq.read_table(output).to_pydict()


@pytest.mark.parametrize("part_rows", [1, 2, 3, 7, 100])
def test_parts_of_any_size_give_the_same_file(program: Program, files: Path, part_rows: int) -> None:
    report, table = compute(program, files, part_rows)
    assert table["tax_unit_id"] == [f"u{unit}" for unit in range(7)]
    assert table["income_tax"] == TAXES
    assert table["problem"] == [None] * 7
    assert (report.groups, report.refused, report.undetermined, report.faults) == (7, 0, 0, [])


def test_a_file_larger_than_what_is_read_at_a_time(program: Program, tmp_path: Path) -> None:
    count = 70_001
    write(tmp_path / "tax_units.csv", ("id",), [(unit,) for unit in range(count)])
    write(
        tmp_path / "people.csv",
        ("tax_unit_id", "role", "wages", "age"),
        [(unit, "head", unit, 30) for unit in range(count)],
    )
    report, table = compute(program, tmp_path, 30_000)
    assert report.groups == count
    assert table["tax_unit_id"] == [str(unit) for unit in range(count)]
    assert table["income_tax"] == [tax(str(unit), young=False) for unit in range(count)]


@pytest.mark.parametrize("part_rows", [2, 100])
def test_every_bad_row_is_told_and_its_unit_is_left_empty(program: Program, files: Path, part_rows: int) -> None:
    replace_line(files / "people.csv", 1, "p0,u0,head,much,40")
    replace_line(files / "people.csv", 5, "p3,u3,uncle,1,40")
    replace_line(files / "people.csv", 9, "c5,u5,dependent,,300")
    report, table = compute(program, files, part_rows)
    assert [
        (Path(fault.table).name, fault.row, fault.column)
        for fault in sorted(report.faults, key=lambda fault: fault.row)
    ] == [
        ("people.csv", 1, "wages"),
        ("people.csv", 5, "role"),
        ("people.csv", 9, "age"),
    ]
    empty = [0, 3, 5]
    assert table["income_tax"] == [None if unit in empty else TAXES[unit] for unit in range(7)]
    assert [unit for unit, problem in enumerate(table["problem"]) if problem] == empty
    assert report.refused == 3


@pytest.mark.parametrize("part_rows", [2, 3, 100])
def test_people_of_no_unit_are_told_and_the_others_computed(program: Program, files: Path, part_rows: int) -> None:
    replace_line(files / "people.csv", 2, "p1,u1,head,0,40\nx,nowhere,head,1,40")
    report, table = compute(program, files, part_rows)
    assert [(fault.row, fault.column, fault.message) for fault in report.faults] == [
        (3, "tax_unit_id", "there is no tax_unit `nowhere`")
    ]
    assert table["income_tax"] == TAXES


def test_people_may_stand_in_any_order_within_a_part(program: Program, files: Path) -> None:
    header, *rows = (files / "people.csv").read_text(encoding="utf-8").splitlines()
    (files / "people.csv").write_text("\n".join([header, *reversed(rows)]) + "\n", encoding="utf-8")
    assert compute(program, files)[1]["income_tax"] == TAXES


def test_people_out_of_the_order_of_parts_stop_the_run_and_leave_the_old_output(program: Program, files: Path) -> None:
    compute(program, files)
    before = (files / "out.parquet").read_bytes()
    header, *rows = (files / "people.csv").read_text(encoding="utf-8").splitlines()
    (files / "people.csv").write_text("\n".join([header, *rows[1:], rows[0]]) + "\n", encoding="utf-8")
    with pytest.raises(Failure, match=r"people\.csv, row 10: it belongs to tax_unit `u0`, which came before"):
        compute(program, files, 2)
    assert (files / "out.parquet").read_bytes() == before
    assert not (files / ".out.parquet.rulewright" / "output.new").exists()


def test_a_run_that_the_interpreter_slows_says_for_which_figure(land: Path, program: Program, files: Path) -> None:
    replace_line(files / "people.csv", 1, "p0,u0,head,,40")
    report, _ = compute(program, files, part_rows=3, complete=False)
    assert report.is_slow
    assert report.causes == {"income_tax": report.handed_over}
    arguments = ("batch", str(land), "--input", str(files / "people.csv"), "--input", str(files / "tax_units.csv"))
    asked = ("--at", "2024", "--want", "income_tax", "--output", str(files / "other.parquet"))
    told = run(*arguments, *asked, "--missing", "unknown").stdout
    assert f"for `income_tax` ({report.handed_over})" in told
    assert "interpreter" not in run(*arguments, *asked).stdout


def test_what_is_not_known_is_told_where_empty_cells_are_unknown(program: Program, files: Path) -> None:
    replace_line(files / "people.csv", 2, "p1,u1,head,,40")
    report, table = compute(program, files, complete=False)
    assert table["income_tax"][1] is None
    assert table["problem"][1].startswith("income_tax: cannot be determined: `")
    assert table["income_tax"][2:] == TAXES[2:]
    assert report.undetermined == 1


def test_marginal_rates_are_differences_over_the_step(program: Program, files: Path) -> None:
    table = compute(program, files, marginal="wages")[1]
    more = [tax(str(Decimal(wages) + 100), young=unit in (1, 5)) for unit, wages in enumerate(WAGES)]
    expected: list[Decimal | None] = [(after - before) / 100 for before, after in zip(TAXES, more, strict=True)]
    expected[5] = None  # a million is the most that the fact may be
    assert table["income_tax"] == TAXES
    assert table["income_tax_marginal"] == expected


def test_a_step_over_which_rounding_shows_is_told(program: Program) -> None:
    told = [blurred(program, read_marginal(program, "tax_unit", "wages", "", step)) for step in ("1", "0.01", "100")]
    assert "by up to 1%; `--marginal-step 100`" in told[0]
    assert "by up to 100%" in told[1]
    assert told[2] == ""


@pytest.mark.parametrize(("step", "percent"), [("0.01", "100"), ("1", "1"), ("100", "0.01")])
def test_what_is_told_of_a_step_is_true_of_payroll_taxes(step: str, percent: str) -> None:
    """Four figures on the way are rounded to cents: Social Security and Medicare, of employee and employer."""
    law = load_program("us")
    marginal = read_marginal(law, "tax_unit", "employment_income", "head", step)
    told = blurred(law, marginal)
    assert f"by up to {percent}%;" in told if percent != "0.01" else told == ""
    at, count = parse_period("2024"), 500
    wages = np.random.default_rng(6).integers(1_000_000, 15_000_000, count)
    alone = GroupLink(np.arange(count, dtype=np.int32), np.zeros(count, dtype=np.int8))
    columns = {cell_for(law, "age", at): column_of(np.full(count, 40))}
    columns |= {cell_for(law, "employment_income", at): column_of(wages)}
    people = Columns(at, {"person": count, "tax_unit": count}, columns, {"tax_unit": alone})
    moved = marginal_rates(law, people, ["payroll_tax"], "employment_income", rows=alone.role == 0, step=marginal.step)
    result, _ = rates(law, law.definitions[find_name(law, "payroll_tax")], "payroll_tax", moved, marginal)
    off = np.abs(result / RATE_STEPS - 0.153)
    assert off.max() <= 4 * float(percent) / 100 + 1e-9
    assert off.max() > 0 or step == "100"


def find_name(law: Program, name: str) -> str:
    figure = law.find(name)
    assert figure is not None
    return figure.name


def test_columns_that_are_no_facts_pass_if_they_are_named(land: Path, files: Path) -> None:
    write(files / "tax_units.csv", ("tax_unit_id", "weight"), [(f"u{unit}", 10 + unit) for unit in range(len(WAGES))])
    inputs: list[str | Path] = ["--input", files / "people.csv", "--input", files / "tax_units.csv"]
    command: list[str | Path] = ["batch", land, "--at", "2024", "--want", "income_tax", "--output", "-", *inputs]
    refused = run(*command)
    assert refused.returncode == 1
    assert "tax_units.csv, weight: a tax_unit has no figure `weight`" in refused.stderr
    assert "`--keep`" in refused.stderr
    rows = list(csv.DictReader(io.StringIO(run(*command, "--keep", "weight").stdout)))
    assert [row["weight"] for row in rows] == [str(10 + unit) for unit in range(len(WAGES))]


@pytest.mark.parametrize("damage", [b"tax_unit_id,\xff\xfe\n1,2\n", b"", b"PAR1nothing", b"a,b\n1\n1,2,3\n"])
def test_what_is_no_table_is_told_in_words(land: Path, files: Path, damage: bytes) -> None:
    (files / "tax_units.csv").write_bytes(damage)
    inputs: list[str | Path] = ["--input", files / "people.csv", "--input", files / "tax_units.csv"]
    refused = run("batch", land, "--at", "2024", "--want", "income_tax", "--output", "-", *inputs)
    assert refused.returncode == 1
    assert "tax_units.csv" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_only_files_are_written_and_nothing_stands_in_for_a_folder_or_a_device(land: Path, files: Path) -> None:
    inputs: list[str | Path] = ["--input", files / "people.csv", "--input", files / "tax_units.csv"]
    os.mkfifo(files / "pipe")
    before = sorted(path.name for path in files.iterdir())
    for output, words in ((files, "is a folder"), (files / "pipe", "is a device"), (files / "no" / "x", "no folder")):
        refused = run("batch", land, "--at", "2024", "--want", "income_tax", "--output", output, *inputs)
        assert refused.returncode == 2
        assert words in refused.stderr
    assert sorted(path.name for path in files.iterdir()) == before
    assert (files / "pipe").is_fifo()


def test_a_file_of_a_header_alone_has_its_columns(land: Path, files: Path) -> None:
    header = (files / "people.csv").read_text(encoding="utf-8").splitlines()[0]
    (files / "people.csv").write_text(header + "\n", encoding="utf-8")
    inputs: list[str | Path] = ["--input", files / "people.csv", "--input", files / "tax_units.csv"]
    refused = run("batch", land, "--at", "2024", "--want", "income_tax", "--output", "-", *inputs)
    assert refused.returncode == 1
    assert "column is missing" not in refused.stderr
    assert "nobody has the role `head`" in refused.stderr


def test_a_file_that_is_not_there_is_told_before_what_it_might_be(land: Path, files: Path) -> None:
    told: list[str | Path] = ["batch", land, "--at", "2024", "--want", "income_tax", "--output", "-", "--input"]
    assert "there is no file `nobody.csv`" in run(*told, "nobody.csv").stderr
    (files / "units.csv").write_text("tax_unit_id\n1\n", encoding="utf-8")
    assert "with one of people, tax_units" in run(*told, files / "units.csv").stderr


def test_stdin_and_stdout(land: Path, files: Path) -> None:
    people = (files / "people.csv").read_bytes()
    command: list[str | Path] = [
        "batch",
        land,
        "--at",
        "2024",
        "--want",
        "income_tax",
        "--output",
        "-",
        "--input",
        "person=-",
    ]
    done = run(*command, "--input", files / "tax_units.csv", "--marginal", "wages", stdin=people)
    assert done.returncode == 0, done.stderr
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert [Decimal(row["income_tax"]) for row in rows] == TAXES
    assert rows[0]["income_tax_marginal"] == "0.200000000"
    assert "7 tax_units in " in done.stderr


# --- taking up what was left


def command(land: Path, folder: Path) -> list[str]:
    files = [part for name in ("people.csv", "tax_units.csv") for part in ("--input", str(folder / name))]
    options = ["--want", "income_tax", "--output", str(folder / "out.parquet"), "--part-rows", "1", "--at", "2024"]
    return [sys.executable, "-m", "api.cli", "batch", str(land), *files, *options, "--json"]


def killed(arguments: list[str], parts: Path, at_least: int) -> None:
    """Run the command, and kill it when so many parts are there."""
    process = subprocess.Popen(arguments, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while process.poll() is None and len(list(parts.glob("*.arrow"))) < at_least:
            time.sleep(0.005)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


def many(folder: Path, count: int = 150) -> list[str]:
    """Units of one person; the wages of the second are no amount. The wages of all."""
    wages = [str(unit * 100) for unit in range(count)]
    write(folder / "tax_units.csv", ("tax_unit_id",), [(unit,) for unit in range(count)])
    rows = [(unit, "head", "much" if unit == 1 else wages[unit], 40) for unit in range(count)]
    write(folder / "people.csv", ("tax_unit_id", "role", "wages", "age"), rows)
    return wages


def test_a_killed_run_is_taken_up_where_it_stopped(land: Path, tmp_path: Path) -> None:
    wages, parts = many(tmp_path), tmp_path / ".out.parquet.rulewright"
    killed(command(land, tmp_path), parts, 5)
    left = len(list(parts.glob("part-*.arrow")))
    assert 5 <= left < len(wages)
    assert not (tmp_path / "out.parquet").exists()
    (parts / "part-000003.arrow").write_bytes(b"damaged")
    done = subprocess.run(command(land, tmp_path), cwd=ROOT, capture_output=True, text=True, check=False)
    told = json.loads(done.stdout)
    assert told["resumed"] >= left - 1
    assert told["groups"] == len(wages)
    assert [fault["row"] for fault in told["faults"]] == [2]
    assert done.returncode == 1
    result = pq.read_table(tmp_path / "out.parquet")["income_tax"].to_pylist()
    assert result == [None if unit == 1 else tax(wage, young=False) for unit, wage in enumerate(wages)]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.parquet", "people.csv", "tax_units.csv"]


def test_parts_of_other_inputs_are_not_taken_up(land: Path, tmp_path: Path) -> None:
    many(tmp_path)
    killed(command(land, tmp_path), tmp_path / ".out.parquet.rulewright", 5)
    wages = many(tmp_path, 30)
    os.utime(tmp_path / "people.csv", ns=(1, 1))
    done = subprocess.run(command(land, tmp_path), cwd=ROOT, capture_output=True, text=True, check=False)
    assert json.loads(done.stdout)["resumed"] == 0
    assert pq.read_table(tmp_path / "out.parquet").num_rows == len(wages)
