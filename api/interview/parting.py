"""All that an open fact can be, in parts that grow smaller, until each is one value: what is usual lies in the first.

A range is parted where the law may turn: at an amount that the formulas name or that is stated of somebody else; at a
day that lies a named length from the day that is asked about, or from a date that is stated. Between two such places
the ends stand for all, and what they leave out is told. Nothing else is left out, wherever it is parted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from api.cases.named_values import days_away
from api.interview.telling import Telling, members, step_of
from engine.interpret.cases import Case
from engine.interpret.outcomes import Fact
from engine.interpret.stated import ends_of
from engine.ir.program import Definition, Program
from engine.values.types import NONE, Kind, Value

ONE_DAY = timedelta(days=1)
LEAST, MOST = Fraction(-(10**9)), Fraction(10**12)
"""Between what a number is looked for that has no ends."""
_SHARES = tuple(Fraction(number, 20) for number in range(21))


@dataclass(frozen=True, slots=True)
class Part:
    """A value, or all between two ends."""

    value: Value | None = None
    ends: tuple[Any, Any] = (None, None)

    def laid(self, case: Case, fact: Fact) -> Case:
        """The case in which a fact is in this part, whatever was known of it before."""
        within = {other: ends for other, ends in case.within.items() if other != fact}
        if self.value is None:
            return replace(case, within={**within, fact: self.ends})
        return replace(case, given={**case.given, fact: self.value}, within=within)

    @property
    def example(self) -> Value:
        """A value in it."""
        return self.ends[0] if self.value is None else self.value


@dataclass(eq=False)
class Parting:
    """Parts the facts of a case by what the formulas of a figure name. `left_out`: whether it left out anything."""

    program: Program
    telling: Telling
    left_out: bool = False
    _away: dict[date, set[date]] = field(default_factory=dict)

    def parts(self, case: Case, fact: Fact) -> Sequence[Part]:
        """The next smaller parts of an open fact of a case, what is usual first."""
        definition = self.program.definitions[fact.name]
        few = members(self.program, definition)
        if few:
            return [Part(value) for value in sorted(few, key=lambda value: value != definition.absent)]
        if fact in case.within:
            return self._halves(case, fact)
        if not definition.type.or_none:
            return self._halves(case, fact)
        applies = Part(ends=_ends(definition))
        return [Part(NONE), applies] if definition.absent is NONE else [applies, Part(NONE)]

    def all_parts(self, case: Case, fact: Fact) -> Sequence[Part]:
        """All that an open fact of a case can be, parted at every place at which the law may turn."""
        definition = self.program.definitions[fact.name]
        few = members(self.program, definition)
        if few:
            return [Part(value) for value in few]
        low, high = _closed(definition, _ends(definition))
        starts = [low, *self._places(case, fact, low, high)]
        step = None if _is_dense(definition) else _step(definition)
        ends = [*(start if step is None else start - step for start in starts[1:]), high]
        none = [Part(NONE)] if definition.type.or_none else []
        return [*none, *(_part(definition, *each) for each in zip(starts, ends, strict=True))]

    def _halves(self, case: Case, fact: Fact) -> Sequence[Part]:
        definition = self.program.definitions[fact.name]
        ends = case.within.get(fact, _ends(definition))
        low, high = _closed(definition, ends)
        places = self._places(case, fact, low, high)
        if not places:
            self.left_out |= low != high and (_is_dense(definition) or high - low > _step(definition))
            return [_part(definition, end, end) for end in dict.fromkeys((low, high))]
        middle = places[len(places) // 2]
        below = middle if _is_dense(definition) else middle - _step(definition)
        halves = [_part(definition, ends[0], below), _part(definition, middle, ends[1])]
        return halves if self._usual(case, definition) < middle else halves[::-1]

    def _usual(self, case: Case, definition: Definition) -> Any:
        if definition.type.kind is Kind.DATE:
            usual = definition.absent
            return usual if isinstance(usual, date) else case.at.start
        return definition.absent if isinstance(definition.absent, int | Fraction) else 0

    def _places(self, case: Case, fact: Fact, low: Any, high: Any) -> list[Any]:
        """Where something begins within a range, besides its start; not at the end of one that is dense."""
        definition = self.program.definitions[fact.name]
        dense = _is_dense(definition)
        turns = self._days(case, fact) if definition.type.kind is Kind.DATE else self._numbers(case, fact)
        step = _step(definition)
        places = {place for turn in turns for place in ((turn,) if dense else (turn, turn + step))}
        return sorted(place for place in places if low < place and (place < high or (place == high and not dense)))

    def _days(self, case: Case, fact: Fact) -> set[date]:
        named = self.telling.named
        days = set(named.dates) | self._days_away(self.telling.day)
        for other, value in case.given.items():
            if isinstance(value, date) and other != fact:
                days |= self._days_away(value)
        return {day for day in days if date.min < day < date.max}

    def _days_away(self, day: date) -> set[date]:
        if day not in self._away:
            self._away[day] = days_away(day, self.telling.named)
        return self._away[day]

    def _numbers(self, case: Case, fact: Fact) -> set[Fraction]:
        definition, named = self.program.definitions[fact.name], self.telling.named
        others = (value for other, value in case.given.items() if other.name == fact.name)
        numbers = {*named.amounts, *map(Fraction, named.numbers), *(Fraction(other) for other in others)}  # type: ignore[arg-type]
        if _is_dense(definition):
            return numbers | set(_SHARES)
        return {number for number in numbers if number % step_of(definition) == 0}


def _is_dense(definition: Definition) -> bool:
    """Whether there is a value between any two."""
    return definition.type.kind is Kind.RATE


def _step(definition: Definition) -> Any:
    return ONE_DAY if definition.type.kind is Kind.DATE else step_of(definition)


def _ends(definition: Definition) -> tuple[Any, Any]:
    low, high = ends_of(definition)
    if definition.type.kind is Kind.DATE:
        return low, high
    return None if low is None else Fraction(low), None if high is None else Fraction(high)


def _closed(definition: Definition, ends: tuple[Any, Any]) -> tuple[Any, Any]:
    if definition.type.kind is Kind.DATE:
        return ends
    return LEAST if ends[0] is None else Fraction(ends[0]), MOST if ends[1] is None else Fraction(ends[1])


def _part(definition: Definition, low: Any, high: Any) -> Part:
    if definition.type.kind is Kind.INTEGER:
        low, high = (None if end is None else int(end) for end in (low, high))
    return Part(low) if low == high and low is not None else Part(ends=(low, high))
