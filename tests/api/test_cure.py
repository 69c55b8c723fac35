"""cure: against every set and value by brute force; waiting; the command and the route."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from itertools import combinations, product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.cases.naming import find_definition
from api.cure.cure import cure
from api.failures import Misuse
from api.http.config import Config
from engine.interpret.case_reader import case_from_data
from engine.interpret.cases import Case
from engine.interpret.constants import Constants
from engine.interpret.interpreter import Interpreter
from engine.interpret.outcomes import Fact, Known
from engine.ir.program import Program
from engine.pipeline import check_rules
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
    "a and v between 100 USD and 200 USD",
    "b and v + w >= 300 USD",
    "w > v + 90 USD and not (a and b) and n = 2",
)
FLAGS, NUMBERS, AMOUNTS = ("a", "b", "c"), ("n", "m"), ("v", "w")
TELLING_CENTS = (0, 9_000, 9_001, 10_000, 20_000, 20_001, 30_000)
"""Amounts on either side of all that the conditions name."""
TRIED_CENTS = (*TELLING_CENTS, 39_001)
"""Those, and one that is more than 90 dollars above the highest of them."""


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Program:
    def fact(name: str, kind: str) -> str:
        return f"  {name}: {{label: {name.upper()}, entity: person, period: year, {kind}}}\n"

    inputs = "".join(fact(name, "type: boolean, absent: false") for name in FLAGS)
    inputs += "".join(fact(name, "type: integer, range: 0 .. 6, absent: 0") for name in NUMBERS)
    inputs += "".join(fact(name, "type: money, range: 0 .. 10_000_000, absent: 0") for name in AMOUNTS)
    figures = "".join(
        f"  r{number}: {{label: R, law: s. 1, entity: person, period: year, type: boolean, formula: {text}}}\n"
        for number, text in enumerate(CONDITIONS)
    )
    born = "  born: {label: Born, entity: person, period: eternity, type: date}\n"
    adult = "  adult: {label: Adult, law: s. 1, entity: person, period: day, type: boolean, formula: "
    adult += "born + 18 years <= today}\n"
    exports = ", ".join(
        [*FLAGS, *NUMBERS, *AMOUNTS, "born", "adult", *(f"r{number}" for number in range(len(CONDITIONS)))]
    )
    text = f"about: Rules\nlaw: Act\nexports: [{exports}]\ninputs:\n{inputs}{born}variables:\n{figures}{adult}"
    compiled = check(Path(tmp_path_factory.mktemp("rules")), {"rules": text})
    assert compiled.program is not None, told(compiled)
    return compiled.program


def case_of(program: Program, facts: dict[str, Any], at: str = "2024") -> Case:
    problems = Diagnostics()
    case = case_from_data(program, {"at": at, "complete": True, "people": {"ada": facts}}, problems)
    assert case is not None, list(problems)
    return case


def holds(program: Program, case: Case, name: str, changed: dict[Fact, Value]) -> bool:
    tried = replace(case, given={**case.given, **changed})
    outcome = Interpreter(program, tried, Constants(program)).find(Fact(name, "ada", case.at))
    return isinstance(outcome, Known) and outcome.value is True


def by_hand(program: Program, case: Case, name: str) -> set[frozenset[str]]:
    """Every smallest set of up to three facts for which some values cure."""
    distinct: set[frozenset[str]] = set()
    values: dict[str, list[Value]] = {flag: [False, True] for flag in FLAGS}
    values |= {number: list(range(7)) for number in NUMBERS}
    values |= {amount: [Fraction(cents, 100) for cents in TRIED_CENTS] for amount in AMOUNTS}
    for size in (1, 2, 3):
        for names in combinations(values, size):
            if any(entry <= set(names) for entry in distinct):
                continue
            facts = [Fact(other_name, "ada", case.at) for other_name in names]
            tries = product(*(values[each_name] for each_name in names))
            if any(holds(program, case, name, dict(zip(facts, chosen, strict=True))) for chosen in tries):
                distinct.add(frozenset(names))
    return distinct


flags = st.fixed_dictionaries(
    {name: st.booleans() for name in FLAGS}
    | {name: st.integers(0, 6) for name in NUMBERS}
    | {name: st.sampled_from(TELLING_CENTS).map(lambda cents: f"{cents / 100:.2f}") for name in AMOUNTS}
)


@given(flags, st.integers(0, len(CONDITIONS) - 1))
@settings(max_examples=40, deadline=None)
def test_the_smallest_cures_and_no_other(program: Program, facts: dict[str, Any], number: int) -> None:
    case, name = case_of(program, facts), f"r{number}"
    remedies = cure(program, case, program.definitions[name], every=True)
    if remedies.holds:
        assert holds(program, case, name, {})
        return
    assert remedies.settled
    for found_cure in remedies.cures:
        changed = {
            Fact(change.fact, "ada", case.at): Fraction(change.to) if change.fact in AMOUNTS else change.to  # type: ignore[arg-type]
            for change in found_cure.changes
        }
        assert holds(program, case, name, changed)  # type: ignore[arg-type]
        assert all(change.from_ != change.to for change in found_cure.changes)
    assert {frozenset(change.fact for change in other_cure.changes) for other_cure in remedies.cures} == by_hand(
        program, case, name
    )


@pytest.mark.parametrize("born", ["2008-09-01", "2008-02-29", "2006-12-31", "2008-01-01"])
def test_waiting_is_enough_from_the_day_that_a_scan_of_all_days_finds(program: Program, born: str) -> None:
    case = case_of(program, {"born": born}, "2024-06-15")
    remedies = cure(program, case, program.definitions["adult"])
    assert not remedies.holds
    assert remedies.cures == ()
    days = (case.at.shift(number) for number in range(1, 1_000))
    assert remedies.waiting == str(next(day for day in days if holds(program, replace(case, at=day), "adult", {})))


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


LORRIES = """\
about: Lorries
law: Road Act
exports: [born, has_b, theory_on, practical_on, qualified, medical_on, exempt, committed]
inputs:
  born: {entity: person, period: eternity, type: date, label: Born}
  has_b: {entity: person, period: eternity, type: boolean, label: Holds B, absent: false}
  theory_on: {entity: person, period: eternity, type: date, label: Theory, absent: 1990-01-01}
  practical_on: {entity: person, period: eternity, type: date, label: Practical, absent: 1990-01-01}
  qualified: {entity: person, period: eternity, type: boolean, label: Q, absent: false, changed_by: person, how: Do it}
  medical_on: {entity: person, period: eternity, type: date, label: Medical, absent: 1990-01-01}
  exempt: {entity: person, period: eternity, type: boolean, label: Exempt, absent: false}
  committed: {entity: offence, period: eternity, type: date, label: Committed}
  points: {entity: offence, period: eternity, type: integer, range: 0 .. 11, label: Points}
  hardship: {entity: person, period: eternity, type: boolean, label: Hardship, absent: false, changed_by: court}
