"""The real server: what it acknowledged is there after kill -9; a stream that breaks goes on where it was."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import httpx
import pytest

from citizens import open_log
from tests.api.http.client import land
from tests.api.http.logs import people
from tests.api.http.real import free_port, started, wait_until_ready


@contextmanager
def running(rules: str, log: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    port = free_port()
    process = started("--rules", rules, "--log", str(log), "--port", str(port), stderr=subprocess.PIPE)
    address = f"http://127.0.0.1:{port}"
    try:
        wait_until_ready(process, address)
        yield address, process
    finally:
        process.kill()
        process.communicate()


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> str:
    return land(tmp_path_factory.mktemp("rules"))


def test_kill_nine_loses_nothing_acknowledged(rules: str, tmp_path: Path) -> None:
    people(tmp_path).close()
    acknowledged: list[int] = []

    def write(address: str, writer: int) -> None:
        with httpx.Client(base_url=address) as client:
            for number in range(10_000):
                key = f"{writer}-{number}"
                body = {"facts": {f"2025-01-{1 + number % 28:02}": {"wages": number}}}
                try:
                    done = client.post("/v1/citizens/ann/facts", json=body, headers={"Idempotency-Key": key})
                except httpx.TransportError:
                    return
                if done.status_code == 201:
                    acknowledged.append(done.json()["offset"])

    with running(rules, tmp_path / "log") as (address, process):
        writers = [threading.Thread(target=write, args=(address, number)) for number in range(3)]
        for writer in writers:
            writer.start()
        until = monotonic() + 30
        while len(acknowledged) < 60 and monotonic() < until:
            sleep(0.02)
        os.kill(process.pid, signal.SIGKILL)
        for writer in writers:
            writer.join()
    assert len(acknowledged) >= 60
    with open_log(tmp_path / "log") as log:
        assert log.verify().sound
        assert set(acknowledged) <= {event.offset for event in log.read(0, 100_000)}


def streamed(address: str, count: int, last: str = "") -> list[tuple[str, Any]]:
    """The next events of the stream, as ids and data."""
    listed: list[tuple[str, Any]] = []
    headers = {"Accept": "text/event-stream", **({"Last-Event-ID": last} if last else {})}
    with httpx.stream("GET", f"{address}/v1/events", headers=headers, timeout=20) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        event: dict[str, str] = {}
        for line in stream.iter_lines():
            name, _, value = line.partition(": ")
            if name:
                event[name] = value
            elif "data" in event:
                listed.append((event["id"], json.loads(event["data"])))
                event = {}
            if len(listed) == count:
                return listed
    return listed


def test_a_stream_that_breaks_misses_and_repeats_nothing(rules: str, tmp_path: Path) -> None:
    people(tmp_path).close()
    with running(rules, tmp_path / "log") as (address, process):
        first = streamed(address, 3)
        assert [id for id, _ in first] == ["1", "2", "3"]
        rest: list[tuple[str, Any]] = []
        reader = threading.Thread(target=lambda: rest.extend(streamed(address, 3, first[-1][0])))
        reader.start()
        for number in range(2):
            body = {"facts": {f"2025-0{number + 1}-01": {"wages": number}}}
            done = httpx.post(f"{address}/v1/citizens/ann/facts", json=body, headers={"Idempotency-Key": f"s{number}"})
            assert done.status_code == 201
        reader.join(20)
        assert [id for id, _ in rest] == ["4", "5", "6"]
        assert rest[1][1]["data"]["facts"] == {"2025-01-01": {"wages": 0}}
        process.send_signal(signal.SIGTERM)
        assert process.wait(15) in (0, -signal.SIGTERM)
    with open_log(tmp_path / "log", write=False) as log:
        assert log.verify().sound


def test_two_hundred_slow_clients_do_not_stop_the_others(rules: str, tmp_path: Path) -> None:
    people(tmp_path).close()
    with running(rules, tmp_path / "log") as (address, _):
        port = int(address.rpartition(":")[2])
        slow = [socket.create_connection(("127.0.0.1", port)) for _ in range(200)]
        for result in slow:
            result.sendall(b"POST /v1/calculate HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n")
            result.sendall(b"Content-Length: 100000\r\n\r\n{")
        assert httpx.get(f"{address}/livez").status_code == 200
        assert httpx.get(f"{address}/v1/citizens/ann").status_code == 200
        more = [socket.create_connection(("127.0.0.1", port)) for _ in range(80)]
        for result in more:
            result.sendall(b"POST /v1/calculate HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n")
            result.sendall(b"Content-Length: 100000\r\n\r\n{")
        until = monotonic() + 10
        while httpx.get(f"{address}/v1/citizens/ann").status_code != 503 and monotonic() < until:
            sleep(0.05)
        refused = httpx.get(f"{address}/v1/citizens/ann")
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
        assert httpx.get(f"{address}/livez").status_code == 200
        for result in (*slow, *more):
            result.close()
