"""The service's promises for longer than the suite has time for: `python -m tests.api.http.endurance PART COUNT`.

    kills COUNT     a server that is written to by three clients is killed so often; nothing acknowledged is lost
    streams COUNT   a reader's connection breaks so often while others write; no event is missed, none comes twice
    writers COUNT   so often four clients write at one version of a record; one of them is told 201, three 412
    siege COUNT     a server that eight clients press on is killed so often while commands write the log too
    schema COUNT    so many requests for each operation of the OpenAPI document; no 5xx, no undocumented answer

Prints what was done, and ends with 1 at the first promise that does not hold. The suite holds the same for a moment:
`test_server.py`, `test_citizens.py`, `test_siege.py`, `test_openapi.py`.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count as counting
from pathlib import Path
from time import sleep

import httpx

from api.http.config import Config
from api.http.service import Service
from citizens import open_log
from tests.api.http.client import land, serving
from tests.api.http.logs import people
from tests.api.http.siege import besieged, faults_of
from tests.api.http.test_openapi import asked_of, schemathesis
from tests.api.http.test_server import running, streamed

FACTS = "/v1/citizens/ann/facts"


def fact(number: int) -> dict[str, object]:
    """A fact to record, another for each number."""
    return {"facts": {f"2025-01-{1 + number % 28:02}": {"wages": number % 90_000}}}


@contextmanager
def writing(address: str, clients: int) -> Iterator[list[int]]:
    """Clients that write until the block ends, or the server does: the offsets that were acknowledged."""
    acknowledged: list[int] = []
    ended, numbers = threading.Event(), counting(random.randrange(10**9))

    def write() -> None:
        with httpx.Client(base_url=address) as client:
            while not ended.is_set():
                number = next(numbers)
                try:
                    done = client.post(FACTS, json=fact(number), headers={"Idempotency-Key": f"k{number}"})
                except httpx.TransportError:
                    return
                if done.status_code == 201:
                    acknowledged.append(done.json()["offset"])

    threads = [threading.Thread(target=write) for _ in range(clients)]
    for thread in threads:
        thread.start()
    try:
        yield acknowledged
    finally:
        ended.set()
        for thread in threads:
            thread.join()


def kills(folder: Path, count: int) -> str:
    """Kill a server under load; then look whether the log is sound and holds all that was acknowledged."""
    people(folder).close()
    rules, known = land(folder / "rules"), set[int]()
    for _ in range(count):
        with running(rules, folder / "log") as (address, process), writing(address, 3) as acknowledged:
            sleep(random.uniform(0.3, 2.0))
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
        known.update(acknowledged)
        with open_log(folder / "log") as log:
            assert log.verify().sound, "the log is not sound"
            lost = known - {event.offset for event in log.read(0, 10_000_000)}
        assert not lost, f"acknowledged and lost: {sorted(lost)[:5]}"
    return f"{len(known):,} facts were acknowledged over {count} kills, and all of them are there"


def streams(folder: Path, count: int) -> str:
    """Break a reader's connection again and again."""
    people(folder).close()
    seen: list[int] = []
    with running(land(folder / "rules"), folder / "log") as (address, _), writing(address, 2):
        for _ in range(count):
            last = str(seen[-1]) if seen else ""
            seen += [int(id) for id, _ in streamed(address, random.randrange(1, 12), last)]
    assert seen == list(range(1, len(seen) + 1)), "an event was missed or came twice"
    return f"{len(seen):,} events over {count} connections, each once and in order"


def writers(folder: Path, count: int) -> str:
    """Let four clients write at the version that all of them saw."""
    people(folder).close()
    with running(land(folder / "rules"), folder / "log") as (address, _), ThreadPoolExecutor(4) as pool:
        for number in range(count):
            seen = httpx.get(f"{address}/v1/citizens/ann").headers["etag"]

            def write(which: int, seen: str = seen, number: int = number) -> int:
                headers = {"If-Match": seen, "Idempotency-Key": f"{number}-{which}"}
                return httpx.post(f"{address}{FACTS}", json=fact(4 * number + which), headers=headers).status_code

            statuses = sorted(pool.map(write, range(4)))
            assert statuses == [201, 412, 412, 412], statuses
    return f"of four writers at one version one won, {count} times"


def siege(folder: Path, count: int) -> str:
    """Press on a server so that it refuses, kill it, and run commands beside it."""
    done = besieged(folder, clients=8, events=100 * (count + 1), kills=count, rounds=4 * count, per_minute=300)
    faults = faults_of(done)
    assert not faults, "; ".join(faults[:5])
    assert len(done.acknowledged) == 800 * (count + 1), "a client ended too early"
    refused = ", ".join(f"{number} with {status}" for status, number in sorted(done.refused.items()))
    commands = sum(done.commands.values())
    return f"{len(done.acknowledged):,} events stand once each beside {commands} commands; refused before: {refused}"


def schema(folder: Path, count: int) -> str:
    """Ask every operation of the OpenAPI document."""
    service = Service(Config(rules=(land(folder / "rules"),)), people(folder))
    with serving(service.config, service) as client:
        restored = schemathesis.openapi.from_dict(client.get("/openapi.json").json())
        operations = [operation.ok() for operation in restored.get_all_operations()]
        asked = sum(asked_of(client, operation, count, derandomize=False) for operation in operations)
    return f"{asked:,} requests to {len(operations)} operations, every answer documented and none 5xx"


PARTS: dict[str, Callable[[Path, int], str]] = {
    "kills": kills,
    "streams": streams,
    "writers": writers,
    "siege": siege,
    "schema": schema,
}


def main(arguments: list[str]) -> int:
    """Run one part so often."""
    if len(arguments) != 2 or arguments[0] not in PARTS or not arguments[1].isdigit():
        print(__doc__)
        return 2
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "rules").mkdir()
        try:
            print(PARTS[arguments[0]](folder, int(arguments[1])))
        except AssertionError as fault:
            print(f"does not hold: {fault}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