variables:
  recent:
    label: Points of three years
    law: s. 8
    entity: person
    period: day
    type: integer
    formula: sum(o.points for o in offences where o.committed <= today and o.committed + 3 years > today)
requirements:
  may_drive:
    entity: person
    period: day
    label: May drive lorries
    law: s. 1
    all:
      old_enough: {needs: "age_on(born, today) >= 21 or qualified and age_on(born, today) >= 18", law: s. 2}
      holds_b: {needs: has_b, law: s. 3}
      theory: {needs: "theory_on <= today and theory_on + 2 years > practical_on", law: s. 4}
      practical: {needs: "practical_on > 1990-01-01 and practical_on <= today", law: s. 5}
      fit: {needs: "medical_on + 5 years > today and medical_on <= today or exempt", law: s. 6}
  keeps:
    entity: person
    period: day
    label: Keeps the licence
    law: s. 7
    all:
      few: {needs: hardship or recent < 12, law: s. 8}
"""


@pytest.fixture(scope="module")
def lorries(tmp_path_factory: pytest.TempPathFactory) -> Program:
    folder = Path(tmp_path_factory.mktemp("lorries"))
    (folder / "ruleset.yaml").write_text(
        "about: Roads\nlaw: Road Act\ncurrency: GBP\ncovers: {from: 1990-01-01, to: 2060-12-31}\n"
        "entities: {person: {plural: people}, offence: {plural: offences, belongs_to: person}}\n",
        encoding="utf-8",
    )
    (folder / "lorries.yaml").write_text(LORRIES, encoding="utf-8")
    compiled = check_rules(folder, lint=False)
    assert compiled.program is not None, told(compiled)
    return compiled.program


def asked(
    program: Program, name: str, facts: dict[str, Any], offences: dict[str, Any] | None = None
) -> tuple[Case, Any]:
    problems = Diagnostics()
    data = {"at": "2024-06-15", "complete": True, "people": {"ann": facts}, "offences": offences or {}}
    case = case_from_data(program, data, problems)
    assert case is not None, list(problems)
    return case, cure(program, case, find_definition(program, name))


def sets(found: Any) -> list[dict[str, Any]]:
    return [{change.fact: change.to for change in cured.changes} for cured in found]


def test_today_with_more_or_later_with_less(lorries: Program) -> None:
    facts = {"born": "2004-09-01", "has_b": True, "theory_on": "2023-03-01", "practical_on": "2024-02-01"}
    _, result = asked(lorries, "may_drive", facts)
    assert sets(result.cures) == [
        {"medical_on": "2024-06-15", "qualified": True},
        {"exempt": True, "qualified": True},
    ]
    assert [(plan.from_, sets([plan])[0]) for plan in result.plans] == [
        ("2025-09-01", {"medical_on": "2025-09-01"}),
        ("2025-09-01", {"exempt": True}),
    ]
    assert result.waiting == ""
    assert result.settled
    assert {(change.by, change.how) for change in result.cures[0].changes} == {("", ""), ("person", "Do it")}


def test_what_the_bound_on_work_leaves_open_is_told_and_found_by_looking_longer(
    lorries: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    facts = {"born": "2004-09-01", "has_b": True, "theory_on": "2023-03-01", "practical_on": "2024-02-01"}
    case, whole = asked(lorries, "may_drive", facts)
    assert (whole.settled, whole.looked_until) == (True, "")
    figure = find_definition(lorries, "may_drive")
    for budget, work in (("TODAY", 200), ("WAITING", 30), ("LATER", 0)):  # what is left over goes to later days
        monkeypatch.setattr(f"api.cure.cure.{budget}", work)
    bounded = cure(lorries, case, figure)
    assert (bounded.cures, bounded.plans, bounded.settled) == (whole.cures, (), False)
    assert "2024-06-15" <= bounded.looked_until < "2025-09-01"
    assert cure(lorries, case, figure, thorough=True) == whole
    monkeypatch.setattr("api.cure.cure.WAITING", 0)
    assert cure(lorries, case, figure).looked_until == "2024-06-15"  # the day itself
    monkeypatch.setattr("api.cure.cure.TODAY", 10)
    assert (cure(lorries, case, figure).cures, cure(lorries, case, figure).settled) == ((), False)


def test_a_test_is_taken_today_and_not_in_the_past(lorries: Program) -> None:
    facts = {
        "born": "1990-01-01",
        "has_b": True,
        "theory_on": "2021-03-01",
        "practical_on": "2024-02-01",
        "exempt": True,
    }
    _, result = asked(lorries, "may_drive", facts)
    assert sets(result.cures) == [{"theory_on": "2024-06-15"}]
    assert result.waiting == ""


def test_points_expire_and_a_court_may_help_before(lorries: Program) -> None:
    offences = {
        name: {"person": "ann", "committed": day, "points": points}
        for name, day, points in (("o1", "2022-02-01", 6), ("o2", "2023-05-05", 3), ("o3", "2024-03-03", 3))
    }
    case, result = asked(lorries, "keeps", {"born": "1970-01-01"}, offences)
    assert sets(result.cures) == [{"hardship": True}]
    assert result.cures[0].changes[0].by == "court"
    assert result.waiting == "2025-02-01"
    for number in range(1, 232):
        day = case.at.shift(number)
        outcome = Interpreter(lorries, replace(case, at=day), Constants(lorries)).find(
            Fact(find_definition(lorries, "keeps").name, "ann", day)
        )
        assert isinstance(outcome, Known)
        assert outcome.value is (str(day) >= "2025-02-01")


def test_where_an_amount_begins_and_ends(tmp_path: Path) -> None:
    sent = json.dumps({"at": "2024", **CASE, "complete": True})
    done = run("cure", land(tmp_path), "-", "income_tax", stdin=sent)
    assert done.returncode == 0, done.stderr
    assert "income_tax, as wages of ann moves (now 30,000 USD)" in done.stdout
    assert "begins above 2,500.00 USD" in done.stdout


def test_an_amount_beside_a_number_that_nobody_stated_is_found_without_machine_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Code would have to be made for a single case, which takes longer than the search."""
    facts = "  v: {label: V, entity: person, period: year, type: money, range: 0 .. 10_000_000, absent: 0}\n"
    facts += "  u: {label: U, entity: person, period: year, type: integer, range: 0 .. 6}\n"
    formula = "if v >= 100 USD then u > 1 else false"
    figure = f'  r: {{label: R, law: s. 1, entity: person, period: year, type: boolean, formula: "{formula}"}}\n'
    text = f"about: Rules\nlaw: Act\nexports: [v, u, r]\ninputs:\n{facts}variables:\n{figure}"
    compiled = check(tmp_path, {"rules": text})
    assert compiled.program is not None, told(compiled)
    made: list[object] = []
    monkeypatch.setattr("engine.native.running.Evaluator.code_alone", lambda *asked, **_: made.append(asked))
    monkeypatch.setattr("engine.native.running.Evaluator.evaluate", lambda *asked, **_: made.append(asked))
    for v in ("0", "99.99"):
        remedies = cure(compiled.program, case_of(compiled.program, {"v": v}), compiled.program.definitions["r"])
        pairs = [{change.fact: change.to for change in remedy.changes} for remedy in remedies.cures]
        assert pairs == [{"u": 2, "v": "100.00"}]
    assert made == []


