"""Tables of records with further owners: a column for each owner, checked like the first, in batch."""

from __future__ import annotations

from pathlib import Path

from tests.cli.command import run

PEOPLE = Path(__file__).parents[1] / "language" / "programs" / "people"
PERSONS = """person_id,household_id,household_role,birth_date
ben,h1,resident,2010-01-01
ada,h2,resident,1980-01-01
cleo,h1,resident,2012-01-01
dan,h3,resident,1950-01-01
"""
TIES = "child_id,parent_id,lives_with@2024\nben,ada,true\ncleo,dan,false\n"


def batch(folder: Path, figure: str, **tables: str) -> tuple[list[str], str]:
    """The rows of the answer, and what was said."""
    inputs: list[str | Path] = []
    for name, text in {"person": PERSONS, **tables}.items():
        (folder / f"{name}.csv").write_text(text)
        inputs += ["--input", folder / f"{name}.csv"]
    done = run("batch", PEOPLE, "--at", "2024", *inputs, "--output", "-", "--want", figure)
    return done.stdout.splitlines()[1:], done.stderr


HOUSEHOLDS = "household_id,rent@2024\nh1,0\nh2,100\nh3,300\n"


def test_a_parent_may_live_in_another_household(tmp_path: Path) -> None:
    lines, said = batch(tmp_path, "child_of_parent", household=HOUSEHOLDS, tie=TIES)
    assert lines == ["ben,true,", "ada,false,", "cleo,false,", "dan,false,"]
    assert "interpreter" not in said


def test_people_of_several_households_sit_together(tmp_path: Path) -> None:
    attempts = "attempt_id,person_id,sitting_id,mark\na1,dan,s,60\na2,ada,s,80\na3,ben,t,10\n"
    tables = {"household": HOUSEHOLDS, "attempt": attempts, "sitting": "sitting_id\ns\nt\n"}
    assert batch(tmp_path, "place_in_sitting", **tables)[0] == ["a1,2,", "a2,1,", "a3,1,"]
    assert batch(tmp_path, "mean_mark", **tables)[0] == ["s,70.000000000,", "t,10.000000000,"]


def test_without_a_table_of_the_owners_it_is_told_which_to_give(tmp_path: Path) -> None:
    lines, _ = batch(tmp_path, "place_in_sitting", attempt="attempt_id,person_id,mark\na1,dan,60\n")
    assert "give a table of those, and a column `sitting_id`" in lines[0]
