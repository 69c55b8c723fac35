"""`batch` from and to an object store: a server that speaks S3 (moto's), where RULEWRIGHT_TEST_S3 names its command."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pyarrow as pa
import pyarrow.parquet
import pytest

from api.batch.remote import is_url, name_of, shown
from tests.api.second_land import MODULE, SETTINGS
from tests.cli.command import run, write_rules

pq: Any = pyarrow.parquet
ASKED = "RULEWRIGHT_TEST_S3"
WANTED = ("--want", "income_tax", "--at", "2024")


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    return write_rules(tmp_path / "land", MODULE, SETTINGS)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of a store with the bucket `people`."""
    server = os.environ.get(ASKED)
    if not server:
        pytest.skip(f"set {ASKED} to the path of `moto_server`")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    for name, value in {
        "AWS_ACCESS_KEY_ID": "k",
        "AWS_SECRET_ACCESS_KEY": "s",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("RULEWRIGHT_CACHE", str(tmp_path / "cache"))
    with (tmp_path / "s3.log").open("wb") as log:
        process = subprocess.Popen([server, "-p", str(port)], stdout=log, stderr=log)
    try:
        _until_up(f"http://127.0.0.1:{port}/people")
        yield f"s3://people/{{}}?scheme=http&endpoint_override=127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def _until_up(bucket: str) -> None:
    until = time.monotonic() + 30
    while True:
        try:
            urlopen(Request(bucket, method="PUT"), timeout=5).close()
            return
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.2)


def _tables(folder: Path) -> dict[str, Path]:
    couples = pa.table({"couple_id": [1, 2]})
    roles = ["partner", "partner"]
    people = pa.table({"citizen_id": [1, 2], "couple_id": [1, 2], "couple_role": roles, "pay": [50_000, 90_000]})
    files = {"couples": folder / "couples.parquet", "citizens": folder / "citizens.parquet"}
    pq.write_table(couples, files["couples"])
    pq.write_table(people, files["citizens"])
    return files


def _put(path: Path, url: str) -> None:
    files, target = pa.fs.FileSystem.from_uri(url)
    with files.open_output_stream(target) as stream:
        stream.write(path.read_bytes())


def test_a_population_in_a_store_gives_the_same_bytes(store: str, rules: Path, tmp_path: Path) -> None:
    files = _tables(tmp_path)
    for name, path in files.items():
        _put(path, store.format(f"in/{name}.parquet"))
    inputs = [argument for name in files for argument in ("--input", store.format(f"in/{name}.parquet"))]
    target = store.format("out/tax.parquet")
    done = run("batch", rules, *inputs, *WANTED, "--output", target, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["output"] == "s3://people/out/tax.parquet"
    here = tmp_path / "tax.parquet"
    local = [argument for path in files.values() for argument in ("--input", path)]
    assert run("batch", rules, *local, *WANTED, "--output", here).returncode == 0
    kept, key = pa.fs.FileSystem.from_uri(target)
    with kept.open_input_stream(key) as stream:
        assert stream.read() == here.read_bytes()
    with kept.open_input_stream(f"{key}.manifest.json") as stream:
        assert json.loads(stream.read())["groups"] == 2
    assert not list((tmp_path / "cache" / "fetched").iterdir())  # no copy of anybody's data is left


def test_what_is_not_in_a_store_is_said(store: str, rules: Path, tmp_path: Path) -> None:
    files = _tables(tmp_path)
    missing = store.format("in/citizens.parquet")
    done = run(
        "batch", rules, "--input", files["couples"], "--input", missing, *WANTED, "--output", tmp_path / "o.parquet"
    )
    assert done.returncode == 1
    assert "`s3://people/in/citizens.parquet` is not there" in done.stderr and "Traceback" not in done.stderr


def test_a_url_shows_no_password_and_no_options() -> None:
    url = "s3://key:secret@bucket/in/people.parquet?endpoint_override=127.0.0.1:9"
    assert is_url(url) and name_of(url) == "people.parquet"
    assert shown(url) == "s3://bucket/in/people.parquet"
    assert not is_url("people.parquet") and not is_url("tax_unit=s3://x") and not is_url("https://example.org/x.csv")


def test_a_store_that_is_not_there_is_an_error_in_words(rules: Path, tmp_path: Path) -> None:
    url = "s3://key:secret@bucket/citizens.parquet?scheme=http&endpoint_override=127.0.0.1:1&connect_timeout=1"
    done = run("batch", rules, "--input", url, *WANTED, "--output", tmp_path / "o.parquet")
    assert done.returncode == 1, done.stderr
    assert "`s3://bucket/citizens.parquet` cannot be" in done.stderr
    assert "secret" not in done.stderr and "Traceback" not in done.stderr
