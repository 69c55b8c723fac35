"""cure: against every set and value by brute force; waiting; the command and the route."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import combinations, product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.cure.cure import cure
from api.failures import Misuse
from api.http.config import Config
from engine.interpret.case_reader import case_from_data
from engine.interpret.cases import Case
from engine.interpret.constants import Constants
from engine.interpret.interpreter import Interpreter
from engine.interpret.outcomes import Fact, Known
from engine.ir.program import Program
from engine.text.diagnostics import Diagnostics
from engine.values.types import Value
from tests.api.http.client import CASE, land, serving
from tests.cli.command import run
from tests.rulesets import check, told

CONDITIONS = (
    "a and b",
    "a or (b and c)",
    "not a and n >= 3",
    "n + m = 7",
    "if a then n > 4 else m < 2",
    "(a and n > 2) or (b and c and m = 5)",
    "n > m and (b or c)",
    "n > m + 2 and not (a and b)",
    "a and not a",
    "n - m >= 4 or (a and b and c)",
)
FLAGS, NUMBERS = ("a", "b", "c"), ("n", "m")


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Program:
    def fact(name: str, kind: str) -> str:
        return f"  {name}: {{label: {name.upper()}, entity: person, period: year, {kind}}}\n"

    inputs = "".join(fact(name, "type: boolean, absent: false") for name in FLAGS)
    inputs += "".join(fact(name, "type: integer, range: 0 .. 6, absent: 0") for name in NUMBERS)
    figures = "".join(
        f"  r{number}: {{label: R, law: s. 1, entity: person, period: year, type: boolean, formula: {text}}}\n"
        for number, text in enumerate(CONDITIONS)
    )
    born = "  born: {label: Born, entity: person, period: eternity, type: date}\n"
    adult = "  adult: {label: Adult, law: s. 1, entity: person, period: day, type: boolean, formula: "
    adult += "born + 18 years <= today}\n"
    exports = ", ".join([*FLAGS, *NUMBERS, "born", "adult", *(f"r{number}" for number in range(len(CONDITIONS)))])
    text = f"about: Rules\nlaw: Act\nexports: [{exports}]\ninputs:\n{inputs}{born}variables:\n{figures}{adult}"
    compiled = check(Path(tmp_path_factory.mktemp("rules")), {"rules": text})
    assert compiled.program is not None, told(compiled)
    return compiled.program


def case_of(program: Program, facts: dict[str, Any], at: str = "2024") -> Case:
    problems = Diagnostics()
    found = case_from_data(program, {"at": at, "complete": True, "people": {"ada": facts}}, problems)
    assert found is not None, list(problems)
    return found


def holds(program: Program, case: Case, name: str, changed: dict[Fact, Value]) -> bool:
    tried = replace(case, given={**case.given, **changed})
    outcome = Interpreter(program, tried, Constants(program)).find(Fact(name, "ada", case.at))
    return isinstance(outcome, Known) and outcome.value is True


def by_hand(program: Program, case: Case, name: str) -> set[frozenset[str]]:
    """Every smallest set of up to three facts for which some values cure."""
    found: set[frozenset[str]] = set()
    values: dict[str, list[Value]] = {one: [False, True] for one in FLAGS}
    values |= {one: list(range(7)) for one in NUMBERS}
    for size in (1, 2, 3):
        for names in combinations(values, size):
            if any(one <= set(names) for one in found):
                continue
            facts = [Fact(one, "ada", case.at) for one in names]
            tries = product(*(values[one] for one in names))
            if any(holds(program, case, name, dict(zip(facts, chosen, strict=True))) for chosen in tries):
                found.add(frozenset(names))
    return found


flags = st.fixed_dictionaries({name: st.booleans() for name in FLAGS} | {name: st.integers(0, 6) for name in NUMBERS})


@given(flags, st.integers(0, len(CONDITIONS) - 1))
@settings(max_examples=40, deadline=None)
def test_the_smallest_cures_and_no_other(program: Program, facts: dict[str, Any], number: int) -> None:
    case, name = case_of(program, facts), f"r{number}"
    found = cure(program, case, program.definitions[name], every=True)
    if found.holds:
        assert holds(program, case, name, {})
        return
    assert found.settled
    for one in found.cures:
        changed = {Fact(change.fact, "ada", case.at): change.to for change in one.changes}
        assert holds(program, case, name, changed)  # type: ignore[arg-type]
        assert all(change.from_ != change.to for change in one.changes)
    assert {frozenset(change.fact for change in one.changes) for one in found.cures} == by_hand(program, case, name)


@pytest.mark.parametrize("born", ["2008-09-01", "2008-02-29", "2006-12-31", "2008-01-01"])
def test_waiting_is_enough_from_the_day_that_a_scan_of_all_days_finds(program: Program, born: str) -> None:
    case = case_of(program, {"born": born}, "2024-06-15")
    found = cure(program, case, program.definitions["adult"])
    assert not found.holds
    assert found.cures == ()
    days = (case.at.shift(number) for number in range(1, 1_000))
    assert found.waiting == str(next(day for day in days if holds(program, replace(case, at=day), "adult", {})))


def test_an_open_case_and_nobody_are_refused(program: Program) -> None:
    case = replace(case_of(program, {}), complete=False)
    with pytest.raises(Misuse, match="not complete"):
        cure(program, case, program.definitions["r0"])
    with pytest.raises(Misuse, match="no such person"):
        cure(program, case_of(program, {}), program.definitions["r0"], "bob")


def test_the_command_and_the_route_agree(tmp_path: Path) -> None:
    rules = land(tmp_path)
    sent = {**CASE, "complete": True}
    condition = "income_tax = 0 USD"
    stdin = json.dumps({"at": "2024", **sent})
    done = run("cure", rules, "-", condition, stdin=stdin)
    assert done.returncode == 0, done.stderr
    assert "Wages (wages of ann): 30,000 USD -> 2,500.04 USD" in done.stdout
    answer = json.loads(run("cure", rules, "-", condition, "--json", stdin=stdin).stdout)
    assert [change["fact"] for change in answer["cures"][0]["changes"]] == ["wages"]
    with serving(Config(rules=(rules,))) as client:
        wrong = client.post(
            "/v1/cure", json={"ruleset": "land", "at": "2024", "case": sent, "requirement": "income_tax"}
        )
        assert wrong.status_code == 422
        assert wrong.json()["errors"][0]["pointer"] == "/requirement"
