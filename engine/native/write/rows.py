"""Whom a formula reads: from its own row to the rows of its group, its members, its owner or the holder of a role.

People of a group stand in the list of its members role by role; for each role an array over the groups says where its
people begin. Where people lie in that very order, a place in the list is the person's row.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import assert_never

from engine.ir import nodes as ir
from engine.ir.walk import steps_of
from engine.native.arithmetic import number
from engine.native.arithmetic.lanes import Mask
from engine.native.plan.made import made
from engine.native.plan.plan import period_at
from engine.native.plan.pointers import (
    GroupList,
    GroupOfEach,
    GroupStarts,
    Link,
    Made,
    MemberList,
    MemberPlace,
    MemberStarts,
    OwnedList,
    OwnedStarts,
    OwnerOfEach,
    RecordBefore,
    list_of_owned,
)
from engine.native.plan.shape import Storage
from engine.native.write import lane_values as v
from engine.native.write.chunk import Chunk, Rows
from engine.native.write.lane_values import Figure
from engine.native.write.memory import gather
from engine.native.write.writing import Frame, Writer
from engine.population.columns import Cell


@dataclass(frozen=True, slots=True)
class Located:
    """Rows, and the lanes where there are none: an error (`bad`), or a role that nobody holds (`absent`)."""

    rows: Rows
    bad: Mask = False
    absent: Mask = False


def read(writer: Writer, node: ir.VariableRead, frame: Frame) -> Figure:
    """A figure or fact of whoever is meant, for the period that is meant."""
    period = period_at(node.time, frame.period)
    if not is_laid_out(writer, node.subject):
        return Figure(v.nothing(writer.work, node.type), bad=True)
    if period is None or writer.program.definitions[node.name].entity not in writer.memory.shape.capacity:
        return Figure(v.nothing(writer.work, node.type), bad=True)  # of another day, or of an entity without a table
    subject = resolve(writer, node.subject, frame)
    return at(writer, Cell(node.name, period), subject)


def at(writer: Writer, cell: Cell, place: Located) -> Figure:
    """A cell's figures of the rows found."""
    if place.rows.dense and cell in writer.idle:
        return Figure(number.fixed(writer.work, 0))
    figure = writer.memory.read(writer.chunk, cell, place.rows)
    bad = writer.lanes.either(figure.bad, place.bad)
    return replace(figure, bad=bad, absent=writer.lanes.either(figure.absent, place.absent))


def resolve(writer: Writer, subject: ir.Subject, frame: Frame) -> Located:
    """The rows that a subject stands for."""
    match subject:
        case ir.Self():
            return Located(frame.own)
        case ir.Bound():
            return Located(frame.bound[subject.name])
        case ir.GroupOf():
            return _group(writer, subject, frame)
        case ir.HolderOf():
            return _holder(writer, subject, frame)
        case ir.OwnerOf():
            return _owner(writer, subject, frame)
        case ir.Before():
            return _before(writer, subject, frame)
        case _:
            assert_never(subject)


def is_laid_out(writer: Writer, subject: ir.Subject) -> bool:
    """Whether the population says of which further owner, or in which larger group, everybody is on the way to
    somebody."""
    known = writer.memory.shape.members
    steps = [step for step in steps_of(subject) if isinstance(step, ir.OwnerOf) and step.further]
    return all(
        list_of_owned(step.record.entity, step.further) in known or _lies_with_first(writer, step) for step in steps
    )


def _lies_with_first(writer: Writer, step: ir.OwnerOf) -> bool:
    """Whether a step leads from a group that a figure makes to the larger one: it is that of the first member, whose
    row is the group's."""
    shape, declared = writer.memory.shape, writer.program.settings.entities[step.record.entity]
    made = bool(declared.by) and declared.name not in shape.stated
    return made and declared.within == step.further and declared.within in shape.capacity


def same(writer: Writer, node: ir.Same, frame: Frame) -> Figure:
    """Whether two are one and the same row."""
    known = writer.memory.shape.capacity
    sides = (node.left, node.right)
    there = all(step.entity in known for subject in sides for step in steps_of(subject))
    if not there or not all(is_laid_out(writer, subject) for subject in sides):
        return Figure(v.nothing(writer.work, node.type), bad=True)  # of an entity without a table
    left, right = (resolve(writer, subject, frame) for subject in (node.left, node.right))
    lanes, long = writer.lanes, writer.chunk.module.long
    equal = lanes.pure(f"icmp eq {long} {_vector(writer, left.rows)}, {_vector(writer, right.rows)}")
    return Figure(v.Truth(equal), lanes.either(left.bad, right.bad), lanes.either(left.absent, right.absent))


