"""What holds a measurement back on this machine, and how long that alone would take: the same bytes moved by two
threads, decoded by Arrow, written to the disk, or made durable; events sealed and chained by OpenSSL alone.
"""

from __future__ import annotations

import io
import os
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from api.bench.measuring import Bound, best
from citizens.sqlite.cipher import KEY_BYTES
from citizens.sqlite.crypto import Rows, links, macs, seal
from citizens.sqlite.crypto.loops import HEADER_BYTES, LINK_BYTES

_PIECE = 16 * 2**20
arrow_csv: Any = pyarrow.csv


def memory(read_bytes: int, written_bytes: int, runs: int, threads: int = 2) -> Bound:
    """To read so many bytes and write so many."""
    inputs = np.array_split(np.ones(max(read_bytes // 8, threads), dtype=np.int64), threads)
    outputs = np.array_split(np.zeros(max(written_bytes // 8, threads), dtype=np.int64), threads)

    def part(index: int) -> None:
        inputs[index].max()
        outputs[index].fill(index)

    with ThreadPoolExecutor(threads) as pool:
        return Bound("memory", best(lambda: list(pool.map(part, range(threads))), runs))


def parquet(inputs: Iterable[Path], output: Path, runs: int) -> Bound:
    """To decode Parquet files, and to encode what a run wrote."""
    answers, paths = pq.read_table(output), list(inputs)

    def work() -> None:
        for path in paths:
            pq.read_table(path)
        pq.write_table(answers, io.BytesIO())

    return Bound("decode", best(work, min(runs, 3)))


def text(source: Path, answers: Path, runs: int) -> Bound:
    """To read a table of text, and to write the answers as text again, by Arrow."""
    written = arrow_csv.read_csv(answers)

    def work() -> None:
        arrow_csv.read_csv(source)
        arrow_csv.write_csv(written, pa.BufferOutputStream())

    return Bound("decode", best(work, min(runs, 3)))


def fsyncs(count: float, seconds_each: float) -> Bound:
    """To make so many writes durable, one after the other."""
    return Bound("fsync", count * seconds_each)


def disk(read: Sequence[Path], written_bytes: int, folder: Path) -> Bound:
    """To read files, from the system's cache where it has them, and to write so many bytes and make them durable."""
    start = time.perf_counter()
    for path in read:
        with path.open("rb") as file:
            while file.read(_PIECE):
                pass
    if written_bytes:
        piece, path = bytes(_PIECE), folder / "written"
        with path.open("wb") as file:
            for at in range(0, written_bytes, _PIECE):
                file.write(piece[: written_bytes - at])
            file.flush()
            os.fdatasync(file.fileno())
        path.unlink()
    return Bound("disk", time.perf_counter() - start)


def encryption(events: int, payload_bytes: int) -> Bound:
    """To seal as many events under a key each, as many keys, to link them and to hash their deliveries."""
    keys, plains = _drawn(events, KEY_BYTES), _drawn(events, payload_bytes)
    heads, texts = _drawn(events, HEADER_BYTES), _drawn(events, KEY_BYTES)
    seal(bytes(KEY_BYTES), heads, keys)  # the machine code is made before the clock runs
    start = time.perf_counter()
    stored = seal(keys.data, heads, plains)
    links(bytes(LINK_BYTES), heads.data, stored)
    seal(bytes(KEY_BYTES), heads, keys)
    macs(bytes(KEY_BYTES), texts)
    return Bound("encryption", time.perf_counter() - start)


def _drawn(rows: int, size: int) -> Rows:
    return Rows.even(os.urandom(rows * size), size)


def files_of(folder: Path) -> list[Path]:
    """All files under a folder."""
    return [path for path in sorted(folder.rglob("*")) if path.is_file()]


def size_of(paths: Iterable[Path]) -> int:
    """Bytes."""
    return sum(path.stat().st_size for path in paths)
