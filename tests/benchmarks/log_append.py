"""Durable appends: one after the other, and 64 writers that share commits.

Run by hand: python -m tests.benchmarks.log_append [seconds]
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

from citizens import Draft, Facts, Origin, Point, SqliteLog, open_log
from tests.benchmarks.log_disk import folder_to_measure_in, fsyncs_per_second, report

ORIGIN = Origin("bench", "bench", "none", "tax")
WRITERS = 64


def draft(name: str, index: int) -> Draft:
    """One change point of one of 10,000 subjects."""
    points = (Point("wages", date(2024, 1, 1), Decimal(index)),)
    return Draft(f"person/{index % 10_000}", Facts(points), ORIGIN, f"{name}-{index}")


def appends(log: SqliteLog, name: str, stop: Callable[[], bool]) -> int:
    """Append one by one until told to stop; how many."""
    done = 0
    while not stop():
        log.append([draft(name, done)])
        done += 1
    return done


def writers(log: SqliteLog, seconds: float) -> int:
    """64 threads append one by one; how many together."""
    counts: list[int] = []
    end = time.perf_counter() + seconds

    def write(name: int) -> None:
        counts.append(appends(log, f"w{name}", lambda: time.perf_counter() > end))

    threads = [threading.Thread(target=write, args=(name,)) for name in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts)


def batches(log: SqliteLog, seconds: float) -> int:
    """One thread appends 500 events a transaction; how many events."""
    done, end = 0, time.perf_counter() + seconds
    while time.perf_counter() < end:
        log.append([draft("batch", done + index) for index in range(500)])
        done += 500
    return done


def main() -> None:
    """Measure and print."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 3.0
    with folder_to_measure_in() as folder:
        disk = fsyncs_per_second(Path(folder))
        print(f"the disk: {disk:,.0f} fsyncs a second; {seconds:g} s each")
        with open_log(Path(folder) / "log") as log:
            end = time.perf_counter() + seconds
            report("single, each a new subject", appends(log, "new", lambda: time.perf_counter() > end) / seconds, disk)
            for start in range(0, 10_000, 500):
                log.append([draft("warm", index) for index in range(start, start + 500)])
            later = time.perf_counter() + seconds
            report("single, known subjects", appends(log, "one", lambda: time.perf_counter() > later) / seconds, disk)
            report(f"group commit, {WRITERS} writers", writers(log, seconds) / seconds, disk)
            report("transactions of 500 events", batches(log, seconds) / seconds, disk)


if __name__ == "__main__":
    main()
