"""Files of homes beside tax units: where no wanted figure reads them, they are checked by themselves, and the people
and tax units are read in parts."""

from __future__ import annotations

from pathlib import Path

import pytest

from api.batch.run import BatchReport, Job, run_batch
from engine.pipeline import compile_rules
from engine.values.periods import parse_period
from tests.cli.command import MODULE, SETTINGS, run, write_rules

HOMES = SETTINGS + "  home: {plural: homes, of: person, may_have_none: true, roles: {occupant: {plural: occupants}}}\n"
RENTS = MODULE.replace("[income_tax, wages, age]", "[income_tax, wages, age, rent, board, rent_of_head]").replace(
    "parameters:",
    """\
  rent: {entity: home, period: year, type: money, label: Rent, range: 0 .. 1_000, absent: 0}
  board: {entity: person, period: year, type: money, label: Board, absent: 0, excludes: [rent]}
parameters:""",
    1,
)
RENTS = RENTS.replace(
    "examples:",
    """\
  rent_of_head:
    {label: Rent, entity: tax_unit, period: year, type: money, law: s. 9, formula: head.home.rent otherwise 0 USD}
examples:""",
)
UNITS = "tax_unit_id,weight\n1,2\n2,2\n3,2\n"
PEOPLE = """\
person_id,tax_unit_id,tax_unit_role,home_id,home_role,wages,age
a,1,head,h,occupant,12000,40
b,2,head,g,occupant,22000,40
c,2,dependent,h,occupant,0,9
d,3,head,,,32000,40
"""
RENT_OF_HOMES = "home_id,rent,storey\nh,100,3\ng,200,1\n"


@pytest.fixture(scope="module")
def land(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_rules(tmp_path_factory.mktemp("rules") / "land", RENTS, HOMES)


def written(folder: Path, people: str = PEOPLE, homes: str = "home_id,rent\nh,100\ng,200\n") -> dict[str, Path]:
    texts = {"person": people, "tax_unit": UNITS, "home": homes}
    for name, text in texts.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return {name: folder / f"{name}.csv" for name in texts}


def batch(land: Path, folder: Path, wanted: str, **tables: str) -> tuple[list[str], str]:
    """The rows of the answer, and what was said."""
    inputs = [part for path in written(folder, **tables).values() for part in ("--input", path)]
    options = ("--at", "2024", "--part-rows", "1", "--keep", "weight", "--output", "-", "--want", wanted)
    done = run("batch", land, *inputs, *options)
    return done.stdout.splitlines()[1:], done.stderr


def test_what_reads_no_homes_is_computed_in_parts(land: Path, tmp_path: Path) -> None:
    """People of several tax units share a home: nothing that the tax reads."""
    program, steps = compile_rules(land), list[int]()
    wanted = tuple(filter(None, [program.find("income_tax")]))
    job = Job(
        program,
        parse_period("2024"),
        written(tmp_path),
        tmp_path / "out.parquet",
        wanted,
        part_rows=1,
        keep=("weight",),
    )
    report: BatchReport = run_batch(job, steps.append)
    assert steps == [1, 2, 3]
    assert (report.refused, report.faults) == (0, [])


def test_what_reads_homes_has_them(land: Path, tmp_path: Path) -> None:
    lines, said = batch(land, tmp_path, "rent_of_head")
    assert lines == ["1,2,100.00,", "2,2,200.00,", "3,2,0.00,"], said


def test_faults_of_homes_refuse_those_who_live_there(land: Path, tmp_path: Path) -> None:
    homes = "home_id,rent\nh,much\ng,200\n"
    lines, said = batch(land, tmp_path, "income_tax", homes=homes)
    assert lines[2] == "3,2,4000.00,"
    assert [line.split(",")[2] for line in lines[:2]] == ["", ""]  # of the second unit the child lives there
    assert "home.csv, row 1, rent: `much` is not a number" in said


def test_faults_of_who_lives_where_are_told_once_by_their_row(land: Path, tmp_path: Path) -> None:
    people = PEOPLE.replace("d,3,head,,,", "d,3,head,x,occupant,")
    lines, said = batch(land, tmp_path, "income_tax", people=people)
    assert lines[2].startswith("3,2,,") and not lines[0].startswith("1,2,,")
    assert said.count("person.csv, row 4, home_id: there is no home `x`") == 1


def test_columns_that_may_contradict_those_of_other_files_are_held_against_them(land: Path, tmp_path: Path) -> None:
    people = PEOPLE.replace(",age\n", ",age,board\n").replace(",40\n", ",40,5\n").replace(",9\n", ",9,0\n")
    _, said = batch(land, tmp_path, "income_tax", people=people)
    assert "`rent`" in said and "`board`" in said


def test_columns_of_such_files_are_known_by_name(land: Path, tmp_path: Path) -> None:
    _, said = batch(land, tmp_path, "income_tax", homes=RENT_OF_HOMES)
    assert "a home has no figure `storey`" in said


def test_a_column_of_such_a_file_may_be_named_to_be_kept(land: Path, tmp_path: Path) -> None:
    inputs = [part for path in written(tmp_path).values() for part in ("--input", path)]
    done = run("batch", land, *inputs, "--at", "2024", "--keep", "weight,rent", "--output", "-", "--want", "income_tax")
    assert done.stdout.splitlines()[0] == "tax_unit_id,weight,income_tax,problem", done.stderr
