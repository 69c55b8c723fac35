"""ask, as somebody meets it who has no case yet: who there is, records, choices, going back, and on from the file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.command import write_rules
from tests.cli.logs import run
from tests.cli.roads import write_roads


@pytest.fixture(scope="module")
def roads(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_roads(tmp_path_factory.mktemp("roads") / "land")


@pytest.fixture(scope="module")
def land(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_rules(tmp_path_factory.mktemp("rules") / "land")


def test_one_person_is_asked_which_records_there_are_and_chooses_by_number(roads: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept.json"
    asked = ("ask", roads, "may_drive", "--at", "2024-05-10", "--save", kept)
    typed = "many\n1\nback\n1990-02-30\n1990-01-01\n9\n2\nback\ncars\n1\n2030-01-01\nnone\n"
    done = run(*asked, stdin=typed)
    assert "`many` is not a whole number from 0 to 9" in done.stderr
    assert "this is the first question" in done.stderr and "`1990-02-30` is not a date" in done.stderr
    assert "  2. Cars with trailers\n" in done.stderr and "(a number from 1 to 4; " in done.stderr
    assert "`9` is not one of the answers" in done.stderr and "licence 1: Last day\n" in done.stderr
    assert done.stdout.startswith("May drive (may_drive of you): yes  [s. 3]"), done.stdout + done.stderr
    again = run(*asked, stdin="")
    assert again.stdout == done.stdout and "How many" not in again.stderr  # who there is was kept
    other = run(*asked[:3], "--at", "2025-05-10", "--save", kept, stdin="")
    assert (other.returncode, "are about 2024-05-10" in other.stderr) == (2, True)


def test_a_refusal_ends_with_its_reasons_and_what_nobody_knew_with_what_to_find_out(roads: Path) -> None:
    asked = ("ask", roads, "may_drive", "--at", "2024-05-10")
    refused = run(*asked, stdin="0\n2010-01-01\n1\n")
    assert refused.stdout.startswith("May drive (may_drive of you): no  [s. 3]"), refused.stdout
    unsure = run(*asked, stdin="1\n?\n1\n1\n2030-01-01\nnone\n")
    assert "not determined: no or yes" in unsure.stdout
    assert unsure.stdout.endswith("To settle it, find out:\n  - Date of birth\n"), unsure.stdout


def test_the_rest_is_taken_as_usual_where_somebody_says_so(roads: Path) -> None:
    asked = ("ask", roads, "may_drive", "--at", "2024-05-10")
    done = run(*asked, stdin="1\n1990-01-01\n1\n1\n2030-01-01\nrest\n")
    assert done.stdout.startswith("May drive (may_drive of you): yes"), done.stdout
    assert "This holds only if it is so, as was not asked:\n  - licence 1: Revoked on: none\n" in done.stdout
    early = run(*asked, stdin="1\n1990-01-01\nrest\n")
    assert "not determined" in early.stdout  # of what kind the vehicle is, nobody takes for granted
    revoked = run(*asked, stdin="1\n1990-01-01\n1\n1\n2030-01-01\nmaybe\nno\n")
    assert "type it as 1990-12-31, or `none`" in revoked.stderr and "): yes" in revoked.stdout


def test_people_are_named_corrected_and_kept(land: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept.json"
    asked = ("ask", land, "income_tax", "--at", "2024", "--save", kept)
    first = run(*asked, stdin="Ben, Ben\nBen, head\nBen, Mia\n30_000\nstop\n")
    assert first.stderr.count("two people have one name") == 2
    assert "you: How much did you earn?" in first.stderr
    people = json.loads(kept.read_text(encoding="utf-8"))["people"]
    assert people["tax_units"] == {"home": {"head": "head", "dependents": ["Ben", "Mia"]}}
    again = run(*asked, stdin="stop\n")
    assert "How many" not in again.stderr and "Ben: " in again.stderr


def test_ages_are_corrected_and_may_be_unknown(tmp_path: Path) -> None:
    kept = tmp_path / "kept.json"
    typed = "maybe\nno\nMia\n34\nback\n35\nold\n?\nstop\n"
    done = run("ask", "us", "eitc", "--at", "2024", "--save", kept, stdin=typed)
    assert "Is there a spouse? [yes / no]" in done.stderr and "`maybe` is neither `yes` nor `no`" in done.stderr
    assert "`old` is not a whole number from 0 to 130" in done.stderr
    people = json.loads(kept.read_text(encoding="utf-8"))["people"]["people"]
    assert people == {"head": {"stated_age": 35}, "Mia": {}}
    assert "you stopped before all of it was asked" in done.stdout


@pytest.mark.parametrize(
    "text", ['{"people": 7}', '{"people": {"at"', "[]", '{"people": {"persons": {}}, "answers": []}']
)
def test_a_file_of_people_that_was_edited_is_told(land: Path, tmp_path: Path, text: str) -> None:
    kept = tmp_path / "kept.json"
    kept.write_text(text, encoding="utf-8")
    done = run("ask", land, "income_tax", "--save", kept, stdin="0\nstop\n")
    assert done.returncode in (1, 2) and "error: " in done.stderr and "Traceback" not in done.stderr
    assert kept.read_text(encoding="utf-8") == text
