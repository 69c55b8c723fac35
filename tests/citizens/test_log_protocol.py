"""What every log does: the embedded one, and one made of topics with Kafka's rules. The same tests for both.

`topic_log.py` says what a broker gives. If a test here needed more than the protocol, or the protocol more than a
broker can give, the second log could not pass it.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from citizens import (
    Advance,
    Assessment,
    Belongs,
    Body,
    Correction,
    DeliveryConflict,
    Draft,
    Erasure,
    Facts,
    InvalidEvent,
    Log,
    LogUnavailable,
    Point,
    PositionConflict,
    Retraction,
    Use,
    VersionConflict,
)
from tests.citizens.histories import DAY, TAX, Clock, fresh, microseconds, moment, wages
from tests.citizens.topic_log import Broker, Fenced, TopicLog

Reopen = Callable[[], Log]


@pytest.fixture(params=["embedded", "topics"])
def opened(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> Reopen:
    """Opens the log, at first and again after it was closed."""
    if request.param == "embedded":
        return lambda: fresh(tmp_path, clock)
    first = TopicLog(Broker(), clock)
    return lambda: TopicLog(first.broker, clock, first.names)


@pytest.fixture
def clock() -> Clock:
    """A clock that stands still until it is moved."""
    return Clock()


BODIES: tuple[Body, ...] = (
    Facts((Point("wages", DAY, Decimal("12.30")), Point("tax_unit", DAY, Belongs("tax_unit/7", "head")))),
    Correction((Point("wages", DAY, Decimal("12.31")), Point("name", DAY, "Ωμέγα")), "a late return"),
    Retraction((("name", DAY),), "another person"),
    Assessment("2024", DAY, "f00d", 1, (("tax", Decimal("1.00")),), (Use("person/1", ("wages",)),)),
)


def test_what_is_appended_is_read_back_after_reopening(opened: Reopen) -> None:
    log = opened()
    drafts = [Draft("person/1", body, TAX, f"e{index}") for index, body in enumerate(BODIES)]
    receipts = log.append(drafts)
    log.close()
    log = opened()
    events = log.read()
    assert [event.body for event in events] == list(BODIES)
    assert [(event.offset, event.version) for event in events] == [
        (receipt.offset, receipt.version) for receipt in receipts
    ]
    assert log.head() == receipts[-1].offset
    assert log.read_subject("person/1") == events
    assert [event.offset for event in log.read_uses("person/1")] == [receipts[3].offset]
    assert log.read_uses("person/2") == log.read_subject("person/2") == []
    log.close()


def test_offsets_grow_and_pages_follow_one_another(opened: Reopen) -> None:
    log = opened()
    offsets = [log.append([wages("person/1", "1", f"e{index}")])[0].offset for index in range(7)]
    assert offsets == sorted(set(offsets))
    listed: list[int] = []
    after = 0
    while page := log.read(after, 3):
        assert len(page) <= 3
        listed += [event.offset for event in page]
        after = page[-1].offset
    assert listed == offsets
    assert [event.offset for event in log.read_subject("person/1", offsets[4])] == offsets[:5]
    log.close()


def test_a_second_delivery_changes_nothing_and_another_content_is_refused(opened: Reopen) -> None:
    log = opened()
    first = log.append([wages("person/1", "1", "a"), wages("person/2", "1", "b")])
    log.close()
    log = opened()
    again = log.append([wages("person/1", "1", "a"), wages("person/1", "3", "c")])
    assert [(receipt.duplicate, receipt.version) for receipt in again] == [(True, 1), (False, 2)]
    assert again[0].offset == first[0].offset
    with pytest.raises(DeliveryConflict) as caught:
        log.append([wages("person/1", "9", "d"), wages("person/2", "2", "b")])
    assert (caught.value.offset, caught.value.draft) == (first[1].offset, 1)
    assert log.version("person/1") == 2
    log.close()


def test_a_stale_version_refuses_everything_and_names_the_draft(opened: Reopen) -> None:
    log = opened()
    log.append([wages("person/1", "1", "a", version=0), wages("person/1", "2", "b", version=1)])
    head = log.head()
    with pytest.raises(VersionConflict) as caught:
        log.append([wages("person/2", "1", "c"), wages("person/1", "3", "d", version=1)])
    assert (caught.value.actual, caught.value.draft) == (2, 1)
    assert (log.head(), log.version("person/2"), log.version("person/1")) == (head, 0, 2)
    log.close()


def test_outputs_and_position_go_together(opened: Reopen) -> None:
    log = opened()
    log.append([wages("person/1", "1", "a")], advance=Advance("follower", 0, 5))
    head = log.head()
    for expected, to, error in ((0, 7, PositionConflict), (5, 4, InvalidEvent)):
        with pytest.raises(error):
            log.append([wages("person/1", "2", "b")], advance=Advance("follower", expected, to))
    log.close()
    log = opened()
    assert (log.head(), log.position("follower"), log.position("other")) == (head, 5, 0)
    log.append([], advance=Advance("follower", 5, 9))
    assert log.position("follower") == 9
    log.close()


def test_recorded_times_never_go_back(opened: Reopen, clock: Clock) -> None:
    log = opened()
    offsets = []
    for day in (5, 3, 6):
        clock.now = day
        offsets.append(log.append([wages("person/1", str(day), f"e{day}")])[0].offset)
    assert [event.recorded_at_us for event in log.read()] == [microseconds(day) for day in (5, 5, 6)]
    assert [log.offset_of(moment(day)) for day in (4, 5, 5.5, 9)] == [0, offsets[1], offsets[1], offsets[2]]
    assert (log.offset_of(None), log.offset_of(10**9), log.offset_of(-1)) == (offsets[2], offsets[2], 0)
    log.close()


def test_what_is_refused_is_refused_by_both(opened: Reopen) -> None:
    log = opened()
    for draft in (wages("Person/1", "1", "a"), Draft("person/1", Erasure(1, "f", "r"), TAX, "b")):
        with pytest.raises(InvalidEvent):
            log.append([draft])
    assert (log.head(), dict(log.lost())) == (0, {})
    log.close()
    with pytest.raises(LogUnavailable):
        log.append([wages("person/1", "1", "a")])


def test_an_aborted_transaction_is_not_seen_and_a_zombie_is_fenced(clock: Clock) -> None:
    """What topics add: an abort leaves offsets behind that no reader sees; who was replaced can write no more."""
    broker = Broker()
    zombie = TopicLog(broker, clock)
    zombie.append([wages("person/1", "1", "a")])
    log = TopicLog(broker, clock, zombie.names)
    with pytest.raises(LogUnavailable) as caught:
        zombie.append([wages("person/1", "2", "b")])
    assert isinstance(caught.value.__cause__, Fenced)
    broker.fail = True
    with pytest.raises(LogUnavailable):
        log.append([wages("person/1", "3", "c")], advance=Advance("follower", 0, 1))
    broker.fail = False
    again = TopicLog(broker, clock, zombie.names)
    assert ([event.event_id for event in again.read()], again.position("follower")) == (["a"], 0)
    assert again.append([wages("person/1", "3", "c", day=date(2024, 2, 1))])[0].offset > again.read()[0].offset + 2


def test_the_protocol_and_the_events_know_nothing_of_the_store() -> None:
    """What a log of another kind imports must not lead to SQLite."""
    root = Path(__file__).parents[2] / "citizens"
    paths = [
        root / f"{name}.py"
        for name in (
            "log",
            "errors",
            "kinds",
            "payload_json",
            "stored_values",
            "book_entries",
            "codec",
            "timeline",
            "ledger",
        )
    ]
    paths += [*(root / "events").glob("*.py"), *(root / "snapshot").glob("*.py")]
    assert len(paths) > 10
    for path in paths:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)} | {
            alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names
        }
        assert not {table for table in imported if table and ("sqlite" in table or table.startswith("apsw"))}, path
