"""What moves along with a case's period: other periods, and what a formula reads.

A formula that reads constants may give another answer where these change; one that asks for the day, where what it
compares with the day turns (`parts`); one that asks for periods that do not move along, in any (`is_timed`).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.ir import nodes as ir
from engine.ir.program import Program
from engine.ir.walk import children
from engine.ir.whom import Self
from engine.remembered import Remembered
from engine.values.periods import Period, PeriodKind, Unit

_ALWAYS = (ir.PeriodBoundary, ir.OverTime, ir.OverParts, ir.AsIf)
_OWN = (
    ir.Literal, ir.PeriodBoundary, ir.DateFunction, ir.Arithmetic, ir.Compare, ir.Negate, ir.Not, ir.Extreme,
    ir.FunctionCall, ir.ParameterRead, ir.TableRead, ir.ScaleRead,
)  # fmt: skip
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
    """What of a formula may differ by the period: `constants` are those that it reads on its period's first day, and
    `parts` the largest of its parts that ask for the day and read nothing but facts of the same instance.
    The whole may be another in any period where it is `always` so."""

    constants: frozenset[str]
    parts: tuple[ir.Expression, ...]
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
        kept = known[id(body)] = (body, _Look(program).at(body))
    return kept[1]


@dataclass(slots=True)
class _Look:
    """Looks through a formula."""

    program: Program
    constants: set[str] = field(default_factory=set)
    parts: list[ir.Expression] = field(default_factory=list)
    always: bool = False
    times: list[ir.Containing] = field(default_factory=list)
    functions: dict[str, bool] = field(default_factory=dict)

    def at(self, body: ir.Expression) -> Formula:
        """What of it may differ."""
        own, asks = self._look(body)
        if own and asks:
            self._part(body)
        return Formula(frozenset(self.constants), tuple(self.parts), self.always, tuple(self.times))

    def _look(self, node: ir.Expression) -> tuple[bool, bool]:
        """Whether an expression reads nothing but facts of the same instance, and whether it asks for the day."""
        inner = [(part, *self._look(part)) for part in children(node)]
        time = getattr(node, "time", None) or getattr(getattr(node, "link", None), "time", None)
        if isinstance(time, ir.Containing):
            self.times.append(time)
        own = all(own for _, own, _ in inner) and self._is_own(node)
        asks = self._asks(node, time) or any(asks for _, _, asks in inner)
        if not own:
            for part, is_own, does_ask in inner:
                if is_own and does_ask:
                    self._part(part)
            self.always |= self._asks(node, time)
        return own, asks

    def _is_own(self, node: ir.Expression) -> bool:
        """Whether an expression reads no more than a fact of the same instance."""
        if not isinstance(node, ir.VariableRead):
            return isinstance(node, _OWN)
        own_time = isinstance(node.time, ir.ThisPeriod) or _is_eternal(node.time)
        return own_time and isinstance(node.subject, Self) and self.program.definitions[node.name].is_input

    def _asks(self, node: ir.Expression, time: ir.Time | None) -> bool:
        """Whether an expression by itself may differ by the day, beyond constants on the first one."""
        match node:
            case ir.ParameterRead() | ir.TableRead() | ir.ScaleRead():
                self.constants.add(node.name)
                return not isinstance(time, ir.ThisPeriod)
            case ir.FunctionCall():
                return self._of_function(node.name)
            case ir.Spread():
                return node.kind.unit is not Unit.MONTH or not _is_of_a_year(node.value.time)
        return isinstance(node, _ALWAYS) or isinstance(time, ir.ContainingDate)

    def _of_function(self, name: str) -> bool:
        if name not in self.functions:
            self.functions[name] = False  # of one that calls itself
            looks = [_Look(self.program, functions=self.functions) for _ in self.program.functions[name].formulas]
            bodies = [dated.body for dated in self.program.functions[name].formulas]
            formulas = [look.at(body) for look, body in zip(looks, bodies, strict=True)]
            self.constants |= frozenset[str]().union(*(formula.constants for formula in formulas))
            self.times += [time for formula in formulas for time in formula.times]
            self.functions[name] = len(formulas) != 1 or any(formula.always or formula.parts for formula in formulas)
        return self.functions[name]

    def _part(self, part: ir.Expression) -> None:
        if isinstance(part, ir.PeriodBoundary):
            self.always = True
        else:
            self.parts.append(part)


def _is_eternal(time: ir.Time) -> bool:
    return isinstance(time, ir.Containing) and time.kind.unit is Unit.ETERNITY


def _is_of_a_year(time: ir.Time) -> bool:
    return isinstance(time, ir.Containing) and time.kind.unit is Unit.YEAR


_formulas = Remembered[dict[int, tuple[ir.Expression, Formula]]](3)
