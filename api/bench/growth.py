"""How questions of one subject grow with everybody else's events: the same question of a log 100 times as large.

Each measure says its exponent: 0.00 is as long as before, 1.00 is 100 times as long. What is asked of one household
must not grow with the nation.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

from api.bench.measuring import Measured
from citizens import Belongs, Draft, Facts, Hold, Origin, Point, Release, SqliteLog, open_log

TIMES, CHUNK, ASKED = 100, 2_000, 40
DAY, ORIGIN = date(2024, 1, 1), Origin("bench", "bench", "none", "tax")


def measure_growth(group: str, folder: Path, many: int) -> Iterator[Measured]:
    """A timeline and a group's members beside `many` subjects under hold, and opening beside as many erasures."""
    small, large = (_times(folder / name, size) for name, size in (("small", many // TIMES), ("large", many)))
    for what in large:
        exponent = math.log(large[what] / small[what]) / math.log(TIMES)
        yield Measured(group, f"{what} {many:,} (exponent {exponent:.2f})", large[what] * ASKED, ASKED)


def _times(folder: Path, size: int) -> dict[str, float]:
    """Seconds that each question takes in a log of that size."""
    with open_log(folder) as log:
        _append(log, size, "facts", lambda number: Facts(_points(number)))
        _append(log, size, "hold", lambda _: Hold("case", "none"))
        seconds = {
            "timelines beside subjects under hold:": _mean(lambda: log.timeline("person/1")),
            "groups with their members beside others:": _mean(lambda: _members(log)),
        }
        _append(log, size, "release", lambda _: Release("case", "none"))
        log.erase_many((f"person/{number}" for number in range(size)), actor="b", legal_basis="none", reason="none")
    return {**seconds, "openings for writing beside erasures:": _mean(lambda: open_log(folder).close())}


def _points(number: int) -> tuple[Point, ...]:
    return Point("wages", DAY, Decimal(number)), Point("tax_unit", DAY, Belongs(f"tax_unit/{number // 2}", "head"))


def _append(log: SqliteLog, size: int, name: str, body: Callable[[int], Facts | Hold | Release]) -> None:
    for start in range(0, size, CHUNK):
        numbers = range(start, min(start + CHUNK, size))
        log.append([Draft(f"person/{number}", body(number), ORIGIN, f"{name}-{number}") for number in numbers])


def _members(log: SqliteLog) -> None:
    for member in log.belonging_to("tax_unit/0"):
        log.timeline(member).at(DAY)


def _mean(ask: Callable[[], object]) -> float:
    """Seconds of one question, of many."""
    ask()
    start = time.perf_counter()
    for _ in range(ASKED):
        ask()
    return (time.perf_counter() - start) / ASKED
