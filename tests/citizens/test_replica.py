"""Copies that follow a log: whole at every cut, never a fork carried, what either has alone shown."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest

from citizens import (
    CitizensError,
    Draft,
    Event,
    Forked,
    Layout,
    LogDamaged,
    Promotion,
    Refused,
    Replica,
    Retraction,
    compare,
    open_log,
    promote,
)
from tests.citizens.histories import DAY, TAX, Clock, fresh, moment, wages


def promoted_now(folder: Path) -> int:
    """The copy made the log, with all that has to be said of it."""
    return promote(
        layout(folder), actor="operator", legal_basis="plan 7", reason="the first machine burnt", clock=Clock()
    )


def layout(folder: Path) -> Layout:
    return Layout(folder, folder / "keys.db")


def follow(source: Path, target: Path, limit: int = 20_000) -> int:
    """Follow to the end; the offset reached."""
    with Replica(layout(source), layout(target)) as replica:
        while (lag := replica.step(limit)).behind:
            pass
        return lag.offset


def seen(folder: Path) -> tuple[list[Event], dict[str, int], str]:
    """What a reader finds, and the last link; verified whole."""
    with open_log(folder, write=False) as log:
        verification = log.verify()
        assert verification.sound, verification.problems
        return log.read(0, 10_000), log.positions(), verification.chain


def test_a_replica_is_the_log_again_and_again(tmp_path: Path) -> None:
    log_folder, copy = tmp_path / "log", tmp_path / "copy"
    with fresh(log_folder, Clock()) as log:
        for index in range(7):
            log.append([wages(f"person/{index % 3}", str(index), f"e{index}")])
        with Replica(layout(log_folder), layout(copy)) as replica:
            lags = [replica.step(3) for _ in range(3)]
        assert [(lag.offset, lag.behind, lag.carried) for lag in lags] == [(3, 4, 3), (6, 1, 3), (7, 0, 1)]
        assert seen(copy) == seen(log_folder)
        log.append([Draft("person/9", Retraction((("wages", DAY),), "nobody"), TAX, "e9")])
        log.erase("person/1", actor="a", legal_basis="b", reason="c")
    assert follow(log_folder, copy) == 9
    assert seen(copy) == seen(log_folder)
    assert b"person/1" not in (copy / "keys.db").read_bytes()
    with pytest.raises(Refused, match="is a copy of"):
        open_log(copy)


def compacted(folder: Path, copy: Path, clock: Clock) -> None:
    """A log of which some is forgotten, and a copy from the time before."""
    with fresh(folder, clock) as log:
        for day in range(6):
            clock.now = day
            log.append([wages("person/1", str(day), f"a{day}"), wages("person/2", str(day), f"b{day}")])
            if day == 3:
                follow(folder, copy)
        clock.now = 40
        log.compact({"tax": moment(5.5)}, actor="a", legal_basis="b", tombstone_delay=timedelta(days=1))
        log.append([wages("person/3", "1", "c")])


def test_what_the_log_forgets_the_replica_forgets_wherever_it_is_cut_off(tmp_path: Path) -> None:
    clock = Clock()
    compacted(tmp_path / "log", tmp_path / "copy", clock)
    wanted = seen(tmp_path / "log")
    for step in ("keys", "written", "swapped", "carried"):
        child = os.fork()
        if child == 0:  # dies as by kill -9: nothing is cleaned up

            def die(at: str, here: str = step) -> None:
                if at == here:
                    os._exit(0)

            Replica(layout(tmp_path / "log"), layout(tmp_path / "copy"), on_step=die).step()
            os._exit(1)
        assert os.waitpid(child, 0)[1] == 0
        with open_log(tmp_path / "copy", write=False) as log:
            assert log.verify().sound
    assert follow(tmp_path / "log", tmp_path / "copy") == 14
    assert seen(tmp_path / "copy") == wanted
    assert follow(tmp_path / "log", tmp_path / "new") == 14
    assert seen(tmp_path / "new") == wanted


def test_a_step_that_dies_between_keys_and_events_is_done_again(tmp_path: Path) -> None:
    with fresh(tmp_path / "log", Clock()) as log:
        log.append([wages("person/1", "1", "a"), wages("person/2", "1", "b")])
        log.erase("person/1", actor="a", legal_basis="b", reason="c")
    for step in ("keys", "ledger", "taken"):
        child = os.fork()
        if child == 0:

            def die(at: str, here: str = step) -> None:
                if at == here:
                    os._exit(0)

            Replica(layout(tmp_path / "log"), layout(tmp_path / "copy"), on_step=die).step()
            os._exit(1)
        assert os.waitpid(child, 0)[1] == 0
    assert follow(tmp_path / "log", tmp_path / "copy") == 3
    assert seen(tmp_path / "copy") == seen(tmp_path / "log")


def test_a_promoted_copy_is_the_log_and_the_old_one_stops(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    log = fresh(old, Clock())
    log.append([wages("person/1", "1", "a")])
    follow(old, new)
    log.append([wages("person/1", "2", "late")])  # acknowledged, and not carried any more
    assert promoted_now(new) == 2
    with open_log(new, clock=Clock()) as promoted:
        promoted.append([wages("person/2", "5", "b")])
        assert isinstance(promoted.read(1, 1)[0].body, Promotion)
    with pytest.raises(Forked) as caught:
        Replica(layout(old), layout(new))
    assert caught.value.common == 1
    with pytest.raises(Refused, match="is a copy of"):
        log.append([wages("person/1", "3", "later still")])
    log.close()
    with pytest.raises(Forked):
        Replica(layout(new), layout(old))
    comparison = compare(layout(old), layout(new))
    assert (comparison.common, comparison.epochs, comparison.heads, comparison.forked) == (1, (1, 2), (2, 3), True)
    assert [[event.event_id for event in rest] for rest in comparison.rests] == [["late"], ["promotion-2", "b"]]
    again = [Draft(event.subject, event.body, event.origin, event.event_id) for event in comparison.rests[0]]
    with open_log(new, clock=Clock()) as promoted:
        assert [receipt.duplicate for receipt in promoted.append(again)] == [False]
        assert promoted.verify().sound


def test_an_old_log_without_anything_of_its_own_becomes_the_replica(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    with fresh(old, Clock()) as log:
        log.append([wages("person/1", "1", "a")])
    follow(old, new)
    promoted_now(new)
    assert follow(new, old) == 2
    assert seen(old) == seen(new)
    with pytest.raises(Refused, match="not a replica"):
        promoted_now(new)
    assert promoted_now(old) == 3


def test_what_does_not_follow_is_not_carried(tmp_path: Path) -> None:
    with fresh(tmp_path / "log", Clock()) as log:
        log.append([wages("person/1", "1", "a"), wages("person/1", "2", "b")])
    with fresh(tmp_path / "other", Clock()) as log:
        log.append([wages("person/1", "1", "a")])
    for target in (tmp_path / "other", tmp_path / "log2"):
        if target.name == "log2":  # the log itself, taken for a replica
            follow(tmp_path / "log", target)
            (target / "follows").unlink()
        with pytest.raises(Refused):
            Replica(layout(tmp_path / "log"), layout(target))
    damaged = tmp_path / "log" / "events-000001.db"
    import apsw

    connection = apsw.Connection(str(damaged))
    connection.execute("UPDATE events SET version = 9 WHERE offset = 2")
    connection.close()
    with Replica(layout(tmp_path / "log"), layout(tmp_path / "copy")) as replica, pytest.raises(LogDamaged):
        replica.step()
    with pytest.raises(CitizensError):
        Replica(layout(tmp_path / "nothing"), layout(tmp_path / "copy2"))
