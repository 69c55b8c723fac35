"""Scales whose thresholds are computed.

1. Thresholds rise; where they do not, that is an error which shows them, and where they may not, it may fail.
2. A marginal scale is the sum over brackets of the rate less the rate before times what lies above the threshold. Each
   threshold stands in it once, so that one which is not known gives the tightest range for an amount that is.
3. Of a step scale those bands may be meant whose threshold may be passed and whose next one may not.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Any

from engine.interpret import domain, lookups
from engine.interpret.domain import blocked, either, faults_of, needs_of, under
from engine.interpret.operations import arithmetic, extreme_of
from engine.interpret.outcomes import Choice, Failure, Known, Outcome, Possible
from engine.ir import nodes as ir
from engine.reading.declared_constants import Bracket
from engine.values.numbers import format_decimal
from engine.values.types import Kind

Ends = Sequence[Outcome | None]


def banded(node: ir.Banded, amount: Outcome, thresholds: Ends, values: Sequence[Outcome]) -> Outcome:
    """A scale of an amount."""
    known = [threshold for threshold in thresholds if threshold is not None]
    bad = blocked(amount, *known, *(values if node.kind == "marginal" else ()))
    if bad is not None:
        return bad
    fault = _fault(node, known)
    if isinstance(fault, Failure):
        return under(fault, amount, *known, *(values if node.kind == "marginal" else ()))
    if all(isinstance(part, Known) for part in (*known, *values)):
        brackets = [
            Bracket(_number(threshold), _value(value)) for threshold, value in zip(thresholds, values, strict=True)
        ]
        result = lookups.banded(node, brackets, amount)
    elif node.kind == "marginal":
        result = _marginal(node, amount, known, values)
    else:
        result = _step(node, amount, thresholds, values)
    return result if fault is None else under(result, fault)


def _number(outcome: Outcome | None) -> Any:
    return outcome.value if isinstance(outcome, Known) else None


def _value(outcome: Outcome) -> Any:
    assert isinstance(outcome, Known)
    return outcome.value


def _fault(node: ir.Banded, thresholds: Sequence[Outcome]) -> Failure | Possible | None:
    """The error of thresholds that do not rise, or that they may not."""
    rising = [domain.compare("<", threshold, other) for threshold, other in pairwise(thresholds)]
    if domain.FALSE in rising:
        shown = ", ".join(_shown(threshold) for threshold in thresholds)
        return Failure(f"the thresholds of `{_short(node.name)}` do not rise: {shown}", node.span)
    unsure = [comparison for comparison in rising if isinstance(comparison, Possible)]
    if not unsure:
        return None
    fault = f"the thresholds of `{_short(node.name)}` may not rise"
    return Possible(domain.BOTH, needs_of(*unsure), False, faults_of(*unsure) or fault)


def _shown(outcome: Outcome) -> str:
    return format_decimal(Fraction(outcome.value)) if isinstance(outcome, Known) else "…"  # type: ignore[arg-type]


def _marginal(node: ir.Banded, amount: Outcome, thresholds: Sequence[Outcome], rates: Sequence[Outcome]) -> Outcome:
    total: Outcome = Known(0)
    before: Outcome = Known(0)
    for threshold, rate in zip(thresholds, rates, strict=True):
        above = extreme_of("max", Kind.MONEY, [Known(0), arithmetic("-", amount, threshold, node.span)], node.span)
        more = arithmetic("-", rate, before, node.span)
        total = arithmetic("+", total, arithmetic("*", above, more, node.span), node.span)
        before = rate
    return total


def _step(node: ir.Banded, amount: Outcome, thresholds: Ends, values: Sequence[Outcome]) -> Outcome:
    symbol = ">=" if node.inclusive else ">"
    passed = [
        domain.TRUE if threshold is None else domain.compare(symbol, amount, threshold) for threshold in thresholds
    ]
    following = [*passed[1:], domain.FALSE]
    pairs = zip(passed, following, values, strict=True)
    meant = [value for here, beyond, value in pairs if _may_be(here, True) and _may_be(beyond, False)]
    return under(either(meant, needs_of(amount, *passed)), amount, *passed)  # one band alone does not read the amount


def _may_be(outcome: Outcome, truth: bool) -> bool:
    if isinstance(outcome, Known):
        return outcome.value is truth
    return isinstance(outcome, Possible) and isinstance(outcome.range, Choice) and truth in outcome.range.options


def _short(name: str) -> str:
    return name.rpartition(":")[2]
