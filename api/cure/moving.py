"""What moves along with a case's period: other periods, and what a formula reads.

A formula that asks for the day, or for periods that do not move along, may give another answer in any period
(`is_timed`). One that reads constants may where these change.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.ir import nodes as ir
from engine.ir.program import Program
from engine.ir.walk import walk
from engine.remembered import Remembered
from engine.values.periods import Period, PeriodKind, Unit

_ALWAYS = (ir.PeriodBoundary, ir.OverTime, ir.OverParts, ir.AsIf)
_ORDER = {Unit.DAY: 0, Unit.MONTH: 1, Unit.CYCLE: 1, Unit.YEAR: 2, Unit.ETERNITY: 3}


def counterpart(period: Period, before: Period, after: Period) -> Period | None:
    """What stands to a later period of a case as some period does to an earlier one; None where that is not clear."""
    if period == before:
        return after
    kind = period.kind
    if kind.unit is Unit.ETERNITY:
        return period
    if kind.unit is Unit.CYCLE or _ORDER[kind.unit] < _ORDER[before.kind.unit]:
        return None
    base, moved = kind.containing(before.start), kind.containing(after.start)
    return moved.shift(_number(period) - _number(base))


def _number(period: Period) -> int:
    """The place of a period among those of its kind."""
    match period.kind.unit:
        case Unit.DAY:
            return period.start.toordinal()
        case Unit.MONTH:
            return period.start.year * 12 + period.start.month
    return period.start.year


@dataclass(frozen=True, slots=True)
class Formula:
    """What of a formula may differ by the period: `constants` are those that it reads on its period's first day."""

    constants: frozenset[str]
    always: bool
    times: tuple[ir.Containing, ...]

    def is_timed(self, kind: PeriodKind, is_now: bool) -> bool:
        """Whether a formula of such periods, perhaps of the case's own, may be another in any of them."""
        return self.always or not all(_moves_along(time, kind, is_now) for time in self.times)


def _moves_along(time: ir.Containing, kind: PeriodKind, is_now: bool) -> bool:
    """Whether the period that is meant is the counterpart of the one that was meant before."""
    if time.kind == kind or time.kind.unit is Unit.ETERNITY:
        return True
    if not is_now or time.kind.unit not in (Unit.YEAR, Unit.MONTH) or _ORDER[kind.unit] >= _ORDER[time.kind.unit]:
        return False
    return not time.at_end or kind.unit is Unit.DAY or time.kind.calendar.day == 1


def formula_of(program: Program, body: ir.Expression) -> Formula:
    """What of a formula may differ by the period."""
    known = _formulas.of(program, None, dict[int, tuple[ir.Expression, Formula]])
    kept = known.get(id(body))
    if kept is None or kept[0] is not body:
        kept = known[id(body)] = (body, _looked_into(program, body, set()))
    return kept[1]


def _looked_into(program: Program, body: ir.Expression, functions: set[str]) -> Formula:
    constants, times, always = set[str](), list[ir.Containing](), False
    for node in walk(body):
        time = getattr(node, "time", None) or getattr(getattr(node, "link", None), "time", None)
        match node:
            case ir.ParameterRead() | ir.TableRead() | ir.ScaleRead():
                constants.add(node.name)
                always |= not isinstance(time, ir.ThisPeriod)
            case ir.FunctionCall() if node.name not in functions:
                functions.add(node.name)
                inner = [
                    _looked_into(program, dated.body, functions) for dated in program.functions[node.name].formulas
                ]
                constants |= frozenset[str]().union(*(formula.constants for formula in inner))
                times += [time for formula in inner for time in formula.times]
                always |= len(inner) != 1 or any(formula.always for formula in inner)
            case ir.Spread():
                always |= node.kind.unit is not Unit.MONTH or not _is_of_a_year(node.value.time)
            case _:
                always |= isinstance(node, _ALWAYS)
        always |= isinstance(time, ir.ContainingDate)
        times += [time] if isinstance(time, ir.Containing) else []
    return Formula(frozenset(constants), always, tuple(times))


def _is_of_a_year(time: ir.Time) -> bool:
    return isinstance(time, ir.Containing) and time.kind.unit is Unit.YEAR


_formulas = Remembered[dict[int, tuple[ir.Expression, Formula]]](3)
