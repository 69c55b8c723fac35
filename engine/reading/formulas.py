"""Formulas in their places, and what is made of them: functions and variables."""

from __future__ import annotations

from collections.abc import Iterable

from engine.reading.context import Context
from engine.reading.dated import dated_entries
from engine.reading.declarations import Excluded, Function, Variable, VariableException
from engine.reading.declared import Dated
from engine.reading.fields import Fields, as_mapping, as_scalar, as_sequence, name_list, named_entries, open_fields
from engine.reading.implications import read_said
from engine.reading.laws import read_law
from engine.reading.scalars import read_entity, read_grid, read_period_kind, read_range, read_type
from engine.syntax.ast import Expression
from engine.syntax.nodes import Mapping, MappingEntry, Node, Scalar, shown
from engine.syntax.parser import parse_formula
from engine.text.source import Span
from engine.values.types import FAILED, ValueType

FUNCTION_KEYS = ("label", "law", "arguments", "type", "formula")
VARIABLE_KEYS = (
    "label", "entity", "period", "type", "law", "formula", "round", "applies_if", "otherwise", "exceptions", "stock",
    "status", "range", "excludes",
)  # fmt: skip


def read_formula(context: Context, node: Node | None, place: Span) -> Expression | None:
    """One expression; None where there is none or it cannot be read (E203, E301 to E305)."""
    if node is None:
        return None
    if isinstance(node, Scalar):
        if node.refused or _loses_a_comment(context, node):
            return None
        return parse_formula(node.fragment, context.problems)
    scalar = as_scalar(context, node, place, "the formula")
    return parse_formula(scalar.fragment, context.problems) if scalar else None


def _loses_a_comment(context: Context, scalar: Scalar) -> bool:
    """Where YAML folds lines into one, a comment would swallow the lines after it: E304."""
    at = scalar.text.find("#")
    lost = at >= 0 and not scalar.keeps_lines
    if lost:
        message = "a comment is not allowed in a formula whose lines are folded into one"
        span = scalar.fragment.span(at, at + 1)
        context.report("E304", message, span, help="write the formula as a block after `|`, which keeps its lines")
    return lost


def read_dated_formula(context: Context, node: Node | None, place: Span) -> tuple[Dated, ...]:
    """One expression for all time, or dated ones in order; those that cannot be read are left out."""
    if isinstance(node, Mapping) and node.entries and not any(entry.name[:1].isdigit() for entry in node):
        help_text = "write one expression, such as `if c then a else b`; only dates can be its keys"
        context.report("E203", "the formula is a mapping without dates", node.span, help=help_text)
        return ()
    if isinstance(node, Mapping):
        entries = list(dated_entries(context, node, place, "the formula"))
        read = [(day, read_formula(context, entry.value, entry.key.span)) for day, entry in entries]
        return tuple(Dated(day, formula) for day, formula in read if formula is not None)
    formula = read_formula(context, node, place)
    return (Dated(None, formula),) if formula is not None else ()


def cited_law(fields: Fields, inherited: str, what: str, optional: bool = False) -> str:
    """The definition's law, or the one it inherits; E212 if there is neither and it is not `optional`."""
    law = read_law(fields)
    if not law and not inherited and not fields.has("law") and not optional:
        help_text = "add `law:` with the section that says so"
        fields.context.report("E212", f"{what} cites no law", fields.place, help=help_text)
    return law or inherited or ("not read" if fields.has("law") else "")


def read_functions(context: Context, entries: Iterable[MappingEntry]) -> tuple[Function, ...]:
    """The `functions` of a module. One that cites no law has its module's."""
    return tuple(_function(context, entry) for entry in entries)


def _function(context: Context, entry: MappingEntry) -> Function:
    fields = open_fields(context, entry.value, entry.key.span, f"the function `{shown(entry.name)}`", FUNCTION_KEYS)
    if fields is None:
        return Function(entry.name, entry.key.span, type=FAILED)
    before = len(context.problems)
    arguments = read_arguments(fields)
    known = len(context.problems) == before  # else a formula that names an argument would be judged
    node = fields.required("formula")
    formula = read_dated_formula(context, node, fields.span_of("formula")) if known else ()
    type = read_type(context, fields.scalar("type", needed=True))
    return Function(
        entry.name,
        entry.key.span,
        fields.text("label"),
        read_law(fields) or context.inherited_law,
        arguments,
        type if known else FAILED,
        formula,
    )


