"""`m is dependent`, `self is head of tax_unit`: whether somebody holds a role, or one of a set."""

from __future__ import annotations

from engine.check.context import Elaboration, Scope, Value, Who, failed
from engine.check.presence import is_none
from engine.ir import nodes as ir
from engine.reading.declared_settings import Entity
from engine.syntax import ast
from engine.values.types import BOOLEAN


def is_test(elab: Elaboration, node: ast.Is, scope: Scope) -> Value:
    """`x is none`, or a test of a role."""
    if node.name == "none" and node.group is None:
        return is_none(elab, node, scope)
    group_roles = _role(elab, node)
    if group_roles is None:
        return failed(node.span)
    group, roles = group_roles
    who = elab.part(node.value, scope)
    if isinstance(who, Value) and who.failed:
        return who
    if not isinstance(who, Who) or who.subject.entity != group.of:
        message = f"`{node.name}` is a role of a {group.of}, and this is none"
        help_text = f"name a {group.of} before `is`, or compare values with `=`"
        return elab.fail("E406", message, node.value.span, help=help_text)
    if who.optional:
        elab.sure(Value(ir.NotApplicable(BOOLEAN, node.value.span), optional=True), node.value.span)
        return failed(node.span)
    inside: ir.Subject | None = None
    if node.group is not None:
        part = elab.part(node.group, scope)
        if not isinstance(part, Who) or part.subject.entity != group.name or part.optional:
            help_text = f"name a {group.name}, or leave `of …` out"
            return elab.fail("E406", f"`{node.name}` is a role in a {group.name}", node.group.span, help=help_text)
        inside = part.subject
    test: ir.Expression = ir.Holds(BOOLEAN, node.span, who.subject, group.name, inside, roles)
    return Value(ir.Not(BOOLEAN, node.span, test) if node.negated else test)


def _role(elab: Elaboration, node: ast.Is) -> tuple[Entity, tuple[str, ...]] | None:
    """The group and the roles that a name stands for; None, with E406, if it is neither a role nor a set."""
    known: list[str] = []
    for entity in elab.settings.entities.values():
        for role in entity.roles:
            known.append(role.name)
            if node.name in (role.name, role.plural):
                return entity, (role.name,)
        known += entity.sets
        if node.name in entity.sets:
            return entity, tuple(entity.sets[node.name])
    names = ", ".join(f"`{name}`" for name in known[:12])
    help_text = f"after `is`, write `none` or a role: {names}" if known else "after `is`, write `none`"
    elab.problems.add("E406", f"there is no role `{node.name}`", node.name_span, help=help_text)
    return None
