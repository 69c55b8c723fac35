"""*Permits*: whose they are and how they stand, a new one by the record, and a check of one that somebody shows."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from api.http.app import create_app
from api.http.config import Config
from api.http.service import Service
from api.permits.credential import Issuer, verify, without
from api.permits.holder import Challenge, with_proof
from api.permits.keys import make_key, read_private, read_public
from api.web import ROUTERS
from api.web.rendering import refused
from citizens import open_log
from tests.api.http.client import TestClient, ready
from tests.api.http.logs import token
from tests.api.http.test_permits import EVA, OPS, office
from tests.web.browser import browser, faults_of, press, served

CARL = token("carl", "case_worker")
WHY = "case/7 renewal of a licence"
CAR = "/may/roads/may_drive"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("office")


@pytest.fixture(scope="module")
def client(folder: Path) -> Iterator[TestClient]:
    config = office(folder)
    app = create_app(Service(config, open_log(folder / "log")), ROUTERS, refused)
    with TestClient(app, raise_server_exceptions=False) as test_client:
        yield ready(test_client)


def words(text: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", text)).split())


def issued(client: TestClient, **more: str) -> str:
    """A permit of Eva's, which she had issued on the page."""
    answer = client.post("/permits/of", data={"go": "issue", "permission": CAR, **more}, headers=EVA)
    assert answer.status_code == 200, words(answer.text)
    match = re.search(r"<textarea[^>]*>([^<]+)</textarea>", answer.text)
    assert match is not None
    return unescape(match[1])


def checked(client: TestClient, permit: str, **more: str) -> str:
    answer = client.post("/permits/check", data={"permit": permit, **more}, headers=EVA)
    assert answer.status_code == 200, words(answer.text)
    return words(answer.text)


def test_a_citizen_has_a_permit_issued_that_the_public_key_verifies(client: TestClient, folder: Path) -> None:
    permit = issued(client)
    verified = verify(permit, read_public(folder / "key.jwk"), datetime.now(UTC))
    assert verified.sound and verified.disclosed["subject"] == "person/evangeline"
    text = checked(client, permit)
    assert "You can rely on this permit" in text and "B Cars" in text and "BE Cars with trailers" in text
    assert "Not revoked" in text and "person/evangeline" in text and "which are those of this server" in text
    hidden = checked(client, without(permit, ["subject"]))
    assert "Its holder keeps that back" in hidden
    kept = client.post("/permits/file", data={"permit": permit}, headers=EVA)
    assert kept.text.strip() == permit and "attachment" in kept.headers["content-disposition"]
    assert "no-store" in kept.headers["cache-control"]


def test_permits_are_listed_with_how_they_stand(client: TestClient) -> None:
    place = int(
        client.post("/v1/citizens/evangeline/permits", json={"requirement": "may_drive"}, headers=EVA).json()["place"]
    )
    issued(client)
    client.post(f"/v1/permits/{place}/revoke", json={"why": "reported as lost"}, headers=OPS)
    text = words(client.post("/permits/of", data={"go": "list"}, headers=EVA).text)
    assert "My permits" in text and "Valid" in text
    assert re.search(rf"Revoked .* Revoked on [0-9]+ [A-Z][a-z]+ 20[0-9]+: Reported as lost Number {place} of", text)
    theirs = client.post("/permits/of", data={"citizen": "evangeline", "purpose": WHY}, headers=CARL)
    assert theirs.status_code == 200 and f"Number {place} of the register" in theirs.text
    looks = words(client.get("/record", headers=EVA).text)
    assert "renewal of a licence (case/7): permits" in looks


def test_nobody_sees_the_permits_of_others(client: TestClient) -> None:
    for headers, citizen, purpose, status in (
        (EVA, "zoe", "", 404), (CARL, "evangeline", "", 422), (CARL, "evangeline", "just so", 403),
        (CARL, "zoe", WHY, 404), (OPS, "evangeline", WHY, 403), ({}, "evangeline", WHY, 401),
    ):  # fmt: skip
        answer = client.post("/permits/of", data={"citizen": citizen, "purpose": purpose}, headers=headers)
        assert answer.status_code == status, (citizen, purpose, answer.status_code)
        assert "Number" not in answer.text
    elsewhere = client.post("/permits/of", data={"go": "issue"}, headers={**EVA, "sec-fetch-site": "cross-site"})
    assert elsewhere.status_code == 403


def test_a_refusal_names_what_is_not_met_and_leads_to_every_condition(client: TestClient, folder: Path) -> None:
    zoe = token("zoe@login", "citizen", "person/zoe")
    answer = client.post("/permits/of", data={"go": "issue", "permission": CAR}, headers=zoe)
    assert answer.status_code == 409 and "No permit was issued" in answer.text
    assert "does not hold: Licence" in words(answer.text) and f'href="{CAR}"' in answer.text
    assert "/v1/" not in answer.text and "No permit was issued yet" in answer.text


