"""A population over HTTP: tables in, figures out; a wrong row breaks nothing."""

from __future__ import annotations

import io
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.ipc
import pytest

from api.http.config import Config, Limits
from tests.api.http.client import TestClient, land, serving

PEOPLE = "person_id,tax_unit_id,tax_unit_role,wages,age\n1,a,head,30000,40\n2,a,dependent,,3\n3,b,head,12000,50\n"
UNITS = "tax_unit_id\na\nb\n"
QUERY = "/v1/batch?ruleset=land&at=2024&want=income_tax"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    limits = Limits(batch_bytes=200_000)
    with serving(Config(rules=(land(tmp_path_factory.mktemp("rules")),), limits=limits)) as client:
        yield client


def send(client: TestClient, people: str = PEOPLE, path: str = QUERY, **headers: str) -> Any:
    files = {"people": ("people.csv", people, "text/csv"), "tax_units": ("units.csv", UNITS, "text/csv")}
    return client.post(path, files=files, headers=headers)


def test_csv_in_and_out(client: TestClient) -> None:
    done = send(client)
    assert done.status_code == 200, done.text
    assert done.headers["content-type"].startswith("text/csv")
    assert done.text.splitlines() == ["tax_unit_id,income_tax,problem", "a,3550.00,", "b,1000.00,"]
    assert (done.headers["batch-groups"], done.headers["batch-refused"]) == ("2", "0")


def test_an_arrow_stream_in_and_out(client: TestClient) -> None:
    sink = io.BytesIO()
    table = pyarrow.table({"tax_unit_id": ["a", "b"]})
    with pyarrow.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    kind = "application/vnd.apache.arrow.stream"
    files = {"people": ("p.csv", PEOPLE, "text/csv"), "tax_unit": ("u.arrow", sink.getvalue(), kind)}
    done = client.post(QUERY, files=files, headers={"Accept": kind})
    all_here = pyarrow.ipc.open_stream(done.content).read_all()
    assert [str(item) for item in all_here["income_tax"].to_pylist()] == ["3550.00", "1000.00"]


def test_a_wrong_row_is_told_and_breaks_nothing(client: TestClient) -> None:
    done = send(client, PEOPLE.replace("30000", "880101-1234"))
    assert done.status_code == 200
    first, second = done.text.splitlines()[1:]
    assert first.startswith("a,,refused")
    assert second == "b,1000.00,"
    (fault,) = json.loads(done.headers["batch-faults"])
    assert (fault["row"], fault["column"]) == (1, "wages")
    assert "880101" not in done.text + done.headers["batch-faults"]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (QUERY.replace("income_tax", "incom_tax"), 400),
        (QUERY.replace("2024", "then"), 400),
        (QUERY.replace("land", "sea"), 404),
        (QUERY.replace("&want=income_tax", ""), 400),
        (QUERY.replace("want=income_tax", "want=income_tax,wages"), 400),
    ],
)
def test_questions_that_make_no_sense(client: TestClient, path: str, status: int) -> None:
    done = send(client, path=path)
    assert done.status_code == status, done.text


def test_bodies_that_are_no_tables(client: TestClient) -> None:
    assert client.post(QUERY, json={}).status_code == 415
    assert client.post(QUERY, content=b"x", headers={"Content-Type": "multipart/form-data"}).status_code == 400
    assert client.post(QUERY, files={"castles": ("c.csv", UNITS, "text/csv")}).status_code == 400
    assert send(client, PEOPLE + "x" * 300_000).status_code == 413
    assert send(client, Accept="text/html").status_code == 406
    odd = client.post(QUERY, files={"people": ("p", b"\x00\x01", "application/vnd.apache.arrow.stream")})
    assert odd.status_code == 422
    assert tempfile.gettempdir() not in odd.text


def test_nothing_is_left_behind(client: TestClient) -> None:
    before = set(Path(tempfile.gettempdir()).glob("rulewright-batch-*"))
    send(client)
    send(client, path=QUERY.replace("2024", "then"))
    assert set(Path(tempfile.gettempdir()).glob("rulewright-batch-*")) <= before
