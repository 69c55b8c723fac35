"""Explanations name what decided a figure, leave out what did not, and their numbers add up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from engine.explain.tree import Explanation, explain, render
from engine.interpret.case_reader import case_from_data
from engine.interpret.interpreter import Interpreter
from engine.interpret.outcomes import Fact
from engine.ir.program import Program
from engine.pipeline import compile_rules
from engine.text.diagnostics import Diagnostics
from tests.rulesets import check, told

US = Path(__file__).parents[2] / "rules" / "us"
PARENT: Mapping[str, object] = {
    "at": "2024",
    "complete": True,
    "people": {"ada": {"age": 34, "employment_income": 25_000}, "bo": {"age": 9}, "cy": {"age": 6}},
    "tax_units": {"home": {"head": "ada", "dependents": ["bo", "cy"]}},
}


def explained(program: Program, data: Mapping[str, object], name: str, instance: str) -> Explanation:
    problems = Diagnostics()
    case = case_from_data(program, data, problems)
    assert case is not None, [problem.message for problem in problems]
    definition = program.find(name)
    assert definition is not None
    return explain(Interpreter(program, case), Fact(definition.name, instance, case.at))


def everything(one: Explanation) -> Iterator[Explanation]:
    yield one
    for child in one.children:
        yield from everything(child)


@pytest.fixture(scope="module")
def us() -> Program:
    return compile_rules(US)


def test_the_credit_of_a_parent_of_two(us: Program) -> None:
    tree = explained(us, PARENT, "eitc", "home")
    assert tree.amount == "6,479.83 USD"
    assert "26 USC 32(a)" in tree.law
    requirement = next(child for child in tree.children if child.status)
    assert requirement.status == "met"
    assert {child.status for child in requirement.children} == {"met"}
    amounts = {explanation.label: explanation.amount for explanation in everything(tree)}
    assert amounts["Reduction of the credit because of income"] == "480.17 USD"
    assert amounts["Credit that the earned income gives"] == "6,960 USD"
    reduction = next(explanation for explanation in everything(tree) if explanation.label.startswith("Reduction"))
    assert reduction.before_rounding == "480.168 USD"
    assert "(25,000 USD)" in reduction.how
    assert "(22,720 USD)" in reduction.how


def test_what_holds_of_nobody_is_said_of_each(us: Program) -> None:
    tree = explained(us, PARENT, "eitc_eligible", "home")
    words = {child.label: child.how for child in tree.children}
    assert words["No filer is the qualifying child of somebody else"].endswith("(ada): no (not listed)")
    assert words["The filers have Social Security numbers valid for work"].endswith("(ada): yes")


def test_what_does_not_matter_is_left_out(us: Program) -> None:
    text = "\n".join(render(explained(us, PARENT, "adjusted_gross_income", "home")))
    assert "Wages, salaries and tips" in text
    assert "nterest" not in text.replace("interest of", "")
    assert "alimony" not in text.lower()


def test_a_refusal_says_which_reason_failed_and_what_the_citizen_is_told(us: Program) -> None:
    ada = {"age": 34, "employment_income": 25_000, "taxable_interest_income": 20_000}
    data = {**PARENT, "people": {"ada": ada, "bo": {"age": 9}, "cy": {"age": 6}}}
    tree = explained(us, data, "eitc_eligible", "home")
    failed = [child for child in tree.children if child.status == "not met"]
    assert [child.label for child in failed] == ["Investment income is within the limit"]
    assert failed[0].fails.startswith("Interest, dividends, gains and rents")
    assert failed[0].law == "26 USC 32(i)(1)"


def test_a_figure_is_explained_once(us: Program) -> None:
    tree = explained(us, PARENT, "income_tax", "home")
    computed = [
        explanation.fact
        for explanation in everything(tree)
        if explanation.how and not explanation.seen and not explanation.status
    ]
    assert len(computed) == len(set(computed))


RULES = """
    about: Sums
    law: Test Act
    exports: [total, kind, due, wages, bonus, abroad]
    inputs:
      wages: {entity: person, period: year, type: money, label: Wages, absent: 0}
      bonus: {entity: person, period: year, type: money, label: Bonus, absent: 0}
      abroad: {entity: person, period: year, type: boolean, status: true, label: Abroad, absent: false}
    variables:
      total: {label: Total, entity: person, period: year, type: money, law: s.1, formula: wages + bonus - 10 USD}
      kind:
        label: Kind
        entity: person
        period: year
        type: filing_status
        law: s.2
        formula: "case when wages > 100 USD then .joint when bonus > 100 USD then .separate else .single"
      due:
        label: Due
        entity: person
        period: year
        type: money
        law: s.3
        applies_if: not abroad
        formula: "max(0 USD, let share = wages / 3 in share - 50 USD)"
        exceptions:
          rich: {when: wages > 1_000_000 USD, then: 7 USD, law: s.4}
