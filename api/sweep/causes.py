"""Why a curve jumps or bends: the rules that do it, with their law.

The interpreter finds the case at both sides. From the curve's figures the way goes down to what they read, as long as
that jumps, or bends, too: a figure that does so while nothing that it reads does is the cause.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from api.cases.calculate import Of, of
from api.schema import Citation, citations
from api.sweep.pieces import fewest_decimals
from api.sweep.points import Points, Terms
from engine.explain.words import outcome_words
from engine.interpret.interpreter import Interpreter
from engine.interpret.outcomes import Fact, Known, Outcome
from engine.ir.program import Program
from engine.text.citations import law_on
from engine.values.numbers import format_decimal

MOST_CAUSES = 4
STEEPEST = 20
"""A figure that changes by more steps than this while the fact changes by one jumps."""


@dataclass(frozen=True, slots=True)
class Cause:
    """A figure that jumps or bends though nothing that it reads does: its values, or for a bend its slopes, before
    and after."""

    figure: str
    of: Of
    label: str
    before: str
    after: str
    law: tuple[Citation, ...]


def jump_causes(points: Points, curve: Terms, before: int, after: int) -> tuple[Cause, ...]:
    """The causes of a jump between two neighbouring points: values on both sides."""
    sides = points.interpreter(before), points.interpreter(after)

    def jumps(fact: Fact) -> bool:
        outcome, other = (side.find(fact) for side in sides)
        first, second = _number(outcome), _number(other)
        if first is None or second is None:
            return outcome != other
        return abs(second - first) > STEEPEST * points.program.settings.money_grid

    def said(fact: Fact) -> tuple[str, str]:
        definition, settings = points.program.definitions[fact.name], points.program.settings
        before, after = (outcome_words(side.find(fact), definition.type, settings) for side in sides)
        return before, after

    return _causes(points, curve, sides, jumps, said)


def bend_causes(points: Points, curve: Terms, sides: tuple[int, int, int]) -> tuple[Cause, ...]:
    """The causes of a bend at the middle one of three points, between which the curve is straight: slopes on both
    sides."""
    runs = [points.interpreter(side) for side in sides]
    widths = [Fraction(after - before, points.unit) for before, after in pairwise(sides)]
    grain = points.program.settings.money_grid
    if not all(widths):
        return ()

    def slopes(fact: Fact) -> tuple[Fraction, Fraction] | None:
        values = [number for run in runs if (number := _number(run.find(fact))) is not None]
        if len(values) < len(runs):
            return None
        first, second = (
            (after - before) / width for (before, after), width in zip(pairwise(values), widths, strict=True)
        )
        return first, second

    def bends(fact: Fact) -> bool:
        slope_pair = slopes(fact)
        if slope_pair is None:
            return runs[0].find(fact) != runs[2].find(fact)
        return abs(slope_pair[1] - slope_pair[0]) > 3 * grain * sum(1 / width for width in widths)

    def said(fact: Fact) -> tuple[str, str]:
        slope_pair = slopes(fact)
        if slope_pair is None:
            definition, settings = points.program.definitions[fact.name], points.program.settings
            return outcome_words(runs[0].find(fact), definition.type, settings), outcome_words(
                runs[2].find(fact), definition.type, settings
            )
        near = [
            fewest_decimals(slope - 2 * grain / width, slope + 2 * grain / width)
            for slope, width in zip(slope_pair, widths, strict=True)
        ]
        return f"{format_decimal(near[0])} for each more", f"{format_decimal(near[1])} for each more"

    return _causes(points, curve, (runs[0], runs[2]), bends, said)


def _number(outcome: Outcome) -> Fraction | None:
    if isinstance(outcome, Known) and isinstance(outcome.value, int | Fraction) and not isinstance(outcome.value, bool):
        return Fraction(outcome.value)
    return None


def _causes(
    points: Points,
    curve: Terms,
    sides: tuple[Interpreter, Interpreter],
    moves: Callable[[Fact], bool],
    said: Callable[[Fact], tuple[str, str]],
) -> tuple[Cause, ...]:
    tops = [fact for _, fact in points.facts(curve)]
    deepest = dict.fromkeys(_deepest(sides, tops, moves, points.varied))
    return tuple(_cause(points.program, fact, said(fact)) for fact in list(deepest)[:MOST_CAUSES])


def _deepest(
    sides: tuple[Interpreter, Interpreter], tops: Sequence[Fact], moves: Callable[[Fact], bool], varied: Fact
) -> Iterator[Fact]:
    seen: set[Fact] = set()
    waiting = list(reversed(tops))
    while waiting:
        fact = waiting.pop()
        if fact in seen or fact == varied or not moves(fact):
            continue
        seen.add(fact)
        reads = dict.fromkeys(read for side in sides if fact in side.steps for read in side.steps[fact].reads)
        deeper = [read for read in reads if read != varied and moves(read)]
        if deeper:
            waiting.extend(reversed(deeper))
        else:
            yield fact


def _cause(program: Program, fact: Fact, said: tuple[str, str]) -> Cause:
    definition = program.definitions[fact.name]
    law = citations(law_on(definition.law, fact.period.start))
    return Cause(definition.short_name, of(program, fact), definition.label, said[0], said[1], law)
