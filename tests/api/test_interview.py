"""ask: the answers determine what the same facts at once do; typed answers; going back, and on from a file."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.cases.calculate import Asked, calculate
from api.cases.naming import find_definition, named_figures
from api.cases.reach import facts_reached, facts_read
from api.failures import Failure, Misuse
from api.interview.interview import next_step, read_answer
from api.interview.listed import ENOUGH, MOST_MEASURED, SHARE, Interview, measured, next_screen
from api.interview.screens import screens_in
from api.interview.why import moved_by
from api.rules.programs import find_rules, load_program
from engine.interpret.case_reader import case_from_data
from engine.interpret.cases import Case
from engine.interpret.outcomes import Fact
from engine.ir.program import Program
from engine.text.diagnostics import Diagnostics
from tests.cli.command import write_rules
from tests.cli.logs import run
from tests.rulesets import SETTINGS


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_rules(tmp_path_factory.mktemp("rules") / "land")


@pytest.fixture(scope="module")
def program(rules: Path) -> Program:
    return load_program(str(rules))


def family(program: Program, facts: dict[str, dict[str, Any]]) -> Case:
    home = {"head": "ann", "dependents": ["bo"]}
    data = {"at": "2024", "people": facts, "tax_units": {"home": home}, "complete": ["dependents"]}
    problems = Diagnostics()
    case = case_from_data(program, data, problems)
    assert case is not None, list(problems)
    return case


@given(st.integers(0, 100_000), st.integers(0, 60))
@settings(max_examples=20, deadline=None)
def test_answers_lead_to_the_figure_that_all_facts_give(program: Program, wages: int, age: int) -> None:
    truth = family(program, {"ann": {"wages": wages, "age": 40}, "bo": {"wages": 0, "age": age}})
    case, asked = family(program, {"ann": {}, "bo": {}}), []
    wanted = [program.definitions["income_tax"]]
    while True:
        step, fact = next_step(program, case, wanted)
        if fact is None:
            break
        assert step.figures.results[0].status == "undetermined"
        assert fact not in asked
        asked.append(fact)
        case = replace(case, given={**case.given, fact: truth.given[fact]})
    expected, _ = next_step(program, truth, wanted)
    assert step.figures.results[0].value == expected.figures.results[0].value
    assert {(other_fact.name, other_fact.instance) for other_fact in asked} <= {("wages", "ann"), ("age", "bo")}


def test_what_nobody_can_tell_is_not_asked_again(program: Program) -> None:
    case, wanted = family(program, {"ann": {}, "bo": {}}), [program.definitions["income_tax"]]
    _, first = next_step(program, case, wanted)
    assert first is not None
    _, second = next_step(program, case, wanted, [first])
    assert second not in (None, first)
    end, third = next_step(program, case, wanted, [first, second])
    assert third is None
    assert end.figures.results[0].status == "undetermined"


@pytest.mark.parametrize(
    ("name", "text", "value"), [("wages", "$12,000.50", "12000.5"), ("age", "7", "7"), ("wages", "0", "0")]
)
def test_answers_as_they_are_typed(program: Program, name: str, text: str, value: str) -> None:
    assert read_answer(program, program.definitions[name], text) == Fraction(value)


NONE_OF_THEM = [
    ("wages", "much", "not a number"),
    ("wages", "0.001", "more decimals"),
    ("age", "131", "too much"),
    ("age", "-1", "too little"),
]


@pytest.mark.parametrize(("name", "text", "words"), NONE_OF_THEM)
def test_answers_that_are_none(program: Program, name: str, text: str, words: str) -> None:
    with pytest.raises(Misuse, match=words):
        read_answer(program, program.definitions[name], text)


def test_the_command_goes_back_and_goes_on(rules: Path, tmp_path: Path) -> None:
    case, kept = tmp_path / "case.yaml", tmp_path / "answers.json"
    text = "at: 2024\npeople: {ann: {}, bo: {AGE}}\ntax_units: {home: {head: ann, dependents: [bo]}}\n"
    text += "complete: [dependents]\n"
    case.write_text(text.replace("AGE", ""), encoding="utf-8")
    asked = ("ask", rules, case, "--want", "income_tax", "--save", kept)
    first = run(*asked, stdin="30000\nback\nstop\n")
    assert "between" in first.stdout
    assert "How much did you earn?" in first.stderr
    assert json.loads(kept.read_text(encoding="utf-8")) == {"rules": "land", "answers": []}
    case.write_text(text.replace("AGE", "age: 3"), encoding="utf-8")
    unsure = run(*asked, stdin="?\n")
    assert "between" in unsure.stdout
    done = run(*asked, stdin="many\n30000\n")
    assert "`many` is not a number" in done.stderr
    assert "(income_tax of home): 3,550 USD" in done.stdout
    assert json.loads(kept.read_text(encoding="utf-8"))["answers"][0]["answer"] == "30000.00"
    again = run(*asked)
    assert "(income_tax of home): 3,550 USD" in again.stdout


LISTED = """\
about: A land with lists
law: Tax Act
exports: [wages, rent, gifts, is_blind, age, tax]
inputs:
  wages: {entity: person, period: year, type: money, range: 0 .. 1_000_000, label: Wages, absent: 0}
  rent: {entity: person, period: year, type: money, range: 0 .. 1_000_000, label: Rent, absent: 0}
  gifts: {entity: person, period: year, type: money, range: 0 .. 1_000_000, label: Gifts, absent: 0}
  is_blind: {entity: person, period: year, type: boolean, status: true, label: Blind, absent: false}
  age: {entity: person, period: year, type: integer, stock: true, range: 0 .. 130, label: Age, can_change: by_time}
