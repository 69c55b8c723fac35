"""TAXSIM's columns: what comes in, what goes out, what is said of rows at fault; some of it through the real command.
The figures themselves are tested in tests/validation."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet as pq
import pytest

from api.failures import Failure
from api.rules import programs
from api.taxsim import Report
from api.taxsim import run as compute
from tests.cli.command import run


@dataclass(frozen=True)
class Done:
    """What came of a table: answers and messages as the command would print them."""

    report: Report
    stdout: str
    stderr: str


def taxsim(table: str | bytes, step: Fraction = Fraction(100)) -> Done:
    source = io.BytesIO(table.encode() if isinstance(table, str) else table)
    answers, messages = io.BytesIO(), []
    report = compute(programs.load_program("us"), source, answers, lambda text: messages.append(text + "\n"), step)
    return Done(report, answers.getvalue().decode(), "".join(messages))


def answers(table: str | bytes, step: Fraction = Fraction(100)) -> list[dict[str, str]]:
    done = taxsim(table, step)
    assert not done.report.refused, done.stderr
    return list(csv.DictReader(io.StringIO(done.stdout)))


def test_standard_output_by_name_in_any_order_with_spaces() -> None:
    result = answers(" pwages, mstat ,taxsimid,year\n30000,1,7.,2024\n")[0]
    assert list(result) == ["taxsimid", "year", "state", "fiitax", "siitax", "fica", "frate", "srate", "ficar", "tfica"]
    assert result == {
        "taxsimid": "7",
        "year": "2024",
        "state": "0",
        "fiitax": "1616.00",
        "siitax": "0.00",
        "fica": "4590.00",
        "frate": "12.00",
        "srate": "0.00",
        "ficar": "15.30",
        "tfica": "2295.00",
    }


def test_the_note_on_state_tax_stands_once() -> None:
    done = taxsim("taxsimid,year,mstat,state\n1,2024,1,5\n2,2024,1,6\n")
    assert done.stderr.count("state tax") == 1


def test_full_output_and_text() -> None:
    full = answers("taxsimid,year,mstat,page,pwages,depx,age1,age2,idtl\n1,2024,1,40,30000,2,3,8,2\n")[0]
    assert {name: full[name] for name in ("v10", "v18", "v22", "actc", "v25", "fiitax")} == {
        "v10": "30000.00",
        "v18": "8100.00",
        "v22": "810.00",
        "actc": "3190.00",
        "v25": "5426.83",
        "fiitax": "-8616.83",
    }
    assert full["v41"] == "0.00"
    refunded = answers("taxsimid,year,mstat,page,pwages,depx,age1,age2,idtl\n1,2021,1,40,30000,2,3,18,2\n")[0]
    assert {name: refunded[name] for name in ("v22", "v23", "actc")} == {
        "v22": "4100.00",
        "v23": "3600.00",
        "actc": "3600.00",
    }
    text = taxsim("taxsimid,year,mstat,pwages,idtl\n1,2024,1,30000,5\n").stdout
    assert "Adjusted gross income" in text
    assert "30000.00" in text


def test_amounts_are_rounded_to_cents() -> None:
    head = "taxsimid,year,mstat,pwages,idtl\n"
    rows = answers(head + "1,2024,1,41904.76190476191,2\n2,2024,1,4.19e4,2\n3,2024,1,.005,2\n")
    assert [row["v10"] for row in rows] == ["41904.76", "41900.00", "0.01"]


def test_dependents_ages_and_older_counts_mean_the_same() -> None:
    ages = answers("taxsimid,year,mstat,pwages,depx,age1,age2,age3\n1,2024,1,40000,3,12,16,30\n")[0]
    counts = answers("taxsimid,year,mstat,pwages,depx,dep13,dep17,dep18\n1,2024,1,40000,3,1,2,2\n")[0]
    assert ages["fiitax"] == counts["fiitax"]
    unstated = answers("taxsimid,year,mstat,pwages,depx\n1,2024,1,40000,1\n")[0]
    infant = answers("taxsimid,year,mstat,pwages,depx,age1\n1,2024,1,40000,1,1\n")[0]
    assert unstated["fiitax"] == infant["fiitax"]


def test_marginal_rates_on_what_mtr_names() -> None:
    head = "taxsimid,year,mstat,pwages,swages,ltcg,mtr\n"
    rows = answers(head + "1,2024,2,60000,40000,1000,85\n2,2024,2,60000,40000,1000,70\n3,2024,2,60000,40000,1000,11\n")
    assert [(row["frate"], row["ficar"]) for row in rows] == [("12.00", "15.30"), ("0.00", "0.00"), ("12.00", "15.30")]
    stepped = answers(head + "1,2024,2,93200,0,0,0\n", Fraction(1))
    assert (stepped[0]["frate"], stepped[0]["ficar"]) == ("12.00", "14.00")  # 15.3%, in parts each rounded to cents


def test_a_bad_row_is_told_by_id_and_column_and_the_others_are_computed() -> None:
    table = (
        "taxsimid,year,mstat,page,sage,pwages,swages\n"
        "1,2024,1,40,0,30000,0\n2,2024,1,40,40,1,0\n3,1999,1,40,0,1,0\n4,2024,9,40,0,1,0\n5,2024,1,40,0,x,0\n"
        "6,2024,1,40,0,-5,0\n7,2024,1,40,0,1,50\n8,2024,2,40,40,30000,10,99,98\n9,2024,2,40,40,60000,0\n"
    )
    done = run("taxsim", stdin=table)
    assert done.returncode == 1
    assert [row["taxsimid"] for row in csv.DictReader(io.StringIO(done.stdout))] == ["1", "9"]
    for words in (
        "taxsimid 2, sage: is not 0",
        "taxsimid 3, year: 1999",
        "taxsimid 4, mstat: 9",
        "taxsimid 5, pwages: `x` is not a number",
        "taxsimid 6, pwages: -5 is out of the range",
        "taxsimid 7, swages: is not 0",
        "taxsimid 8, taxsimid: the line has more cells",
        "7 rows could not be computed; 2 were",
    ):
        assert words in done.stderr


@pytest.mark.parametrize("table", ["", "\n\n", "hello\n1\n", "year,year,mstat\n", b"\xff\xfe\x00", b"PAR1", b"ARROW1"])
def test_a_table_that_is_none(table: str | bytes) -> None:
    with pytest.raises(Failure) as told:
        taxsim(table)
    assert told.value.message
    assert told.value.help


def test_misuse() -> None:
    assert run("taxsim", "nowhere.csv").returncode == 2
    assert run("taxsim", "--mtr-step", "none", stdin="year,mstat\n").returncode == 2


def test_in_json() -> None:
    done = run("taxsim", "--json", stdin="taxsimid,year,mstat,pwages\n1,2024,1,30000\nx,1,1,1\n")
    answer = json.loads(done.stdout)
    assert (answer["computed"], answer["refused"]) == (1, 1)
    assert answer["rows"][0]["fiitax"] == "1616.00"


def test_columns_that_are_not_read_are_named_with_what_may_be_meant() -> None:
    done = taxsim("taxsimid,year,mstat,pwage,fiitax\n1,2024,1,3,4\n")
    assert "columns that are not read: `pwage` (did you mean `pwages`?), `fiitax`\n" in done.stderr
    assert done.report == Report(1, 0, ("pwage", "fiitax"))


def test_a_row_that_is_no_text_is_reported_and_the_others_are_computed() -> None:
    done = taxsim("taxsimid,year,mstat,pwages\n\x1b[31m1,2024.5,1,\x1b5\n2,2024,1,30000\n")
    assert "row 1, taxsimid ␦[31m1, year: `2024.5` is not a whole number\n" in done.stderr
    assert "row 1, taxsimid ␦[31m1, pwages: `␦5` is not a number\n" in done.stderr
    assert done.stderr.count("row 1,") == 2
    assert done.stdout.count("\n") == 2


def test_other_separators_are_recognised() -> None:
    with pytest.raises(Failure) as told:
        taxsim("taxsimid;year;mstat\n1;2024;1\n")
    assert told.value.help == "separate the columns by commas"
    commas = "taxsimid,year,mstat,pwages\n1,2024,1,30000\n"
    assert answers(commas.replace(",", "\t")) == answers(commas)


def test_other_itemized_deductions_are_outside_the_limit_on_state_taxes_from_2018_on() -> None:
    head = "taxsimid,year,mstat,pwages,otheritem,idtl\n"
    rows = answers(head + "1,2017,1,90000,30000,2\n2,2022,1,90000,30000,2\n3,2022,1,90000,0,2\n")
    assert [row["v17"] for row in rows] == ["30000.00", "30000.00", "0.00"]
    assert [row["v26"] for row in rows[:2]] == ["90000.00", "60000.00"]
    refused = taxsim(head + "1,2022,1,90000,99999999999,2\n")
    assert "taxsimid 1, otheritem: 99999999999 is out of the range" in refused.stderr


def test_a_column_without_a_name_is_passed_over() -> None:
    told = taxsim("taxsimid,year,mstat,pwages,\n1,2024,1,30000,\n2,2024,1,40000,x\n")
    assert (told.report.refused, len(told.stdout.splitlines())) == (0, 3)


def test_a_dependent_of_no_stated_age_is_of_school_age_in_2021_and_an_infant_else() -> None:
    rows = "1,{0},1,60000,1,0\n2,{0},1,60000,1,5\n3,{0},1,60000,1,6\n"
    for year, like in (("2021", "3"), ("2022", "2")):
        told = taxsim("taxsimid,year,mstat,pwages,depx,age1\n" + rows.format(year))
        taxes = {line.split(",")[0]: line.split(",")[3] for line in told.stdout.splitlines()[1:]}
        assert taxes["1"] == taxes[like], told.stdout
    assert taxes["2"] == taxes["3"]


TABLE = pa.table(
    {
        "taxsimid": pa.array(["a,b", "2.", None]),
        "year": pa.array([2024.0, 2024.0, 2023.0]),
        "mstat": pa.array([1, 2, 1], pa.int8()),
        "pwages": pa.array([41904.76190476191, None, 1e5]),
        "intrec": pa.array(["1e3", " 5 ", ""]),
    }
)
LINES = 'taxsimid,year,mstat,pwages,intrec\n"a,b",2024,1,41904.76,1000\n2,2024,2,0,5\n,2023,1,100000,0\n'


def as_parquet(table: pa.Table) -> bytes:
    held = io.BytesIO()
    pq.write_table(table, held)
    return held.getvalue()


def as_arrow(table: pa.Table) -> bytes:
    held = pa.BufferOutputStream()
    with pa.ipc.new_file(held, table.schema) as file:
        file.write_table(table)
    return bytes(held.getvalue())


@pytest.mark.parametrize("write", [as_parquet, as_arrow])
def test_columns_of_parquet_and_arrow_are_those_of_the_same_text(write: Any) -> None:
    assert answers(write(TABLE)) == answers(LINES)
    odd = TABLE.set_column(4, "intrec", pa.array([float("nan"), 1.0, 2.0]))
    done = taxsim(write(odd))
    assert (done.report.computed, done.report.refused) == (2, 1)
    assert "row 1, taxsimid a,b, intrec: `nan` is not a number\n" in done.stderr


def test_answers_as_a_file_of_a_form(tmp_path: Path) -> None:
    wanted = taxsim(LINES).stdout
    for name in ("out.parquet", "out.tsv"):
        done = run("taxsim", "--output", str(tmp_path / name), stdin=LINES)
        assert (done.returncode, done.stdout) == (0, "")
    table = pq.read_table(tmp_path / "out.parquet")
    assert table.schema.field("fiitax").type == pa.decimal128(20, 2)
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(
        [table.column_names, *zip(*table.to_pydict().values(), strict=True)]
    )
    assert text.getvalue() == wanted
    assert list(csv.reader((tmp_path / "out.tsv").open(), delimiter="\t")) == list(csv.reader(io.StringIO(wanted)))
    refused = run("taxsim", "--output", str(tmp_path / "out.xls"), stdin=LINES)
    assert (refused.returncode, "end its name in one of .csv" in refused.stderr) == (2, True)


def test_a_cell_that_goes_over_lines_does_not_break_the_rows_after_it() -> None:
    table = 'taxsimid,year,mstat,pwages\n1,2024,1,30000\n"2\n3",2024,1,30000\n4,2024,1,30000\n'
    assert [row["taxsimid"] for row in answers(table)] == ["1", "2 3", "4"]
