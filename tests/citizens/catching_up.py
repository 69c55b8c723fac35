"""How fast `follow` catches up: late facts of the shipped sample's people, in processor time.

    python -m tests.citizens.catching_up [--facts 20000]

There are as many of each kind: facts that no figure of the year can read, facts that leave the figures as they are,
and wages that change them. Prints facts a second of processor time for each.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path

from api.assess.annual import run_annual
from api.assess.follow import Follower
from api.assess.terms import all_terms
from api.http.server import sample_log
from api.rules.programs import load_program
from citizens import Correction, Draft, Facts, Origin, Point, SqliteLog, Value
from engine.ir.program import Program
from engine.values.periods import parse_period

ORIGIN = Origin("late", "measure", "none", "tax")
DAY = date(2024, 1, 1)
KINDS = ("of another year", "that change nothing", "wages that change figures")


def main(arguments: Sequence[str]) -> None:
    """Measure, and tell."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--facts", type=int, default=20_000)
    options = parser.parse_args(arguments)
    program = load_program("us")
    with tempfile.TemporaryDirectory() as folder, sample_log(Path(folder)) as log:
        _assess(log, program)
        people = log.subjects_of("person", "", 100_000)
        draw = random.Random(1)
        for number, kind in enumerate(KINDS):
            drafts = [_late(log, draw, people, number, at) for at in range(options.facts)]
            for start in range(0, len(drafts), 5_000):
                log.append(drafts[start : start + 5_000])
            _catch_up(log, program, kind, options.facts)


def _assess(log: SqliteLog, program: Program) -> None:
    for terms in all_terms(program, parse_period("2024"), "measure", log.has_entity):
        if terms.rules.name != "income_tax" and "month" in str(terms.period):
            continue
        run_annual(log, terms, empty=True)


def _late(log: SqliteLog, draw: random.Random, people: Sequence[str], kind: int, at: int) -> Draft:
    subject = draw.choice(people)
    if kind == 0:
        return Draft(subject, Facts((_point("wages_elsewhere", date(2031, 1, 1), at),)), ORIGIN, f"{kind}-{at}")
    if kind == 1:
        held = log.timeline(subject).at(DAY).get("age", 40)
        return Draft(subject, Correction((Point("age", DAY, held),), "again"), ORIGIN, f"{kind}-{at}")
    wages = (_point("employment_income", DAY, draw.randrange(90_000)),)
    return Draft(subject, Correction(wages, "late"), ORIGIN, f"{kind}-{at}")


def _point(name: str, day: date, amount: int) -> Point:
    value: Value = Decimal(amount)
    return Point(name, day, value)


def _catch_up(log: SqliteLog, program: Program, kind: str, facts: int) -> None:
    follower = Follower(log, program)
    wall, processor = time.monotonic(), time.process_time()
    while follower.step():
        pass
    wall, processor = time.monotonic() - wall, time.process_time() - processor
    report = follower.report
    rates = f"{facts / processor:,.0f} a second of processor ({facts / wall:,.0f} of wall)"
    made = f"{report.reassessed:,} groups assessed again, {report.changed:,} of them changed"
    print(f"facts {kind}: {rates}, {made}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
