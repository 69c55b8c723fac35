"""Whether an answer can change a figure: against every completion by brute force."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.cases.interpreters import Interpreters
from api.interview.constant import Constant
from api.interview.deciding import decides
from api.interview.differing import Told, Way, examined
from engine.interpret.case_reader import case_from_data
from engine.interpret.cases import Case
from engine.interpret.constants import Constants
from engine.interpret.interpreter import Interpreter
from engine.interpret.outcomes import Fact, Known
from engine.ir.program import Program
from engine.text.diagnostics import Diagnostics
from engine.values.types import Value
from tests.rulesets import check, told

FORMULAS = (
    "a and b",
    "a or (b and c)",
    "n > m and (b or c)",
    "if a then n > 4 else m < 2",
    "(a and n > 2) or (not a and n > 2)",
    "b and not (a and not a)",
    "first and second",
    "(first or c) and (a or not first)",
    "n - m >= 7 or (a and not a)",
    "if n > 3 then a else n < 5 and b",
)
FLAGS, NUMBERS = ("a", "b", "c"), ("n", "m")
ENOUGH = 200_000


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Program:
    def fact(name: str, kind: str) -> str:
        return f"  {name}: {{label: {name.upper()}, entity: person, period: year, {kind}}}\n"

    inputs = "".join(fact(name, "type: boolean") for name in FLAGS)
    inputs += "".join(fact(name, "type: integer, range: 0 .. 6") for name in NUMBERS)
    named = {"first": "b and n > 3", "second": "a and n < 2"} | {f"r{n}": text for n, text in enumerate(FORMULAS)}
    figures = "".join(
        f"  {name}: {{label: R, law: s. 1, entity: person, period: year, type: boolean, formula: {text}}}\n"
        for name, text in named.items()
    )
    text = f"about: Rules\nlaw: Act\nexports: [{', '.join([*FLAGS, *NUMBERS, *named])}]\n"
    compiled = check(Path(tmp_path_factory.mktemp("rules")), {"rules": f"{text}inputs:\n{inputs}variables:\n{figures}"})
    assert compiled.program is not None, told(compiled)
    return compiled.program


def values_of(name: str) -> list[Value]:
    return [False, True] if name in FLAGS else list(range(7))


def completions(program: Program, case: Case, figure: Fact) -> dict[tuple[Value, ...], Value]:
    """What a figure is for every value of every fact, those that are stated as they are."""
    facts = [Fact(name, "ada", case.at) for name in (*FLAGS, *NUMBERS)]
    choices = [[case.given[fact]] if fact in case.given else values_of(fact.name) for fact in facts]
    constants, found = Constants(program), dict[tuple[Value, ...], Value]()
    for chosen in product(*choices):
        whole = replace(case, given=dict(zip(facts, chosen, strict=True)))
        outcome = Interpreter(program, whole, constants).find(figure)
        assert isinstance(outcome, Known)
        found[chosen] = outcome.value
    return found


known = st.fixed_dictionaries(
    {}, optional={name: st.sampled_from(values_of(name)) for name in (*FLAGS, *NUMBERS)}
).filter(lambda facts: len(facts) < 5)


@given(known, st.integers(0, len(FORMULAS) - 1), st.sampled_from([(way,) for way in Way] + [tuple(Way)]))
@settings(max_examples=60, deadline=None)
def test_a_question_decides_or_is_idle_as_every_completion_says(
    program: Program, facts: dict[str, Value], number: int, ways: tuple[Way, ...]
) -> None:
    case = case_from_data(program, {"at": "2024", "people": {"ada": facts}}, Diagnostics())
    assert case is not None
    figure = Fact(f"r{number}", "ada", case.at)
    every = completions(program, case, figure)
    is_constant = len(set(every.values())) == 1
    names, interpreters = (*FLAGS, *NUMBERS), Interpreters(program)
    if Constant(interpreters, [figure], ENOUGH).is_proved(case):
        assert is_constant
    for place, name in enumerate(names):
        asked = Fact(name, "ada", case.at)
        if asked in case.given:
            continue
        by_others: dict[tuple[Value, ...], set[Value]] = {}
        for chosen, value in every.items():
            by_others.setdefault(chosen[:place] + chosen[place + 1 :], set()).add(value)
        matters = any(len(outcomes) > 1 for outcomes in by_others.values())
        said, witness, _ = examined(interpreters, case, [figure], asked, ENOUGH, ways=ways)
        if said is Told.DECIDES:
            assert witness is not None and matters
            for answer, gives in zip(witness.answers, witness.gives, strict=True):
                told_case = replace(case, given={**case.given, **witness.others, asked: answer})
                assert Interpreter(program, told_case).find(figure) == Known(gives)
            assert witness.gives[0] != witness.gives[1]
        elif said in (Told.IDLE, Told.SAME):
            assert not matters
            assert said is Told.IDLE or is_constant
        else:
            assert ways == (Way.LEAPS,)
        assert (decides(program, case, [program.definitions[figure.name]], asked) is not None) == matters
