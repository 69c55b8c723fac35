"""The rules of permissions that ship: no problem, every example holds, every reason is tried, machine code agrees."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.examples.run import run_examples
from engine.examples.untried import untried
from engine.pipeline import check_rules
from engine.text.diagnostics import Diagnostics, render
from tests.cli.command import ROOT, run

SHIPPED = sorted(path.parent for path in (ROOT / "rules").glob("*/ruleset.yaml") if path.parent.name != "us")
WANTED = {"certification": 36, "de": 30, "eu": 95, "gb": 210, "us_ca": 100, "us_passport": 95}
"""The least number of examples of each ruleset, so that none falls away in silence."""


@pytest.mark.parametrize("folder", SHIPPED, ids=lambda folder: folder.name)
def test_every_example_holds_and_every_reason_is_tried(folder: Path) -> None:
    compiled = check_rules(folder)
    assert not compiled.problems, "\n".join(render(problem) for problem in compiled.problems)
    assert compiled.ruleset is not None
    assert compiled.program is not None
    problems = Diagnostics()
    tried = run_examples(compiled.ruleset, compiled.program, problems)
    assert not problems.items
    assert not tried.mismatches
    assert not list(untried(compiled.program, tried.seen))
    assert tried.examples >= WANTED[folder.name]


@pytest.mark.parametrize("folder", SHIPPED, ids=lambda folder: folder.name)
def test_machine_code_agrees_with_the_interpreter(folder: Path) -> None:
    done = run("check", folder.name, "--differential", "--rounds", "1")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 differences" in done.stdout + done.stderr
