"""A real server writes a log while the commands beside it do, and while it is killed.

1. Clients post facts of a few people at once. One that is refused with 429 or 503 waits a part of what `Retry-After`
   says and sends the same again, as does one whose connection broke: each event is sent until it is acknowledged.
2. Beside them `log append`, `annual`, `follow --once`, `log compact` and `log verify` run again and again.
3. The server is killed with kill -9 after a share of the events, and started again on the same port.
4. At the end each acknowledged event stands once, at the offset and as the version that its receipt said; the log is
   sound; and every refusal for want of room said when to come again.
"""

from __future__ import annotations

import subprocess
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, sleep

import httpx

from citizens import Event, open_log
from tests.api.http.assessed import assessed
from tests.api.http.logs import secured, token
from tests.api.http.real import free_port, started, wait_until_ready
from tests.cli.command import run

PEOPLE = ("ann", "eve")
CONFIG = """\
port: {port}
rules: [{rules}]
log: {log}
access: {{issuer: {issuer}, audience: {audience}, jwks: {jwks}}}
limits: {{threads: 2, waiting: 1, in_flight: 6, per_minute: {per_minute}}}
"""
PATIENCE_SECONDS = 60.0
"""How long a client sends the same event again before it gives up."""
WAITED_SHARE = 0.05
"""The share of `Retry-After` that a client waits, so that the server is pressed on."""
EVENT = "{{subject: person/{person}, id: by-command-{number}, facts: {{2024-0{month}-01: {{wages: {number}}}}}}}\n"
ORIGIN = ("--source", "clerk", "--legal-basis", "Tax Act s. 1", "--retention", "standard")


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """What the server said of an event: whose it is, where it stands, and the subject's version after it."""

    key: str
    subject: str
    offset: int
    version: int


@dataclass
class Siege:
    """What was done to a log, and what came of it."""

    rules: str
    log: Path
    acknowledged: list[Acknowledged] = field(default_factory=list)
    refused: Counter[int] = field(default_factory=Counter)
    commands: Counter[str] = field(default_factory=Counter)
    appended: list[str] = field(default_factory=list)
    """The ids of the events that `log append` said it had recorded."""
    faults: list[str] = field(default_factory=list)
    """Other answers, refusals without `Retry-After`, commands that failed, clients that gave up."""


def besieged(folder: Path, *, clients: int, events: int, kills: int, rounds: int, per_minute: int) -> Siege:
    """Have so many clients send so many events each, each command run so often, and the server killed so often."""
    access = secured(folder).access
    assert access is not None
    rules, log = assessed(folder)
    log.close()
    siege, port = Siege(rules, folder / "log"), free_port()
    config = folder / "server.yaml"
    said = {"issuer": access.issuer, "audience": access.audience, "jwks": access.jwks, "per_minute": per_minute}
    config.write_text(CONFIG.format(port=port, rules=rules, log=siege.log, **said), encoding="utf-8")
    sending = [threading.Thread(target=_send, args=(siege, port, client, events)) for client in range(clients)]
    commanding = [threading.Thread(target=_command, args=(siege, name, rounds)) for name in _commands(siege)]
    threads = [*sending, *commanding]
    for thread in threads:
        thread.start()
    for life in range(kills + 1):
        with _server(config, port):
            enough = clients * events * (life + 1) // (kills + 1)
            while len(siege.acknowledged) < enough and any(thread.is_alive() for thread in sending):
                sleep(0.01)
            if life == kills:
                for thread in threads:
                    thread.join()
    return siege


@contextmanager
def _server(config: Path, port: int) -> Iterator[None]:
    """A server, which ends by kill -9."""
    process = started("--config", str(config), stderr=subprocess.DEVNULL)
    try:
        wait_until_ready(process, f"http://127.0.0.1:{port}")
        yield
    finally:
        process.kill()
        process.wait()


