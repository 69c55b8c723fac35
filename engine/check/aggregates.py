"""Aggregates over members and records: `sum(m.wages for m in members where m.age < 17)`."""

from __future__ import annotations

from dataclasses import replace

from engine.check.context import Elaboration, Scope, Value, Who, article, failed
from engine.check.names import as_several, check_free
from engine.check.navigation import those
from engine.check.presence import told_by
from engine.ir import nodes as ir
from engine.syntax import ast
from engine.values.types import BOOLEAN, DATE, INTEGER, Kind


def aggregate(elab: Elaboration, node: ast.Aggregate, scope: Scope) -> Value:
    """`sum(body for name in source where condition)` and its kin."""
    part = those(elab, node.source, scope)
    if isinstance(part, Value) and part.failed:
        return part
    several = as_several(part)
    if several is None:
        help_text = "name `members`, a role, a set of roles, or a list of records"
        return elab.fail("E406", "an aggregate runs over members or records", node.source.span, help=help_text)
    check_free(elab, node.name, node.name_span, scope)
    name = elab.fresh(node.name)
    inner = scope.with_name(node.name, Who(ir.Bound(several.link.entity, name)))
    where = elab.condition(node.where, inner) if node.where is not None else None
    if where is not None and where.type.kind is Kind.FAILED:
        return failed(node.span)
    if where is not None:
        inner = inner.knowing(told_by(where).if_true)
    if node.operation == "count" or node.body is None:
        value = _count(elab, node, several.link, name, where)
    else:
        value = _aggregate_body(elab, node, several.link, name, where=where, scope=inner)
    return replace(value, optional=value.optional or several.optional)


def _count(elab: Elaboration, node: ast.Aggregate, link: ir.Link, name: str, where: ir.Expression | None) -> Value:
    if node.operation != "count":
        help_text = f"write `{node.operation}({node.name}.… for {node.name} in …)`"
        return elab.fail("E505", f"`{node.operation}` needs what to take of each", node.span, help=help_text)
    if node.body is not None:
        help_text = f"write `count({node.name} in … where …)`"
        return elab.fail("E505", "`count` counts members, and takes no value of each", node.span, help=help_text)
    return Value(ir.Aggregate(INTEGER, node.span, "count", link, name, None, where))


def _aggregate_body(
    elab: Elaboration, node: ast.Aggregate, link: ir.Link, name: str, *, where: ir.Expression | None, scope: Scope
) -> Value:
    assert node.body is not None
    body = elab.sure(elab.value(node.body, scope), node.body.span)
    if body.failed:
        return body
    fits = {
        "sum": body.type.is_number or body.type.kind is Kind.DURATION,
        "any": body.type == BOOLEAN,
        "all": body.type == BOOLEAN,
        "min": body.type.is_number or body.type == DATE,
        "max": body.type.is_number or body.type == DATE,
    }
    if not fits[node.operation]:
        message = f"`{node.operation}` is not defined for {article(body.type)}"
        return elab.fail(
            "E502",
            message,
            node.body.span,
            help="sum takes numbers, any and all conditions, min and max what has an order",
        )
    result = ir.Aggregate(body.type, node.span, node.operation, link, name, body.node, where)
    return Value(result, optional=node.operation in ("min", "max"))
