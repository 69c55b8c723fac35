"""Figures `as if` others were other are computed by machine code: several at once, of members, parameters, and worlds
in worlds; bit for bit as the interpreter has them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.ir import nodes as ir
from engine.ir.program import Definition, Program
from engine.native import Options, evaluate
from engine.native.agreement import all_figures, differences
from engine.native.samples import random_population
from engine.pipeline import compile_rules
from engine.values.periods import parse_period
from engine.values.types import BOOLEAN, ValueType
from tests.cli.command import write_rules
from tests.native.made_constants import AT, GROUPS, TYPES, YEAR, random_value
from tests.native.populations import population_of
from tests.native.programs import Maker, _definition, random_program

PROGRAM = Path(__file__).parents[1] / "language" / "programs" / "as_if"


def test_no_world_of_the_language_program_needs_the_interpreter() -> None:
    program = compile_rules(PROGRAM)
    columns = random_population(program, parse_period("2024"), 80, 3)
    result = evaluate(program, columns, all_figures(program), options=Options(cache=""))
    assert result.handed_over == 0
    assert differences(program, columns, result) == []


def test_what_is_given_of_those_who_are_not_meant_is_the_interpreters() -> None:
    """A stated tax stands for a partner whom the replacement does not mean."""
    program = compile_rules(PROGRAM)
    columns = random_population(program, parse_period("2024"), 60, 4, given=["tax"])
    result = evaluate(program, columns, ["if_each_earned_more"], options=Options(cache=""))
    assert result.handed_over > 0
    assert differences(program, columns, result) == []


ORDER = """\
about: An order that a fact decides
law: Test Act
exports: [paid_before, as_if_late]
inputs:
  began_on: {entity: job, period: eternity, type: date, label: Began}
  is_late: {entity: job, period: eternity, type: boolean, label: Late, status: true}
  pay: {entity: job, period: eternity, type: integer, label: Pay, range: 0 .. 100}
variables:
  counted_on:
    {JOB, type: date, formula: if is_late then began_on + 9 years else began_on}
  paid_before: {JOB, type: integer, formula: previous.pay otherwise 0}
  as_if_late: {JOB, type: integer, formula: paid_before as if (is_late = true)}
"""
JOB = "entity: job, period: eternity, label: L, law: s. 1"
JOBS = """\
about: A land of jobs
law: Test Act
currency: EUR
covers: {from: 2020-01-01, to: 2026-12-31}
entities:
  person: {plural: people}
  job: {plural: jobs, belongs_to: person, sequences: {previous: {by: [counted_on, listed]}}}
"""


def test_records_in_another_order_in_a_world_are_the_interpreters(tmp_path: Path) -> None:
    program = compile_rules(write_rules(tmp_path / "jobs", ORDER.replace("JOB", JOB), JOBS))
    columns = random_population(program, parse_period("2024"), 30, 5)
    result = evaluate(program, columns, all_figures(program), options=Options(cache=""))
    assert result.causes.keys() == {"as_if_late"}
    assert differences(program, columns, result) == []


@dataclass(slots=True)
class Asking(Maker):
    """Writes formulas that ask for worlds more often than not, in which anything of the one asked is other."""

    def any_kind(self, kind: ValueType, depth: int) -> ir.Expression:
        """What any type may be, mostly in a world."""
        return self.as_if(kind, depth) if self.random.random() < 0.7 else Maker.any_kind(self, kind, depth)

    def as_if(self, kind: ValueType, depth: int) -> ir.Expression:
        """A figure in a world with one or two replacements."""
        asked = [figure for figure in self.figures if figure.type == kind and figure.formulas]
        asked = [figure for figure in asked if figure.entity == self.entity and figure.period == YEAR]
        changes = [change for _ in range(self.random.choice([1, 1, 2])) for change in self.changes(depth)]
        if not asked or not changes or self.bound:
            return self.leaf(kind)
        value = ir.VariableRead(kind, None, self.random.choice(asked).name, ir.Self(self.entity), ir.ThisPeriod())
        return ir.AsIf(kind, None, value, tuple({change.name: change for change in changes}.values()))

    def changes(self, depth: int) -> list[ir.Replacement]:
        """A replacement of a parameter, of a figure of one's own, of whoever holds a role, or of members."""
        kind, roll = self.random.choice(TYPES), self.random.random()
        if roll < 0.2:
            value = ir.Literal(kind, None, random_value(kind, self.random))
            return [ir.Replacement(f"p_{kind.kind.value}", None, ir.ThisPeriod(), value)]
        if roll < 0.6 or self.entity not in GROUPS:
            return self.of(self.entity, kind, ir.Self(self.entity), depth)
        if roll < 0.7:
            role, optional = self.random.choice([("head", False), ("partner", True)])
            return self.of("person", kind, ir.HolderOf("person", ir.Self(self.entity), role, optional), depth)
        roles = self.random.choice([("head", "partner", "child"), ("child",)])
        name = self.fresh("m")
        link = ir.Members("person", ir.Self(self.entity), roles)
        self.bound.append((name, "person"))
        made = self.of("person", kind, ir.Bound("person", name), depth)
        where = self.formula(BOOLEAN, 1) if self.random.random() < 0.5 else None
        self.bound.pop()
        return [replace(change, link=link, bound=name, where=where) for change in made]

    def of(self, entity: str, kind: ValueType, subject: ir.Subject, depth: int) -> list[ir.Replacement]:
        """A replacement of a figure of a year of somebody."""
        fitting = [figure for figure in self.figures if figure.type == kind and figure.entity == entity]
        fitting = [figure for figure in fitting if figure.period == YEAR]
        if not fitting:
            return []
        value = self.formula(kind, min(1, depth - 1))
        return [ir.Replacement(self.random.choice(fitting).name, subject, ir.ThisPeriod(), value)]


def asking_program(random: Random, depth: int = 3) -> Program:
    """A program with figures of people and households, some of which ask for worlds of those before."""
    plain = random_program(random, variables=0)
    figures = [figure for figure in plain.definitions.values() if figure.entity in ("person", "household")]
    made: dict[str, Definition] = {}
    for place in range(10):
        entity, kind = random.choice(["person", "household", "household"]), random.choice(TYPES)
        maker = Maker(random, figures, entity=entity) if place < 4 else Asking(random, figures, entity=entity)
        figure = _definition(f"f{place}", entity, kind, random, maker.formula(kind, depth))
        made[figure.name] = figure
        figures.append(figure)
    return replace(plain, definitions={**plain.definitions, **made}, order=(*plain.order, *made))


@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 2**32))
def test_random_worlds_give_the_interpreters_bits(seed: int) -> None:
    random = Random(seed)
    program = asking_program(random)
    columns = population_of(program, AT, 12, seed, missing=random.choice([0.0, 0.0, 0.1]), density=1.0)
    result = evaluate(program, columns, all_figures(program), options=Options(cache=""))
    assert differences(program, columns, result) == []
