"""How much each open fact is expected to move some figures: what puts questions in order. No figure comes of it.

1. Two completions of a case: all that is open absent, and what half of the people or more have at its usual amount.
2. In each, one open fact after the other takes a few telling values: one batch of machine code. The periods of one fact
   change together, as people answer for them; of requirements each by itself, since what moves nothing alone may be
   idle (`api.interview`).
3. A fact's effect is the largest change of a wanted figure, on average over its values, times how often people have the
   fact: the larger of the two completions.

Columns stand for everything that a case may state, stated or not: one program serves every case.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from fractions import Fraction
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from api.cases.likely import likely
from api.cases.machine import columns_of
from api.cases.reach import facts_read, statable
from api.cases.trying import figures_of_tries
from engine.explain.questions import sample_values
from engine.interpret.cases import Case
from engine.interpret.outcomes import Fact
from engine.ir.program import Definition, Program
from engine.native.handover import entry_of
from engine.native.plan.layout import count_of, is_made
from engine.population.columns import Column, Columns
from engine.remembered import Remembered
from engine.values.types import Kind, Value

COMMON = 0.5
_Try = tuple[Fact, int]  # a fact, and the entry that a column holds of it


def effects(
    program: Program, case: Case, wanted: Sequence[Definition], open_facts: Sequence[Fact]
) -> dict[Fact, float]:
    """The expected effect of each open fact on the wanted figures. Empty where columns cannot hold the case. Floats,
    since they order questions only."""
    unstated = [*open_facts, *facts_read(program, case, tuple(wanted), set(open_facts))]
    absent = {fact: _absent(program, program.definitions[fact.name]) for fact in unstated}
    common = {fact: _common(program.definitions[fact.name], value) for fact, value in absent.items()}
    return {
        fact: max(likely(program.definitions[fact.name]).share * effect for effect in moved)
        for fact, moved in _moves(program, case, wanted, open_facts, (absent, common)).items()
    }


def _moves(
    program: Program,
    case: Case,
    wanted: Sequence[Definition],
    open_facts: Sequence[Fact],
    completions: Sequence[Mapping[Fact, Value]],
) -> dict[Fact, list[float]]:
    """By how much one open fact after the other moves the figures of each completion, on average: one batch."""
    first = completions[0]
    columns = columns_of(program, replace(case, given={**first, **case.given}, within={}, complete=True))
    if columns is None:
        return {}
    columns = _with_all(program, columns, tuple(wanted))
    others = [_entries_of(program, completion, first) for completion in completions]
    bundles = _bundles(open_facts, wanted)
    tries = [_tries(program, bundles, completion) for completion in completions]
    rows = [
        [*other, *tried]
        for other, own in zip(others, tries, strict=True)
        for tried in ((), *own)  # the first is the completion itself
    ]
    starts = [0, *accumulate(len(own) + 1 for own in tries)]
    values = list(figures_of_tries(program, case, columns, rows, wanted))
    moves: dict[Fact, list[float]] = {}
    for own, start in zip(tries, starts, strict=False):
        for fact, effect in _means(program, own, [figure[start : start + len(own) + 1] for figure in values]).items():
            moves.setdefault(fact, []).append(effect)
    return moves


def _entries_of(program: Program, completion: Mapping[Fact, Value], first: Mapping[Fact, Value]) -> list[_Try]:
    """What a completion states otherwise than the first."""
    changed = {fact: value for fact, value in completion.items() if value != first[fact]}
    entries = ((fact, entry_of(program, program.definitions[fact.name], value)) for fact, value in changed.items())
    return [(fact, entry) for fact, entry in entries if entry is not None]


def _bundles(facts: Sequence[Fact], wanted: Sequence[Definition]) -> list[list[Fact]]:
    """Facts that change together."""
    if all(figure.type.kind is Kind.BOOLEAN for figure in wanted):
        return [[fact] for fact in facts]
    bundles: dict[tuple[str, str], list[Fact]] = {}
    for fact in facts:
        bundles.setdefault((fact.name, fact.instance), []).append(fact)
    return list(bundles.values())


def _tries(program: Program, bundles: Sequence[Sequence[Fact]], completion: Mapping[Fact, Value]) -> list[list[_Try]]:
    """Each of some facts as something telling, other than it is in a completion: in all of its periods."""
    return [
        [(fact, entry) for fact in bundle]
        for bundle in bundles
        for value, entry in _TELLING.of(program, bundle[0].name, lambda name=bundle[0].name: _entries(program, name))  # type: ignore[misc]
        if value != completion[bundle[0]]
    ]


def _entries(program: Program, name: str) -> list[tuple[Value, int]]:
    """The telling values of a fact that a column can hold, each with its entry."""
    definition = program.definitions[name]
    pairs = [(value, entry_of(program, definition, value)) for value in _telling(program, definition)]
    return [(value, entry) for value, entry in pairs if entry is not None]


_TELLING: Remembered[list[tuple[Value, int]]] = Remembered(4_000)


def _means(
    program: Program, tries: Sequence[Sequence[_Try]], figures: Sequence[NDArray[np.float64]]
) -> dict[Fact, float]:
    """By how much each fact moves the figures from the first row, on average over what it was tried as.

    Where a figure is not known with what was tried, it moves by all that it is if the fact is one that everybody has,
    such as the State, for then more is to be asked; else something is contradicted, which moves nothing.
    """
    moved = np.zeros(len(tries), dtype=np.float64)
    everybody = np.array([program.definitions[tried[0][0].name].absent is None for tried in tries], dtype=np.bool_)
    for values in figures:
        changes = np.abs(values[1:] - values[0])
        unknown = np.where(everybody[:, np.newaxis], np.abs(values[0]), 0.0)
        changes = np.nan_to_num(np.where(np.isnan(changes), unknown, changes))
        moved = np.maximum(moved, changes.max(axis=1, initial=0.0))
    moves: dict[Fact, list[float]] = {}
    for tried, effect in zip(tries, moved.tolist(), strict=True):
        for fact, _ in tried:
            moves.setdefault(fact, []).append(effect)
    return {fact: sum(each) / len(each) for fact, each in moves.items()}


def _with_all(program: Program, columns: Columns, wanted: tuple[Definition, ...]) -> Columns:
    """The columns with one for everything else that a case might state, all of it missing: one program then serves
    every case, whatever it states."""
    cells = dict(columns.columns)
    for cell in statable(program, columns.at, wanted):
        entity = program.definitions[cell.name].entity
        there = entity in columns.counts or is_made(program, columns, entity)
        count = count_of(program, columns, entity) if there else 0
        if cell not in cells and count:
            cells[cell] = Column(np.zeros(count, dtype=np.int64), np.ones(count, dtype=np.bool_), 0, 0)
    return replace(columns, columns=cells)


def _telling(program: Program, definition: Definition) -> Sequence[Value]:
    """Values to try: those that the sample has, within the fact's range, or a few of its type."""
    amounts = likely(definition).amounts if definition.type.kind is Kind.MONEY else ()
    return tuple(Fraction(amount) for amount in amounts) or sample_values(definition, program)


def _common(definition: Definition, otherwise: Value) -> Value:
    """What a fact is in the completion in which people have what half of them or more have."""
    usual = likely(definition)
    if definition.type.kind is Kind.MONEY and usual.share >= COMMON and len(usual.amounts) > 1:
        return Fraction(usual.amounts[1])
    return otherwise


def _absent(program: Program, definition: Definition) -> Value:
    """What a fact is supposed to be where nobody states it."""
    if definition.absent is not None:
        return definition.absent
    if definition.type.kind is Kind.DATE:
        return date(1984, 6, 15)
    return sample_values(definition, program)[0]
