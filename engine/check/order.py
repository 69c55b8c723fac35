"""Order and choice among many: `sum(highest 3 of …)`, `last(… by …)`, `rank(self for … by …)`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.check.calls import typed
from engine.check.context import Elaboration, Scope, Value, Who, article, failed
from engine.check.names import as_several, check_free
from engine.check.navigation import those
from engine.check.presence import told_by
from engine.ir import nodes as ir
from engine.syntax import ast
from engine.values.types import BOOLEAN, DATE, DURATION, INTEGER, RATE, Kind, ValueType

LISTED = "listed"


@dataclass(frozen=True, slots=True)
class Gone:
    """Who is gone through: the link, what each is called, the condition, and the scope of what is said of each."""

    link: ir.Link
    name: str
    where: ir.Expression | None
    scope: Scope
    optional: bool


def chosen(elab: Elaboration, node: ast.Chosen, scope: Scope) -> Value:
    """The highest or lowest of values, the first or last of records."""
    gone = _gone_through(elab, node, scope)
    if gone is None or not _ordered_rightly(elab, node):
        return failed(node.span)
    body = elab.sure(elab.value(node.body, gone.scope), node.body.span)
    count = typed(elab, node.count, scope, INTEGER) if node.count is not None else None
    keys = _keys(elab, node.keys, gone.scope)
    if body.failed or keys is None or (count is not None and count.failed) or not _fits(elab, node, body.type):
        return failed(node.span)
    kind = INTEGER if node.operation == "count" else body.type
    operator = node.operation or "only"
    how_many = count.node if count is not None else None
    read = ir.Chosen(kind, node.span, operator, node.pick, how_many, gone.link, gone.name, body.node, gone.where, keys)
    return Value(read, optional=gone.optional or operator in ("only", "min", "max"))


def ranked(elab: Elaboration, node: ast.Ranked, scope: Scope) -> Value:
    """`rank` and `percentile_rank` of somebody among many."""
    gone = _gone_through(elab, node, scope)
    if gone is None:
        return failed(node.span)
    who = elab.part(node.body, scope)
    if isinstance(who, Value) and who.failed:
        return who
    entity = gone.link.entity
    if not isinstance(who, Who) or who.subject.entity != entity:
        help_text = f"write `{node.operation}(self for …)` in a formula of `{entity}`, or name one by a path"
        return elab.fail("E505", f"whose rank among {entity} is meant?", node.body.span, help=help_text)
    keys = _keys(elab, node.keys, gone.scope)
    if keys is None:
        return failed(node.span)
    kind = INTEGER if node.operation == "rank" else RATE
    read = ir.Ranked(kind, node.span, node.operation, who.subject, gone.link, gone.name, gone.where, keys)
    return Value(read, optional=gone.optional or who.optional or node.operation != "rank")


def _gone_through(elab: Elaboration, node: ast.Chosen | ast.Ranked, scope: Scope) -> Gone | None:
    part = those(elab, node.source, scope)
    if isinstance(part, Value) and part.failed:
        return None
    several = as_several(part)
    if several is None:
        help_text = "name `members`, a role, a set of roles, or a list of records"
        elab.problems.add("E406", "members or records are needed here", node.source.span, help=help_text)
        return None
    check_free(elab, node.name, node.name_span, scope)
    name = elab.fresh(node.name)
    inner = scope.with_name(node.name, Who(ir.Bound(several.link.entity, name)))
    where = elab.condition(node.where, inner) if node.where is not None else None
    if where is not None and where.type.kind is Kind.FAILED:
        return None
    if where is not None:
        inner = inner.knowing(told_by(where).if_true)
    return Gone(several.link, name, where, inner, several.optional)


def _ordered_rightly(elab: Elaboration, node: ast.Chosen) -> bool:
    """Whether the highest and lowest have no `by`, and the first and last have one (E505)."""
    if node.pick in ("highest", "lowest") and node.keys:
        message = f"`{node.pick} n of` orders by the value"
        help_text = "remove `by`, or write `first n of` (with `highest first` after a key) or `last n of`"
        elab.problems.add("E505", message, node.keys[0].span, help=help_text)
        return False
    if node.pick in ("first", "last") and not node.keys:
        message = f"`{node.pick} n of` needs `by`"
        help_text = f"say in which order: `… by {node.name}.…`, or `by {LISTED}` for the order in which they are listed"
        elab.problems.add("E505", message, node.span, help=help_text)
        return False
    return True


def _fits(elab: Elaboration, node: ast.Chosen, kind: ValueType) -> bool:
    ordered = kind.is_number or kind == DATE
    if node.pick in ("highest", "lowest") and not ordered:
        message = f"{article(kind)} has no order"
        elab.problems.add("E502", message, node.body.span, help="choose among numbers or dates, or `first n of … by …`")
        return False
    fits = {
        "sum": kind.is_number or (kind == DURATION and node.pick in ("first", "last")),
        "any": kind == BOOLEAN, "all": kind == BOOLEAN, "min": ordered, "max": ordered,
    }  # fmt: skip
    if not fits.get(node.operation, True):
        message = f"`{node.operation}` is not defined for {article(kind)}"
        help_text = "sum takes numbers, any and all conditions, min and max what has an order"
        elab.problems.add("E502", message, node.body.span, help=help_text)
        return False
    return True


def _keys(elab: Elaboration, keys: Sequence[ast.SortKey], scope: Scope) -> tuple[ir.SortKey, ...] | None:
    sort_keys: list[ir.SortKey] = []
    for key in keys:
        if sort_keys and sort_keys[-1].value is None:
            help_text = f"leave out what follows `{LISTED}`: no two are listed in one place"
            elab.problems.add("E505", "this key decides nothing", key.span, help=help_text)
            return None
        if isinstance(key.value, ast.Name) and key.value.name == LISTED and LISTED not in scope.names:
            sort_keys.append(ir.SortKey(None, key.descending))
            continue
        value = elab.sure(elab.value(key.value, scope), key.value.span)
        if value.failed:
            return None
        if not value.type.is_number and value.type not in (DATE, DURATION, BOOLEAN):
            message = f"{article(value.type)} has no order"
            help_text = "order by a number, a date, a length of time or a condition"
            elab.problems.add("E502", message, key.span, help=help_text)
            return None
        sort_keys.append(ir.SortKey(value.node, key.descending))
    return tuple(sort_keys)
