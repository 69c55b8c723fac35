"""No projection undoes a reform: after any `set`, the value read on a later day is the one set, or indexed from it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.interpret.constants import Constants
from engine.ir.program import Program
from engine.pipeline import Compiled, check_rules
from engine.reading.declared_constants import Parameter, Scale, Table
from engine.reading.documents import read_reform
from engine.reading.tables import key_words
from engine.reforms.apply import apply_reform
from engine.text.diagnostics import Diagnostics
from engine.text.source import Source
from engine.values.types import NONE
from tests.rulesets import check, codes, told

US = Path(__file__).parents[2] / "rules" / "us"
Constant = Parameter | Table | Scale


@cache
def law() -> Compiled:
    return check_rules(US, lint=False)


def constants_of(program: Program) -> dict[str, Constant]:
    return {**program.parameters, **program.tables, **program.scales}


def uprated() -> list[str]:
    program = law().program
    assert program is not None
    return sorted(name for name, constant in constants_of(program).items() if constant.uprate is not None)


def under(text: str, name: str) -> Constants:
    """The constants of the law, the one called `name` as the reform `text` leaves it."""
    ruleset, program = law().ruleset, law().program
    assert ruleset is not None and program is not None
    problems = Diagnostics()
    reform = read_reform(Source("reform.yaml", text), "reform", ruleset.settings, problems)
    assert reform is not None
    changed = apply_reform(ruleset, reform, problems)
    assert not problems.errors, [problem.message for problem in problems]
    short, kind = name.rpartition(":")[2], type(constants_of(program)[name])
    group = {Parameter: "parameters", Table: "tables", Scale: "scales"}[kind]
    listed = [
        item
        for module in changed.modules
        for item in getattr(module, group)
        if item.name == short and name in (short, f"{module.name}:{short}")
    ]
    mine = replace(listed[0], uprate=constants_of(program)[name].uprate and replace(listed[0].uprate, by=index(name)))
    return Constants(replace(program, **{group: {**getattr(program, group), name: mine}}))  # type: ignore[arg-type]


def index(name: str) -> str:
    program = law().program
    assert program is not None
    uprate = constants_of(program)[name].uprate
    assert uprate is not None
    return uprate.by


def path_and_values(constant: Constant, cells: Any, amount: int) -> tuple[str, str, Any]:
    """The path of a part of a constant, a value for it as a reform writes it, and how it is read."""
    short = constant.name
    if isinstance(constant, Parameter):
        return short, str(amount), lambda content: content
    key = next(iter(cells))
    if isinstance(constant, Table):
        keys = ", ".join(map(key_words, key))
        column = next(name for name, type in constant.columns.items() if str(type) == "money" or not name)
        return f"{short}[{keys}]{f'.{column}' if column else ''}", str(amount), lambda content: content[key][column]
    written = f"[{{above: 0, rate: 1%}}, {{above: {amount}, rate: 2%}}]"
    return f"{short}[{key}]" if key is not None else short, written, lambda content: content[key][-1].threshold


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_what_is_set_is_read_on_every_later_day_or_is_indexed_from_it(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(uprated()))
    program = law().program
    assert program is not None
    constant = constants_of(program)[name]
    begins = max(constant.values[0][0], program.parameters[index(name)].values[0][0])
    first = max(2013, begins.year + (begins > date(begins.year, 1, 1)))  # it is read on each 1 January
    years = sorted(data.draw(st.sets(st.integers(first, 2028), min_size=1, max_size=3)))
    amounts = data.draw(st.lists(st.integers(101, 999), min_size=len(years), max_size=len(years)))
    words = [*data.draw(st.lists(st.sampled_from(["set", "indexed", "current"]), min_size=3, max_size=3))]
    content = Constants(program).at(name, date(years[0], 1, 1))
    assert content is not None
    path, _, read = path_and_values(constant, content.content, 0)
    lines, expected = [], {}
    base: tuple[int, int] | None = None
    for position, (year, amount) in enumerate(zip(years, amounts, strict=True)):
        word = words[position]
        if word == "indexed" and base is not None:
            lines.append(f"    {year}-01-01: indexed")
            expected[year] = ("indexed", base)
        elif word == "current" and position:
            lines.append(f"    {year}-01-01: current")
            base = None
            expected[year] = ("current", (0, 0))
        else:
            lines.append(f"    {year}-01-01: {path_and_values(constant, content.content, amount)[1]}")
            base = (year, amount)
            expected[year] = ("set", base)
    constants = under(f"about: x\nlaw: y\nset:\n  {path}:\n" + "\n".join(lines) + "\n", name)
    for year in range(first, 2029):
        since = max((start for start in expected if start <= year), default=None)
        stated = constants.at(name, date(year, 1, 1))
        own = Constants(program).at(name, date(year, 1, 1))
        assert stated is not None and own is not None
        how, (start, amount) = expected[since] if since is not None else ("current", (0, 0))
        right = read(own.content)
        if how == "set":
            right = Fraction(amount)
        elif how == "indexed":
            right = moved(constants, constant, name, amount, start, year)
        assert read(stated.content) == right, (path, lines, year)


def moved(constants: Constants, constant: Constant, name: str, amount: int, start: int, year: int) -> Fraction:
    then, now = (constants.at(index(name), date(item, 1, 1)) for item in (start, year))
    assert then is not None and now is not None and constant.uprate is not None
    return constant.uprate.grid.store(Fraction(amount) * Fraction(now.content) / Fraction(then.content))


LAW = """
    about: A tax
    law: Test Act
    exports: [rates, start, allowance]
    parameters:
      prices: {type: rate, law: s.0, values: {2022-01-01: 100, 2025-01-01: 110, 2026-01-01: 121}}
      allowance:
        type: money
        law: s.1
        values: {2020-01-01: 1_000}
        known_until: 2024-12-31
        uprate: {by: prices, base: 2022-01-01, round: down to 10 USD}
      fixed: {type: money, law: s.1, values: {2020-01-01: 1}}
    scales:
      rates:
        kind: marginal
        key: filing_status
        law: s.2
        known_until: 2024-12-31
        uprate: {by: prices, base: 2022-01-01, round: down to 10 USD}
        values:
          2020-01-01:
            single: [{above: 0, rate: 10%}, {above: 100, rate: 20%}, {above: 300, rate: 40%}]
            joint: [{above: 0, rate: 10%}, {above: 200, rate: 20%}]
            separate: [{above: 0, rate: 30%}]
    tables:
      start:
        type: money
        key: {status: filing_status}
        law: s.3
        values:
          2020-01-01: {single: 1, joint: 2, separate: 3}
          2021-01-01: {start_of: rates, rate: 20%, otherwise: 9_999}
