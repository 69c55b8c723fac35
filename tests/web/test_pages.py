"""What the pages answer, without a browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from time import sleep

import pytest

from api.http.app import create_app
from api.http.config import Config, Limits
from api.http.service import Service
from api.web import ROUTERS
from api.web.rendering import refused
from tests.api.http.client import TestClient, land

FORM = {"content-type": "application/x-www-form-urlencoded"}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    rules = land(tmp_path_factory.mktemp("rules"))
    app = create_app(Service(Config(rules=(rules,))), ROUTERS, refused)
    with TestClient(app, raise_server_exceptions=False) as test_client:
        while test_client.get("/readyz").status_code != 200:
            sleep(0.02)
        yield test_client


def test_no_page_holds_a_style_or_a_script_and_the_policy_forbids_them(client: TestClient) -> None:
    for path in ("/", "/law/land", "/law/land/income_tax", "/law/land/nothing"):
        answer = client.get(path)
        assert "unsafe" not in answer.headers["content-security-policy"]
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert " style=" not in answer.text and "<style" not in answer.text
        assert not re.search(r"<script(?![^>]* src=)", answer.text)
        assert not re.search(r" on[a-z]+=", answer.text)


def test_an_address_that_leads_nowhere_is_a_page_to_a_browser_and_a_problem_to_a_program(client: TestClient) -> None:
    shown = client.get("/nowhere", headers={"accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
    assert (shown.status_code, shown.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert "There is nothing here" in shown.text and "Check the address" in shown.text
    told = client.get("/nowhere")
    assert (told.status_code, told.headers["content-type"]) == (404, "application/problem+json")


def test_a_fault_that_nobody_foresaw_is_a_page_to_a_browser(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was JSON with an instance."""

    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("secret")

    monkeypatch.setattr("api.web.law.book_of", broken)
    shown = client.get("/law/land/income_tax", headers={"accept": "text/html,*/*;q=0.8"})
    assert shown.status_code == 500 and "We made a mistake" in shown.text and "secret" not in shown.text
    told = client.get("/law/land/income_tax")
    assert told.headers["content-type"] == "application/problem+json" and "secret" not in told.text


def test_who_asks_too_often_is_told_on_a_page(tmp_path: Path) -> None:
    config = Config(rules=(land(tmp_path),), limits=Limits(per_minute=1))
    with TestClient(create_app(Service(config), ROUTERS, refused), raise_server_exceptions=False) as other:
        while other.get("/readyz").status_code != 200:
            sleep(0.02)
        answers = [other.get("/", headers={"accept": "text/html"}) for _ in range(3)]
    assert answers[-1].status_code == 429 and "Wait a minute" in answers[-1].text
    assert "retry-after" in answers[-1].headers


def test_a_formula_leads_to_what_it_reads(client: TestClient) -> None:
    text = client.get("/law/land/income_tax").text
    assert 'href="/law/land/tax:taxed">taxed</a>' in text
    assert client.get("/law/land/tax:taxed").status_code == 200


def test_values_over_time_stand_in_a_chart_and_in_a_table(client: TestClient) -> None:
    text = client.get("/law/land/tax:allowance").text
    assert text.count('<svg class="chart') == 2
    assert "2024: $2,000" in text and "$1,000</td>" in text


def test_nothing_that_is_sent_becomes_markup(client: TestClient) -> None:
    for path in ("/law/land?q=<script>x", "/law/land/<script>x", "/law/land?file=<script>x"):
        assert "<script>x" not in client.get(path).text


def test_files_are_told_from_their_former_versions(client: TestClient) -> None:
    match = re.search(r'href="(/static/pages.css\?v=[0-9a-f]+)"', client.get("/").text)
    assert match is not None
    assert "immutable" in client.get(match[1]).headers["cache-control"]
    assert "immutable" not in client.get("/static/pages.css?v=other").headers["cache-control"]
    tag = client.get(match[1]).headers["etag"]
    assert client.get(match[1], headers={"if-none-match": tag}).status_code == 304
    for name in ("../rendering.py", "%2e%2e/rendering.py", "nothing.css"):
        assert client.get(f"/static/{name}").status_code == 404


def test_every_step_of_a_case(client: TestClient) -> None:
    case = '{"complete": true, "people": {"ann": {"wages": 30000}}, "tax_units": {"home": {"head": "ann"}}}'
    answer = client.post("/steps", data={"ruleset": "land", "figure": "income_tax", "at": "2024", "case": case})
    assert answer.status_code == 200 and "<details open>" in answer.text
    assert "no-store" in answer.headers["cache-control"]


def test_what_is_wrong_is_told_on_a_page_and_not_repeated(client: TestClient) -> None:
    case = '{"people": {"secret": {"wages": "lots"}}}'
    answer = client.post("/steps", data={"ruleset": "land", "figure": "income_tax", "at": "2024", "case": case})
    assert answer.status_code == 422 and answer.headers["content-type"].startswith("text/html")
    assert "secret" not in answer.text and "lots" not in answer.text
    assert client.post("/steps", content=b"%ff", headers=FORM).status_code == 422
    assert client.post("/steps", json={}).status_code == 415
    assert client.get("/steps").status_code == 404


def test_pages_are_small() -> None:
    first = ("pages.css", "fonts/public-sans-latin-wght-normal.woff2", "fonts/source-serif-4-latin-wght-normal.woff2")
    folder = Path(__file__).parents[2] / "api" / "web" / "static"
    assert sum((folder / name).stat().st_size for name in first) < 120_000


def test_a_law_without_a_calculator_says_so(client: TestClient) -> None:
    assert client.get("/calculator").status_code == 404
