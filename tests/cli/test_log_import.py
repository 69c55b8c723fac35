"""`rulewright log import`: the sample, tables as the rules read them, and every bad cell with file, row and column."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.cli.logs import BASIS, PEOPLE, UNITS, ask, import_files, run, tables


def test_the_sample_is_in_the_log_at_once(tmp_path: Path) -> None:
    log = tmp_path / "citizens.db"
    done = run("log", "import", "--sample", "--log", log)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("recorded 29,204 events from 29,204 rows (10,000 of tax_unit, 19,204 of person)")
    assert done.stderr == f"made a new log: {log}\n"
    stats = ask("log", "stats", "--log", log)
    assert (stats["head"], stats["subjects"], stats["events"]) == (29_204, 29_204, {"facts": 29_204})
    assert ask("log", "import", "--sample", "--log", log)["duplicates"] == 29_204
    unit = ask("log", "as-of", "tax_unit/u00001", "--valid", "2024-12-31", "--log", log)
    assert unit["members"] == [{"subject": "person/u00001-head", "role": "head"}]
    assert unit["facts"]["weight"]["value"] == "14053.93"
    head = ask("log", "as-of", "person/u00001-head", "--valid", "2024-12-31", "--log", log)["facts"]
    assert (head["employment_income"]["value"], head["age"]["value"]) == (28270, 24)
    assert "is_blind" not in head


def test_tables_are_imported_as_the_rules_read_them(tmp_path: Path) -> None:
    log, files = tmp_path / "log", tables(tmp_path)
    done = run(*import_files(log, *files))
    assert (done.returncode, done.stdout.split(" in ")[0]) == (
        0,
        "recorded 4 events from 5 rows (2 of tax_unit, 3 of person)",
    ), done.stderr
    assert "nothing is stated in 1 row: no event\n" in done.stdout
    cleo = ask("log", "as-of", "person/cleo", "--log", log)["facts"]
    assert {name: fact["value"] for name, fact in cleo.items()} == {
        "age": 61,
        "is_blind": True,
        "employment_income": "120.50",
        "tax_unit": {"group": "tax_unit/flat", "role": "head"},
    }
    assert ask("log", "as-of", "tax_unit/home", "--log", log)["members"] == [
        {"subject": "person/ada", "role": "head"},
        {"subject": "person/ben", "role": "dependent"},
    ]


def test_parquet_and_people_without_a_file_of_units(tmp_path: Path) -> None:
    table = pa.table({"id": [1, 2], "tax_unit_id": [7, 7], "role": ["head", "spouse"], "employment_income": [1.25, 3]})
    pq.write_table(table, tmp_path / "staff.parquet")
    log = tmp_path / "log"
    assert ask(*import_files(log, f"person={tmp_path / 'staff.parquet'}"))["recorded"] == 2
    assert ask("log", "as-of", "person/1", "--log", log)["facts"]["employment_income"]["value"] == "1.25"
    assert [member["role"] for member in ask("log", "as-of", "tax_unit/7", "--log", log)["members"]] == [
        "head",
        "spouse",
    ]


BAD_PEOPLE = (
    PEOPLE
    + """\
