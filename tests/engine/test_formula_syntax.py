"""Formulas are read as they are printed, and what cannot be read is refused at the very character."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from engine.syntax import ast
from engine.syntax.parser import parse_formula
from engine.syntax.printer import print_formula
from engine.text.diagnostics import Diagnostics
from engine.text.source import Fragment
from tests.strategies.formulas import expressions


def parse(text: str) -> ast.Expression:
    problems = Diagnostics()
    tree = parse_formula(Fragment.whole(text), problems)
    assert tree is not None, [problem.message for problem in problems]
    return tree


@given(expressions)
@settings(deadline=None)  # the first reads the grammar
def test_a_printed_formula_reads_back_as_itself(tree: ast.Expression) -> None:
    assert parse(print_formula(_settled(tree))) == _settled(tree)


@given(expressions)
def test_a_formula_on_many_lines_reads_back_as_itself(tree: ast.Expression) -> None:
    printed = print_formula(_settled(tree), width=24, broken=True)
    assert parse(printed) == _settled(tree)
    assert all(line == line.rstrip() for line in printed.splitlines())


def test_what_does_not_fit_a_line_is_broken_where_its_parts_are() -> None:
    text = (
        "let rate = if filing_status = .joint then joint_rate_of_the_year else single_rate_of_the_year "
        "let income = adjusted_gross_income in case when income <= first_threshold then rate * income "
        "when income <= second_threshold then max(0 USD, rate * first_threshold + second_rate * income - allowance) "
        "else rate * second_threshold"
    )
    assert print_formula(parse(text)).splitlines() == [
        "let rate = if filing_status = .joint then joint_rate_of_the_year else single_rate_of_the_year",
        "let income = adjusted_gross_income",
        "in case",
        "  when income <= first_threshold then rate * income",
        "  when income <= second_threshold",
        "    then max(0 USD, rate * first_threshold + second_rate * income - allowance)",
        "  else rate * second_threshold",
    ]


def test_what_is_gathered_from_a_list_is_broken_at_the_list_the_condition_and_what_replaces_it() -> None:
    text = (
        "not (any(any(k.is_parent_of and k.with = self for k in m.kinships) for m in dwelling.members where m != self) "
        "otherwise false) and last(e.earnings for e in years_of_earnings where e.is_counted_in_full by e.year) > 0"
    )
    assert print_formula(parse(text), 60).splitlines() == [
        "not (any(",
        "     any(k.is_parent_of and k.with = self for k in m.kinships)",
        "     for m in dwelling.members",
        "     where m != self) otherwise false)",
        "and last(",
        "    e.earnings",
        "    for e in years_of_earnings",
        "    where e.is_counted_in_full",
        "    by e.year)",
        "  > 0",
    ]
    assert print_formula(parse(text), 60) == print_formula(parse(print_formula(parse(text), 60)), 60)


def _settled(tree: ast.Expression) -> ast.Expression:
    """Nested `let`s print as one; reading what was printed once settles how they group."""
    return parse(print_formula(tree))


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("1+2*3", "1 + 2 * 3"),
        ("(1+2)*3", "(1 + 2) * 3"),
        ("a - (b - c)", "a - (b - c)"),
        ("a-b-c", "a - b - c"),
        ("not (a and b)", "not (a and b)"),
        ("((x))", "x"),
        ("not (x otherwise false)", "not (x otherwise false)"),
        ("12570", "12_570"),
        ("30.50%", "30.5%"),
        ("1 years", "1 year"),
        ("sum( m.x for m in members  where m.age<17 )", "sum(m.x for m in members where m.age < 17)"),
        ("- -x", "--x"),
        ("(a = b) = c", "(a = b) = c"),
        ("x @ (d + 1 years)", "x @ (d + 1 year)"),
    ],
)
def test_canonical_form(text: str, printed: str) -> None:
    assert print_formula(parse(text)) == printed


@pytest.mark.parametrize(
    ("text", "code", "column"),
    [
        ("", "E305", 1),
        ("a < b < c", "E301", 7),
        ("1 +", "E301", 3),
        ("(1", "E301", 2),
        ("'x'", "E304", 1),
        ("1e3", "E301", 2),
        ("__import__('os')", "E301", 1),
        ("a.__class__", "E301", 3),
        ("2024-02-30", "E303", 1),
        ("0123", "E303", 1),
        ("1__0", "E303", 1),
        ("a $ b", "E304", 3),
        ("٣", "E304", 1),
        ("a ** b", "E301", 4),
        ("(" * 10_000 + "1" + ")" * 10_000, "E302", 1),
        ("-" * 100_000 + "1", "E302", 1),
        ("+".join(["1"] * 100_000), "E302", 1),
        ("not " * 4_000 + "a", "E302", None),
        ("+".join(["1"] * 9_000), "E302", None),
        ("if a then b else " * 1_000 + "c", "E302", None),
        ("1.5 years", "E303", 1),
        ("9" * 5_000, "E303", 1),
    ],
)
def test_refused(text: str, code: str, column: int | None) -> None:
    problems = Diagnostics()
    parse_formula(Fragment.whole(text), problems)
    first = next(iter(problems))
    assert first.code == code
    if column is not None:
        assert first.span is not None
        assert first.span.column == column


def test_positions_point_into_the_file() -> None:
    problems = Diagnostics()
    parse_formula(Fragment.whole("a +\n  b + $"), problems)
    (problem,) = problems
    assert problem.span is not None
    assert (problem.span.line, problem.span.column) == (2, 7)


@pytest.mark.parametrize(
    ("text", "help_text"),
    [
        ("7 mod 2", "the remainder is `mod(a, b)`"),
        ("a % 2", "a percentage is a number and `%`, such as `10%`; the remainder is `mod(a, b)`"),
        ("7 % 2", "the remainder is `mod(a, b)`; `10%` is a rate"),
        ("7 // 2", "a comment begins with `#`; whole division is `floor(a / b)`"),
        ("£600", "write the currency's code after the number: `600 GBP`"),
        ("600 €", "write the currency's code after the number: `600 EUR`"),
        ("600 usd", "write the currency's code in capitals: `USD`"),
        ("count(months where c)", "count periods with `count(c over months)`: c is a condition in each of them"),
        (
            "sum(x over months where c)",
            "say the condition before `over`: `sum(if c then x else 0 USD over months)`, `count(c over months)`",
        ),
    ],
)
def test_the_help_says_what_is_written_here_for_what_others_write(text: str, help_text: str) -> None:
    problems = Diagnostics()
    parse_formula(Fragment.whole(text), problems)
    assert [problem.help for problem in problems] == [help_text]
