"""As known at any moment everybody is in one log of a population, also at one between the two halves of a move."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from api.failures import Failure, Misuse
from api.history.folders import cuts_in, make_population
from api.history.letters import all_reading, settle, steady_heads
from api.history.moves import move
from api.history.parts import append_to_parts, known_in, make_cut, make_parts, parts_with
from api.history.population import Population
from citizens import Belongs, Conflict, Draft, Facts, Origin, Point, SqliteLog, open_log
from citizens.cuts import Moves, ends_of, rounded_down
from citizens.homes import Homes
from citizens.moving import depart, together
from tests.cli.logs import run

PARTS, COUPLES = 3, 5
ORIGIN = Origin("register", "clerk", "Basic Law", "tax")
MOVES = Origin("rulewright", "clerk", "Registers Act s. 9", "tax")
PEOPLE = [f"citizen/{who}{number}" for who in "ab" for number in range(COUPLES)]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Death(BaseException):
    """The process dies here."""


def pay(subject: str, event_id: str, amount: int) -> Draft:
    return Draft(subject, Facts((Point("pay", date(2024, 1, 1), Decimal(amount)),)), ORIGIN, event_id)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    parts = make_population(tmp_path / "log", PARTS)
    make_parts(parts)
    drafts = []
    for subject in PEOPLE:
        couple = Point("couple", date(2024, 1, 1), Belongs(f"couple/{subject[-1]}", "partner"))
        drafts += [Draft(subject, Facts((couple,)), ORIGIN, subject), pay(subject, f"pay-{subject}", 1)]
    append_to_parts(parts, drafts, create=False)
    return tmp_path / "log"


def parts_in(folder: Path) -> list[Path]:
    return [folder / f"partition-{number:04}" for number in range(PARTS)]


def home_of(folder: Path, subject: str) -> int:
    with all_reading(parts_in(folder)) as opened:
        home = Homes(opened).of(subject)
    assert home is not None
    return home


def moment_of(recorded_at_us: int) -> datetime:
    return _EPOCH + timedelta(microseconds=recorded_at_us)


def everybody_once(opened: list[SqliteLog], cut: list[int]) -> bool:
    def lives(subject: str) -> int:
        return sum(log.timeline(subject, to).changes != () for log, to in zip(opened, cut, strict=True))

    return all(lives(subject) == 1 for subject in PEOPLE)


def test_between_the_halves_a_moment_is_what_was_known_before_them(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = home_of(folder, "citizen/a0")
    neighbour = next(name for name in PEOPLE if name[-1] != "0" and home_of(folder, name) == home)
    there = (home + 1) % PARTS

    def on_step(step: str) -> None:
        if step == "arrive":
            append_to_parts([parts_in(folder)[home]], [pay(neighbour, "between", 2)], create=False)

    move(parts_in(folder), "citizen/a0", str(there), MOVES, reason="as they wish", on_step=on_step)
    with all_reading(parts_in(folder)) as opened:
        (between,) = [event for event in opened[home].read(0, 1_000) if event.event_id == "between"]
        gone = min(event.offset for event in opened[home].read_moves(0, 10**6))
        moment = moment_of(between.recorded_at_us)
        torn = [log.offset_of(moment) for log in opened]
        assert not everybody_once(opened, torn)
        cut = known_in(folder, moment.isoformat())
        assert cut == [*torn[:home], gone - 1, *torn[home + 1 :]]
        assert everybody_once(opened, [int(str(to)) for to in cut])
        assert f"partition {home} is read up to offset" in capsys.readouterr().err
        place = Homes(opened).then_of("citizen/a0", [moment] * PARTS)
        assert (
            place is not None
            and place[0] == home
            and isinstance(place[1], int)
            and gone <= place[1] + 1 <= between.offset
        )
        population = Population(opened, folder)
        assert population.place("citizen/a0", moment).part == home
        assert everybody_once(opened, [int(str(to)) for to in population.each_known(moment)])
        assert everybody_once(opened, population.heads())
    known = run("log", "as-of", "citizen/a0", "--valid", "2024-06-01", "--known", moment.isoformat(), "--log", folder)
    assert known.returncode == 0 and "pay" in known.stdout, known.stderr


@pytest.mark.parametrize("seed", range(2))
def test_at_every_moment_of_a_random_history_everybody_is_in_one_log(folder: Path, seed: int) -> None:
    draw = random.Random(seed)
    for number in range(12):
        dies = draw.choice(("", "", "arrive", "confirm"))

        def on_step(step: str, dies: str = dies) -> None:
            if step == dies:
                raise Death

        try:
            move(parts_in(folder), draw.choice(PEOPLE), str(draw.randrange(PARTS)), MOVES, reason="w", on_step=on_step)
        except Death:
            staying = parts_in(folder)[draw.randrange(PARTS)]
            with open_log(staying) as log:
                log.append([pay(f"citizen/new{number}", f"new{number}", 3)])
    settle(parts_in(folder))
    with all_reading(parts_in(folder)) as opened:
        moments = {event.recorded_at_us for log in opened for event in log.read(0, 10_000)}
        filled = max(
            event.recorded_at_us for log in opened for event in log.read(0, 10_000) if event.event_id.startswith("pay-")
        )
        rounded = 0
        for at in sorted(moment for moment in moments if moment >= filled):
            offsets = [log.offset_of(moment_of(at)) for log in opened]
            cut = rounded_down(Moves(opened), offsets)
            assert all(last <= offset for last, offset in zip(cut, offsets, strict=True))
            assert everybody_once(opened, cut), (at, offsets, cut)
            rounded += cut != offsets
        assert rounded and len(Moves(opened).halves()) > 3
        heads = [log.head() for log in opened]
    assert steady_heads(parts_in(folder)) == heads


def test_a_cut_of_now_is_had_while_others_append_and_while_somebody_is_on_the_way(folder: Path) -> None:
    """Between two reads of the ends something is appended each time, and somebody leaves once."""
    with all_reading(parts_in(folder)) as opened:
        home, count = home_of(folder, "citizen/a0"), 0

        class Busy(SqliteLog):
            def head(self) -> int:
                nonlocal count
                count += 1
                with open_log(parts_in(folder)[home]) as log:
                    if count == 4:
                        depart(log, (home + 1) % PARTS, together(log, "citizen/a0"), MOVES, "away")
                    else:
                        log.append([pay("citizen/other", f"busy{count}", 1)])
                return super().head()

        opened[home].__class__ = Busy
        before = [open_log(part, write=False).head() for part in parts_in(folder)]
        moves = Moves(opened)
        cut = ends_of(moves)
        assert all(end >= head for end, head in zip(cut, before, strict=True)) and everybody_once(opened, cut)
        while count < 4:
            cut = ends_of(moves)
        assert everybody_once(opened, cut)


def test_nobody_leaves_for_where_others_are_still_on_the_way(folder: Path) -> None:
    """Two processes that both found the way free: the second's people would have hidden the first's for ever."""
    home = home_of(folder, "citizen/a0")
    other = next(name for name in PEOPLE if name[-1] != "0" and home_of(folder, name) == home)
    with open_log(parts_in(folder)[home]) as log:
        there = (home + 1) % PARTS
        depart(log, there, together(log, "citizen/a0"), MOVES, "first")
        with pytest.raises(Conflict, match=f"others are on the way to partition {there}"):
            depart(log, there, together(log, other), MOVES, "second")
    settle(parts_in(folder))
    assert home_of(folder, "citizen/a0") == there and home_of(folder, other) == home


def test_a_hold_reaches_every_log_that_somebody_was_in(folder: Path) -> None:
    home = home_of(folder, "citizen/a0")
    move(parts_in(folder), "citizen/a0", str((home + 1) % PARTS), MOVES, reason="as they wish")
    why = ("--case", "appeal 7", "--legal-basis", "Act s. 1", "--reason", "appeal", "--log", folder)
    for more in ((), ("--release",)):
        done = run("log", "hold", "citizen/a0", *more, *why)
        assert done.returncode == 0, done.stderr
        with all_reading(parts_in(folder)) as opened:
            held = [number for number, log in enumerate(opened) if "citizen/a0" in log.held()]
        assert held == ([] if more else sorted((home, (home + 1) % PARTS)))


def test_cuts_of_a_folder_have_names_for_ever(folder: Path) -> None:
    heads = steady_heads(parts_in(folder))
    assert make_cut(folder, "new-year", heads).offsets == tuple(heads)
    append_to_parts(parts_in(folder), [pay("citizen/a0", "later", 9)], create=False)
    assert known_in(folder, "cut:new-year") == heads
    with pytest.raises(Failure, match="there is a cut `new-year` already"):
        make_cut(folder, "new-year", heads)
    with (folder / "cuts").open("a") as file:
        file.write('{"cut": "torn", "off')  # as a crash leaves it
    make_cut(folder, "after", heads)
    assert list(cuts_in(folder)) == ["new-year", "after"]
    for name in ("No", "", "a b"):
        with pytest.raises(Misuse):
            make_cut(folder, name, heads)
    told = run("log", "cut", "by-command", "--log", folder, "--json")
    assert told.returncode == 0 and "by-command" in cuts_in(folder), told.stderr


def test_a_folder_of_several_logs_is_made_once_and_named_where_one_is_meant(tmp_path: Path) -> None:
    log = tmp_path / "log"
    assert run("log", "create", "--partitions", "2", "--log", log).returncode == 0
    again = run("log", "create", "--partitions", "2", "--log", log)
    assert again.returncode == 1 and "is a log already" in again.stderr
    one = run("log", "backup", tmp_path / "copy", "--log", log)
    assert one.returncode == 1 and "name one" in one.stderr, one.stderr
    assert run("log", "backup", tmp_path / "copy", "--log", log / "partition-0001").returncode == 0
    assert run("log", "create", "--partitions", "0", "--log", tmp_path / "none").returncode == 2
    (log / "partitions").write_text("many")
    broken = run("log", "stats", "--log", log)
    assert broken.returncode == 1 and "restore that file" in broken.stderr
    assert len(parts_with(log / "partition-0000", "citizen/a0")) == 1
