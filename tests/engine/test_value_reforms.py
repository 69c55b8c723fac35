"""A reform that only sets values gives the program that compiling the rules with it gives, without compiling."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from api.rules.programs import find_rules
from engine.ir.program import Program
from engine.pipeline import compile_rules
from engine.syntax.parser import parse_formula
from engine.syntax.paths import plain_path
from engine.text.diagnostics import Diagnostics, RulesInvalid
from engine.text.source import Fragment
from engine.value_reforms import with_values
from tests.rulesets import write_rules

VALIDATION = Path(__file__).parents[1] / "validation" / "reform_cases"
MODULE = """
    about: Rates
    law: Test Act
    exports: [prices, least, rates, due, wage]
    inputs:
      wage: {entity: person, period: year, type: money, label: Wage, range: 0 .. 100_000}
      number: {entity: person, period: eternity, type: integer, label: Number, range: 0 .. 10}
    parameters:
      prices: {type: rate, law: s. 1, values: {2020-01-01: 1, 2022-01-01: 1.1, 2024-01-01: 1.2}}
      least:
        type: money
        law: s. 1
        known_until: 2023-12-31
        uprate: {by: prices, base: 2022-01-01, round: down to 1 USD}
        values: {2020-01-01: 10}
      parts: {type: integer, law: s. 1, values: {2020-01-01: 2}}
      lowest: {type: integer, law: s. 1, values: {2020-01-01: 7}}
      always: {type: money, law: s. 1, values: {2020-01-01: 3}}
      private: {type: rate, law: s. 1, values: {2020-01-01: 10%, 2024-01-01: 12%}}
    tables:
      shares:
        law: s. 2
        key: {rich: boolean, size: integer 1..2}
        columns: {most: money, part: rate}
        values:
          2020-01-01:
            true: {1: {most: 1, part: 10%}, 2: {most: 2, part: 20%}}
            false: {1: {most: 3, part: 30%}, 2: {most: 4, part: 40%}}
      high:
        law: s. 2
        key: {size: integer 1..2}
        type: money
        values: {2020-01-01: {start_of: rates, rate: 20%, otherwise: 0}, 2025-01-01: {1: 5, 2: 6}}
    scales:
      rates:
        kind: marginal
        key: integer 1..2
        law: s. 3
        values:
          2020-01-01: {1: [{above: 0, rate: 10%}, {above: 50, rate: 20%}], 2: [{above: 0, rate: 20%}]}
          2023-01-01: {1: [{above: 0, rate: 10%}, {above: 60, rate: 20%}], 2: [{above: 0, rate: 20%}]}
      moving:
        kind: marginal
        arguments: {more: money}
        law: s. 3
        values: {2020-01-01: [{above: 0, rate: 10%}, {above: least + more, rate: 20%}]}
    variables:
      due:
        label: Due
        entity: person
        period: year
        type: money
        law: s. 4
        formula: rates[1](wage) + moving(wage, least) + high[1] + shares[true, 1].most + wage * private / parts
        exceptions:
          few: {when: number > 8, then: 1 USD, law: s. 5}
          many: {when: number < lowest, then: 2 USD, law: s. 6}
      fixed: {label: Fixed, entity: person, period: eternity, type: money, law: s. 7, formula: always}