def listed_before(writer: Writer, node: ir.ListedBefore, frame: Frame) -> Figure:
    """Whether one member of a group is listed before another."""
    sides = (node.left, node.right)
    if node.group not in writer.memory.shape.members or not all(is_laid_out(writer, subject) for subject in sides):
        return Figure(v.nothing(writer.work, node.type), bad=True)  # of a group without a table
    left, right = (resolve(writer, subject, frame) for subject in sides)
    lanes, long = writer.lanes, writer.chunk.module.long
    places = [entries(writer.chunk, side.rows, MemberPlace(node.group)) for side in (left, right)]
    earlier = lanes.pure(f"icmp slt {long} {places[0]}, {places[1]}")
    return Figure(v.Truth(earlier), lanes.either(left.bad, right.bad), lanes.either(left.absent, right.absent))


def _vector(writer: Writer, rows: Rows) -> str:
    """The row of each lane."""
    if not rows.dense:
        return rows.index
    module, lanes = writer.chunk.module, writer.lanes
    first = lanes.pure(f"insertelement {module.long} poison, i64 {rows.index}, i64 0")
    spread = lanes.pure(f"shufflevector {module.long} {first}, {module.long} poison, {module.word} zeroinitializer")
    iota = ", ".join(f"i64 {lane}" for lane in range(module.width))
    return lanes.pure(f"add {module.long} {spread}, <{iota}>")


def _group(writer: Writer, subject: ir.GroupOf, frame: Frame) -> Located:
    person = subject.person
    if isinstance(person, ir.Bound):
        link = frame.links[person.name]
        if isinstance(link, ir.Members) and link.group.entity == subject.entity and _is_stated(writer, subject):
            return resolve(writer, link.group, frame)  # a person is in at most one group of a kind
    person_place = resolve(writer, person, frame)
    groups = made_for(writer, subject.by, ir.ThisPeriod(), subject.entity, frame)
    place = entries(writer.chunk, person_place.rows, GroupOfEach(subject.entity, groups))
    if groups is None and subject.entity in writer.memory.shape.placed:
        return replace(person_place, rows=Rows(subject.entity, place, person_place.rows.valid))
    inside = writer.lanes.pure(f"icmp sge {writer.chunk.module.long} {place}, zeroinitializer")
    valid = writer.lanes.both(person_place.rows.valid, inside)
    outside = writer.lanes.opposite(inside)
    if subject.optional and writer.memory.shape.complete:  # else whoever is listed in none may be in one
        return Located(
            Rows(subject.entity, place, valid), person_place.bad, writer.lanes.either(person_place.absent, outside)
        )
    return Located(
        Rows(subject.entity, place, valid), writer.lanes.either(person_place.bad, outside), person_place.absent
    )


def _owner(writer: Writer, subject: ir.OwnerOf, frame: Frame) -> Located:
    """Whom a record belongs to; or the larger group in which a group lies, of which there may be none."""
    record = resolve(writer, subject.record, frame)
    first = subject.further and _lies_with_first(writer, subject)
    link = GroupOfEach(subject.further) if first else OwnerOfEach(record.rows.entity, subject.further)
    place = entries(writer.chunk, record.rows, link)
    larger = subject.further if first else list_of_owned(record.rows.entity, subject.further)
    if not writer.program.settings.entities[record.rows.entity].of or larger in writer.memory.shape.placed:
        return replace(record, rows=Rows(subject.entity, place, record.rows.valid))
    lanes = writer.lanes
    inside = lanes.pure(f"icmp sge {writer.chunk.module.long} {place}, zeroinitializer")
    outside, rows = lanes.opposite(inside), Rows(subject.entity, place, lanes.both(record.rows.valid, inside))
    if subject.optional and writer.memory.shape.complete:
        return Located(rows, record.bad, lanes.either(record.absent, outside))
    return Located(rows, lanes.either(record.bad, outside), record.absent)


def _holder(writer: Writer, subject: ir.HolderOf, frame: Frame) -> Located:
    group = subject.group.entity
    group_place = resolve(writer, subject.group, frame)
    roles = [role.name for role in writer.program.settings.entities[group].roles]
    first, after = places(
        writer.chunk, group_place.rows, group, roles.index(subject.role), roles.index(subject.role) + 1
    )
    held = writer.lanes.pure(f"icmp slt {writer.chunk.module.long} {first}, {after}")
    valid = writer.lanes.both(group_place.rows.valid, held)
    person = person_rows(writer, group, first, valid, subject.entity)
    nobody = writer.lanes.opposite(held)
    if subject.optional:
        return Located(person, group_place.bad, writer.lanes.either(group_place.absent, nobody))
    return Located(person, writer.lanes.either(group_place.bad, nobody), group_place.absent)


