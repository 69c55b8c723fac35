"""Load for a server: HTTP/1.1 over connections that are kept, written and read as bytes, so that asking costs little
beside answering.

1. `peak`: so many connections ask one after the other, each as fast as it is answered.
2. `even`: requests are sent at even times whether or not earlier ones were answered; each is timed from when it should
   have been sent, so that a server that stalls is not spared.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from time import perf_counter

ANSWERED = b"HTTP/1.1 200 "
CONNECTIONS = 64


class Connection:
    """A connection that is kept open, for one request at a time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def ask(self, request: bytes) -> bool:
        """Send a request, and read the answer to its end. Whether it was answered (200)."""
        self._writer.write(request)
        head = await self._reader.readuntil(b"\r\n\r\n")
        _, _, after = head.lower().partition(b"\r\ncontent-length:")
        await self._reader.readexactly(int(after.partition(b"\r\n")[0]))
        return head.startswith(ANSWERED)

    def close(self) -> None:
        """Let go of it."""
        self._writer.close()


@asynccontextmanager
async def connected(port: int, count: int) -> AsyncIterator[list[Connection]]:
    """So many connections to this machine's own port."""
    made = [Connection(*await asyncio.open_connection("127.0.0.1", port)) for _ in range(count)]
    try:
        yield made
    finally:
        for connection in made:
            connection.close()


def posted(path: str, body: bytes) -> bytes:
    """A request that posts JSON."""
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
    return head.encode() + b"\r\n\r\n" + body


async def asked(port: int, request: bytes, times: int, clients: int) -> int:
    """Ask so many times over so many connections. How many were not answered."""
    async with connected(port, clients) as connections:

        async def one_client(connection: Connection, share: int) -> int:
            return sum([not await connection.ask(request) for _ in range(share)])

        shares = [times // clients + (number < times % clients) for number in range(clients)]
        return sum(await asyncio.gather(*map(one_client, connections, shares)))


async def peak(port: int, request: bytes, seconds: float, clients: int) -> int:
    """How many requests were answered in a second."""
    answered = 0
    async with connected(port, clients) as connections:
        until = perf_counter() + seconds

        async def one_client(connection: Connection) -> None:
            nonlocal answered
            while perf_counter() < until:
                good = await connection.ask(request)  # first: what is added to may move on in the meantime
                answered += good

        await asyncio.gather(*map(one_client, connections))
    return int(answered / seconds)


async def even(port: int, request: bytes, rate: int, seconds: float) -> tuple[list[float], int]:
    """Requests at an even rate: the seconds that each took, sorted, and how many were not answered."""
    times: list[float] = []
    failed = 0
    async with connected(port, CONNECTIONS) as connections:
        free: asyncio.Queue[Connection] = asyncio.Queue()
        for connection in connections:
            free.put_nowait(connection)
        start = perf_counter()

        async def one_request(number: int) -> None:
            nonlocal failed
            due = start + number / rate
            await asyncio.sleep(max(0.0, due - perf_counter()))
            connection = await free.get()
            good = await connection.ask(request)
            free.put_nowait(connection)
            failed += not good
            times.append(perf_counter() - due)

        await asyncio.gather(*map(one_request, range(max(1, int(rate * seconds)))))
    return sorted(times), failed


def share_of(times: Sequence[float], share: float) -> float:
    """The time within which that share of the requests was answered."""
    return times[min(len(times) - 1, int(len(times) * share))] if times else 0.0
