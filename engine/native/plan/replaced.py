"""What a world has in the place of figures, as formulas of those whose figures they are.

1. A figure of the one who is asked stands as it is written: `tax as if (income = income + 100 USD)`.
2. For a figure of members or records (`m.income = … for m in members where …`, `head.income = …`) the formula is
   theirs: who is asked is their group or owner there, and where they are not meant the figure stands as it is outside.
3. For a parameter a literal stands, which needs no rounding.
"""

from __future__ import annotations

from collections.abc import Mapping

from engine.ir import nodes as ir
from engine.ir.places import Home
from engine.ir.program import Program
from engine.ir.walk import walk
from engine.native.plan.about import with_subject
from engine.records import record
from engine.values.types import BOOLEAN, Kind


@record(frozen=True, slots=True)
class Replaced:
    """By the names of figures, the formulas that stand for them; of `members`, only some of whom may be meant; and by
    the names of parameters what these are. `holders` are those who must be there to be replaced."""

    figures: Mapping[str, ir.Expression]
    members: frozenset[str]
    parameters: Mapping[str, ir.Literal]
    holders: tuple[ir.Subject, ...]

    @property
    def names(self) -> frozenset[str]:
        """All that is replaced."""
        return frozenset((*self.figures, *self.parameters))


def replaced_by(program: Program, changes: tuple[ir.Replacement, ...], home: Home) -> Replaced | None:
    """What changes put in the place of figures of the one asked or of theirs; None where that is not only theirs, or
    no formula of their own."""
    figures: dict[str, ir.Expression] = {}
    members: set[str] = set()
    parameters: dict[str, ir.Literal] = {}
    holders: list[ir.Subject] = []
    for change in changes:
        if change.name in figures or change.name in parameters or not _stands_alone(change):
            return None
        if change.subject is None:
            if not isinstance(change.value, ir.Literal):
                return None
            parameters[change.name] = change.value
            continue
        definition = program.definitions.get(change.name)
        if definition is None or definition.period != home.period or definition.type.kind is Kind.DURATION:
            return None
        formula = _formula(program, change, home, definition.entity)
        if formula is None:
            return None
        figures[change.name] = formula
        if not isinstance(change.subject, ir.Self):
            members.add(change.name)
        if isinstance(change.subject, ir.HolderOf) and not change.subject.optional:
            holders.append(change.subject)
    return Replaced(figures, frozenset(members), parameters, tuple(holders))


def _stands_alone(change: ir.Replacement) -> bool:
    """Whether a change names nothing of the formula around it, and asks for no world."""
    parts = [part for part in (change.value, change.where) if part is not None]
    bound = {inner.name for part in parts for inner in walk(part) if isinstance(inner, ir.Let)}
    local = {inner.name for part in parts for inner in walk(part) if isinstance(inner, ir.Local)}
    asks = any(isinstance(inner, ir.AsIf) for part in parts for inner in walk(part))
    return local <= bound and not asks and isinstance(change.time, ir.ThisPeriod)


def _formula(program: Program, change: ir.Replacement, home: Home, entity: str) -> ir.Expression | None:
    if program.settings.entities[home.entity].by:
        return None  # a group that is made
    match change:
        case ir.Replacement(subject=ir.Self(), link=None, where=None) if entity == home.entity:
            return change.value
        case ir.Replacement(subject=ir.HolderOf(group=ir.Self() as group) as holder, link=None, where=None):
            members = ir.Members(entity, group, (holder.role,))
            return _of_members(program, change, members, ir.Bound(entity, ""), home)
        case ir.Replacement(subject=ir.Bound(name=name) as bound, link=ir.Members() | ir.Records() as link):
            if name == change.bound and _is_plain(link):
                return _of_members(program, change, link, bound, home)
    return None


def _is_plain(link: ir.Link) -> bool:
    """Whether a link runs over all members or records of the one asked, as they are in the formula's own period."""
    if isinstance(link, ir.Records):
        return isinstance(link.owner, ir.Self) and not link.further and link.by is None
    return isinstance(link.group, ir.Self) and isinstance(link.time, ir.ThisPeriod) and link.by is None


def _of_members(program: Program, change: ir.Replacement, link: ir.Link, bound: ir.Bound, home: Home) -> ir.Expression:
    """The formula of a member or record: what stands there for those who are meant, and else the figure outside."""
    own = ir.Self(bound.entity)
    above: ir.Subject = ir.OwnerOf(home.entity, own) if isinstance(link, ir.Records) else ir.GroupOf(home.entity, own)

    def theirs(part: ir.Expression) -> ir.Expression:
        moved: ir.Expression = with_subject(with_subject(part, ir.Self(home.entity), above), bound, own)
        return moved

    value = theirs(change.value)
    meant = [theirs(change.where)] if change.where is not None else []
    if isinstance(link, ir.Members) and {role.name for role in program.settings.entities[home.entity].roles} != set(
        link.roles
    ):
        meant.insert(0, ir.Holds(BOOLEAN, None, own, home.entity, None, link.roles))
    if not meant:
        return value
    outside = ir.VariableRead(value.type, None, change.name, own, ir.ThisPeriod())
    is_meant = meant[0] if len(meant) == 1 else ir.And(BOOLEAN, None, tuple(meant))
    return ir.If(value.type, None, is_meant, value, outside)
