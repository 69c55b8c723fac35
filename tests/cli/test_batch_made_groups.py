"""Tables of people whose groups facts make: figures of people, of dwellings, and of those groups themselves."""

from __future__ import annotations

from pathlib import Path

from tests.api.kitchens import MODULE, SETTINGS
from tests.cli.command import run, write_rules


def test_groups_that_facts_make_need_no_file(tmp_path: Path) -> None:
    land = write_rules(tmp_path / "land", MODULE, SETTINGS)
    people, dwellings = tmp_path / "person.csv", tmp_path / "dwelling.csv"
    people.write_text(
        "person_id,dwelling_id,dwelling_role,pay@2024,cooks_at\n1,1,owner,10,1\n2,1,resident,20,1\n3,1,resident,5,none\n"
    )
    dwellings.write_text("dwelling_id\n1\n")
    batch = ("batch", land, "--at", "2024-03", "--input", people, "--input", dwellings, "--output", "-", "--want")
    assert run(*batch, "share").stdout.splitlines()[1:] == ["1,10.00,", "2,10.00,", "3,1.00,"]
    assert run(*batch, "food_of_month").stdout.splitlines()[1:] == ["1,20.00,"]


PEOPLE = """\
person_id,dwelling_id,dwelling_role,pay@2024,cooks_at
eve,b,owner,1,1
ann,a,owner,10,1
bo,a,resident,20,1
cy,a,resident,5,2
dan,a,resident,5,none
"""


def in_files(folder: Path, people: str = PEOPLE, dwellings: str = "b\na\n") -> tuple[str | Path, ...]:
    land = write_rules(folder / "land", MODULE, SETTINGS)
    (folder / "person.csv").write_text(people)
    (folder / "dwelling.csv").write_text(f"dwelling_id\n{dwellings}")
    inputs = ("--input", folder / "person.csv", "--input", folder / "dwelling.csv")
    return ("batch", land, "--at", "2024-03", *inputs, "--output", "-")


def test_each_group_that_facts_make_has_a_row_by_its_name_in_a_case(tmp_path: Path) -> None:
    batch = in_files(tmp_path)
    told = run(*batch, "--want", "need")
    assert told.stdout.splitlines() == ["kitchen_id,need,problem", "b/eve,10.00,", "a/ann,20.00,", "a/cy,10.00,"]
    in_parts = run(*batch, "--want", "need", "--part-rows", "1")
    assert in_parts.stdout.splitlines()[1:] == ["b/eve,10.00,", "a/ann,20.00,", "a/cy,10.00,"]


def test_where_nobody_can_tell_who_is_together_one_row_says_so(tmp_path: Path) -> None:
    told = run(*in_files(tmp_path, PEOPLE.replace("20,1", "20,")), "--want", "need", "--missing", "unknown")
    eve, ann = told.stdout.splitlines()[1:]
    assert eve == "b/eve,,need: cannot be determined: `fees` is not known"
    assert ann == 'a/ann,,"need: cannot be determined: `cooks_at`, `fees` are not known"'


def test_groups_of_what_was_refused_have_no_row(tmp_path: Path) -> None:
    told = run(*in_files(tmp_path, PEOPLE.replace("a,resident,20", "a,owner,20")), "--want", "need")
    assert told.stdout.splitlines()[1:] == ["b/eve,10.00,"]
    assert "dwelling.csv, row 2, owner: 2 have the role `owner`" in told.stderr


def test_what_no_file_has_cannot_be_kept_and_the_larger_groups_are_needed(tmp_path: Path) -> None:
    batch = in_files(tmp_path)
    kept = run(*batch, "--want", "need", "--keep", "pay")
    assert kept.returncode == 2 and "no file has a row of one" in kept.stderr
    alone = run(*batch[:4], "--input", tmp_path / "person.csv", "--output", "-", "--want", "need")
    assert alone.returncode == 2 and "--input dwelling=FILE" in alone.stderr


def test_records_that_a_case_makes_by_itself_must_be_listed_in_tables(tmp_path: Path) -> None:
    """Without the table there would be none, where a case has one for each two people who live together."""
    rules = Path(__file__).parents[1] / "language" / "programs" / "food_units"
    people = "person_id,dwelling_id,dwelling_role,age\nann,d,resident,40\nbo,d,resident,41\n"
    (tmp_path / "person.csv").write_text(people, encoding="utf-8")
    (tmp_path / "dwelling.csv").write_text("dwelling_id\nd\n", encoding="utf-8")
    inputs = ("--input", tmp_path / "person.csv", "--input", tmp_path / "dwelling.csv")
    said = "the figures read kinships, one for each two people of a dwelling, and no file lists them"
    done = run("batch", rules, "--at", "2024-03", *inputs, "--output", "-", "--want", "allotment")
    assert (done.returncode, said in done.stderr, "--input kinship=FILE" in done.stderr) == (2, True, True), done.stderr
    found = run("find", rules, "food_unit_number is none", "--at", "2024-03", *inputs)
    assert (found.returncode, said in found.stderr) == (2, True), found.stderr
    aged = run("find", rules, "age > 40", "--at", "2024-03", *inputs)
    assert (aged.returncode, "1 yes, 1 no" in aged.stdout) == (0, True), aged.stderr
