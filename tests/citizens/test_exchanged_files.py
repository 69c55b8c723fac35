"""Files that are exchanged, overwritten, cut off or deleted under an open log: no answer and no receipt after it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from datetime import timedelta
from itertools import product
from pathlib import Path

import pytest

from citizens import LogDamaged, LogUnavailable, SharedLog, SqliteLog, open_log
from tests.citizens.histories import Clock, moment, wages

EVENTS = "events-000001.db"


def filled(folder: Path, events: int, first: int = 0) -> Path:
    """A log with some events, closed."""
    with open_log(folder, clock=Clock()) as log:
        log.append(
            [wages(f"person/{number % 7}", str(number), f"e{number}") for number in range(first, first + events)]
        )
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return filled(tmp_path / "log", 300)


def put_another_in_its_place(events: Path, other: Path) -> None:
    beside = events.with_name("beside")
    shutil.copy(other, beside)
    os.replace(beside, events)


def write_another_over_it(events: Path, other: Path) -> None:
    shutil.copyfile(other, events)


def cut_it_off(events: Path, _other: Path) -> None:
    os.truncate(events, events.stat().st_size // 2)


def empty_it(events: Path, _other: Path) -> None:
    os.truncate(events, 0)


def delete_it(events: Path, _other: Path) -> None:
    events.unlink()


def write_zeros_over_it(events: Path, _other: Path) -> None:
    size = events.stat().st_size
    with events.open("r+b") as file:
        file.write(bytes(size))


Exchange = Callable[[Path, Path], None]


def other_file(kind: str, folder: Path) -> Path:
    """The events file of another log, or of this one as it was before."""
    if kind == "an older copy":
        shutil.copytree(folder, folder.parent / "older")
        filled(folder, 200, 300)
        return folder.parent / "older" / EVENTS
    return filled(folder.parent / "other", 900 if kind == "a longer log" else 40) / EVENTS


@pytest.mark.parametrize(
    ("exchange", "kind"),
    [
        *product((put_another_in_its_place, write_another_over_it), ("another log", "an older copy", "a longer log")),
        *((exchange, "another log") for exchange in (cut_it_off, empty_it, delete_it, write_zeros_over_it)),
    ],
)
def test_who_reads_notices_before_the_next_answer(folder: Path, exchange: Exchange, kind: str) -> None:
    other = other_file(kind, folder)
    with open_log(folder, write=False) as log, SharedLog(folder) as shared:
        before = log.read(0, 1_000), shared.timeline("person/3")
        aside = folder.parent / "aside"
        shutil.copy2(folder / EVENTS, aside)
        exchange(folder / EVENTS, other)
        for _ in range(2):  # what was noticed once is not forgotten
            for ask in (lambda: log.read(0, 1_000), lambda: log.head(), lambda: shared.timeline("person/3")):
                with pytest.raises(LogDamaged):
                    ask()
        if exchange in (write_another_over_it, write_zeros_over_it):
            shutil.copyfile(aside, folder / EVENTS)  # the same file has its own bytes again
            assert (log.read(0, 1_000), shared.timeline("person/3")) == before


@pytest.mark.parametrize("exchange", [put_another_in_its_place, cut_it_off, delete_it])
def test_who_writes_acknowledges_nothing_more(folder: Path, tmp_path: Path, exchange: Exchange) -> None:
    other = filled(tmp_path / "other", 40) / EVENTS
    log = open_log(folder, clock=Clock())
    log.append([wages("person/1", "1", "before")])
    log.checkpoint()
    exchange(folder / EVENTS, other)
    for name in ("after", "again"):
        with pytest.raises((LogUnavailable, LogDamaged)):
            log.append([wages("person/1", "2", name)])
    log.close()


def test_what_others_append_compact_and_checkpoint_is_no_exchange(folder: Path) -> None:
    with open_log(folder, write=False) as log:
        for round_ in range(3):
            with open_log(folder, clock=Clock()) as writer:
                writer.append([wages("person/1", str(round_), f"round{round_}")])
                assert log.head() == writer.head()
                writer.checkpoint()
                assert log.head() == writer.head()
        clock = Clock()
        clock.now = 900
        with open_log(folder, clock=clock) as writer:
            day = timedelta(days=1)
            writer.compact({"tax": moment(800)}, actor="a", legal_basis="b", tombstone_delay=day)
            assert log.head() == writer.head()
            writer.append([wages("person/1", "9", "last")])
            assert [event.event_id for event in log.read(log.head() - 1)] == ["last"]


def test_a_log_that_writes_by_itself_sees_its_own_files(tmp_path: Path) -> None:
    """From an empty log on: nothing is in the file itself until the WAL is first moved into it."""
    with open_log(tmp_path / "log", clock=Clock()) as log:
        assert isinstance(log, SqliteLog) and log.head() == 0
        for number in range(5):
            log.append([wages("person/1", str(number), f"e{number}")])
            assert log.head() == number + 1
            if number % 2:
                log.checkpoint()
