"""Who is meant: from the one that a formula is about to members, groups, holders of a role, records and owners."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import assert_never

from engine.interpret.cases import Case
from engine.interpret.outcomes import NOT_APPLICABLE, Failure, Known, Outcome
from engine.ir import nodes as ir
from engine.text.source import Span


def instance_of(
    subject: ir.Subject, case: Case, home: str, bound: Mapping[str, str], span: Span | None
) -> str | Outcome:
    """The id of whoever `subject` means for `home`; not applicable, or an error, where there is nobody."""
    match subject:
        case ir.Self():
            return home
        case ir.Bound():
            return bound[subject.name]
        case ir.GroupOf():
            person = instance_of(subject.person, case, home, bound, span)
            if not isinstance(person, str):
                return person
            group = case.group_of.get((subject.entity, person))
            return group if group is not None else Failure(f"`{person}` is in no {subject.entity}", span)
        case ir.HolderOf():
            return _holder(subject, case, instance_of(subject.group, case, home, bound, span), span)
        case ir.OwnerOf():
            record = instance_of(subject.record, case, home, bound, span)
            if not isinstance(record, str):
                return record
            owner = case.owner_of.get((subject.record.entity, record))
            return owner if owner is not None else Failure(f"`{record}` belongs to nobody", span)
        case _:
            assert_never(subject)


def _holder(subject: ir.HolderOf, case: Case, group: str | Outcome, span: Span | None) -> str | Outcome:
    if not isinstance(group, str):
        return group
    holders = case.holders.get((subject.group.entity, group, subject.role), ())
    if holders:
        return holders[0]
    return NOT_APPLICABLE if subject.optional else Failure(f"`{group}` has no {subject.role}", span)


def linked(
    link: ir.Link, case: Case, home: str, bound: Mapping[str, str], span: Span | None
) -> Sequence[str] | Outcome:
    """The members or records of a link."""
    match link:
        case ir.Members():
            group = instance_of(link.group, case, home, bound, span)
            if not isinstance(group, str):
                return group
            roles = [case.holders.get((link.group.entity, group, role), ()) for role in link.roles]
            return tuple(person for people in roles for person in people)
        case ir.Records():
            owner = instance_of(link.owner, case, home, bound, span)
            return case.records.get((link.entity, owner), ()) if isinstance(owner, str) else owner
        case _:
            assert_never(link)


def holds(node: ir.Holds, case: Case, home: str, bound: Mapping[str, str]) -> Outcome:
    """Whether somebody holds one of several roles."""
    person = instance_of(node.subject, case, home, bound, node.span)
    if not isinstance(person, str):
        return person
    group = case.group_of.get((node.group, person))
    if node.inside is not None:
        inside = instance_of(node.inside, case, home, bound, node.span)
        if not isinstance(inside, str):
            return inside
        group = group if group == inside else None
    held = group is not None and any(person in case.holders.get((node.group, group, role), ()) for role in node.roles)
    return Known(held)
