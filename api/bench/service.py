"""How fast the service answers: a real server in a process of its own, asked over the network's own loopback.

1. Ask until the code for the question is compiled.
2. Peak: so many clients ask one after the other, as fast as they are answered.
3. At half of that peak, requests are sent at even times whether or not earlier ones were answered; each is timed from
   when it should have been sent, so that a server that stalls is not spared.
4. Memory before and after, and how late the server's event loop woke at most.
"""

from __future__ import annotations

import asyncio
import os
import re
import socket
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

CLIENTS = 8
KINDS = ("none", "reasons", "tree")
QUESTION: dict[str, Any] = {
    "ruleset": "us",
    "at": "2024",
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
class ServiceMeasured:
    """Every kind of question, the server's memory, and its event loop's worst lag."""

    kinds: tuple[Served, ...]
    memory_before_mb: int
    memory_after_mb: int
    loop_lag_ms: str


def measure(seconds: float = 5.0) -> ServiceMeasured:
    """Start a server, ask it each kind of question for so many seconds twice, and stop it."""
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
    worst = float(lag[1]) if lag is not None else 0.0
    return ServiceMeasured(tuple(kinds), before, _memory(pid), f"{worst * 1000:.1f}")


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
    found = re.search(r"VmRSS:\s+(\d+) kB", status.read_text(encoding="utf-8")) if status.exists() else None
    return int(found[1]) // 1024 if found is not None else 0
