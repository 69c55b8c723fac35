"""What an interview shows while facts are missing: the range holds every completion, and what is asked can decide."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from api.cases.interpreters import Interpreters
from api.cases.naming import has_period, period_for
from api.interview.deciding import decides
from api.interview.interview import next_step
from api.rules.programs import find_rules
from engine.explain.questions import sample_values
from engine.interpret.case_reader import case_from_data, read_case
from engine.interpret.cases import EVERY, Case
from engine.interpret.constants import Constants
from engine.interpret.interpreter import Interpreter
from engine.interpret.outcomes import Choice, Fact, Failure, Interval, Known, Outcome, Possible
from engine.ir.program import Definition, Program
from engine.pipeline import check_rules
from engine.text.diagnostics import Diagnostics
from engine.values.types import Value
from tests.cli.command import run
from tests.rulesets import check, told

COMPLETIONS = 12
STEPS = 3


class Shipped:
    """A shipped ruleset with the cases of its examples."""

    def __init__(self, name: str) -> None:
        compiled = check_rules(find_rules(name), lint=False)
        assert compiled.program is not None
        assert compiled.ruleset is not None
        self.program: Program = compiled.program
        self.constants = Constants(self.program)
        required = {name.rpartition(".")[0] for name in self.program.definitions if "." in name}
        self.requirements = [self.program.definitions[name] for name in sorted(required)]
        examples = [example for module in compiled.ruleset.modules for example in module.examples]
        read = [(example, self.program.settings.period(example.at)) for example in examples]
        cases = [read_case(self.program, example.given, Diagnostics(), at) for example, at in read]  # type: ignore[arg-type]
        self.cases = [case for case in cases if case is not None]

    def find(self, case: Case, fact: Fact) -> Outcome:
        return Interpreter(self.program, case, self.constants).find(fact)

    def open_cases(self, seed: int, number: int) -> Iterator[tuple[Case, Case, Definition, Fact]]:
        """Examples without half of their facts, each with itself and a requirement of somebody in it."""
        rng = random.Random(seed)
        while number:
            case, figure = rng.choice(self.cases), rng.choice(self.requirements)
            names = case.instances.get(figure.entity, ())
            if not names or not has_period(self.program, figure, case.at):
                continue
            given = {fact: value for fact, value in case.given.items() if rng.random() < 0.5}
            number -= 1
            asked = Fact(figure.name, names[0], period_for(self.program, figure, case.at))
            yield replace(case, given=given, complete=False), case, figure, asked

    def completion(self, case: Case, outcome: Possible, rng: random.Random) -> Case:
        """A case in which all that an outcome hangs on is stated, to whatever."""
        stated: dict[Fact, Value] = {}
        for fact in sorted((fact for fact in outcome.needs if fact.name in self.program.definitions), key=str):
            definition = self.program.definitions[fact.name]
            usual = [definition.absent] if definition.absent is not None else []
            if fact.instance in case.instances.get(definition.entity, ()):
                stated[fact] = rng.choice([*usual, *usual, *sample_values(definition, self.program)])
        return replace(case, given={**case.given, **stated}, complete=True)


def holds(outcome: Possible, completed: Outcome) -> bool:
    """Whether a range holds what a completion gives."""
    if isinstance(completed, Failure):
        return bool(outcome.may_fail)
    if not isinstance(completed, Known):
        return outcome.may_not_apply
    if isinstance(outcome.range, Choice):
        return completed.value in outcome.range.options
    assert isinstance(outcome.range, Interval)
    low, high = outcome.range.low, outcome.range.high
    return (low is None or low <= completed.value) and (high is None or completed.value <= high)


def short(fact: Fact) -> str:
    return fact.name.rpartition(":")[2]


def is_only_taker(case: Case, figure: Definition, question: Fact) -> bool:
    """Whether a score is asked of the only taker of a sitting whose anchor score is known. The mean of the sitting is
    that score, so its calibrated score is the reference plus what the anchor score is above its own, whatever it is."""
    anchored = any(short(fact) == "anchor_score" and fact.instance == question.instance for fact in case.given)
    takers = [case.holders[key] for key in case.holders if key[0] == "sitting"]
    return short(question) == "score" and anchored and (question.instance,) in takers


def is_of_age_for_all(case: Case, figure: Definition, question: Fact) -> bool:
    """Whether somebody of 24 or more is asked what he drives and how, for his age alone: no vehicle asks for more."""
    born = next((value for fact, value in case.given.items() if short(fact) == "birth_date"), None)
    at = case.at.start
    return figure.short_name == "is_old_enough" and isinstance(born, date) and born <= at.replace(year=at.year - 24)


IDLE = {"certification": is_only_taker, "gb": is_of_age_for_all}
"""Questions that cannot decide, though ranges hang on them, and neither is proved within the bound on work: which."""


@pytest.mark.parametrize(
    ("name", "number"),
    [("gb", 40), ("us_ca", 40), ("us_passport", 40), ("eu", 40), ("de", 40), ("certification", 10)],
)
def test_the_range_shown_holds_every_completion_and_questions_can_decide(name: str, number: int) -> None:
    shipped = Shipped(name)
    program, rng = shipped.program, random.Random(5)
    asked = completed = 0
    for case, truth, figure, fact in shipped.open_cases(11, number):
        now, interpreters, passed = case, Interpreters(program), set[Fact]()
        for _ in range(STEPS):
            outcome = shipped.find(now, fact)
            for _ in range(COMPLETIONS if isinstance(outcome, Possible) else 0):
                assert isinstance(outcome, Possible)
                completed += 1
                assert holds(outcome, shipped.find(shipped.completion(now, outcome, rng), fact))
            _, question = next_step(program, now, [figure], passed, interpreters)
            if question is None or question.name not in program.definitions:
                break
            asked += 1
            witness = decides(program, now, [figure], question)
            if witness is None:
                assert name in IDLE and IDLE[name](now, figure, question), (figure.short_name, question, now.given)
            else:
                results = [
                    shipped.find(
                        replace(
                            now,
                            given={**now.given, **witness.others, question: answer},
                            whole=now.whole | {EVERY},
                        ),
                        witness.figure,
                    )
                    for answer in witness.answers
                ]
                assert results == [Known(value) for value in witness.gives]
                assert results[0] != results[1]
            answer = truth.given.get(question, program.definitions[question.name].absent)
            if answer is None:
                passed.add(question)
            else:
                now = replace(now, given={**now.given, question: answer})
    assert completed > 50
    assert asked > 10


def test_why_a_permission_hangs_on_a_fact_is_told(tmp_path: Path) -> None:
    case = """