def test_a_range_between_thresholds_is_found_and_one_that_is_empty_is_refused(tmp_path: Path) -> None:
    """No point at a growing distance holds in a narrow range: gaps between them are halved."""
    facts = "  v: {label: V, entity: person, period: year, type: money, range: 0 .. 10_000_000, absent: 0}\n"
    figures = "".join(
        f'  r{number}: {{label: R, law: s. 1, entity: person, period: year, type: boolean, formula: "{formula}"}}\n'
        for number, formula in enumerate(
            ("v >= 7_000 USD and v <= 9_000 USD", "v > 7_000 USD and v < 7_000.01 USD", "v >= 50 USD and v < 300 USD")
        )
    )
    text = f"about: Rules\nlaw: Act\nexports: [v, r0, r1, r2]\ninputs:\n{facts}variables:\n{figures}"
    compiled = check(tmp_path, {"rules": text})
    assert compiled.program is not None, told(compiled)
    case, definitions = case_of(compiled.program, {}), compiled.program.definitions
    asked = [cure(compiled.program, case, definitions[f"r{number}"]) for number in range(3)]
    assert [sets(remedies.cures) for remedies in asked] == [[{"v": "7000.00"}], [], [{"v": "50.00"}]]
    assert all(remedies.settled for remedies in asked)