def _before(writer: Writer, subject: ir.Before, frame: Frame) -> Located:
    """The record before another; none before the first, and an error where the order is not certain."""
    record = resolve(writer, subject.record, frame)
    lanes, long = writer.lanes, writer.chunk.module.long
    earlier = entries(writer.chunk, record.rows, RecordBefore(subject.entity, subject.sequence, subject.keys))
    there = lanes.pure(f"icmp sge {long} {earlier}, zeroinitializer")
    unsure = lanes.pure(f"icmp slt {long} {earlier}, splat (i64 -1)")
    found = Rows(subject.entity, earlier, lanes.both(record.rows.valid, there))
    return Located(found, lanes.either(record.bad, unsure), lanes.either(record.absent, lanes.opposite(there)))


def _is_stated(writer: Writer, subject: ir.GroupOf) -> bool:
    return subject.by is None or subject.entity in writer.memory.shape.stated


def made_for(writer: Writer, by: ir.Grouping | None, time: ir.Time, group: str, frame: Frame) -> Made | None:
    """The groups that are meant, of a kind that a figure makes; None of another kind, and where they are stated."""
    if by is None or group in writer.memory.shape.stated:
        return None
    groups = made(by, time, frame.period, writer.program.settings.entities[group].counted_start)
    assert groups is not None, "groups of a day that differs by row are handed over"
    return groups


def places(
    chunk: Chunk, groups: Rows, entity: str, first: int, after: int, *, made_groups: Made | None = None
) -> tuple[str, str]:
    """Where in the list of members the roles from number `first` begin, and where those from number `after` do."""
    starts = (MemberStarts(entity, role, made_groups) for role in (first, after))
    from_place, to_place = (entries(chunk, groups, start) for start in starts)
    return from_place, to_place


def made_places(chunk: Chunk, larger: Rows, entity: str, made_groups: Made) -> tuple[str, str]:
    """Where in the list of the groups that a figure makes those of larger groups begin and end."""
    starts = (GroupStarts(entity, after, made_groups) for after in (False, True))
    from_place, to_place = (entries(chunk, larger, start) for start in starts)
    return from_place, to_place


def owned_places(chunk: Chunk, owners: Rows, entity: str, further: str) -> tuple[str, str]:
    """Where in the list of those of further owners, or in larger groups, the ones of these begin and end."""
    starts = (OwnedStarts(entity, further, after) for after in (False, True))
    from_place, to_place = (entries(chunk, owners, start) for start in starts)
    return from_place, to_place


def owned_rows(writer: Writer, link: ir.Records, place: str, valid: Mask) -> Rows:
    """The records or groups at some places of that list."""
    return _listed(writer, OwnedList(link.entity, link.further), place, valid, link.entity)


def person_rows(
    writer: Writer, group: str, place: str, valid: Mask, person: str, *, made_groups: Made | None = None
) -> Rows:
    """The people at some places of the list of a group's members."""
    if group in writer.memory.shape.in_order and made_groups is None:
        return Rows(person, place, valid)
    return _listed(writer, MemberList(group, made_groups), place, valid, person)


def made_rows(writer: Writer, group: str, place: str, valid: Mask, made_groups: Made) -> Rows:
    """The groups at some places of the list of those that a figure makes."""
    return _listed(writer, GroupList(group, made_groups), place, valid, group)


def _listed(writer: Writer, link: MemberList | GroupList | OwnedList, place: str, valid: Mask, entity: str) -> Rows:
    word = gather(writer.chunk, writer.chunk.argument(link), Storage.WORD, place, valid)
    return Rows(entity, _long(writer.chunk, word), valid)


def entries(chunk: Chunk, rows: Rows, link: Link | RecordBefore) -> str:
    """Entries of an array of links for some rows, as 64-bit numbers."""
    base = chunk.argument(link)
    if rows.dense:
        place = chunk.lanes.pure(f"getelementptr i32, ptr {base}, i64 {rows.index}")
        return _long(chunk, chunk.lanes.pure(f"load {chunk.module.word}, ptr {place}, align 4"))
    return _long(chunk, gather(chunk, base, Storage.WORD, rows.index, rows.valid))


def _long(chunk: Chunk, word: str) -> str:
    return chunk.lanes.pure(f"sext {chunk.module.word} {word} to {chunk.module.long}")
