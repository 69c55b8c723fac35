"""cure by a record more: against every set, record and value by brute force; what the rules say of who adds it."""

from __future__ import annotations

import json
from itertools import combinations, product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.cure.cure import cure
from engine.interpret.case_reader import case_from_data
from engine.interpret.cases import Case
from engine.interpret.constants import Constants
from engine.interpret.interpreter import Interpreter
from engine.interpret.outcomes import Fact, Known
from engine.ir.program import Program
from engine.pipeline import check_rules
from engine.text.diagnostics import Diagnostics
from tests.cli.command import run
from tests.rulesets import told

CONDITIONS = (
    "any(t.grade >= 3 for t in tests)",
    "a and any(t.grade = 2 and t.is_public for t in tests)",
    "count(t in tests where not t.is_public) >= 1 and b",
    "any(t.grade >= 3 for t in tests) or a and b",
    "sum(t.grade for t in tests) = 6",
    "sum(t.grade for t in tests) + n = 9",
    "max(t.grade for t in tests) otherwise 0 < n",
    "count(t in tests) >= 1 and not any(t.grade > 1 and t.is_public for t in tests) and (a or n = 2)",
)
SETTINGS = """\
about: Exams
law: Act
currency: GBP
covers: {from: 2020-01-01, to: 2030-12-31}
entities:
  person: {plural: people}
  test: {plural: tests, belongs_to: person, more: {by: person, how: Sit it.}}
"""


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Program:
    folder = Path(tmp_path_factory.mktemp("exams"))
    (folder / "ruleset.yaml").write_text(SETTINGS, encoding="utf-8")
    inputs = "".join(
        f"  {name}: {{label: {name.upper()}, entity: {of}, period: eternity, {kind}}}\n"
        for name, of, kind in (
            ("a", "person", "type: boolean, absent: false"),
            ("b", "person", "type: boolean, absent: false"),
            ("n", "person", "type: integer, range: 0 .. 4, absent: 0"),
            ("grade", "test", "type: integer, range: 0 .. 4"),
            ("is_public", "test", "type: boolean"),
        )
    )
    figures = "".join(
        f"  r{number}: {{label: R, law: s. 1, entity: person, period: year, type: boolean, formula: {text}}}\n"
        for number, text in enumerate(CONDITIONS)
    )
    exports = ", ".join(f"r{number}" for number in range(len(CONDITIONS)))
    text = f"about: Rules\nlaw: Act\nexports: [{exports}]\ninputs:\n{inputs}variables:\n{figures}"
    (folder / "rules.yaml").write_text(text, encoding="utf-8")
    compiled = check_rules(folder, lint=False)
    assert compiled.program is not None, told(compiled)
    return compiled.program


def case_of(program: Program, facts: dict[str, Any], tests: list[tuple[int, bool]]) -> Case:
    records = {
        f"t{number}": {"person": "ada", "grade": grade, "is_public": public}
        for number, (grade, public) in enumerate(tests)
    }
    data = {"at": "2024", "complete": True, "people": {"ada": facts}, "tests": records}
    case = case_from_data(program, data, Diagnostics())
    assert case is not None
    return case


def holds(program: Program, case: Case, name: str) -> bool:
    outcome = Interpreter(program, case, Constants(program)).find(Fact(name, "ada", case.at))
    return isinstance(outcome, Known) and outcome.value is True


def by_hand(program: Program, facts: dict[str, Any], tests: list[tuple[int, bool]], name: str) -> set[frozenset[str]]:
    """Every smallest set of facts, and of a test more, for which some values cure."""
    values: dict[str, list[Any]] = {"a": [False, True], "b": [False, True], "n": list(range(5))}
    values["test"] = list(product(range(5), (False, True)))
    distinct: set[frozenset[str]] = set()
    for size in (1, 2, 3):
        for names in combinations(values, size):
            if any(smaller <= set(names) for smaller in distinct):
                continue
            for chosen in product(*(values[other_name] for other_name in names)):
                changed = dict(zip(names, chosen, strict=True))
                more = [changed.pop("test")] if "test" in changed else []
                if holds(program, case_of(program, {**facts, **changed}, [*tests, *more]), name):
                    distinct.add(frozenset(names))
                    break
    return distinct


people = st.fixed_dictionaries({"a": st.booleans(), "b": st.booleans(), "n": st.integers(0, 4)})