"""


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Program:
    compiled = check(tmp_path_factory.mktemp("rules"), {"m": RULES})
    assert compiled.program is not None, told(compiled)
    return compiled.program


def test_words(small: Program) -> None:
    def of(name: str, **facts: object) -> Explanation:
        return explained(small, {"at": "2024", "complete": True, "person": facts}, name, "person")

    assert of("total", wages=50).how == "Wages (50 USD) less 10 USD"
    assert of("total", wages=50, bonus=5).how == "Wages (50 USD) plus Bonus (5 USD) less 10 USD"
    kind = of("kind", wages=50, bonus=500)
    assert kind.because == ("Wages (50 USD) is not above 100 USD", "Bonus (500 USD) is above 100 USD")
    assert of("due", wages=300).how == "(Wages (300 USD) divided by 3) less 50 USD"
    assert of("due", wages=30).how.startswith("nothing, since")
    assert of("due", wages=30, abroad=True).amount == "does not apply"
    rich = of("due", wages=2_000_000)
    assert rich.how == "7 USD"
    assert "the exception `rich` applies (s.4)" in rich.because[0]


def test_missing_facts(small: Program) -> None:
    tree = explained(small, {"at": "2024", "person": {"wages": 30}}, "total", "person")
    assert tree.amount.startswith("not determined: between")
    assert [child.source for child in tree.children] == ["given", "unknown"]


def test_a_function_that_gives_an_argument_back_is_not_spoken_of(us: Program) -> None:
    ada = {"age": 70, "social_security": 24_000, "taxable_pension_income": 20_000}
    benefits = {**PARENT, "people": {"ada": ada}, "tax_units": {"home": {"head": "ada"}}}
    tree = explained(us, benefits, "tax_unit_taxable_social_security", "home")
    assert tree.how == "Benefits taxed for income between the base amounts (3,500 USD)"


def test_who_is_there_is_said_by_role(us: Program) -> None:
    alone = explained(us, PARENT, "filing_status", "home")
    assert "there is no spouse" in alone.because
    both = {**PARENT, "tax_units": {"home": {"head": "ada", "spouse": "bo", "dependents": ["cy"]}}}
    because = explained(us, both, "filing_status", "home").because
    assert any(reason.startswith("there is a spouse: bo,") for reason in because)


def test_dated_constants_go_by_their_labels(us: Program) -> None:
    tree = explained(us, PARENT, "eitc", "home")
    said = "\n".join(explanation.how for explanation in everything(tree))
    assert "phase in of Earned income credit terms (40%)" in said
    assert "eitc terms" not in "\n".join(render(tree))


def lines_of(tree: Explanation) -> str:
    return "\n".join(render(tree, width=1_000))


def test_a_second_child_of_whom_the_same_holds_is_as_the_first(us: Program) -> None:
    tree = explained(us, PARENT, "eitc", "home")
    second = next(explanation for explanation in everything(tree) if explanation.how == "as for bo")
    assert second.fact.instance == "cy"
    assert [(child.label, child.amount) for child in second.children] == [
        ("Age attained by the end of the year or the day of death, on the anniversary of birth", "6")
    ]
    other = {**PARENT, "people": {**PARENT["people"], "cy": {"age": 30, "is_disabled": True}}}  # type: ignore[dict-item]
    assert not [
        explanation
        for explanation in everything(explained(us, other, "eitc", "home"))
        if explanation.how.startswith("as for")
    ]


def test_what_nobody_stated_is_told_in_the_words_and_has_no_line(us: Program) -> None:
    tree = explained(us, PARENT, "eitc", "home")
    assert not [explanation for explanation in everything(tree) if explanation.source in ("absent", "default")]
    text = lines_of(tree)
    assert "Lives with the filer for more than half of the year: yes (not listed)" in text
    assert "since nothing else is listed: No filer is the qualifying child of somebody else; " in text
    assert "[met] Lives in the United States" in text
    assert "figures are those of a filed return" not in text.lower()
    assert "(see above)" not in text


def test_a_reason_that_was_stated_is_shown(us: Program) -> None:
    stated = {
        **PARENT,
        "tax_units": {"home": {"head": "ada", "dependents": ["bo", "cy"], "improper_eitc_claim": False}},
    }
    problems = Diagnostics()
    if case_from_data(us, stated, problems) is None:
        pytest.fail(str([problem.message for problem in problems]))
    assert "[met] Is not barred after an improper claim" in lines_of(explained(us, stated, "eitc", "home"))
    whole = lines_of(explained(us, PARENT, "eitc_eligible", "home"))
    assert "[met] Is not barred after an improper claim" in whole  # asked for by name, every reason is there


FUNCTIONS = """
    about: Lines
    law: Test Act
    exports: [plain, wrapped, capped, long, bracket, rank, kind]
    inputs:
      wages: {entity: person, period: year, type: money, label: Wages, absent: 0}
      filed: {entity: person, period: year, type: boolean, status: true, label: Filed, default: false, law: s.0}
      age: {entity: person, period: year, type: integer, label: Age, absent: 0}
      status: {entity: person, period: year, type: filing_status, label: Status, absent: single}
    scales:
      rates: {kind: marginal, law: s.9, values: {2020-01-01: [{above: 0, rate: 10%}, {above: 100, rate: 20%}]}}
    tables:
      steps: {type: money, key: {n: integer 0..3}, law: s.8, values: {2020-01-01: {0: 0, 1: 10, 2: 20, 3: 30}}}
    functions:
      line:
        arguments: {amount: money, as_filed: boolean}
        type: money
        formula: "if as_filed then round(amount, half_up, 1 USD) else amount"
      cap: {arguments: {amount: money, most: money}, type: money, formula: "min(amount, most)"}
      named: {label: Named sum, arguments: {amount: money}, type: money, formula: amount + 3 USD}
    variables:
      plain: {label: Plain, entity: person, period: year, type: money, law: s.1, formula: "line(wages, filed)"}
      wrapped:
        label: Wrapped
        entity: person
        period: year
        type: money
        law: s.2
        formula: "line(cap(wages + 5 USD, 100 USD), filed) * 2"
      capped: {label: Capped, entity: person, period: year, type: money, law: s.3, formula: "cap(wages, 50 USD)"}
      long: {label: Long, entity: person, period: year, type: money, law: s.4, formula: "named(wages) * 2"}
      bracket: {label: Bracket, entity: person, period: year, type: money, law: s.5, formula: "rates(wages)"}
      rank: {label: Rank, entity: person, period: year, type: money, law: s.6, formula: "steps[min(3, age)] + 1 USD"}
      kind:
        label: Kind
        entity: person
        period: year
        type: boolean
        law: s.7
        formula: "not (status is one of (.joint, .separate)) and status != .separate"
