"""OpenFisca's web API over the small land's rules."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from api.http.config import Config
from tests.api.http.client import TestClient, land, serving

BASE = "/compat/openfisca"
TREE: dict[str, Any] = {
    "people": {"bill": {"wages": {"2024": 30000}, "age": {"2024": 40}}, "bo": {"age": {"2024": 3}}},
    "tax_units": {"home": {"head": ["bill"], "dependents": ["bo"], "income_tax": {"2024": None, "2023": None}}},
}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with serving(Config(rules=(land(tmp_path_factory.mktemp("rules")),))) as client:
        yield client


def test_the_same_tree_filled_in(client: TestClient) -> None:
    done = client.post(f"{BASE}/calculate", json=TREE)
    assert done.status_code == 200, done.text
    assert done.headers["country-package"] == "rulewright-land"
    assert len(done.headers["country-package-version"]) == 16
    answer = done.json()
    assert answer["tax_units"]["home"]["income_tax"] == {"2024": 3550, "2023": 0}
    assert (answer["people"], answer["tax_units"]["home"]["head"]) == (TREE["people"], ["bill"])


def test_amounts_keep_their_digits(client: TestClient) -> None:
    tree = json.loads(json.dumps(TREE).replace("30000", "30000.1"))
    answer = client.post(f"{BASE}/calculate", json=tree)
    assert json.loads(answer.text, parse_float=str)["tax_units"]["home"]["income_tax"]["2024"] == "3550.02"


def test_the_trace_says_what_was_read(client: TestClient) -> None:
    answer = client.post(f"{BASE}/trace", json=TREE).json()
    assert answer["entitiesDescription"] == {"people": ["bill", "bo"], "tax_units": ["home"]}
    assert answer["requestedCalculations"] == ["income_tax<2024>", "income_tax<2023>"]
    taxed = answer["trace"]["taxed<2024>"]
    assert (taxed["value"], taxed["dependencies"]) == ([28000], ["wages<2024>"])
    assert taxed["parameters"] == {"tax.allowance<2024-01-01>": 2000}


def test_definitions(client: TestClient) -> None:
    assert client.get(f"{BASE}/variables").json()["wages"] == {"description": "Wages", "href": f"{BASE}/variable/wages"}
    wages = client.get(f"{BASE}/variable/wages").json()
    assert (wages["valueType"], wages["definitionPeriod"], wages["entity"]) == ("Float", "YEAR", "person")
    tax = client.get(f"{BASE}/variable/income_tax").json()
    assert "let children" in tax["formulas"]["2020-01-01"]["content"]
    listed = client.get(f"{BASE}/parameters").json()
    assert set(listed) == {"tax.allowance", "tax.credits.0", "tax.credits.1", "tax.credits.2", "tax.rates"}
    for href in (listed["tax.allowance"]["href"], f"{BASE}/parameter/tax.allowance"):
        assert client.get(href).json()["values"] == {"2020-01-01": 1000, "2024-01-01": 2000}
    rates = client.get(f"{BASE}/parameter/tax/rates").json()
    assert rates["brackets"] == {"2020-01-01": {"0": 0.1, "20000": 0.2}}
    assert set(client.get(f"{BASE}/parameter/tax/credits").json()["subparams"]) == {"0", "1", "2"}
    unit = client.get(f"{BASE}/entities").json()["tax_unit"]
    assert (unit["plural"], unit["roles"]["head"]["max"]) == ("tax_units", 1)
    assert client.get(f"{BASE}/spec").json()["openapi"].startswith("3.")
    assert client.get(f"{BASE}/").status_code == 300


@pytest.mark.parametrize(
    ("change", "status", "place"),
    [
        ({"people": {"bill": {"wage": {"2024": 1}}}}, 404, ["people", "#1", "wage"]),
        ({"people": {"bill": {"wages": {"2024": "much"}}}}, 400, ["people", "#1", "wages", "#1"]),
        ({"castles": {}}, 404, ["castles"]),
        (
            {"tax_units": {"home": {"head": ["bill"], "income_tax": {"2024-01": None}}}},
            *(400, ["tax_units", "#1", "income_tax", "2024-01"]),
        ),
        ({"tax_units": {"home": {"head": ["nobody"]}}}, 400, ["tax_units", "#1", "head", "0"]),
    ],
)
def test_a_sentence_stands_where_the_fault_is(client: TestClient, change: Any, status: int, place: list[str]) -> None:
    done = client.post(f"{BASE}/calculate", json={**TREE, **change})
    result = done.json()
    assert done.status_code == status, result
    for part in place:
        assert part in result, done.text
        result = result[part]
    assert isinstance(result, str)


def test_what_is_not_there(client: TestClient) -> None:
    for path in ("variable/nothing", "parameter/nothing"):
        done = client.get(f"{BASE}/{path}")
        assert (done.status_code, list(done.json())) == (404, ["error"])
    assert client.post(f"{BASE}/calculate", json=[]).json() == {"error": "the input is not an object"}
    assert (
        client.post(f"{BASE}/calculate", content="{", headers={"Content-Type": "application/json"}).status_code == 400
    )
