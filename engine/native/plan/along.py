"""Figures that follow each other from record to record: `previous.x` in what x comes from.

1. A read of the record before, or of one before that, is *along*: no such read closes a circle of figures that runs for
   ever, since `check` proves that every turn goes back along the records.
2. Figures that need each other are one run. Its code is written once, and runs in rounds: in each the records for which
   all that lead to them are done. In one round a run's figures stand in the order of the reads that are not along.
3. A run waits for all that it reads of others, and others wait for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from engine.ir import nodes as ir
from engine.ir.knots import finished, knots
from engine.ir.walk import steps_of
from engine.native.plan.pointers import RecordBefore
from engine.population.columns import Cell
from engine.records import record

Reading = tuple[Cell, bool, tuple[RecordBefore, ...]]
"""A cell that is read, whether in the formula's own row, and the sequences back along which it is read."""


@record(frozen=True, slots=True)
class Order:
    """The cells so that each comes after all that it reads, but for reads along; the level of each; and by the number
    of a run its sequences, `run_of` each of its cells."""

    cells: tuple[Cell, ...]
    levels: Mapping[Cell, int]
    run_of: Mapping[Cell, int]
    runs: Mapping[int, tuple[RecordBefore, ...]]


def sequences_of(subject: ir.Subject) -> tuple[RecordBefore, ...]:
    """The sequences back along which somebody is reached from the formula's own record; none where otherwise."""
    if not isinstance(subject, ir.Before):
        return ()
    steps = list(steps_of(subject))
    befores = [step for step in steps if isinstance(step, ir.Before)]
    sequences = tuple(RecordBefore(step.entity, step.sequence, step.keys) for step in befores)
    return sequences if len(sequences) == len(steps) - 1 and isinstance(steps[-1], ir.Self) else ()


def along_records(readings: Mapping[Cell, Sequence[Reading]], is_computed: Callable[[Cell], bool]) -> Order:
    """The order of computing figures some of which read themselves along records. `readings` has every cell."""
    group_of = knots({cell: [read for read, _, _ in reads] for cell, reads in readings.items()})
    sequences: dict[int, set[RecordBefore]] = {}
    for cell, reads in readings.items():
        for read, _, along in reads:
            if along and group_of[read] == group_of[cell]:
                sequences.setdefault(group_of[cell], set()).update(along)
    run_of = {cell: number for cell, number in group_of.items() if number in sequences}
    levels = _levels(readings, group_of, sequences, is_computed)
    kept = {cell: list(_before(cell, reads, run_of)) for cell, reads in readings.items()}
    runs = {number: tuple(sorted(befores, key=_name)) for number, befores in sequences.items()}
    return Order(tuple(finished(kept)), levels, run_of, runs)


def _name(before: RecordBefore) -> str:
    return before.sequence


def _before(cell: Cell, reads: Sequence[Reading], run_of: Mapping[Cell, int]) -> Iterator[Cell]:
    """The cells that must be done before in the same round."""
    for read, _, along in reads:
        if not (along and cell in run_of and run_of.get(read) == run_of[cell]):
            yield read


def _levels(
    readings: Mapping[Cell, Sequence[Reading]],
    group_of: Mapping[Cell, int],
    runs: Mapping[int, set[RecordBefore]],
    is_computed: Callable[[Cell], bool],
) -> dict[Cell, int]:
    members: dict[int, list[Cell]] = {}
    for cell, number in group_of.items():
        members.setdefault(number, []).append(cell)
    levels: dict[Cell, int] = {}
    for number in sorted(members, reverse=True):  # those that are read have the higher numbers
        level = 0
        for cell in members[number]:
            for read, own_row, _ in readings[cell]:
                if group_of[read] != number:
                    waits = is_computed(read) and (not own_row or number in runs or group_of[read] in runs)
                    level = max(level, levels[read] + waits)
        levels |= dict.fromkeys(members[number], level)
    return levels


__all__ = ["Order", "Reading", "along_records", "sequences_of"]
