"""Groups assessed from whole histories, one by one: those that somebody joined or left between days on which figures
ask for members; all of them, where that may be any day, or periods begin on somebody's own day.

1. Whoever was in a group on any day of the period is assessed with it, so that a group that everybody left in June has
   its figures for the months before.
2. A group's case is everybody who ever belonged together with it, directly or through others, and when. It names them
   all, so that a later fact of any of them finds it; a later fact of a subject concerns every group that the subject
   was ever in, and those that were assessed together with one of these.
3. The interpreter computes the figures.
4. Groups that a figure makes are assessed with the larger group in which they lie. Each is named after that group and
   its first member (`kitchen/home/ada`), as in a case, for as long as there is such a group on some day of the period.
   While it is not known who is together, nobody there can be assessed, and the larger group has the fault.

The annual run and a correction both come through here, as does a record that is asked for by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from api.assess.binding import Binding
from api.assess.figures import MAX_FAULT, MAX_USED, Assessed
from api.failures import Failure as Refused
from api.history.memberships import groups_of, stays_of
from api.history.record import RecordCase, record_case
from citizens import Belongs, History, Snapshot, Timeline, Use
from engine.interpret.cases import Case
from engine.interpret.constants import Constants
from engine.interpret.interpreter import Interpreter
from engine.interpret.made_groups import grouping_of, parts_of, people_together, with_groups
from engine.interpret.outcomes import Fact, Failure, Known, NotApplicable, Possible
from engine.ir.program import Definition
from engine.native.handover import described, entry_of
from engine.native.plan.plan import cell_for
from engine.reading.declared_settings import Entity


def groups_in(log: History, binding: Binding, snapshot: Snapshot, offset: int) -> list[str]:
    """Every group that somebody was in on a day of the period; where people are assessed themselves, all of them."""
    people = snapshot.tables.get(binding.person or binding.group)
    if people is None:
        return []
    names = [f"{people.entity}/{identifier}" for identifier in people.ids]
    if not binding.person:
        return names
    return sorted({group for name in names for group in _groups(binding, log.timeline(name, offset))})


def _groups(binding: Binding, timeline: Timeline) -> Iterator[str]:
    period = binding.period
    for kind, stay in stays_of(binding.program, timeline):
        if kind == binding.group and stay.first <= period.end and period.start <= stay.last:
            yield f"{kind}/{stay.group}"


def assess_each(
    log: History, binding: Binding, figures: Iterable[Definition], groups: Iterable[str], offset: int
) -> Iterator[Assessed]:
    """Each group, as known at an offset."""
    constants, wanted = Constants(binding.program), tuple(figures)
    for group in groups:
        try:
            record = record_case(
                log, binding.program, group, binding.period, valid=binding.valid_on, known=offset, whole=True
            )
        except Refused as fault:
            yield Assessed(group, (Use(group, ()),), (), str(fault)[:MAX_FAULT])
            continue
        yield from _assessed(log, binding, wanted, group, record=record, constants=constants, offset=offset)


def _assessed(
    log: History, binding: Binding, figures: tuple[Definition, ...], group: str, *, record: RecordCase,
    constants: Constants, offset: int,
) -> Iterator[Assessed]:  # fmt: skip
    used = tuple(_used(log, group, record, offset))
    if len(used) > MAX_USED:
        yield Assessed(group, used[:1], (), f"{len(used) - 1:,} people and records belong together with it")
    elif record.left_out:
        yield Assessed(group, used, (), f"recorded of another kind: {', '.join(sorted(record.left_out))}"[:MAX_FAULT])
    elif binding.person and not _is_occupied(binding, group, record):
        yield Assessed(group, used)
    elif binding.made:
        yield from _made(binding, figures, used, record, constants)
    else:
        yield _figured(binding, figures, used, Interpreter(binding.program, record.case, constants))


def _made(
    binding: Binding, figures: tuple[Definition, ...], used: tuple[Use, ...], record: RecordCase, constants: Constants
) -> Iterator[Assessed]:
    """The groups that a figure makes in a larger one; that one itself where it is not known who is together."""
    group = used[0].subject
    if any(kind == binding.made for kind, _, _ in record.case.holders):
        if not _somebody_in(binding, group, record.case):
            yield Assessed(group, used, (), f"somebody here is stated to be in a {binding.made} at another time only")
        return  # who is stated to be together is assessed so
    case, certain = with_groups(binding.program, record.case)
    inside = f"{group.partition('/')[2]}/"
    if binding.made not in certain:
        yield Assessed(group, used, (), _unclear(binding, case, constants)[:MAX_FAULT])
        return
    interpreter = Interpreter(binding.program, case, constants)
    together = people_together(interpreter, binding.made, inside.removesuffix("/"))
    for name in sorted(name for name in certain[binding.made] if name.startswith(inside)):
        made = f"{binding.made}/{name}"
        others = tuple(use for use in used if use.subject != made)
        attributes = next((use.attributes for use in used if use.subject == made), ())
        assessed = _figured(binding, figures, (Use(made, attributes), *others), interpreter)
        yield replace(assessed, people=together.get(name, ()))


def _somebody_in(binding: Binding, larger: str, case: Case) -> bool:
    """Whether somebody who is in a larger group in the period is then stated to be in a smaller one."""
    period, name = binding.period, larger.partition("/")[2]
    held = (people for (kind, whole, _), people in case.holders.items() if (kind, whole) == (binding.group, name))
    here = {person for people in held for person in people}
    return any(
        person in here and stay.first <= period.end and period.start <= stay.last
        for (kind, person), stays in case.stays.items()
        if kind == binding.made
        for stay in stays
    )


def _unclear(binding: Binding, case: Case, constants: Constants) -> str:
    """Why it is not known who is together."""
    by = grouping_of(binding.program, binding.made)
    assert by is not None
    interpreter = Interpreter(binding.program, case, constants)
    for person in case.instances.get(binding.person, ()):
        for part in parts_of(binding.period, by):
            outcome = interpreter.find(Fact(by.name, person, part))
            if isinstance(outcome, Failure | Possible):
                return f"{binding.person}/{person}: {by.name.rpartition(':')[2]}: {described(outcome)}"
    return f"who is in which {binding.made} cannot be determined"


def _figured(
    binding: Binding, figures: tuple[Definition, ...], used: tuple[Use, ...], interpreter: Interpreter
) -> Assessed:
    group = used[0].subject
    values: list[int | None] = []
    faults: list[str] = []
    for figure in figures:
        cell = cell_for(binding.program, figure.name, binding.period)
        outcome = interpreter.find(Fact(cell.name, group.partition("/")[2], cell.period))
        held = entry_of(binding.program, figure, outcome.value) if isinstance(outcome, Known) else None
        values.append(held)
        if held is None and not isinstance(outcome, NotApplicable):
            faults.append(f"{figure.short_name}: {described(outcome)}")
    return Assessed(group, used, (), sorted(faults)[0][:MAX_FAULT]) if faults else Assessed(group, used, tuple(values))


def _is_occupied(binding: Binding, group: str, record: RecordCase) -> bool:
    """Whether somebody is in a group on a day of the period."""
    period, name = binding.period, group.partition("/")[2]
    return any(
        stay.group == name and stay.first <= period.end and period.start <= stay.last
        for (kind, _), stays in record.case.stays.items()
        if kind == binding.group
        for stay in stays
    )


def _used(log: History, group: str, record: RecordCase, offset: int) -> Iterator[Use]:
    """The group, then everybody else, each with the attributes that are known of them."""
    for subject in (group, *sorted(set(record.subjects) - {group})):
        changes = log.timeline(subject, offset).changes
        yield Use(subject, tuple(sorted({change.attribute for change in changes})))


def groups_concerned(log: History, binding: Binding, timeline: Timeline, offset: int) -> set[str]:
    """The groups that facts of a subject may concern by itself: every one that it was ever in, through its owners if it
    is a record; and those that records with several owners join to it."""
    return _groups_concerned(log, binding, timeline, offset) | _joined(log, binding, timeline.subject, offset)


def _groups_concerned(log: History, binding: Binding, timeline: Timeline, offset: int) -> set[str]:
    entity = timeline.subject.partition("/")[0]
    if entity == binding.group:
        return {timeline.subject}
    groups = groups_of(binding.program, (timeline,))
    declared = binding.program.settings.entities.get(entity)
    if declared is not None and declared.by:
        return larger_of(log, declared, timeline.subject)
    owners = {change.value.group for change in timeline.changes if isinstance(change.value, Belongs)} - groups
    for owner in owners if declared is not None and declared.belongs_to else ():
        if owner.partition("/")[0] == declared.belongs_to:  # type: ignore[union-attr]
            groups |= _groups_concerned(log, binding, log.timeline(owner, offset), offset)
    return groups


def _joined(log: History, binding: Binding, subject: str, offset: int) -> set[str]:
    """The groups that records with several owners join a subject to, through whoever ever belonged to them."""
    entities = binding.program.settings.entities
    kinds = {entity.name for entity in entities.values() if entity.belongs_to and entity.further}
    kinds -= {kind for kind in kinds if entities[kind].made_for}
    if not any(map(log.has_entity, kinds)):
        return set()
    left, seen = [subject], {subject}
    while left:
        timeline = log.timeline(left.pop(), offset)
        owners = [change.value.group for change in timeline.changes if isinstance(change.value, Belongs)]
        around = {
            other for other in (*owners, *log.belonging_to(timeline.subject)) if other.partition("/")[0] in entities
        }
        left += around - seen
        seen |= around
    joins = any(other.partition("/")[0] in kinds for other in seen)
    return {other for other in seen if joins and other.partition("/")[0] == binding.group}


def larger_of(log: History, declared: Entity, group: str) -> set[str]:
    """Where a group that facts make lies: in the one that its name tells."""
    pieces = group.split("/")[1:]
    larger = (f"{declared.within}/{'/'.join(pieces[:size])}" for size in range(1, len(pieces)))
    return {whole for whole in larger if log.version(whole) or log.belonging_to(whole)}


__all__ = ["assess_each", "groups_concerned", "groups_in", "larger_of"]
