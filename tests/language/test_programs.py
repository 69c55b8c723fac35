"""Law of other kinds, written from the manual alone: a pension, permissions with reasons, benefits by the month."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.examples.run import run_examples
from engine.pipeline import Compiled, check_rules
from engine.text.diagnostics import Diagnostics, render

PROGRAMS = sorted(path for path in (Path(__file__).parent / "programs").iterdir() if path.is_dir())


def checked(folder: Path) -> Compiled:
    compiled = check_rules(folder)
    assert not compiled.problems, "\n".join(render(problem) for problem in compiled.problems)
    return compiled


@pytest.mark.parametrize("folder", PROGRAMS, ids=lambda folder: folder.name)
def test_the_examples_of_a_program_hold(folder: Path) -> None:
    compiled = checked(folder)
    assert compiled.ruleset is not None
    assert compiled.program is not None
    problems = Diagnostics()
    run = run_examples(compiled.ruleset, compiled.program, problems)
    assert not problems.items
    assert not run.mismatches
    assert run.expectations >= 6


def test_an_alternative_that_was_not_needed_is_not_what_was_not_met(tmp_path: Path) -> None:
    for file in (Path(__file__).parent / "programs" / "licences").iterdir():
        text = file.read_text(encoding="utf-8").replace("[old_enough, holds_b]", "[fit.exempt, holdsb]")
        (tmp_path / file.name).write_text(text, encoding="utf-8")
    compiled = checked(tmp_path)
    assert compiled.ruleset is not None
    assert compiled.program is not None
    problems = Diagnostics()
    run = run_examples(compiled.ruleset, compiled.program, problems)
    assert [mismatch.computed for mismatch in run.mismatches] == ["holds_b old_enough"]
    assert [(problem.code, problem.help) for problem in problems] == [("E801", "did you mean `holds_b`?")]
