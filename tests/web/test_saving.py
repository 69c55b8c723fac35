"""Answers as a file: saved in the browser and opened in the terminal, and the other way; nothing is kept or lost."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from time import process_time
from typing import Any

import pytest

from api.http.app import create_app
from api.http.config import Config
from api.http.service import Service
from api.web import ROUTERS
from api.web.rendering import refused
from tests.api.http.client import TestClient, ready
from tests.cli.command import run

CAR, OWED = "/may/gb/may_drive", "/owed"
FIGURES = "eitc,refundable_ctc,non_refundable_ctc"
FAMILY: dict[str, Any] = {
    "at": "2024",
    "complete": ["head", "spouse", "dependent"],
    "people": {"head": {"stated_age": 34}, "Ben": {"stated_age": 9}},
    "tax_units": {"home": {"head": "head", "dependents": ["Ben"]}},
}
WAGES = {"fact": "employment_income_without_form", "of": "head", "period": "2024", "answer": "31000.00"}
W2 = {"form": "form_w2", "of": "head", "boxes": {"w2_wages": "22000.00", "w2_income_tax_withheld": "640.00"}}
SAID = {
    "said-year": "2024", "said-age": "34", "said-partner": "no", "said-children": "2", "said-child_age-1": "9",
    "said-child_age-2": "6", "said-business-you": "0", "said-interest-you": "120", "said-home-1": "yes",
    "said-home-2": "yes",
}  # fmt: skip


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    app = create_app(Service(Config(rules=("us", "gb"))), ROUTERS, refused)
    with TestClient(app, raise_server_exceptions=False) as test_client:
        yield ready(test_client)


def saved(client: TestClient, path: str, fields: dict[str, str]) -> dict[str, Any]:
    answer = client.post(path, data={**fields, "go": "save"})
    assert answer.status_code == 200 and answer.headers["content-disposition"].startswith("attachment; filename=")
    assert "no-store" in answer.headers["cache-control"]
    said: dict[str, Any] = answer.json()
    return said


def opened(client: TestClient, path: str, said: object) -> Any:
    content = said if isinstance(said, bytes) else json.dumps(said).encode()
    return client.post(f"{path}/open", files={"answers": ("answers.json", content)})


def carried(text: str) -> dict[str, str]:
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', text)
    return {unescape(name): unescape(value) for name, value in found}


def words(text: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", text)).split())


def test_what_is_saved_and_opened_again_is_the_same(client: TestClient) -> None:
    fields = {
        **SAID, "rows-wages-you": "2", "said-wages-you": "22000", "said-wages-you-2": "9000.5",
        "o.number_is_of_social_security": "child1,child2", "f.child1.number_is_of_social_security": "no",
    }  # fmt: skip
    said = saved(client, OWED, fields)
    answer = opened(client, OWED, said)
    assert answer.status_code == 200 and "Your answers are back" in answer.text
    again = carried(answer.text)
    assert again == fields, "the order of the answers is none of a dictionary's matters"
    assert saved(client, OWED, again) == said


def test_rows_that_are_half_answered_and_what_nobody_knew_are_not_lost(client: TestClient) -> None:
    fields = {**SAID, "rows-wages-you": "2", "said-wages-you": "22000"}
    fields |= {"o.number_is_of_social_security": "child1,child2", "f.child1.number_is_of_social_security": "?"}
    again = carried(opened(client, OWED, saved(client, OWED, fields)).text)
    assert again == {name: text for name, text in fields.items() if not name.startswith("f.")}, "it is asked again"
    car = {"day": "2026-03-03", "n.licence": "0", "n.disqualification": "0", "f.you.has_relevant_disability": "?"}
    again = carried(opened(client, CAR, saved(client, CAR, car)).text)
    assert "o.f.you.has_relevant_disability" in again


def test_the_terminal_goes_on_from_what_the_browser_saved(client: TestClient, tmp_path: Path) -> None:
    said = saved(client, OWED, {**SAID, "said-wages-you": "31,000"})
    path = tmp_path / "answers.json"
    path.write_text(json.dumps(said), encoding="utf-8")
    done = run("ask", "us", FIGURES, "--save", path, "--json", stdin="stop\n")
    assert done.returncode == 0, done.stderr
    figures = {figure["figure"].rpartition(":")[2]: figure["value"] for figure in json.loads(done.stdout)["results"]}
    page = client.post(OWED, data={**SAID, "said-wages-you": "31,000", "go": "answer"}).text
    for name in FIGURES.split(","):
        assert f"${float(figures[name]):,.2f}".removesuffix(".00") in page


def test_the_browser_goes_on_from_what_the_terminal_saved(client: TestClient, tmp_path: Path) -> None:
    path = tmp_path / "answers.json"
    run("ask", "us", FIGURES, "--at", "2024", "--save", path, stdin="no\nBen, Mia\n34\n9\n6\n1\n31000\nstop\n")
    answer = opened(client, OWED, path.read_bytes())
    assert answer.status_code == 200, words(answer.text)
    fields = carried(answer.text)
    assert fields["said-wages-you"] == "31000" and fields["said-child_age-2"] == "6"
    page = client.post(OWED, data={**fields, "go": "check"}).text
    assert "Did they live with you" in page and ">Mia<" in page
    fields |= {"said-home-1": "yes", "said-home-2": "yes"}
    check = words(client.post(OWED, data={**fields, "go": "check"}).text)
    assert "things that you said are as usual" in check and "Ben: 9" in check
    asked = (
        client.post(OWED, data={**fields, "go": "f.head.x"}).status_code,
        client.post(OWED, data={**fields, "go": "f.you.social_security_without_form"}),
    )
    assert asked[0] == 200 and 'name="f.you.social_security_without_form"' in asked[1].text
    changed = client.post(OWED, data={**carried(asked[1].text), "f.you.social_security_without_form": "99", "go": "on"})
    assert "$99" in changed.text
    assert saved(client, OWED, fields)["people"]["tax_units"]["home"]["dependents"] == ["Ben", "Mia"]


def test_what_was_not_asked_because_it_does_not_matter_breaks_no_answer(client: TestClient) -> None:
    """Without children and at 80 no credit is due whatever the wages are: nobody is asked, and the answer was a 500."""
    fields = {"said-year": "2024", "said-age": "80", "said-partner": "no", "said-children": "0"}
    answer = client.post(OWED, data={**fields, "go": "answer"})
    assert answer.status_code == 200 and "none of these credits is owed to you" in answer.text
    assert "Earning $1,000" not in answer.text


def test_a_form_that_was_copied_in_the_terminal_counts_and_goes_back(client: TestClient) -> None:
    nothing = {**WAGES, "answer": "0.00"}
    answer = opened(client, OWED, {"rules": "us", "people": FAMILY, "turns": [[nothing, W2]]})
    assert answer.status_code == 200, words(answer.text)
    fields = {**carried(answer.text), "said-business-you": "0", "said-interest-you": "0", "said-home-1": "yes"}
    text = words(client.post(OWED, data={**fields, "go": "answer"}).text)
    assert "Wages, tips and other compensation: $22,000" in text, text
    said = saved(client, OWED, fields)
    assert said["turns"][-1] == [{**W2, "of": "you"}]


def test_a_permission_goes_to_the_terminal_and_back(client: TestClient, tmp_path: Path) -> None:
    fields = {
        "day": "2026-03-03", "n.licence": "1", "n.disqualification": "0", "f.you.birth_date": "2006-06-14",
        "f.you.drives": "b", "f.licence-1.licence_category": "b", "f.licence-1.licence_kind": "full",
    }  # fmt: skip
    said = saved(client, CAR, fields)
    path = tmp_path / "answers.json"
    path.write_text(json.dumps(said), encoding="utf-8")
    done = run("ask", "gb", "may_drive", "--save", path, stdin="no\n2024-05-02\nno\nstop\n")
    assert done.returncode == 0, done.stderr
    assert len(json.loads(path.read_text())["answers"]) > len(said["answers"])
    again = carried(opened(client, CAR, path.read_bytes()).text)
    assert again.items() > fields.items()


def test_a_day_that_is_none_loses_no_answer(client: TestClient) -> None:
    fields = {"day": "2026-03-03", "n.licence": "0", "n.disqualification": "0", "f.you.birth_date": "2006-06-14"}
    wrong = client.post(CAR, data={**fields, "day": "soon"})
    assert wrong.status_code == 422
    assert carried(wrong.text)["f.you.birth_date"] == "2006-06-14"
    wrong = client.post(CAR, data={**fields, "n.licence": "77"})
    assert carried(wrong.text)["f.you.birth_date"] == "2006-06-14"


def test_what_does_not_fit_any_more_is_told_and_the_rest_goes_on(client: TestClient) -> None:
    entries = [
        {**WAGES, "fact": "wages_of_yore"}, {**WAGES, "fact": "eitc"}, {**WAGES, "of": "<script>"},
        {**WAGES, "period": "2023"}, {**WAGES, "answer": 1e300}, 7, {**W2, "form": "form_x"},
        {**W2, "boxes": {"eitc": 1}}, WAGES,
    ]  # fmt: skip
    answer = opened(client, OWED, {"rules": "us", "people": FAMILY, "turns": [entries]})
    text = words(answer.text)
    assert answer.status_code == 422 and "<script>" not in answer.text
    for told in (
        *("There is no figure wages_of_yore", "eitc is a figure that the rules compute", "no such person"),
        *("the file says it for 2023", "is too much", "An entry of the file is no answer", "copy a form form_x"),
        *("eitc is no box of the form", "Go on with 6 answers"),
    ):
        assert told in text, text
    assert carried(answer.text)["said-wages-you"] == "31000"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "No file was chosen"),
        (b"\x00\xff", "holds no answers"),
        (b"[]", "holds no answers"),
        (b'{"turns":' + b"[" * 20_000, "holds no answers"),
        (b'{"people": {"at": "\\ud800"}, "turns": []}', "holds no answers"),
        (b'{"people": {"at": "\\u0000"}, "turns": []}', "holds no answers"),
        (b" " * 1_500_000, "larger than 1,000,000 bytes"),
        ({"people": FAMILY}, "holds no answers"),
        ({"turns": [[WAGES]]}, "does not say who there is"),
        ({"rules": "gb", "people": FAMILY, "turns": []}, "are about the rules gb"),
        ({"people": {**FAMILY, "at": "2024-05"}, "turns": []}, "this page asks about a year"),
        ({"people": {**FAMILY, "at": "soon"}, "turns": []}, "not a period"),
        ({"people": {**FAMILY, "people": {**FAMILY["people"], "eve": {}}}, "turns": []}, "not of the family"),
        ({"people": {**FAMILY, "forms_w2": {"a": {"person": "head"}}}, "turns": []}, "lists forms_w2"),
        ({"people": {**FAMILY, "people": {f"p{at}": {} for at in range(9_000)}}, "turns": []}, "not in the case"),
        ({"people": FAMILY, "turns": [[{**WAGES, "fact": f"x{at}"} for at in range(9_000)]]}, "And 8980 more"),
    ],
    ids=range(16),
)
def test_a_file_that_is_none_is_told_in_time(client: TestClient, content: object, told: str) -> None:
    began = process_time()
    answer = opened(client, OWED, content)
    assert answer.status_code == 422 and told in words(answer.text), words(answer.text)
    assert process_time() - began < 5
    assert "no-store" in answer.headers["cache-control"]


def test_what_no_page_sends_is_refused_in_words_for_people(client: TestClient) -> None:
    for kind, body, status in (
        ("application/json", b"{}", 415),
        ("multipart/form-data", b"x", 422),
        ("multipart/form-data; boundary=x", b"--x\r\n", 422),
    ):
        answer = client.post("/owed/open", content=body, headers={"content-type": kind})
        assert answer.status_code == status and "<h1>" in answer.text
        assert "Content-Type" not in answer.text and "`" not in answer.text


@pytest.mark.parametrize(
    "made_up",
    [
        {"form-1": "[" * 5_000},
        {"form-1": json.dumps({**W2, "of": "eve"})},
        {"form-1": json.dumps({**W2, "of": "you", "boxes": {"w2_wages": "1e999"}})},
        {"form-1": json.dumps({**W2, "of": "you", "form": "person"})},
        {"name-child1": "<b>", "name-evil": "x", "name-child2": "y" * 99},
    ],
)
def test_what_a_form_makes_up_is_not_read(client: TestClient, made_up: dict[str, str]) -> None:
    fields = {**SAID, "said-wages-you": "100"}
    assert saved(client, OWED, {**fields, **made_up}) == saved(client, OWED, fields)
