"""One process beside Ray on the same units: wall and processor time, and whether the bytes are the same.

    python -m tests.scale.measure --units 10000000 --folder /somewhere/with/20/GB

The units are the shipped sample, repeated. Processor time is of the command and everything that it started, read from
/proc four times a second (Ray does not wait for its workers, so the system adds their time to nobody's). So it can be
compared on a machine that does other things as well, where wall time cannot. `--kill` kills a worker every so many
seconds.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet

from api.bench.measured_population import OUTPUTS, sample_tables

LOOK_SECONDS = 0.25
TICKS = os.sysconf("SC_CLK_TCK")
SAMPLED = 10_000


@dataclass(frozen=True, slots=True)
class Taken:
    """What a run took, in seconds, and a hash of what it wrote."""

    wall: float
    processor: float
    digest: str


def main(arguments: Sequence[str]) -> None:
    """Make the tables, run, tell."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--units", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--ways", default="here,ray1,ray2")
    parser.add_argument("--kill", type=float, default=0, help="kill a worker every so many seconds")
    options = parser.parse_args(arguments)
    inputs = made(options.folder, options.units)
    first: Taken | None = None
    for way in options.ways.split(","):
        taken = timed(way, inputs, options.folder / f"{way}.parquet", options.kill)
        first = first or taken
        same = "the same bytes" if taken.digest == first.digest else "OTHER BYTES"
        share = f"{taken.processor / first.processor - 1:+.1%} processor, {first.wall / taken.wall:.2f} times as fast"
        print(f"{way}: {taken.wall:,.0f} s, {taken.processor:,.0f} s of processor; {share}; {same}", flush=True)


def made(folder: Path, units: int) -> list[Path]:
    """The tables, a copy of the sample at a time, unless they are there."""
    paths = [folder / f"{name}-{units}.parquet" for name in ("person", "tax_unit")]
    if all(path.exists() for path in paths):
        return paths
    folder.mkdir(parents=True, exist_ok=True)
    tables = sample_tables(1)
    for name, path in zip(("person", "tax_unit"), paths, strict=True):
        new = path.with_suffix(".new")
        table = tables[name]
        place = table.column_names.index("tax_unit_id")
        with pyarrow.parquet.ParquetWriter(new, table.schema) as writer:
            for copy in range(-(-units // SAMPLED)):
                ids = pyarrow.compute.add(table["tax_unit_id"], copy * SAMPLED)
                writer.write_table(table.set_column(place, "tax_unit_id", ids))
        new.rename(path)
    return paths


def timed(way: str, inputs: Sequence[Path], output: Path, kill_every: float) -> Taken:
    """Run the command one way: `here`, or `rayN` with N workers."""
    output.unlink(missing_ok=True)
    files = [argument for path in inputs for argument in ("--input", f"{path.name.rpartition('-')[0]}={path}")]
    how = ["--threads", "1"] if way == "here" else ["--threads", "1", "--ray", f"local:{way.removeprefix('ray')}"]
    command = [
        sys.executable,
        "-m",
        "api.cli",
        "batch",
        "us",
        "--at",
        "2024",
        *files,
        "--output",
        str(output),
        "--want",
        ",".join(OUTPUTS),
    ]
    start, done = time.monotonic(), threading.Event()
    process = subprocess.Popen([*command, "--output", str(output), *how], stdout=subprocess.DEVNULL)
    spent: dict[int, float] = {}
    watch = threading.Thread(target=_watch, args=(process.pid, spent, done))
    watch.start()
    killer = threading.Thread(target=_kill_workers, args=(process.pid, done, kill_every))
    if kill_every and way != "here":
        killer.start()
    code = process.wait()
    wall = time.monotonic() - start
    done.set()
    watch.join()
    if code:
        raise SystemExit(f"{way} failed: {code}")
    with output.open("rb") as file:
        return Taken(wall, sum(spent.values()), hashlib.file_digest(file, "sha256").hexdigest())


def _watch(pid: int, spent: dict[int, float], done: threading.Event) -> None:
    """Keep how much processor time each process below has had."""
    while not done.wait(LOOK_SECONDS):
        for below in [pid, *_descendants(pid)]:
            try:
                fields = Path(f"/proc/{below}/stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            spent[below] = (int(fields[11]) + int(fields[12])) / TICKS


def _kill_workers(pid: int, done: threading.Event, every: float) -> None:
    """Kill a worker that computes, now and then."""
    killed = 0
    while not done.wait(every):
        workers = [below for below in _descendants(pid) if b"_computed" in _said(below)]
        if workers:
            os.kill(random.choice(workers), signal.SIGKILL)
            killed += 1
    print(f"{killed} workers killed", flush=True)


def _descendants(pid: int) -> list[int]:
    below: list[int] = []
    left = [pid]
    while left:
        task = Path(f"/proc/{left.pop()}/task")
        for children in task.glob("*/children"):
            pids = [int(text) for text in children.read_text().split()]
            below += pids
            left += pids
    return below


def _said(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


if __name__ == "__main__":
    main(sys.argv[1:])
