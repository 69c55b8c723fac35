"""How fast the service answers: a real server in a process of its own, asked over the network's own loopback.

1. Ask until the code for the question is compiled.
2. Peak: so many clients ask one after the other, as fast as they are answered.
3. At half of that peak, requests are sent at even times whether or not earlier ones were answered; each is timed from
   when it should have been sent, so that a server that stalls is not spared.
4. Memory before and after, and how late the server's event loop woke at most.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter
from types import MappingProxyType
from typing import Any

from api.bench.measuring import process, surroundings
from api.failures import Misuse

PEER = "policyengine"
YEAR = "2024"
CLIENTS = 8
KINDS = ("none", "reasons", "tree")
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
_FAMILY = ["ada", "ben", "cleo"]
SITUATION: dict[str, Any] = {
    "people": {
        "ada": {"age": {YEAR: 34}, "employment_income": {YEAR: 31000}},
        "ben": {"age": {YEAR: 9}},
        "cleo": {"age": {YEAR: 6}},
    },
    **{unit: {"home": {"members": _FAMILY}} for unit in ("tax_units", "families", "spm_units")},
    "households": {"home": {"members": _FAMILY, "state_name": {YEAR: "TX"}}},
}
"""The same question as policyengine-us takes it, in a State without income tax."""


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
class Beside:
    """The same question to another program's own evaluator, without a server: how often in a second one after another,
    how many milliseconds each, and its figures."""

    program: str
    per_second: str
    p50_ms: str
    p99_ms: str
    requests: int
    figures: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ServiceMeasured:
    """Every kind of question, the figures, the server's memory, its event loop's worst lag, and others beside it."""

    kinds: tuple[Served, ...]
    figures: Mapping[str, str]
    beside: tuple[Beside, ...]
    memory_before_mb: int
    memory_after_mb: int
    loop_lag_ms: str


def measure(seconds: float = 5.0, peers: Mapping[str, str] = MappingProxyType({})) -> ServiceMeasured:
    """Start a server, ask it each kind of question for so many seconds twice, and stop it; then the peers, each by the
    Python that has it. Raises Misuse for a peer that there is no comparison with."""
    unknown = [name for name in peers if name != PEER]
    if unknown:
        raise Misuse(f"there is no comparison with `{unknown[0]}` here", f"write `--peer {PEER}=/path/to/python`")
    served = _served(seconds)
    return replace(served, beside=tuple(_beside(name, python, seconds) for name, python in peers.items()))


def _beside(name: str, python: str, seconds: float) -> Beside:
    """policyengine-us, asked the same in a process of its own, which makes a household anew for each request."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "situation.json"
        path.write_text(json.dumps(SITUATION), encoding="utf-8")
        script = Path(__file__).with_name("peer_policyengine.py")
        command = [python, str(script), str(path), YEAR, ",".join(QUESTION["want"]), str(seconds)]
        found = json.loads(process(command, surroundings(Path(folder))).printed)
    times = [one / 1000 for one in found["times_ms"]]
    half, most = (f"{_share(times, share) * 1000:.2f}" for share in (0.5, 0.99))
    figures = {key: f"{value:.2f}" for key, value in found["figures"].items()}
    return Beside(name, f"{len(times) / sum(times):.2f}", half, most, len(times), figures)


def _served(seconds: float) -> ServiceMeasured:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    command = [sys.executable, "-m", "api.cli", "serve", "--port", str(port)]
    server = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        return asyncio.run(_measured(port, server.pid, seconds))
    finally:
        server.terminate()
        server.wait(15)


async def _measured(port: int, pid: int, seconds: float) -> ServiceMeasured:
    import httpx

    limits = httpx.Limits(max_connections=256, max_keepalive_connections=256)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60, limits=limits) as client:
        await _ready(client)
        before = _memory(pid)
        kinds = [await _kind(client, pid, explain, seconds) for explain in KINDS]
        lag = re.search(r"rulewright_loop_lag_worst_seconds ([0-9.e+-]+)", (await client.get("/metrics")).text)
        told = (await client.post("/v1/calculate", json=QUESTION)).json()["results"]
    worst = float(lag[1]) if lag is not None else 0.0
    figures = {one["figure"]: str(one["value"]) for one in told}
    return ServiceMeasured(tuple(kinds), figures, (), before, _memory(pid), f"{worst * 1000:.1f}")


async def _ready(client: Any) -> None:
    import httpx

    until = perf_counter() + 120
    while perf_counter() < until:
        try:
            if (await client.get("/readyz")).status_code == 200:
                return
        except httpx.TransportError:
            pass
        await asyncio.sleep(0.1)
    raise TimeoutError("the server did not become ready")


async def _kind(client: Any, pid: int, explain: str, seconds: float) -> Served:
    question = {**QUESTION, "explain": explain}
    for _ in range(20):
        await _ask(client, question)
    await asyncio.sleep(6 if explain == "none" else 0)  # the code is compiled on a thread of its own
    peak = await _peak(client, question, seconds)
    rate = max(1, peak // 2)
    before = _cpu(pid)
    times, failed = await _even(client, question, rate, seconds)
    cpu = f"{(_cpu(pid) - before) * 1000 / max(1, len(times)):.2f}"
    half, most, nearly_all = (f"{_share(times, share) * 1000:.2f}" for share in (0.5, 0.99, 0.999))
    return Served(explain, peak, rate, half, most, nearly_all, cpu, len(times), failed)


async def _ask(client: Any, question: Mapping[str, Any]) -> bool:
    return bool((await client.post("/v1/calculate", json=question)).status_code == 200)


async def _peak(client: Any, question: Mapping[str, Any], seconds: float) -> int:
    until, answered = perf_counter() + seconds, 0

    async def one() -> None:
        nonlocal answered
        while perf_counter() < until:
            good = await _ask(client, question)  # first: what is added to may move on in the meantime
            answered += good

    await asyncio.gather(*(one() for _ in range(CLIENTS)))
    return int(answered / seconds)


async def _even(client: Any, question: Mapping[str, Any], rate: int, seconds: float) -> tuple[list[float], int]:
    start, times, failed = perf_counter(), list[float](), 0

    async def one(number: int) -> None:
        nonlocal failed
        due = start + number / rate
        await asyncio.sleep(max(0.0, due - perf_counter()))
        good = await _ask(client, question)
        failed += not good
        times.append(perf_counter() - due)

    await asyncio.gather(*(one(number) for number in range(int(rate * seconds))))
    return sorted(times), failed


def _share(times: list[float], share: float) -> float:
    return times[min(len(times) - 1, int(len(times) * share))] if times else 0.0


def _cpu(pid: int) -> float:
    """How many seconds the process has had of the processor; 0 where the system does not say."""
    status = Path(f"/proc/{pid}/stat")
    if not status.exists():
        return 0.0
    fields = status.read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _memory(pid: int) -> int:
    """The process's memory in megabytes; 0 where the system does not say."""
    status = Path(f"/proc/{pid}/status")
    match = re.search(r"VmRSS:\s+(\d+) kB", status.read_text(encoding="utf-8")) if status.exists() else None
    return int(match[1]) // 1024 if match is not None else 0