variables:
  tax:
    label: Tax
    entity: tax_unit
    period: year
    type: money
    law: Tax Act s. 1
    formula: |
      max(0 USD, 20% * (head.wages + head.rent) - (if head.is_blind then 500 USD else 0 USD)
      - min(2_000 USD, head.gifts)) + sum(d.rent for d in dependents)
"""
LISTS = """\
owed: [tax]
screens:
  money:
    of: people
    ask: "Any of these in {period}, {you}?"
    tick:
      wages: {say: Wages of a job, often: 70%, usual: 30_000, ages: 16..99, bring: The payslip}
      rent: {say: Rent, often: 10%, usual: 6_000}
  other:
    of: head
    ask: "And any of these?"
    tick:
      gifts: {say: Gifts to charity, often: 20%, usual: 1_000}
      is_blind: {say: Blind, often: 5%}
"""


@pytest.fixture(scope="module")
def listed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("listed") / "land"
    folder.mkdir()
    (folder / "ruleset.yaml").write_text(SETTINGS.read_text(encoding="utf-8"), encoding="utf-8")
    (folder / "tax.yaml").write_text(LISTED, encoding="utf-8")
    (folder / "screens.yaml").write_text(LISTS, encoding="utf-8")
    return folder


@given(
    wages=st.integers(0, 90_000), rent=st.integers(0, 9_000), gifts=st.integers(0, 9_000), blind=st.booleans(),
    childs=st.integers(0, 900),
)  # fmt: skip
@settings(max_examples=15, deadline=None)
def test_lists_lead_to_the_figure_that_all_facts_give(
    listed: Path, wages: int, rent: int, gifts: int, blind: bool, childs: int
) -> None:
    program = load_program(str(listed))
    screens = screens_in(listed, program)
    facts = {"ann": {"wages": wages, "rent": rent, "gifts": gifts, "is_blind": blind, "age": 40}}
    truth = replace(family(program, {**facts, "bo": {"rent": childs, "age": 10, "wages": 0}}), complete=True)
    case = family(program, {"ann": {"age": 40}, "bo": {"age": 10}})
    interview = Interview(program, [find_definition(program, "tax")], screens.lists)
    ticked: set[Fact] = set()
    for _ in range(12):
        screen = next_screen(interview, case, ticked)
        if screen.screen is None:
            break
        asked_facts = [tick.fact for tick in screen.screen.lines] or [item for item in [screen.screen.fact] if item]
        assert not any(other_fact in case.given for other_fact in asked_facts)
        witness = screen.screen.witness
        assert witness is not None and moved_by(interview, witness)  # what is asked could have changed the answer
        assert set(witness.changed) & set(asked_facts)
        assert all(witness.completed.given[fact] == value for fact, value in case.given.items())
        stated: dict[Fact, Any] = {}
        for found_fact in asked_facts:
            assert (found_fact.name.endswith("wages") and found_fact.instance == "bo") is False
            has = bool(truth.given.get(found_fact))
            if has and screen.screen.lines and found_fact.name.rpartition(":")[2] != "is_blind":
                ticked.add(found_fact)
            else:
                stated[found_fact] = truth.given.get(found_fact, program.definitions[found_fact.name].absent)
        ticked -= stated.keys()
        case = replace(case, given={**case.given, **stated})
    assert screen.screen is None
    expected = calculate(program, truth, interview.wanted, Asked()).results[0].value
    got = calculate(program, replace(case, complete=True), interview.wanted, Asked()).results[0].value
    unasked = [fact for fact, value in truth.given.items() if value and fact not in case.given]
    least_often = 0.05  # in the lists; what is not asked is expected to move the figure by less than is worth asking
    bound = max(ENOUGH, SHARE * float(Fraction(str(expected)))) / least_often if unasked else 0
    assert abs(float(Fraction(str(got)) - Fraction(str(expected)))) <= bound


def test_the_credit_of_a_family_takes_a_third_of_the_facts_that_its_rules_name() -> None:
    program = load_program("us")
    lists = screens_in(find_rules("us"), program).lists
    data = {
        "at": "2024", "people": {"ada": {"age": 34}, "ben": {"age": 5}},
        "tax_units": {"home": {"head": "ada", "dependents": ["ben"]}},
    }  # fmt: skip
    case = case_from_data(program, data, Diagnostics())
    assert case is not None
    interview = Interview(program, [program.definitions["eitc"]], lists)
    wages = Fact("employment_income_without_form", "ada", case.at)
    ticked: set[Fact] = set()
    seen = 0
    while (screen := next_screen(interview, case, ticked)).screen is not None:
        asked_facts = [tick.fact for tick in screen.screen.lines] or [fact for fact in [screen.screen.fact] if fact]
        seen += len(asked_facts)
        stated: dict[Fact, Any] = {}
        for fact in asked_facts:
            if fact == wages and screen.screen.lines:
                ticked.add(fact)
            else:
                stated[fact] = Fraction(20_000) if fact == wages else program.definitions[fact.name].absent
        ticked -= stated.keys()
        case = replace(case, given={**case.given, **stated})
    named = len(facts_reached(program, case.at, tuple(interview.wanted)))
    assert seen <= named / 3
    result = calculate(program, replace(case, complete=True), interview.wanted, Asked()).results[0]
    assert result.value == "4213.00"


def test_the_command_asks_who_there_is_ticks_reviews_and_goes_on(listed: Path, tmp_path: Path) -> None:
    kept = ("--save", tmp_path / "kept.json")
    first = run("ask", listed, "tax", "--at", "2024", *kept, stdin="0\n0\n40\n7\n1\nback\n1\nmuch\n30000\nstop\n")
    assert "How many dependents are there?" in first.stderr
    assert "1. Wages of a job" in first.stderr
    assert "`7` names no lines" in first.stderr
    assert "`much` is not a number" in first.stderr
    case = tmp_path / "case.yaml"
    case.write_text("at: 2024\npeople: {head: {age: 40}}\ntax_units: {home: {head: head}}\n", encoding="utf-8")
    done = run("ask", listed, case, *kept, stdin="1\n500\nyes\n")
    assert done.stdout.startswith("Tax (tax of home): 5,500 USD"), done.stdout + done.stderr
    assert "Bring:\n  - The payslip\n" in done.stdout
    (tmp_path / "kept.json").unlink()
    unsure = run("ask", listed, case, *kept, stdin="1\n?\nnone\nyes\n")
    assert "between" in unsure.stdout
    assert unsure.stdout.endswith("To settle it, find out:\n  - Wages of a job (head)\n"), unsure.stdout


def test_lists_that_name_nothing_are_told_all_at_once(listed: Path, tmp_path: Path) -> None:
    program = load_program(str(listed))
    text = (
        LISTS.replace("      rent:", "      rant:")
        .replace("of: head", "of: heads")
        .replace("owed: [tax]", "owed: [tex]")
    )
    (tmp_path / "screens.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(Failure) as told:
        screens_in(tmp_path, program)
    for words in ("`rant`, which is not a fact", "`heads`, which is not a role", "`tex`, which the rules do not have"):
        assert words in told.value.message


def test_what_a_population_has_orders_questions_and_changes_no_answer(listed: Path, tmp_path: Path) -> None:
    rows = "person_id,tax_unit_id,tax_unit_role,age,wages,rent,gifts\n"
    rows += "".join(f"{n},{n},head,40,0,{6_000 if n % 2 else 0},0\n" for n in range(400))
    (tmp_path / "people.csv").write_text(rows, encoding="utf-8")
    (tmp_path / "tax_units.csv").write_text("tax_unit_id\n" + "".join(f"{n}\n" for n in range(400)), encoding="utf-8")
    case = tmp_path / "case.yaml"
    case.write_text(
        "at: 2024\npeople: {head: {age: 40, wages: 50_000}}\ntax_units: {home: {head: head}}\n", encoding="utf-8"
    )
    tables = ("--learn", tmp_path / "people.csv", "--learn", tmp_path / "tax_units.csv")
    kept = tmp_path / "learned.json"
    first = run("ask", listed, case, *tables, "--keep-learned", kept, stdin="none\nnone\nnone\nyes\n")
    said = json.loads(kept.read_text(encoding="utf-8"))
    assert said["source"] == "people.csv, tax_units.csv"
    assert said["facts"]["rent"] == {"share": "0.5000", "amounts": [6000, 6000, 6000]}
    assert said["facts"]["gifts"]["share"] == "0.0010"
    again = run("ask", listed, case, "--learn", kept, stdin="none\nnone\nnone\nyes\n")
    plain = run("ask", listed, case, stdin="none\nnone\nnone\nyes\n")
    assert first.stdout == again.stdout
    assert {done.stdout.splitlines()[0] for done in (first, plain)} == {"Tax (tax of home): 10,000 USD  [Tax Act s. 1]"}
    assert first.stderr == again.stderr != plain.stderr
    wrong = run("ask", listed, case, "--learn", case.with_suffix(".json"), stdin="")
    assert "cannot be read" in wrong.stderr
    assert "`--learn FILE`" in run("ask", listed, case, "--keep-learned", kept, stdin="").stderr
    found_done = run("ask", listed, case, "--learn", kept, "--one-by-one", stdin="")
    assert "only lists are ordered" in found_done.stderr


def test_a_form_is_copied_box_by_box_and_kept(tmp_path: Path) -> None:
    case = tmp_path / "case.yaml"
    units = "tax_units: {home: {head: ada, dependents: [ben]}}\n"
    case.write_text(f"at: 2024\npeople: {{ada: {{age: 34}}, ben: {{age: 5}}}}\n{units}", encoding="utf-8")
    kept = tmp_path / "kept.json"
    asked = ("ask", "us", case, "--want", "eitc", "--save", kept)
    typed = "1\nform\nmuch\n12_000\n640\nnone\nnone\nnone\nperhaps\nyes\n8000\nnone\nnone\nnone\nnone\nno\nstop\n"
    done = run(*asked, stdin=typed)
    assert "`form` to copy a Form W-2" in done.stderr
    assert "`much` is not a number" in done.stderr
    assert "`perhaps` is neither `yes` nor `no`" in done.stderr
    assert done.stdout.startswith("Earned income credit (eitc of home): 4,213 USD")  # as for 20,000 of wages
    turn = json.loads(kept.read_text(encoding="utf-8"))["turns"][1]
    assert [question["boxes"]["w2_wages"] for question in turn if "form" in question] == ["12000.00", "8000.00"]
    assert "(eitc of home): 4,213 USD" in run(*asked, stdin="stop\n").stdout


def test_a_form_that_is_none_is_told(listed: Path, tmp_path: Path) -> None:
    folder = tmp_path / "land"
    folder.mkdir()
    for path in listed.iterdir():
        text = path.read_text(encoding="utf-8")
        rent = "rent: {say: Rent, form: {record: tax_unit, boxes: [wages]}, "
        gifts = "gifts: {say: Gifts to charity, form: {record: licence, boxes: [wages]}, "
        text = text.replace("rent: {say: Rent, ", rent).replace("gifts: {say: Gifts to charity, ", gifts)
        (folder / path.name).write_text(text, encoding="utf-8")
    with pytest.raises(Failure) as fault:
        screens_in(folder, load_program(str(folder)))
    assert "`tax_unit`, which is not a record of whom it is asked" in str(fault.value)
    assert "the box `wages`, which is not a fact of a licence" in str(fault.value)


def test_of_many_figures_only_as_many_are_measured_as_read_every_open_fact() -> None:
    us = load_program("us")
    data = {
        "at": "2024",
        "complete": True,
        "people": {"ann": {"birth_date": "1990-01-01"}},
        "tax_units": {"home": {"head": "ann"}},
        "dwellings": {"home": {"occupants": ["ann"]}},
    }
    case = case_from_data(us, data, Diagnostics())
    assert case is not None
    wanted = named_figures(us, "benefits", case.at)
    chosen = measured(Interview(us, wanted, ()), case)
    assert 0 < len(chosen) <= 3 < MOST_MEASURED < len(wanted)
    assert set(facts_read(us, case, tuple(chosen))) == set(facts_read(us, case, tuple(wanted)))
    assert measured(Interview(us, wanted[:5], ()), case) == wanted[:5]


def test_what_is_tried_and_contradicts_something_is_left_to_code(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tips without wages, or more taxable than was distributed, are refused: the interpreter would say why, a second
    for each question."""
    program = load_program("us")
    data = {"at": "2024", "people": {"ada": {"age": 34}}, "tax_units": {"home": {"head": "ada"}}}
    case = case_from_data(program, data, Diagnostics())
    assert case is not None
    handed: list[object] = []
    monkeypatch.setattr("engine.native.running.hand_over", lambda *asked, **_: handed.append(asked))
    wanted = [program.definitions[name] for name in ("eitc", "refundable_ctc", "savers_credit")]
    _, fact = next_step(program, case, wanted)
    assert fact is not None and not handed