"""


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> Program:
    compiled = check(tmp_path_factory.mktemp("rules"), {"m": FUNCTIONS})
    assert compiled.program is not None, told(compiled)
    return compiled.program


def test_a_call_is_told_by_what_it_does(lines: Program) -> None:
    def of(name: str, **facts: object) -> Explanation:
        return explained(lines, {"at": "2024", "complete": True, "person": facts}, name, "person")

    assert of("plain", wages="50.40").how == "Wages (50.40 USD)"
    assert of("plain", wages="50.40").because == ()
    filed = of("plain", wages="50.40", filed=True)
    assert (filed.how, filed.because) == ("Wages (50.40 USD) rounded to the nearest 1 USD", ("Filed: yes",))
    assert of("wrapped", wages=70).how == "(the lesser of (Wages (70 USD) plus 5 USD) and 100 USD) times 2"
    assert of("capped", wages=70).how == "the lesser of Wages (70 USD) and 50 USD"
    assert of("long", wages=70).how == "Named sum (73 USD, from Wages (70 USD)) times 2"
    assert of("bracket", wages=300).how == "rates (50 USD, on Wages (300 USD))"
    assert of("rank", age=70).how == "steps (30 USD) plus 1 USD"
    said = of("kind", status="single").how
    assert said.startswith("Status (Single) is neither Married filing jointly nor Married filing separately"), said


def test_a_fact_that_is_not_known_is_so_and_has_no_range_of_everything(us: Program) -> None:
    unknown = {key: value for key, value in PARENT.items() if key != "complete"}
    whole = lines_of(explained(us, unknown, "eitc", "home"))
    assert "Net profit from a business: not known [" in whole
    assert "business: not determined" not in whole


def test_a_condition_that_rests_on_defaults_alone_is_left_out(us: Program) -> None:
    """Who says nothing of work abroad is told nothing of it; who does is."""
    plain = explained(us, PARENT, "refundable_ctc", "home")
    units = {"home": {"head": "ada", "dependents": ["bo", "cy"], "excludes_foreign_earned_income": True}}
    abroad = explained(us, {**PARENT, "tax_units": units}, "refundable_ctc", "home")
    assert not [explanation for explanation in everything(plain) if "No refund" in explanation.label]
    assert abroad.amount == "0 USD"
    assert [explanation for explanation in everything(abroad) if "No refund" in explanation.label]
