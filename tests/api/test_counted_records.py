"""Records of which a formula reads no fact, but which it counts, are gathered from a log too: for annual runs, for late
records, and for `find`."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest

from api.assess.annual import run_annual
from api.assess.follow import Follower
from api.assess.standings import standing_of
from api.assess.terms import terms_of
from api.find.candidates import from_log
from api.history.tables import admit, record
from citizens import Assessment, Belongs, Origin, SqliteLog, open_log
from engine.ir.program import Program
from engine.pipeline import compile_rules
from engine.values.periods import parse_period
from tests.api.households import facts
from tests.cli.command import write_rules

YEAR, DAY = parse_period("2024"), date(2024, 1, 1)
SETTINGS = """\
about: A land that levies by the job
law: Levy Act
currency: EUR
covers: {from: 2020-01-01, to: 2026-12-31}
entities:
  person: {plural: people}
  household: {plural: households, of: person, roles: {resident: {plural: residents}}}
  job: {plural: jobs, belongs_to: person}
assessment:
  levy: {law: Levy Act s. 1, of: household, period: year, liabilities: {levy: Levy}}
"""
MODULE = """\
about: Levy
law: Levy Act
exports: [levy, jobs_held, pay]
inputs:
  pay: {entity: job, period: year, type: money, label: Pay, absent: 0}
variables:
  jobs_held: {label: Jobs, entity: person, period: year, type: integer, law: s. 1, formula: count(j in jobs)}
  levy:
    label: Levy
    entity: household
    period: year
    type: money
    law: s. 1
    formula: sum(m.jobs_held for m in members) * 10 EUR
"""
TABLES = {
    "person": pa.table({"person_id": ["a", "b"], "household_id": ["h", "h"], "household_role": ["resident"] * 2}),
    "job": pa.table({"job_id": ["x", "y", "z"], "person_id": ["a", "a", "b"], "pay": ["1", "2", "3"]}),
}


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Program:
    return compile_rules(write_rules(tmp_path_factory.mktemp("rules") / "land", MODULE, SETTINGS))


def levied(log: SqliteLog, program: Program) -> object:
    terms = terms_of(program, program.settings.assessments["levy"], YEAR, "test")
    last = standing_of(log.read_subject("household/h"), terms).last
    assert last is not None and isinstance(last.body, Assessment)
    return dict(last.body.figures)["levy"]  # type: ignore[arg-type]


def test_records_that_are_only_counted_are_gathered(tmp_path: Path, program: Program) -> None:
    with open_log(tmp_path / "log") as log:
        admitted = admit(program, DAY, dict(TABLES), (), skip_bad=False, files={})
        record(log, admitted, Origin("clerk", "test", "test act", "test"), DAY, lambda done, of: None)
        run_annual(log, terms_of(program, program.settings.assessments["levy"], YEAR, "test"))
        assert levied(log, program) == 30
        log.append([facts("job/late", "1", {"person": Belongs("person/b", "owner"), "pay": 5}, date(2024, 3, 1))])
        follower = Follower(log, program)
        while follower.step():
            pass
        assert levied(log, program) == 40
        jobs_held = program.find("jobs_held")
        assert jobs_held is not None
        columns = from_log(program, YEAR, log, [jobs_held]).columns
        assert len(columns.ids["job"]) == 4
