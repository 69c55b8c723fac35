"""A Python client that is generated from the OpenAPI document, and used: its types fit what the server says."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from api.http.config import Config
from api.http.service import Service
from tests.api.http.client import CASE, land, serving
from tests.api.http.logs import people

pytest.importorskip("openapi_python_client")


def generated(document: dict[str, Any], folder: Path) -> None:
    """Generate the package `landclient` in a folder. Any warning of the generator's about the document fails."""
    path = folder / "openapi.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    config = folder / "config.yaml"
    overrides = "content_type_overrides: {application/statuslist+jwt: text/plain}\n"  # a signed text
    config.write_text(f"post_hooks: []\n{overrides}", encoding="utf-8")
    command = [sys.executable, "-m", "openapi_python_client", "generate", "--path", str(path), "--meta", "none"]
    command += ["--config", str(config), "--output-path", str(folder / "landclient"), "--fail-on-warning"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_client_is_generated_and_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    service = Service(Config(rules=(land(tmp_path),)), people(tmp_path))
    with serving(service.config, service) as server:
        generated(server.get("/openapi.json").json(), tmp_path)
        monkeypatch.syspath_prepend(tmp_path)
        package = importlib.import_module("landclient")
        models = importlib.import_module("landclient.models")
        client = package.Client(base_url="http://testserver").set_httpx_client(server)

        calculate = importlib.import_module("landclient.api.figures.calculate")
        body = models.Calculate.from_dict({"ruleset": "land", "at": "2024", "case": CASE, "want": ["income_tax"]})
        found_result = calculate.sync(client=client, body=body)
        assert isinstance(found_result, models.Calculation)
        assert [(result.figure, result.status, result.value) for result in found_result.results] == [
            ("income_tax", "determined", "3550.00")
        ]
        wrong = models.Calculate.from_dict({"ruleset": "land", "at": "2024", "case": CASE, "want": ["incom_tax"]})
        refused = calculate.sync(client=client, body=wrong)
        assert isinstance(refused, models.Problem) and refused.errors[0].pointer == "/want/0"

        facts = importlib.import_module("landclient.api.citizens.facts")
        record = facts.sync("ann", client=client, valid_at="2024-06-01")
        assert isinstance(record, models.Record) and record.facts["wages"].value == 30_000
