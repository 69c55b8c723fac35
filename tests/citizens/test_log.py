"""Append, read, identity of deliveries, versions, positions, and who may write."""

from __future__ import annotations

import threading
from datetime import date
from decimal import Decimal
from pathlib import Path
from time import sleep

import apsw
import pytest

from citizens import (
    Advance,
    Assessment,
    Belongs,
    Correction,
    DeliveryConflict,
    Draft,
    Erasure,
    Facts,
    InvalidEvent,
    Log,
    LogDamaged,
    LogLocked,
    LogUnavailable,
    Point,
    PositionConflict,
    Receipt,
    Use,
    VersionConflict,
    open_log,
)
from citizens.sqlite.group_commit import Submission
from tests.citizens.histories import DAY, TAX, Clock, fresh, microseconds, moment, wages


def test_what_is_appended_is_read_back(tmp_path: Path) -> None:
    point = Point("wages", DAY, Decimal("12.30"))
    member = Point("tax_unit", DAY, Belongs("tax_unit/7", "head"))
    with fresh(tmp_path) as log:
        log.append([Draft("person/1", Facts((point, member)), TAX, "a")])
        log.append([Draft("person/1", Correction((point,), "typo"), TAX, "b")])
        first, second = log.read()
    assert (first.offset, first.version, first.subject, first.event_id) == (1, 1, "person/1", "a")
    assert (first.body, first.origin) == (Facts((point, member)), TAX)
    assert (second.offset, second.version, second.body) == (2, 2, Correction((point,), "typo"))
    assert isinstance(first.body, Facts)
    assert str(first.body.points[0].value) == "12.30"


def test_the_embedded_log_is_a_log(tmp_path: Path) -> None:
    with fresh(tmp_path) as embedded:
        log: Log = embedded
        log.append([wages("person/1", "1", "a")])
        assert (log.head(), log.position("x"), log.offset_of(None), dict(log.lost())) == (1, 0, 1, {})


def test_stats_count(tmp_path: Path) -> None:
    with fresh(tmp_path) as log:
        log.append([wages("person/1", "1", "a"), wages("person/2", "1", "b")], advance=Advance("annual", 0, 2))
        log.erase("person/1", actor="a", legal_basis="b", reason="c")
        stats = log.stats()
    assert (stats.head, stats.subjects, stats.erased, stats.compacted) == (3, 1, 1, 0)
    assert stats.by_kind == {"facts": 2, "erasure": 1}
    assert stats.consumers == {"annual": 2}


def test_read_pages_from_an_offset(tmp_path: Path) -> None:
    with fresh(tmp_path) as log:
        log.append([wages("person/1", "1", f"e{index}") for index in range(10)])
        assert [event.offset for event in log.read(after=3, limit=4)] == [4, 5, 6, 7]
        assert log.read(after=10) == []
        assert log.head() == 10


def test_it_is_all_there_after_reopening(tmp_path: Path) -> None:
    with fresh(tmp_path) as log:
        log.append([wages("person/1", "1", "a")])
        before = log.read()
    with fresh(tmp_path) as log:
        assert log.read() == before
        assert log.append([wages("person/1", "2", "b")])[0].offset == 2


def test_a_second_delivery_changes_nothing(tmp_path: Path) -> None:
    with fresh(tmp_path) as log:
        first = log.append([wages("person/1", "1", "a", version=0)])[0]
        again = log.append([wages("person/1", "1", "a", version=0)])[0]
        both = log.append([wages("person/1", "2", "b"), wages("person/1", "2", "b")])
        assert (again.offset, again.version, again.duplicate) == (first.offset, 1, True)
        assert [receipt.duplicate for receipt in both] == [False, True]
        assert log.head() == 2


@pytest.mark.parametrize("other", [wages("person/1", "2", "a"), wages("person/2", "1", "a")])
def test_a_second_delivery_with_other_content_is_refused(tmp_path: Path, other: Draft) -> None:
    with fresh(tmp_path) as log:
        log.append([wages("person/1", "1", "a")])
        with pytest.raises(DeliveryConflict, match="offset 1"):
            log.append([other])
        assert log.head() == 1