at: 2024-05-10
people: {eva: {drives: b}}
licences: {l0: {person: eva, licence_category: b, granted: 2010-06-01, valid_until: 2080-01-01}}
"""
    (tmp_path / "case.yaml").write_text(case, encoding="utf-8")
    done = run("ask", "gb", tmp_path / "case.yaml", "--want", "may_drive", stdin="why\nstop\n")
    assert "may_drive of eva with" in done.stderr, done.stderr
    assert "it is yes" in done.stderr
    assert "it is no" in done.stderr


def test_what_another_fact_makes_idle_whatever_it_is_is_not_asked(tmp_path: Path) -> None:
    """Ranges say that the permission hangs on `taught`: it matters only to who is and is not a learner."""
    fact = "{{label: {0}, entity: person, period: year, type: boolean}}"
    figure = "{{label: F, law: s. 1, entity: person, period: year, type: boolean, formula: {0}}}"
    text = "about: Rules\nlaw: Act\nexports: [taught, learner, old, may]\ninputs:\n"
    text += "".join(f"  {name}: {fact.format(name.title())}\n" for name in ("taught", "learner", "old"))
    formulas = {"first": "learner and taught", "second": "not learner", "may": "old and not (first and second)"}
    text += "variables:\n" + "".join(f"  {name}: {figure.format(body)}\n" for name, body in formulas.items())
    compiled = check(tmp_path, {"rules": text})
    assert compiled.program is not None, told(compiled)
    program, asked = compiled.program, []
    now = case_from_data(program, {"at": "2024", "people": {"ada": {}}}, Diagnostics())
    assert now is not None
    for _ in range(3):
        _, question = next_step(program, now, [program.definitions["may"]])
        if question is None or question.name not in program.definitions:
            break
        asked.append(question.name)
        now = replace(now, given={**now.given, question: True})
    assert "taught" not in asked and "old" in asked


def test_what_matters_only_if_something_is_not_listed_is_not_asked(tmp_path: Path) -> None:
    (tmp_path / "case.yaml").write_text("at: 2024-05-10\npeople: {eva: {birth_date: 1990-05-10}}\n", encoding="utf-8")
    done = run("ask", "us_ca", tmp_path / "case.yaml", "--want", "is_not_negligent_operator", stdin="why\nno\n")
    assert done.stderr.startswith("Is there anything that is not listed: violations of eva?"), done.stderr
    assert "(is_not_negligent_operator of eva): yes" in done.stdout, done.stdout


def test_what_two_other_facts_together_make_idle_is_not_asked(tmp_path: Path) -> None:
    """Until 21 August 2024 the limit for novices is that for all: nothing about the licence can matter."""
    case = """
at: 2024-05-10
people: {eva: {}}
licences: {l0: {person: eva, licence_category: b}}
"""
    (tmp_path / "case.yaml").write_text(case, encoding="utf-8")
    done = run("ask", "de", tmp_path / "case.yaml", "--want", "may_drive_after_cannabis", stdin="2\nno\n")
    assert "etrahydrocannabinol" in done.stderr.splitlines()[0], done.stderr
    assert "born" not in done.stderr and "irst day" not in done.stderr, done.stderr
    assert "(may_drive_after_cannabis of eva): yes" in done.stdout, done.stdout


def test_what_is_the_same_in_every_completion_is_determined_without_a_question(tmp_path: Path) -> None:
    fact = "{{label: {0}, entity: person, period: year, type: {1}}}"
    figure = "  {0}: {{label: F, law: s. 1, entity: person, period: year, type: boolean, formula: {1}}}\n"
    kinds = {"heavy": "boolean", "trained": "boolean", "age": "integer, range: 0 .. 130"}
    formulas = {
        "may": "case when heavy and trained then age >= 18 when heavy then age >= 21 else age >= 17",
        "some": "(heavy and trained) or (heavy and not trained) or not heavy",
    }
    text = f"about: Rules\nlaw: Act\nexports: [{', '.join([*kinds, *formulas])}]\ninputs:\n"
    text += "".join(f"  {name}: {fact.format(name.title(), kind)}\n" for name, kind in kinds.items())
    text += "variables:\n" + "".join(figure.format(name, formula) for name, formula in formulas.items())
    compiled = check(tmp_path, {"rules": text})
    assert compiled.program is not None, told(compiled)
    program = compiled.program
    now = case_from_data(program, {"at": "2024", "people": {"ada": {"age": 34}}}, Diagnostics())
    assert now is not None
    for name in formulas:
        step, question = next_step(program, now, [program.definitions[name]])
        assert (question, step.question, step.open) == (None, None, 0), name
        assert step.figures.results[0].value is True
    step, question = next_step(program, replace(now, given={}), [program.definitions["may"]])
    assert question is not None and step.figures.results[0].status == "undetermined"
