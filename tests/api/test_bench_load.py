"""The load generator: a stall counts for every request that it held up, and what is not answered is counted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from api.bench.beside import beside, check
from api.bench.load import asked, even, peak, posted, share_of
from api.failures import Misuse

REQUEST = posted("/", b"{}")


@asynccontextmanager
async def answering(status: str = "200 OK", held: int = -1, seconds: float = 0.0) -> AsyncIterator[int]:
    """A server that answers at once, but holds up everybody when it comes to the request of that number."""
    seen, free = 0, asyncio.Event()
    free.set()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal seen
        while await reader.read(len(REQUEST)):
            seen += 1
            if seen == held:
                free.clear()
                asyncio.get_running_loop().call_later(seconds, free.set)
            await free.wait()
            writer.write(f"HTTP/1.1 {status}\r\nContent-Length: 2\r\n\r\n{{}}".encode())

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


def test_a_server_that_stalls_is_not_spared() -> None:
    async def measured() -> list[float]:
        async with answering(held=20, seconds=0.4) as port:
            times, failed = await even(port, REQUEST, rate=100, seconds=0.6)
            assert failed == 0
            return times

    times = asyncio.run(measured())
    assert len(times) == 60
    assert sum(seconds > 0.1 for seconds in times) >= 20, "those that should have been sent meanwhile waited, too"
    assert share_of(times, 0.99) > 0.3


def test_what_is_not_answered_is_counted() -> None:
    async def counted() -> tuple[int, int, int]:
        async with answering("503 Service Unavailable") as port:
            return (
                await asked(port, REQUEST, 10, 3),
                (await even(port, REQUEST, 50, 0.1))[1],
                await peak(port, REQUEST, 0.05, 2),
            )

    assert asyncio.run(counted()) == (10, 5, 0)


def test_a_peer_that_is_not_there_is_skipped_with_a_message() -> None:
    with pytest.raises(Misuse, match="no comparison with `excel`"):
        check({"excel": "/usr/bin/true"})
    policyengine, openfisca = beside({"openfisca": "/no/such/python"}, "2024", ["eitc"], 0.1)
    assert "--peer policyengine=PYTHON" in policyengine.skipped
    assert openfisca.skipped
    assert not openfisca.requests
