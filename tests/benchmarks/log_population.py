"""A population: bulk import, snapshot into columns, verification, compaction.

Run by hand: python -m tests.benchmarks.log_population [tax units; 205000 make 500,000 people]
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

from citizens import Correction, Draft, Origin, Point, SqliteLog, import_tables, open_log, sample_population
from tests.benchmarks.log_disk import folder_to_measure_in, fsyncs_per_second, report

ORIGIN = Origin("bench", "bench", "none", "tax")
DAY = date(2024, 1, 1)


@contextmanager
def timed() -> Iterator[list[float]]:
    """A list that holds the seconds taken once the block has ended."""
    taken: list[float] = []
    start = time.perf_counter()
    yield taken
    taken.append(time.perf_counter() - start)


def correct_many(log: SqliteLog, tax_units: int) -> int:
    """Correct one fact of every second tax unit's head, so that compaction has something to do; how many."""
    heads = range(0, tax_units, 2)
    for start in range(0, len(heads), 2_000):
        log.append([correction(unit) for unit in heads[start : start + 2_000]])
    return len(heads)


def correction(unit: int) -> Draft:
    """All of a head's plain facts again, so that the first event of them is superseded but for its membership."""
    points = (Point("state", DAY, "OR"),)
    return Draft(f"tax_unit/{unit}", Correction(points, "moved"), ORIGIN, f"correction-{unit}")


def main() -> None:
    """Measure and print."""
    tax_units = int(sys.argv[1]) if len(sys.argv) > 1 else 205_000
    sources = sample_population(tax_units, 1, DAY)
    with folder_to_measure_in() as folder, open_log(Path(folder) / "log") as log:
        disk = fsyncs_per_second(Path(folder))
        print(f"the disk: {disk:,.0f} fsyncs a second; {sum(len(each.table) for each in sources):,} subjects")
        with timed() as taken:
            events = import_tables(log, sources, ORIGIN, "sample").recorded
        report("bulk import, events", events / taken[0], disk)
        with timed() as taken:
            found = log.snapshot(DAY)
        people = len(found.tables["person"])
        report(f"snapshot of {people:,} people ({taken[0]:.1f} s), subjects", events / taken[0], disk)
        log.snapshot(DAY, cached=True)
        with timed() as taken:
            log.snapshot(DAY, cached=True)
        report(f"the same from the cache ({taken[0]:.1f} s), subjects", events / taken[0], disk)
        with timed() as taken:
            log.verify().require()
        report("verification, events", events / taken[0], disk)
        with timed() as taken:
            events += correct_many(log, tax_units)
        report("corrections in transactions of 2,000, events", tax_units / 2 / taken[0], disk)
        with timed() as taken:
            done = log.compact({"tax": datetime.now(UTC)}, actor="bench", legal_basis="none")
        report(f"compaction, {done.removed:,} removed ({taken[0]:.1f} s), events", events / taken[0], disk)
        log.verify().require()
    print(f"most memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB")


if __name__ == "__main__":
    main()
