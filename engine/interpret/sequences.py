"""`previous`: the record before another in its entity's order, among the records of one owner.

1. Records of one owner with equal figures `within` follow each other in the order of the keys.
2. Records that tie in every key are an error, unless the last key is the order in which they are listed.
3. Where a key is not known, who comes before whom is not: what is read through the sequence may be anything, or none,
   and needs that key.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, pairwise

from engine.interpret import comparing, open_lists, ordering
from engine.interpret.domain import blocked, faults_of, needs_of
from engine.interpret.evaluating import Evaluating, Found, Queue, Unsure
from engine.interpret.frames import Frame
from engine.interpret.further import Another
from engine.interpret.items import Item
from engine.interpret.outcomes import NOT_APPLICABLE, Fact, Failure, Known, NotApplicable, Outcome, Possible
from engine.ir import nodes as ir
from engine.reading.declared_settings import Steps
from engine.text.source import Span
from engine.values.periods import ETERNITY

MOST_COMPARED = 200  # records, of which more are taken to tie where their order is not known


def before(interpreter: Evaluating, subject: ir.Before, record: str, frame: Frame, span: Span | None) -> Found:
    """The record before another; not applicable where it is the first."""
    if isinstance(record, Another):
        return Unsure(frozenset((record.asked(interpreter.case.at),)))
    owner = interpreter.case.owner_of.get((subject.entity, record))
    if owner is None:
        return Failure(f"`{record}` belongs to nobody", span)
    listed = open_lists.records(interpreter.case, subject.entity, "", owner)
    if listed and isinstance(listed[-1], Another):
        return Unsure(frozenset((listed[-1].asked(interpreter.case.at),)))  # who may stand between any two
    key = (subject.entity, owner, subject.sequence)
    if key not in interpreter.queues:
        interpreter.queues[key] = _queue(interpreter, subject, owner, span)
    queue = interpreter.queues[key]
    _note(frame, subject, interpreter.case.records.get((subject.entity, owner), ()))
    if isinstance(queue, Unsure | Failure):
        return queue
    return queue.get(record) or NOT_APPLICABLE


def _note(frame: Frame, subject: ir.Before, records: Sequence[str]) -> None:
    """The keys of all are read by whoever asks for the one before."""
    seen = set(frame.step.reads)
    facts = [Fact(name, record, ETERNITY) for record in records for name in subject.keys]
    frame.step.reads += [fact for fact in facts if fact not in seen]


def _queue(interpreter: Evaluating, subject: ir.Before, owner: str, span: Span | None) -> Queue:
    steps = interpreter.program.settings.entities[subject.entity].sequences[subject.sequence]
    records = interpreter.case.records.get((subject.entity, owner), ())
    record_keys = {
        record: [interpreter.find(Fact(name, record, ETERNITY)) for name in subject.keys] for record in records
    }
    everything = [outcome for outcomes in record_keys.values() for outcome in outcomes]
    bad = blocked(*everything)
    if isinstance(bad, Failure):
        return bad
    if isinstance(bad, NotApplicable):
        return Failure(f"a {subject.entity} has no place in its order: what decides it does not apply", span)
    if any(isinstance(outcome, Possible) for outcome in everything):
        items = [
            _item(steps, record, record_keys[record][len(steps.within) :], place)
            for place, record in enumerate(records)
        ]
        return Unsure(needs_of(*everything), faults_of(*everything) or _may_tie(steps, items))
    kin: dict[tuple[Outcome, ...], list[Item]] = {}
    for place, record in enumerate(records):
        parted = len(steps.within)
        kin.setdefault(tuple(record_keys[record][:parted]), []).append(
            _item(steps, record, record_keys[record][parted:], place)
        )
    keys = _keys(steps)
    queue: dict[str, str] = {}
    for items in kin.values():
        fault = _follow(keys, items, queue, subject, span)
        if fault is not None:
            return fault
    return queue


def _may_tie(steps: Steps, items: Sequence[Item]) -> str:
    """What goes wrong where two records may tie in every key."""
    if not steps.by or not steps.by[-1].name:
        return ""  # no two are listed in one place
    pairs = combinations(items[:MOST_COMPARED], 2)
    tied = any(comparing.TIED in comparing.compared(_keys(steps), item, other) for item, other in pairs)
    return f"records may tie in the order of `{steps.name}`" if tied or len(items) > MOST_COMPARED else ""


def _item(steps: Steps, record: str, outcomes: Sequence[Outcome], place: int) -> Item:
    remaining = iter(outcomes)
    return Item(record, Known(True), None, tuple(next(remaining) if key.name else Known(place) for key in steps.by))


def _keys(steps: Steps) -> tuple[ir.SortKey, ...]:
    return tuple(ir.SortKey(None, key.descending) for key in steps.by)


def _follow(
    keys: Sequence[ir.SortKey], items: Sequence[Item], queue: dict[str, str], subject: ir.Before, span: Span | None
) -> Failure | None:
    """Note of each record the one before it; an error that names two that tie."""
    ordered = ordering.in_order(keys, items)
    for earlier, later in pairwise(ordered):
        orders = comparing.compared(keys, earlier, later)
        if comparing.BEFORE not in orders:
            names = f"`{earlier.instance}` and `{later.instance}`"
            way = "have no order" if not orders else f"tie in the order of `{subject.sequence}`"
            return Failure(f"{names} {way}: add a key to `by` that tells them apart, or `listed`", span)
        queue[later.instance] = earlier.instance
    return None
