"""Households that move between three logs while facts and postings are recorded, moves are cut off half-way and tried
again, and logs are closed, opened and compacted, beside a naive model.

1. The model keeps what was last said of each subject, what each unit owes, and in which log each household lives.
2. A move is cut off after its departure or its arrival as often as not; whoever finishes it repeats both halves.
3. Whatever has happened: the home holds what the model says and the other logs hold nothing; what is owed is owed at
   home and nowhere else; an earlier answer, asked as known then in the log of that time, is still the same.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

from citizens import (
    Balances,
    Belongs,
    Draft,
    Facts,
    HorizonPassed,
    Movement,
    Origin,
    Point,
    PositionBehind,
    Posting,
    Retraction,
    SqliteLog,
    Value,
    open_log,
    post,
)
from citizens.cuts import Moves, rounded_down
from citizens.moving import arrive, confirm, depart, on_the_way, together
from tests.citizens.histories import DAY, DAYS, ORIGINS, Clock, moment

LOGS = 3
HOUSEHOLDS = 3
BOOKS = Origin("rulewright", "torture", "none", "tax")
Held = Mapping[tuple[str, date], Value]


def _subjects(household: int) -> dict[str, Belongs | None]:
    """A household's subjects, and what each belongs to."""
    unit, person = f"unit/{household}", f"person/{household}"
    return {
        person: Belongs(unit, "head"),
        f"person/{household}-2": Belongs(unit, "spouse"),
        f"form/{household}": Belongs(person, "owner"),
        unit: None,
    }


