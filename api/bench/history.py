"""`rulewright bench --history`: how fast the log is, and the annual run, beside the disk's own speed.

1. The disk: how often a second 400 bytes can be appended to a file and made durable. Without it no figure says much.
2. Appends by one writer, each durable by itself; by 64 writers that share commits; in transactions of 500.
3. The shipped sample so many times over: imported, taken as columns, and the chain verified.
4. The annual run of all of it, as a process of its own with its memory: from the log to assessments and postings in it.
5. A correction of one fact of every second tax unit, and the compaction that forgets what they superseded.
6. How questions of one subject grow with everybody else's events (`growth`), and a correction with its household's own
   history (`own_history`).
"""

from __future__ import annotations

import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from api.bench import bounds
from api.bench.growth import TIMES, measure_growth
from api.bench.measuring import Measured, once, process
from api.bench.own_history import measure_own_history
from api.history.tables import sample_tables
from citizens import Correction, Draft, Facts, Membership, Origin, Point, Source, SqliteLog, import_tables, open_log

PAYLOAD_BYTES = 120  # of an event of the sample, in the clear
DAY, RECORD_BYTES, WRITERS, KNOWN, MANY = date(2024, 1, 1), 400, 64, 10_000, 500
ORIGIN = Origin("bench", "bench", "none", "tax")
GROUP = "history"