def test_reordered_deliveries_give_the_same_facts(tmp_path: Path) -> None:
    drafts = [wages("person/1", str(index), f"e{index}", day=date(2024, 1, 1 + index)) for index in range(5)]
    with fresh(tmp_path / "a") as forward, fresh(tmp_path / "b") as backward:
        forward.append(drafts)
        backward.append([*reversed(drafts), *drafts])
        for day in range(1, 7):
            held = forward.timeline("person/1").at(date(2024, 1, day))
            assert held == backward.timeline("person/1").at(date(2024, 1, day))


def test_the_expected_version_must_be_the_subjects(tmp_path: Path) -> None:
    with fresh(tmp_path) as log:
        log.append([wages("person/1", "1", "a", version=0), wages("person/1", "2", "b", version=1)])
        with pytest.raises(VersionConflict) as caught:
            log.append([wages("person/2", "1", "c"), wages("person/1", "3", "d", version=1)])
        assert caught.value.actual == 2
        assert (log.head(), log.version("person/1"), log.version("person/2")) == (2, 2, 0)


def test_outputs_and_position_go_together_or_not_at_all(tmp_path: Path) -> None:
    with fresh(tmp_path) as log:
        log.append([wages("person/1", "1", "a")], advance=Advance("follower", 0, 5))
        with pytest.raises(PositionConflict) as caught:
            log.append([wages("person/1", "2", "b")], advance=Advance("follower", 0, 7))
        assert (caught.value.actual, log.head(), log.position("follower")) == (5, 1, 5)
        with pytest.raises(InvalidEvent, match="never goes back"):
            log.append([], advance=Advance("follower", 5, 4))
        log.append([], advance=Advance("follower", 5, 9))
    with fresh(tmp_path) as log:
        assert (log.position("follower"), log.position("other")) == (9, 0)


