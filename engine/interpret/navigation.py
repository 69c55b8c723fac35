"""Who is meant: from the one that a formula is about to members, groups, holders of a role, records and owners."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import assert_never

from engine.interpret import domain, grouping, open_lists, sequences
from engine.interpret.cases import Case, When
from engine.interpret.domain import settled
from engine.interpret.evaluating import Evaluating, Found, Unsure
from engine.interpret.frames import Frame
from engine.interpret.further import Another, Place, listed_name
from engine.interpret.outcomes import NOT_APPLICABLE, Fact, Failure, Known, NotApplicable, Outcome, Possible
from engine.interpret.stated import ends_of
from engine.ir import nodes as ir
from engine.ir.walk import walk
from engine.text.source import Span
from engine.values.exact import as_date
from engine.values.periods import Unit

WHOEVER = "somebody who is not listed yet may have a figure that cannot be computed"


def someone(interpreter: Evaluating, subject: ir.Subject, frame: Frame, node: ir.Node) -> str | Outcome:
    """The id of whoever a node reads; what the node gives where there is nobody, or it is not known who is meant."""
    instance = instance_of(interpreter, subject, frame, node.span)
    return _anything(interpreter, instance, node) if isinstance(instance, Unsure) else instance


def several(interpreter: Evaluating, link: ir.Link, frame: Frame, node: ir.Node) -> Sequence[str] | Outcome:
    """The members or records that a node runs over; what it gives where it is not known who they are."""
    instances = linked(interpreter, link, frame, node.span)
    return _anything(interpreter, instances, node) if isinstance(instances, Unsure) else instances


def _anything(interpreter: Evaluating, unsure: Unsure, node: ir.Node) -> Outcome:
    range_ = interpreter.anything(node.type)
    if isinstance(node, ir.VariableRead) and interpreter.program.definitions[node.name].is_input:
        range_ = interpreter.anything(node.type, *ends_of(interpreter.program.definitions[node.name]))
    fault = unsure.may_fail or ("" if _surely_works(interpreter, node) else WHOEVER)
    return settled(range_, unsure.needs, fault, may_not_apply=True)


_TOTAL = (ir.Literal, ir.Compare, ir.And, ir.Or, ir.Not, ir.PeriodBoundary)


def _surely_works(interpreter: Evaluating, node: ir.Node) -> bool:
    """Whether what a node gives is no error, whoever is meant: it reads facts alone, of those whom it runs over."""
    match node:
        case ir.VariableRead():
            return interpreter.program.definitions[node.name].is_input
        case ir.Aggregate():
            bodies = [body for body in (node.where, node.body) if body is not None]
            return all(_is_total(interpreter, part) for body in bodies for part in walk(body))
    return isinstance(node, ir.Holds)


def _is_total(interpreter: Evaluating, part: ir.Expression) -> bool:
    if not isinstance(part, ir.VariableRead):
        return isinstance(part, _TOTAL)
    near = isinstance(part.subject, ir.Bound | ir.Self) and isinstance(part.time, ir.ThisPeriod)
    return near and interpreter.program.definitions[part.name].is_input


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
            if isinstance(person, Another):
                own = person.place
                return own.of if own.link == subject.entity else Unsure(frozenset((person.asked(case.at),)))
            if grouping.are_made(case, subject.entity, subject.by):
                return grouping.group_of(interpreter, subject, person, frame, span)
            group = case.group_on(subject.entity, person, when_counted(interpreter, subject.entity, frame))
            return group if group is not None else _in_none(case, subject, person, span)
        case ir.HolderOf():
            return _holder(interpreter, subject, frame, span)
        case ir.OwnerOf():
            record = instance_of(interpreter, subject.record, frame, span)
            if not isinstance(record, str):
                return record
            if isinstance(record, Another):
                return record.owner(subject.further) or Unsure(frozenset((record.asked(case.at),)))
            owner = case.owner(subject.record.entity, subject.further, record)
            if owner is None and interpreter.program.settings.entities[subject.record.entity].by:
                owner = grouping.larger_of(case, subject.entity, record)
            if owner is None and (subject.record.entity, subject.further) in case.untold:
                return Failure(_untold(subject.record.entity, subject.further), span)
            if owner is None and subject.optional:
                return _in_none(case, subject, record, span)
            return owner if owner is not None else Failure(_without(subject, record), span)
        case ir.Before():
            record = instance_of(interpreter, subject.record, frame, span)
            return sequences.before(interpreter, subject, record, frame, span) if isinstance(record, str) else record
        case _:
            assert_never(subject)


def _in_none(
    case: Case, subject: ir.GroupOf | ir.OwnerOf, member: str, span: Span | None
) -> Unsure | NotApplicable | Failure:
    """Somebody who is listed in no group of a kind: it is asked which, unless the case says that there is none."""
    group = subject.entity
    if case.may_hold_more and (group, member) not in case.stays:
        return Unsure(frozenset((_which_group(case, group, member),)))
    if subject.optional:
        return NOT_APPLICABLE
    return Failure(f"`{member}` is in no {group}: list them in one, if need be alone", span)


def _which_group(case: Case, group: str, member: str) -> Fact:
    return Fact(listed_name(Place(group, member), group), member, case.at)


def _untold(entity: str, owner: str) -> str:
    return f"the tables do not say of which {owner} each {entity} is: give a table of those, and a column `{owner}_id`"


def _without(subject: ir.OwnerOf, record: str) -> str:
    return f"`{record}` belongs to no {subject.further}" if subject.further else f"`{record}` belongs to nobody"


def when_counted(interpreter: Evaluating, group: str, frame: Frame) -> When:
    """When members of a group count in a formula's period: on its first day, or as they do in it; None where nobody's
    membership changes."""
    if not interpreter.case.stays:
        return None
    period = interpreter.case.at if frame.period.kind.unit is Unit.ETERNITY else frame.period
    return period.start if interpreter.program.settings.entities[group].counted_start else period


def _holder(interpreter: Evaluating, subject: ir.HolderOf, frame: Frame, span: Span | None) -> Found:
    group = instance_of(interpreter, subject.group, frame, span)
    if not isinstance(group, str):
        return group
    entity = subject.group.entity
    when = when_counted(interpreter, entity, frame)
    holders = interpreter.case.held_on(entity, group, subject.role, when)
    if holders:
        return holders[0]
    if interpreter.case.is_open(Place(entity, group, subject.role)):
        return Unsure(frozenset((open_lists.list_of(interpreter.case, entity, group, subject.role),)))
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
            when = _when_of(interpreter, link, frame)
            if isinstance(when, Unsure | NotApplicable | Failure):
                return when
            if grouping.are_made(case, link.group.entity, link.by):
                return grouping.members(interpreter, link, group, when if isinstance(when, date) else None, frame)
            roles = [open_lists.holders(case, link.group.entity, group, role, when) for role in link.roles]
            return tuple(person for people in roles for person in people)
        case ir.Records():
            owner = instance_of(interpreter, link.owner, frame, span)
            if isinstance(owner, str) and grouping.are_made(case, link.entity, link.by):
                return grouping.groups_in(interpreter, link, owner, frame)
            if (link.entity, link.further) in case.untold:
                return Failure(_untold(link.entity, link.further), span)
            return open_lists.records(case, link.entity, link.further, owner) if isinstance(owner, str) else owner
        case _:
            assert_never(link)


def _when_of(interpreter: Evaluating, link: ir.Members, frame: Frame) -> When | Unsure | NotApplicable | Failure:
    """When members are meant."""
    if not interpreter.case.stays and not grouping.are_made(interpreter.case, link.group.entity, link.by):
        return None
    match link.time:
        case ir.ThisPeriod():
            return when_counted(interpreter, link.group.entity, frame)
        case ir.Containing(at_end=at_end):
            return frame.period.end if at_end else frame.period.start
        case ir.ContainingDate(day=node):
            day = interpreter.evaluate(node, frame)
            if isinstance(day, Possible):
                return Unsure(day.needs, day.may_fail)
            return as_date(day.value) if isinstance(day, Known) else day
        case _:
            assert_never(link.time)


def holds(interpreter: Evaluating, node: ir.Holds, frame: Frame) -> Outcome:
    """Whether somebody holds one of several roles."""
    case = interpreter.case
    person = someone(interpreter, node.subject, frame, node)
    if not isinstance(person, str):
        return person
    when = when_counted(interpreter, node.group, frame)
    if isinstance(person, Another) and person.place.link != node.group:
        return Possible(domain.BOTH, frozenset((person.asked(case.at),)))
    group = person.place.of if isinstance(person, Another) else case.group_on(node.group, person, when)
    open_ = group is None and case.may_hold_more and (node.group, person) not in case.stays
    if node.inside is not None:
        inside = someone(interpreter, node.inside, frame, node)
        if not isinstance(inside, str):
            return inside
        if open_:
            return _may_hold(case, node, inside)
        group = group if group == inside else None
    elif open_:
        return Possible(domain.BOTH, frozenset((_which_group(case, node.group, person),)))
    if isinstance(person, Another):
        return Known(group is not None and person.place.role in node.roles)
    held = group is not None and any(person in case.held_on(node.group, group, role, when) for role in node.roles)
    return Known(held)


def _may_hold(case: Case, node: ir.Holds, group: str) -> Outcome:
    """Whether somebody who is in no group that is listed may hold one of several roles in this one."""
    keys = [(node.group, group, role) for role in node.roles if case.is_open(Place(node.group, group, role))]
    room = [key for key in keys if any(isinstance(holder, Another) for holder in open_lists.holders(case, *key))]
    needs = frozenset(open_lists.list_of(case, *key) for key in room)
    return Possible(domain.BOTH, needs) if room else domain.FALSE


def same(interpreter: Evaluating, node: ir.Same, frame: Frame) -> Outcome:
    """Whether two are one and the same."""
    left = someone(interpreter, node.left, frame, node)
    right = someone(interpreter, node.right, frame, node)
    if isinstance(left, Another) and left == right and not left.is_one:
        return Possible(domain.BOTH, frozenset((left.asked(interpreter.case.at),)))
    if isinstance(left, str) and isinstance(right, str):
        return Known(left == right)
    unsure = [outcome for outcome in (left, right) if not isinstance(outcome, str)]
    bad = domain.blocked(*unsure)
    if bad is not None:
        return bad
    return settled(domain.BOTH, domain.needs_of(*unsure), domain.faults_of(*unsure), domain.may_not_apply(*unsure))


def nobody(interpreter: Evaluating, node: ir.Nobody, frame: Frame) -> Outcome:
    """Whether there is nobody whom a subject means."""
    instance = instance_of(interpreter, node.subject, frame, node.span)
    if isinstance(instance, Unsure):
        return Possible(domain.BOTH, instance.needs, False, instance.may_fail)
    return Known(isinstance(instance, NotApplicable)) if not isinstance(instance, Failure) else instance


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
            if subject.by is not None and grouping.are_made(case, subject.entity, subject.by):
                homes = everybody(ir.GroupOf(subject.by.within, subject.person), case, home, bound)
                return [group for whole in homes for group in grouping.may_be(case, subject.by, whole)]
            stays = [stay.group for person in people for stay in case.stays.get((subject.entity, person), ())]
            return _there([*(_group(case, subject.entity, person) for person in people), *stays])
        case ir.HolderOf():
            groups = everybody(subject.group, case, home, bound)
            return [
                holder
                for group in groups
                for holder in open_lists.holders(case, subject.group.entity, group, subject.role)
            ]
        case ir.OwnerOf():
            return _there([_owner(case, subject, record) for record in everybody(subject.record, case, home, bound)])
        case ir.Before():
            records = everybody(subject.record, case, home, bound)
            owners = _there([case.owner_of.get((subject.entity, record)) for record in records])
            return [record for owner in owners for record in case.records.get((subject.entity, owner), ())]
        case _:
            assert_never(subject)


def _group(case: Case, entity: str, person: str) -> str | None:
    if isinstance(person, Another):
        return person.place.of if person.place.link == entity else None
    return case.group_of.get((entity, person))


def _owner(case: Case, subject: ir.OwnerOf, record: str) -> str | None:
    if isinstance(record, Another):
        return record.owner(subject.further)
    owner = case.owner(subject.record.entity, subject.further, record)
    return owner if owner is not None else grouping.larger_of(case, subject.entity, record)


def _there(instances: Sequence[str | None]) -> list[str]:
    return [instance for instance in instances if instance is not None]


def ever_linked(link: ir.Link, case: Case, home: str, bound: Mapping[str, str]) -> Sequence[str]:
    """All whom a link may run over, whatever its formula's period and the facts."""
    match link:
        case ir.Members() if link.by is not None and grouping.are_made(case, link.group.entity, link.by):
            made = everybody(link.group, case, home, bound)
            larger = _there([grouping.larger_of(case, link.by.within, group) for group in made])
            return [person for whole in larger for person in grouping.may_be_in(case, link.by, whole)]
        case ir.Records() if link.by is not None and grouping.are_made(case, link.entity, link.by):
            homes = everybody(link.owner, case, home, bound)
            return [group for whole in homes for group in grouping.may_be(case, link.by, whole)]
        case ir.Members():
            keys = [
                (link.group.entity, group, role)
                for group in everybody(link.group, case, home, bound)
                for role in link.roles
            ]
            return [person for key in keys for person in open_lists.holders(case, *key)]
        case ir.Records():
            owners = everybody(link.owner, case, home, bound)
            return [record for owner in owners for record in open_lists.records(case, link.entity, link.further, owner)]
        case _:
            assert_never(link)
