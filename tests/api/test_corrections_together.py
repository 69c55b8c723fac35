"""Several assessments of the same people and months, under late facts: each stands as after a run from nothing, and the
postings under each account come to its figure. What one corrects, the others leave alone.
"""

from __future__ import annotations

import random
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from api.assess.standings import standing_of
from api.assess.terms import Terms, all_terms
from api.rules.programs import load_program
from citizens import Assessment, Belongs, Draft, Facts, Point, Posting, Retraction, Row, SqliteLog, Value, open_log
from engine.ir.program import Program
from engine.values.periods import parse_period
from tests.api.second_land import MODULE, SETTINGS
from tests.api.test_moves import COUPLES, NEW_YEAR, assess, change, draft_of, everybody, follow
from tests.cli.command import write_rules

Figures = dict[tuple[str, str], tuple[tuple[str, object], ...]]


@pytest.fixture(scope="module")
def land(tmp_path_factory: pytest.TempPathFactory) -> Program:
    return load_program(str(write_rules(tmp_path_factory.mktemp("land"), MODULE, SETTINGS)))


@pytest.mark.parametrize("seed", range(2))
def test_corrections_leave_what_a_run_from_nothing_makes(land: Program, tmp_path: Path, seed: int) -> None:
    draw = random.Random(seed)
    with open_log(tmp_path / "followed") as followed, open_log(tmp_path / "from-nothing") as fresh:
        for log in (followed, fresh):
            log.append(list(everybody()))
        assess(followed, land)
        for number in range(20):
            draft = _change(draw, number)
            followed.append([draft])
            fresh.append([draft])
            if draw.random() < 0.3:
                follow(followed, land)
        follow(followed, land)
        assess(fresh, land)
        assert _figures(followed, land) == _figures(fresh, land)
        for terms in all_terms(land, parse_period("2024"), "test", followed.has_entity):
            for subject in _assessed(followed, terms):
                _books_come_to_the_figures(followed, terms, subject)


def test_an_assessment_of_the_same_month_by_other_terms_is_left_alone(land: Program, tmp_path: Path) -> None:
    """Cat's attendance is no matter of the child benefit that names Cat, and both are of the same month: corrections of
    the one once emptied the other, and the next correction of that paid it out a second time. Nor was Cat, of whom
    nothing was known that the allowance reads, ever assessed for it."""
    home = Belongs("household/h", "resident")
    with open_log(tmp_path / "log") as log:
        log.append([_said("cat", "c", born=date(2006, 3, 15), household=home)])
        assess(log, land)
        before = _posted(log, "household/h")
        for day, attended in ((NEW_YEAR, True), (date(2024, 2, 1), False)):
            log.append([_said("cat", f"attended{day}", day, attended=attended)])
            follow(log, land)
        assert _posted(log, "household/h") == before
        allowance = [Decimal(347) if attended else Decimal(0) for attended in (True, False)]
        months = [_posted(log, "citizen/cat").get((month, "Attendance allowance")) for month in ("2024-01", "2024-02")]
        assert months == allowance
        log.append([_said("dan", "d", date(2024, 2, 1), born=date(2024, 2, 1), household=home)])
        follow(log, land)
        assert _posted(log, "household/h")["2024-02", "Child benefit"] == 500  # Cat's and Dan's, each once


def _said(who: str, event_id: str, day: date = NEW_YEAR, **values: Value) -> Draft:
    return draft_of(f"citizen/{who}", Facts(tuple(Point(name, day, value) for name, value in values.items())), event_id)


def _posted(log: SqliteLog, subject: str) -> dict[tuple[str, str], Decimal]:
    """What was posted of a subject, by period and account."""
    sums: dict[tuple[str, str], Decimal] = {}
    for event in log.read_subject(subject):
        if isinstance(event.body, Posting):
            key = (event.body.period, event.body.account)
            sums[key] = sums.get(key, Decimal(0)) + event.body.entries[0].amount
    return sums


def _change(draw: random.Random, number: int) -> Draft:
    """As where people move, and people who leave their household, or never earned what was said."""
    couple = draw.randrange(COUPLES)
    kind = draw.random()
    if kind < 0.15:
        left = Point("household", date(2024, draw.randrange(1, 12), 1), None)
        return draft_of(f"citizen/b{couple}", Facts((left,)), f"left{number}")
    if kind < 0.25:
        return draft_of(f"citizen/a{couple}", Retraction((("pay", NEW_YEAR),), "another's"), f"taken-back{number}")
    return change(draw, number)


def _assessed(log: SqliteLog, terms: Terms) -> list[str]:
    subjects = {event.subject for event in log.read(0, 1_000_000)}
    return sorted(subject for subject in subjects if subject.partition("/")[0] == terms.binding.group)


def _figures(log: SqliteLog, land: Program) -> Figures:
    """What stands of everybody, but for those whose figures are all zero: a run from nothing may not name them."""
    figures: Figures = {}
    for terms in all_terms(land, parse_period("2024"), "test", log.has_entity):
        for subject in _assessed(log, terms):
            last = standing_of(log.read_subject(subject), terms).last
            if last is not None and any(value for _, value in _pairs(last.body)):
                figures[subject, terms.key] = _pairs(last.body)
    return figures


def _pairs(body: object) -> tuple[tuple[str, object], ...]:
    assert isinstance(body, Assessment) and not isinstance(body.figures, Row)
    return body.figures


def _books_come_to_the_figures(log: SqliteLog, terms: Terms, subject: str) -> None:
    events = log.read_subject(subject)
    good = standing_of(events, terms).good
    figures = dict(_pairs(good.body)) if good is not None else {}
    rules = terms.rules
    accounts = {**rules.liabilities, **rules.entitlements, **rules.payments}
    for name, account in accounts.items():
        posted = Decimal(0)
        for event in events:
            body = event.body
            if isinstance(body, Posting) and (body.account, body.period) == (account, str(terms.period)):
                posted += body.entries[0].amount
        assert posted == (figures.get(name) or 0), (subject, terms.key, name)
