"""Random syntax trees of formulas: every node kind, any nesting, spans without meaning."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

from hypothesis import strategies as st

from engine.syntax import ast
from engine.syntax.words import RESERVED
from engine.text.source import Source, Span

NOWHERE = Span(Source("<made>", ""), 0, 0)
_WORDS = ["a", "b2", "income", "m", "filing_status", "x_y", "starting", "iffy", "year", "start", "months"]
names = st.sampled_from([word for word in _WORDS if word not in RESERVED])


def _number(value: int, places: int, percent: bool) -> ast.Number:
    exact = Fraction(value, 10**places)
    whole = not percent and places == 0
    return ast.Number(NOWHERE, exact / 100 if percent else exact, percent, whole)


literals: st.SearchStrategy[ast.Expression] = st.one_of(
    st.builds(_number, st.integers(0, 10**12), st.integers(0, 6), st.booleans()),
    st.builds(lambda n: ast.Money(NOWHERE, Fraction(n, 100), "USD"), st.integers(0, 10**12)),
    st.builds(
        lambda n, unit: ast.DurationLiteral(NOWHERE, n, unit),
        st.integers(0, 1000),
        st.sampled_from(["day", "week", "month", "year"]),
    ),
    st.builds(lambda day: ast.DateLiteral(NOWHERE, day), st.dates(date(1900, 1, 1), date(2100, 1, 1))),
    st.builds(lambda value: ast.Boolean(NOWHERE, value), st.booleans()),
    st.builds(lambda name: ast.EnumLiteral(NOWHERE, name), names),
    st.builds(lambda name: ast.Name(NOWHERE, name), names),
)


def _postfix(inner: st.SearchStrategy[ast.Expression]) -> st.SearchStrategy[ast.Expression]:
    several = st.lists(inner, min_size=1, max_size=3).map(tuple)
    operations = st.sampled_from(["sum", "count", "any", "all", "min", "max"])
    return st.one_of(
        st.builds(lambda base, name: ast.Attribute(NOWHERE, base, name, NOWHERE), inner, names),
        st.builds(lambda base, keys: ast.Index(NOWHERE, base, keys), inner, several),
        st.builds(
            lambda base, arguments: ast.Call(NOWHERE, base, arguments),
            inner,
            st.lists(inner, max_size=3).map(tuple),
        ),
        st.builds(
            lambda operation, body, name, source, where: ast.Aggregate(
                NOWHERE, operation, body, name, source, where, NOWHERE
            ),
            operations,
            st.none() | inner,
            names,
            inner,
            st.none() | inner,
        ),
        st.builds(
            lambda operation, body, count, unit: ast.OverTime(NOWHERE, operation, body, count, unit),
            operations,
            inner,
            st.integers(0, 20),
            names,
        ),
        st.builds(lambda value, when: ast.At(NOWHERE, value, when), inner, _when(inner)),
    )


def _when(inner: st.SearchStrategy[ast.Expression]) -> st.SearchStrategy[ast.When]:
    relative = st.builds(
        lambda word, unit: ast.When(NOWHERE, word, unit), st.sampled_from(["last", "this", "next"]), names
    )
    boundary = st.builds(lambda word: ast.When(NOWHERE, word), st.sampled_from(["start", "end"]))
    return relative | boundary | st.builds(lambda day: ast.When(NOWHERE, "date", date=day), inner)


def _operators(inner: st.SearchStrategy[ast.Expression]) -> st.SearchStrategy[ast.Expression]:
    several = st.lists(inner, min_size=2, max_size=3).map(tuple)
    comparisons = st.sampled_from(["=", "!=", "<", "<=", ">", ">="])
    return st.one_of(
        st.builds(lambda value: ast.Negate(NOWHERE, value), inner),
        st.builds(lambda op, a, b: ast.Arithmetic(NOWHERE, op, a, b), st.sampled_from("+-*/"), inner, inner),
        st.builds(lambda op, a, b: ast.Compare(NOWHERE, op, a, b), comparisons, inner, inner),
        st.builds(lambda a, b, c: ast.Between(NOWHERE, a, b, c), inner, inner, inner),
        st.builds(lambda a, b: ast.OneOf(NOWHERE, a, b), inner, several),
        st.builds(lambda value: ast.Not(NOWHERE, value), inner),
        st.builds(lambda values: ast.And(NOWHERE, values), several),
        st.builds(lambda values: ast.Or(NOWHERE, values), several),
        st.builds(lambda a, b: ast.Otherwise(NOWHERE, a, b), inner, inner),
    )


def _choices(inner: st.SearchStrategy[ast.Expression]) -> st.SearchStrategy[ast.Expression]:
    branches = st.lists(st.tuples(inner, inner), min_size=1, max_size=3).map(tuple)
    binding = st.builds(lambda name, value: ast.Binding(NOWHERE, name, value), names, inner)
    return st.one_of(
        st.builds(lambda a, b, c: ast.If(NOWHERE, a, b, c), inner, inner, inner),
        st.builds(lambda pairs, last: ast.Case(NOWHERE, pairs, last), branches, inner),
        st.builds(
            lambda bindings, body: ast.Let(NOWHERE, bindings, body),
            st.lists(binding, min_size=1, max_size=2).map(tuple),
            inner,
        ),
    )


expressions: st.SearchStrategy[ast.Expression] = st.recursive(
    literals, lambda inner: _postfix(inner) | _operators(inner) | _choices(inner), max_leaves=25
)
