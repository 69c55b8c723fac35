"""Random faults for some minutes while two followers correct what late facts touch, and a checker of the books.

    python -m tests.kafka.books --minutes 30 [--seed 7]

A population in two partitions is assessed and followed by two processes. Brokers are killed, one or all at once, and
stopped; followers are killed (`kill -9`) and started again; people move between the partitions. Late facts are
delivered again until they are acknowledged. At the end the same events are put into one embedded log, which is
assessed from nothing, and the checker asks: is every acknowledged event there, in one partition and once? Is what the
postings of each subject, period and account come to the same? Does each posting add up to zero? Are the chains sound?
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from datetime import date
from decimal import Decimal
from pathlib import Path

from api.assess.annual import run_annual
from api.assess.terms import all_terms
from api.failures import Failure
from api.history.letters import all_reading, settle
from api.history.moves import move
from api.history.parts import PartRefused, append_to_parts, parts_of
from api.rules.programs import load_program
from citizens import (
    Arrival,
    Belongs,
    CitizensError,
    Correction,
    Departure,
    Draft,
    Facts,
    Movement,
    Origin,
    Point,
    Posting,
    SqliteLog,
    open_log,
)
from citizens.homes import Homes
from engine.ir.program import Program
from engine.values.periods import parse_period
from tests.api.second_land import MODULE, SETTINGS
from tests.cli.command import ROOT, write_rules
from tests.kafka.faults import Unrest, read_options

COUPLES, PARTITIONS = 12, 2
NEW_YEAR, YEAR = date(2024, 1, 1), "2024"
ORIGIN = Origin("register", "clerk", "Basic Law", "tax")
MOVES = Origin("rulewright", "clerk", "Registers Act s. 9", "tax")
PEOPLE = [f"citizen/{who}{number}" for number in range(COUPLES) for who in "ab"]
Owed = dict[tuple[str, str, str], Decimal]


class Books(Unrest):
    """A run: the population, its followers, and what was acknowledged."""

    def __init__(self, folder: Path, seed: int) -> None:
        super().__init__(folder, seed)
        self.rules = write_rules(folder / "land", MODULE, SETTINGS)
        self.program = load_program(str(self.rules))
        self.followers: dict[str, subprocess.Popen[bytes]] = {}
        self.delivered: list[Draft] = []
        os.environ |= {"RULEWRIGHT_KEYS": str(folder / "keys.db"), "RULEWRIGHT_STORE": str(folder / "store")}

    @property
    def log(self) -> Path:
        """The log's address."""
        return Path(f"kafka://{self.cluster.address}/books?partitions={PARTITIONS}")

    def begin(self) -> None:
        """Record everybody, assess the year, and let two processes follow."""
        append_to_parts(parts_of(self.log), everybody(), create=True)
        self.delivered += everybody()
        done = subprocess.run(
            [sys.executable, "-m", "api.cli", "annual", str(self.rules), "--year", YEAR, "--log", str(self.log)],
            cwd=ROOT, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        for store in ("one", "two"):
            self.follow(store)

    def follow(self, store: str) -> None:
        """Start a follower with a store of its own."""
        command = [sys.executable, "-m", "api.cli", "follow", "--rules", str(self.rules), "--every", "0.5"]
        with (self.folder / f"{store}.log").open("ab") as output:
            environment = os.environ | {"RULEWRIGHT_STORE": str(self.folder / store)}
            self.followers[store] = subprocess.Popen(
                [*command, "--log", str(self.log)], cwd=ROOT, env=environment, stdout=output, stderr=output
            )

    def append(self, number: int) -> None:
        """Late facts, delivered again until they are acknowledged."""
        drafts = [late(self.draw, f"{number}-{place}") for place in range(self.draw.randrange(1, 6))]
        while True:
            try:
                append_to_parts(parts_of(self.log), drafts, create=False)
                break
            except (CitizensError, PartRefused):
                self.count("appends repeated")
                self.heal(force=False)
                time.sleep(0.2)
        self.delivered += drafts

    def fault(self) -> None:
        """One fault, of a broker or of a follower; or somebody moves, in the middle of it all."""
        kind = self.draw.choice(("kill", "stop", "follower", "follower", "move", "move", "all"))
        if kind == "follower":
            store = self.draw.choice(list(self.followers))
            self.followers[store].kill()
            self.followers[store].wait()
            self.follow(store)
            self.count("followers killed")
        elif kind == "move":
            with suppress(CitizensError, Failure):
                to = str(self.draw.randrange(PARTITIONS))
                moved = move(parts_of(self.log), self.draw.choice(PEOPLE), to, MOVES, reason="as they wish")
                self.count("moves" if moved.subjects else "moves to where they were")
        else:
            self.trouble(kind)
        for store, process in self.followers.items():
            if process.poll() is not None:
                self.count("followers that ended by themselves")
                self.follow(store)

    def finish(self) -> None:
        """Let everything recover, and follow to the end."""
        self.heal(force=True)
        self.cluster.wait(180)
        for process in self.followers.values():
            process.send_signal(signal.SIGKILL)
            process.wait()
        settle(parts_of(self.log))
        command = [sys.executable, "-m", "api.cli", "follow", "--rules", str(self.rules), "--once"]
        for _ in range(5):
            done = subprocess.run([*command, "--log", str(self.log)], cwd=ROOT, capture_output=True, check=False)
            if done.returncode == 0:
                return
        raise SystemExit(done.stderr.decode())

    def check(self) -> str:
        """Compare with one log from nothing; what was compared."""
        with open_log(self.folder / "nothing") as first:
            first.append(self.delivered)
            assess(first, self.program)
            expected = owed([first])
        with all_reading(parts_of(self.log)) as opened:
            self._check_events(opened)
            booked = owed(opened)
            too_much, lacking = set(booked.items()) - set(expected.items()), set(expected.items()) - set(booked.items())
            assert booked == expected, f"in the books: {sorted(too_much)[:4]}; from nothing: {sorted(lacking)[:4]}"
            assert all(log.verify().sound for log in opened)
            moves = sum(isinstance(event.body, Departure) for log in opened for event in log.read_moves(0, 10**9))
        return f"{len(self.delivered)} events once each, {len(expected)} accounts as from nothing, {moves} departures"

    def _check_events(self, opened: list[SqliteLog]) -> None:
        stands: Counter[str] = Counter()
        homes = Homes(opened)
        for log in opened:
            for event in log.read(0, 10_000_000):
                if event.origin == ORIGIN and not isinstance(event.body, Arrival):
                    stands[event.event_id] += 1
                if isinstance(event.body, Posting):
                    assert sum(entry.amount for entry in event.body.entries) == 0
        missing = [draft.event_id for draft in self.delivered if stands[draft.event_id] != 1]
        assert not missing, f"not there once: {missing[:5]}"
        assert len(stands) == len({draft.event_id for draft in self.delivered})
        assert all(homes.of(subject) is not None for subject in PEOPLE)

    def end(self) -> None:
        """End every process."""
        for process in self.followers.values():
            if process.poll() is None:
                process.kill()
                process.wait()
        self.cluster.stop()


def everybody() -> list[Draft]:
    """Couples with pay, each in a household."""
    drafts = []
    for subject in PEOPLE:
        number = subject[len("citizen/a") :]
        points = (
            Point("pay", NEW_YEAR, Decimal(20_000)),
            Point("withheld", NEW_YEAR, Decimal(3_000)),
            Point("attended", NEW_YEAR, False),  # of whom nobody says it, nobody is assessed for the allowance
            Point("couple", NEW_YEAR, Belongs(f"couple/{number}", "partner")),
            Point("household", NEW_YEAR, Belongs(f"household/{number}", "resident")),
        )
        drafts.append(Draft(subject, Facts(points), ORIGIN, subject))
    return drafts


def late(draw: random.Random, name: str) -> Draft:
    """A correction of pay, of what was withheld, or of when somebody was born."""
    subject = draw.choice(PEOPLE)
    kind = draw.randrange(3)
    if kind == 0:
        point = Point("pay", NEW_YEAR, Decimal(draw.randrange(60_000)))
    elif kind == 1:
        point = Point("withheld", NEW_YEAR, Decimal(draw.randrange(9_000)))
    else:
        point = Point("attended", date(2024, draw.randrange(1, 13), 1), draw.random() < 0.5)
        return Draft(subject, Facts((point,)), ORIGIN, name)
    return Draft(subject, Correction((point,), "late"), ORIGIN, name)


def assess(log: SqliteLog, program: Program) -> None:
    """Assess the year from nothing."""
    for terms in all_terms(program, parse_period(YEAR), "books", log.has_entity):
        run_annual(log, terms, empty=True)


def owed(logs: Iterable[SqliteLog]) -> Owed:
    """What the postings of each subject, period and account come to, over all logs; refunds are how it was paid out."""
    amounts: Owed = {}
    for log in logs:
        for event in log.read(0, 10_000_000):
            if isinstance(event.body, Posting) and event.body.movement is not Movement.REFUND:
                key = (event.subject, event.body.period, event.body.account)
                amounts[key] = amounts.get(key, Decimal(0)) + event.body.entries[0].amount
    return {key: amount for key, amount in amounts.items() if amount}


def main(arguments: list[str]) -> None:
    """Run, check, tell."""
    minutes, seed = read_options(arguments)
    with tempfile.TemporaryDirectory() as folder:
        told(Path(folder), minutes, seed)


def told(folder: Path, minutes: float, seed: int) -> None:
    """One run in an empty folder."""
    run = Books(folder, seed)
    try:
        run.start()
        run.begin()
        appends = run.rage(minutes, (3, 12))
        run.finish()
        print(f"{appends} appends; {run.check()}; {dict(sorted(run.counts.items()))}")
    finally:
        run.end()


if __name__ == "__main__":
    main(sys.argv[1:])
