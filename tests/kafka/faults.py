"""Random faults for some minutes, with appends under way, and a checker of what came of them.

    python -m tests.kafka.faults --minutes 5 [--seed 7]

Brokers are killed and started again, one at a time or all at once, stopped (SIGSTOP) and let go on; a second writer
takes the partition over; stores are deleted. Each append is of a few events with their own ids, and is delivered again
until it is acknowledged. At the end a store is made anew and the checker asks: is every acknowledged event there, where
its receipt says, none twice, each subject's in the order of their versions, the chain sound?
"""

from __future__ import annotations

import argparse
import random
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

from citizens import CitizensError, Receipt
from citizens.kafka.address import read_address
from citizens.kafka.log import KafkaLog, open_kafka_log
from tests.citizens.histories import Clock, wages
from tests.kafka.cluster import Cluster

SUBJECTS = 40
NAME = "faults"


class Unrest:
    """Three brokers, which of them are down, and what was done to them."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder, self.draw = folder, random.Random(seed)
        self.cluster = Cluster(folder / "cluster", 3)
        self.down: dict[int, float] = {}
        self.stopped: dict[int, float] = {}
        self.counts: dict[str, int] = {}

    def append(self, number: int) -> None:
        """Append something, repeated until it is acknowledged."""
        raise NotImplementedError

    def fault(self) -> None:
        """Do one thing that may go wrong in practice."""
        raise NotImplementedError

    def rage(self, minutes: float, pauses: tuple[float, float]) -> int:
        """Append for so many minutes, with a fault after each pause (seconds, drawn between two); the appends made."""
        until, next_fault, appends = time.monotonic() + 60 * minutes, time.monotonic() + pauses[0] + 2, 0
        while time.monotonic() < until:
            self.append(appends)
            appends += 1
            self.heal(force=False)
            if time.monotonic() > next_fault:
                self.fault()
                next_fault = time.monotonic() + self.draw.uniform(*pauses)
        return appends

    def start(self) -> None:
        """Start the brokers."""
        for number in self.cluster.numbers:
            self.cluster.start(number)
        self.cluster.wait(120)

    def count(self, what: str) -> None:
        self.counts[what] = self.counts.get(what, 0) + 1

    def trouble(self, kind: str) -> None:
        """Kill a broker, stop it (SIGSTOP), or kill all of them at once (`all`). Else never more than two are down."""
        if kind == "all":
            self.heal(force=True)
            for number in self.cluster.numbers:
                self.cluster.kill(number)
                self.down[number] = time.monotonic() + self.draw.uniform(1, 4)
            self.count("times all brokers were killed at once")
            return
        if len(self.down) + len(self.stopped) >= 2:
            return
        number = self.draw.choice([n for n in self.cluster.numbers if n not in self.down and n not in self.stopped])
        until = time.monotonic() + self.draw.uniform(2, 12)
        if kind == "kill":
            self.cluster.kill(number)
            self.down[number] = until
            self.count("brokers killed")
        else:
            self.cluster.kill(number, signal.SIGSTOP)
            self.stopped[number] = until
            self.count("brokers stopped")

    def heal(self, *, force: bool) -> None:
        """Start and wake brokers whose time is over, or all."""
        now = time.monotonic()
        for number, until in list(self.down.items()):
            if force or now > until:
                self.cluster.start(number)
                del self.down[number]
        for number, until in list(self.stopped.items()):
            if force or now > until:
                self.cluster.kill(number, signal.SIGCONT)
                del self.stopped[number]


class Run(Unrest):
    """A run of faults: who writes, and what was acknowledged."""

    def __init__(self, folder: Path, seed: int) -> None:
        super().__init__(folder, seed)
        self.acknowledged: dict[str, tuple[str, str, Receipt]] = {}
        self.log: KafkaLog | None = None

    def open(self, store: str, *, write: bool = True) -> KafkaLog:
        address = read_address(f"kafka://{self.cluster.address}/{NAME}?store={self.folder / store}")
        return open_kafka_log(address, write=write, create=write, keys=self.folder / "keys.db", clock=Clock())

    def writer(self) -> KafkaLog:
        """The writer, opened anew on one of two stores if it has stopped."""
        while self.log is None or self.log.is_stopped:
            if self.log is not None:
                self.log.close()
                self.log = None
            try:
                self.log = self.open(self.draw.choice("ab"))
                self.count("openings")
            except CitizensError:
                self.count("openings refused")
                self.heal(force=False)
                time.sleep(0.5)
        return self.log

    def append(self, number: int) -> None:
        """One append, repeated until it is acknowledged."""
        size = self.draw.randrange(1, 30)
        drafts = [
            wages(f"person/{self.draw.randrange(SUBJECTS)}", f"{number}.{place:02}", f"{number}-{place}")
            for place in range(size)
        ]
        while True:
            try:
                receipts = self.writer().append(drafts)
                break
            except CitizensError:
                self.count("appends repeated")
                self.heal(force=False)
        for draft, receipt in zip(drafts, receipts, strict=True):
            self.acknowledged[draft.event_id] = (draft.subject, draft.event_id, receipt)

    def fault(self) -> None:
        """One fault, never so many at once that nothing could go on for long."""
        kind = self.draw.choice(("kill", "stop", "takeover", "lose", "kill", "stop", "takeover", "lose", "all"))
        if kind in ("kill", "stop", "all"):
            self.trouble(kind)
        elif kind == "takeover":
            old, self.log = self.log, None
            try:
                self.log = self.open("c")
                self.count("takeovers")
                if old is not None and not old.is_stopped:
                    try:
                        old.append([wages("person/0", "0", f"zombie-{time.monotonic_ns()}")])
                        raise SystemExit("a zombie was not fenced")
                    except CitizensError:
                        self.count("zombies fenced")
            except CitizensError:
                self.count("takeovers refused")
            if old is not None:
                old.close()
        elif kind == "lose" and self.log is not None:
            self.log.close()
            self.log = None
            shutil.rmtree(self.folder / self.draw.choice("abc"), ignore_errors=True)
            self.count("stores lost")

    def check(self) -> int:
        """Compare what a store made anew holds with what was acknowledged; how many events there are."""
        self.heal(force=True)
        self.cluster.wait(120)
        log = self.open("checked", write=False)
        events = {event.event_id: event for event in log.read(0, 10_000_000)}
        assert len(events) == log.head(), "an event appears twice, or numbers are missing"
        versions: dict[str, int] = {}
        for event in sorted(events.values(), key=lambda event: event.offset):
            assert event.version == versions.get(event.subject, 0) + 1, f"version {event.version} at {event.offset}"
            versions[event.subject] = event.version
        for subject, name, receipt in self.acknowledged.values():
            event = events[name]
            assert (event.subject, event.offset, event.version) == (subject, receipt.offset, receipt.version), name
        strangers = set(events) - set(self.acknowledged)
        assert not strangers, f"nobody was told of {sorted(strangers)[:3]}"
        assert log.verify().sound and not log.verify_topics()
        log.close()
        return len(events)


def read_options(arguments: list[str]) -> tuple[float, int]:
    """How many minutes, and the seed of the faults drawn."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=1)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    return options.minutes, options.seed


def main(arguments: list[str]) -> None:
    """Run, check, tell."""
    minutes, seed = read_options(arguments)
    with tempfile.TemporaryDirectory() as folder:
        run = Run(Path(folder), seed)
        try:
            run.start()
            appends = run.rage(minutes, (1, 8))
            events = run.check()
        finally:
            run.cluster.stop()
        print(f"{appends} appends, {events} events, all as acknowledged; {dict(sorted(run.counts.items()))}")


if __name__ == "__main__":
    main(sys.argv[1:])