@dataclass
class _Population:
    """Three logs, and what a naive reader of everything that was recorded would say."""

    folder: Path
    draw: random.Random
    clock: Clock = field(default_factory=Clock)
    logs: list[SqliteLog] = field(default_factory=list)
    holds: dict[str, dict[tuple[str, date], Value]] = field(default_factory=dict)
    owed: dict[int, Decimal] = field(default_factory=dict)
    homes: dict[int, int] = field(default_factory=dict)
    earlier: list[tuple[int, int, str, Held]] = field(default_factory=list)
    """Answers of before: the log, as known at which offset, of whom, and what held."""

    def open(self) -> None:
        """Open the logs, again if they were open."""
        self.close()
        self.logs = [open_log(self.folder / str(number), clock=self.clock) for number in range(LOGS)]

    def close(self) -> None:
        """Close the logs."""
        with ExitStack() as stack:
            for log in self.logs:
                stack.callback(log.close)

    def settle(self, household: int) -> None:
        """Record a new household, where chance says."""
        home = self.homes[household] = self.draw.randrange(LOGS)
        self.owed[household] = Decimal(0)
        for subject, group in _subjects(household).items():
            point = Point("group" if group else "region", DAY, group or "north")
            self.holds[subject] = {(point.attribute, point.valid_from): point.value}
            self.logs[home].append([Draft(subject, Facts((point,)), ORIGINS[0], f"birth/{subject}")])

    def say(self, household: int, name: str) -> None:
        """Record a fact of somebody, or that it never was."""
        subject = self.draw.choice(sorted(_subjects(household)))
        key = (self.draw.choice(("wages", "age")), self.draw.choice(DAYS))
        value = Decimal(self.draw.randrange(100)) if key[0] == "wages" else self.draw.randrange(100)
        never = key in self.holds[subject] and self.draw.random() < 0.3
        body = Retraction((key,), "never") if never else Facts((Point(*key, value),))
        draft = Draft(subject, body, self.draw.choice(ORIGINS), name)
        self.logs[self.homes[household]].append([draft])
        if never:
            del self.holds[subject][key]
        else:
            self.holds[subject][key] = value

    def owe(self, household: int, name: str) -> None:
        """Post a liability of a unit."""
        amount = Decimal(self.draw.randrange(1, 10_000)).scaleb(-2)
        posting = post(Movement.LIABILITY, amount, period="2024", currency="EUR", cause=name, account="Tax")
        self.logs[self.homes[household]].append([Draft(f"unit/{household}", posting, BOOKS, name, own=True)])
        self.owed[household] += amount

    def move(self, household: int) -> None:
        """Move a household, cut off and begun again where chance says."""
        here = self.homes[household]
        there = self.draw.choice([number for number in range(LOGS) if number != here])
        members = together(self.logs[here], self.draw.choice(sorted(_subjects(household))))
        assert sorted(members) == sorted(_subjects(household))
        depart(self.logs[here], there, members, BOOKS, "torture")
        self._cut_off()
        assert not self._is_of_one_piece()
        letter = on_the_way(self.logs[here], here, there)
        assert letter is not None and sorted(letter.subjects) == sorted(members)
        for _ in range(self.draw.choice((1, 2))):
            assert on_the_way(self.logs[here], here, there) == letter
            arrive(self.logs[here], self.logs[there], letter)
            self._cut_off()
        for _ in range(self.draw.choice((1, 2))):
            confirm(self.logs[here], letter)
        assert on_the_way(self.logs[here], here, there) is None and self._is_of_one_piece()
        self.homes[household] = there

    def _is_of_one_piece(self) -> bool:
        """Whether everybody is in one of the logs, as they end now."""
        heads = [log.head() for log in self.logs]
        return rounded_down(Moves(self.logs), heads) == heads

    def _cut_off(self) -> None:
        if self.draw.random() < 0.5:
            self.open()
        if self.draw.random() < 0.3:
            self.compact()

    def compact(self) -> None:
        """Compact a log, unless that waits for a move."""
        horizons = {origin.retention: moment(self.clock.now - self.draw.randint(1, 5)) for origin in ORIGINS}
        with suppress(PositionBehind):
            log = self.draw.choice(self.logs)
            log.compact(horizons, actor="torture", legal_basis="none", tombstone_delay=timedelta())

    def check(self) -> int:
        """Compare everybody's facts and debts with the model; how many comparisons were made."""
        compared = 0
        for household, home in self.homes.items():
            for subject in _subjects(household):
                for number, log in enumerate(self.logs):
                    expected: Held = self.holds[subject] if number == home else {}
                    assert _held(log, subject) == expected, f"{subject} in log {number}"
                    compared += 1
                self.earlier.append((home, self.logs[home].head(), subject, dict(self.holds[subject])))
            owed = [_owed(log, f"unit/{household}") for log in self.logs]
            assert owed == [self.owed[household] * (number == home) for number in range(LOGS)], f"unit/{household}"
        for number, known, subject, before in self.draw.sample(self.earlier, min(20, len(self.earlier))):
            with suppress(HorizonPassed):
                assert _held(self.logs[number], subject, known) == before, f"{subject} as known at {known}"
                compared += 1
        for log in self.logs:
            assert log.verify().problems == ()
        return compared


def torment(folder: Path, seed: int, steps: int = 20) -> int:
    """One history of that seed; how many comparisons were made. Raises AssertionError."""
    draw = random.Random(seed)
    population = _Population(folder, draw)
    population.open()
    try:
        for household in range(HOUSEHOLDS):
            population.settle(household)
        compared = 0
        for step in range(steps):
            population.clock.now += draw.choice((0, 1, 2))
            household, action = draw.randrange(HOUSEHOLDS), draw.random()
            if action < 0.5:
                population.say(household, f"fact-{step}")
            elif action < 0.65:
                population.owe(household, f"posting-{step}")
            elif action < 0.9:
                population.move(household)
            else:
                population.compact()
            if step % 10 == 9:
                compared += population.check()
        return compared
    except AssertionError as error:
        raise AssertionError(f"seed {seed}: {error}") from error
    finally:
        population.close()


def _held(log: SqliteLog, subject: str, known: int | None = None) -> Held:
    return {(change.attribute, change.valid_from): change.value for change in log.timeline(subject, known).changes}


def _owed(log: SqliteLog, subject: str) -> Decimal:
    balances = Balances("EUR")
    for event in log.read_subject(subject):
        if isinstance(event.body, Posting):
            balances.add(event.body)
    return balances.owed