"""


def compiled(folder: Path, *reforms: str) -> Compiled:
    return check(folder, {"tax": LAW}, [f"about: x\nlaw: y\n{text}\n" for text in reforms])


def starts(folder: Path, day: date, *reforms: str) -> dict[str, Fraction]:
    program = compiled(folder, *reforms).program
    assert program is not None, told(compiled(folder, *reforms))
    stated = Constants(program).at("start", day)
    assert stated is not None
    return {key[0]: cell[""] for key, cell in stated.content.items()}


def test_a_table_is_read_off_a_scale_stated_projected_and_reformed(tmp_path: Path) -> None:
    assert starts(tmp_path, date(2020, 1, 1)) == {"single": 1, "joint": 2, "separate": 3}
    assert starts(tmp_path, date(2021, 1, 1)) == {"single": 100, "joint": 200, "separate": 0}
    assert starts(tmp_path, date(2026, 1, 1)) == {"single": 120, "joint": 240, "separate": 0}
    flat = """set:
      rates[single]: {2022-01-01: [{above: 0, rate: 10%}]}
      rates[joint]: {2025-01-01: [{above: 0, rate: 1%}, {above: 50, rate: 25%}]}"""
    assert starts(tmp_path, date(2026, 1, 1), flat) == {"single": 9_999, "joint": 50, "separate": 0}
    crossed = "set:\n  rates[single]: {2025-01-01: [{above: 0, rate: 30%}, {above: 80, rate: 20%}]}"
    assert (
        starts(tmp_path, date(2026, 1, 1), crossed)["single"] == 80
    )  # the bracket with the rate, not a higher one before it
    own = "set:\n  start[joint]: {2025-01-01: 7}"
    assert starts(tmp_path, date(2026, 1, 1), own) == {"single": 120, "joint": 7, "separate": 0}


def test_where_a_scale_has_no_such_bracket_a_table_may_say_that_there_is_no_limit(tmp_path: Path) -> None:
    law = LAW.replace("start:\n        type: money", "start:\n        type: money or none")
    law = law.replace("otherwise: 9_999", "otherwise: none")
    flat = "about: x\nlaw: y\nset:\n  rates[single]: {2022-01-01: [{above: 0, rate: 10%}]}\n"
    program = check(tmp_path, {"tax": law}, [flat]).program
    assert program is not None
    stated = Constants(program).at("start", date(2026, 1, 1))
    assert stated is not None
    assert {key[0]: cell[""] for key, cell in stated.content.items()} == {"single": NONE, "joint": 240, "separate": 0}
    (tmp_path / "other").mkdir()
    money_alone = check(tmp_path / "other", {"tax": LAW.replace("otherwise: 9_999", "otherwise: none")})
    assert codes(money_alone) == ["E204"]


def test_the_stated_values_of_a_table_read_off_a_scale_are_in_the_program(tmp_path: Path) -> None:
    program = compiled(tmp_path).program
    assert program is not None
    assert dict(program.tables["start"].values)[date(2021, 1, 1)][("single",)] == {"": 100}


def test_a_second_reform_lies_over_the_first_and_gives_back_what_the_first_set(tmp_path: Path) -> None:
    first = "set: {allowance: {2023-01-01: 2_000, 2025-01-01: indexed}}"
    second = "set: {allowance: {2024-01-01: 5_000, 2026-01-01: current}}"
    program = compiled(tmp_path, first, second).program
    assert program is not None
    constants = Constants(program)
    listed = [constants.at("allowance", date(year, 1, 1)) for year in range(2022, 2027)]
    assert [entry and (entry.content, entry.projected) for entry in listed] == [
        (1_000, False),
        (2_000, False),
        (5_000, False),
        (5_000, False),
        (2_420, True),
    ]


def test_a_value_that_repeats_the_laws_still_ends_its_projection(tmp_path: Path) -> None:
    program = compiled(tmp_path, "set: {allowance: {2024-01-01: 1_000}}").program
    assert program is not None
    stated = Constants(program).at("allowance", date(2026, 1, 1))
    assert stated is not None and (stated.content, stated.projected) == (1_000, False)
    assert codes(compiled(tmp_path, "set: {allowance: {2023-01-01: 1_000, 2024-01-01: current}}")) == ["E804"]


def test_what_cannot_be_indexed_or_read_off_is_refused(tmp_path: Path) -> None:
    assert "E803" in codes(compiled(tmp_path, "set: {allowance: {2024-01-01: indexed}}"))
    assert "E803" in codes(compiled(tmp_path, "set: {fixed: {2024-01-01: 2, 2025-01-01: indexed}}"))
    assert "E604" in codes(compiled(tmp_path, "set: {allowance: {2021-01-01: 2, 2025-01-01: indexed}}"))
    for old, new, code in [
        ("start_of: rates", "start_of: prices", "E505"),
        ("start_of: rates", "start_of: rats", "E401"),
        (", otherwise: 9_999", "", "E202"),
        ("rate: 20%, otherwise", "rate: many, otherwise", "E204"),
        ("key: {status: filing_status}", "key: {status: integer 0..2}", "E505"),
    ]:
        assert code in codes(check(tmp_path, {"tax": LAW.replace(old, new)})), (old, new)
