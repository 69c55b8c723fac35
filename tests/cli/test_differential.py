"""`rulewright check --differential` compares the evaluators, and finds a fault that is put into one of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from api.cli.check import check_command
from api.failures import ExitCode
from api.rules.check import Differential
from engine.native import forget
from engine.native.machine import making
from engine.native.plan import terms
from tests.cli.command import run
from tests.rulesets import write_rules

RULES = """
    about: Test
    law: Test Act
    exports: [wages, children, tax, credit]
    inputs:
      wages: {entity: person, period: year, type: money, label: Wages, absent: 0}
      children: {entity: person, period: year, type: integer, label: Children, range: 0 .. 9, absent: 0}
    parameters:
      exempt: {type: money, law: s.1, values: {2020-01-01: 10_000}}
      share: {type: rate, law: s.2, values: {2020-01-01: 12.5%}}
    variables:
      tax:
        entity: person
        period: year
        type: money
        label: Tax
        law: s.1
        formula: 'share * max(0 USD, wages - exempt)'
      credit:
        entity: tax_unit
        period: year
        type: money
        label: Credit
        law: s.3
        formula: 'min(300 USD * sum(m.children for m in members), sum(m.tax for m in members))'
    examples:
      - at: 2024
        given: {people: {ada: {wages: 12_000, children: 2, tax: 250}}, tax_units: {home: {head: ada}}}
        expect: {credit: 250}
      - at: 2024
        given: {person: {wages: 12_000}}
        expect: {tax: 250}
"""
SMALL = Differential(rounds=3, people=40, seed=5)


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    write_rules(tmp_path, {"m": RULES})
    return tmp_path


def test_evaluators_that_agree_are_no_fault(rules: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check_command(str(rules), (), False, SMALL) == ExitCode.DONE
    printed = capsys.readouterr()
    assert printed.out.endswith(" values compared, 0 differences\n")
    assert printed.err.count("round ") == 3
    assert "0 values compared" not in printed.err


def test_a_wrong_constant_in_the_code_is_found(
    rules: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def wrong(*arguments: Any) -> Any:
        return terms.filled(*arguments) + 1

    monkeypatch.setattr(making, "filled", wrong)
    forget()
    assert check_command(str(rules), (), True, SMALL) == ExitCode.DIFFERENCES_FOUND
    forget()
    told = json.loads(capsys.readouterr().out)
    assert told["ok"] is True
    assert 0 < told["differential"]["differing"] <= told["differential"]["compared"]
    assert told["differential"]["differences"][0].startswith("tax of row ")


def test_the_command_takes_the_option(rules: Path) -> None:
    done = run("check", rules, "--differential", "--rounds", "1", "--people", "9")
    assert done.returncode == 0, done.stderr
    assert "machine code and interpreter:" in done.stdout
