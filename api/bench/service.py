"""How fast the service answers: a real server in a process of its own, asked over this machine's own loopback.

1. Ask until the code for the question is compiled.
2. Peak: so many clients ask one after the other, as fast as they are answered.
3. At half of that peak, requests are sent at even times (`load`).
4. Over all of it: the server's memory, and how long its event loop was held up at most.

On a machine with other work every time is longer than it need be; what a request costs of the processor is not.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from types import MappingProxyType
from typing import Any

from api.bench.beside import Beside, beside, check
from api.bench.load import asked, even, peak, posted, share_of

YEAR = "2024"
CLIENTS = 8
KINDS = ("none", "reasons", "tree")
PATH = "/v1/calculate"
QUESTION: dict[str, Any] = {
    "ruleset": "us",
    "at": YEAR,
    "case": {
        "complete": True,
        "people": {"ada": {"age": 34, "employment_income": 31000}, "ben": {"age": 9}, "cleo": {"age": 6}},
        "tax_units": {"home": {"head": "ada", "dependents": ["ben", "cleo"]}},
    },
    "want": ["eitc", "refundable_ctc", "income_tax"],
}


@dataclass(frozen=True, slots=True)
class Served:
    """One kind of question: the peak; at half of it how many milliseconds answers took, and how many the processor."""

    explain: str
    peak_per_second: int
    rate_per_second: int
    p50_ms: str
    p99_ms: str
    p999_ms: str
    cpu_ms: str
    requests: int
    failed: int


@dataclass(frozen=True, slots=True)
class Grown:
    """The server's memory in megabytes at even steps over so many requests."""

    requests: int
    memory_mb: tuple[int, ...]
    failed: int


@dataclass(frozen=True, slots=True)
class ServiceMeasured:
    """Every kind of question, the figures, the server's memory, and others beside it. `loop_lag_ms`: how late the event
    loop woke at most; `loop_held_ms`: for how long of the processor's time the server itself held it up."""

    kinds: tuple[Served, ...]
    figures: Mapping[str, str]
    beside: tuple[Beside, ...]
    memory_before_mb: int
    memory_after_mb: int
    loop_lag_ms: str
    loop_held_ms: str
    grown: Grown | None = None

    @property
    def failed(self) -> int:
        """How many requests were not answered."""
        return sum(kind.failed for kind in self.kinds) + (self.grown.failed if self.grown is not None else 0)


@dataclass(frozen=True, slots=True)
class Server:
    """A server that runs: its port, and its process."""

    port: int
    pid: int

    def get(self, path: str) -> str:
        """What it answers."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=60) as answer:
            return str(answer.read().decode())

    def metric(self, name: str) -> float:
        """One of the figures that it measures of itself; 0 if there is none."""
        told = re.search(rf"{name} ([0-9.e+-]+)", self.get("/metrics"))
        return float(told[1]) if told is not None else 0.0

    def seconds_worked(self) -> float:
        """How many seconds the process has had of the processor; 0 where the system does not say."""
        status = Path(f"/proc/{self.pid}/stat")
        if not status.exists():
            return 0.0
        fields = status.read_text(encoding="utf-8").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self) -> int:
        """The process's memory in megabytes; 0 where the system does not say."""
        status = Path(f"/proc/{self.pid}/status")
        told = re.search(r"VmRSS:\s+(\d+) kB", status.read_text(encoding="utf-8")) if status.exists() else None
        return int(told[1]) // 1024 if told is not None else 0


def measure(
    seconds: float = 5.0, peers: Mapping[str, str] = MappingProxyType({}), requests: int = 0
) -> ServiceMeasured:
    """Start a server, ask it each kind of question for so many seconds twice, then so many `requests` for its memory,
    and stop it; then the peers, each by the Python that has it. Raises Misuse for a peer that there is no comparison
    with."""
    check(peers)
    with served() as server:
        before = server.memory()
        kinds = tuple(asyncio.run(_kind(server, explain, seconds)) for explain in KINDS)
        after = server.memory()
        grown = asyncio.run(_grown(server, requests)) if requests else None
        lag, held = (server.metric(f"rulewright_loop_{name}_worst_seconds") for name in ("lag", "held"))
        figures = _figures(server)
    others = beside(peers, YEAR, QUESTION["want"], seconds)
    return ServiceMeasured(kinds, figures, others, before, after, f"{lag * 1000:.1f}", f"{held * 1000:.1f}", grown)


@contextmanager
def served(*options: str) -> Iterator[Server]:
    """A server in a process of its own, ready. Raises TimeoutError if it does not become so."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    command = [sys.executable, "-m", "api.cli", "serve", "--port", str(port), *options]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        server = Server(port, process.pid)
        _until_ready(server)
        yield server
    finally:
        process.terminate()
        process.wait(15)


def _until_ready(server: Server) -> None:
    until = monotonic() + 120
    while monotonic() < until:
        try:
            server.get("/readyz")
        except OSError:
            sleep(0.1)
        else:
            return
    raise TimeoutError("the server did not become ready")


def _figures(server: Server) -> dict[str, str]:
    request = urllib.request.Request(
        f"http://127.0.0.1:{server.port}{PATH}", json.dumps(QUESTION).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        return {told["figure"]: str(told["value"]) for told in json.load(answer)["results"]}


def _request(explain: str) -> bytes:
    return posted(PATH, json.dumps({**QUESTION, "explain": explain}).encode())


async def _kind(server: Server, explain: str, seconds: float) -> Served:
    request = _request(explain)
    await asked(server.port, request, 20, 1)
    await asyncio.sleep(6 if explain == "none" else 0)  # the code is compiled on a thread of its own
    most = await peak(server.port, request, seconds, CLIENTS)
    rate = max(1, most // 2)
    before = server.seconds_worked()
    times, failed = await even(server.port, request, rate, seconds)
    cpu = f"{(server.seconds_worked() - before) * 1000 / max(1, len(times)):.2f}"
    half, nearly, all_but_one = (f"{share_of(times, share) * 1000:.2f}" for share in (0.5, 0.99, 0.999))
    return Served(explain, most, rate, half, nearly, all_but_one, cpu, len(times), failed)


async def _grown(server: Server, requests: int, steps: int = 10) -> Grown:
    """The memory before, and after each tenth of the requests."""
    memory, failed = [server.memory()], 0
    for _ in range(steps):
        failed += await asked(server.port, _request("none"), requests // steps, CLIENTS)
        memory.append(server.memory())
    return Grown(requests // steps * steps, tuple(memory), failed)
