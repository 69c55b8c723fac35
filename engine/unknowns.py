"""What to ask next: of the facts that are unknown and still matter, those first that would narrow the answer most.

1. The candidates are the facts on which the undetermined outcome depends.
2. Each is tried: the figure is computed again with the fact given, for a few values that it may have.
3. A candidate's use is how much of the answer's range these values leave, on average; nothing is best. Ties go to the
   fact that leaves fewer other facts to ask.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from engine.cases import Case
from engine.constants import Constants
from engine.interpreter import Interpreter
from engine.ir.program import Definition, Program
from engine.outcomes import Choice, Fact, Interval, Known, Outcome, Possible
from engine.types import EnumValue, Kind, Value

MAX_CANDIDATES = 24
TYPICAL = (Fraction(0), Fraction(40_000))
TYPICAL_WHOLE = (0, 10, 40, 70)


@dataclass(frozen=True, slots=True)
class Question:
    """A fact to ask for. `left` is the share of the answer's range that knowing it leaves, on average (0 to 1)."""

    fact: Fact
    ask: str
    label: str
    left: Fraction


def next_questions(program: Program, case: Case, wanted: Fact, limit: int = 5) -> tuple[Question, ...]:
    """The most useful facts to ask for, best first; none if the figure is determined."""
    constants = Constants(program)
    before = Interpreter(program, case, constants).find(wanted)
    if not isinstance(before, Possible):
        return ()
    candidates = sorted(before.needs, key=str)[:MAX_CANDIDATES]
    questions = [_question(program, case, wanted, fact, before, constants) for fact in candidates]
    return tuple(question for _, question in sorted(questions, key=lambda pair: (pair[1].left, pair[0]))[:limit])


def _question(
    program: Program, case: Case, wanted: Fact, fact: Fact, before: Possible, constants: Constants
) -> tuple[int, Question]:
    definition = program.definitions[fact.name]
    shares: list[Fraction] = []
    needs = 0
    for value in sample_values(definition, program):
        tried = replace(case, given={**case.given, fact: value})
        after = Interpreter(program, tried, constants).find(wanted)
        shares.append(_share(after, before))
        needs += len(after.needs) if isinstance(after, Possible) else 0
    left = sum(shares, Fraction(0)) / len(shares) if shares else Fraction(1)
    label = definition.label or definition.short_name
    return needs, Question(fact, definition.ask or f"{label}?", label, left)


def sample_values(definition: Definition, program: Program) -> Sequence[Value]:
    """A few values that a fact may have: both truths, every member, or ends of its range and common amounts."""
    match definition.type.kind:
        case Kind.BOOLEAN:
            return (True, False)
        case Kind.ENUM:
            enum = program.settings.enums[definition.type.enum]
            return tuple(EnumValue(definition.type.enum, member) for member in enum.members)
        case Kind.MONEY | Kind.RATE:
            return tuple(_within(definition, TYPICAL))
        case Kind.INTEGER:
            return tuple(int(value) for value in _within(definition, map(Fraction, TYPICAL_WHOLE)))
    return ()


def _within(definition: Definition, values: Iterable[Fraction]) -> list[Fraction]:
    low, high = definition.low, definition.high
    moved = (max(value, low) if low is not None else value for value in values)
    return list(dict.fromkeys(min(value, high) if high is not None else value for value in moved))


def _share(after: Outcome, before: Possible) -> Fraction:
    """How much of the range of `before` is left in `after`: 0 if it is determined, 1 if nothing was gained."""
    if isinstance(after, Known):
        return Fraction(0)
    if not isinstance(after, Possible):
        return Fraction(0)
    match after.range, before.range:
        case Choice(options=left), Choice(options=all_of) if all_of:
            return Fraction(len(left), len(all_of))
        case Interval() as left, Interval() as whole:
            return _width_share(left, whole)
    return Fraction(1)


def _width_share(left: Interval, whole: Interval) -> Fraction:
    if None in (whole.low, whole.high):
        closed = (left.low is not None) + (left.high is not None)
        opened = (whole.low is not None) + (whole.high is not None)
        return Fraction(1) if closed <= opened else Fraction(1, 2)
    width = whole.high - whole.low
    if not isinstance(width, int | Fraction) or not width:
        return Fraction(1)
    return Fraction(left.high - left.low) / Fraction(width)
