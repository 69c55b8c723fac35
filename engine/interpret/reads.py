"""What formulas read of others: figures and facts of whomever they name, in whichever period, and dated constants."""

from __future__ import annotations

from datetime import date
from typing import assert_never

from engine.interpret import domain, lookups, navigation, personal, tables
from engine.interpret.cases import unit_of
from engine.interpret.domain import either, settled, under
from engine.interpret.figures import Figures
from engine.interpret.frames import Frame
from engine.interpret.outcomes import NOT_APPLICABLE, Fact, Failure, Interval, Known, Outcome, Possible, stated
from engine.interpret.windows import spread, touched
from engine.ir import nodes as ir
from engine.text.source import Span
from engine.values.calendars import NoPeriod
from engine.values.exact import as_date
from engine.values.periods import Period, PeriodKind, Unit

UNKNOWN_DAY = "the day on which it is read is not known"


class Reads(Figures):
    """Figures whose formulas read others, and constants."""

    def _read(self, node: ir.VariableRead, frame: Frame) -> Outcome:
        if type(node.subject) is ir.Self and type(node.time) is ir.ThisPeriod:  # as most are
            return self.find_for(Fact(node.name, frame.instance, frame.period), frame)
        instance = navigation.someone(self, node.subject, frame, node)
        if not isinstance(instance, str):
            return instance
        period = self.period_meant(node.time, frame, node.span, (node.subject.entity, instance))
        if isinstance(period, Period):
            return self.find_for(Fact(node.name, instance, period), frame)
        if isinstance(period, Possible) and isinstance(period.range, Interval):
            return self._read_some_day(node, instance, period, frame)
        return period

    def find_for(self, fact: Fact, frame: Frame) -> Outcome:
        """The figure or fact, noted as read by whoever is evaluated."""
        frame.step.reads.append(fact)
        return self.find(fact)

    def _read_some_day(self, node: ir.VariableRead, instance: str, day: Possible, frame: Frame) -> Outcome:
        """A figure on a day that is not known: what it is in each period in which the day may fall."""
        assert not isinstance(node.time, ir.ThisPeriod) and isinstance(day.range, Interval)
        periods = () if node.time.kind.is_personal else touched(node.time.kind, day.range)
        if periods:
            outcomes = [self.find_for(Fact(node.name, instance, period), frame) for period in periods]
            return under(either(outcomes, day.needs), day)
        definition = self.program.definitions[node.name]
        fault = day.may_fail or UNKNOWN_DAY
        absent = day.may_not_apply or definition.may_not_apply or node.time.kind.is_personal
        return settled(self.anything(definition.type), day.needs, fault, absent)

    def period_meant(
        self, time: ir.Time, frame: Frame, span: Span | None, whose: tuple[str, str] | None = None
    ) -> Period | Outcome:
        """The period that `time` means, of `whose` calendar if it is personal; of an unknown day, the day."""
        if isinstance(time, ir.ThisPeriod):
            return frame.period
        frame.step.reads_more |= time.kind.is_personal
        kind = self.kind_of(time.kind, whose)
        if not isinstance(kind, PeriodKind):
            return kind
        try:
            if isinstance(time, ir.Containing):
                return kind.containing(frame.period.end if time.at_end else frame.period.start).shift(time.shift)
            day = self.evaluate(time.day, frame)
            return kind.containing(as_date(day.value)) if isinstance(day, Known) else day
        except NoPeriod:
            return NOT_APPLICABLE
        except OverflowError as fault:
            return Failure(str(fault), span)

    def kind_of(self, kind: PeriodKind, whose: tuple[str, str] | None) -> PeriodKind | Outcome:
        """The periods of a calendar; of a personal one, as they are for somebody."""
        if not kind.is_personal or whose is None:
            return kind
        return personal.anchored(kind, unit_of(kind, self.case, self.program.settings, whose), self.find)

    def _over_parts(self, node: ir.OverParts | ir.Spread, frame: Frame) -> Outcome:
        if isinstance(node, ir.Spread):
            whole = self.period_meant(node.value.time, frame, node.span)
            return spread(node, whole, self.evaluate(node.value, frame)) if isinstance(whole, Period) else whole
        frame.step.reads_more |= node.kind.is_personal
        kind = self.kind_of(node.kind, (frame.step.definition.entity, frame.instance))
        return personal.over(node, kind, frame, self.evaluate, self.anything(node.type))

    # --- constants

    def _constant(self, node: ir.ParameterRead | ir.TableRead | ir.ScaleRead, frame: Frame) -> Outcome:
        period = (
            frame.period if isinstance(node.time, ir.ThisPeriod) else self.period_meant(node.time, frame, node.span)
        )
        if not isinstance(period, Period):
            return self._on_some_day(node, period)
        day = self.program.settings.covers_from if period.kind.unit is Unit.ETERNITY else period.start
        replaced = self.replaced_constant(node.name, day)
        if replaced is not None:
            return replaced
        in_force = self.constants.at(node.name, day)
        if in_force is None:
            return Failure(f"`{node.name.rpartition(':')[2]}` has no value on {day}", node.span)
        frame.step.constants.append((node.name, in_force.since, in_force.projected))
        match node:
            case ir.ParameterRead():
                return stated(in_force.content)
            case ir.TableRead():
                keys = [self.evaluate(key, frame) for key in node.keys]
                return tables.cell(self.program.tables[node.name], node, in_force.content, keys, day)
            case ir.ScaleRead():
                key = None if node.key is None else self.evaluate(node.key, frame)
                argument = self.evaluate(node.argument, frame)
                return lookups.scaled(self.program.scales[node.name], in_force.content, key, argument)
            case _:
                assert_never(node)

    def replaced_constant(self, name: str, day: date) -> Outcome | None:
        """What stands for a parameter in this world."""
        return None

    def _on_some_day(self, node: ir.ParameterRead | ir.TableRead | ir.ScaleRead, day: Outcome) -> Outcome:
        """A constant on a day that is not known may be anything."""
        if not isinstance(day, Possible) or day.range == domain.EMPTY:
            return day
        absent = day.may_not_apply or node.type.or_none
        return settled(self.anything(node.type), day.needs, day.may_fail or UNKNOWN_DAY, absent)
