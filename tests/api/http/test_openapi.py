"""The OpenAPI document holds: whatever is sent that fits it or does not, no answer is 5xx, and none is undocumented."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from api.http.config import Config
from api.http.service import Service
from tests.api.http.client import TestClient, land, serving
from tests.api.http.logs import people

schemathesis = pytest.importorskip("schemathesis")
from hypothesis import HealthCheck, given, settings  # noqa: E402

EXAMPLES = 4


_TAKEN = {"method", "url", "params", "headers", "json", "data", "files", "content", "cookies"}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    folder = Path(tmp_path_factory.mktemp("served"))
    service = Service(Config(rules=(land(folder),)), people(folder))
    with serving(service.config, service) as client:
        yield client


def test_every_route(client: TestClient) -> None:
    schema = schemathesis.openapi.from_dict(client.get("/openapi.json").json())
    asked = sum(asked_of(client, operation.ok()) for operation in schema.get_all_operations())
    assert asked > 100


def test_each_operation_has_a_name_of_its_own(client: TestClient) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    names = [operation["operationId"] for path in paths.values() for operation in path.values()]
    assert len(set(names)) == len(names) and all(name.replace("_", "").isalpha() for name in names)


def asked_of(client: TestClient, operation: Any, examples: int = EXAMPLES, *, derandomize: bool = True) -> int:
    """Ask one route some questions; how many."""
    asked, documented = 0, set(operation.definition.raw["responses"])

    @given(case=operation.as_strategy())
    @settings(
        max_examples=examples,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        derandomize=derandomize,
        database=None,
    )
    def holds(case: Any) -> None:
        nonlocal asked
        if operation.path == "/v1/events":
            case.headers = {"Accept": "application/json"}  # a stream has no end
        arguments = case.as_transport_kwargs(base_url="http://testserver")
        done = client.request(**{key: value for key, value in arguments.items() if key in _TAKEN})
        asked += 1
        assert done.status_code < 500, (operation.path, done.text)
        assert str(done.status_code) in documented, (operation.path, done.status_code, done.text[:300])

    holds()
    return asked