def test_of_two_followers_one_moves_the_position(tmp_path: Path) -> None:
    outcomes: list[str] = []

    def follow(name: str) -> None:
        try:
            log.append([wages("person/1", "1", name)], advance=Advance("follower", 0, 1))
            outcomes.append("moved")
        except PositionConflict:
            outcomes.append("beaten")

    with fresh(tmp_path) as log:
        threads = [threading.Thread(target=follow, args=(f"t{index}",)) for index in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert (sorted(outcomes), log.head()) == (["beaten"] * 7 + ["moved"], 1)


def test_many_drafts_together_are_what_each_is_alone(tmp_path: Path) -> None:
    """Numbers, versions and deliveries are asked for all at once, of subjects and deliveries old and new."""
    before = [wages(f"person/{number}", "1", f"before-{number}") for number in range(10)]
    drafts = [wages(f"person/{number % 15}", "2", f"{'before' if number % 3 else 'new'}-{number}") for number in (
        *range(10, 40), *range(10, 14))]  # fmt: skip
    drafts += before[:4]
    receipts: list[list[Receipt]] = []
    for name, size in (("together", len(drafts)), ("alone", 1)):
        with fresh(tmp_path / name) as log:
            log.append(before)
            blocks = [drafts[at : at + size] for at in range(0, len(drafts), size)]
            receipts.append([receipt for block in blocks for receipt in log.append(block)])
            with pytest.raises(DeliveryConflict) as conflict:
                log.append([*drafts[:25], wages("person/3", "9", "before-3")])
            assert (conflict.value.draft, log.head()) == (25, 40)
    assert receipts[0] == receipts[1]
    assert sum(receipt.duplicate for receipt in receipts[0]) == 8


def test_many_threads_lose_nothing_and_share_versions(tmp_path: Path) -> None:
    def write(name: int) -> None:
        receipts.extend(log.append([wages("person/1", "1", f"{name}-{index}")])[0] for index in range(25))

    receipts: list[Receipt] = []
    with fresh(tmp_path) as log:
        threads = [threading.Thread(target=write, args=(name,)) for name in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(receipt.offset for receipt in receipts) == list(range(1, 401))
        assert all(receipt.offset == receipt.version for receipt in receipts)
        assert log.verify().sound


def test_an_interrupted_caller_does_not_hold_up_the_others(tmp_path: Path) -> None:
    """Who waits in the queue and is interrupted leaves it, and hands on the lead if it was to have it."""
    with fresh(tmp_path) as log:
        writer = log._require_writer()
        gone = Submission([wages("person/1", "1", "gone")], None, system=False)
        waiting = threading.Thread(target=lambda: log.append([wages("person/1", "2", "stays")]))
        with writer._queue_lock:
            writer._queue.append(gone)
            writer._led, writer._chosen = True, gone
        waiting.start()
        while len(writer._queue) < 2:
            threading.Event().wait(0.001)
        writer._leave(gone)
        waiting.join(timeout=30)
        log.append([wages("person/1", "3", "after")])
        assert [event.event_id for event in log.read()] == ["stays", "after"]


def test_appends_go_on_beside_erasures_compactions_and_reads(tmp_path: Path) -> None:
    stop = threading.Event()
    counts: list[int] = []

    def write(name: int) -> None:
        done = 0
        while not stop.is_set():
            log.append([wages(f"person/{name}", str(done), f"{name}-{done}")])
            done += 1
        counts.append(done)

    clock = Clock(1)
    with fresh(tmp_path, clock) as log:
        threads = [threading.Thread(target=write, args=(name,), daemon=True) for name in range(6)]
        for thread in threads:
            thread.start()
        for index in range(12):
            log.append([wages(f"person/gone-{index}", "1", f"gone-{index}")])
            assert log.erase(f"person/gone-{index}", actor="a", legal_basis="b", reason="c")
            log.compact({"tax": moment(2)}, actor="a", legal_basis="b")
            log.snapshot(DAY)
        stop.set()
        for thread in threads:
            thread.join(timeout=60)
        assert len(counts) == 6
        assert sum(log.version(f"person/{name}") for name in range(6)) == sum(counts)
        assert log.verify().problems == ()


def test_a_conflict_fails_its_own_submission_only(tmp_path: Path) -> None:
    with fresh(tmp_path) as log:
        barrier, errors = threading.Barrier(8), []

        def write(name: int) -> None:
            barrier.wait()
            try:
                log.append([wages("person/1", "1", f"e{name}", version=99 if name % 2 else None)])
            except VersionConflict as error:
                errors.append(error)

        threads = [threading.Thread(target=write, args=(name,)) for name in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert (len(errors), log.head()) == (4, 4)


def test_a_clock_that_goes_back_does_not_take_the_log_with_it(tmp_path: Path) -> None:
    clock = Clock(5)
    with fresh(tmp_path, clock) as log:
        log.append([wages("person/1", "1", "a")])
        clock.now = 3
        log.append([wages("person/1", "2", "b")])
    with fresh(tmp_path, clock) as log:
        log.append([wages("person/1", "3", "c")])
        clock.now = 6
        log.append([wages("person/1", "4", "d")])
        assert [event.recorded_at_us for event in log.read()] == [microseconds(day) for day in (5, 5, 5, 6)]
        assert [log.offset_of(moment(day)) for day in (4, 5, 5.5, 6, 9)] == [0, 3, 3, 4, 4]


def test_a_second_writer_is_refused_and_readers_are_not(tmp_path: Path) -> None:
    with fresh(tmp_path) as log:
        with pytest.raises(LogLocked, match="process"):
            open_log(tmp_path)
        with open_log(tmp_path, write=False) as reader:
            log.append([wages("person/1", "1", "a")])
            assert reader.head() == 1
            with pytest.raises(LogUnavailable, match="reading only"):
                reader.append([wages("person/1", "1", "b")])
    open_log(tmp_path).close()


def test_full_synchronisation_is_read_back(tmp_path: Path) -> None:
    with fresh(tmp_path) as log:
        writer = log._writer
        assert writer is not None
        for connection in (writer.reader.connection, writer.reader.keys._connection):
            pragmas = [connection.pragma(name) for name in ("journal_mode", "synchronous", "wal_autocheckpoint")]
            assert pragmas == ["wal", 2, 0]


def test_the_wal_is_emptied_when_it_has_grown(tmp_path: Path) -> None:
    from citizens import Settings

    with fresh(tmp_path, settings=Settings(checkpoint_pages=4)) as log:
        for index in range(400):
            log.append([wages("person/1", "1", f"e{index}")])
            if index % 10 == 9:
                sleep(0.01)  # on a busy machine too the thread that empties it has its turn
        wal = tmp_path / "events-000001.db-wal"
        assert wal.stat().st_size < 700 * 4096  # 1,250 pages and more where nothing empties it
        assert log.verify().sound


def test_uses_lead_from_a_person_to_the_assessments(tmp_path: Path) -> None:
    used = (Use("person/1", ("wages", "age")), Use("person/2", ("wages",)))
    body = Assessment("2024", DAY, "f00d", 1, (("tax", Decimal("10.00")), ("filed", True)), used)
    with fresh(tmp_path) as log:
        log.append([wages("person/1", "1", "a"), Draft("tax_unit/1", body, TAX, "b")])
        assert [event.body for event in log.read_uses("person/2")] == [body]
        assert log.read_uses("person/1", after=2) == []
        assert log.read_uses("person/3") == []


@pytest.mark.parametrize(
    "name", ["person", "Person/1", "/1", "person/", "person/a\nb", "person/\ud800", "person/erased-1"]
)
def test_bad_subjects_are_refused(tmp_path: Path, name: str) -> None:
    with fresh(tmp_path) as log, pytest.raises(InvalidEvent):
        log.append([wages(name, "1", "a")])


def test_erasures_cannot_be_appended_by_hand(tmp_path: Path) -> None:
    with fresh(tmp_path) as log, pytest.raises(InvalidEvent, match="call erase"):
        log.append([Draft("person/1", Erasure(1, "f", "r"), TAX, "a")])


def test_what_is_no_log_is_refused_with_a_remedy(tmp_path: Path) -> None:
    with pytest.raises(LogDamaged, match="holds no log"):
        open_log(tmp_path / "nothing", write=False)
    (tmp_path / "file").write_text("x")
    with pytest.raises(LogUnavailable, match="cannot be opened"):
        open_log(tmp_path / "file")
    fresh(tmp_path / "log").close()
    (tmp_path / "log" / "events-000001.db").write_bytes(b"no database at all" * 500)
    with pytest.raises(LogDamaged, match="backup"):
        open_log(tmp_path / "log")


def test_a_missing_current_file_does_not_cost_the_log(tmp_path: Path) -> None:
    with fresh(tmp_path) as log:
        log.append([wages("person/1", "1", "a")])
    (tmp_path / "current").unlink()
    with pytest.raises(LogDamaged, match="current"):
        open_log(tmp_path)
    (tmp_path / "current").write_text("events-000001.db\n")
    with fresh(tmp_path) as log:
        assert log.head() == 1


def test_a_wrong_key_store_is_refused(tmp_path: Path) -> None:
    fresh(tmp_path / "a").close()
    fresh(tmp_path / "b").close()
    with pytest.raises(LogDamaged, match="another log"):
        open_log(tmp_path / "a", keys=tmp_path / "b" / "keys.db")


def test_a_closed_log_says_so(tmp_path: Path) -> None:
    log = fresh(tmp_path)
    log.close()
    log.close()
    for call in (log.head, lambda: log.append([])):
        with pytest.raises(LogUnavailable, match="closed"):
            call()


def test_tables_are_strict(tmp_path: Path) -> None:
    fresh(tmp_path).close()
    for name in ("events-000001.db", "keys.db"):
        connection = apsw.Connection(str(tmp_path / name))
        tables = connection.execute("SELECT name, strict FROM pragma_table_list WHERE name NOT LIKE 'sqlite_%'")
        assert all(strict for _, strict in tables)