dan,flat,boss,12,,
eve,nowhere,head,61.5,maybe,1.005
,home,spouse,3,,
ada,home,dependent,1,,-5
"""
)


def test_every_bad_row_is_told_and_nothing_is_imported(tmp_path: Path) -> None:
    people, units = tables(tmp_path, BAD_PEOPLE)
    done = run(*import_files(tmp_path / "log", people, units))
    assert done.returncode == 1
    for fault in (
        "row 4, role: there is no role `boss` in a tax_unit, but `head`, `spouse` or `dependent`",
        "row 5, tax_unit_id: there is no tax_unit `nowhere`",
        "row 5, age: `61.5` is not a whole number",
        "row 5, is_blind: `maybe` is not",
        "row 5, employment_income: `1.005` is not a multiple of 0.01",
        "row 6, person_id: there is no id",
        "row 7, person_id: `ada` is the id of row 1 already",
        "row 7, employment_income: is out of the range 0 .. ",
    ):
        assert f"error: {people}, {fault}" in done.stderr, fault
    assert "8 faults; nothing was recorded" in done.stderr
    assert "--skip-bad" in done.stderr
    assert not (tmp_path / "log").exists()


def test_ids_that_cannot_stand_in_a_log_are_told_with_their_rows(tmp_path: Path) -> None:
    bad = "erased-5,home,dependent,1,,\n padded,home,dependent,1,,\n" + "x" * 1_001 + ",home,dependent,1,,\n"
    people, units = tables(tmp_path, PEOPLE + bad)
    done = run(*import_files(tmp_path / "log", people, units))
    assert done.returncode == 1
    for fault in (
        "row 4, person_id: ids that start with `erased-` are kept for erased subjects",
        "row 5, person_id: ` padded` has spaces around it",
        "row 6, person_id: a subject's id has 1,001 characters; give 1 to 1,000",
    ):
        assert f"error: {people}, {fault}" in done.stderr, fault
    answer = ask(*import_files(tmp_path / "log", people, units), "--skip-bad")
    assert (answer["recorded"], answer["skipped"]) == (2, {str(people): 5, str(units): 1})


def test_a_fault_of_a_group_that_only_people_name_is_told_at_their_row(tmp_path: Path) -> None:
    people, _ = tables(tmp_path, PEOPLE + "dan,flat,head,12,,\n")
    done = run(*import_files(tmp_path / "log", people))
    assert f"error: {people}, row 3, tax_unit_id: in `flat`: 2 have the role `head`, and at most 1 may" in done.stderr


def test_whole_numbers_that_were_kept_as_floats_are_ids(tmp_path: Path) -> None:
    table = pa.table({"id": [1.0, 2.0], "tax_unit_id": [7.0, 7.0], "role": ["head", "spouse"], "colour": ["r", "g"]})
    pq.write_table(table, tmp_path / "staff.parquet")
    files = import_files(tmp_path / "log", f"person={tmp_path / 'staff.parquet'}")
    assert ask(*files, "--also", "colour")["recorded"] == 2
    facts = ask("log", "as-of", "person/2", "--log", tmp_path / "log")["facts"]
    assert (facts["colour"]["value"], facts["tax_unit"]["value"]["group"]) == ("g", "tax_unit/7")


def test_bad_rows_can_be_left_out_with_what_belongs_to_them(tmp_path: Path) -> None:
    people, units = tables(tmp_path, PEOPLE + "dan,flat,boss,12,,\n")
    answer = ask(*import_files(tmp_path / "log", people, units), "--skip-bad")
    assert (answer["recorded"], answer["skipped"]) == (2, {str(people): 2, str(units): 1})
    assert answer["faults"][0]["row"] == 4
    assert run("log", "show", "person/cleo", "--log", tmp_path / "log").returncode == 1


def test_a_column_that_the_rules_do_not_know_is_refused_or_taken_as_it_is(tmp_path: Path) -> None:
    people, units = tables(tmp_path, PEOPLE.replace("is_blind", "is_blnd"), UNITS.replace("files_separately", "house"))
    done = run(*import_files(tmp_path / "log", people, units))
    assert done.returncode == 1
    assert "a person has no figure `is_blnd`; did you mean `is_blind`" in done.stderr
    assert "--skip-bad" not in done.stderr
    people, units = tables(tmp_path, units="tax_unit_id,colour\nflat,red\nhome,\n")
    assert ask(*import_files(tmp_path / "log", people, units), "--also", "colour")["recorded"] == 4
    assert ask("log", "as-of", "tax_unit/flat", "--log", tmp_path / "log")["facts"]["colour"]["value"] == "red"


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        ([], 2, "nothing is to be imported"),
        (["--sample", "people.csv"], 2, "`--sample` is the whole import"),
        (["people.csv"], 2, "add `--valid-from 2024-01-01`"),
        (["people.csv", "--valid-from", "2024-13-01"], 2, "`2024-13-01` is not a day"),
        (["people.csv", "--valid-from", "2024-01-01"], 2, "add `--legal-basis"),
        (["none.csv", "--valid-from", "2024-01-01", *BASIS], 1, "there is no file `none.csv`"),
        (["person=none.csv", "--valid-from", "2024-01-01", *BASIS], 1, "there is no file `none.csv`"),
        (["people.csv", "--valid-from", "1985-01-01", *BASIS], 2, "do not answer for 1985"),
        (["people.csv", "--valid-from", "2024-01-01", "--also", "colour", *BASIS], 2, "no table has a column `colour`"),
        (["people.csv", "--valid-from", "2024-01-01", "--rules", "ux", *BASIS], 2, "there are no rules `ux`"),
        (["tax_unit=twice.csv", "--valid-from", "2024-01-01", *BASIS], 1, "has the column `a` twice"),
        (["person=bytes.csv", "--valid-from", "2024-01-01", *BASIS], 1, "give CSV with a header line, or Parquet"),
        (["person=ragged.csv", "--valid-from", "2024-01-01", *BASIS], 1, "ragged.csv, row 2: cells are 1, and by the"),
        (["person=dated.csv", "--valid-from", "2024-01-01", *BASIS], 1, "is of another period"),
        (["person=empty.csv", "--valid-from", "2024-01-01", *BASIS], 1, "the files hold no rows"),
        (["person=wrong.csv", "--valid-from", "2024-01-01", *BASIS, "--skip-bad"], 1, "`old` is not a whole number"),
        (["person=noid.csv", "--valid-from", "2024-01-01", *BASIS], 1, "name the column `person_id`"),
    ],
)
def test_imports_that_cannot_be_understood(tmp_path: Path, options: list[str], code: int, words: str) -> None:
    tables(tmp_path)
    (tmp_path / "twice.csv").write_text("tax_unit_id,a,a\n1,2,3\n")
    (tmp_path / "bytes.csv").write_bytes(b"\xff\xfe\x00\x01\n\x00")
    (tmp_path / "noid.csv").write_text("age\n3\n")
    (tmp_path / "ragged.csv").write_text("id,age\n1,2\n3\n4,5,6\n")
    (tmp_path / "dated.csv").write_text("id,employment_income@2023\n1,2\n")
    (tmp_path / "empty.csv").write_text("id,age\n")
    (tmp_path / "wrong.csv").write_text("id,age\n1,old\n")
    done = run("log", "import", "--create", *options, "--log", "log", cwd=tmp_path)
    assert (done.returncode, words in done.stderr) == (code, True), done.stderr
    assert not (tmp_path / "log").exists()


FORMS = """\
form_w2_id,person_id,w2_wages,w2_income_tax_withheld
1,ada,30000.00,2500.00
2,ada,12000,
3,cleo,5000,100
"""


def forms(folder: Path, text: str = FORMS) -> Path:
    """A file of Forms W-2."""
    (folder / "forms_w2.csv").write_text(text, encoding="utf-8")
    return folder / "forms_w2.csv"


@pytest.mark.parametrize("together", [True, False])
def test_records_are_imported_with_their_owners_or_after_them(tmp_path: Path, together: bool) -> None:
    people = PEOPLE.replace("31000.00", "").replace("120.50", "")
    log, (people_file, _), w2 = tmp_path / "log", tables(tmp_path, people), forms(tmp_path)
    if together:
        assert ask(*import_files(log, w2, people_file))["recorded"] == 6
    else:
        assert ask(*import_files(log, people_file))["recorded"] == 3
        assert ask(*import_files(log, w2))["recorded"] == 3
    again = ask(*import_files(log, w2))
    assert (again["recorded"], again["duplicates"]) == (0, 3)
    facts = ask("log", "as-of", "form_w2/1", "--log", log)["facts"]
    assert {name: fact["value"] for name, fact in facts.items()} == {
        "w2_wages": 30_000,
        "w2_income_tax_withheld": 2_500,
        "person": {"group": "person/ada", "role": "owner"},
    }
    (done,) = ask("annual", "us", "--year", "2024", "--log", log)["runs"]
    assert (done["assessed"], done["failed"]) == (2, [])
    assert done["totals"]["adjusted_gross_income"] == "47000.00"


BAD_FORMS = """\
form_w2_id,person_id,w2_wages
1,ada,-1
2,,12000
2,ada,x
4,nobody,5
5,erased-1,5
6,cleo,7
"""


def test_bad_records_are_told_with_file_row_and_column_and_may_be_left_out(tmp_path: Path) -> None:
    without_cleos_total = PEOPLE.replace("120.50", "")  # which her form would say again
    log, (people, _), w2 = tmp_path / "log", tables(tmp_path, without_cleos_total), forms(tmp_path, BAD_FORMS)
    done = run(*import_files(log, people, w2))
    assert done.returncode == 1 and not log.exists()
    told = done.stderr.replace(f"error: {w2}, ", "").splitlines()
    assert told[:6] == [
        "row 1, w2_wages: is out of the range 0 .. 10,000,000,000",
        "row 2, person_id: does not say which person",
        "row 3, form_w2_id: `2` is the id of row 2 already",
        "row 3, w2_wages: `x` is not a number",
        "row 4, person_id: there is no person `nobody`",
        "row 5, person_id: there is no person `erased-1`",
    ]
    left = ask(*import_files(log, people, w2), "--skip-bad")
    assert (left["recorded"], left["skipped"]) == (2, {str(w2): 5, str(people): 2}), "Ada, and Ben who is with her"
    assert ask("log", "as-of", "form_w2/6", "--log", log)["facts"]["w2_wages"]["value"] == 7


def test_two_kinds_of_records_of_the_same_people_need_no_table_of_people(tmp_path: Path) -> None:
    (tmp_path / "forms_1099_int.csv").write_text("id,person_id\n9,cleo\n", encoding="utf-8")
    question = ask(*import_files(tmp_path / "log", forms(tmp_path), tmp_path / "forms_1099_int.csv"))
    assert (question["recorded"], question["faults"]) == (4, [])


def test_records_without_a_column_for_their_owner_are_refused_with_its_name(tmp_path: Path) -> None:
    done = run(*import_files(tmp_path / "log", forms(tmp_path, "form_w2_id,w2_wages\n1,5\n")))
    assert done.returncode == 1
    assert "name the person in a column `person_id`; there are form_w2_id, w2_wages" in done.stderr


def test_an_owner_of_whom_nothing_is_recorded_is_told(tmp_path: Path) -> None:
    """A mistyped id is recorded, since its owner may come later, but not in silence."""
    log, (people, units) = tmp_path / "log", tables(tmp_path)
    assert run(*import_files(log, people, units)).returncode == 0
    header = "form_w2_id,person_id,w2_wages\n"
    mistyped = f"{header}2,adda,5\n"
    assert "nothing is recorded yet" not in run(*import_files(log, forms(tmp_path, f"{header}1,ada,5\n"))).stderr
    done = run(*import_files(log, forms(tmp_path, mistyped)))
    assert done.returncode == 0
    assert "nothing is recorded yet of the owner of these records: person/adda" in done.stderr
    assert ask(*import_files(log, forms(tmp_path, mistyped)))["owners_not_recorded"] == ["person/adda"]