@given(people, st.lists(st.tuples(st.integers(0, 4), st.booleans()), max_size=2), st.integers(0, len(CONDITIONS) - 1))
@settings(max_examples=30, deadline=None)
def test_a_record_more_cures_where_it_does_and_only_there(
    program: Program, facts: dict[str, Any], tests: list[tuple[int, bool]], number: int
) -> None:
    name = f"r{number}"
    case = case_of(program, facts, tests)
    remedies = cure(program, case, program.definitions[name], every=True)
    if remedies.holds:
        return
    assert remedies.settled
    sets = []
    for cured in remedies.cures:
        changed = {change.fact: change.to for change in cured.changes}
        said = [{stated.fact: stated.to for stated in added.facts} for added in cured.added]
        more = [(line.get("grade", 0), line.get("is_public", False)) for line in said]  # what is not read is not said
        assert all((added.record, added.of.id, added.by) == ("test", "ada", "person") for added in cured.added)
        assert holds(program, case_of(program, {**facts, **changed}, [*tests, *more]), name)  # type: ignore[list-item]
        sets.append(frozenset([*changed, *(added.record for added in cured.added)]))
    assert len(sets) == len(set(sets))
    assert set(sets) == by_hand(program, facts, tests, name)


def test_a_theory_test_is_taken_today(tmp_path: Path) -> None:
    case = """
at: 2024-05-10
complete: true
people: {eva: {birth_date: 1990-05-10, drives: b}}
licences:
  l0: {person: eva, licence_category: b, licence_kind: provisional, granted: 2023-01-01, valid_until: 2080-01-01}
theory_tests: {t: {person: eva, theory_category: b, theory_passed: 2022-05-10}}
"""
    (tmp_path / "case.yaml").write_text(case, encoding="utf-8")
    said = run("cure", "gb", tmp_path / "case.yaml", "may_take_practical_test").stdout
    assert "theory_category B - cars and small vans, theory_passed 2024-05-10\n       by the person: Take the" in said


def test_every_set_with_a_licence_more_is_decided(tmp_path: Path) -> None:
    case = """
at: 2024-05-10
complete: true
people: {eva: {birth_date: 1980-01-01, vehicle_mass_kg: 2000, trailer_mass_kg: 3501}}
licences:
  l0: {person: eva, licence_category: b, licence_kind: full, granted: 2010-06-01, valid_until: 2080-01-01}
"""
    (tmp_path / "case.yaml").write_text(case, encoding="utf-8")
    answer = json.loads(run("cure", "gb", tmp_path / "case.yaml", "may_tow", "--all", "--thorough", "--json").stdout)
    assert answer.get("settled", True)  # what is as usual is left out
    sets = [{change["fact"] for change in cured["changes"]} for cured in answer["cures"]]
    medical = {"has_large_vehicle_medical"}  # with a licence for C1+E, which is asked for in another world
    assert sets == [{"trailer_mass_kg"}, medical]  # 3,500 kg are enough: what a world replaces hangs on the masses too
    assert [len(cured.get("added", ())) for cured in answer["cures"]] == [0, 1]


def test_a_refusal_comes_with_its_reasons_and_what_is_not_stated_with_its_name(tmp_path: Path) -> None:
    case = "at: 2024-05-10\ncomplete: true\npeople: {eva: {birth_date: 1990-05-10, drives: c}}\n"
    case += "licences: {l: {person: eva, licence_category: b, licence_kind: full, granted: 2015-01-01, VALID}}\n"
    (tmp_path / "case.yaml").write_text(case.replace("VALID", "valid_until: 2080-01-01"), encoding="utf-8")
    said = run("cure", "gb", tmp_path / "case.yaml", "may_drive").stdout
    assert said.startswith("`may_drive` does not hold for eva on 2024-05-10:\n  - You hold no full licence in force")
    assert "  - You do not meet the medical standard.  [Road Traffic Act 1988 s. 92]\n" in said
    assert "\n    and another licence of eva: granted 2024-05-10, licence_category C" in said
    (tmp_path / "open.yaml").write_text(case.replace(", VALID", "").replace("drives: c", "drives: b"), encoding="utf-8")
    unsure = run("cure", "gb", tmp_path / "open.yaml", "may_drive").stderr
    assert "not determined, so it may hold as it is" in unsure and "state `valid_until` of l" in unsure
    unknown = run("cure", "gb", tmp_path / "case.yaml", "may_drve").stderr
    assert "did you mean `may_drive`" in unknown
    wrong = "at: 2024-05-10\npeople: {eva: {}}\noffences: {o: {person: eva, committed_on: 2024-01-01}}\n"
    (tmp_path / "wrong.yaml").write_text(wrong, encoding="utf-8")
    assert "an offence has no figure `committed_on`" in run("calc", "gb", tmp_path / "wrong.yaml").stderr
