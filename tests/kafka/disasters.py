"""Cut cables, a full disk, an election that loses data, and a password that is wrong: what the log makes of them.

Each is given a cluster that is up, and leaves it so, but for the last.
"""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient, NewTopic  # type: ignore[attr-defined]

from citizens import CitizensError, LogDamaged, LogUnavailable, Receipt
from citizens.kafka.address import Address, read_address
from citizens.kafka.log import KafkaLog, open_kafka_log
from tests.citizens.histories import Clock, wages
from tests.kafka.cluster import Cluster
from tests.kafka.network import Network

PATIENCE_SECONDS = 120.0
DISK_BYTES = 96_000_000


class Writer:
    """Appends under way, each delivered again until it is acknowledged, by a log that is opened anew if it stops."""

    def __init__(self, address: Address, keys: Path) -> None:
        self._address, self._keys = address, keys
        self._log: KafkaLog | None = None
        self.told: dict[str, Receipt] = {}

    def append(self, event_id: str, patience: float = PATIENCE_SECONDS) -> None:
        """One event. Raises LogUnavailable if it is not acknowledged in time."""
        until = time.monotonic() + patience
        while True:
            try:
                self._log = self._log or open_kafka_log(self._address, create=True, keys=self._keys, clock=Clock())
                self.told[event_id] = self._log.append([wages("person/1", str(len(self.told)), event_id)])[0]
                return
            except CitizensError:
                self.close()
                if time.monotonic() > until:
                    raise
                time.sleep(0.2)

    def close(self) -> None:
        if self._log is not None:
            self._log.close()
            self._log = None

    def check(self, *, store: Path) -> None:
        """Ask a store that is made anew: all that was acknowledged is there, where it was said, once, in order."""
        self.close()
        again = replace(self._address, store=store)
        with open_kafka_log(again, write=False, keys=self._keys) as log:
            events = {event.event_id: event.offset for event in log.read(0, 100_000)}
            assert len(events) == log.head()
            lost = [name for name, receipt in self.told.items() if events.get(name) != receipt.offset]
            assert not lost, f"acknowledged, and not there: {lost}"
            assert log.verify().sound and not log.verify_topics()


def cables(cluster: Cluster, network: Network, folder: Path) -> None:
    """The leader is cut off from all, then only from its followers while the writer still reaches it."""
    writer = Writer(read_address(f"kafka://{cluster.address}/cables?store={folder / 'cables'}"), folder / "cables.db")
    for number in range(5):
        writer.append(f"before{number}")
    leader = cluster.leader("cables.audit")
    network.cut(leader)
    writer.append("led by another")
    network.mend(leader)
    cluster.wait(PATIENCE_SECONDS)
    leader = cluster.leader("cables.audit")
    with network.apart(leader, [n for n in cluster.numbers if n != leader]):
        writer.append("its followers have left it")
    cluster.wait(PATIENCE_SECONDS)
    writer.append("after")
    writer.check(store=folder / "cables-again")


@contextmanager
def small_disk(cluster: Cluster, n: int) -> Iterator[bool]:
    """Broker n's data on a disk of its own, that can be full; False where none can be made. Before it is started."""
    data, kept = cluster.folder / f"d{n}", cluster.folder / f"kept{n}"
    shutil.copytree(data, kept)
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(data)]
    if os.geteuid() or subprocess.run(command, capture_output=True, check=False).returncode:
        yield False
        return
    shutil.copytree(kept, data, dirs_exist_ok=True)
    try:
        yield True
    finally:
        subprocess.run(["umount", "-l", str(data)], check=False)


def full_disk(cluster: Cluster, n: int, folder: Path) -> None:
    """Broker n's disk is full: it leaves, the two others go on, and it comes back when there is room."""
    writer = Writer(read_address(f"kafka://{cluster.address}/full?store={folder / 'full'}"), folder / "full.db")
    writer.append("before")
    _fill(cluster.folder / f"d{n}" / "ballast")
    for number in range(10):
        writer.append(f"full{number}")
    (cluster.folder / f"d{n}" / "ballast").unlink()
    cluster.kill(n)
    cluster.start(n)
    cluster.wait(PATIENCE_SECONDS)
    writer.append("after")
    writer.check(store=folder / "full-again")


def _fill(path: Path) -> None:
    with path.open("wb") as ballast:
        try:
            while True:
                ballast.write(b"\0" * 65_536)
                ballast.flush()
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise


def passwords(cluster: Cluster, folder: Path) -> None:
    """With TLS and the right password a log works; else it says what is wrong, at once and without the password."""
    brokers, outside = cluster.secured
    folder = folder / "secured"

    def address(config: Path) -> Address:
        return read_address(f"kafka://{brokers}/secured?store={folder / config.stem}&config={config}")

    with open_kafka_log(address(outside.client("right.properties")), create=True, keys=folder / "keys.db") as log:
        log.append([wages("person/1", "1", "a")])
        assert log.verify().sound and not log.verify_topics()
    wrong, strange = outside.client("wrong.properties", "guess"), outside.client("strange.properties", trusting=False)
    for config, why in ((wrong, "Authentication failed"), (strange, "certificate verify failed")):
        with pytest.raises(LogUnavailable, match=f"do not let this client in .*{why}.*`config=`") as refused:
            open_kafka_log(address(config), write=False, keys=folder / "keys.db")
        assert "guess" not in str(refused.value)


def unclean(cluster: Cluster, folder: Path) -> None:
    """What unclean election would lose, by turning it on: the checker reports it, or the checker is blind.

    One of two copies is away, and the other acknowledges alone; then it goes, and the one that is behind leads.
    """
    text = f"kafka://{cluster.address}/unclean?store={folder / 'made'}&development"
    open_kafka_log(read_address(text), create=True, keys=folder / "made.db").close()
    leader, follower = sorted(set(cluster.numbers) - {cluster.leader("unclean.control")})
    _copied_to(cluster, [leader, follower])
    writer = Writer(read_address(text.replace("made", "unclean")), folder / "unclean.db")
    with pytest.warns(UserWarning, match="would lose data"):
        writer.append("before")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        cluster.kill(follower)
        for number in range(5):
            writer.append(f"alone{number}")
        cluster.kill(leader)
        cluster.start(follower)
        _wait_for_leader(cluster, follower)
        cluster.start(leader)
        cluster.wait(PATIENCE_SECONDS)
        with pytest.raises((AssertionError, LogDamaged)):
            writer.check(store=folder / "unclean-again")


def _copied_to(cluster: Cluster, brokers: list[int]) -> None:
    """Make the topics anew, with copies on these brokers and settings that lose data."""
    admin = AdminClient({"bootstrap.servers": cluster.address, "log_level": 0})
    names = ["unclean.events", "unclean.audit"]
    for future in admin.delete_topics(names).values():
        future.result(20)
    unsafe = {"min.insync.replicas": "1", "unclean.leader.election.enable": "true"}
    until = time.monotonic() + PATIENCE_SECONDS
    for name in names:
        while name in admin.list_topics(timeout=10).topics and time.monotonic() < until:
            time.sleep(0.2)
        topic = NewTopic(name, 1, replica_assignment=[brokers], config=unsafe)
        for future in admin.create_topics([topic]).values():
            future.result(20)
    cluster.wait(PATIENCE_SECONDS)


def _wait_for_leader(cluster: Cluster, n: int) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        if all(cluster.leader(f"unclean.{kind}") == n for kind in ("events", "audit")):
            return
        time.sleep(0.5)
    raise TimeoutError(f"broker {n} does not lead")
