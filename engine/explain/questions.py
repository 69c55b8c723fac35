"""What to ask next: of the facts that are unknown and still matter, those first that would tell most.

1. The candidates are the facts on which the undetermined figures depend.
2. Suppose a usual household: every unknown fact is what its absence means in a complete case, or a plain guess. Change
   one fact at a time to something telling: what moves the figures farther is more useful. Ties go to facts that have
   no usual answer, then to those that lead to more figures. The supposition serves the order only.
3. A list that may hold more than is listed is asked for as a whole, and tells as much as its being whole would.
4. Of the best of these, see how much of a figure's range is left once the fact is known, for a few values that it may
   have: what leaves less comes first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from fractions import Fraction

from engine.explain.words import humanized
from engine.interpret.cases import Case
from engine.interpret.constants import Constants
from engine.interpret.domain import needs_of
from engine.interpret.further import is_list, place_of
from engine.interpret.interpreter import Interpreter
from engine.interpret.outcomes import Choice, Fact, Interval, Known, Outcome, Possible
from engine.ir.dependencies import readings
from engine.ir.program import Definition, Program
from engine.records import record
from engine.values.types import NONE, Duration, EnumValue, Kind, Value

MOST_MOVED = 50
MOST_TRIED = 10
MOST_LISTS = 5
AMOUNTS = (Fraction(0), Fraction(20_000), Fraction(100_000))
RATES = (Fraction(0), Fraction(1, 2), Fraction(1))
WHOLE = (Fraction(0), Fraction(2), Fraction(10), Fraction(40), Fraction(70))
DAYS = (date(1950, 6, 15), date(1984, 6, 15), date(2018, 6, 15))
MOST_VALUES = 6

Find = Callable[[Mapping[Fact, Value]], list[Outcome]]


@record(frozen=True, slots=True)
class Question:
    """A fact to ask for. `left` is the share of the answer's range that knowing it leaves, on average (0 to 1)."""

    fact: Fact
    ask: str
    label: str
    left: Fraction


def next_questions(program: Program, case: Case, wanted: Fact, limit: int = 5) -> tuple[Question, ...]:
    """The most useful facts to ask for, best first, at most ten; none if the figure is determined."""
    return questions(program, case, [wanted], limit)


def most_useful_first(program: Program, case: Case, wanted: Sequence[Fact]) -> list[Fact]:
    """Every unknown fact on which one of several figures depends, the most useful to ask first."""
    asked, rest = _ranked(program, case, wanted)
    return [*(question.fact for question in asked), *rest]


def questions(program: Program, case: Case, wanted: Sequence[Fact], limit: int = 5) -> tuple[Question, ...]:
    """The facts that would tell most of several figures, best first, at most ten; none if all are determined."""
    return tuple(_ranked(program, case, wanted)[0][:limit])


def _ranked(program: Program, case: Case, wanted: Sequence[Fact]) -> tuple[list[Question], list[Fact]]:
    """The best questions, best first, and the facts after them."""
    constants = Constants(program)

    def find(
        changed: Mapping[Fact, Value], complete: bool = case.complete, lists: Iterable[Fact] = ()
    ) -> list[Outcome]:
        whole = case.whole.union(map(place_of, lists))
        tried = replace(case, given={**changed, **case.given}, complete=complete, whole=whole)
        interpreter = Interpreter(program, tried, constants)
        return [interpreter.find(fact) for fact in wanted]

    before = find({})
    unknown = needs_of(*before)
    if not unknown:
        return [], []
    lists = sorted((fact for fact in unknown if is_list(fact)), key=str)
    moving = _moving(program, unknown.difference(lists), lambda changed: find(changed, True))
    tried = [_question(program, fact, before, find) for fact in moving[:MOST_TRIED]]
    tried += [_list_question(fact, case, before, find({}, lists=(fact,))) for fact in lists[:MOST_LISTS]]
    best = sorted(tried, key=lambda question: question.left)
    return best, [*moving[MOST_TRIED:], *lists[MOST_LISTS:]]


def _list_question(fact: Fact, case: Case, before: Sequence[Outcome], whole: Sequence[Outcome]) -> Question:
    """Whether there is anybody else in a list. If so, as much is open as before."""
    shares = [(_share(left, now) + 1) / 2 for left, now in zip(whole, before, strict=True) if isinstance(now, Possible)]
    left = sum(shares, Fraction(0)) / len(shares) if shares else Fraction(1)
    return Question(fact, asks_for_list(fact, case), place_of(fact).role or place_of(fact).link, left)


def asks_for_list(fact: Fact, case: Case | None = None) -> str:
    """How to ask whether a list is whole, and how to say so: a case that opens the list cannot call it complete too."""
    word = fact.name.rpartition(":")[2]
    if word == place_of(fact).link and not place_of(fact).role:
        return f"In which {humanized(word)} is {fact.instance}?"
    if word == place_of(fact).role:
        closed = _closed(fact, case, f"{word}: []")
        return f"Is there a {humanized(word)} who is not listed? Add them, or {closed} if there is none."
    closed = _closed(fact, case, f"complete: [{word}]")
    return f"Are there {humanized(word)} that are not listed? Add them, or {closed} if there are none."


def _closed(fact: Fact, case: Case | None, written: str) -> str:
    """What to do for a list that is whole."""
    if case is None or not case.is_said_open(place_of(fact)):
        return f"write `{written}`"
    taken_out = f"take `{fact.name.rpartition(':')[2]}` out of `open`"
    return taken_out if case.complete else f"{taken_out} and write `{written}`"


