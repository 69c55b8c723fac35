"""Code is written for the form of constants: a law with other values runs with it if they fit, else with its own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray

from engine.ir.program import Program, Structure
from engine.native import Evaluator, Options
from engine.native.agreement import all_figures, differences
from engine.native.machine import compiling, making
from engine.native.plan.laying import lay_out
from engine.native.plan.plan import cell_for
from engine.native.results import Figures
from engine.native.write.kernel import Text, write_module
from engine.pipeline import compile_rules
from engine.population.columns import Columns
from engine.population.door import from_arrow
from engine.values.periods import parse_period
from tests.cli.command import write_rules
from tests.native.made_constants import AT, constants
from tests.native.populations import population_of
from tests.native.programs import random_program
from tests.native.test_constants import HEAD, SETTINGS
from tests.native.wider import wider_program

MODULE = f"""\
about: Rates
law: Test Act
exports: [due, kept, on_birth, divided, graded]
inputs:
  born: {{entity: person, period: eternity, type: date, label: Born}}
  wage: {{entity: person, period: year, type: money, label: Wage, range: 0 .. 100_000}}
parameters:
  least: {{type: money, law: s. 1, values: {{2010-01-01: 10, 2015-07-01: 20}}}}
  share: {{type: rate, law: s. 1, values: {{2010-01-01: 10%}}}}
  parts: {{type: integer, law: s. 1, values: {{2010-01-01: 3}}}}
  grown: {{type: integer, law: s. 1, values: {{2010-01-01: 18}}}}
tables:
  credits:
    law: s. 2
    key: {{rich: boolean}}
    type: money
    values: {{2010-01-01: {{true: 1, false: 2}}}}
scales:
  rates:
    kind: marginal
    law: s. 3
    values: {{2010-01-01: [{{above: 0, rate: 10%}}, {{above: 500, rate: 20%}}, {{above: 900, rate: 30%}}]}}
  grades:
    kind: step
    gives: money
    law: s. 4
    values: {{2010-01-01: [{{value: 1}}, {{above: 500, value: 2}}, {{above: 900, value: 3}}]}}
variables:
  due: {{{HEAD}, formula: "rates(wage) + share * wage - credits[wage > 900 EUR]"}}
  kept: {{{HEAD}, formula: "if wage > 17 EUR * grown then wage - least else wage"}}
  on_birth: {{{HEAD}, formula: least @ (born)}}
  divided: {{{HEAD}, formula: "if parts = 0 then 0 EUR else wage / parts"}}
  graded: {{{HEAD}, formula: grades(wage)}}
"""
WANTED = ["due", "kept", "on_birth", "divided", "graded"]
PLAIN = [name for name in WANTED if name != "on_birth"]  # which reads a constant on a day of each row's own
FITS = {
    "an amount": ("least: {2016-01-01: 12.34}", PLAIN),
    "an amount in the past": ("least: {2012-01-01: 12.34, 2014-01-01: current}", PLAIN),
    "a rate": ("share: {2010-01-01: 7%}", WANTED),
    "whole numbers": ("grown: {2010-01-01: 21}", WANTED),
    "a divisor": ("parts: {2010-01-01: 7}", WANTED),
    "a row of a table": ("credits[true]: {2010-01-01: 99.99}", WANTED),
    "where brackets begin": (
        "rates: {2010-01-01: [{above: 0, rate: 0%}, {above: 333.33, rate: 1%}, {above: 400, rate: 40%}]}", WANTED,
    ),
    "fewer brackets": ("rates: {2010-01-01: [{above: 0, rate: 15%}, {above: 100, rate: 16%}]}", WANTED),
    "fewer steps": ("grades: {2010-01-01: [{value: 7}, {above: 300, value: 4}]}", WANTED),
}  # fmt: skip
DOES_NOT_FIT = {
    "a rate of two decimals": ("share: {2010-01-01: 7.65%}", WANTED),
    "a rate of many decimals": ("share: {2010-01-01: 7.123456789%}", WANTED),
    "a rate above one": ("share: {2010-01-01: 250%}", WANTED),
    "an amount below zero": ("least: {2016-01-01: -12.34}", PLAIN),
    "an amount beyond what was allowed for": ("credits[true]: {2010-01-01: 90_000_000}", WANTED),
    "no divisor": ("parts: {2010-01-01: 0}", WANTED),
    "more brackets": (
        "rates: {2010-01-01: [{above: 0, rate: 1%}, {above: 5, rate: 2%}, {above: 6, rate: 3%}, {above: 7, rate: 4%}]}",
        WANTED,
    ),
    "a rate that falls": ("rates: {2010-01-01: [{above: 0, rate: 10%}, {above: 500, rate: 5%}]}", WANTED),
    "other days on which it changes": ("least: {2016-01-01: 12.34}", WANTED),
}


class Land:
    """A law, a population, and a folder in which code is kept."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.rules = write_rules(folder / "land", MODULE, SETTINGS)
        self.options = Options(cache=str(folder / "objects"))
        self.law = compile_rules(self.rules)

    def reformed(self, line: str) -> Program:
        path = self.folder / "reform.yaml"
        path.write_text(f"about: R\nlaw: A bill\nset:\n  {line}\n", encoding="utf-8")
        return compile_rules(self.rules, [path])

    def agrees(self, program: Program, wanted: list[str]) -> None:
        """Computed as in a new process, as the interpreter computes it."""
        columns = population(program)
        result = Evaluator().evaluate(program, columns, wanted, options=self.options)
        assert differences(program, columns, result) == []


