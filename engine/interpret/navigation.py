"""Who is meant: from the one that a formula is about to members, groups, holders of a role, records and owners."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import assert_never

from engine.interpret import domain
from engine.interpret.cases import Case
from engine.interpret.domain import settled
from engine.interpret.evaluating import Evaluating
from engine.interpret.frames import Frame
from engine.interpret.outcomes import NOT_APPLICABLE, Fact, Failure, Known, NotApplicable, Outcome, Possible
from engine.ir import nodes as ir
from engine.text.source import Span


@dataclass(frozen=True, slots=True)
class Unsure:
    """It is not known who is meant, or whether there is anybody: what must be known for that."""

    needs: frozenset[Fact]
    may_fail: str = ""


Found = str | Unsure | NotApplicable | Failure


def someone(interpreter: Evaluating, subject: ir.Subject, frame: Frame, node: ir.Node) -> str | Outcome:
    """The id of whoever a node reads; what the node gives where there is nobody, or it is not known who is meant."""
    found = instance_of(interpreter, subject, frame, node.span)
    return _anything(interpreter, found, node) if isinstance(found, Unsure) else found


def several(interpreter: Evaluating, link: ir.Link, frame: Frame, node: ir.Node) -> Sequence[str] | Outcome:
    """The members or records that a node runs over; what it gives where it is not known who they are."""
    found = linked(interpreter, link, frame, node.span)
    return _anything(interpreter, found, node) if isinstance(found, Unsure) else found


def _anything(interpreter: Evaluating, unsure: Unsure, node: ir.Node) -> Outcome:
    return settled(interpreter.anything(node.type), unsure.needs, unsure.may_fail, may_not_apply=True)


def instance_of(interpreter: Evaluating, subject: ir.Subject, frame: Frame, span: Span | None) -> Found:
    """The id of whoever `subject` means; not applicable, or an error, where there is nobody."""
    case = interpreter.case
    match subject:
        case ir.Self():
            return frame.instance
        case ir.Bound():
            return frame.bound[subject.name]
        case ir.GroupOf():
            person = instance_of(interpreter, subject.person, frame, span)
            if not isinstance(person, str):
                return person
            group = case.group_of.get((subject.entity, person))
            return group if group is not None else Failure(f"`{person}` is in no {subject.entity}", span)
        case ir.HolderOf():
            return _holder(interpreter, subject, frame, span)
        case ir.OwnerOf():
            record = instance_of(interpreter, subject.record, frame, span)
            if not isinstance(record, str):
                return record
            owner = case.owner_of.get((subject.record.entity, record))
            return owner if owner is not None else Failure(f"`{record}` belongs to nobody", span)
        case _:
            assert_never(subject)


def _holder(interpreter: Evaluating, subject: ir.HolderOf, frame: Frame, span: Span | None) -> Found:
    group = instance_of(interpreter, subject.group, frame, span)
    if not isinstance(group, str):
        return group
    holders = interpreter.case.holders.get((subject.group.entity, group, subject.role), ())
    if holders:
        return holders[0]
    return NOT_APPLICABLE if subject.optional else Failure(f"`{group}` has no {subject.role}", span)


def linked(
    interpreter: Evaluating, link: ir.Link, frame: Frame, span: Span | None
) -> Sequence[str] | Unsure | NotApplicable | Failure:
    """The members or records of a link."""
    case = interpreter.case
    match link:
        case ir.Members():
            group = instance_of(interpreter, link.group, frame, span)
            if not isinstance(group, str):
                return group
            roles = [case.holders.get((link.group.entity, group, role), ()) for role in link.roles]
            return tuple(person for people in roles for person in people)
        case ir.Records():
            owner = instance_of(interpreter, link.owner, frame, span)
            return case.records.get((link.entity, owner), ()) if isinstance(owner, str) else owner
        case _:
            assert_never(link)


def holds(interpreter: Evaluating, node: ir.Holds, frame: Frame) -> Outcome:
    """Whether somebody holds one of several roles."""
    case = interpreter.case
    person = someone(interpreter, node.subject, frame, node)
    if not isinstance(person, str):
        return person
    group = case.group_of.get((node.group, person))
    if node.inside is not None:
        inside = someone(interpreter, node.inside, frame, node)
        if not isinstance(inside, str):
            return inside
        group = group if group == inside else None
    held = group is not None and any(person in case.holders.get((node.group, group, role), ()) for role in node.roles)
    return Known(held)


def nobody(interpreter: Evaluating, node: ir.Nobody, frame: Frame) -> Outcome:
    """Whether there is nobody whom a subject means."""
    found = instance_of(interpreter, node.subject, frame, node.span)
    if isinstance(found, Unsure):
        return Possible(domain.BOTH, found.needs, False, found.may_fail)
    return Known(isinstance(found, NotApplicable)) if not isinstance(found, Failure) else found


# --- without evaluating anything: all who may be meant


def everybody(subject: ir.Subject, case: Case, home: str, bound: Mapping[str, str]) -> Sequence[str]:
    """All whom a subject may mean, whatever its formula's period and the facts."""
    match subject:
        case ir.Self():
            return (home,)
        case ir.Bound():
            return (bound[subject.name],)
        case ir.GroupOf():
            people = everybody(subject.person, case, home, bound)
            return _there([case.group_of.get((subject.entity, person)) for person in people])
        case ir.HolderOf():
            groups = everybody(subject.group, case, home, bound)
            return [
                one for group in groups for one in case.holders.get((subject.group.entity, group, subject.role), ())
            ]
        case ir.OwnerOf():
            records = everybody(subject.record, case, home, bound)
            return _there([case.owner_of.get((subject.record.entity, record)) for record in records])
        case _:
            assert_never(subject)


def _there(found: Sequence[str | None]) -> list[str]:
    return [one for one in found if one is not None]


def ever_linked(link: ir.Link, case: Case, home: str, bound: Mapping[str, str]) -> Sequence[str]:
    """All whom a link may run over, whatever its formula's period and the facts."""
    match link:
        case ir.Members():
            keys = [
                (link.group.entity, one, role)
                for one in everybody(link.group, case, home, bound)
                for role in link.roles
            ]
            return [person for key in keys for person in case.holders.get(key, ())]
        case ir.Records():
            owners = everybody(link.owner, case, home, bound)
            return [record for owner in owners for record in case.records.get((link.entity, owner), ())]
        case _:
            assert_never(link)
