"""What cannot be done again is done only if its result has a place; and no file of another kind is replaced."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.command import run

EVENTS = "- {subject: person/ann, id: a, facts: {2024-01-01: {wages: 30_000}}}\n"
BASIS = ("--source", "employer", "--legal-basis", "26 USC 6051")
ORDER = ("--actor", "clerk", "--reason", "asked", "--legal-basis", "GDPR Art. 17")


@pytest.fixture
def log(tmp_path: Path) -> Path:
    (tmp_path / "events.yaml").write_text(EVENTS, encoding="utf-8")
    done = run("log", "append", "--create", tmp_path / "events.yaml", "--log", tmp_path / "log", *BASIS)
    assert done.returncode == 0, done.stderr
    return tmp_path / "log"


def test_nobody_is_erased_where_the_certificate_has_no_place(log: Path, tmp_path: Path) -> None:
    erase = ("log", "erase", "person/ann", "--log", log, "--yes", *ORDER)
    (tmp_path / "earlier").write_text("{}", encoding="utf-8")
    wrong = {
        tmp_path / "gone" / "cert": "there is no folder",
        tmp_path: "is a folder",
        tmp_path / "earlier": "is already there",
    }
    for place, words in wrong.items():
        done = run(*erase, "--certificate", place)
        assert (done.returncode, words in done.stderr) == (2, True)
    assert "30,000" in run("log", "show", "person/ann", "--log", log).stdout.replace("30000", "30,000")
    assert (tmp_path / "earlier").read_text(encoding="utf-8") == "{}"
    done = run(*erase, "--certificate", tmp_path / "cert")
    assert done.returncode == 0
    assert json.loads((tmp_path / "cert").read_text(encoding="utf-8"))


def test_an_anchor_replaces_an_anchor_and_nothing_else(log: Path, tmp_path: Path) -> None:
    notes = tmp_path / "notes.txt"
    notes.write_text("mine\n", encoding="utf-8")
    done = run("log", "verify", "--log", log, "--write-anchor", notes)
    assert (done.returncode, "is there, and is no anchor" in done.stderr) == (2, True)
    assert notes.read_text(encoding="utf-8") == "mine\n"
    for _ in range(2):
        assert run("log", "verify", "--log", log, "--write-anchor", tmp_path / "anchor").returncode == 0


def test_a_result_takes_the_place_of_no_rules(rules: Path, tmp_path: Path) -> None:
    people = tmp_path / "people.csv"
    people.write_text("person_id,tax_unit_id,role,wages\n1,1,head,30000\n", encoding="utf-8")
    (tmp_path / "units.csv").write_text("tax_unit_id\n1\n", encoding="utf-8")
    before = (rules / "tax.yaml").read_text(encoding="utf-8")
    inputs = ("--input", f"person={people}", "--input", f"tax_unit={tmp_path / 'units.csv'}", "--want", "income_tax")
    done = run("batch", rules, "--at", "2024", *inputs, "--output", rules / "tax.yaml")
    assert (done.returncode, "is YAML, as rules and cases are" in done.stderr) == (2, True)
    assert (rules / "tax.yaml").read_text(encoding="utf-8") == before
