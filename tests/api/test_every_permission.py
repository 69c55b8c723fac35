"""What must be true of every ruleset that grants or refuses something, tried on changed copies of its worked examples:
more facts never change a determined answer; a cure cures, no part of it does, and no single fact does where it needs
more. `RULEWRIGHT_TEST_EXAMPLES=10` tries ten times as many."""

from __future__ import annotations

import random
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from functools import cache
from itertools import combinations

import pytest

from api.cure.places import members_of
from api.cure.records import added, is_added, owner_of_added
from api.cure.search import Search
from api.cure.steady import Steady
from api.cure.trial import Budget, Changes, Spent, Trial
from engine.interpret.cases import EVERY, Case
from engine.interpret.constants import Constants
from engine.interpret.interpreter import Interpreter
from engine.interpret.outcomes import Fact, Known, Outcome
from engine.ir.program import Program
from engine.values.types import Kind, Value
from tests.benchmarks.refusals import Refusal, refusals
from tests.more import seeds

RULESETS = ("gb", "eu", "de", "us_ca", "us_passport", "certification", "us")
DAYS = (-3_650, -366, -365, -31, -1, 1, 31, 365, 366, 3_650)
WORK = 30_000
"""How much work goes into the cures of one refusal. What is found by then must be right."""


@cache
def refused(rules: str) -> list[Refusal]:
    return list(refusals(rules, 1 if rules == "us" else 4))


def another(draw: random.Random, program: Program, fact: Fact, value: Value) -> Value:
    """Some other value of a fact."""
    definition = program.definitions[fact.name]
    members = members_of(program, definition)
    if members is not None:
        return draw.choice(members)
    if definition.type.kind is Kind.DATE and not isinstance(value, int | str) and hasattr(value, "toordinal"):
        return value + timedelta(draw.choice(DAYS))  # type: ignore[operator, return-value]
    return value


def changed(draw: random.Random, refusal: Refusal) -> Case:
    """The case of a refusal with up to four facts changed."""
    given = dict(refusal.case.given)
    for fact in draw.sample(sorted(given, key=str), min(len(given), draw.randint(0, 4))):
        given[fact] = another(draw, refusal.program, fact, given[fact])
    return replace(refusal.case, given=given)


def answers(refusal: Refusal, case: Case) -> dict[Fact, Outcome]:
    """Every requirement of the ruleset that is of somebody in the case."""
    program = refusal.program
    interpreter = Interpreter(program, case, Constants(program))
    figures = [part for part in program.definitions.values() if part.requirement and "." not in part.short_name]
    if refusal.rules == "us":
        figures = [refusal.condition]
    facts = [Fact(part.name, name, case.at) for part in figures for name in case.instances.get(part.entity, ())]
    return {fact: interpreter.find(fact) for fact in facts if fact.period.kind == program.definitions[fact.name].period}


@pytest.mark.parametrize("rules", RULESETS)
def test_more_facts_never_change_a_determined_answer(rules: str) -> None:
    determined = 0
    for seed in seeds(12):
        draw = random.Random(seed)
        refusal = draw.choice(refused(rules))
        whole = changed(draw, refusal)
        known = draw.sample(sorted(whole.given, key=str), len(whole.given))
        listed = whole.whole | ({EVERY} if draw.random() < 0.7 else set())  # or lists may hold more
        before: dict[Fact, Outcome] = {}
        for share in (0.5, 0.8, 1):
            given = {fact: whole.given[fact] for fact in known[: int(len(known) * share)]}
            now = answers(refusal, replace(whole, given=given, complete=False, whole=listed))
            assert {fact: now[fact] for fact in before} == before, (seed, str(refusal))
            before = {fact: outcome for fact, outcome in now.items() if isinstance(outcome, Known)}
            determined += len(before)
        complete = answers(refusal, whole)
        assert {fact: complete[fact] for fact in before} == before, (seed, str(refusal))
    assert determined or rules == "us_passport"  # of which nothing is determined before all is known


def holds(program: Program, case: Case, condition: Fact, changes: Changes) -> bool:
    """Whether a condition holds with some changes made, records of which are added."""
    for name in sorted({fact.instance for fact in changes if is_added(case, fact)}):
        fact = next(fact for fact in changes if fact.instance == name)
        case, _ = added(program, case, condition, program.definitions[fact.name].entity, owner_of_added(fact))
    tried = replace(case, given={**case.given, **changes})
    outcome = Interpreter(program, tried, Constants(program)).find(condition)
    return isinstance(outcome, Known) and outcome.value is True


def smaller(case: Case, changes: Changes) -> Iterator[Changes]:
    """The changes without one or more; a record more is one."""
    units = sorted({fact.instance if is_added(case, fact) else str(fact) for fact in changes})
    for size in range(len(units)):
        for kept in combinations(units, size):
            yield {fact: value for fact, value in changes.items() if {fact.instance, str(fact)} & {*kept}}


def singles(program: Program, case: Case, facts: Collection[Fact]) -> Iterator[Changes]:
    """Each other value of facts that have few."""
    for fact in facts:
        yield from ({fact: value} for value in members_of(program, program.definitions[fact.name]) or ())


@pytest.mark.parametrize("rules", RULESETS)
def test_a_cure_cures_and_no_part_of_it_and_no_single_fact_does(rules: str) -> None:
    cured = 0
    for seed in seeds(8):
        draw = random.Random(seed)
        refusal = draw.choice(refused(rules))
        program, case = refusal.program, changed(draw, refusal)
        condition = Fact(refusal.condition.name, refusal.instance, case.at)
        outcome = Interpreter(program, case, Constants(program)).find(condition)
        if not isinstance(outcome, Known) or outcome.value is True:
            continue
        trial = Trial(program, case, condition, Steady(program), Budget(WORK))
        cures, search = list[Changes](), Search(trial)
        with suppress(Spent):
            search.smallest((1, 2, 3), False, cures)
        for changes in cures:
            assert all(trial.hanging.may_change(fact) or is_added(case, fact) for fact in changes)
            assert holds(program, case, condition, changes), (seed, str(refusal), changes)
            for part in smaller(case, changes):
                assert not holds(program, case, condition, part), (seed, str(refusal), part)
        if cures and all(len(changes) > 1 for changes in cures):
            trial.budget = Budget(10**9)
            for single in singles(program, case, search.candidates()):
                assert not holds(program, case, condition, single), (seed, str(refusal), single)
        cured += len(cures)
    assert cured or rules == "eu"  # refused there for an age, or a licence in force