def measure_history(repeat: int, seconds: float = 3.0, many: int = 20_000) -> Iterator[Measured]:
    """All measurements of the log, as they are made. `seconds` is how long each kind of append goes on,
    `many` how many subjects there are beside those that are asked of.

    They are made on the disk that RULEWRIGHT_BENCH names a folder of, or on that of the working directory.
    """
    with tempfile.TemporaryDirectory(prefix="bench-", dir=os.environ.get("RULEWRIGHT_BENCH", ".")) as name:
        folder = Path(name)
        taken, count = _fsyncs(folder, seconds)
        bound = bounds.fsyncs(count, taken / count)
        yield Measured(GROUP, f"the disk: {RECORD_BYTES} bytes and an fsync", taken, count, bound=bound)
        with open_log(folder / "appends") as log:
            yield from _appends(log, seconds, taken / count)
        yield from _population(folder / "population", repeat)
        yield from measure_growth(GROUP, folder / "growth", many)
        yield from measure_own_history(GROUP, folder / "own", max(many // TIMES, 2))


def _fsyncs(folder: Path, seconds: float) -> tuple[float, int]:
    """Seconds, and how many appends to a file they were enough for."""
    with (folder / "disk").open("wb") as file:

        def write() -> None:
            file.write(bytes(RECORD_BYTES))
            file.flush()
            os.fdatasync(file.fileno())

        return _for(seconds, write)


def _for(seconds: float, work: Callable[[], object]) -> tuple[float, int]:
    """Do something again and again: the seconds that it took, and how often it was done."""
    start, done = time.perf_counter(), 0
    while time.perf_counter() < start + seconds:
        work()
        done += 1
    return time.perf_counter() - start, done


class _Drafts:
    """Drafts of one change point each, of 10,000 subjects in turn."""

    def __init__(self, name: str) -> None:
        self._name, self._count = name, 0

    def take(self, count: int) -> list[Draft]:
        first, self._count = self._count, self._count + count
        return [self._draft(index) for index in range(first, self._count)]

    def _draft(self, index: int) -> Draft:
        points = (Point("wages", DAY, Decimal(index)),)
        return Draft(f"person/{index % KNOWN}", Facts(points), ORIGIN, f"{self._name}-{index}")


def _appends(log: SqliteLog, seconds: float, fsync_seconds: float) -> Iterator[Measured]:
    known, single, many = _Drafts("known"), _Drafts("one"), _Drafts("many")
    for _ in range(KNOWN // MANY):
        log.append(known.take(MANY))

    def line(what: str, taken: float, commits: float, events_each: int) -> Measured:
        return Measured(GROUP, what, taken, int(commits * events_each), bound=bounds.fsyncs(commits, fsync_seconds))

    yield line("events appended one by one, each durable", *_for(seconds, lambda: log.append(single.take(1))), 1)
    taken, events = _writers(log, seconds)
    yield line(f"events of {WRITERS} writers that share commits", taken, events / WRITERS, WRITERS)
    taken, transactions = _for(seconds, lambda: log.append(many.take(MANY)))
    yield line(f"events in transactions of {MANY}", taken, transactions, MANY)


def _writers(log: SqliteLog, seconds: float) -> tuple[float, int]:
    counts: list[int] = []

    def write(number: int) -> None:
        drafts = _Drafts(f"writer-{number}")
        counts.append(_for(seconds, lambda: log.append(drafts.take(1)))[1])

    threads = [threading.Thread(target=write, args=(number,)) for number in range(WRITERS)]

    def all_of_them() -> None:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    return once(all_of_them), sum(counts)


# --- a population


def sample_sources(repeat: int) -> list[Source]:
    """The shipped sample `repeat` times over, each time under other ids, as an import takes it."""
    tables = sample_tables()
    units, people = tables["tax_unit"].drop_columns(["weight", "state_fips"]), tables["person"]
    member = Membership("tax_unit", "tax_unit", "tax_unit_id", role_column="role")
    return [
        Source(pa.concat_tables([_renamed(units, at) for at in range(repeat)]), "tax_unit", "tax_unit_id", DAY),
        Source(
            pa.concat_tables([_renamed(people, at) for at in range(repeat)]),
            "person", "person_id", DAY, memberships=(member,),
        ),
    ]  # fmt: skip


def _renamed(table: Any, copy: int) -> Any:
    for name in ("person_id", "tax_unit_id"):
        if name in table.column_names:
            named = pc.binary_join_element_wise(pa.scalar(str(copy)), table[name], pa.scalar("-"))
            table = table.set_column(table.column_names.index(name), name, named)
    return table


def _population(folder: Path, repeat: int) -> Iterator[Measured]:
    with open_log(folder) as log:
        before = bounds.size_of(bounds.files_of(folder))
        taken, units = _import(log, repeat)
        subjects, files = log.head(), bounds.files_of(folder)
        writing = bounds.disk((), bounds.size_of(files) - before, folder)
        writing = max(writing, bounds.encryption(subjects, PAYLOAD_BYTES), key=lambda bound: bound.seconds)
        yield Measured(GROUP, f"bulk import of {subjects:,} subjects, an event each", taken, subjects, bound=writing)
        reading = bounds.disk(files, 0, folder)
        snapshot = once(lambda: log.snapshot(DAY))
        yield Measured(GROUP, "subjects in a snapshot, as columns", snapshot, subjects, bound=reading)
        verified = once(lambda: log.verify().require())
        yield Measured(GROUP, "events verified, the whole chain", verified, subjects, bound=reading)
    yield _annual(folder, len(units))
    with open_log(folder) as log:
        half = units[::2]
        before = bounds.size_of(bounds.files_of(folder))
        taken = once(lambda: _correct(log, half))
        grown = max(bounds.size_of(bounds.files_of(folder)) - before, len(half) * RECORD_BYTES)
        bound = bounds.disk((), grown, folder)
        yield Measured(GROUP, "corrections in transactions of 2,000", taken, len(half), bound=bound)
        events, files = log.head(), bounds.files_of(folder)
        bound = bounds.disk(files, bounds.size_of(files), folder)
        yield Measured(GROUP, f"compaction of {events:,} events", once(lambda: _compact(log)), events, bound=bound)
        log.verify().require()


def _import(log: SqliteLog, repeat: int) -> tuple[float, list[str]]:
    """Seconds, and the tax units as subjects."""
    sources = sample_sources(repeat)
    taken = once(lambda: import_tables(log, sources, ORIGIN, "sample"))
    return taken, [f"tax_unit/{identifier}" for identifier in sources[0].table["tax_unit_id"].to_pylist()]


def _annual(folder: Path, units: int) -> Measured:
    """The command itself, from its start to its end."""
    command = [sys.executable, "-m", "api.cli", "annual", "us", "--year", "2024", "--log", str(folder)]
    files = bounds.files_of(folder)
    used = process(command, os.environ)
    bound = bounds.disk(files, max(bounds.size_of(bounds.files_of(folder)) - bounds.size_of(files), 0), folder)
    return used.measured(GROUP, f"annual run of {units:,} tax units, whole process", units, bound)


def _correct(log: SqliteLog, subjects: list[str]) -> None:
    points = (Point("tax_unit_childcare_expenses", DAY, Decimal(100)),)
    for start in range(0, len(subjects), 2_000):
        log.append(
            [
                Draft(subject, Correction(points, "late"), ORIGIN, f"late-{subject}")
                for subject in subjects[start : start + 2_000]
            ]
        )


def _compact(log: SqliteLog) -> None:
    log.compact({"tax": datetime.now(UTC)}, actor="bench", legal_basis="none")
