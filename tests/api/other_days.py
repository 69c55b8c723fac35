"""A land whose monthly aid asks who was in a household on other days, and what its log and its records say of one."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from api.assess.follow import Follower
from api.assess.standings import fault_of, standing_of
from api.assess.terms import Terms, terms_of
from api.history.record import record_case
from citizens import Assessment, Belongs, SqliteLog, Value
from engine.interpret.interpreter import Interpreter
from engine.interpret.outcomes import Fact, Known
from engine.ir.program import Program
from engine.pipeline import compile_rules
from engine.values.periods import parse_period
from tests.cli.command import write_rules

MARCH = parse_period("2024-03")
_SETTINGS = """\
about: A land that looks at other days
law: Other Days Act
currency: EUR
covers: {from: 2020-01-01, to: 2026-12-31}
entities:
  citizen: {plural: citizens}
  household: {plural: households, of: citizen, roles: {resident: {plural: residents}}}
assessment:
  aid: {law: s. 1, of: household, period: month, entitlements: {%s}}
"""
_MODULE = """\
about: Aid by the members of other days
law: Other Days Act
exports: [%s]
variables:
  month: {label: Month, entity: household, period: month, type: money, law: s. 1, formula: 1 EUR * count(m in members)}
  later:
    label: Members at the year's end
    entity: household
    period: month
    type: money
    law: s. 2
    formula: 1 EUR * count(m in members @ (date(year_of(period_start), 12, 31)))
  earlier:
    label: Aid of two months ago
    entity: household
    period: month
    type: money
    law: s. 3
    formula: month @ (period_start - 2 months)
"""


def other_days(folder: Path, figures: Iterable[str]) -> Program:
    """The land whose aid consists of these figures: `month`, `later`, `earlier`."""
    names = list(figures)
    entitlements = ", ".join(f"{name}: {name.capitalize()}" for name in names)
    return compile_rules(write_rules(folder / "land", _MODULE % ", ".join(names), _SETTINGS % entitlements))


def aid_of(program: Program) -> Terms:
    """The terms of March's aid."""
    return terms_of(program, program.settings.assessments["aid"], MARCH, "test")


def lives(home: str | None) -> dict[str, Value]:
    """Residence in a household, or in none."""
    return {"household": Belongs(f"household/{home}", "resident") if home else None}


def assessed(log: SqliteLog, terms: Terms, home: str) -> dict[str, object]:
    """The figures of a household's last assessment; empty if there is none."""
    last = standing_of(log.read_subject(f"household/{home}"), terms).last
    if last is None:
        return {}
    assert isinstance(last.body, Assessment) and not fault_of(last.body)
    return dict(last.body.figures)  # type: ignore[arg-type]


def recorded(log: SqliteLog, program: Program, home: str, names: Iterable[str]) -> dict[str, object]:
    """The figures that the interpreter computes from the record of a household."""
    case = record_case(log, program, f"household/{home}", MARCH, valid=MARCH.end, known=None).case
    return interpreted(Interpreter(program, case), home, names)


def interpreted(interpreter: Interpreter, home: str, names: Iterable[str]) -> dict[str, object]:
    """Those of the figures that are known."""
    outcomes = {name: interpreter.find(Fact(name, home, MARCH)) for name in names}
    return {name: outcome.value for name, outcome in outcomes.items() if isinstance(outcome, Known)}


def follow(log: SqliteLog, program: Program) -> None:
    """Correct whatever the log's last facts touch."""
    follower = Follower(log, program)
    while follower.step():
        pass
