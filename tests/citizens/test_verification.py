"""Damage is found, and said where: flipped bits, swapped rows, removed and cut-off events.

Where SQLite's file is damaged in a place that holds nothing, nothing is lost either: a flipped bit is either found, or
every event reads back as it was written. RULEWRIGHT_FLIPS sets how many bits are tried.
"""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import apsw
import pytest

from citizens import (
    Advance,
    AnchorMismatch,
    Assessment,
    CitizensError,
    Draft,
    LogDamaged,
    Use,
    Verification,
    open_log,
    verify_events,
)
from tests.citizens.histories import DAY, TAX, Clock, fresh, moment, wages

FLIPS = int(os.environ.get("RULEWRIGHT_FLIPS", "150"))
EVENTS = "events-000001.db"


def filled(folder: Path, events: int = 40) -> None:
    """A closed log with events, an assessment, and a consumer's position."""
    with fresh(folder) as log:
        for index in range(events):
            log.append([wages(f"person/{index % 7}", str(index), f"e{index}")])
        used = (Use("person/1", ("wages",)), Use("person/2", ("wages",)))
        body = Assessment("2024", DAY, "f00d", 9, (("tax", Decimal(1)),), used)
        log.append([Draft("tax_unit/1", body, TAX, "assessment")], advance=Advance("annual", 0, 9))


def tampered(folder: Path, statement: str, name: str = EVENTS) -> Verification:
    """What verification says after a statement that goes behind the log's back."""
    connection = apsw.Connection(str(folder / name))
    connection.execute(statement)
    connection.close()
    with open_log(folder, write=False) as log:
        return log.verify()


def test_a_sound_log_is_sound(tmp_path: Path) -> None:
    filled(tmp_path)
    with open_log(tmp_path, write=False) as log:
        verification = log.verify(log.anchor())
    assert (verification.problems, verification.events, verification.head) == ((), 41, 41)
    verification.require()


@pytest.mark.parametrize(
    ("statement", "offset"),
    [
        ("UPDATE events SET payload = zeroblob(length(payload)) WHERE offset = 7", 7),
        ("UPDATE events SET recorded_at_us = recorded_at_us + 1 WHERE offset = 7", 7),
        ("UPDATE events SET subject = subject + 1 WHERE offset = 7", 7),
        ("UPDATE events SET version = 1 WHERE offset = 40", 40),
        ("UPDATE events SET kind = 2 WHERE offset = 7", 7),
        ("UPDATE events SET chain = zeroblob(32) WHERE offset = 7", 7),
        ("UPDATE events SET delivery = zeroblob(16) WHERE offset = 7", 7),
        ("UPDATE events SET offset = 99 WHERE offset = 7", 7),
        ("DELETE FROM events WHERE offset = 7", 7),
        ("DELETE FROM events WHERE offset BETWEEN 7 AND 9", 7),
        ("UPDATE origins SET actor = 'somebody else'", 1),
        ("UPDATE meta SET value = zeroblob(16) WHERE name = 'log_id'", 1),
        ("DELETE FROM deliveries WHERE offset = 7", 7),
        ("UPDATE deliveries SET offset = 8 WHERE offset = 7", 7),
        ("DELETE FROM uses WHERE subject = 2", 41),
        ("UPDATE uses SET offset = 40", 40),
        ("UPDATE positions SET position = 8", 0),
        ("INSERT INTO gaps VALUES(90, 91, x'00', x'00', 0, 0)", 90),
    ],
)
def test_a_change_behind_the_logs_back_is_found(tmp_path: Path, statement: str, offset: int) -> None:
    filled(tmp_path)
    verification = tampered(tmp_path, statement)
    assert offset in {problem.offset for problem in verification.problems}
    with pytest.raises(LogDamaged, match="backup"):
        verification.require()


def test_swapped_rows_are_found(tmp_path: Path) -> None:
    filled(tmp_path)
    swap = (
        "UPDATE events SET offset = -1 WHERE offset = 7; UPDATE events SET offset = 7 WHERE offset = 9; "
        "UPDATE events SET offset = 9 WHERE offset = -1"
    )
    verification = tampered(tmp_path, swap)
    assert {7, 9} <= {problem.offset for problem in verification.problems}
    with open_log(tmp_path, write=False) as log, pytest.raises(LogDamaged) as caught:
        log.read()
    assert caught.value.offset == 7


COLUMNS = ("recorded_at_us", "kind", "subject", "version", "origin", "delivery", "payload", "chain")


