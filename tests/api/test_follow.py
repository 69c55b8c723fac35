"""Facts that arrive where a follower could miss them: while the annual run runs."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from api.annual import run_annual
from api.assessments import terms_of
from api.rulesets import load_program
from api.stream import Follower
from citizens import Adjustment, Belongs, Body, Correction, Draft, Facts, Origin, Point, SqliteLog, open_log
from engine.ir.program import Program
from engine.periods import parse_period

ORIGIN = Origin("payroll", "test", "tax code 1", "tax")
DAY, PAY = date(2024, 1, 1), "employment_income"


@pytest.fixture(scope="module")
def program() -> Program:
    return load_program("us")


@pytest.fixture
def log(tmp_path: Path) -> Iterator[SqliteLog]:
    with open_log(tmp_path / "log") as log:
        log.append([draft("person/1", Facts((*person(1980, "head"), Point(PAY, DAY, Decimal("50000.00")))), "one")])
        yield log


def draft(subject: str, body: Body, event_id: str) -> Draft:
    return Draft(subject, body, ORIGIN, event_id)


def person(born: int, role: str) -> tuple[Point, ...]:
    member = Point("tax_unit", DAY, Belongs("tax_unit/1", role))
    return (Point("birth_date", DAY, date(born, 5, 1)), member)


def assess(log: SqliteLog, program: Program) -> None:
    period = parse_period("2024", dict(program.settings.calendars))
    assert run_annual(log, terms_of(program, period, "annual")).assessed == 1


def follow(log: SqliteLog, program: Program) -> None:
    follower = Follower(log, program)
    while follower.step():
        pass


def bodies(log: SqliteLog, kind: type) -> Sequence[Body]:
    return [event.body for event in log.read() if isinstance(event.body, kind)]


def test_a_fact_that_the_follower_passes_while_the_annual_run_runs(
    log: SqliteLog, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    append: Callable[..., object] = log.append

    def late_fact_first(drafts: Sequence[Draft], **advance: object) -> object:
        monkeypatch.undo()
        append([draft("person/1", Correction((Point(PAY, DAY, Decimal("60000.00")),), "late"), "late")])
        follow(log, program)
        return append(drafts, **advance)

    monkeypatch.setattr(log, "append", late_fact_first)
    assess(log, program)
    follow(log, program)
    assert len(bodies(log, Adjustment)) == 1
