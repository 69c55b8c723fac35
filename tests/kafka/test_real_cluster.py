"""The log on a real cluster of three brokers. One test, so that one process starts one cluster; its parts are subtests.

Skipped, with the reason, where there is no Java or Kafka has not been fetched (`python -m tests.kafka.cluster fetch`).
The long drills are in `faults.py`.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("confluent_kafka")

from citizens import Advance, Layout, LogUnavailable, Refused, Replica, SqliteLog, VersionConflict, open_log
from citizens.kafka import copying
from citizens.kafka.address import Address, read_address
from citizens.kafka.copying import copy_to_topics
from citizens.kafka.log import KafkaLog, open_kafka_log
from citizens.kafka.topics import AUDIT, EVENTS
from tests.citizens import test_log_protocol as protocol
from tests.citizens.histories import Clock, moment, wages
from tests.kafka import disasters, power
from tests.kafka.cluster import Cluster, why_not
from tests.kafka.network import Network
from tests.kafka.network import network as networked
from tests.kafka.population import same_as_one_log
from tests.kafka.settings import altered, records_of

PORT = 29_000
SMALL = 3
"""The broker whose disk is small."""
ASKED = "RULEWRIGHT_TEST_KAFKA"
SAME_FOR_EVERY_LOG = (
    protocol.test_what_is_appended_is_read_back_after_reopening,
    protocol.test_offsets_grow_and_pages_follow_one_another,
    protocol.test_a_second_delivery_changes_nothing_and_another_content_is_refused,
    protocol.test_a_stale_version_refuses_everything_and_names_the_draft,
    protocol.test_outputs_and_position_go_together,
    protocol.test_what_is_refused_is_refused_by_both,
)
Open = Callable[..., KafkaLog]


@dataclass(frozen=True, slots=True)
class Place:
    """Three brokers that are up, and what can be done to them here: to their cables, and to the disk of the third."""

    cluster: Cluster
    network: Network | None
    small_disk: bool


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """Three brokers, up."""
    if not os.environ.get(ASKED):
        pytest.skip(f"the drills take three brokers and want the machine for themselves: set {ASKED}=1")
    if why_not():
        pytest.skip(f"no Kafka cluster: {why_not()}")
    with ExitStack() as stack:
        network = stack.enter_context(networked((1, 2, 3)))
        made = Cluster(tmp_path / "cluster", 3, PORT, network, outside=True)
        small = stack.enter_context(disasters.small_disk(made, SMALL))
        stack.callback(made.stop)
        for number in made.numbers:
            made.start(number)
        try:
            made.wait(120)
        except TimeoutError as error:
            pytest.skip(f"no Kafka cluster: {error}")
        yield Place(made, network, small)


class Logs:
    """Logs on the cluster, with stores and key stores of their own."""

    def __init__(self, cluster: Cluster, folder: Path) -> None:
        self._cluster, self._folder = cluster, folder

    def address(self, name: str, store: str = "store") -> Address:
        return read_address(f"kafka://{self._cluster.address}/{name}?store={self._folder / name / store}")

    def open(self, name: str, clock: Clock, *, store: str = "store", write: bool = True) -> KafkaLog:
        keys = self._folder / name / "keys.db"
        return open_kafka_log(self.address(name, store), write=write, create=write, keys=keys, clock=clock)


def test_on_a_real_cluster(place: Place, tmp_path: Path, subtests: pytest.Subtests) -> None:
    cluster, logs = place.cluster, Logs(place.cluster, tmp_path)
    for number, each in enumerate(SAME_FOR_EVERY_LOG):
        with subtests.test(each.__name__):
            each(partial(logs.open, f"protocol{number}", Clock()))
    with subtests.test("recorded times never go back"):
        clock = Clock()
        protocol.test_recorded_times_never_go_back(lambda: logs.open("times", clock), clock)
    for part in (_settings, _zombie, _rebuilt, _cleaner, _copies, _population, _leader_killed, _two_brokers_down):
        with subtests.test(part.__name__.strip("_")):
            part(cluster, logs, tmp_path)
    with subtests.test("power goes on all brokers at once"):
        power.power(cluster, tmp_path)
    with subtests.test("... and all disks lose their ends, and that is seen"):
        power.lost_everywhere(cluster, tmp_path)
    with subtests.test("passwords"):
        disasters.passwords(cluster, tmp_path)
    if place.network is not None:
        with subtests.test("cables are cut"):
            disasters.cables(cluster, place.network, tmp_path)
    if place.small_disk:
        with subtests.test("a disk is full"):
            disasters.full_disk(cluster, SMALL, tmp_path)
    with subtests.test("unclean election loses events, and that is seen"):
        disasters.unclean(cluster, tmp_path)


def _settings(cluster: Cluster, logs: Logs, _: Path) -> None:
    """A topic with a setting that would lose data is refused, with the command that mends it; so is another P."""
    logs.open("settings", Clock()).close()
    for name, wrong, right in (("unclean.leader.election.enable", "true", "false"), ("retention.ms", "1000", "-1")):
        altered(cluster.address, "settings.audit", {name: wrong})
        with pytest.raises(Refused, match=f"{name}=.*--add-config"):
            logs.open("settings", Clock())
        altered(cluster.address, "settings.audit", {name: right})
    text = f"kafka://{cluster.address}/settings?partitions=2&partition=0"
    with pytest.raises(Refused, match="1 partitions"):
        open_kafka_log(read_address(text), create=True)
    logs.open("settings", Clock()).close()


def _zombie(_cluster: Cluster, logs: Logs, _: Path) -> None:
    """Who was replaced, on another machine, can write no more; what it wrote before stands, and nothing after."""
    zombie = logs.open("zombie", Clock(), store="one")
    zombie.append([wages("person/1", "1", "a")])
    log = logs.open("zombie", Clock(), store="two")
    assert log.append([wages("person/1", "2", "b", version=1)])[0].offset == 2
    with pytest.raises(LogUnavailable):
        zombie.append([wages("person/1", "3", "c", version=1)])
    zombie.close()
    with pytest.raises(VersionConflict):
        log.append([wages("person/1", "3", "c", version=1)])
    log.close()
    again = logs.open("zombie", Clock(), store="one")
    assert [event.event_id for event in again.read()] == ["a", "b"]
    again.close()


def _rebuilt(_cluster: Cluster, logs: Logs, folder: Path) -> None:
    """A store that is deleted is made anew; an erased subject is erased in every store; the topics are vouched for."""
    with logs.open("rebuilt", Clock()) as log:
        log.append([wages(f"person/{number}", "1", f"e{number}") for number in range(50)])
        log.erase("person/7", actor="a", legal_basis="b", reason="c")
        wanted = log.read(0, 100)
    with logs.open("rebuilt", Clock(), store="another", write=False) as log:
        assert log.read(0, 100) == wanted
        assert log.verify().sound and not log.verify_topics()
        assert log.read_subject("person/7") == []
    events = folder / "rebuilt" / "another" / "partition-0000"
    with pytest.raises(Refused, match="is a copy of"):
        open_log(events, keys=folder / "rebuilt" / "keys.db")


def _cleaner(cluster: Cluster, logs: Logs, folder: Path) -> None:
    """Compaction by Kafka's cleaner changes no answer after the horizon, and leaves what the plan left."""
    quick = {"segment.ms": "300", "min.cleanable.dirty.ratio": "0.01", "delete.retention.ms": "300"}
    draw, clock, embedded_clock = random.Random(5), Clock(), Clock()
    with logs.open("cleaner", clock) as log, open_log(folder / "embedded", clock=embedded_clock) as embedded:
        altered(cluster.address, "cleaner.events", quick)
        for day in range(12):
            clock.now = embedded_clock.now = day
            drafts = [
                wages(f"person/{draw.randrange(4)}", str(draw.randrange(9)), f"{day}-{number}") for number in range(12)
            ]
            log.append(drafts)
            embedded.append(drafts)
        clock.now = embedded_clock.now = 60
        done = [
            each.compact({"tax": moment(9.5)}, actor="a", legal_basis="b", tombstone_delay=timedelta(days=1))
            for each in (log, embedded)
        ]
        assert done[0] == done[1] and done[0].removed > 50
        until = time.monotonic() + 60
        while len(records_of(logs.address("cleaner"), EVENTS)) > done[0].left + 25 and time.monotonic() < until:
            log.append([wages("person/9", "1", f"roll-{time.monotonic()}")])  # rolling a segment takes a write
            time.sleep(0.4)
        left = {
            key for key, value in records_of(logs.address("cleaner"), EVENTS) if len(key) == 8 and value is not None
        }
        kept = {event.offset.to_bytes(8, "big") for event in log.read(0, 1_000)}
        assert left == kept
        assert len(records_of(logs.address("cleaner"), AUDIT)) > 144  # headers and links are all there
        _same_answers(log, embedded)
    with logs.open("cleaner", clock, store="from-zero", write=False) as log:
        with open_log(folder / "embedded", write=False) as embedded:
            _same_answers(log, embedded)
        assert log.verify().sound and not log.verify_topics()


