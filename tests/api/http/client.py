"""A client of an application in this process, and the small land's rules to serve."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep

from api.http.app import create_app
from api.http.config import Config
from api.http.service import Service

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient as TestClient

CASE = {
    "complete": True,
    "people": {"ann": {"wages": 30000}, "bo": {"age": 3}},
    "tax_units": {"home": {"head": "ann", "dependents": ["bo"]}},
}


@contextmanager
def serving(config: Config, service: Service | None = None) -> Iterator[TestClient]:
    """A client of a server with a configuration, once it is ready."""
    made = service or Service(config)
    with TestClient(create_app(made), raise_server_exceptions=False) as client:
        yield ready(client)


def ready(client: TestClient) -> TestClient:
    """The client, once its server is ready."""
    until = monotonic() + 60
    while client.get("/readyz").status_code != 200 and monotonic() < until:
        sleep(0.02)
    return client


def land(folder: Path) -> str:
    """The small land's rules, in a folder named `land`."""
    from tests.cli.command import write_rules

    return str(write_rules(folder / "land"))
