"""Two things at once: the next piece is made while the one before it is used."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Piece = TypeVar("Piece")


def ahead(made: Iterator[Piece]) -> Iterator[Piece]:
    """The same pieces, each made in another thread: OpenSSL, SQLite and machine code hold nobody up.

    Whoever uses the pieces must not use meanwhile what makes them, such as a connection. What was begun is finished
    before an error reaches the caller.
    """
    with ThreadPoolExecutor(1, "ahead") as pool:
        waiting = pool.submit(next, made, None)
        while (piece := waiting.result()) is not None:
            waiting = pool.submit(next, made, None)
            yield piece