def read_arguments(fields: Fields) -> tuple[tuple[str, ValueType], ...]:
    """The names and types under `arguments`, in order."""
    node = fields.required("arguments", help="add `arguments: {amount: money}`, or make it a variable")
    if node is None:
        return ()
    arguments = []
    for entry in named_entries(fields.context, node, fields.span_of("arguments"), "`arguments`", of_what="an argument"):
        scalar = as_scalar(fields.context, entry.value, entry.key.span, f"the argument `{shown(entry.name)}`")
        arguments.append((entry.name, read_type(fields.context, scalar)))
    return tuple(arguments)


def read_variables(context: Context, entries: Iterable[MappingEntry]) -> tuple[Variable, ...]:
    """The `variables` of a module."""
    return tuple(_variable(context, entry) for entry in entries)


def _variable(context: Context, entry: MappingEntry) -> Variable:
    what = f"the variable `{shown(entry.name)}`"
    fields = open_fields(context, entry.value, entry.key.span, what, VARIABLE_KEYS)
    if fields is None:
        return Variable(entry.name, entry.key.span, type=FAILED)
    type = read_type(context, fields.scalar("type", needed=True))
    law = cited_law(fields, context.inherited_law, what)
    _check_applicability(fields)
    return Variable(
        entry.name,
        entry.key.span,
        fields.text("label", needed=True),
        law,
        read_entity(context, fields.scalar("entity", needed=True)),
        read_period_kind(context, fields.scalar("period", needed=True)),
        type,
        read_dated_formula(context, fields.required("formula"), fields.span_of("formula")),
        read_grid(context, fields.scalar("round"), type),
        read_formula(context, fields.node_of("applies_if"), fields.span_of("applies_if")),
        read_formula(context, fields.node_of("otherwise"), fields.span_of("otherwise")),
        read_exceptions(fields, "then"),
        fields.flag("stock"),
        *read_range(context, fields.scalar("range"), type),
        read_excluded(fields),
        fields.flag("status"),
    )


def read_excluded(fields: Fields) -> tuple[Excluded, ...]:
    """What cannot be stated together with a fact or figure: `excludes: [a, {b: {is_so: true}}]`."""
    node = fields.node_of("excludes")
    if node is None:
        return ()
    place = fields.span_of("excludes")
    excluded: list[Excluded] = []
    for item in as_sequence(fields.context, node, place, "`excludes`"):
        if isinstance(item, Mapping):
            excluded += (_excluded_where(fields, entry) for entry in item.entries)
        elif (scalar := as_scalar(fields.context, item, place, "`excludes`")) is not None:
            excluded.append(Excluded(scalar.text, scalar.span))
    return tuple(excluded)


def _excluded_where(fields: Fields, entry: MappingEntry) -> Excluded:
    conditions = as_mapping(fields.context, entry.value, entry.key.span, f"the entry of `{shown(entry.name)}`")
    return Excluded(entry.name, entry.key.span, read_said(fields, conditions))


def _check_applicability(fields: Fields) -> None:
    if fields.has("otherwise") and not fields.has("applies_if"):
        message = f"{fields.what} has `otherwise` but no `applies_if`"
        help_text = "add `applies_if:`, or remove `otherwise`"
        fields.context.report("E210", message, fields.span_of("otherwise"), help=help_text)


def read_exceptions(fields: Fields, result: str) -> tuple[VariableException, ...]:
    """The `exceptions` of a variable (`result` is `then`) or a reason (`needs`); each cites its own law."""
    node = fields.node_of("exceptions")
    if node is None:
        return ()
    entries = named_entries(
        fields.context, node, fields.span_of("exceptions"), "`exceptions`", of_what="an exception", in_formulas=False
    )
    return tuple(_exception(fields.context, entry, result) for entry in entries)


def _exception(context: Context, entry: MappingEntry, result: str) -> VariableException:
    what = f"the exception `{shown(entry.name)}`"
    keys = ("label", "law", "when", result, "over")
    fields = open_fields(context, entry.value, entry.key.span, what, keys)
    if fields is None:
        return VariableException(entry.name, entry.key.span)
    return VariableException(
        entry.name,
        entry.key.span,
        fields.text("label"),
        cited_law(fields, context.inherited_law, what),
        read_formula(context, fields.required("when"), fields.span_of("when")),
        read_formula(context, fields.required(result), fields.span_of(result)),
        _over(fields),
    )


def _over(fields: Fields) -> tuple[tuple[str, Span], ...]:
    """The exceptions that one is over; E210 for a name that appears twice."""
    names: dict[str, Span] = {}
    for name, span in name_list(fields, "over"):
        if name in names:
            fields.context.report(
                "E210", f"`{shown(name)}` appears twice in `over`", span, help="remove one of the two"
            )
        names.setdefault(name, span)
    return tuple(names.items())
