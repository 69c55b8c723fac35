"""Loss of power, as far as it can be played: every broker is killed at once, and their disks lose what was not synced.

Kafka acknowledges a record when enough brokers have it in memory; it syncs a segment only when it closes it. So what a
broker's disk has lost after a loss of power is an end of its newest segments. That is done here by hand: the brokers
are killed (`kill -9`), and the ends of the segments' files are cut off, before they start again.

1. All at once, disks whole: nothing acknowledged is lost.
2. All at once, and every disk loses its ends: what was acknowledged is lost, as Kafka's own promise has it, and neither
   the checker nor the log is silent about it. So brokers need power supplies of their own.

Where one disk alone loses its end, it depends on who leads first: if that broker does, the others cut their logs to its
end, and events are lost as in 2. A drill of it lost events in one of its runs, and the log said so.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from citizens import CitizensError
from citizens.kafka.address import read_address
from tests.kafka.cluster import Cluster
from tests.kafka.disasters import PATIENCE_SECONDS, Writer

LOST_BYTES = 700
"""About two frames of the topics of a log with single events."""


def power(cluster: Cluster, folder: Path) -> None:
    """The drill. Brokers are up, before and after."""
    writer = _writer(cluster, folder, "power")
    for number in range(6):
        writer.append(f"before{number}")
    _all_at_once(cluster)
    writer.append("last")
    writer.check(store=folder / "power-again")


def lost_everywhere(cluster: Cluster, folder: Path) -> None:
    """The control: where every disk has lost the end, the checker and the log both say so."""
    writer = _writer(cluster, folder, "gone")
    for number in range(6):
        writer.append(f"e{number}")
    _all_at_once(cluster, lambda: _lose(cluster, "gone"))
    with pytest.raises((AssertionError, CitizensError)):
        writer.check(store=folder / "gone-again")


def _writer(cluster: Cluster, folder: Path, name: str) -> Writer:
    return Writer(read_address(f"kafka://{cluster.address}/{name}?store={folder / name}"), folder / f"{name}.db")


def _all_at_once(cluster: Cluster, meanwhile: Callable[[], None] = lambda: None) -> None:
    """Kill every broker, do something to their disks, and start them again."""
    for number in cluster.numbers:
        cluster.kill(number)
    meanwhile()
    for number in cluster.numbers:
        cluster.start(number)
    cluster.wait(PATIENCE_SECONDS)


def _lose(cluster: Cluster, name: str) -> None:
    for number in cluster.numbers:
        for kind in ("events", "audit"):
            segments = sorted((cluster.folder / f"d{number}" / f"{name}.{kind}-0").glob("*.log"))
            _cut_off(segments[-1])


def _cut_off(segment: Path) -> None:
    """The end never reached the disk."""
    with segment.open("r+b") as file:
        file.truncate(max(_written(segment) - LOST_BYTES, 0))


def _written(segment: Path) -> int:
    """How many bytes of a segment hold records: its file may be longer already."""
    content = segment.read_bytes()
    return len(content.rstrip(b"\0"))


def main() -> None:
    """The drill by itself."""
    with tempfile.TemporaryDirectory() as folder:
        cluster = Cluster(Path(folder) / "cluster", 3, 33_000)
        try:
            for number in cluster.numbers:
                cluster.start(number)
            cluster.wait(120)
            for part in (power, lost_everywhere):
                start = time.monotonic()
                part(cluster, Path(folder))
                print(f"{part.__name__}: as it should be, {time.monotonic() - start:.0f} s", flush=True)
        finally:
            cluster.stop()


if __name__ == "__main__":
    main()
