"""What a process remembers of homes and moves is what the logs say, and later questions read little."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import apsw
import pytest

from api.history.folders import make_population
from api.history.letters import settle
from api.history.moves import move
from api.history.parts import append_to_parts, make_parts
from api.history.population import Population
from citizens import Belongs, Draft, Facts, Origin, Point, SqliteLog, open_log
from citizens.cuts import Moves, rounded_down
from citizens.homes import Homes
from citizens.known_homes import KnownHomes
from citizens.moving import depart

PARTS = 4
DAY = date(2024, 1, 1)
ORIGIN = Origin("register", "clerk", "Basic Law", "tax")
MOVES = Origin("rulewright", "clerk", "Registers Act s. 9", "tax")
PEOPLE = [f"citizen/{who}{number}" for who in "ab" for number in range(4)]
SUBJECTS = [*PEOPLE, *(f"couple/{number}" for number in range(4)), "citizen/nobody"]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Death(BaseException):
    """The process dies here."""


class Counting:
    """A log, and how often each of its methods was called."""

    def __init__(self, log: SqliteLog) -> None:
        self.log, self.calls = log, Counter[str]()

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.log, name)
        if not callable(method):
            return method

        def counted(*arguments: Any, **named: Any) -> Any:
            self.calls[name] += 1
            return method(*arguments, **named)

        return counted


def pay(subject: str, event_id: str, amount: int = 1) -> Draft:
    return Draft(subject, Facts((Point("pay", DAY, Decimal(amount)),)), ORIGIN, event_id)


@pytest.fixture
def parts(tmp_path: Path) -> list[Path]:
    made = make_population(tmp_path / "log", PARTS)
    make_parts(made)
    couples = [
        Draft(subject, Facts((Point("couple", DAY, Belongs(f"couple/{subject[-1]}", "partner")),)), ORIGIN, subject)
        for subject in PEOPLE
    ]
    append_to_parts(made, couples, create=False)
    return made


@pytest.fixture
def logs(parts: list[Path]) -> Iterator[list[Counting]]:
    with ExitStack() as stack:
        yield [Counting(stack.enter_context(open_log(part, write=False))) for part in parts]


def calls(logs: list[Counting]) -> list[int]:
    """How often each log was asked anything since this was called last."""
    asked = [log.calls.total() for log in logs]
    for log in logs:
        log.calls.clear()
    return asked


def home_of(logs: list[Counting], subject: str) -> int:
    home = Homes([log.log for log in logs]).of(subject)
    assert home is not None
    return home


def goes(parts: list[Path], subject: str, to: int) -> None:
    move(parts, subject, str(to), MOVES, reason="as they wish")


@pytest.mark.parametrize("subject", ["citizen/a0", "couple/0"])
def test_only_the_home_is_asked_about_who_was_asked_about_before(
    parts: list[Path], logs: list[Counting], subject: str
) -> None:
    population, home = Population(logs, parts[0].parent), home_of(logs, subject)  # type: ignore[arg-type]
    assert population.place(subject).part == home
    assert all(calls(logs))
    assert population.place(subject).part == home
    assert [number for number, asked in enumerate(calls(logs)) if asked] == [home]
    assert population.place(subject, datetime.now(UTC)).part == home
    if subject in PEOPLE:  # of a group without events of its own, members in any log may say something
        assert [number for number, asked in enumerate(calls(logs)) if asked] == [home]
    calls(logs)
    there = (home + 1) % PARTS
    goes(parts, "citizen/a0", there)  # by another process
    assert population.place(subject).part == there
    assert all(calls(logs))
    assert population.place(subject).part == there
    assert [number for number, asked in enumerate(calls(logs)) if asked] == [there]
    goes(parts, "citizen/a0", home)
    assert [place.part for place in population.former_places(subject)] == [there, home]


def test_an_append_asks_only_the_home_of_who_is_known(parts: list[Path]) -> None:
    with ExitStack() as stack:
        logs = [Counting(stack.enter_context(open_log(part))) for part in parts]
        population = Population(logs, parts[0].parent)  # type: ignore[arg-type]
        home = population.append(pay("citizen/a0", "first")).part
        calls(logs)
        assert population.append(pay("citizen/a0", "second")).part == home
        assert [number for number, asked in enumerate(calls(logs)) if asked] == [home]


def test_who_is_on_the_way_is_taken_in_before_an_event_of_them_is_recorded(parts: list[Path]) -> None:
    with open_log(parts[0]) as log:
        log.append([pay("citizen/alone", "alone")])
    with ExitStack() as stack:
        logs = [stack.enter_context(open_log(part, write=False)) for part in parts]
        assert KnownHomes(logs).of("citizen/alone") == 0
    population = Population.opened(parts[0].parent)
    try:
        assert population.place("citizen/alone").part == 0
        with open_log(parts[0]) as log:
            depart(log, 2, ["citizen/alone"], MOVES, "away")
        assert population.append(pay("citizen/alone", "late")).part == 2
        assert population.place("citizen/alone").part == 2
    finally:
        population.close()


@pytest.mark.parametrize("seed", range(2))
def test_in_a_random_history_of_moves_and_deaths_all_that_is_remembered_is_so(
    parts: list[Path], logs: list[Counting], seed: int
) -> None:
    opened: Any = [log.log for log in logs]
    known, few, moves, draw = KnownHomes(opened), KnownHomes(opened, most=2), Moves(opened), random.Random(seed)
    for number in range(9):
        dies = draw.choice(("", "", "arrive", "confirm"))

        def on_step(step: str, dies: str = dies) -> None:
            if step == dies:
                raise Death

        try:
            move(parts, draw.choice(PEOPLE), str(draw.randrange(PARTS)), MOVES, reason="wish", on_step=on_step)
        except Death:
            _same(opened, (known, few), draw)
        if draw.random() < 0.3:
            settle(parts)
            append_to_parts(parts, [pay(draw.choice(PEOPLE), f"pay{number}")], create=False)
        _same(opened, (known, few), draw)
        heads = [log.head() for log in opened]
        assert rounded_down(moves, heads) == rounded_down(Moves(opened), heads)
        assert sorted(map(str, moves.halves())) == sorted(map(str, Moves(opened).halves()))


def _same(logs: list[SqliteLog], remembering: tuple[KnownHomes, ...], draw: random.Random) -> None:
    fresh = Homes(logs)
    times = [event.recorded_at_us for log in logs for event in log.read(0, 10_000)]
    moment = _EPOCH + timedelta(microseconds=draw.choice(times))
    for subject in SUBJECTS:
        for homes in remembering:
            assert homes.of(subject) == fresh.of(subject)
            assert homes.all_of(subject) == fresh.all_of(subject)
            assert homes.then_of(subject, [moment] * PARTS) == fresh.then_of(subject, [moment] * PARTS)


def test_who_was_erased_and_is_written_of_anew_is_found_where_that_is(parts: list[Path], logs: list[Counting]) -> None:
    opened: Any = [log.log for log in logs]
    with open_log(parts[0]) as log:
        log.append([pay("citizen/alone", "alone")])
    homes = KnownHomes(opened)
    assert homes.of("citizen/alone") == 0
    with open_log(parts[0]) as log:
        log.erase("citizen/alone", actor="clerk", legal_basis="Act s. 3", reason="asked to")
    assert homes.of("citizen/alone") is None
    with open_log(parts[3]) as log:
        log.append([pay("citizen/alone", "again")])
    assert homes.of("citizen/alone") == 3


def test_a_moment_asked_again_reads_the_moves_since(parts: list[Path], logs: list[Counting]) -> None:
    home = home_of(logs, "citizen/a0")
    goes(parts, "citizen/a0", (home + 1) % PARTS)
    population = Population(logs, parts[0].parent)  # type: ignore[arg-type]
    population.each_known(datetime.now(UTC))
    assert sum(log.calls["read_moves"] for log in logs) == 2
    calls(logs)
    population.each_known(datetime.now(UTC))
    assert sum(log.calls["read_moves"] for log in logs) == 0


def steps(log: SqliteLog, question: Callable[[], object]) -> int:
    """How many steps SQLite takes for a question."""
    taken = 0

    def told(statement: dict[str, Any]) -> None:
        nonlocal taken
        taken += statement["stmt_status"]["SQLITE_STMTSTATUS_VM_STEP"]

    with log.reader() as reader:
        reader.connection.trace_v2(apsw.SQLITE_TRACE_PROFILE, told)
    question()
    with log.reader() as reader:
        reader.connection.trace_v2(0, None)
    return taken


def test_moves_are_found_without_reading_all_events_and_logs_of_earlier_programs_get_their_index(
    tmp_path: Path,
) -> None:
    with open_log(tmp_path / "log") as log:
        log.append([pay(f"citizen/{number}", f"pay{number}") for number in range(2_000)])
        depart(log, 1, ["citizen/5"], MOVES, "away")
        path = log.layout.events_path()
    with open_log(tmp_path / "log", write=False) as log:
        few = steps(log, lambda: log.read_moves(0, log.head()))
        assert [event.subject for event in log.read_moves(0, log.head())] == ["citizen/5"]
    connection = apsw.Connection(str(path))
    connection.execute("DROP INDEX moves")
    connection.close()
    with open_log(tmp_path / "log") as log:
        many = steps(log, lambda: log.read_moves(0, log.head()))
        assert [event.subject for event in log.read_moves(0, log.head())] == ["citizen/5"]
        assert few < 500 and many > 5 * few, (few, many)
        depart(log, 2, ["citizen/6"], MOVES, "away")
        again = steps(log, lambda: log.read_moves(0, log.head()))
        assert [event.subject for event in log.read_moves(0, log.head())] == ["citizen/5", "citizen/6"]
        assert again < 1_000 < many
