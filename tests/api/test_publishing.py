"""CloudEvents out of the log: in order, each at least once, a second time under the same id."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from api.failures import Failure, Misuse
from api.history.publishing import Webhook, publish, receiver_of
from citizens import SqliteLog
from tests.citizens.histories import Clock, fresh, wages


class Answering(HTTPServer):
    """Answers with the codes it is given, then 204; keeps what it took."""

    codes: list[tuple[int, dict[str, str]]]
    taken: list[tuple[str, dict[str, Any]]]


class Handler(BaseHTTPRequestHandler):
    server: Answering

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        code, headers = self.server.codes.pop(0) if self.server.codes else (204, {})
        if code < 300:
            self.server.taken.append((self.headers["Content-Type"], json.loads(body)))
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[Answering]:
    made = Answering(("127.0.0.1", 0), Handler)
    made.codes, made.taken = [], []
    thread = threading.Thread(target=made.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield made
    made.shutdown()
    made.server_close()


@pytest.fixture
def log(tmp_path: Path) -> Iterator[SqliteLog]:
    with fresh(tmp_path, Clock()) as opened:
        opened.append([wages(f"person/{number}", "1.50", f"e{number}") for number in range(5)])
        yield opened


def url(server: Answering) -> str:
    return f"http://127.0.0.1:{server.server_address[1]}/"


def test_events_are_told_in_order_and_tried_again(server: Answering, log: SqliteLog) -> None:
    server.codes = [(204, {}), (503, {}), (429, {"Retry-After": "7"}), (200, {})]
    waits: list[float] = []
    done = publish(log, "abc", "x", Webhook(url(server), waits.append), window=2)
    assert (done.delivered, done.offset, done.behind, waits) == (5, 5, 0, [0.5, 7.0])
    assert [event["id"] for _, event in server.taken] == ["1", "2", "3", "4", "5"]
    content_type, first = server.taken[0]
    assert content_type == "application/cloudevents+json"
    assert {name: first[name] for name in ("specversion", "source", "type", "subject")} == {
        "specversion": "1.0",
        "source": "urn:rulewright:log:abc",
        "type": "rulewright.facts.v1",
        "subject": "person/0",
    }
    assert first["data"]["facts"] == {"2024-01-01": {"wages": "1.50"}}
    assert publish(log, "abc", "x", Webhook(url(server))).delivered == 0
    assert publish(log, "abc", "other", Webhook(url(server)), kinds=("hold",)).offset == 5
    assert publish(log, "abc", "bare", Webhook(url(server)), data=False).delivered == 5
    assert "data" not in server.taken[-1][1]


def test_what_was_delivered_before_a_crash_comes_again_under_its_id(server: Answering, log: SqliteLog) -> None:
    class Dying(Webhook):
        def deliver(self, events: Sequence[dict[str, Any]]) -> None:
            super().deliver(events)
            raise KeyboardInterrupt  # delivered, and the position not moved

    with pytest.raises(KeyboardInterrupt):
        publish(log, "abc", "x", Dying(url(server)), window=3)
    publish(log, "abc", "x", Webhook(url(server)), window=3)
    assert [event["id"] for _, event in server.taken] == ["1", "2", "3", "1", "2", "3", "4", "5"]


def test_a_receiver_that_refuses_stops_it_and_nothing_is_passed_over(server: Answering, log: SqliteLog) -> None:
    for code, remedy in ((410, "the receiver has stopped"), (400, "refuses"), (302, "refuses")):
        server.codes = [(code, {"Location": url(server)})]
        with pytest.raises(Failure, match=f"event 1 was not accepted: it answered {code}") as caught:
            publish(log, "abc", "x", Webhook(url(server)))
        assert remedy in caught.value.help
    server.codes = [(500, {})] * 8
    with pytest.raises(Failure, match="in 8 attempts"):
        publish(log, "abc", "x", Webhook(url(server), lambda _: None))
    assert (log.position("publish-x"), server.taken) == (0, [])
    with pytest.raises(Misuse):
        receiver_of("ftp://example.org/")
