"""People move between the parts of a population, processes die in the middle, and all is as in one log.

The parts are folders here, and partitions on Kafka in `tests/kafka/population.py`: the same code opens both.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from api.assess.annual import run_annual
from api.assess.follow import Follower
from api.assess.terms import all_terms
from api.failures import Failure, Misuse
from api.history.letters import all_reading, settle
from api.history.moves import move
from api.history.parts import append_to_parts, make_parts
from api.rules.programs import load_program
from citizens import (
    Assessment,
    Belongs,
    Body,
    Correction,
    Draft,
    Facts,
    Origin,
    Point,
    Posting,
    SqliteLog,
    Value,
    open_log,
)
from citizens.homes import Homes, LivesElsewhere
from citizens.moving import depart
from engine.ir.program import Program
from engine.values.periods import parse_period
from tests.api.second_land import MODULE, SETTINGS
from tests.cli.command import write_rules

PARTS, COUPLES = 3, 6
ORIGIN = Origin("register", "clerk", "Basic Law", "tax")
MOVES = Origin("rulewright", "clerk", "Registers Act s. 9", "tax")
NEW_YEAR = date(2024, 1, 1)


class Death(BaseException):
    """The process dies here."""


@pytest.fixture(scope="module")
def land(tmp_path_factory: pytest.TempPathFactory) -> Program:
    return load_program(str(write_rules(tmp_path_factory.mktemp("land"), MODULE, SETTINGS)))


@pytest.fixture
def parts(tmp_path: Path) -> list[Path]:
    made = [tmp_path / f"part{number}" for number in range(PARTS)]
    make_parts(made)
    append_to_parts(made, list(everybody()), create=False)
    return made


def everybody() -> Iterator[Draft]:
    for number in range(COUPLES):
        for who, pay in (("a", 20_000 + 700 * number), ("b", 9_000)):
            couple, home = Belongs(f"couple/{number}", "partner"), Belongs(f"household/{number}", "resident")
            yield _facts(f"citizen/{who}{number}", f"{who}{number}", pay=Decimal(pay), couple=couple, household=home)


def _facts(subject: str, event_id: str, day: date = NEW_YEAR, **values: Value) -> Draft:
    return draft_of(subject, Facts(tuple(Point(name, day, value) for name, value in values.items())), event_id)


def draft_of(subject: str, body: Body, event_id: str) -> Draft:
    return Draft(subject, body, ORIGIN, event_id)


def assess(log: SqliteLog, land: Program) -> dict[str, int]:
    """Assess the year; the totals by figure."""
    totals: dict[str, int] = {}
    for terms in all_terms(land, parse_period("2024"), "test", log.has_entity):
        report = run_annual(log, terms, empty=True)
        for name, amount in report.totals.items():
            totals[name] = totals.get(name, 0) + amount
    return {name: amount for name, amount in totals.items() if amount}


def follow(log: SqliteLog, land: Program) -> None:
    follower = Follower(log, land)
    while follower.step():
        pass


def _owed(logs: list[SqliteLog]) -> dict[tuple[str, str, str], Decimal]:
    """What the postings of each subject, period and account come to, over all logs."""
    owed: dict[tuple[str, str, str], Decimal] = {}
    for log in logs:
        for event in log.read(0, 1_000_000):
            if isinstance(event.body, Posting):
                key = (event.subject, event.body.period, event.body.account)
                owed[key] = owed.get(key, Decimal(0)) + event.body.entries[0].amount
    return {key: amount for key, amount in owed.items() if amount}


@pytest.mark.parametrize("seed", range(2))
def test_moves_and_deaths_change_no_figure(land: Program, parts: list[Path], tmp_path: Path, seed: int) -> None:
    draw = random.Random(seed)
    with open_log(tmp_path / "one") as first:
        first.append(list(everybody()))
        assert assess(first, land) == _sum_of_parts(parts, land)
        for number in range(15):
            drafts = [change(draw, number)]
            if draw.random() < 0.5:
                _moves_somebody(draw, parts)
            if drafts[0].event_id.startswith("marries"):
                _moves_to_spouse(drafts[0], parts)
            recorded = append_to_parts(parts, drafts, create=False)
            assert [record.receipt.duplicate for record in recorded] == [
                receipt.duplicate for receipt in first.append(drafts)
            ]
            if draw.random() < 0.3:  # both at once: what has been paid out meanwhile is owed back
                _each(parts, land)
                follow(first, land)
        settle(parts)
        _each(parts, land)
        follow(first, land)
        with all_reading(parts) as opened:
            homes = Homes(opened)
            assert _owed(list(opened)) == _owed([first])
            for subject in [f"citizen/{who}{number}" for who in "abn" for number in range(25)]:
                _same_life(first, opened, homes, subject)
            assert all(log.verify().sound for log in opened)
            for log in opened:
                _at_home_or_gone(log)


def _same_life(one: SqliteLog, opened: list[SqliteLog], homes: Homes, subject: str) -> None:
    wanted = [(change.attribute, change.valid_from, change.value) for change in one.timeline(subject).changes]
    home = homes.of(subject)
    lives = [[(c.attribute, c.valid_from, c.value) for c in log.timeline(subject).changes] for log in opened]
    assert [life for life in lives if life] == ([wanted] if wanted else [])
    assert not wanted or (home is not None and lives[home])


def _at_home_or_gone(log: SqliteLog) -> None:
    """Nothing is written of somebody after they left, but for what comes with coming back."""
    gone: set[str] = set()
    for event in log.read(0, 1_000_000):
        kind = type(event.body).__name__
        if kind == "Arrival":
            gone.discard(event.subject)
        assert event.subject not in gone or event.event_id.startswith("move/"), event
        if kind == "Departure":
            gone.add(event.subject)


def change(draw: random.Random, number: int) -> Draft:
    """A new fact, a correction, a birth, a marriage, or a second delivery of something of the beginning."""
    couple = draw.randrange(COUPLES)
    subject = f"citizen/a{couple}"
    match draw.randrange(5):
        case 0:
            points = (Point("pay", NEW_YEAR, Decimal(draw.randrange(50_000))),)
            return draft_of(subject, Correction(points, "late"), f"late{number}")
        case 1:
            home = Belongs(f"household/{couple}", "resident")
            return _facts(f"citizen/n{number}", f"born{number}", born=date(2024, 3, 1), household=home)
        case 2:
            values: dict[str, Value] = {"couple": Belongs(f"couple/{draw.randrange(COUPLES)}", "partner")}
            return _facts(f"citizen/b{couple}", f"marries{number}", date(2024, 5, 1), **values)
        case 3:
            return _facts(subject, f"attended{number}", attended=draw.random() < 0.5)
    return draw.choice(list(everybody()))


def _moves_to_spouse(draft: Draft, parts: list[Path]) -> None:
    """Who marries into another part is refused, and moves there."""
    assert isinstance(draft.body, Facts)
    couple = draft.body.points[0].value
    assert isinstance(couple, Belongs)
    with all_reading(parts) as opened:
        apart = Homes(opened).of(draft.subject) != Homes(opened).of(couple.group)
    if apart:
        with pytest.raises(LivesElsewhere, match="log move"):
            append_to_parts(parts, [draft], create=False)
        move(parts, draft.subject, couple.group, MOVES, reason="marriage")


def _moves_somebody(draw: random.Random, parts: list[Path]) -> None:
    """A move, in the middle of which the process may die."""
    dies = draw.choice(("", "arrive", "confirm"))

    def on_step(step: str) -> None:
        if step == dies:
            raise Death

    try:
        move(
            parts,
            f"citizen/b{draw.randrange(COUPLES)}",
            str(draw.randrange(PARTS)),
            MOVES,
            reason="as they wish",
            on_step=on_step,
        )
    except Death:
        return


def _each(parts: list[Path], land: Program) -> None:
    settle(parts)
    for part in parts:
        with open_log(part) as log:
            follow(log, land)


def _sum_of_parts(parts: list[Path], land: Program) -> dict[str, int]:
    totals: dict[str, int] = {}
    for part in parts:
        with open_log(part) as log:
            for name, amount in assess(log, land).items():
                totals[name] = totals.get(name, 0) + amount
    return {name: amount for name, amount in totals.items() if amount}


def test_where_there_is_nowhere_to_move_it_is_said(parts: list[Path]) -> None:
    with pytest.raises(Failure, match="nothing is recorded of `citizen/nobody`"):
        move(parts, "citizen/nobody", "1", MOVES, reason="why")
    for to in ("7", "-1", "one"):
        with pytest.raises(Misuse, match=f"no partition `{to}` of 3"):
            move(parts, "citizen/a0", to, MOVES, reason="why")
    assert move(parts, "citizen/a0", "citizen/b0", MOVES, reason="why").subjects == ()


def test_who_parted_moves_together_for_a_late_fact_of_their_years_corrects_what_both_paid(
    land: Program, parts: list[Path], tmp_path: Path
) -> None:
    """Why ended ties hold: with the former partner left behind, as `depart` lets a caller do, answers change."""
    parted = [
        draft_of(f"citizen/b{number}", Facts((Point("couple", date(2025, 2, 1), None),)), f"parts{number}")
        for number in (1, 2)
    ]
    late = [
        draft_of(f"citizen/b{number}", Correction((Point("pay", NEW_YEAR, Decimal(40_000)),), "late"), f"late{number}")
        for number in (1, 2)
    ]
    with open_log(tmp_path / "one") as first:
        first.append([*everybody(), *parted])
        append_to_parts(parts, parted, create=False)
        assert assess(first, land) == _sum_of_parts(parts, land)
        first.append(late)
        follow(first, land)
        homes = {}
        with all_reading(parts) as opened:
            for number in (1, 2):
                homes[number] = Homes(opened).of(f"citizen/b{number}")
        move(parts, "citizen/b1", str(((homes[1] or 0) + 1) % PARTS), MOVES, reason="as they wish")
        here, there = homes[2] or 0, ((homes[2] or 0) + 1) % PARTS
        with open_log(parts[here]) as log:
            depart(log, there, ["citizen/b2"], MOVES, "alone")
        settle(parts)
        append_to_parts(parts, late, create=False)
        _each(parts, land)
        with all_reading(parts) as opened:
            whole = {number: _incomes([first], f"couple/{number}") for number in (1, 2)}
            assert _incomes(opened, "couple/1") == whole[1] == [Decimal(60_700)]
            assert _incomes(opened, "couple/2") != whole[2]  # two halves, of which neither is the couple's


def _incomes(logs: Sequence[SqliteLog], subject: str) -> list[Decimal]:
    """The income of a couple by its last assessment of the year in each log that has one."""
    last = [log.assessments_of(subject, limit=1) for log in logs if log.moved_to(subject) is None]
    bodies = [event.body for events in last for event in events]
    figures = [
        dict(body.figures) for body in bodies if isinstance(body, Assessment) and isinstance(body.figures, tuple)
    ]
    return [value for each in figures if isinstance(value := each.get("couple_income"), Decimal)]


def test_what_was_known_before_a_move_is_asked_where_it_was_known(parts: list[Path]) -> None:
    with all_reading(parts) as opened:
        before = [log.head() for log in opened]
        home = Homes(opened).of("citizen/a1")
        assert home is not None
    move(parts, "citizen/a1", str((home + 1) % PARTS), MOVES, reason="why")
    with ExitStack() as stack:
        logs = [stack.enter_context(open_log(part, write=False)) for part in parts]
        homes = Homes(logs)
        assert homes.then_of("citizen/a1", before) == (home, before[home])
        assert homes.of("citizen/a1") == (home + 1) % PARTS
        assert homes.then_of("citizen/a1", [None] * PARTS) == ((home + 1) % PARTS, None)
        assert homes.all_of("citizen/a1") == [home, (home + 1) % PARTS]