def _send(siege: Siege, port: int, sender: int, events: int) -> None:
    tokens = {person: token(person, "citizen", f"person/{person}") for person in PEOPLE}
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE_SECONDS) as client:
        for number in range(events):
            person, key = PEOPLE[(sender + number) % len(PEOPLE)], f"{sender}-{number}"
            body = {"facts": {f"2024-01-{1 + number % 28:02}": {"wages": 100 * sender + number}}}
            headers = {"Idempotency-Key": key, **tokens[person]}
            _send_until_acknowledged(siege, client, f"/v1/citizens/{person}/facts", headers, body)


def _send_until_acknowledged(
    siege: Siege, client: httpx.Client, address: str, headers: dict[str, str], body: object
) -> None:
    until, key = monotonic() + PATIENCE_SECONDS, headers["Idempotency-Key"]
    while monotonic() < until:
        try:
            answer = client.post(address, json=body, headers=headers)
        except httpx.TransportError:
            sleep(0.05)
            continue
        if answer.status_code in (200, 201):
            said = answer.json()
            siege.acknowledged.append(Acknowledged(key, said["subject"], said["offset"], said["version"]))
            return
        siege.refused[answer.status_code] += 1
        delay = answer.headers.get("retry-after", "")
        if answer.status_code not in (429, 503) or not delay.isdigit():
            siege.faults.append(f"{answer.status_code}, `Retry-After: {delay}`: {answer.text}")
        sleep(WAITED_SHARE * int(delay) if delay.isdigit() else 0)
    siege.faults.append(f"{key} was never acknowledged")


def _commands(siege: Siege) -> dict[str, tuple[str, ...]]:
    """The commands by name; `append` reads its event from stdin."""
    return {
        "append": ("log", "append", "-", *ORIGIN),
        "annual": ("annual", siege.rules, "--year", "2024"),
        "follow": ("follow", "--rules", siege.rules, "--once"),
        "compact": ("log", "compact", "--horizon", "standard=2020-01-01", "--legal-basis", "Archives Act s. 2"),
        "verify": ("log", "verify"),
    }


def _command(siege: Siege, name: str, rounds: int) -> None:
    """Run one command so often."""
    arguments = _commands(siege)[name]
    for number in range(rounds):
        event = EVENT.format(person=PEOPLE[number % 2], number=number, month=1 + number % 9)
        done = run(*arguments, "--log", siege.log, stdin=event)
        siege.commands[name] += 1
        if done.returncode != (1 if name == "annual" else 0):  # one of the three households cannot be assessed
            siege.faults.append(f"{name} ended with {done.returncode}: {done.stderr}")
        elif name == "append":
            siege.appended.append(f"by-command-{number}")


def faults_of(siege: Siege) -> list[str]:
    """What went wrong: what happened that must not, and what the log holds other than was acknowledged."""
    with open_log(siege.log) as log:
        checked = log.verify()
        events = log.read(0, 10_000_000)
        histories = {person: log.read_subject(f"person/{person}") for person in PEOPLE}
    by_key: dict[str, list[Event]] = {}
    for event in events:
        by_key.setdefault(event.event_id, []).append(event)
    faults = [*siege.faults, *map(str, checked.problems)]
    for said in siege.acknowledged:
        standing = by_key.get(said.key, [])
        if [(event.offset, event.subject) for event in standing] != [(said.offset, said.subject)]:
            faults.append(f"{said} stands {len(standing)} times: {[event.offset for event in standing]}")
    faults += [
        f"{key} stands {len(by_key.get(key, []))} times" for key in siege.appended if len(by_key.get(key, [])) != 1
    ]
    versions = {said.offset: said.version for said in siege.acknowledged}
    for person, history in histories.items():
        for version, event in enumerate(history, 1):
            if versions.get(event.offset, version) != version:
                faults.append(f"the event {event.offset} of {person} is its {version}., not {versions[event.offset]}.")
    return faults