# --- what moves the figures of a usual household


def _moving(program: Program, unknown: Iterable[Fact], find: Find) -> list[Fact]:
    """The unknown facts, those first that move the figures most."""
    readers = _readers(program)

    def known_by(fact: Fact) -> tuple[bool, int, str]:
        return program.definitions[fact.name].absent is not None, -readers[fact.name], str(fact)

    candidates = sorted(unknown, key=known_by)
    supposed = {fact: _usual(program, program.definitions[fact.name]) for fact in candidates}
    usual = find(supposed)
    moves = {fact: _move(program, fact, supposed, usual, find) for fact in candidates[:MOST_MOVED]}
    return [*sorted(moves, key=lambda fact: -moves[fact]), *candidates[MOST_MOVED:]]


def _readers(program: Program) -> dict[str, int]:
    """How many figures each figure leads to, by way of others too: those that read it, those that read them …"""
    reached = dict.fromkeys(program.definitions, 0)  # a bit for each figure that is reached
    for place, name in reversed(list(enumerate(program.order))):
        for read in readings(program.definitions[name]):
            reached[read.name] |= reached[name] | 1 << place
    return {name: bits.bit_count() for name, bits in reached.items()}


def _move(
    program: Program, fact: Fact, supposed: Mapping[Fact, Value], usual: Sequence[Outcome], find: Find
) -> Fraction:
    """How far a fact moves the figures if it is something else."""
    values = [value for value in sample_values(program.definitions[fact.name], program) if value != supposed[fact]]
    return _distance(usual, find({**supposed, fact: values[(len(values) - 1) // 2]})) if values else Fraction(0)


def _usual(program: Program, definition: Definition) -> Value:
    """What an unknown fact is supposed to be."""
    if definition.absent is not None:
        return definition.absent
    if definition.type.or_none:
        return NONE
    match definition.type.kind:
        case Kind.DATE:
            return DAYS[1]
        case Kind.DURATION:
            return Duration()
        case Kind.INTEGER:
            return int(_within(definition, [WHOLE[3]])[0])
    return sample_values(definition, program)[0]


def _distance(usual: Sequence[Outcome], now: Sequence[Outcome]) -> Fraction:
    """How far figures moved: each by the share of the larger of the two numbers, anything else by 1 for a change."""
    total = Fraction(0)
    for usual_outcome, other in zip(usual, now, strict=True):
        first, second = _number(usual_outcome), _number(other)
        if first is not None and second is not None:
            largest = max(abs(first), abs(second))
            total += abs(first - second) / largest if largest else 0
        else:
            total += usual_outcome != other
    return total


def _number(outcome: Outcome) -> Fraction | None:
    if isinstance(outcome, Known) and isinstance(outcome.value, int | Fraction) and not isinstance(outcome.value, bool):
        return Fraction(outcome.value)
    return None


# --- how much of the range is left


def _question(program: Program, fact: Fact, before: Sequence[Outcome], find: Find) -> Question:
    definition = program.definitions[fact.name]
    shares: list[Fraction] = []
    for value in sample_values(definition, program):
        for left, whole in zip(find({fact: value}), before, strict=True):
            if isinstance(whole, Possible):
                shares.append(_share(left, whole))
    label = definition.label or definition.short_name
    average = sum(shares, Fraction(0)) / len(shares) if shares else Fraction(1)
    return Question(fact, definition.ask or f"{label}?", label, average)


def sample_values(definition: Definition, program: Program) -> Sequence[Value]:
    """A few values that a fact may have: both truths, some members, or common amounts within its range; and none, of
    what may be none."""
    values = _values(definition, program)
    return (NONE, *values) if definition.type.or_none else values


def _values(definition: Definition, program: Program) -> Sequence[Value]:
    match definition.type.kind:
        case Kind.BOOLEAN:
            return (False, True)
        case Kind.ENUM:
            members = list(program.settings.enums[definition.type.enum].members)
            return tuple(EnumValue(definition.type.enum, member) for member in members[:MOST_VALUES])
        case Kind.MONEY:
            return _within(definition, AMOUNTS)
        case Kind.RATE:
            return _within(definition, RATES)
        case Kind.INTEGER:
            return tuple(int(value) for value in _within(definition, WHOLE))
        case Kind.DATE:
            return DAYS
    return ()


def _within(definition: Definition, values: Iterable[Fraction]) -> tuple[Fraction, ...]:
    low, high = definition.low, definition.high
    moved = (max(value, low) if low is not None else value for value in values)
    return tuple(dict.fromkeys(min(value, high) if high is not None else value for value in moved))


def _share(after: Outcome, before: Possible) -> Fraction:
    """How much of the range of `before` is left in `after`: 0 if it is determined, 1 if nothing was gained."""
    if not isinstance(after, Possible):
        return Fraction(0)
    match after.range, before.range:
        case Choice(options=left), Choice(options=all_of) if all_of:
            return Fraction(len(left), len(all_of))
        case Interval() as left, Interval() as whole:
            return _width_share(left, whole)
    return Fraction(1)


def _width_share(left: Interval, whole: Interval) -> Fraction:
    """An end that is found where there was none counts as half."""
    if None in (whole.low, whole.high):
        closed = (left.low is not None) + (left.high is not None)
        opened = (whole.low is not None) + (whole.high is not None)
        return Fraction(1) if closed <= opened else Fraction(1, 2)
    width = whole.high - whole.low
    if not isinstance(width, int | Fraction) or not width or None in (left.low, left.high):
        return Fraction(1)
    return Fraction(left.high - left.low) / Fraction(width)
