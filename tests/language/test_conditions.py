"""What can hold is not said never to hold: thresholds that lie close together, and the ranges of facts."""

from __future__ import annotations

import pytest

from engine.pipeline import compile_ruleset
from engine.reading.declarations import Ruleset
from engine.reading.documents import read_module
from engine.syntax.files import source_from_text
from engine.text.diagnostics import Diagnostics
from tests.language.expectations import settings

MODULE = """\
about: A credit
law: Test Act
exports: [credit]
inputs:
  wages: {entity: person, period: year, type: money, label: Wages, range: 0 .. 1_000}
  share: {entity: person, period: year, type: rate, label: Share}
  age: {entity: person, period: year, type: integer, label: Age, stock: true}
variables:
  credit:
    label: Credit
    entity: person
    period: year
    type: money
    law: Test Act s. 2
    formula: if %s then 5 USD else wages + share * 1 USD + age * 1 USD
examples:
  - {at: 2024, given: {person: {credit: 5}}, expect: {credit: 5}}
"""


def codes(condition: str) -> list[str]:
    problems = Diagnostics()
    source = source_from_text(MODULE % condition, "credit.yaml", problems)
    assert source is not None
    module = read_module(source, "credit", settings(), problems)
    assert module is not None
    return [problem.code for problem in compile_ruleset(Ruleset(settings(), (module,)), problems).problems]


@pytest.mark.parametrize(
    "condition",
    [
        "share > 50% and share < 50.5%",
        "share > 1/3 and share < 0.3334",
        "wages * 1/3 > 5 USD and wages * 1/3 < 5.01 USD",
        "age > 64.5 and age < 65.5",
        "wages >= 1_000 USD",
        "wages <= 0 USD",
        "age < -5",
    ],
)
def test_what_can_hold_is_let_stand(condition: str) -> None:
    assert codes(condition) == []


@pytest.mark.parametrize(
    "condition",
    [
        "wages > 1_000 USD",
        "wages < 0 USD",
        "share > 50.5% and share < 50%",
        "age > 65 and age < 65.5",
        "wages between 600 USD and 500 USD",
        "count(l in licences) < 0",
    ],
)
def test_what_can_never_hold_is_found(condition: str) -> None:
    assert codes(condition) == ["E703"]


def test_what_always_holds_leaves_its_else_unreached() -> None:
    assert codes("wages between 0 USD and 1_000 USD") == ["E703"]