def test_a_permit_that_was_tampered_with_or_is_anothers_is_told(client: TestClient, folder: Path) -> None:
    permit = issued(client)
    signed, *rest = permit.split("~")
    for shown, told in (
        (permit[:-9] + "~", "A disclosure is not one that was signed"),
        (signed[:-4] + "AAAA~" + "~".join(rest), "The signature does not fit"),
        ("<script>alert(1)</script>", "This is not a permit"),
        ("\N{SNOWMAN}~", "This is not a permit"),
    ):
        answer = client.post("/permits/check", data={"permit": shown}, headers=EVA)
        assert "Do not rely on this permit" in answer.text and told in words(answer.text), words(answer.text)
        assert "<script>alert" not in answer.text
    assert "It held until" in checked(client, permit, day=(datetime.now(UTC).date() + timedelta(9_000)).isoformat())
    make_key(folder / "other.pem", folder / "other.jwk")
    other = (folder / "other.jwk").read_text()
    assert "signed by a key that is not among those given" in checked(client, permit, keys=other)
    own = (folder / "key.jwk").read_text()
    text = checked(client, permit, keys=own)
    assert "You can rely on this permit" in text and "Nobody has checked whether it was revoked" in text
    assert "only permits of https://x.example are accepted" in checked(client, permit, issuer="https://x.example")


def test_who_has_a_bound_permit_proves_to_have_its_key(client: TestClient, folder: Path) -> None:
    make_key(folder / "eva.pem", folder / "eva.jwk")
    permit = issued(client, holder=(folder / "eva.jwk").read_text())
    assert "has not proved that they hold that key" in checked(client, permit)
    assert "You can rely on this permit" in checked(client, permit, unproved="1")
    shown = with_proof(permit, read_private(folder / "eva.pem"), Challenge("n", "desk"), datetime.now(UTC))
    assert "they proved to have its key" in checked(client, shown, nonce="n", audience="desk")
    assert "answers another challenge" in checked(client, shown, nonce="m", audience="desk")
    private = {**json.loads((folder / "eva.jwk").read_text()), "d": "x"}
    for text in ("nonsense", "[]", "{}", json.dumps(private)):
        answer = client.post("/permits/of", data={"go": "issue", "permission": CAR, "holder": text}, headers=EVA)
        assert answer.status_code == 422 and 'id="holder-wrong"' in answer.text


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ({"permit": " "}, "permit"),
        ({"permit": "x~", "day": "soon"}, "day"), ({"permit": "x~", "nonce": "n"}, "nonce"),
        ({"permit": "x~", "keys": "nonsense"}, "keys"), ({"permit": "x~", "keys": "{" * 9_000}, "keys"),
    ],
)  # fmt: skip
def test_what_is_missing_or_wrong_is_told_at_its_field(client: TestClient, said: dict[str, str], wrong: str) -> None:
    answer = client.post("/permits/check", data=said, headers=EVA)
    assert answer.status_code == 422 and f'id="{wrong}-wrong"' in answer.text and 'role="alert"' in answer.text


def hostile(issuer: Issuer, **claims: Any) -> str:
    """A token that somebody signed with whatever they liked."""
    from api.permits.credential import TYPE
    from api.permits.keys import public_jwk
    from api.permits.signing import signed

    return signed(issuer.key, TYPE, claims, public_jwk(issuer.key)["kid"]) + "~"


@pytest.mark.parametrize(
    "claims",
    [
        {"label": ["<b>"], "law": 7, "circumstances": [7, {"label": {}}], "status": []},
        {"label": "x" * 100_000, "circumstances": {"a": 1}, "cnf": 7},
        {"nbf": "x", "exp": None, "iss": "", "decided_for": "<script>", "holds_until": ["2026"]},
    ],
)
def test_a_signed_token_may_say_anything(client: TestClient, folder: Path, claims: dict[str, Any]) -> None:
    issuer = Issuer("https://evil.example", read_private(folder / "key.pem"), "x")
    answer = client.post("/permits/check", data={"permit": hostile(issuer, **claims)}, headers=EVA)
    assert answer.status_code == 200 and "Do not rely on this permit" in answer.text
    assert "<script>" not in answer.text and "<b>[" not in answer.text and len(answer.text) < 10_000


def test_a_server_without_a_key_checks_by_the_key_that_is_pasted(folder: Path, client: TestClient) -> None:
    permit = issued(client)
    with TestClient(create_app(Service(Config(rules=("gb",))), ROUTERS, refused)) as plain:
        ready(plain)
        start = plain.get("/permits").text
        assert "Show the permits" not in start and "The issuer’s public key" in start  # noqa: RUF001
        assert plain.post("/permits/check", data={"permit": permit}).status_code == 422
        own = (folder / "key.jwk").read_text()
        assert "You can rely on this permit" in plain.post("/permits/check", data={"permit": permit, "keys": own}).text
        assert plain.post("/permits/of", data={"citizen": "x", "purpose": "y"}).status_code == 404


def test_the_pages_of_permits_are_fit_for_everybody(tmp_path: Path) -> None:
    config = office(tmp_path).model_copy(update={"access": None})
    with served(config, open_log(tmp_path / "log")) as own, browser() as chromium:
        context = chromium.new_context(
            java_script_enabled=True, viewport={"width": 320, "height": 900}, color_scheme="dark"
        )
        page = context.new_page()

        def fit() -> None:
            assert faults_of(page) == []
            assert page.evaluate("document.documentElement.scrollWidth") <= 320

        page.goto(f"{own}/permits")
        fit()
        press(page, "Check it")
        fit()
        page.get_by_label("The person").fill("evangeline")
        page.get_by_label("Why you look").fill("a test")
        press(page, "Show the permits")
        fit()
        page.get_by_label("May drive").check()
        press(page, "Issue the permit")
        fit()
        with page.expect_download() as download:
            page.get_by_role("button", name="Save it as a file").click()
        assert download.value.suggested_filename == "permit.jwt"
        press(page, "Check it")
        assert page.get_by_role("heading", name="You can rely on this permit").is_visible()
        fit()
        assert "?" not in page.url
        context.close()
