"""Several assessments of the same people and months, under late facts: each stands as after a run from nothing, and the
postings under each account come to its figure. What one corrects, the others leave alone.
"""

from __future__ import annotations

import random
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from api.assess.drafts import Terms, all_terms, standing_of
from api.rules.programs import load_program
from citizens import Assessment, Draft, Facts, Point, Posting, Retraction, Row, SqliteLog, open_log
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
