"""When figures read what: of each fact and figure on the way, the periods for which it is read.

1. Follow what the wanted figures read (`api.cases.reach`), with the period of each read.
2. What is read on a day that only data tell, or stands below such a read, may be read at any time.
3. A fact counts as read where one is read that it implies, or that implies it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from api.cases.reach import reached
from engine.interpret.stated import Days
from engine.ir import nodes as ir
from engine.ir.contradictions import Contradiction
from engine.ir.dependencies import readings
from engine.ir.fold import formula_at
from engine.ir.program import Definition, Program
from engine.ir.walk import groupings, walk
from engine.native.plan.plan import evaluated, period_at
from engine.records import record
from engine.remembered import Remembered
from engine.values.periods import Period

_MOST_NAMED = 3
_MOST_KEPT = 64


@record(frozen=True, slots=True)
class TimesRead:
    """For which periods figures read each fact or figure, and which of them they may read at any time."""

    periods: Mapping[str, tuple[Period, ...]]
    any_time: frozenset[str]

    def passes_over(self, name: str, stated: Iterable[Period | Days]) -> bool:
        """Whether a fact is read, but at none of the times for which it is stated.

        One that is read at no time at all is of no concern to the figures, as a column that a table has to spare.
        """
        if name in self.any_time or name not in self.periods:
            return False
        return not any(_meets(time, period) for time in stated for period in self.periods[name])

    def lacks(self, name: str, stated: Sequence[Period | Days]) -> bool:
        """Whether a fact is read at a time for which nothing is stated."""
        return any(not any(_meets(time, period) for time in stated) for period in self.periods[name])

    def said(self, name: str) -> str:
        """For when a fact is read, in words."""
        periods = sorted(self.periods[name], key=lambda period: period.start)
        told = ", ".join(map(str, periods[:_MOST_NAMED]))
        return told + (f" and {len(periods) - _MOST_NAMED} more" if len(periods) > _MOST_NAMED else "")


_times = Remembered[TimesRead](_MOST_KEPT)


def times_read(program: Program, at: Period, figures: Sequence[Definition]) -> TimesRead:
    """When the wanted figures of a period read what. The last few answers are kept."""
    civil = tuple(figure for figure in figures if not figure.period.is_personal)
    personal = tuple(figure.name for figure in figures if figure.period.is_personal)
    key = (at, tuple(figure.name for figure in figures))
    return _times.of(program, key, lambda: _times_read(program, at, civil, personal))


def _times_read(program: Program, at: Period, figures: tuple[Definition, ...], personal: Sequence[str]) -> TimesRead:
    periods: dict[str, dict[Period, None]] = {}
    undated = set(personal)
    for cell in reached(program, at, figures):
        periods.setdefault(cell.name, {})[cell.period] = None
        body = formula_at(program.definitions[cell.name].formulas, cell.period.start)
        if body is not None:
            undated.update(_undated(body, cell.period))
    for contradiction in program.contradictions:
        _join(contradiction, periods)
    return TimesRead({name: tuple(read) for name, read in periods.items()}, _below(program, undated))


def _undated(body: ir.Expression, period: Period) -> Iterator[str]:
    """What a formula reads at a time that only data tell."""
    for node, at in evaluated(body, period, True):
        yield from (by.name for by, time in groupings(node) if period_at(time, at) is None)
        if isinstance(node, ir.VariableRead) and period_at(node.time, at) is None:
            yield node.name
        elif isinstance(node, ir.OverTime | ir.OverParts) and node.kind.is_personal:
            yield from (inner.name for inner in walk(node) if isinstance(inner, ir.VariableRead | ir.OverTime))


def _below(program: Program, names: Iterable[str]) -> frozenset[str]:
    """The names, and all that their formulas read, directly or through others."""
    pending, below = list(names), set(names)
    while pending:
        for reading in readings(program.definitions[pending.pop()]):
            if reading.name not in below and reading.name in program.definitions:
                below.add(reading.name)
                pending.append(reading.name)
    return frozenset(below)


def _join(contradiction: Contradiction, periods: dict[str, dict[Period, None]]) -> None:
    """Count a fact as read when one is read that it implies, or that implies it."""
    names = [claim.name for claim in (*contradiction.given, contradiction.claim)]
    together = {period: None for name in names for period in periods.get(name, ())}
    for name in names:
        if name in periods:
            periods[name] = {**periods[name], **together}


def _meets(stated: Period | Days, read: Period) -> bool:
    """Whether what is stated for a time is what is read in a period: a state is what it is on the period's last day."""
    return stated == read if isinstance(stated, Period) else stated.first <= read.end <= stated.last
