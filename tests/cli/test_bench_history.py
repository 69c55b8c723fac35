"""`rulewright bench --history` measures what it says, on a small population."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from api.bench import history
from api.cli import bench_history as command
from api.history.tables import sample_tables
from tests.cli.logs import run


def few() -> dict[str, Any]:
    """The first tax units of the sample, with their people."""
    tables = sample_tables()
    units = tables["tax_unit"].slice(0, 40)
    names = set(units["tax_unit_id"].to_pylist())
    inside = [item in names for item in tables["person"]["tax_unit_id"].to_pylist()]
    return {"tax_unit": units, "person": tables["person"].filter(inside)}


def test_the_history_is_measured_beside_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "sample_tables", few)
    monkeypatch.setattr(command, "measure_history", partial(history.measure_history, seconds=0.05, many=300))
    monkeypatch.setenv("RULEWRIGHT_BENCH", str(tmp_path))
    told = run("bench", "--history", "--repeat", "2", "--json")
    assert told.returncode == 0
    measured = {measurement["what"]: measurement for measurement in json.loads(told.stdout)["measured"]}
    assert next(iter(measured)).startswith("the disk")
    assert measured["annual run of 80 tax units, whole process"]["memory"] > 2**20
    appended = measured["events appended one by one, each durable"]
    assert appended["bound"] == "fsync" and float(appended["times_bound"]) > 0
    assert measured["subjects in a snapshot, as columns"]["bound"] == "disk"
    assert measured["corrections in transactions of 2,000"]["count"] == 40
    growing = [what for what in measured if "exponent" in what]
    assert len(growing) == 4 and "timelines beside subjects under hold: 300" in growing[0]
    assert all(measurement["count"] > 0 for measurement in measured.values())
    assert list(tmp_path.iterdir()) == [], "nothing is left behind"
    earlier = tmp_path / "earlier.json"
    earlier.write_text(json.dumps({"measured": [appended]}))
    compared = run("bench", "--history", "--repeat", "2", "--json", "--compare", str(earlier))
    assert list(json.loads(compared.stdout)["times_as_long"]) == ["events appended one by one, each durable"]
