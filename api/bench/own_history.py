"""How a correction grows with the household's own history: the same correction after few and after many others.

Each correction is followed by itself, as it arrives, so that the history has an assessment and postings for each.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from api.assess.annual import run_annual
from api.assess.follow import Follower
from api.assess.terms import terms_of
from api.bench.growth import DAY, ORIGIN, TIMES
from api.bench.measuring import Measured
from api.rules.programs import load_program
from citizens import Belongs, Correction, Draft, Facts, Point, SqliteLog, open_log
from engine.values.periods import parse_period

ASKED = 7
WAGES = "employment_income"


def measure_own_history(group: str, folder: Path, corrections: int) -> Iterator[Measured]:
    """Corrections of a household that was corrected so often before, and a hundredth of that (at least once)."""
    program = load_program("us")
    few = max(corrections // TIMES, 1)
    with open_log(folder) as log:
        first = (
            Point("tax_unit", DAY, Belongs("tax_unit/1", "head")),
            Point("birth_date", DAY, DAY.replace(1980)),
            Point(WAGES, DAY, Decimal(40_000)),
        )
        log.append([Draft("person/1", Facts(first), ORIGIN, "first")])
        year = parse_period("2024")
        run_annual(log, terms_of(program, program.settings.assessments["income_tax"], year, "bench"))
        follower = Follower(log, program)
        seconds = [_corrected(log, follower, number) for number in range(few + ASKED)]
        before = sorted(seconds[-ASKED:])[ASKED // 2]
        seconds = [_corrected(log, follower, number) for number in range(few + ASKED, corrections + ASKED)]
    now = sorted(seconds[-ASKED:])[len(seconds[-ASKED:]) // 2]
    exponent = math.log(now / before) / math.log(max(corrections, 2) / few)
    what = f"corrections of a household corrected {corrections:,} times before (exponent {exponent:.2f})"
    yield Measured(group, what, now * ASKED, ASKED)


def _corrected(log: SqliteLog, follower: Follower, number: int) -> float:
    """Seconds that the processor works for one more correction."""
    body = Correction((Point(WAGES, DAY, Decimal(40_001 + number)),), "bench")
    log.append([Draft("person/1", body, ORIGIN, f"correction-{number}")])
    start = time.process_time()
    while follower.step():
        pass
    return time.process_time() - start
