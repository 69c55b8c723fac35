"""Payloads of facts are opened a stretch at a time: what verification says of damage is what it says row by row.

Whoever damages the log here makes the chain anew behind it and takes the anchor away, so that only the keys can tell.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import apsw
import pytest

from citizens import Belongs, Draft, Facts, Point, chain, open_log
from citizens.sqlite import scan
from citizens.sqlite.connections import get_meta
from citizens.sqlite.reader import Reader
from citizens.sqlite.verification import Damage
from tests.citizens.histories import DAY, TAX, fresh, wages

EVENTS, STRETCH, PEOPLE = 300, 100, 7
PLACES = {"the first of all": 1, "the first": 101, "the middle": 150, "the last": 200, "the last of all": EVENTS}
Wound = Callable[[apsw.Connection, int], set[int]]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log in which one in ten events says who belongs to two groups, and one person was erased."""
    folder = tmp_path_factory.mktemp("log")
    with fresh(folder) as log:
        log.append([_draft(number) for number in range(1, EVENTS + 1)])
        log.erase(f"person/{PEOPLE}", actor="a", legal_basis="b", reason="c")
    (folder / "anchor").unlink()
    return folder


def _draft(number: int) -> Draft:
    subject, event = f"person/{number % PEOPLE or PEOPLE}", f"e{number}"
    if number % 10:
        return wages(subject, str(number), event)
    groups = {"tax_unit": Belongs(f"tax_unit/{number}", "head"), "home": Belongs(f"home/{number}", "owner")}
    points = (Point("wages", DAY, Decimal(number)), *(Point(name, DAY, group) for name, group in groups.items()))
    return Draft(subject, Facts(points), TAX, event, None)


@pytest.fixture
def folder(whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(scan, "STRETCH", STRETCH)
    shutil.copytree(whole, tmp_path / "log")
    return tmp_path / "log"


def wounded(folder: Path, *wounds: tuple[Wound, int]) -> set[int]:
    """Deal wounds and make the chain anew; the offsets that are not as they were."""
    connection = apsw.Connection(str(folder / "events-000001.db"))
    offsets = set[int]().union(*(wound(connection, offset) for wound, offset in wounds))
    reader, link = Reader(connection, None), chain.genesis(get_meta(connection, "log_id"))
    for row in list(reader.rows("ORDER BY offset")):
        link = chain.link(link, reader.header(row), row.payload)
        connection.execute("UPDATE events SET chain = ? WHERE offset = ?", (link, row.offset))
    connection.close()
    return offsets


def _flipped(place: int) -> Wound:
    def wound(connection: apsw.Connection, offset: int) -> set[int]:
        payload = bytearray(_payload(connection, offset))
        payload[place] ^= 1
        connection.execute("UPDATE events SET payload = ? WHERE offset = ?", (bytes(payload), offset))
        return {offset}

    return wound


def _header(connection: apsw.Connection, offset: int) -> set[int]:
    connection.execute("UPDATE events SET version = version + 1 WHERE offset = ?", (offset,))
    return {offset}


def _cut(connection: apsw.Connection, offset: int) -> set[int]:
    connection.execute("UPDATE events SET payload = substr(payload, 1, 5) WHERE offset = ?", (offset,))
    return {offset}


def _swapped(connection: apsw.Connection, offset: int) -> set[int]:
    """The payloads of two events of one person, under one key."""
    other = offset + PEOPLE if offset <= EVENTS - PEOPLE else offset - PEOPLE
    payloads = [_payload(connection, at) for at in (offset, other)]
    connection.executemany(
        "UPDATE events SET payload = ? WHERE offset = ?", zip(payloads, (other, offset), strict=True)
    )
    return {offset, other}


def _unlisted(connection: apsw.Connection, offset: int) -> set[int]:
    """What the index of members says of whom an event is about: who that person's groups are, in all its events."""
    (subject,) = connection.execute("SELECT subject FROM events WHERE offset = ?", (offset,)).fetchall()[0]
    connection.execute("DELETE FROM members WHERE subject = ?", (subject,))
    return {place for place in range(10, EVENTS + 1, 10) if place % PEOPLE == offset % PEOPLE}


def _payload(connection: apsw.Connection, offset: int) -> bytes:
    return bytes(connection.execute("SELECT payload FROM events WHERE offset = ?", (offset,)).get)


WOUNDS: dict[str, Wound] = {
    "nonce": _flipped(0), "payload": _flipped(14), "tag": _flipped(-1), "header": _header, "cut": _cut,
    "swapped": _swapped,
}  # fmt: skip


def said(folder: Path) -> tuple[Damage, ...]:
    with open_log(folder, write=False) as log:
        return log.verify().problems


def said_row_by_row(folder: Path) -> tuple[Damage, ...]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scan, "MANY", EVENTS)
        return said(folder)


def opened_together(folder: Path) -> list[tuple[int, int, bool]]:
    """The first and last offset of each stretch, and whether all of it was as it should be."""
    with open_log(folder, write=False) as log, log._reader() as reader:
        return [(first, last, facts is not None) for first, last, facts in scan.checked(reader)]


def test_a_sound_log_is_opened_in_stretches(folder: Path) -> None:
    assert wounded(folder) == set()
    assert said(folder) == said_row_by_row(folder) == ()
    assert opened_together(folder) == [(1, 100, True), (101, 200, True), (201, 300, True)]


@pytest.mark.parametrize("offset", PLACES.values(), ids=PLACES)
@pytest.mark.parametrize("wound", WOUNDS.values(), ids=WOUNDS)
def test_damage_is_told_as_row_by_row(folder: Path, wound: Wound, offset: int) -> None:
    offsets = wounded(folder, (wound, offset))
    problems = said(folder)
    assert problems == said_row_by_row(folder)
    assert [problem.offset for problem in problems] == sorted(offsets)
    assert all(f"event at offset {problem.offset}: " in problem.what for problem in problems)
    hurt = {(offset - 1) // STRETCH for offset in offsets}
    assert [whole for _, _, whole in opened_together(folder)] == [place not in hurt for place in range(3)]


def test_damage_in_several_stretches_is_told_as_row_by_row(folder: Path) -> None:
    offsets = wounded(folder, (_cut, 17), (_header, 100), (_flipped(-1), 101), (_swapped, 250))
    assert said(folder) == said_row_by_row(folder)
    assert {problem.offset for problem in said(folder)} == offsets


def test_members_that_are_not_indexed_are_told_as_row_by_row(folder: Path) -> None:
    offsets = wounded(folder, (_unlisted, 150))
    problems = said(folder)
    assert problems == said_row_by_row(folder)
    assert [problem.offset for problem in problems] == sorted(offsets)
    assert [whole for _, _, whole in opened_together(folder)] == [True] * 3
    wounded(folder, (_flipped(14), 151))
    assert said(folder) == said_row_by_row(folder) != problems
