"""One fault in `ruleset.yaml` shows as one fault, however many modules stumble over it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from engine.pipeline import check_rules
from engine.syntax.files import SETTINGS_FILE

US = Path(__file__).parents[2] / "rules" / "us"


@pytest.mark.parametrize(
    ("right", "wrong", "place", "most"),
    [
        ("  person: {plural: people}", "  person: people", "person: people", 20),
        ("sets: {filers: [head, spouse]}", "sets: filers", "sets: filers", 5),
        ("\n  tax_unit:\n", "\n  taxunit:\n", "unless: files_separately", 5),
    ],
)
def test_the_cause_comes_first_and_what_follows_is_held_back(
    tmp_path: Path, right: str, wrong: str, place: str, most: int
) -> None:
    rules = shutil.copytree(US, tmp_path / "us")
    settings = rules / SETTINGS_FILE
    text = settings.read_text(encoding="utf-8")
    assert right in text
    settings.write_text(text.replace(right, wrong), encoding="utf-8")
    problems = check_rules(rules).problems
    first = problems[0]
    assert first.span is not None
    assert first.span.source.name.endswith(SETTINGS_FILE)
    assert place in first.span.source.line(first.span.line)
    assert any("hidden until you fix it" in note.message for note in first.notes)
    assert len(problems) <= most


def test_names_of_a_module_that_cannot_be_read_are_held_back(tmp_path: Path) -> None:
    rules = shutil.copytree(US, tmp_path / "us")
    module = rules / "payroll" / "wages.yaml"
    module.write_text(module.read_text(encoding="utf-8").replace("law: ", "law: (8)(A): ", 1), encoding="utf-8")
    first, *others = check_rules(rules).problems
    assert first.code == "E101"
    assert any("names that other files do not find are hidden" in note.message for note in first.notes)
    assert not [problem for problem in others if problem.code in ("E401", "E801")]


def test_a_fault_of_a_formula_is_still_told_beside_it(tmp_path: Path) -> None:
    rules = shutil.copytree(US, tmp_path / "us")
    settings, module = rules / SETTINGS_FILE, rules / "credits" / "eitc.yaml"
    settings.write_text(
        settings.read_text(encoding="utf-8").replace("sets: {filers: [head, spouse]}", "sets: filers"), encoding="utf-8"
    )
    module.write_text(module.read_text(encoding="utf-8").replace("formula: ", "formula: 1 +* ", 1), encoding="utf-8")
    codes = {problem.code for problem in check_rules(rules).problems}
    assert {"E203", "E301"} <= codes
