"""Faults that show once dated constants are put in: divisors and rounding steps that come to zero.

1. Only a formula that divides by, or rounds to, something made of constants alone can have such a fault.
2. For each date on which one of its constants changes, and the first day that the rules answer for, the formula is
   folded: guards such as `if rate = 0` choose their branch, and what they leave out is not judged.
3. A divisor that came to zero, or a step to zero or less, is E509 with the date from which it does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from fractions import Fraction

from engine.ir import nodes as ir
from engine.ir.fold import fold
from engine.ir.program import DatedExpression, Program
from engine.ir.walk import walk
from engine.text.diagnostics import Diagnostics
from engine.values.periods import PeriodKind, Unit

_DAILY = PeriodKind(Unit.DAY)
_CONSTANT = (
    ir.Literal, ir.ParameterRead, ir.TableRead, ir.Arithmetic, ir.Negate, ir.Extreme, ir.Absolute, ir.Round,
)  # fmt: skip


def constant_faults(program: Program, names: Iterable[str], problems: Diagnostics) -> None:
    """E509 for the definitions and functions called `names`."""
    for name in names:
        definition = program.definitions.get(name)
        formulas = definition.formulas if definition is not None else program.functions[name].formulas
        for index, dated in enumerate(formulas):
            last = formulas[index + 1].start if index + 1 < len(formulas) else None
            for day in _days(dated, last, program):
                _judge(dated.body, day, program, problems)


def _days(dated: DatedExpression, end: date | None, program: Program) -> list[date]:
    """The days on which the formula must be looked at: none if no divisor or step is made of constants."""
    closed = [part for node in walk(dated.body) for part in _decisive(node) if _is_constant(part)]
    if not closed:
        return []
    start = max(dated.start or program.settings.covers_from, program.settings.covers_from)
    days = {start, *(day for node in walk(dated.body) for day in _changes(node, program))}
    return sorted(day for day in days if start <= day <= program.settings.covers_to and (end is None or day < end))


def _decisive(node: ir.Expression) -> Iterator[ir.Expression]:
    match node:
        case ir.Arithmetic(operator="/" | "mod") if node.right.type.is_number:
            yield node.right
        case ir.Round():
            yield node.step


def _is_constant(part: ir.Expression) -> bool:
    return not isinstance(part, ir.Literal) and all(isinstance(node, _CONSTANT) for node in walk(part))


def _changes(node: ir.Expression, program: Program) -> Iterator[date]:
    match node:
        case ir.ParameterRead() if node.name in program.parameters:
            yield from (day for day, _ in program.parameters[node.name].values)
        case ir.TableRead() if node.name in program.tables:
            yield from (day for day, _ in program.tables[node.name].values)


def _judge(body: ir.Expression, day: date, program: Program, problems: Diagnostics) -> None:
    since = "" if day <= program.settings.covers_from else f" from {day} on"
    for node in walk(fold(body, _DAILY.containing(day), program)):
        for part in _decisive(node):
            if not isinstance(part, ir.Literal) or not isinstance(part.value, int | Fraction):
                continue
            if isinstance(node, ir.Round) and part.value <= 0:
                message = f"the rounding step is not above zero{since}"
                problems.add("E509", message, part.span, help="round to the unit that the law names")
            elif isinstance(node, ir.Arithmetic) and part.value == 0:
                message = f"this divides by zero{since}"
                problems.add("E509", message, part.span, help="divide by something else, or choose by `if` before it")
