"""Who is meant: from the one that a formula is about to members, groups, holders of a role, records and owners."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import assert_never

from engine.interpret import domain, sequences
from engine.interpret.cases import Case
from engine.interpret.domain import settled
from engine.interpret.evaluating import Evaluating, Found, Unsure
from engine.interpret.frames import Frame
from engine.interpret.outcomes import NOT_APPLICABLE, Failure, Known, NotApplicable, Outcome, Possible
from engine.ir import nodes as ir
from engine.text.source import Span
from engine.values.exact import as_date
from engine.values.periods import Unit


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
            group = case.group_on(subject.entity, person, day_counted(interpreter, subject.entity, frame))
            if group is None and subject.optional:
                return NOT_APPLICABLE
            return group if group is not None else Failure(f"`{person}` is in no {subject.entity}", span)
        case ir.HolderOf():
            return _holder(interpreter, subject, frame, span)
        case ir.OwnerOf():
            record = instance_of(interpreter, subject.record, frame, span)
            if not isinstance(record, str):
                return record
            owner = case.owner(subject.record.entity, subject.further, record)
            if owner is None and (subject.record.entity, subject.further) in case.untold:
                return Failure(_untold(subject.record.entity, subject.further), span)
            if owner is None and subject.optional:
                return NOT_APPLICABLE
            return owner if owner is not None else Failure(_without(subject, record), span)
        case ir.Before():
            record = instance_of(interpreter, subject.record, frame, span)
            return sequences.before(interpreter, subject, record, frame, span) if isinstance(record, str) else record
        case _:
            assert_never(subject)


def _untold(entity: str, owner: str) -> str:
    return f"tables do not say of which {owner} each {entity} is: compute it from cases"


def _without(subject: ir.OwnerOf, record: str) -> str:
    return f"`{record}` belongs to no {subject.further}" if subject.further else f"`{record}` belongs to nobody"


def day_counted(interpreter: Evaluating, group: str, frame: Frame) -> date | None:
    """The day of a formula's period on which members of a group count; None where nobody's membership changes."""
    if not interpreter.case.stays:
        return None
    period = interpreter.case.at if frame.period.kind.unit is Unit.ETERNITY else frame.period
    return period.start if interpreter.program.settings.entities[group].counted_start else period.end


def _holder(interpreter: Evaluating, subject: ir.HolderOf, frame: Frame, span: Span | None) -> Found:
    group = instance_of(interpreter, subject.group, frame, span)
    if not isinstance(group, str):
        return group
    entity = subject.group.entity
    day = day_counted(interpreter, entity, frame)
    holders = interpreter.case.held_on(entity, group, subject.role, day)
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
            day = _day_of(interpreter, link, frame)
            if isinstance(day, Unsure | NotApplicable | Failure):
                return day
            roles = [case.held_on(link.group.entity, group, role, day) for role in link.roles]
            return tuple(person for people in roles for person in people)
        case ir.Records():
            owner = instance_of(interpreter, link.owner, frame, span)
            if (link.entity, link.further) in case.untold:
                return Failure(_untold(link.entity, link.further), span)
            return case.owned(link.entity, link.further, owner) if isinstance(owner, str) else owner
        case _:
            assert_never(link)


def _day_of(interpreter: Evaluating, link: ir.Members, frame: Frame) -> date | Unsure | NotApplicable | Failure | None:
    """The day on which members are meant."""
    if not interpreter.case.stays:
        return None
    match link.time:
        case ir.ThisPeriod():
            return day_counted(interpreter, link.group.entity, frame)
        case ir.Containing(at_end=at_end):
            return frame.period.end if at_end else frame.period.start
        case ir.ContainingDate(day=node):
            day = interpreter.evaluate(node, frame)
            if isinstance(day, Possible):
                return Unsure(day.needs, day.may_fail)
            return as_date(day.value) if isinstance(day, Known) else day
        case _:
            assert_never(link.time)


def tested(interpreter: Evaluating, node: ir.Nobody | ir.Holds | ir.Same, frame: Frame) -> Outcome:
    """What a test of somebody gives."""
    match node:
        case ir.Nobody():
            return nobody(interpreter, node, frame)
        case ir.Holds():
            return holds(interpreter, node, frame)
        case ir.Same():
            return same(interpreter, node, frame)
        case _:
            assert_never(node)


def holds(interpreter: Evaluating, node: ir.Holds, frame: Frame) -> Outcome:
    """Whether somebody holds one of several roles."""
    case = interpreter.case
    person = someone(interpreter, node.subject, frame, node)
    if not isinstance(person, str):
        return person
    day = day_counted(interpreter, node.group, frame)
    group = case.group_on(node.group, person, day)
    if node.inside is not None:
        inside = someone(interpreter, node.inside, frame, node)
        if not isinstance(inside, str):
            return inside
        group = group if group == inside else None
    held = group is not None and any(person in case.held_on(node.group, group, role, day) for role in node.roles)
    return Known(held)


def same(interpreter: Evaluating, node: ir.Same, frame: Frame) -> Outcome:
    """Whether two are one and the same."""
    left = someone(interpreter, node.left, frame, node)
    right = someone(interpreter, node.right, frame, node)
    if isinstance(left, str) and isinstance(right, str):
        return Known(left == right)
    unsure = [one for one in (left, right) if not isinstance(one, str)]
    bad = domain.blocked(*unsure)
    if bad is not None:
        return bad
    return settled(domain.BOTH, domain.needs_of(*unsure), domain.faults_of(*unsure), domain.may_not_apply(*unsure))


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
            stays = [one.group for person in people for one in case.stays.get((subject.entity, person), ())]
            return _there([*(case.group_of.get((subject.entity, person)) for person in people), *stays])
        case ir.HolderOf():
            groups = everybody(subject.group, case, home, bound)
            return [
                one for group in groups for one in case.holders.get((subject.group.entity, group, subject.role), ())
            ]
        case ir.OwnerOf():
            records = everybody(subject.record, case, home, bound)
            return _there([case.owner(subject.record.entity, subject.further, record) for record in records])
        case ir.Before():
            records = everybody(subject.record, case, home, bound)
            owners = _there([case.owner_of.get((subject.entity, one)) for one in records])
            return [one for owner in owners for one in case.records.get((subject.entity, owner), ())]
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
            return [record for owner in owners for record in case.owned(link.entity, link.further, owner)]
        case _:
            assert_never(link)
