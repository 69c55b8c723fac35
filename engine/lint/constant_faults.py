"""Faults that show once dated constants are put in: zero as divisor or rounding step, figures out of their range.

1. Only a formula that divides by, or rounds to, something made of constants alone can have such a fault, or one of a
   figure with a range, which may come to the same outside of it in every case.
2. For each date on which one of its constants changes, and the first day that the rules answer for, the formula is
   folded: guards such as `if rate = 0` choose their branch, and what they leave out is not judged.
3. A divisor that came to zero, a step to zero or less, or a figure out of its range, is E509 with the date from which
   it does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from fractions import Fraction

from engine.ir import nodes as ir
from engine.ir.fold import fold
from engine.ir.program import DatedExpression, Definition, Program
from engine.ir.ranges import outside
from engine.ir.walk import walk
from engine.text.diagnostics import Diagnostics
from engine.values.numbers import is_within
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
            for day in _days(dated, last, program, _has_range(definition)):
                _judge(dated.body, day, program, problems, definition)


def _has_range(definition: Definition | None) -> bool:
    return definition is not None and (definition.low is not None or definition.high is not None)


def _days(dated: DatedExpression, end: date | None, program: Program, has_range: bool) -> list[date]:
    """The days on which the formula must be looked at: none if no divisor or step is made of constants, and the figure
    has no range."""
    closed = [part for node in walk(dated.body) for part in _decisive(node) if _is_constant(part)]
    if not closed and not has_range:
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


def _judge(
    body: ir.Expression, day: date, program: Program, problems: Diagnostics, definition: Definition | None
) -> None:
    since = "" if day <= program.settings.covers_from else f" from {day} on"
    folded = fold(body, _DAILY.containing(day), program)
    if definition is not None and isinstance(folded, ir.Literal):
        _judge_range(folded, since, definition, problems)
    for node in walk(folded):
        for part in _decisive(node):
            if not isinstance(part, ir.Literal) or not isinstance(part.value, int | Fraction):
                continue
            if isinstance(node, ir.Round) and part.value <= 0:
                message = f"the rounding step is not above zero{since}"
                problems.add("E509", message, part.span, help="round to the unit that the law names")
            elif isinstance(node, ir.Arithmetic) and part.value == 0:
                message = f"this divides by zero{since}"
                problems.add("E509", message, part.span, help="divide by something else, or choose by `if` before it")


def _judge_range(always: ir.Literal, since: str, definition: Definition, problems: Diagnostics) -> None:
    """E509 where a figure comes to the same in every case, and that lies outside its range."""
    value = always.value
    if not definition.type.is_number or not isinstance(value, int | Fraction):
        return
    stored = value if definition.grid is None else definition.grid.store(value)
    if not is_within(stored, definition.low, definition.high):
        help_text = "correct the formula, or the range"
        problems.add("E509", outside(definition, stored) + since, always.span or definition.span, help=help_text)
