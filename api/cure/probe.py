"""Values of a number with which a condition holds, by machine code: many points of all numbers at once.

1. Points at growing distances below and above what each number is now.
2. Where one holds and the point before it does not, the gap between the two is cut in equal parts, again and again,
   down to the number's own step. What is found is the nearest value as far as the condition turns once in the gap.

It only proposes: whoever asks lets the interpreter confirm. Nothing is proposed where columns cannot hold the case.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from api.cases.copies import copies
from api.cases.machine import columns_of
from engine.interpret.cases import Case
from engine.interpret.outcomes import Fact
from engine.ir.program import Program
from engine.native import KNOWN, Options, evaluate
from engine.native.handover import entry_of
from engine.population.columns import Cell, Column, Columns
from engine.values.types import Kind, Value

OPTIONS = Options(block=8, limit=2**37)
PARTS = 24
ROUNDS = 12
_GROWTH = 4


@dataclass(frozen=True, slots=True)
class Side:
    """A number and a direction: where it is now (in steps), and how far it may go."""

    fact: Fact
    step: Fraction
    now: int
    end: int


def probe(program: Program, case: Case, asked: Fact, sides: Sequence[Side]) -> Mapping[Fact, list[Value]]:
    """For each number the values nearest to now with which the condition holds, of those that were found."""
    columns = columns_of(program, case) if sides else None
    if columns is None:
        return {}
    points = {side: _growing(side) for side in sides}
    gaps = _first_turns(points, _held(program, case, columns, asked, points))
    for _ in range(ROUNDS):
        open_gaps = {side: gap for side, gap in gaps.items() if abs(gap[1] - gap[0]) > 1}
        if not open_gaps:
            break
        points = {side: _between(*gap) for side, gap in open_gaps.items()}
        gaps |= _first_turns(points, _held(program, case, columns, asked, points))
    values: dict[Fact, list[Value]] = {}
    for side, (_, at) in sorted(gaps.items(), key=lambda entry: abs(entry[1][1] - entry[0].now)):
        whole = program.definitions[side.fact.name].type.kind is Kind.INTEGER
        value = at * side.step
        values.setdefault(side.fact, []).append(int(value) if whole else value)
    return values


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


def _held(
    program: Program, case: Case, columns: Columns, asked: Fact, points: Mapping[Side, list[int]]
) -> dict[Side, list[bool]]:
    """Whether the condition holds at each place: one batch."""
    rows = [(side, place) for side, places in points.items() for place in places]
    many = copies(program, columns, len(rows))
    changed = dict(many.columns)
    for side in points:
        cell = Cell(side.fact.name, side.fact.period)
        if cell in changed:
            changed[cell] = replace(changed[cell], entries=changed[cell].entries.copy())
    for number, (side, place) in enumerate(rows):
        definition = program.definitions[side.fact.name]
        cell, instances = Cell(side.fact.name, side.fact.period), case.instances[definition.entity]
        entry = entry_of(program, definition, _value(definition.type.kind, place, side.step))
        if cell in changed and entry is not None:
            changed[cell].entries[number * len(instances) + instances.index(side.fact.instance)] = entry
    bounded = {cell: _bounded(column) for cell, column in changed.items()}
    result = evaluate(program, replace(many, columns=bounded), [asked.name], asked.period, options=OPTIONS)
    figures = result.figures[asked.name]
    yes = figures.entries != 0
    if figures.status is not None:
        yes &= figures.status == KNOWN
    places_of = case.instances[program.definitions[asked.name].entity]
    mine = yes.reshape(len(rows), len(places_of))[:, places_of.index(asked.instance)]
    answers: dict[Side, list[bool]] = {side: [] for side in points}
    for (side, _), answer in zip(rows, np.asarray(mine).tolist(), strict=True):
        answers[side].append(bool(answer))
    return answers


def _value(kind: Kind, place: int, step: Fraction) -> Value:
    return place if kind is Kind.INTEGER else place * step


def _bounded(column: Column) -> Column:
    return replace(column, low=int(column.entries.min()), high=int(column.entries.max()))
