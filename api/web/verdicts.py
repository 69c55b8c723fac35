"""How a permission stands for what a form of *May I …?* says: the next question, and the verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from api.cases.calculate import Asked, Basis, calculate
from api.cases.naming import period_for
from api.cases.ranking import in_order_of_rules
from api.cure.cure import Cured, cure
from api.failures import Failure
from api.http.cases import read_request_case
from api.http.programs import Law
from api.http.reading import Document
from api.http.service import Service
from api.interview.interview import next_step, open_facts
from api.schema import Citation, citations
from api.web.asking import FactField, field_name, fields_for
from api.web.permission_said import YOU, Said
from engine.interpret.cases import EVERY, Case
from engine.interpret.domain import needs_of
from engine.interpret.further import is_list
from engine.interpret.interpreter import Interpreter
from engine.interpret.outcomes import Fact, Known, Outcome
from engine.ir.program import ReasonInfo
from engine.text.citations import law_on
from engine.values.periods import Period


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition: met, unmet or open; how those in it combine (`all`, `any_of`); what is told where it is not met."""

    status: str
    label: str
    law: Sequence[Citation]
    fails: str
    mode: str
    parts: Sequence[Condition]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the page answers. `chief` and `rarer`: what was taken for granted."""

    status: str
    whole: Condition
    basis: Basis
    cured: Cured | None
    problem: str
    chief: Sequence[FactField]
    rarer: Sequence[FactField]


def case_of(service: Service, said: Said, complete: bool) -> Case:
    """The case that a form describes; `complete`: with what was not asked taken for what it usually is."""
    data = said.data(complete)
    limit = service.config.limits.instances
    case = read_request_case(
        said.permission.law.program, Document({"case": data}), data, "/case", at=said.day, most=limit
    )
    return replace(case, whole=case.whole | {EVERY})  # the page shows what is listed, and says that it is all


def next_field(service: Service, said: Said) -> tuple[FactField | None, int]:
    """The next question of what must be known, then of what would refuse if it were taken for granted; and how many
    facts are open."""
    law, definition = said.permission.law, said.permission.definition
    case = case_of(service, said, False)
    needs = open_facts(law.program, case, [definition], law.interpreters)
    passed = [need for need in needs if law.program.definitions[need.name].absent is not None or _told(said, need)]
    if len(passed) == len(needs):
        return _refusing(service, said)
    _, fact = next_step(law.program, case, [definition], passed, law.interpreters)
    return (fields_for(law.program, [fact])[0] if fact is not None else None), len(needs) - len(passed)


def _refusing(service: Service, said: Said) -> tuple[FactField | None, int]:
    """A fact that was not asked and for want of which a condition is not met, as that somebody submits evidence: no
    answer is to be `no` because of what nobody was asked. And how many such facts there are; none if all is met."""
    law, definition = said.permission.law, said.permission.definition
    assert definition.requirement is not None
    taken, case = case_of(service, said, True), case_of(service, said, False)
    by_usual, open_to_all = (Interpreter(law.program, each, law.constants) for each in (taken, case))
    period = period_for(law.program, definition, case.at)
    asked: dict[Fact, None] = {}
    for part in definition.requirement.parts or (definition.requirement,):
        fact = Fact(part.name, YOU, period)
        if not _is_no(by_usual.find(fact)):
            continue
        needs = in_order_of_rules(law.program, [need for need in needs_of(open_to_all.find(fact)) if not is_list(need)])
        left = [need for need in needs if not _told(said, need)]
        decisive = [need for need in left if not _is_no(_unsure_of(law, taken, need).find(fact))]
        asked |= dict.fromkeys(decisive or left)
    return (fields_for(law.program, list(asked)[:1])[0] if asked else None), len(asked)


def _is_no(outcome: Outcome) -> bool:
    return isinstance(outcome, Known) and outcome.value is False


def _unsure_of(law: Law, case: Case, fact: Fact) -> Interpreter:
    """The case with one fact unknown, all else as it is."""
    given = {other: value for other, value in case.given.items() if other != fact}
    unsure = replace(case, given=given, within={**case.within, fact: (None, None)})
    return Interpreter(law.program, unsure, law.constants)


def _told(said: Said, fact: Fact) -> bool:
    short = said.permission.law.program.definitions[fact.name].short_name
    return field_name(fact.instance, short) in said.answers


def granted_fields(service: Service, said: Said) -> tuple[list[FactField], list[FactField]]:
    """What was not asked and could change the answer: taken for what it usually is. First what the rules have a
    question for and what alone would change it, then what is rarer or only matters beside something else."""
    law = said.permission.law
    needs = open_facts(law.program, case_of(service, said, False), [said.permission.definition], law.interpreters)
    usual = [need for need in needs if law.program.definitions[need.name].absent is not None and not _told(said, need)]
    taken = case_of(service, said, True)
    asked = Fact(said.permission.definition.name, YOU, period_for(law.program, said.permission.definition, taken.at))
    chief = [
        need
        for need in usual
        if law.program.definitions[need.name].ask and not isinstance(_unsure_of(law, taken, need).find(asked), Known)
    ]
    return fields_for(law.program, chief), fields_for(law.program, [need for need in usual if need not in chief])


def verdict_of(service: Service, said: Said) -> Verdict:
    """Yes, no or not known, with every condition, and what would change a no."""
    law, definition = said.permission.law, said.permission.definition
    case = case_of(service, said, True)
    calculation = calculate(law.program, case, [definition], Asked(), reforms=law.reforms, constants=law.constants)
    result = calculation.results[0]
    interpreter = Interpreter(law.program, case, law.constants)
    period = period_for(law.program, definition, case.at)
    assert definition.requirement is not None
    whole = _condition(interpreter, definition.requirement, period)
    status = {True: "met", False: "unmet"}[bool(result.value)] if result.status == "determined" else "open"
    cured = None
    if status == "unmet":
        try:
            cured = cure(law.program, case, definition, YOU, every=True)
        except Failure:
            cured = None  # what is refused for want of an answer has no cure by other facts
    problem = result.problem.message if result.problem is not None else ""
    return Verdict(status, whole, calculation.basis, cured, problem, *granted_fields(service, said))


def _condition(interpreter: Interpreter, info: ReasonInfo, period: Period) -> Condition:
    """A reason and those in it, each with how it stands."""
    outcome = interpreter.find(Fact(info.name, YOU, period))
    known = isinstance(outcome, Known) and isinstance(outcome.value, bool)
    status = ("met" if outcome.value else "unmet") if known else "open"  # type: ignore[union-attr]
    words = info.label or info.name.rpartition(".")[2].replace("_", " ")
    parts = [_condition(interpreter, part, period) for part in info.parts]
    return Condition(
        status, words[:1].upper() + words[1:], citations(law_on(info.law, period.start)), info.fails, info.mode, parts
    )
