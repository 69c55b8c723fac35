"""Households in a log, for tests of the annual run and of corrections: short ways to write and to read them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from functools import cache
from typing import TypeVar

from api.assess.annual import run_annual
from api.assess.follow import Follower, FollowReport
from api.assess.recording import AnnualReport
from api.assess.standings import fault_of, standing_of
from api.assess.terms import Terms, terms_of
from api.rules.programs import load_program
from citizens import (
    Assessment,
    Belongs,
    Body,
    Correction,
    Draft,
    Event,
    Facts,
    Movement,
    Origin,
    Point,
    Posting,
    Retraction,
    Row,
    SqliteLog,
    Value,
)
from engine.ir.program import Program
from engine.values.periods import parse_period

ORIGIN = Origin("payroll", "test", "tax code 1", "tax")
LIABILITY, ENTITLEMENT, PAYMENTS = "total_tax", "income_tax_refundable_credits", "total_payments"
Kind = TypeVar("Kind", bound=Body)
NEW_YEAR, PAY, BORN, UNIT = date(2024, 1, 1), "employment_income", "birth_date", "tax_unit"
OWNER, WAGES = "person", "w2_wages"


@cache
def program() -> Program:
    """The shipped rules."""
    return load_program("us")


@cache
def terms(year: str = "2024") -> Terms:
    """The terms of assessing a year."""
    return terms_with(program(), year)


def terms_with(rules: Program, year: str = "2024") -> Terms:
    """The terms of assessing a year's income tax by some version of the rules."""
    period = parse_period(year, dict(rules.settings.calendars))
    return terms_of(rules, rules.settings.assessments["income_tax"], period, "test")


def facts(subject: str, event_id: str, values: Mapping[str, Value], day: date = NEW_YEAR) -> Draft:
    """Facts of a subject from a day on."""
    points = tuple(Point(name, day, value) for name, value in values.items())
    return Draft(subject, Facts(points), ORIGIN, event_id)


def correction(subject: str, event_id: str, values: Mapping[str, Value], day: date = NEW_YEAR) -> Draft:
    """Other values for what was recorded of a day."""
    points = tuple(Point(name, day, value) for name, value in values.items())
    return Draft(subject, Correction(points, "late"), ORIGIN, event_id)


def retraction(subject: str, event_id: str, name: str, day: date = NEW_YEAR) -> Draft:
    """A fact that never was."""
    return Draft(subject, Retraction(((name, day),), "a mistake"), ORIGIN, event_id)


def person(number: int, unit: int, role: str, born: int = 1980, pay: str | None = None) -> Draft:
    """A person of a tax unit."""
    values: dict[str, Value] = {UNIT: Belongs(f"tax_unit/{unit}", role), BORN: date(born, 5, 1)}
    if pay is not None:
        values[PAY] = Decimal(pay)
    return facts(f"person/{number}", f"person-{number}", values)


def form(number: int, owner: int, wages: str) -> Draft:
    """A person's Form W-2."""
    values: dict[str, Value] = {WAGES: Decimal(wages), OWNER: Belongs(f"person/{owner}", "owner")}
    return facts(f"form_w2/{number}", f"w2-{number}", values)


def annual(log: SqliteLog, year: str = "2024") -> AnnualReport:
    """The annual run."""
    return run_annual(log, terms(year))


def follow(log: SqliteLog, window: int = 500) -> FollowReport:
    """Follow to the end."""
    follower = Follower(log, program())
    while follower.step(window):
        pass
    return follower.report


def everything(log: SqliteLog) -> list[Event]:
    """All events."""
    return log.read(0, 1_000_000)


def bodies(log: SqliteLog, kind: type[Kind]) -> list[Kind]:
    """The bodies of one kind, in order."""
    return [event.body for event in everything(log) if isinstance(event.body, kind)]


def outcome(events: Iterable[Event], year: str = "2024") -> Mapping[str, object]:
    """What a group's history comes to: its figures that stand, or the fault of its last assessment. Empty for none."""
    standing = standing_of(events, terms(year))
    last, good = standing.last, standing.good
    if last is None:
        return {}
    assert isinstance(last.body, Assessment)
    if fault_of(last.body):
        return {"fault": fault_of(last.body)}
    assert good is last and isinstance(good.body, Assessment)
    return dict(_pairs(good.body))


def _pairs(assessment: Assessment) -> tuple[tuple[str, object], ...]:
    assert not isinstance(assessment.figures, Row), "what is read back is in pairs"
    return assessment.figures


def moved(events: Iterable[Event], movement: Movement) -> Decimal:
    """The sum of a subject's movements of one kind."""
    postings = [event.body for event in events if isinstance(event.body, Posting) and event.body.movement is movement]
    return sum((abs_amount(posting) for posting in postings), Decimal(0))


def abs_amount(posting: Posting) -> Decimal:
    """What was found, paid or paid back: the amount of the account that the movement debits."""
    return posting.entries[0].amount


def figures_of(log: SqliteLog, terms: Terms, group: str) -> dict[str, object]:
    """What the assessments of a household come to; nothing where there is none."""
    last = standing_of(log.read_subject(f"household/{group}"), terms).last
    if last is None:
        return {}
    assert isinstance(last.body, Assessment)
    assert not fault_of(last.body), last.body
    return dict(last.body.figures)  # type: ignore[arg-type]
