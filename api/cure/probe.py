"""Values of facts with which a condition holds, by machine code: many points at once.

1. Of one number: points at growing distances below and above what it is now. Where one holds and the point before it
   does not, the gap between the two is cut in equal parts, again and again, down to the number's own step. What is
   found is the nearest value as far as the condition turns once in the gap.
2. Of a set: the values of what has few, points at growing distances of what is a number, and every combination. Of one
   that holds each number is then brought as near to now as it goes.

It only proposes: whoever asks lets the interpreter confirm. Nothing is proposed where columns cannot hold the case, or
where code cannot say that the condition is refused now: of such a case, in which much is not known, the interpreter
would be asked at every point, without a bound on work. All facts that may be asked about stand in columns from the
beginning, so that there is one code for all questions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from math import prod

from api.cases.copies import copies
from api.cases.machine import columns_of
from api.cure.places import FAR, Line, members_of, place_of
from api.cure.trial import Changes, Trial
from engine.interpret.outcomes import Fact
from engine.native import Options, code_alone
from engine.native.handover import entry_of
from engine.population.columns import Cell, Column, Columns
from engine.values.types import NONE, Kind, Value

OPTIONS = Options(block=8, limit=2**37)
WIDE = 100_000
"""With more values than these, halving the range of a number takes long."""
FEW = 32
"""So many values are all tried."""
PARTS = 24
ROUNDS = 12
MOST_POINTS = 2_000
_GROWTH = 4


@dataclass(frozen=True, slots=True)
class Side:
    """A number and a direction: where it is now (in steps), and how far it may go."""

    fact: Fact
    line: Line
    end: int

    @property
    def now(self) -> int:
        """Where the number is."""
        return int(self.line.now / self.line.step)

    @property
    def is_wide(self) -> bool:
        """Whether the number has so many values that machine code looks for them."""
        return (self.line.high - self.line.low) / self.line.step > WIDE

    def value(self, place: int) -> Value:
        """The number at a place."""
        return self.line.value(place * self.line.step)

    def place(self, value: Value) -> int:
        """Where a number stands, in steps."""
        return int(place_of(value) / self.line.step)


@dataclass(eq=False)
class Probe:
    """One condition of one case in columns, with every fact stated that may be asked about."""

    trial: Trial
    sides: Sequence[Side]
    columns: Columns
    fixed: Changes = field(default_factory=dict)
    """What is otherwise than now at every point."""
    unsure: bool = False
    """Whether code could not say at some point what the condition is: then that it found none means little."""

    def nearest(self) -> Mapping[Fact, list[Value]]:
        """For each number alone the values nearest to now with which the condition holds, of those that were found."""
        values: dict[Fact, list[Value]] = {}
        turns = self._turns({side: _growing(side) for side in self.sides if side.is_wide})
        for side, place in sorted(turns.items(), key=lambda turn: abs(turn[1] - turn[0].now)):
            values.setdefault(side.fact, []).append(side.value(place))
        return values

    def point(self, facts: Sequence[Fact]) -> Changes | None:
        """Values of a set of facts, each other than now, with which the condition holds, if some were found."""
        choices = self._choices(facts)
        if not all(choices.values()):
            return None
        ranked = product(*(enumerate(choices[fact]) for fact in facts))
        points = sorted(ranked, key=lambda point: sum(rank for rank, _ in point))
        rows = [dict(zip(facts, (value for _, value in point), strict=True)) for point in points]
        held = self._held(rows)
        point = next((row for row, holds in zip(rows, held, strict=True) if holds), None)
        return self._nearer(point) if point is not None else None

    def _choices(self, facts: Sequence[Fact]) -> dict[Fact, list[Value]]:
        """The values of each fact that are tried, nearest first, and no more than make a batch of some size."""
        choices: dict[Fact, list[Value]] = {}
        for fact in facts:
            choices[fact] = self._values(fact)
        while prod(len(values) for values in choices.values()) > MOST_POINTS:
            largest = max(choices, key=lambda fact: len(choices[fact]))
            choices[largest] = choices[largest][::2]
        return choices

    def _values(self, fact: Fact) -> list[Value]:
        definition, now = self.trial.program.definitions[fact.name], self.trial.now(fact)
        members = members_of(self.trial.program, definition)
        if members is None and definition.type.kind is Kind.DATE:
            members = [self.trial.case.at.start]
        if members is not None:
            return [member for member in members if member != now]
        sides = [side for side in self.sides if side.fact == fact]
        places = [(side, place) for side in sides for place in _tried(side)]
        return [side.value(place) for side, place in sorted(places, key=lambda pair: abs(pair[1] - pair[0].now))]

    def _nearer(self, point: Changes) -> Changes:
        """The point with each number, one after the other, brought as near to now as the condition still holds."""
        for fact, value in point.items():
            for side in self.sides:
                way = side.place(value) - side.now if side.fact == fact else 0
                if way * (side.end - side.now) > 0:
                    others = {other: now for other, now in point.items() if other != fact}
                    gap = [side.now + way // abs(way), side.now + way]
                    turns = replace(self, fixed=others)._turns({side: gap})
                    point = {**point, fact: side.value(turns.get(side, gap[-1]))}
        return point

    def _turns(self, points: Mapping[Side, list[int]]) -> dict[Side, int]:
        """For each side the place from which the condition holds, between the first two places where it begins to."""
        gaps = _first_turns(points, self._held_at(points))
        for _ in range(ROUNDS):
            open_gaps = {side: gap for side, gap in gaps.items() if abs(gap[1] - gap[0]) > 1}
            if not open_gaps:
                break
            points = {side: _between(*gap) for side, gap in open_gaps.items()}
            gaps |= _first_turns(points, self._held_at(points))
        return {side: place for side, (_, place) in gaps.items()}

    def _held_at(self, points: Mapping[Side, list[int]]) -> dict[Side, list[bool]]:
        """Whether the condition holds at each place of each side: one batch."""
        rows = [{side.fact: side.value(place)} for side, places in points.items() for place in places]
        answers = iter(self._held(rows))
        return {side: [next(answers) for _ in places] for side, places in points.items()}

    def sees(self) -> bool:
        """Whether code can say what the condition is now."""
        return self._told([{}])[0] is not None

    def _held(self, rows: Sequence[Changes]) -> list[bool]:
        """Whether the condition holds with each of some changes, as far as code can say."""
        return [told is True for told in self._told(rows)]

    def _told(self, rows: Sequence[Changes]) -> list[bool | None]:
        """What the condition is with each of some changes, by one batch; None where code cannot say."""
        program, asked, case = self.trial.program, self.trial.fact, self.trial.case
        many = copies(program, self.columns, len(rows))
        cells = {Cell(fact.name, fact.period) for row in (self.fixed, *rows) for fact in row}
        changed = dict(many.columns)
        for cell in cells & changed.keys():
            changed[cell] = replace(changed[cell], entries=changed[cell].entries.copy())
        for number, row in enumerate(rows):
            for fact, value in {**self.fixed, **row}.items():
                definition = program.definitions[fact.name]
                cell, instances = Cell(fact.name, fact.period), case.instances[definition.entity]
                entry = entry_of(program, definition, value)
                if cell in changed and entry is not None:
                    changed[cell].entries[number * len(instances) + instances.index(fact.instance)] = entry
        bounded = {cell: _bounded(column) for cell, column in changed.items()}
        cell = Cell(asked.name, asked.period)
        figure = code_alone(program, replace(many, columns=bounded), [cell], OPTIONS)[cell]
        places = case.instances[program.definitions[asked.name].entity]
        mine = slice(places.index(asked.instance), None, len(places))
        held = (figure.entries[mine] != 0) & ~figure.absent[mine]
        self.unsure |= bool(figure.bad[mine].any())
        return [None if bad else bool(yes) for yes, bad in zip(held.tolist(), figure.bad[mine].tolist(), strict=True)]


def probe_of(trial: Trial, facts: Sequence[Fact]) -> Probe | None:
    """What asks machine code of some facts; None where there is no wide number, columns cannot hold the case, or code
    cannot say what the condition is."""
    sides = list(_sides(trial, facts))
    if trial.fact.period.kind.is_personal:
        return None
    stated = {fact: now for fact in facts if (now := trial.now(fact)) is not None and now is not NONE}
    case = replace(trial.case, given={**stated, **trial.case.given})
    columns = columns_of(trial.program, case) if any(side.is_wide for side in sides) else None
    probe = Probe(trial, sides, columns) if columns is not None else None
    return probe if probe is not None and probe.sees() else None


def is_wide_number(trial: Trial, fact: Fact) -> bool:
    """Whether a fact is a stated number of so many values that machine code looks for them."""
    return any(side.is_wide for side in _sides(trial, [fact]))


def _sides(trial: Trial, facts: Sequence[Fact]) -> Iterator[Side]:
    """Below and above, for each number that is stated or taken to be one."""
    for fact in facts:
        kind = trial.program.definitions[fact.name].type.kind
        if kind in (Kind.MONEY, Kind.INTEGER, Kind.RATE) and trial.now(fact) not in (None, NONE):
            line = trial.line(fact)
            ends = [int(end / line.step) for end in (max(line.low, -FAR), line.high)]
            yield from (side for end in ends if (side := Side(fact, line, end)).now != end)


def _growing(side: Side) -> list[int]:
    """Where it is now, and places ever further away, up to the end."""
    way = 1 if side.end > side.now else -1
    places, distance = [side.now], 1
    while distance < abs(side.end - side.now):
        places.append(side.now + way * distance)
        distance *= _GROWTH
    if side.end != side.now:
        places.append(side.end)
    return places


def _tried(side: Side) -> list[int]:
    """Every place but where it is now, where there are few; else places ever further away."""
    way = 1 if side.end > side.now else -1
    few = range(side.now + way, side.end + way, way)
    return list(few) if len(few) <= FEW else _growing(side)[1:]


def _between(start: int, end: int) -> list[int]:
    """From a place where it does not hold to one where it does, in about equal steps."""
    gap = end - start
    return list(dict.fromkeys([start, *(start + gap * part // PARTS for part in range(1, PARTS)), end]))


def _first_turns(points: Mapping[Side, list[int]], held: Mapping[Side, list[bool]]) -> dict[Side, tuple[int, int]]:
    """For each side the first pair of places between which it begins to hold."""
    turns = {}
    for side, places in points.items():
        answers = held[side]
        turn = next((at for at in range(1, len(places)) if answers[at]), None)
        if turn is not None:
            turns[side] = (places[turn - 1], places[turn])
    return turns


def _bounded(column: Column) -> Column:
    return replace(column, low=int(column.entries.min()), high=int(column.entries.max()))
