"""Erasure by retention class: who has expired goes, in bulk and with a certificate; whom others need stays."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest

from citizens import Assessment, Belongs, Body, Draft, Facts, Hold, Point, Release, SqliteLog, Use
from tests.citizens.histories import BENEFIT, DAY, TAX, Clock, fresh, moment, wages

ORDER = {"actor": "archivist", "legal_basis": "tax code 147", "reason": "ten years are over"}


def record(log: SqliteLog, subject: str, body: Body, origin: object = TAX, event_id: str = "") -> None:
    log.append([Draft(subject, body, TAX if origin is TAX else BENEFIT, event_id or f"{subject}-{log.head()}")])


def joins(group: str, role: str = "member") -> Facts:
    return Facts((Point(group.partition("/")[0], DAY, Belongs(group, role)),))


def used(*subjects: str) -> Assessment:
    return Assessment(
        "2024", date(2024, 12, 31), "program", 0, (), tuple(Use(subject, ("wages",)) for subject in subjects)
    )


def expired(log: SqliteLog, days: float = 5) -> list[str]:
    return log.expired({"tax": moment(days)})


def test_who_has_only_old_events_of_the_class_expires(tmp_path: Path) -> None:
    clock = Clock()
    with fresh(tmp_path, clock) as log:
        for name in ("old", "late", "other"):
            record(log, f"person/{name}", wages("person/x", "1", "e").body)
        record(log, "person/other", Facts((Point("benefit", DAY, True),)), BENEFIT)
        clock.now = 9
        record(log, "person/late", Facts((Point("wages", DAY, 2),)))
        assert expired(log) == ["person/old"]
        done = log.erase_expired({"tax": moment(5)}, **ORDER)
        assert (len(done.entries), done.entries[0].reason, log.version("person/old")) == (1, ORDER["reason"], 0)
        assert log.verify().sound and expired(log) == []
        assert not log.erase_expired({"tax": moment(5)}, **ORDER)


@pytest.mark.parametrize("ends", [False, True])
def test_who_is_held_or_whose_owner_is_stays_until_the_hold_ends(tmp_path: Path, ends: bool) -> None:
    with fresh(tmp_path) as log:
        record(log, "person/1", Facts((Point("wages", DAY, 1),)))
        record(log, "form_w2/1", joins("person/1", "owner"))
        record(log, "person/1", Hold("appeal", "open"), BENEFIT)
        if ends:
            record(log, "person/1", Release("appeal", "closed"), BENEFIT)
        assert expired(log) == (["person/1", "form_w2/1"] if ends else [])


def test_whom_somebody_who_is_kept_needs_stays(tmp_path: Path) -> None:
    clock = Clock()
    with fresh(tmp_path, clock) as log:
        for person, unit in ((1, 1), (2, 1), (3, 2)):
            record(log, f"person/{person}", joins(f"tax_unit/{unit}", "head"))
        record(log, "form_w2/3", joins("person/3", "owner"))
        record(log, "tax_unit/1", used("tax_unit/1", "person/1", "person/2"))
        record(log, "tax_unit/2", used("tax_unit/2", "person/3"))
        clock.now = 9
        record(log, "person/2", Facts((Point("wages", DAY, 2),)))  # so the unit, and who was assessed in it, stays
        assert sorted(expired(log)) == ["form_w2/3", "person/3", "tax_unit/2"]
        record(log, "form_w2/3", Facts((Point("box", DAY, 2),)))
        assert expired(log) == []


def test_whom_the_caller_keeps_stays_with_the_members_of_a_group(tmp_path: Path) -> None:
    with fresh(tmp_path) as log:
        for person, unit in ((1, 1), (2, 1), (3, 2)):
            record(log, f"person/{person}", joins(f"tax_unit/{unit}", "head"))
            record(log, f"tax_unit/{unit}", Facts((Point("city", DAY, person),)))
        assert sorted(log.expired({"tax": moment(5)}, kept=["tax_unit/1"])) == ["person/3", "tax_unit/2"]
        done = log.erase_expired({"tax": moment(5)}, kept=["person/3", "person/nobody"], **ORDER)
        assert len(done.entries) == 3 and log.knows("tax_unit/2") and not log.knows("person/1")


@pytest.mark.parametrize("seed", range(5))
def test_random_histories_against_the_rule_read_out_loud(tmp_path: Path, seed: int) -> None:
    draw, clock = random.Random(seed), Clock()
    names = [*(f"person/{number}" for number in range(6)), *(f"unit/{number}" for number in range(3))]
    last: dict[str, float] = {}
    needs: dict[str, set[str]] = {name: set() for name in names}
    with fresh(tmp_path, clock) as log:
        for _ in range(14):
            clock.now += 1
            person, unit = draw.choice(names[:6]), draw.choice(names[6:])
            subject = person
            if draw.random() < 0.5:
                record(log, person, joins(unit))
                needs[unit].add(person)
            else:
                subject = unit
                record(log, unit, used(person))
                needs[person].add(unit)
            last[subject] = clock.now
        kept = {name for name in names if last.get(name, 99) > 9}
        assert sorted(log.expired({"tax": moment(9)})) == _without(names, kept, needs)
        assert log.erase_expired({"tax": moment(9)}, **ORDER).offset == log.head()
        assert log.verify().sound


def _without(names: Sequence[str], kept: set[str], needs: dict[str, set[str]]) -> list[str]:
    while more := {name for name in names if name not in kept and needs[name] & kept}:
        kept = kept | more
    return sorted(set(names) - kept)
