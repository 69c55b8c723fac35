"""*May I …?*: the questions in the order of the engine, the review of what is taken for granted, and the verdict."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

import pytest

from api.http.app import create_app
from api.http.config import Config
from api.http.service import Service
from api.web import ROUTERS
from tests.api.http.client import TestClient, ready

CAR = "/may/gb/may_drive"
ANSWERS = {
    "born": "2006-06-14",
    "kind of vehicle": "b",
    "What category": "b",
    "provisional": "full",
    "From which day": "2024-05-02",
    "Until which day": "2034-05-01",
}


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with TestClient(create_app(Service(Config(rules=("gb",))), ROUTERS), raise_server_exceptions=False) as test_client:
        yield ready(test_client)


def hidden(text: str) -> dict[str, str]:
    """The fields that the last form but those of other pages carries on."""
    result = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', text)
    return {unescape(name): unescape(value) for name, value in result}


def heading(text: str) -> str:
    match = re.search(r"<h1[^>]*>(.*?)</h1>", text, re.DOTALL)
    assert match is not None
    return unescape(re.sub(r"<[^>]+>", " ", match[1])).strip()


def begun(client: TestClient, **more: str) -> str:
    sent = {"day": "2026-03-03", "n.licence": "1", "n.disqualification": "0", **more}
    text: str = client.post(CAR, data=sent).text
    return text


def walked(client: TestClient, answers: dict[str, str]) -> tuple[str, list[str]]:
    """Answer until the review or the verdict; the page, and the headings on the way."""
    text, headings = begun(client), []
    for _ in range(12):
        headings.append(heading(text))
        said = next((answers[words] for words in answers if words in headings[-1]), None)
        if said is None:
            return text, headings
        fields = hidden(text)
        text = client.post(CAR, data={**fields, fields["asked"]: said}).text
    raise AssertionError(headings)


def test_a_permission_in_few_questions(client: TestClient) -> None:
    assert "May I drive the vehicle?" in client.get("/may").text
    assert client.get("/may/gb/may_fly").status_code == 404
    text, headings = walked(client, ANSWERS)
    assert headings[-1] == "Is this right?" and len(headings) == len(ANSWERS) + 1
    assert "Has a disability that bars from driving" in text
    answer = client.post(CAR, data=hidden(text)).text
    assert '<p class="big">Yes</p>' in answer
    assert "Road Traffic Act 1988 s. 101(1)" in answer and "What we assumed" in answer
    before = client.post(CAR, data={**hidden(answer), "day": "2023-06-01"}).text
    assert '<p class="big">No</p>' in before and "You hold no full licence in force" in before
    assert "Just by waiting, you may from <b>2 May 2024</b>" in before


def test_what_would_refuse_if_it_were_taken_for_granted_is_asked(client: TestClient) -> None:
    """It said No, of a doctor's report that nobody was asked about."""
    lorry = {**ANSWERS, "kind of vehicle": "c", "What category": "c", "born": "1990-06-14", "D4": "yes"}
    text, headings = walked(client, lorry)
    assert "Has a doctor reported (form D4) that you meet the standard for lorries and buses?" in headings
    assert headings[-1] == "Is this right?"
    assert '<p class="big">Yes</p>' in client.post(CAR, data=hidden(text)).text
    answer, _ = walked(client, {**lorry, "D4": "no"})
    assert '<p class="big">No</p>' in answer and "<b>Have a doctor fill in form D4.</b>" in answer


def test_the_review_names_first_what_alone_would_change_the_answer(client: TestClient) -> None:
    text, _ = walked(client, ANSWERS)
    first, folded = text.split("<details", 1)
    assert "Has a disability that bars from driving" in first and "Day of the last entry" not in first
    assert "rarer things" in folded and "Resident in Great Britain since" in folded


def test_of_alternatives_the_others_are_not_needed(client: TestClient) -> None:
    text, _ = walked(client, ANSWERS)
    answer = client.post(CAR, data=hidden(text)).text
    assert answer.count("Not needed") == 4  # a minibus, an application, and a foreign licence twice
    assert "You hold no full licence" not in answer and "No application to renew" not in answer
    assert ">Not met<" not in answer


def test_what_the_review_opens_is_asked(client: TestClient) -> None:
    text, _ = walked(client, ANSWERS)
    opened = client.post(CAR, data={**hidden(text), "o.f.you.has_relevant_disability": "1"}).text
    assert heading(opened) == "Do you have a medical condition that bars you from driving?"
    fields = hidden(opened)
    answer = client.post(CAR, data={**fields, fields["asked"]: "yes"}).text
    assert '<p class="big">No</p>' in answer and "1 of 6 conditions is not met" in answer
    assert "Has a disability that bars from driving: no instead of yes" in answer


def test_what_nobody_knows_permits_nothing(client: TestClient) -> None:
    text, _ = walked(client, {**ANSWERS, "Until which day": "?"})
    answer = client.post(CAR, data=hidden(text)).text
    assert "<h2>Find out</h2>" in answer and "<li>Licence 1: Until which day does this licence run?</li>" in answer
    assert "Not known yet" in answer and '<p class="big">Yes</p>' not in answer


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("day", "soon", "Enter a day from 2013-01-19"),
        ("day", "1899-01-01", "Enter a day from 2013-01-19"),
        ("n.licence", "77", "Enter a number from 0 to 9"),
        ("n.licence", "-1", "Enter a number from 0 to 9"),
        ("f.you.birth_date", "2006-02-30", "Enter a day, such as 2006-06-14"),
        ("f.you.drives", "spaceship", "Choose an answer"),
    ],
)
def test_an_answer_that_is_none_is_told_at_its_field(client: TestClient, field: str, value: str, told: str) -> None:
    text = begun(client, **{field: value})
    assert told in text and f'id="{field}-wrong"' in text
    assert 'role="alert"' in text


def test_a_question_that_is_left_open_is_asked_again(client: TestClient) -> None:
    text, _ = walked(client, {"born": "2006-06-14"})
    again = client.post(CAR, data=hidden(text))
    assert again.status_code == 422 and "Choose an answer" in again.text


def test_what_a_form_makes_up_is_not_read(client: TestClient) -> None:
    made_up = {"f.you.is_disqualified": "no", "f.licence-7.licence_kind": "full", "f.x": "1", "f.<b>.drives": "b"}
    text = begun(client, **made_up)
    assert heading(text) == "When were you born?"
    assert "<b>.drives" not in text and "licence-7" not in text