def tampering(draw: random.Random) -> tuple[str, int]:
    """A statement that swaps, moves, removes or copies events, and the first offset that is then not as it was."""
    first, second = sorted(draw.sample(range(1, 42), 2))
    names = ", ".join(COLUMNS)
    match draw.choice(("swap rows", "swap cells", "remove", "remove a run", "copy", "change")):
        case "swap rows":
            moves = ((first, -1), (second, first), (-1, second))
            return "; ".join(f"UPDATE events SET offset = {to} WHERE offset = {at}" for at, to in moves), first
        case "swap cells":
            column = draw.choice(("payload", "chain", "delivery"))
            other = f"(SELECT {column} FROM events WHERE offset = {first} + {second} - e.offset)"
            return f"UPDATE events AS e SET {column} = {other} WHERE offset IN ({first}, {second})", first
        case "remove":
            return f"DELETE FROM events WHERE offset = {first}", first
        case "remove a run":
            return f"DELETE FROM events WHERE offset >= {first} AND offset < {second}", first
        case "copy":
            return f"INSERT INTO events SELECT 42, {names} FROM events WHERE offset = {first}", 42
    column = draw.choice(("recorded_at_us", "version", "subject"))
    return f"UPDATE events SET {column} = {column} + 1 WHERE offset = {first}", first


@pytest.mark.parametrize("seed", range(5))
def test_tampering_anywhere_is_found_at_the_first_offset_concerned(tmp_path: Path, seed: int) -> None:
    filled(tmp_path / "whole")
    draw = random.Random(seed)
    for number in range(12):
        shutil.rmtree(tmp_path / "log", ignore_errors=True)
        shutil.copytree(tmp_path / "whole", tmp_path / "log")
        statement, first = tampering(draw)
        offsets = [problem.offset for problem in tampered(tmp_path / "log", statement).problems if problem.offset]
        assert min(offsets, default=None) == first, f"seed {seed}, case {number}: {statement}"


@pytest.mark.parametrize("column", ["payload = zeroblob(length(payload))", "version = 9", "recorded_at_us = 1"])
def test_reading_a_changed_row_says_which(tmp_path: Path, column: str) -> None:
    filled(tmp_path)
    tampered(tmp_path, f"UPDATE events SET {column} WHERE offset = 7")
    with open_log(tmp_path, write=False) as log:
        for call in (log.read, lambda: log.timeline("person/6"), lambda: log.snapshot(DAY)):
            with pytest.raises(LogDamaged) as caught:
                call()
            assert caught.value.offset == 7


@pytest.mark.parametrize(
    "statement",
    ["UPDATE subjects SET id = 'x' WHERE number = 3", "UPDATE subjects SET sealed = zeroblob(60) WHERE number = 3"],
)
def test_a_changed_key_store_is_found(tmp_path: Path, statement: str) -> None:
    filled(tmp_path)
    verification = tampered(tmp_path, statement, "keys.db")
    assert "subject 3" in verification.problems[0].what


def test_a_cut_off_end_is_found_by_the_anchor(tmp_path: Path) -> None:
    filled(tmp_path)
    with open_log(tmp_path, write=False) as log:
        anchor = log.anchor()
    statements = "; ".join(f"DELETE FROM {table} WHERE offset > 38" for table in ("events", "deliveries", "uses"))
    (problem,) = tampered(tmp_path, statements).problems
    assert (problem.offset, "anchor saw offset 41" in problem.what) == (39, True)
    assert verify_events(tmp_path).problems == (problem,)
    with pytest.raises(AnchorMismatch):
        open_log(tmp_path)
    (tmp_path / "anchor").unlink()
    with open_log(tmp_path, write=False) as log:
        assert log.verify().sound, "a chain does not see its own end cut off"
        assert log.verify(anchor).problems == (problem,)
    assert verify_events(tmp_path, anchor).problems == (problem,)


def test_the_events_are_verified_without_the_keys(tmp_path: Path) -> None:
    filled(tmp_path)
    (tmp_path / "keys.db").unlink()
    verification = verify_events(tmp_path)
    assert (verification.problems, verification.events, verification.head) == ((), 41, 41)
    tampered_events = apsw.Connection(str(tmp_path / EVENTS))
    tampered_events.execute("UPDATE events SET version = 9 WHERE offset = 7")
    tampered_events.close()
    assert [problem.offset for problem in verify_events(tmp_path).problems] == [7]


def test_compacted_events_are_verified_without_the_keys(tmp_path: Path) -> None:
    filled(tmp_path)
    with fresh(tmp_path, Clock(1)) as log:
        assert log.compact({"tax": moment(1)}, actor="a", legal_basis="b").removed
    (tmp_path / "keys.db").unlink()
    assert verify_events(tmp_path).problems == ()


