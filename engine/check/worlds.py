"""`figure as if (a = e, …)`: what is asked, and what is replaced, by what."""

from __future__ import annotations

from engine.check.calls import typed
from engine.check.context import Elaboration, Scope, Value, Who, failed
from engine.check.names import as_several, check_free
from engine.check.navigation import those
from engine.check.presence import told_by
from engine.ir import nodes as ir
from engine.syntax import ast
from engine.values.types import Kind


def as_if(elab: Elaboration, node: ast.AsIf, scope: Scope) -> Value:
    """A figure in another world."""
    asked = elab.value(node.value, scope)
    if asked.failed:
        return asked
    value = asked.node.value if isinstance(asked.node, ir.Present) else asked.node
    if not isinstance(value, ir.VariableRead):
        help_text = "name the expression as a variable, and ask that"
        return elab.fail("E603", "only a figure is asked in another world", node.value.span, help=help_text)
    changes = [_change(elab, change, scope) for change in node.changes]
    replacements = [change for change in changes if change is not None]
    if len(replacements) < len(changes):
        return failed(node.span)
    optional = asked.optional or isinstance(asked.node, ir.Present)
    return Value(ir.AsIf(value.type, node.span, value, tuple(replacements)), optional=optional)


def _change(elab: Elaboration, node: ast.Replacement, scope: Scope) -> ir.Replacement | None:
    link: ir.Link | None = None
    name, where, inner = "", None, scope
    if node.source is not None:
        part = those(elab, node.source, scope)
        several = as_several(part)
        if several is None:
            if not (isinstance(part, Value) and part.failed):
                help_text = "name `members`, a role, a set of roles, or a list of records"
                elab.problems.add("E406", "members or records are needed here", node.source.span, help=help_text)
            return None
        check_free(elab, node.name, node.name_span or node.span, scope)
        link, name = several.link, elab.fresh(node.name)
        inner = scope.with_name(node.name, Who(ir.Bound(link.entity, name)))
        where = elab.condition(node.where, inner) if node.where is not None else None
        if where is not None and where.type.kind is Kind.FAILED:
            return None
        inner = inner.knowing(told_by(where).if_true) if where is not None else inner
    target = elab.value(node.target, inner)
    value = typed(elab, node.value, inner, target.type, "E501") if not target.failed else target
    replaced = target.node.value if isinstance(target.node, ir.Present) else target.node
    if target.failed or value.failed:
        return None
    match replaced:
        case ir.VariableRead():
            return ir.Replacement(replaced.name, replaced.subject, replaced.time, value.node, link, name, where)
        case ir.ParameterRead():
            return ir.Replacement(replaced.name, None, replaced.time, value.node, link, name, where)
    help_text = "name a fact, a figure or a parameter before the `=`"
    elab.problems.add("E603", "this cannot be replaced", node.target.span, help=help_text)
    return None
