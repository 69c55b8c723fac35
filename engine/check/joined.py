"""Core nodes around what was checked: exceptions and `applies_if` around a formula, and the reasons of a requirement
joined, again from each day on which one of them ends or comes back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from engine.ir import nodes as ir
from engine.ir.program import DatedExpression
from engine.reading.declarations import Reason
from engine.reading.declared import Declaration
from engine.values.types import BOOLEAN, Kind, ValueType


def is_repeal(dated: DatedExpression) -> bool:
    """Whether a dated formula says that nothing holds any more from its day on."""
    return isinstance(dated.body, ir.NotApplicable)


def joined(
    reads: Sequence[tuple[ir.Expression, tuple[DatedExpression, ...]]],
    cases: tuple[ir.ExceptionCase, ...],
    reason: Reason,
) -> tuple[DatedExpression, ...]:
    """`all` or `any_of` of the parts that hold at a time: from each day on which one ends, or comes back."""
    days = sorted(
        {
            formula.start
            for _, formulas in reads
            for formula in formulas
            if formula.start and _changes(formula, formulas)
        }
    )
    kind = ir.And if reason.mode == "all" else ir.Or
    dated_expressions = []
    for day in (None, *days):
        there = tuple(read for read, formulas in reads if not _is_repealed_on(formulas, day))
        whole: ir.Expression = kind(BOOLEAN, reason.span, there) if len(there) > 1 else there[0] if there else _ENDED
        body = wrapped(whole, cases, None, None, reason) if there else whole
        dated_expressions.append(DatedExpression(day, body))
    return tuple(dated_expressions)


_ENDED = ir.NotApplicable(BOOLEAN, None)


def _changes(dated: DatedExpression, formulas: Sequence[DatedExpression]) -> bool:
    before = [
        formula
        for formula in formulas
        if formula.start is None or (dated.start is not None and formula.start < dated.start)
    ]
    return is_repeal(dated) != (bool(before) and is_repeal(before[-1]))


def _is_repealed_on(formulas: Sequence[DatedExpression], day: date | None) -> bool:
    """Whether a reason is repealed on a day; on the first of all, if it begins so."""
    held = [formula for formula in formulas if formula.start is None or (day is not None and formula.start <= day)]
    return is_repeal(held[-1] if held else formulas[0]) if formulas else False


def wrapped(
    body: ir.Expression,
    cases: tuple[ir.ExceptionCase, ...],
    condition: ir.Expression | None,
    otherwise: ir.Expression | None,
    owner: Declaration,
) -> ir.Expression:
    """A formula with its exceptions, under its condition; what holds `otherwise`, or that it does not apply."""
    if cases:
        body = ir.Exceptions(widest(body, *(case.then for case in cases)), owner.span, body, cases)
    if condition is None:
        return body
    last = otherwise if otherwise is not None else ir.NotApplicable(body.type, owner.span)
    return ir.If(widest(body, last), owner.span, condition, body, last, applicability=True)


def widest(first: ir.Expression, *others: ir.Expression) -> ValueType:
    """The type that holds the values of all: a rate, where some are whole numbers and some are rates."""
    rates = [expression.type for expression in others if expression.type.kind is Kind.RATE]
    return rates[0] if first.type.kind is Kind.INTEGER and rates else first.type