"""
TAKEN = {
    "an amount": "least: {2022-01-01: 12}",
    "a date in the middle, and back": "private: {2021-01-01: 11%, 2022-01-01: current}",
    "what the law has from then on": "private: {2021-01-01: 12%}",
    "indexed": "least: {2022-01-01: 12, 2023-01-01: indexed}",
    "an index": "prices: {2023-01-01: 1.3}",
    "a cell of a table": "shares[true, 2].part: {2023-01-01: 25%}",
    "a row of a table": "shares[false, 1]: {2023-01-01: {most: 7, part: 7%}}",
    "brackets, which a table is read off": "rates[1]: {2021-01-01: [{above: 0, rate: 5%}, {above: 40, rate: 20%}]}",
    "no such bracket any more": "rates[1]: {2020-01-01: [{above: 0, rate: 5%}]}",
    "a divisor": "parts: {2021-01-01: 4}",
    "two lines": "private: {2021-01-01: 11%}\n  least: {2022-01-01: 12}",
}
NOT_TAKEN = {
    "a typo": "leest: {2022-01-01: 12}",
    "a key that is not there": "shares[true, 3].part: {2023-01-01: 25%}",
    "nothing new": "private: {2020-01-01: 10%, 2024-01-01: current}",
    "another type": "parts: {2021-01-01: 1.5}",
    "zero as divisor": "parts: {2021-01-01: 0}",
    "exceptions that clash": "lowest: {2020-01-01: 10}",
    "a change of what is read for all time": "always: {2021-01-01: 4}",
    "indexed before there is an index": "least: {2019-01-01: 12, 2023-01-01: indexed}",
    "a table that is read off a scale": "high[1]: {2023-01-01: 70}",
    "a scale that is a function": "moving: {2021-01-01: [{above: 0, rate: 5%}]}",
    "no date": "parts: 4",
}


def both(folder: Path, line: str) -> tuple[Program | None, Program | None]:
    """The program under a reform from that of the law, and by compiling; None where there is none."""
    (path,) = write_rules(folder, {"tax": MODULE}, [f"about: A\nlaw: A bill\nset:\n  {line}\n"])
    law = compile_rules(folder)
    try:
        compiled = compile_rules(folder, [path])
    except RulesInvalid:
        compiled = None
    return with_values(law, [path]), compiled


@pytest.mark.parametrize("line", TAKEN.values(), ids=TAKEN)
def test_values_laid_over_the_program_are_the_program_compiled_with_them(line: str, tmp_path: Path) -> None:
    laid, compiled = both(tmp_path, line)
    assert laid is not None and compiled is not None
    assert laid == compiled
    assert (laid.fingerprint, laid.structure) == (compiled.fingerprint, compiled.structure)


@pytest.mark.parametrize("line", NOT_TAKEN.values(), ids=NOT_TAKEN)
def test_what_is_wrong_or_not_so_plain_is_compiled(line: str, tmp_path: Path) -> None:
    laid, compiled = both(tmp_path, line)
    assert laid is None
    assert (compiled is not None) == line.startswith("high")


@cache
def us() -> Program:
    return compile_rules(find_rules("us"))


@pytest.mark.parametrize(
    ("line", "taken"),
    [
        ("ctc_amount: {2026-01-01: 3_000}", True),
        ("basic_standard_deduction_amount[joint]: {2026-01-01: 40_000, 2028-01-01: current}", True),
        ("ordinary_rates[single]: {2026-01-01: [{above: 0, rate: 10%}, {above: 100_000, rate: 30%}]}", True),
        ("long_term_rate_ends[single]: {2026-01-01: 1}", False),
    ],
)
def test_reforms_of_the_law_that_is_shipped(line: str, taken: bool, tmp_path: Path) -> None:
    path = tmp_path / "reform.yaml"
    path.write_text(f"about: A\nlaw: A bill\nset:\n  {line}\n", encoding="utf-8")
    laid = with_values(us(), [path])
    assert (laid is not None) == taken
    if laid is not None:
        compiled = compile_rules(find_rules("us"), [path])
        assert laid == compiled
        assert laid.fingerprint == compiled.fingerprint


def test_reforms_of_other_kinds_are_compiled(tmp_path: Path) -> None:
    removed = "about: A\nlaw: A bill\nset: {private: {2021-01-01: 11%}}\nremove: [due.exceptions.few]\n"
    added = "about: A\nlaw: A bill\nadd: {parameters: {more: {type: money, law: s. 1, values: {2020-01-01: 1}}}}\n"
    paths = write_rules(tmp_path, {"tax": MODULE}, [removed, added])
    law = compile_rules(tmp_path)
    assert [with_values(law, [path]) for path in paths] == [None, None]


def test_several_reforms_are_laid_over_each_other(tmp_path: Path) -> None:
    lines = ("private: {2021-01-01: 11%}", "private: {2022-01-01: 13%}\n  prices: {2022-01-01: 2}")
    paths = write_rules(tmp_path, {"tax": MODULE}, [f"about: A\nlaw: A bill\nset:\n  {line}\n" for line in lines])
    laid, compiled = with_values(compile_rules(tmp_path), paths), compile_rules(tmp_path, paths)
    assert laid == compiled
    assert laid is not None and laid.fingerprint == compiled.fingerprint
    back = with_values(compile_rules(tmp_path), paths[::-1])
    assert back is not None and back.fingerprint != laid.fingerprint


@pytest.mark.parametrize(
    "text",
    ["a", "rate_2", "t[single]", "t[single, 3].most", "t[0,10]", "s[0].x", "t[year]", "eur", "t[true]", "t[01]",
     "t[ a ]", "t[30 USD]", "then", "a.b.c", "t[of]", "t[a][b]", "A", "t[2024-01-01]", "t[none]", "_a", ""],
)  # fmt: skip
def test_a_plain_path_is_read_as_the_parser_reads_it(text: str) -> None:
    fragment, problems = Fragment.whole(text), Diagnostics()
    plain, parsed = plain_path(fragment), parse_formula(fragment, problems)
    assert plain is None or plain == parsed
    assert plain is None or (parsed is not None and plain.span == parsed.span)


def test_most_paths_are_plain() -> None:
    texts = ("a", "rate_2", "t[single]", "t[single, 3].most", "t[0,10]", "s[0].x")
    assert all(plain_path(Fragment.whole(text)) is not None for text in texts)