def test_another_history_is_found_by_the_anchor(tmp_path: Path) -> None:
    filled(tmp_path / "a")
    filled(tmp_path / "b")
    with open_log(tmp_path / "a") as log:
        anchor = log.anchor()
    with open_log(tmp_path / "b") as log:
        assert "another log" in log.verify(anchor).problems[0].what


def test_tampering_with_what_compaction_left_is_found(tmp_path: Path) -> None:
    for statement in (
        "UPDATE gaps SET after = zeroblob(32)",
        "UPDATE gaps SET recorded_to_us = 0",
        "DELETE FROM gaps",
        "UPDATE deliveries SET delivery = randomblob(16) WHERE offset = 1",
        "DELETE FROM deliveries WHERE offset = 1",
    ):
        shutil.rmtree(tmp_path, ignore_errors=True)
        clock = Clock()
        with fresh(tmp_path, clock) as log:
            for index in range(4):
                clock.now += 1
                log.append([wages("person/1", str(index), f"e{index}")])
            log.compact({"tax": moment(9)}, actor="a", legal_basis="b")
            assert log.verify().problems == ()
        assert tampered(tmp_path, statement, "events-000002.db").problems, statement


def whole_history(folder: Path) -> tuple[object, ...]:
    """Everything that the log can be asked."""
    with open_log(folder, write=False) as log:
        events = tuple(log.read(limit=10_000))
        subjects = {event.subject for event in events}
        uses = tuple(tuple(log.read_uses(subject)) for subject in sorted(subjects))
        versions = tuple(log.version(subject) for subject in sorted(subjects))
        return events, uses, versions, log.position("annual")


def found_or_harmless(folder: Path, expected: tuple[object, ...]) -> bool:
    """Whether damage is reported; if it is not, everything must be as it was."""
    try:
        with open_log(folder, write=False) as log:
            if not log.verify().sound:
                return True
        assert whole_history(folder) == expected
    except CitizensError:
        return True
    return False


def damaged(tmp_path: Path, name: str, change: Callable[[bytearray], None], expected: tuple[object, ...]) -> bool:
    shutil.rmtree(tmp_path / "copy", ignore_errors=True)
    shutil.copytree(tmp_path / "log", tmp_path / "copy")
    content = bytearray((tmp_path / "copy" / name).read_bytes())
    change(content)
    (tmp_path / "copy" / name).write_bytes(content)
    return found_or_harmless(tmp_path / "copy", expected)


@pytest.mark.parametrize("name", [EVENTS, "keys.db"])
def test_a_flipped_bit_is_found_or_harmless(tmp_path: Path, name: str) -> None:
    filled(tmp_path / "log")
    expected, draw, result = whole_history(tmp_path / "log"), random.Random(37), 0
    for _ in range(FLIPS):

        def flip(content: bytearray) -> None:
            content[draw.randrange(len(content))] ^= 1 << draw.randrange(8)

        result += damaged(tmp_path, name, flip, expected)
    assert result > 0


def test_a_cut_off_wal_leaves_a_sound_beginning_and_the_anchor_tells(tmp_path: Path) -> None:
    log = fresh(tmp_path / "log")
    for index in range(20):
        log.append([wages("person/1", str(index), f"e{index}")])
    anchor, wal = log.anchor(), f"{EVENTS}-wal"
    size = (tmp_path / "log" / wal).stat().st_size
    lengths = set()
    for cut in range(1, size, size // 15):
        shutil.rmtree(tmp_path / "copy", ignore_errors=True)
        shutil.copytree(tmp_path / "log", tmp_path / "copy", ignore=shutil.ignore_patterns("*-shm"))
        os.truncate(tmp_path / "copy" / wal, size - cut)
        with fresh(tmp_path / "copy") as copy:
            copy.verify().require()
            events = copy.read()
            assert [event.event_id for event in events] == [f"e{index}" for index in range(len(events))]
            assert copy.verify(anchor).problems[0].offset == len(events) + 1
            lengths.add(len(events))
    log.close()
    assert len(lengths) > 5


@pytest.mark.parametrize("name", [EVENTS, "keys.db"])
def test_a_truncated_file_is_found(tmp_path: Path, name: str) -> None:
    filled(tmp_path / "log")
    expected = whole_history(tmp_path / "log")
    size = (tmp_path / "log" / name).stat().st_size
    for length in (0, 10, 100, 512, 4096, size // 2, size - 4096, size - 1):

        def cut(content: bytearray, length: int = length) -> None:
            del content[length:]

        assert damaged(tmp_path, name, cut, expected)
