"""`figure as if (other = value)`: the figure in a world that differs in what is replaced, and in what follows from it.

1. The replacements are found in the world of the formula, and stored as the replaced figures are.
2. What a replacement reaches is computed in the new world, whatever the case gives: what was given describes the other
   world. Whether it reaches a figure is read off the formulas, not off the values, so that it is the same whatever is
   not known yet.
3. All else is shared with the world outside.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from engine.interpret import domain, navigation, operations
from engine.interpret.cases import Case
from engine.interpret.domain import blocked, either, needs_of, under
from engine.interpret.outcomes import Fact, Failure, Interval, Known, NotApplicable, Outcome, Possible
from engine.interpret.windows import window
from engine.ir import nodes as ir
from engine.ir.fold import formula_at, parts_of
from engine.ir.program import Definition, Program
from engine.ir.walk import children, groupings, order_keys
from engine.ir.worlds import reached_names
from engine.records import record
from engine.remembered import Remembered
from engine.values.periods import ETERNITY, Period, Unit

Key = tuple[frozenset[Fact], frozenset[str], Period]


@record(frozen=True, slots=True)
class Replaced:
    """What a world has in the place of facts, and of parameters that are read on a day of `period`."""

    facts: Mapping[Fact, Outcome]
    parameters: Mapping[str, Outcome]
    period: Period

    @property
    def key(self) -> Key:
        """What is replaced, by whatever: on this hangs which figures it reaches."""
        return frozenset(self.facts), frozenset(self.parameters), self.period

    @property
    def is_known(self) -> bool:
        """Whether everything is known that stands here."""
        outcomes = (*self.facts.values(), *self.parameters.values())
        return all(isinstance(outcome, Known | NotApplicable) for outcome in outcomes)

    def parameter(self, name: str, day: date) -> Outcome | None:
        """What stands for a parameter on a day, if it is replaced."""
        within = self.period.kind.unit is Unit.ETERNITY or self.period.start <= day <= self.period.end
        return self.parameters.get(name) if within else None


_Leading = tuple[ir.Expression, bool]  # what may lead there, and whether that decides whom it means
_LEADING: Remembered[dict[int, Sequence[_Leading]]] = Remembered(32)  # by what may be reached, then by node


class Reaches:
    """What replacements reach in a case: the same for whoever replaces the same facts, whatever is stated of others."""

    def __init__(self, program: Program, case: Case) -> None:
        self.program = program
        self.case = case
        self._kept: dict[Key, Reach] = {}
        self._read: dict[frozenset[str], dict[Fact, tuple[Fact | None, ...]]] = {}

    def of(self, replaced: Replaced) -> Reach:
        """What replacements reach. What figures read is found once for all that replace facts of the same names."""
        reach = self._kept.get(replaced.key)
        if reach is None:
            names = frozenset(fact.name for fact in replaced.facts)
            read = {} if replaced.parameters else self._read.setdefault(names, {})
            reach = self._kept[replaced.key] = Reach(self.program, self.case, replaced, read)
        return reach


class Reach:
    """Which figures of a case what is replaced reaches. `read`: what figures read that may be reached, as far as it was
    found."""

    def __init__(
        self, program: Program, case: Case, replaced: Replaced, read: dict[Fact, tuple[Fact | None, ...]]
    ) -> None:
        self.program = program
        self.case = case
        self.replaced = replaced
        names = frozenset(fact.name for fact in replaced.facts) | frozenset(replaced.parameters)
        self.names = reached_names(program, names)
        self._known: dict[Fact, bool] = {}
        self._kept = _LEADING.of(program, self.names, dict)
        self._read = read

    def holds(self, fact: Fact) -> bool:
        """Whether something replaced is read on the way to a figure."""
        if fact.name not in self.names:
            return False
        known = self._known.get(fact)
        return self._search(fact) if known is None else known

    def _search(self, start: Fact) -> bool:
        """Walk what is read, until something replaced is met: then all who read one another on the way there lead to
        it. Of whom nothing is met, all who read only such do not lead there; of a circle it is told at its end."""
        way = {start: iter(self._read_by(start))}
        walked = {start: None}
        circles: set[Fact] = set()
        while way:
            fact, reads = next(reversed(way.items()))
            for read in reads:
                if read is None or read in self.replaced.facts or self._known.get(read):
                    self._known |= dict.fromkeys(way, True)
                    return True
                if read in way or read in circles:
                    circles.update(way)
                elif read not in walked and read.name in self.names and read not in self._known:
                    walked[read] = None
                    way[read] = iter(self._read_by(read))
                    break
            else:
                del way[fact]
                if fact not in circles:
                    self._known[fact] = False
        self._known |= dict.fromkeys(walked, False)
        return False

    def _read_by(self, fact: Fact) -> tuple[Fact | None, ...]:
        read = self._read.get(fact)
        if read is None:
            read = self._read[fact] = tuple(self._reads(fact))
        return read

    def _reads(self, fact: Fact) -> Iterator[Fact | None]:
        """What a figure's formula reads and may be reached; None for what is itself replaced, or read at some day."""
        definition = self.program.definitions[fact.name]
        before = fact.period.start < self.program.settings.covers_from and fact.period.kind.unit is not Unit.ETERNITY
        body = None if before else formula_at(definition.formulas, fact.period.start)
        if body is not None:
            yield from self._within(body, fact.instance, fact.period, {})

    def _within(
        self, node: ir.Expression, home: str, period: Period, bound: Mapping[str, str]
    ) -> Iterator[Fact | None]:
        for part, decides in self._leading(node):
            if decides:
                yield from self._of_whom(part, period)
            yield from self._direct(part, home, period, bound)

    def _leading(self, node: ir.Expression) -> Sequence[_Leading]:
        """What of an expression may lead to something replaced, found once for each."""
        leading = self._kept.get(id(node))
        if leading is None:
            leading = self._kept[id(node)] = tuple(self._lead(node))
        return leading

    def _lead(self, node: ir.Expression) -> Iterator[_Leading]:
        """A node that may lead there, and those inside it; what is of others, or of other periods, stands for all that
        is inside."""
        decides = self._decides(node)
        match node:
            case ir.OverParts() | ir.Aggregate() | ir.Chosen() | ir.Ranked() | ir.AsIf():
                if decides or any(map(self._leading, children(node))):
                    yield node, decides
                return
            case ir.VariableRead() | ir.OverTime() | ir.ParameterRead() | ir.FunctionCall() if node.name in self.names:
                yield node, decides
            case _ if decides:
                yield node, decides
        for part in children(node):
            yield from self._lead(part)

    def _decides(self, node: ir.Expression) -> bool:
        """Whether something that may be reached decides whom a node means."""
        groups, keys = (by.name for by, _ in groupings(node)), (name for _, name in order_keys(node))
        return any(name in self.names for name in (*groups, *keys))

    def _direct(
        self, node: ir.Expression, home: str, period: Period, bound: Mapping[str, str]
    ) -> Iterator[Fact | None]:
        """What a node itself reads; of others and other periods also what is inside it."""
        match node:
            case ir.ParameterRead() if node.name in self.replaced.parameters:
                day = _period(node.time, period)
                if day is None or self.replaced.parameter(node.name, day.start) is not None:
                    yield None
            case ir.FunctionCall() if node.name in self.names:
                function = formula_at(self.program.functions[node.name].formulas, period.start)
                yield from self._within(function, home, period, {}) if function is not None else ()
            case ir.VariableRead() if node.name in self.names:
                when = _period(node.time, period)
                for instance in navigation.everybody(node.subject, self.case, home, bound):
                    yield Fact(node.name, instance, when) if when is not None else None
            case ir.OverTime() if node.name in self.names:
                for instance in navigation.everybody(node.subject, self.case, home, bound):
                    yield from (Fact(node.name, instance, part) for part in window(node, period))
            case ir.OverParts():
                yield from self._over_parts(node, home, period, bound)
            case ir.Aggregate() | ir.Chosen() | ir.Ranked():
                yield from self._of_each(node, home, period, bound)
            case ir.AsIf():
                yield from self._as_if(node, home, period, bound)

    def _as_if(self, node: ir.AsIf, home: str, period: Period, bound: Mapping[str, str]) -> Iterator[Fact | None]:
        yield from self._within(node.value, home, period, bound)
        for change in node.changes:
            ids = navigation.ever_linked(change.link, self.case, home, bound) if change.link is not None else (None,)
            for instance in ids:
                of_each = bound if instance is None else {**bound, change.bound: instance}
                for part in (change.where, change.value):
                    yield from self._within(part, home, period, of_each) if part is not None else ()

    def _of_whom(self, node: ir.Expression, period: Period) -> Iterator[Fact | None]:
        """What decides whom a node means: who is together in a group, and which record comes before which."""
        for by, time in groupings(node):
            if by.name in self.names:
                when = _period(time, period)
                people = self.case.instances.get(self.program.definitions[by.name].entity, ())
                yield from (Fact(by.name, person, when) if when is not None else None for person in people)
        for entity, name in order_keys(node):
            if name in self.names:
                yield from (Fact(name, record, ETERNITY) for record in self.case.instances.get(entity, ()))

    def _over_parts(
        self, node: ir.OverParts, home: str, period: Period, bound: Mapping[str, str]
    ) -> Iterator[Fact | None]:
        for part in parts_of(node, period):
            yield from self._within(node.body, home, part, bound)
        if node.last is not None:
            yield from self._within(node.last, home, period, bound)

    def _of_each(
        self, node: ir.Aggregate | ir.Chosen | ir.Ranked, home: str, period: Period, bound: Mapping[str, str]
    ) -> Iterator[Fact | None]:
        ids = list(navigation.ever_linked(node.link, self.case, home, bound))
        if isinstance(node, ir.Ranked):
            ids += navigation.everybody(node.subject, self.case, home, bound)
        for instance in dict.fromkeys(ids):
            for part in children(node):
                yield from self._within(part, home, period, {**bound, node.name: instance})


