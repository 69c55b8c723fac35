"""Walking expressions of the typed core: the parts of a node, and everything it reads."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from operator import attrgetter
from typing import Any, assert_never

from engine.ir import nodes as ir


def children(node: ir.Expression) -> tuple[ir.Expression, ...]:
    """The expressions directly inside a node, in the order in which they are evaluated."""
    parts = _PARTS.get(type(node))
    return parts(node) if parts is not None else _rarer(node)


_PARTS: dict[type, Callable[[Any], tuple[ir.Expression, ...]]] = {  # what there is most of, by its kind
    ir.VariableRead: lambda node: _of_time(node.time),
    ir.ParameterRead: lambda node: _of_time(node.time),
    ir.Literal: lambda node: (),
    ir.Local: lambda node: (),
    ir.Arithmetic: attrgetter("left", "right"),
    ir.Compare: attrgetter("left", "right"),
    ir.And: attrgetter("values"),
    ir.Or: attrgetter("values"),
    ir.Extreme: attrgetter("values"),
    ir.If: attrgetter("condition", "then", "otherwise"),
    ir.Let: attrgetter("value", "body"),
    ir.FunctionCall: attrgetter("arguments"),
}


def _rarer(node: ir.Expression) -> tuple[ir.Expression, ...]:
    match node:
        case ir.VariableRead() | ir.ParameterRead() | ir.Literal() | ir.Local() | ir.Arithmetic() | ir.Compare():
            raise AssertionError(node)
        case ir.And() | ir.Or() | ir.Extreme() | ir.If() | ir.Let() | ir.FunctionCall():
            raise AssertionError(node)
        case ir.NotApplicable() | ir.PeriodBoundary() | ir.OverTime() | ir.Nobody() | ir.Holds():
            return ()
        case ir.Same() | ir.ListedBefore():
            return ()
        case ir.TableRead():
            return (*node.keys, *_of_time(node.time))
        case ir.ScaleRead():
            return (*((node.key,) if node.key is not None else ()), node.argument, *_of_time(node.time))
        case ir.DateFunction():
            return node.arguments
        case ir.Negate() | ir.Absolute() | ir.Not() | ir.Spread() | ir.IsNone() | ir.Present():
            return (node.value,)
        case ir.Banded():
            parts = tuple(part for bracket in node.brackets for part in (bracket.threshold, bracket.value))
            return (node.amount, *(part for part in parts if part is not None))
        case ir.Exceptions():
            return (*(part for case in node.cases for part in (case.when, case.then)), node.general)
        case ir.Round():
            return (node.value, node.step)
        case ir.OverParts():
            return (node.body,) if node.last is None else (node.last, node.body)
        case ir.Aggregate():
            return (*_of_link(node.link), *(part for part in (node.where, node.body) if part is not None))
        case ir.Chosen():
            parts = (node.count, node.where, *(key.value for key in node.keys), node.body)
            return (*_of_link(node.link), *(part for part in parts if part is not None))
        case ir.AsIf():
            return (node.value, *(part for change in node.changes for part in _of_change(change)))
        case ir.Ranked():
            parts = (node.where, *(key.value for key in node.keys))
            return (*_of_link(node.link), *(part for part in parts if part is not None))
        case ir.Otherwise():
            return (node.value, node.fallback)
        case _:
            assert_never(node)


def _of_time(time: ir.Time) -> tuple[ir.Expression, ...]:
    return (time.day,) if isinstance(time, ir.ContainingDate) else ()


def _of_link(link: ir.Link) -> tuple[ir.Expression, ...]:
    return _of_time(link.time) if isinstance(link, ir.Members) else ()


def _of_change(change: ir.Replacement) -> tuple[ir.Expression, ...]:
    when = _of_link(change.link) if change.link is not None else ()
    return (*when, *(part for part in (change.where, change.value) if part is not None))


def walk(node: ir.Expression) -> Iterator[ir.Expression]:
    """A node and everything inside it, outermost first. Uses no recursion."""
    stack = [node]
    while stack:
        part = stack.pop()
        yield part
        stack.extend(reversed(children(part)))


def subjects(node: ir.Expression) -> tuple[ir.Subject, ...]:
    """Whom a node itself reads or runs over, not what is inside it."""
    match node:
        case ir.VariableRead() | ir.OverTime() | ir.Nobody():
            return (node.subject,)
        case ir.Same() | ir.ListedBefore():
            return (node.left, node.right)
        case ir.Holds():
            return (node.subject,) if node.inside is None else (node.subject, node.inside)
        case ir.Ranked():
            return (node.subject, whose(node.link))
        case ir.Aggregate() | ir.Chosen():
            return (whose(node.link),)
        case ir.AsIf():
            changed = [change.subject for change in node.changes if change.subject is not None]
            return (*changed, *(whose(change.link) for change in node.changes if change.link is not None))
    return ()


OF_SOMEBODY = frozenset(
    (
        ir.VariableRead, ir.OverTime, ir.Nobody, ir.Same, ir.ListedBefore, ir.Holds, ir.Ranked, ir.Aggregate, ir.Chosen,
        ir.AsIf,
    )
)  # fmt: skip
"""Kinds of nodes that name somebody: only these have subjects."""


_DIRECT = (ir.Self, ir.Bound)


def groupings(node: ir.Expression) -> Sequence[tuple[ir.Grouping, ir.Time]]:
    """What makes the groups through which a node itself reads, and for which of its periods it may be asked."""
    if type(node) not in OF_SOMEBODY:
        return ()
    through, links = _reached_through_others(node), links_of(node)
    return tuple(_groupings(through, links)) if through or links else ()


def links_of(node: ir.Expression) -> tuple[ir.Link, ...]:
    """The links over whose members or records a node itself runs."""
    if isinstance(node, ir.AsIf):
        return tuple(change.link for change in node.changes if change.link is not None)
    link: ir.Link | None = getattr(node, "link", None)
    return () if link is None else (link,)


def _reached_through_others(node: ir.Expression) -> list[ir.Subject]:
    """The subjects of a node that are reached by a step at least: most nodes have none, which is quick to tell."""
    return [subject for subject in subjects(node) if type(subject) not in _DIRECT]


def _groupings(through: Sequence[ir.Subject], links: Sequence[ir.Link]) -> Iterator[tuple[ir.Grouping, ir.Time]]:
    asked: list[tuple[ir.Grouping | None, ir.Time]] = [
        (step.by, ir.ThisPeriod())
        for subject in through
        for step in steps_of(subject)
        if isinstance(step, ir.GroupOf) and step.by is not None
    ]
    for link in links:
        asked.append((link.by, link.time if isinstance(link, ir.Members) else ir.ThisPeriod()))
    for by, time in asked:
        if by is not None and isinstance(time, ir.ThisPeriod):
            yield by, ir.Containing(by.kind)
            yield by, ir.Containing(by.kind, at_end=True)
        elif by is not None and not isinstance(time, ir.ThisPeriod):
            yield by, replace(time, kind=by.kind)


def order_keys(node: ir.Expression) -> Sequence[tuple[str, str]]:
    """The records whose order a node itself goes back in, each with a figure that decides it."""
    if type(node) not in OF_SOMEBODY:
        return ()
    through = _reached_through_others(node)
    steps = [step for subject in through for step in steps_of(subject) if isinstance(step, ir.Before)]
    return tuple((step.entity, name) for step in steps for name in step.keys)


def whose(link: ir.Link) -> ir.Subject:
    """The group or owner of those that a link runs over."""
    return link.group if isinstance(link, ir.Members) else link.owner


def root_of(subject: ir.Subject) -> ir.Subject:
    """From whom somebody is reached: the one that the formula is about, or a member."""
    return list(steps_of(subject))[-1]


def steps_of(subject: ir.Subject) -> Iterator[ir.Subject]:
    """A subject, from whom it is reached, and so on to the one that the formula is about, or a member."""
    while True:
        yield subject
        match subject:
            case ir.GroupOf():
                subject = subject.person
            case ir.HolderOf():
                subject = subject.group
            case ir.OwnerOf() | ir.Before():
                subject = subject.record
            case _:
                return
