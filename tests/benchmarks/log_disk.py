"""The disk's own speed, beside which the log's figures mean something.

Run by hand: python -m tests.benchmarks.log_disk
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

RECORD_BYTES = 400


def fsyncs_per_second(folder: Path, seconds: float = 2.0) -> float:
    """How often a second 400 bytes can be appended to a file and fsynced."""
    times = []
    with (folder / "disk").open("wb") as file:
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            start = time.perf_counter()
            file.write(bytes(RECORD_BYTES))
            file.flush()
            os.fdatasync(file.fileno())
            times.append(time.perf_counter() - start)
    return 1 / statistics.median(times)


def folder_to_measure_in() -> tempfile.TemporaryDirectory[str]:
    """A folder on the disk that RULEWRIGHT_BENCH names, or on the one of the working directory."""
    return tempfile.TemporaryDirectory(prefix="bench-", dir=os.environ.get("RULEWRIGHT_BENCH", "."))


def report(what: str, per_second: float, disk: float) -> None:
    """One line: the rate, and how it stands to the disk's."""
    print(f"{what:<46} {per_second:>12,.0f} /s   {per_second / disk:>8.2f} x the disk's fsync rate")


def main() -> None:
    """Print the disk's rate."""
    with folder_to_measure_in() as folder:
        print(
            f"the disk: {fsyncs_per_second(Path(folder)):,.0f} fsyncs of {RECORD_BYTES} bytes a second", file=sys.stdout
        )


if __name__ == "__main__":
    main()
