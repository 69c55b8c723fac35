"""Every file of `bad/` gives exactly the problems that its comments state, each on its line and column."""

from __future__ import annotations

import pytest

from engine.text.codes import CODES
from engine.text.diagnostics import as_json, render
from tests.language.expectations import BadCase, bad_cases, judged, place_of

CASES = bad_cases()
# What no file of reasonable size can show: test_hostile.py makes it.
MADE_IN_TESTS = {"E109"}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_exactly_the_stated_problems_are_found(case: BadCase) -> None:
    expected = case.expected()
    diagnostics = judged(case)
    told = "\n".join(render(diagnostic) for diagnostic in diagnostics)
    stated_places = [(entry.file, entry.line, entry.column, entry.code) for entry in expected]
    found_places = [(*place_of(diagnostic), diagnostic.code) for diagnostic in diagnostics]
    assert found_places == stated_places, told
    for statement, problem in zip(expected, diagnostics, strict=True):
        assert statement.words in problem.message, told


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_problem_says_what_to_write_instead(case: BadCase) -> None:
    for problem in case.problems():
        assert problem.help, render(problem)
        assert problem.message[0] == problem.message[0].lower() or not problem.message[0].isalpha(), problem.message
        assert not problem.message.endswith("."), problem.message
        assert "\n" not in problem.message, problem.message
        assert as_json(problem)["code"] == problem.code


def test_a_case_states_the_code_that_it_is_named_after() -> None:
    for case in CASES:
        assert case.code in {expected.code for expected in case.expected()}, case.name


def test_every_code_has_a_case() -> None:
    assert {expected.code for case in CASES for expected in case.expected()} == set(CODES) - MADE_IN_TESTS


def test_there_are_at_least_sixty_cases() -> None:
    assert len(CASES) >= 60
