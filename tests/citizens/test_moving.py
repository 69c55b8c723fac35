"""Moves between two logs: what held goes on to hold in one of them, is answered as before, and the books balance."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from citizens import (
    Arrival,
    Assessment,
    Balances,
    Belongs,
    Departure,
    Draft,
    Facts,
    History,
    Hold,
    InvalidEvent,
    Movement,
    Origin,
    Point,
    PositionBehind,
    Posting,
    Refused,
    SqliteLog,
    Use,
    open_log,
    post,
)
from citizens.moving import arrive, check_runs, confirm, depart, on_the_way, together
from tests.citizens.histories import DAY, TAX, Clock, moment, wages
from tests.citizens.topic_log import Broker, TopicLog

MOVES = Origin("rulewright", "clerk", "Registers Act s. 9", "tax")
OTHER = Origin("agency", "officer", "benefit code 2", "benefit")
EVERYBODY = ["person/1", "form/1", "unit/1", "person/2"]


def _facts(subject: str, event_id: str, origin: Origin = TAX, **values: object) -> Draft:
    return Draft(subject, Facts(tuple(Point(name, DAY, value) for name, value in values.items())), origin, event_id)  # type: ignore[arg-type]


def _household() -> list[Draft]:
    paid = post(Movement.LIABILITY, Decimal("12.50"), period="2024", currency="EUR", cause="a1", account="Tax")
    assessed = Assessment("2024", DAY, "p" * 16, 5, (("tax", Decimal("12.50")),), (Use("person/1", ("wages",)),))
    again = Assessment("2024", DAY, "p" * 16, 5, (("tax", Decimal("13.00")),), (Use("person/1", ("wages",)),), 7)
    return [
        _facts("person/1", "e1", wages=Decimal("100.00"), unit=Belongs("unit/1", "head")),
        _facts("person/1", "e2", OTHER, ill=True),
        _facts("person/2", "e3", unit=Belongs("unit/1", "spouse")),
        _facts("form/1", "e4", box=Decimal("90.00"), person=Belongs("person/1", "owner")),
        _facts("person/3", "e5", wages=Decimal("7.00")),
        Draft("person/1", Hold("appeal 7", "asked for"), Origin("holds", "clerk", "law", "tax"), "h1"),
        Draft("unit/1", assessed, MOVES, "a1", own=True),
        Draft("unit/1", paid, MOVES, "p1", own=True),
        Draft("unit/1", again, MOVES, "a2", own=True),
    ]


@pytest.fixture
def logs(tmp_path: Path) -> Iterator[list[SqliteLog]]:
    with ExitStack() as stack:
        opened = [stack.enter_context(open_log(tmp_path / name, clock=Clock())) for name in "ab"]
        opened[0].append(_household())
        opened[1].append([wages("person/9", "1", "x")])
        yield opened


def _move(source: History, target: History, here: int = 0, there: int = 1) -> int:
    known = depart(source, there, together(source, "person/1"), MOVES, "married")
    letter = on_the_way(source, here, there)
    assert letter is not None
    arrive(source, target, letter)
    confirm(source, letter)
    assert on_the_way(source, here, there) is None
    return known


def _owed(log: History, subject: str) -> Decimal:
    balances = Balances("EUR")
    for event in log.read_subject(subject):
        if isinstance(event.body, Posting):
            balances.add(event.body)
    assert balances.total == 0
    return balances.owed


def _holding(log: History, subject: str, known: int | None = None) -> list[tuple[object, ...]]:
    changes = log.timeline(subject, known).changes
    return [(change.attribute, change.valid_from, change.value, change.origin) for change in changes]


def test_who_belongs_together_is_found_from_any_of_them(logs: list[SqliteLog]) -> None:
    for subject in EVERYBODY:
        assert sorted(together(logs[0], subject)) == sorted(EVERYBODY)
    assert together(logs[0], "person/3") == ["person/3"]


def test_everything_goes_on_in_the_new_log_and_is_still_answered_by_the_old_one(logs: list[SqliteLog]) -> None:
    source, target = logs
    before = {subject: _holding(source, subject) for subject in EVERYBODY}
    stays = source.timeline("person/3").changes
    known = _move(source, target)
    for subject in EVERYBODY:
        assert _holding(target, subject) == before[subject]
        assert _holding(source, subject, known) == before[subject] and not _holding(source, subject)
        assert source.moved_to(subject) == 1 and source.moved_to(subject, known) is None
        assert target.moved_to(subject) is None
    assert source.timeline("person/3").changes == stays and source.moved_to("person/3") is None
    assert sorted(target.belonging_to("unit/1")) == ["person/1", "person/2"]
    snapshot = target.snapshot(date(2024, 6, 1))
    assert set(snapshot.tables["person"].ids) == {"1", "2", "9"}
    assert set(source.snapshot(date(2024, 6, 1)).tables["person"].ids) == {"3"}
    assert target.verify().sound and source.verify().sound


def test_books_assessments_and_holds_go_along(logs: list[SqliteLog]) -> None:
    source, target = logs
    _move(source, target)
    assert (_owed(source, "unit/1"), _owed(target, "unit/1")) == (Decimal(0), Decimal("12.50"))
    first, second = [event for event in target.read_subject("unit/1") if isinstance(event.body, Assessment)]
    assert isinstance(second.body, Assessment) and second.body.replaces == first.offset
    assert target.read_uses("person/1") == [first, second]
    assert target.delivered("rulewright", ["a1"], of=["unit/1"]) == [True]  # so that nobody is assessed twice
    assert target.held() == {"person/1"} and "person/1" in source.held()


def test_there_and_back_again(logs: list[SqliteLog]) -> None:
    source, target = logs
    before = {subject: _holding(source, subject) for subject in EVERYBODY}
    for _ in range(3):
        _move(source, target)
        _move(target, source, 1, 0)
    assert {subject: _holding(source, subject) for subject in EVERYBODY} == before
    assert (_owed(source, "unit/1"), _owed(target, "unit/1")) == (Decimal("12.50"), Decimal(0))
    assert source.moved_to("person/1") is None and target.moved_to("person/1") == 0
    last = [event for event in source.read_subject("unit/1") if isinstance(event.body, Assessment)][-1]
    assert isinstance(last.body, Assessment) and last.body.replaces == last.offset - 2  # a posting lies between
    assert len(source.read_subject("unit/1")) < 40  # what is carried does not grow with each move
    assert source.verify().sound and target.verify().sound


def test_each_half_happens_once_however_often_it_is_tried(logs: list[SqliteLog]) -> None:
    source, target = logs
    depart(source, 1, together(source, "unit/1"), MOVES, "married")
    letter = on_the_way(source, 0, 1)
    assert letter is not None and sorted(letter.subjects) == sorted(EVERYBODY)
    for _ in range(3):
        arrive(source, target, letter)
        again = on_the_way(source, 0, 1)
        assert again == letter
    arrivals = [event for event in target.read() if isinstance(event.body, Arrival)]
    assert len(arrivals) == len({event.event_id + event.subject for event in arrivals}) == 5  # two origins of person/1
    for _ in range(2):
        confirm(source, letter)
    assert on_the_way(source, 0, 1) is None


def test_compaction_waits_for_who_is_on_the_way_and_keeps_the_departure(tmp_path: Path) -> None:
    clock = Clock()
    with open_log(tmp_path / "a", clock=clock) as source, open_log(tmp_path / "b", clock=clock) as target:
        source.append(_household()[:5])
        clock.now = 1
        depart(source, 1, together(source, "unit/1"), MOVES, "married")
        clock.now = 400
        compact = {"actor": "a", "legal_basis": "b", "tombstone_delay": timedelta(days=1)}
        horizons = {"tax": moment(300), "benefit": moment(300)}
        with pytest.raises(PositionBehind, match="moved-to-1"):
            source.compact(horizons, **compact)  # type: ignore[arg-type]
        letter = on_the_way(source, 0, 1)
        assert letter is not None
        arrive(source, target, letter)
        confirm(source, letter)
        assert source.compact(horizons, **compact).removed == 4  # type: ignore[arg-type]
        assert all(source.moved_to(subject) == 1 for subject in EVERYBODY)
        assert _holding(target, "person/1")
        assert source.verify().sound


def test_what_cannot_move_is_refused_before_anything_is_written(logs: list[SqliteLog]) -> None:
    source, _ = logs
    source.append([_facts("person/4", "e6", unit=Belongs("unit/2", "head")), _facts("unit/2", "e7", region="north")])
    source.erase("person/4", actor="a", legal_basis="b", reason="c")
    assert together(source, "unit/2") == ["unit/2"]  # who was erased belongs to nobody any more
    source.append([_facts("person/5", "e8", unit=Belongs("unit/3", "head")), _facts("unit/3", "e9", region="north")])
    source.erase("unit/3", actor="a", legal_basis="b", reason="c")
    with pytest.raises(Refused, match="erased-"):
        together(source, "person/5")
    forged = Draft("person/3", Departure((), "hop", 1), TAX, "forged")
    with pytest.raises(InvalidEvent, match="recorded by this program itself"):
        source.append([forged])


def test_a_run_that_only_one_of_the_logs_has_had_is_refused(logs: list[SqliteLog]) -> None:
    from citizens import Advance

    source, target = logs
    source.append([], advance=Advance("annual-tax-2024", 0, 5, needs="state"))
    with pytest.raises(Refused, match="annual run of tax-2024 is not finished"):
        check_runs(source, target)
    source.append([], advance=Advance("follow-tax-2024", 0, 5))
    with pytest.raises(Refused, match="tax-2024 was assessed in the old partition and not in the new one"):
        check_runs(source, target)
    target.append([], advance=Advance("follow-tax-2024", 0, 1))
    check_runs(source, target)


def test_any_log_of_the_protocol_moves_people() -> None:
    """The topic-made log has no SQLite: the halves ask nothing else of a log than `History`."""
    source, target = (TopicLog(Broker(), Clock()) for _ in range(2))
    source.append(_household()[:5])
    before = _holding(source, "person/1")
    _move(source, target)
    assert _holding(target, "person/1") == before and not _holding(source, "person/1")