def population(program: Program) -> Columns:
    chance = Random(5)
    wages = [0, 500, 501, 900, 901, 100_000, *(chance.randrange(3_000) for _ in range(60))]
    born = [f"{chance.randrange(1990, 2010)}-03-0{chance.randrange(1, 9)}" for _ in wages]
    table = pa.table({"person_id": range(len(wages)), "born": born, "wage": wages})
    columns = from_arrow(program, parse_period("2024"), {"person": table}).columns
    assert columns is not None
    return columns


@pytest.fixture
def land(tmp_path: Path) -> Land:
    return Land(tmp_path)


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts that are written from now on."""
    texts: list[str] = []

    def write(*given: Any, **named: Any) -> Text:
        made = write_module(*given, **named)
        texts.append(made.text)
        return made

    monkeypatch.setattr(making, "write_module", write)
    return texts


@pytest.mark.parametrize(("line", "wanted"), FITS.values(), ids=FITS)
def test_a_reform_that_fits_runs_with_the_code_of_the_law(
    line: str, wanted: list[str], land: Land, written: list[str]
) -> None:
    land.agrees(land.law, wanted)
    reformed = land.reformed(line)
    assert reformed.fingerprint != land.law.fingerprint
    land.agrees(reformed, wanted)
    assert len(written) == 1


@pytest.mark.parametrize(("line", "wanted"), DOES_NOT_FIT.values(), ids=DOES_NOT_FIT)
def test_a_reform_that_does_not_fit_has_code_of_its_own(
    line: str, wanted: list[str], land: Land, written: list[str]
) -> None:
    land.agrees(land.law, wanted)
    land.agrees(land.reformed(line), wanted)
    assert len(written) == 2
    land.agrees(land.law, wanted)
    assert len(written) == 2


def test_code_of_a_reform_serves_others_like_it(land: Land, written: list[str]) -> None:
    land.agrees(land.law, WANTED)
    more = "{above: 0, rate: 1%}, {above: 5, rate: 2%}, {above: 6, rate: 2.5%}, {above: 7, rate: 4%}"
    for line in (
        "share: {2010-01-01: 7.5%}",
        "share: {2010-01-01: 7.65%}",
        f"rates: {{2010-01-01: [{more}]}}",
        f"rates: {{2010-01-01: [{more}, {{above: 8, rate: 5%}}]}}",
        "grades: {2010-01-01: [{value: 1}, {above: 2, value: 2}, {above: 3, value: 3}, {above: 4, value: 4}]}",
    ):
        land.agrees(land.reformed(line), WANTED)
        assert len(written) == 2, line


def test_code_that_was_lost_is_written_as_it_was(land: Land, written: list[str]) -> None:
    land.agrees(land.law, WANTED)
    entries = sorted((land.folder / "objects").iterdir(), key=lambda path: path.stat().st_size)
    entries[-1].unlink()
    land.agrees(land.law, WANTED)
    assert written == [written[0]] * 2


def test_another_formula_is_another_law(land: Land, written: list[str]) -> None:
    land.agrees(land.law, WANTED)
    path = land.rules / "tax.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("wage - least", "wage - 2 * least"), encoding="utf-8")
    changed = compile_rules(land.rules)
    assert changed.form != land.law.form
    land.agrees(changed, WANTED)
    assert len(written) == 2


def test_a_program_made_out_of_another_has_nothing_in_common_with_it(land: Land) -> None:
    assert land.law.form not in ("", land.law.fingerprint)
    assert replace(land.law, fingerprint="another").form == ""
    assert replace(land.law, fingerprint="").form == ""


def status_of(figures: Figures) -> NDArray[np.uint8]:
    return figures.status if figures.status is not None else np.zeros(len(figures.entries), dtype=np.uint8)


def test_random_constants_give_the_same_bits_in_the_code_of_others_as_in_their_own(tmp_path: Path) -> None:
    compiled = 0
    for seed in (*range(8), 13):
        chance = Random(seed)
        law = (random_program if seed % 2 else wider_program)(chance)
        options = Options(cache=str(tmp_path / str(seed)))
        columns = population_of(law, AT, 8, seed, missing=0.0, density=1.0)
        for number in range(3):
            parameters, tables, scales = constants(Random(f"{seed} {number}"))
            held = {**law.parameters, **{name: parameters[name] for name in law.parameters if name in parameters}}
            program = replace(law, parameters=held, tables={**law.tables, **tables}, scales={**law.scales, **scales})
            program = replace(program, fingerprint=f"{number}", structure=Structure(f"{number}", "alike"))
            cells = [cell_for(program, name, AT) for name in all_figures(program)]
            kernel = compiling.Kernels().kernel(program, lay_out(program, columns, options), cells, options)
            compiled += not kernel.from_cache
            pair = [
                Evaluator().evaluate(program, columns, all_figures(program), options=way)
                for way in (options, Options(cache=""))
            ]
            for result in pair:
                assert differences(program, columns, result) == [], (seed, number)
            for name, figures in pair[0].figures.items():
                own = pair[1].figures[name]
                assert np.array_equal(figures.entries, own.entries), (seed, number, name)
                assert np.array_equal(status_of(figures), status_of(own)), (seed, number, name)
    assert 9 <= compiled < 27
