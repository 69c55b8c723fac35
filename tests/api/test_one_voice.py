"""Values are put into words in one place: calc, why, pages and logs tell the same amount in the same words."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.cases.calculate import calculate
from api.cases.json_values import as_json, words_of_json
from api.web.rendering import amounts, money
from engine.explain.tree import explain
from engine.explain.words import number_words, value_words
from engine.interpret.case_reader import case_from_data
from engine.interpret.interpreter import Interpreter
from engine.interpret.outcomes import Fact
from engine.ir.program import Program
from engine.pipeline import compile_rules
from engine.reading.declared_settings import Settings
from engine.text.diagnostics import Diagnostics
from engine.values.types import BOOLEAN, DATE, INTEGER, MONEY, NONE, RATE, EnumValue, Value, ValueType, enum_type
from tests.rulesets import write_rules

DINARS = Settings("dinars", currency="KWD", money_grid=Fraction(1, 1000))
DUES = """
    about: Dues
    law: Test Act
    exports: [wages, due]
    inputs:
      wages: {entity: person, period: year, type: money, label: Wages, absent: 0}
    variables:
      due: {label: Due, entity: person, period: year, type: money, law: s.1, formula: wages / 3}
"""


@pytest.fixture(scope="module")
def dinars(tmp_path_factory: pytest.TempPathFactory) -> Program:
    folder = tmp_path_factory.mktemp("dinars")
    write_rules(folder, {"dues": DUES})
    path = folder / "ruleset.yaml"
    settings = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("money_grid:")]
    path.write_text("\n".join([*settings, "money_grid: 0.001"]) + "\n", encoding="utf-8")
    return compile_rules(folder)


@pytest.mark.parametrize(("wages", "words"), [("37.5", "12.500 USD"), ("1", "0.333 USD"), ("9000", "3,000 USD")])
def test_calc_and_why_say_the_same(dinars: Program, wages: str, words: str) -> None:
    data = {"at": "2024", "complete": True, "people": {"ann": {"wages": wages}}}
    problems = Diagnostics()
    case = case_from_data(dinars, data, problems)
    definition = dinars.find("due")
    assert case is not None and definition is not None, list(problems)
    tree = explain(Interpreter(dinars, case), Fact(definition.name, "ann", case.at))
    assert (calculate(dinars, case, [definition]).results[0].text, tree.amount) == (words, words)
    if wages == "1":
        assert tree.before_rounding == "1/3 USD"


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (Fraction(1, 3), "1/3"),
        (Fraction(-24805, 3), "-24,805/3"),
        (Fraction(25, 2), "12.5"),
        (Fraction(1, 10**12), "0.000000000001"),
        (Fraction(10**12 + 1, 3 * 10**6), "about 333,333.333334"),
        (Fraction(-1, 2**40), "about 0"),
    ],
)
def test_a_number_is_exact_or_says_that_it_is_not(value: Fraction, words: str) -> None:
    assert number_words(value) == words


def test_kinds_of_values_in_words() -> None:
    assert value_words(Fraction(25, 2), MONEY, DINARS) == "12.500 KWD"
    assert value_words(Fraction(153, 2000), RATE, DINARS) == "7.65%"
    assert value_words(Fraction(1, 3), RATE, DINARS) == "1/3"
    assert words_of_json(None, MONEY, DINARS) == "not stated"


_TYPED = st.one_of(
    st.tuples(st.fractions(max_denominator=10**6), st.sampled_from([MONEY, RATE])),
    st.tuples(st.integers(), st.just(INTEGER)),
    st.tuples(st.booleans(), st.just(BOOLEAN)),
    st.tuples(st.dates(), st.just(DATE)),
    st.tuples(st.just(EnumValue("status", "single")), st.just(enum_type("status"))),
    st.tuples(st.just(NONE), st.sampled_from([MONEY, DATE])),
)


@given(_TYPED)
def test_a_value_in_json_is_told_as_the_value_itself(typed: tuple[Value, ValueType]) -> None:
    value, value_type = typed
    told = words_of_json(as_json(value, value_type, DINARS), value_type, DINARS)
    assert told == value_words(value, value_type, DINARS)


def test_a_fraction_is_no_amount_with_a_sign_before_its_last_part() -> None:
    assert amounts("the share 1/3 USD of 1,234.50 USD") == "the share 1/3 USD of $1,234.50"
    assert money("1/3 USD") == "1/3 USD"
