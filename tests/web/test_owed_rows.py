"""Several jobs, businesses and forms in *What am I owed?*: a row for each, added and taken away without a script."""

from __future__ import annotations

from typing import Any

import pytest

from api.rules.programs import load_program
from api.web.questions import MOST_ROWS, Answers, Question, read_answers, script_of

SAID = {"said-year": "2024", "said-age": "34", "said-partner": "yes", "said-partner_age": "33", "said-children": "0"}


@pytest.fixture(scope="module")
def settings() -> Any:
    return load_program("us").settings


def answers_of(settings: Any, fields: dict[str, str]) -> tuple[Answers, Question]:
    """What a form carries, and the page about wages."""
    script = script_of("us")
    assert script is not None
    return read_answers(script, settings, {**SAID, **fields}), next(
        page for page in script.pages if page.key == "wages"
    )


def test_the_jobs_of_a_person_add_up(settings: Any) -> None:
    rows = {"rows-wages-you": "3", "said-wages-partner": "7"}
    amounts = {"said-wages-you": "$10,000.10", "said-wages-you-2": "0", "said-wages-you-3": "0.90"}
    answers, wages = answers_of(settings, {**rows, **amounts})
    assert [shown.words for shown in answers.fields(wages)] == [
        *("You, job 1", "You, job 2", "You, job 3", "Your husband or wife"),
    ]
    people = answers.case()["people"]
    assert (people["you"]["employment_income"], people["partner"]["employment_income"]) == ("10001.00", "7")
    assert dict(answers.hidden()) == {"rows-wages-you": "3"}


def test_of_a_job_that_is_not_known_the_sum_is_not(settings: Any) -> None:
    answers, wages = answers_of(settings, {"rows-wages-you": "2", "said-wages-you": "?", "said-wages-you-2": "5"})
    assert answers.case()["people"]["you"]["employment_income"] == "unknown"
    assert not answers.answered(wages), "the other's wages are open"


def test_a_row_is_added_and_taken_away_and_what_was_typed_stays(settings: Any) -> None:
    answers, wages = answers_of(settings, {})
    typed = {"wages-you": "100", "wages-partner": "a lot"}
    assert answers.changed_rows(wages, "more.wages-you", typed)
    assert [shown.name for shown in answers.fields(wages)] == ["wages-you", "wages-you-2", "wages-partner"]
    assert answers.said["wages-you"] == "100"
    assert "wages-partner" not in answers.said
    assert answers.wrong(wages, {**typed, "wages-you-2": ""}).keys() == {"wages-you-2", "wages-partner"}
    assert answers.changed_rows(wages, "less.wages-you", {**typed, "wages-you-2": "3"})
    assert answers.case()["people"]["you"]["employment_income"] == "100"


@pytest.mark.parametrize("go", ["on", "more.wages-child1", "more.age-you", "more.", "wages"])
def test_what_is_no_button_of_the_page_changes_nothing(settings: Any, go: str) -> None:
    answers, wages = answers_of(settings, {})
    assert not answers.changed_rows(wages, go, {})


def test_rows_have_a_limit_whatever_a_form_says(settings: Any) -> None:
    answers, wages = answers_of(settings, {"rows-wages-you": "999999", "rows-age-you": "5", "rows-wages-partner": "-1"})
    assert len(list(answers.fields(wages))) == MOST_ROWS + 1
    assert answers.changed_rows(wages, "more.wages-you", {})
    assert len(list(answers.fields(wages))) == MOST_ROWS + 1
