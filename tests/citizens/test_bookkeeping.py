"""What this program keeps of its own doings: nobody delivers it by any way, and whoever must may hold it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from citizens import Correction, Draft, Facts, Hold, InvalidEvent, Point, Release, Retraction
from citizens.events import Body
from tests.citizens.histories import TAX, fresh

DAY = date(2024, 1, 1)
BY = Facts((Point("by", DAY, "nobody"),))
DELIVERED: tuple[Body, ...] = (
    BY,
    Correction((Point("by", DAY, "eve"),), "r"),
    Retraction((("by", DAY),), "r"),
)


@pytest.mark.parametrize("subject", ["access/ada", "query/1", "annual_run/income_tax-2024"])
@pytest.mark.parametrize("body", DELIVERED, ids=lambda body: type(body).__name__)
def test_nobody_delivers_what_this_program_keeps_itself(tmp_path: Path, subject: str, body: Body) -> None:
    with fresh(tmp_path) as log:
        with pytest.raises(InvalidEvent, match="kept by this program itself"):
            log.append([Draft(subject, body, TAX, "a")])
        assert log.head() == 0


@pytest.mark.parametrize("subject", ["access/ada", "query/1"])
def test_what_this_program_keeps_is_held_and_released_as_anything_else(tmp_path: Path, subject: str) -> None:
    with fresh(tmp_path) as log:
        log.append([Draft(subject, BY, TAX, "a", is_bookkeeping=True)])
        log.append([Draft(subject, Hold("court-1", "a case"), TAX, "h")])
        log.append([Draft(subject, Release("court-1", "it is over"), TAX, "r")])
        assert log.version(subject) == 3