def _same_answers(log: SqliteLog, embedded: SqliteLog) -> None:
    horizon = max(embedded.lost().values())
    assert log.lost() == embedded.lost()
    for person in range(4):
        for known in range(horizon, embedded.head() + 1):
            subject = f"person/{person}"
            assert log.timeline(subject, known).changes == embedded.timeline(subject, known).changes


def _copies(_cluster: Cluster, logs: Logs, folder: Path) -> None:
    """From a folder to topics and back, cut off on the way: the same rows, links, gaps, positions and answers."""
    clock = Clock()
    with open_log(folder / "source", clock=clock) as source:
        for day in range(8):
            clock.now = day
            drafts = [wages(f"person/{number}", str(day), f"{day}-{number}") for number in range(3)]
            source.append(drafts, advance=Advance("follower", day * 3, day * 3 + 3))
        source.erase("person/2", actor="a", legal_basis="b", reason="c")
        clock.now = 60
        source.compact({"tax": moment(5.5)}, actor="a", legal_basis="b", tombstone_delay=timedelta(days=1))
        source.append([wages("person/9", "1", "after")])
        wanted = rows_of(source)
    address = logs.address("copied")
    layout = Layout(folder / "source", folder / "source" / "keys.db")
    stop = copying._write_frame

    def cut_off(*arguments: Any) -> int:
        written = stop(*arguments)
        raise KeyboardInterrupt(written)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(copying, "_write_frame", cut_off)
        with pytest.raises(KeyboardInterrupt):
            copy_to_topics(layout, address, clock=clock, frame_events=5)
    assert copy_to_topics(layout, address, clock=clock, frame_events=5)[1] == wanted[0][-1][0]
    assert copy_to_topics(layout, address, clock=clock) == (0, wanted[0][-1][0])
    keys = address.folder / "keys.db"
    with open_kafka_log(logs.address("copied", "from-zero"), write=False, keys=keys) as log:
        assert rows_of(log) == wanted
        assert log.verify().sound and not log.verify_topics()
        store = log.layout
    with Replica(store, Layout(folder / "back", folder / "back" / "keys.db")) as replica:
        assert not replica.step().behind
        replica.finish()
    with open_log(folder / "back", clock=clock) as back:
        assert rows_of(back) == wanted
        assert back.verify().sound
        assert back.append([wages("person/9", "1", "after")])[0].duplicate


