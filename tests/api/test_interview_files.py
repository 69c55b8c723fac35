"""Files of answers that somebody edited, or that are about another case or other rules."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from api.failures import Failure, Misuse
from api.interview.kept import FAULTS, kept_fact, kept_value
from api.rules.programs import load_program
from engine.interpret.case_reader import case_from_data
from engine.interpret.cases import Case
from engine.ir.program import Program
from engine.text.diagnostics import Diagnostics
from tests.cli.command import run

CASE = "at: 2024-05-10\npeople: {eva: {drives: c}}\nlicenses: {l0: {person: eva, issued: 2020-01-01}}\n"
BORN = {"fact": "birth_date", "of": "eva", "period": "1600-01-01", "answer": "1990-05-10"}
DRUNK = {"fact": "blood_alcohol", "of": "eva", "period": "2024-05-10", "answer": "0.08"}
EXPIRES = {"fact": "expires", "of": "l0", "period": "1600-01-01", "answer": "2030-01-01"}


@pytest.fixture(scope="module")
def law() -> tuple[Program, Case]:
    program = load_program("us_ca")
    data = {"at": "2024-05-10", "people": {"eva": {"drives": "c"}}}
    records = {"licenses": {"l0": {"person": "eva", "issued": "2020-01-01"}}}
    case = case_from_data(program, {**data, **records}, Diagnostics())
    assert case is not None
    return program, case


@pytest.mark.parametrize("entry", [BORN, DRUNK, EXPIRES, {**BORN, "period": "2024"}])
def test_an_answer_that_is_one(law: tuple[Program, Case], entry: dict[str, Any]) -> None:
    program, case = law
    fact = kept_fact(program, case, entry)
    assert fact.instance == entry["of"]
    assert kept_value(program, fact, entry["answer"]) is not None


@pytest.mark.parametrize("whose", ["bob", "", 5, None, "l0", "eva ", "EVA", "\u0435va", "eva\n", True, 1.5])
def test_an_answer_of_nobody_in_the_case_is_told(law: tuple[Program, Case], whose: object) -> None:
    with pytest.raises(Failure, match="the case has no such person"):
        kept_fact(*law, {**BORN, "of": whose})


@pytest.mark.parametrize(
    "entry",
    [
        {**DRUNK, "fact": "may_drive", "answer": True},
        {**DRUNK, "fact": "points_in_12_months", "answer": "0"},
        {**BORN, "fact": "nope"},
        {**BORN, "fact": ""},
        {**BORN, "fact": 7},
        {**BORN, "fact": None},
        {**BORN, "fact": ["birth_date"]},
        {**BORN, "period": "2099-13-01"},
        {**BORN, "period": ""},
        {**BORN, "period": 2024},
        {**BORN, "of": {"a": 1}},
        {**BORN, "of": ["eva"]},
        {**EXPIRES, "of": "eva"},
        {**DRUNK, "of": "l0"},
        {"fact": "birth_date"},
        {},
        "birth_date",
        7,
        None,
        [],
    ],
)
def test_an_answer_about_no_fact_is_told(law: tuple[Program, Case], entry: Any) -> None:
    with pytest.raises((Failure, Misuse, *FAULTS)):
        kept_fact(*law, entry)


@pytest.mark.parametrize(
    ("entry", "answer"),
    [
        *((BORN, answer) for answer in ("2024-02-30", "1990", [1], {"a": 1}, True, 7, 1e300, "9" * 5_000, "", "none")),
        *((DRUNK, answer) for answer in ("NaN", "-0.01", "1.01", "0.08" + "0" * 40 + "1", "inf", "1/0", "yes", True)),
        ({**DRUNK, "fact": "drives"}, "zz"),
        ({**DRUNK, "fact": "drives"}, "C"),
        ({**DRUNK, "fact": "refused_test"}, "perhaps"),
        ({**DRUNK, "fact": "refused_test"}, 1),
    ],
)
def test_an_answer_that_is_no_value_of_the_fact_is_told(
    law: tuple[Program, Case], entry: dict[str, Any], answer: object
) -> None:
    program, case = law
    with pytest.raises((Failure, Misuse)):
        kept_value(program, kept_fact(program, case, entry), answer)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (json.dumps({"answers": [{**BORN, "of": "bob"}]}), "the case has no such person"),
        (json.dumps({"answers": [BORN, {**BORN, "answer": "1991-01-01"}]}), "twice"),
        (json.dumps({"answers": [{"fact": "everything", "answer": True}]}), "something is not listed"),
        ('{"answers": ' + "[" * 20_000, "holds no answers"),
        ('{"answers": []}' + " " * 1_000_000, "is larger than 1,000,000 bytes"),
        (json.dumps({"rules": "us", "answers": []}), "about the rules `us`, and these are the rules `us_ca`"),
        (json.dumps({"answers": [{"form": "form_w2", "of": "eva", "boxes": {}}]}), "the answers copy a form"),
        (json.dumps({"turns": [[BORN, {**BORN, "of": "bob"}]]}), "the case has no such person"),
    ],
)
def test_a_file_that_was_edited_is_told(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "case.yaml").write_text(CASE, encoding="utf-8")
    (tmp_path / "kept.json").write_text(text, encoding="utf-8")
    kept = ("--save", tmp_path / "kept.json")
    done = run("ask", "us_ca", tmp_path / "case.yaml", "--want", "may_drive", *kept, stdin="stop\n")
    assert done.returncode == 1
    assert words in done.stderr
    assert (tmp_path / "kept.json").read_text(encoding="utf-8") == text  # what was wrong is left as it is


def test_a_file_that_cannot_be_written_is_told_before_anything_is_asked(tmp_path: Path) -> None:
    done = run("ask", "us_ca", "may_drive", "--save", tmp_path / "none" / "kept.json", stdin="0\n0\n0\n")
    assert done.returncode == 2 and "there is no folder" in done.stderr and "How many" not in done.stderr