def _period(time: ir.Time, period: Period) -> Period | None:
    """The period that is read; None if it hangs on a computed day, which may be any."""
    match time:
        case ir.ThisPeriod():
            return period
        case ir.Containing():
            anchor = period.end if time.at_end else period.start
            return time.kind.containing(anchor).shift(time.shift)
    return None


def stored(outcome: Outcome, definition: Definition) -> Outcome:
    """A replacement on the grid of what it replaces; an error where it lies outside its range."""
    on_grid = operations.stored(outcome, definition)
    if not isinstance(on_grid, Known | Possible) or not definition.type.is_number:
        return on_grid
    fault = f"`{definition.short_name}` cannot be replaced by what lies outside its range"
    ends = domain.range_of(on_grid)
    if not isinstance(ends, Interval):
        return on_grid
    low, high = definition.low, definition.high
    below = low is not None and (ends.low is None or ends.low < low)
    above = high is not None and (ends.high is None or ends.high > high)
    if not below and not above:
        return on_grid
    if isinstance(on_grid, Known):
        return Failure(fault, definition.span)
    least = low if below else ends.low
    most = high if above else ends.high
    if least is not None and most is not None and least > most:
        return Possible(domain.EMPTY, on_grid.needs, on_grid.may_not_apply, fault)
    return Possible(Interval(least, most), on_grid.needs, on_grid.may_not_apply, fault)


def perhaps(counted: Outcome, replaced: Outcome, before: Outcome) -> Outcome:
    """What stands where it is not known whether something is replaced."""
    if blocked(counted) is not None:
        return counted
    return under(either([replaced, before], needs_of(counted)), counted)
