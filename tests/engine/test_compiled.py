"""What formulas as functions find of a case is what is found node by node: each step, what it read, in which order."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.rules.programs import load_program
from engine.interpret import compiled
from engine.interpret.case_reader import case_from_data
from engine.interpret.cases import Case, instances_of
from engine.interpret.compiled import Compiled
from engine.interpret.frames import Step
from engine.interpret.interpreter import Interpreter
from engine.interpret.outcomes import Fact, Failure, Known
from engine.ir.fold import formula_at
from engine.ir.program import Program
from engine.native.agreement import all_figures
from engine.native.handover import case_of
from engine.population.columns import Columns
from engine.text.diagnostics import Diagnostics
from engine.values.exact import TOO_LONG
from engine.values.periods import Period, parse_period
from tests.native.asking_programs import asking_program
from tests.native.dated_programs import dated_population, dated_program
from tests.native.made_constants import AT
from tests.native.populations import population_of
from tests.native.programs import random_program
from tests.native.wider import wider_program
from tests.rulesets import check, told

PROGRAMS: Mapping[str, Callable[[Random], Program]] = {
    "plain": random_program,
    "asking": asking_program,
    "wider": wider_program,
    "dated": dated_program,
}
ALWAYS, NEVER = 1, 10**9
FAMILIES: tuple[dict[str, object], ...] = (
    {"complete": True, "ada": {"employment_income": 31_000, "age": 34}, "ben": {"age": 9}},
    {
        "complete": True,
        "ada": {"employment_income": "61_000.55", "age": 67},
        "ben": {"age": 19, "employment_income": 12},
    },
    {"complete": False, "ada": {"employment_income": 31_000}, "ben": {"age": 9}},
    {"complete": False, "ada": {}, "ben": {}},
)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(kind=st.sampled_from(sorted(PROGRAMS)), seed=st.integers(0, 2**32), missing=st.sampled_from([0.0, 0.1, 0.6]))
def test_functions_of_random_programs_find_what_is_found_node_by_node(kind: str, seed: int, missing: float) -> None:
    program = PROGRAMS[kind](Random(seed))
    made = dated_population if kind == "dated" else population_of
    columns = made(program, AT, 3, seed, missing, 0.7)
    _agree(program, _whole(program, columns), all_figures(program), AT)


def _whole(program: Program, columns: Columns) -> Case:
    return case_of(program, columns, {entity: list(range(count)) for entity, count in columns.counts.items()})


@pytest.mark.parametrize("family", FAMILIES, ids=str)
def test_functions_of_the_shipped_rules_find_what_is_found_node_by_node(family: dict[str, object]) -> None:
    program = load_program("us")
    people = {name: facts for name, facts in family.items() if name != "complete"}
    home = {"head": "ada", "dependents": ["ben"]}
    problems = Diagnostics()
    case = case_from_data(
        program, {"at": "2024", "complete": family["complete"], "people": people, "tax_units": {"home": home}}, problems
    )
    assert case is not None, list(problems)
    _agree(program, case, ("income_tax", "eitc", "payroll_tax", "refundable_ctc"), parse_period("2024"))


def _agree(program: Program, case: Case, names: Sequence[str], at: Period) -> None:
    by_node, by_function = (_steps(program, case, names, at, worth) for worth in (NEVER, ALWAYS))
    assert [list(steps) for steps in by_function] == [list(steps) for steps in by_node]
    for steps, other_steps in zip(by_node, by_function, strict=True):
        for fact, step in steps.items():
            assert _told(other_steps[fact]) == _told(step)


def _told(step: Step) -> tuple[object, ...]:
    """All that a step says, the kinds of numbers included."""
    values = repr((step.outcome, step.before_rounding, step.constants, step.open_groups))
    return step.source, values, step.reads, step.reads_more, id(step.body)


def _steps(program: Program, case: Case, names: Sequence[str], at: Period, worth: int) -> list[dict[Fact, Step]]:
    """The steps of the case as it is, and of each world that was asked for."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compiled, "WORTH", worth)
        interpreter = Interpreter(program, case)
        interpreter.compiled = Compiled(program)
        for name in names:
            definition = program.find(name)
            assert definition is not None
            for instance in instances_of(case, definition):
                interpreter.find(Fact(definition.name, instance, definition.period.containing(at.start)))
        return [interpreter.steps, *(world.steps for world in interpreter.worlds)]


POWERS = """
    about: Powers
    law: Test Act
    exports: [power, shifted, low]
    inputs:
      x: {entity: person, period: year, type: money, label: X, range: 0 .. 100}
    functions:
      square: {arguments: {a: rate}, type: rate, law: s.1, formula: a * a}
    variables:
      power: {label: Power, entity: person, period: year, type: rate, law: s.2, formula: "TIMES"}
      shifted: {label: Shifted, entity: person, period: year, type: money, law: s.3, formula: x @ last year}
      low: {label: Low, entity: person, period: year, type: money, law: s.4, formula: "min(x, power * 1 USD)"}
"""


@pytest.mark.parametrize("times", [3, 20])
def test_functions_hand_over_what_grows_too_long(tmp_path: Path, times: int) -> None:
    formula = "1 + x / 3 USD"
    for _ in range(times):
        formula = f"square({formula})"
    compiled_rules = check(tmp_path, {"made": POWERS.replace("TIMES", formula)})
    program = compiled_rules.program
    assert program is not None, told(compiled_rules)
    case = case_from_data(program, {"at": "2024", "people": {"ada": {"x": 7}}}, Diagnostics())
    assert case is not None
    _agree(program, case, ("power", "shifted", "low"), AT)
    power = program.find("power")
    assert power is not None
    outcome = Interpreter(program, case).find(Fact(power.name, "ada", AT))
    assert isinstance(outcome, Known) if times == 3 else isinstance(outcome, Failure) and outcome.message == TOO_LONG


def test_formulas_of_the_shipped_rules_are_written_as_functions() -> None:
    program = load_program("us")
    written = Compiled(program)
    period = parse_period("2024")
    missing = []
    for definition in program.definitions.values():
        if definition.period == period.kind and (body := formula_at(definition.formulas, period.start)) is not None:
            if written.made(body, period) is None:
                missing.append(definition.short_name)
    assert len(missing) < 20, missing