def rows_of(log: SqliteLog) -> tuple[list[tuple[int, bytes]], dict[str, int], dict[str, int], object]:
    """What two copies of a log must have alike."""
    events = [(event.offset, event.chain) for event in log.read(0, 10_000)]
    return events, log.positions(), dict(log.lost()), log.timeline("person/1").changes


def _population(cluster: Cluster, _: Logs, folder: Path) -> None:
    """Several partitions answer as one log does, with two followers of which one dies."""
    (folder / "population").mkdir()
    same_as_one_log(cluster.address, folder / "population")


def _leader_killed(cluster: Cluster, logs: Logs, _: Path) -> None:
    """kill -9 of the leader, with appends under way: what was acknowledged is there, in order, once."""
    log, told = logs.open("leader", Clock()), []
    for number in range(40):
        if number == 10:
            killed = cluster.leader("leader.audit")
            cluster.kill(killed)
        try:
            told.append(log.append([wages("person/1", str(number), f"e{number}")])[0].offset)
        except LogUnavailable:
            log.close()
            log = logs.open("leader", Clock())
            told.append(log.append([wages("person/1", str(number), f"e{number}")])[0].offset)
    assert told == list(range(1, 41))
    assert [event.event_id for event in log.read()] == [f"e{number}" for number in range(40)]
    assert log.verify().sound
    log.close()
    cluster.start(killed)
    cluster.wait(90)


def _two_brokers_down(cluster: Cluster, logs: Logs, _: Path) -> None:
    """With two of three brokers down nothing is acknowledged; nothing is lost, and it goes on when they are up."""
    log = logs.open("down", Clock())
    log.append([wages("person/1", "1", "a")])
    for number in (1, 2):
        cluster.kill(number)
    with pytest.raises(LogUnavailable):
        log.append([wages("person/1", "2", "b")])
    assert [event.event_id for event in log.read()] == ["a"]  # reading goes on
    log.close()
    for number in (1, 2):
        cluster.start(number)
    cluster.wait(90)
    with logs.open("down", Clock()) as log:
        receipts = log.append([wages("person/1", "1", "a"), wages("person/1", "2", "b")])
        assert receipts[0].duplicate
        assert [event.event_id for event in log.read()] == ["a", "b"]
