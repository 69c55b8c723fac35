"""The reader of PolicyEngine's tests, on cases of our own in their format; the tests themselves are read by
`python -m tests.validation --policyengine FOLDER`."""

from __future__ import annotations

from pathlib import Path

import pytest

from api.rules import programs
from tests.validation import policyengine
from tests.validation.policyengine import Result
from tests.validation.policyengine_names import Names

OWN = Path(__file__).parent / "data" / "policyengine"
DIFFERENCES = Path(__file__).parent / "DIFFERENCES.md"


@pytest.fixture(scope="module")
def tried() -> list[Result]:
    return list(policyengine.results(OWN))


def test_cases_that_say_their_facts_in_other_words_agree(tried: list[Result]) -> None:
    for result in tried[:5]:
        assert not result.lacking, (result.test.key, result.lacking)
        assert not result.differing, (result.test.key, result.differing)
    assert [len(result.figures) for result in tried[:5]] == [4, 2, 2, 2, 2]


def test_a_case_with_an_unknown_name_or_year_is_not_run(tried: list[Result]) -> None:
    assert tried[5].lacking == "number_of_moons"
    assert tried[7].lacking == "year"


def test_a_difference_is_found_at_the_margin_that_the_case_states(tried: list[Result]) -> None:
    (figure,) = tried[6].differing
    assert (figure.name, figure.ours, figure.theirs) == ("adjusted_gross_income", 1_000, 1_001)


def test_tallies_count_cases_that_run_and_that_agree() -> None:
    tallies = {tally.year: tally for tally in policyengine.compare(OWN)}
    assert (tallies[2024].cases, tallies[2024].runnable, tallies[2024].agreeing) == (4, 3, 2)
    assert [difference.case for difference in tallies[2024].unexplained] == ["credits/own_cases.yaml #7"]


def test_every_name_of_the_mapping_is_a_figure_of_ours() -> None:
    names = Names(programs.load_program("us"), policyengine.mapping())
    ours = [*names.same.values(), *names.negated.values()]
    ours += [item for its in (*names.by_role.values(), *names.of_role.values()) for item in its.values()]
    ours += [fact for its in names.members.values() for facts in its.values() for fact in facts]
    ours += [item for its in names.given_of_year.values() for several in its.values() for item in several]
    missing = {our for our in ours if names.program.find(our) is None}
    assert not missing
    assert all(reason for reason in (*names.irrelevant.values(), *names.unlike.values()))


def test_every_class_of_difference_has_its_chapter() -> None:
    headings = {line.removeprefix("### ") for line in DIFFERENCES.read_text(encoding="utf-8").splitlines()}
    assert set(policyengine.mapping()["explained"]) <= headings
