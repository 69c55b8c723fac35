"""Every place of a file where a name stands that means something elsewhere: in formulas, exports, examples, settings.

Read from the tree alone, so that it is there while the rules do not check. A name that a `let`, an aggregate or a
function's argument brings in is local and mentions nothing; a column of a table is not a figure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import get_args

from engine.reading.declarations import Example, Function, Input, RuleModule, Variable, VariableException
from engine.reading.declared_constants import BracketStarts, Uprate
from engine.reading.declared_settings import Settings
from engine.syntax import ast
from engine.syntax.nodes import Mapping as MappingNode
from engine.syntax.nodes import Node as YamlNode
from engine.syntax.nodes import Scalar, Sequence
from engine.text.source import Source, Span

_EXPRESSIONS = get_args(ast.Expression)
_Locals = Mapping[str, str]  # a local name, and whether it stands for a person or record (`whom`) or a `value`


@dataclass(frozen=True, slots=True)
class Mention:
    """A name and where it stands. `how`: `name`, `member` (of an enum), `export`, or `example` (a key of a case)."""

    name: str
    span: Span
    how: str = "name"


def mentions(module: RuleModule) -> Iterator[Mention]:
    """Every mention in a module, without the declarations themselves."""
    for name, span in module.exports:
        yield Mention(name, span, "export")
    for group in (
        module.inputs, module.parameters, module.tables, module.scales, module.variables, module.requirements,
    ):  # fmt: skip
        yield from _inside(group, {})
    for function in module.functions:
        yield from _function(function)
    for example in module.examples:
        yield from _example(example)


def settled_mentions(settings: Settings) -> Iterator[Mention]:
    """What `ruleset.yaml` names of the modules: the figures of assessments and sets, facts that vacate roles."""
    places = [assessment.places for assessment in settings.assessments.values()]
    places += [figure_set.places for figure_set in settings.figure_sets.values()]
    for named in places:
        for name, span in named.items():
            yield Mention(name, span)
    for entity in settings.entities.values():
        for role in entity.roles:
            if role.unless and role.unless_span is not None:
                yield Mention(role.unless, role.unless_span)
            if role.unless_stated and role.unless_stated_span is not None:
                yield Mention(role.stated_figure, role.unless_stated_span)


def _function(function: Function) -> Iterator[Mention]:
    names = {name: "value" for name, _ in function.arguments}
    for dated in function.formula:
        yield from _formula(dated.formula, names)


def _inside(value: object, names: _Locals) -> Iterator[Mention]:
    """The mentions in declarations and whatever they hold."""
    match value:
        case Uprate():
            yield Mention(value.by, value.span)
            return
        case BracketStarts():
            yield Mention(value.scale, value.span)
            return
        case Input() | Variable():
            yield from (Mention(other.name, other.span) for other in value.excludes)
            yield from (Mention(said.name, said.span) for other in value.excludes for said in other.where)
        case VariableException():
            pass
    if isinstance(value, _EXPRESSIONS):
        yield from _formula(value, names)
    elif isinstance(value, tuple | list):
        for item in value:
            yield from _inside(item, names)
    elif is_dataclass(value) and not isinstance(value, Source | Span):
        for field in fields(value):
            if field.name not in ("values", "overlays"):  # constants hold no names, and may be long
                yield from _inside(getattr(value, field.name), names)


def _formula(node: object, names: _Locals) -> Iterator[Mention]:
    match node:
        case ast.Name():
            if node.name not in names:
                yield Mention(node.name, node.span)
        case ast.EnumLiteral():
            yield Mention(node.member, node.span, "member")
        case ast.Attribute():
            yield from _formula(node.base, names)
            if not _is_row(node.base, names):
                yield Mention(node.name, node.name_span)
        case ast.Let():
            bound = dict(names)
            for binding in node.bindings:
                yield from _formula(binding.value, bound)
                bound[binding.name] = "value"
            yield from _formula(node.body, bound)
        case ast.Aggregate() | ast.Chosen() | ast.Ranked():
            yield from _formula(node.source, names)
            inner = {**names, node.name: "whom"}
            parts = [node.body, node.where]
            if not isinstance(node, ast.Aggregate):
                parts += [key.value for key in node.keys]
            if isinstance(node, ast.Chosen):
                yield from _formula(node.count, names)
            for part in parts:
                yield from _formula(part, inner)
        case ast.Replacement():
            yield from _formula(node.source, names)
            inner = {**names, node.name: "whom"} if node.name else dict(names)
            for part in (node.target, node.value, node.where):
                yield from _formula(part, inner)
        case ast.Is():
            yield from _formula(node.value, names)
            yield from _formula(node.group, names)
            if node.name != "none":
                yield Mention(node.name, node.name_span)
        case tuple():
            for item in node:
                yield from _formula(item, names)
        case ast.Node():
            for field in fields(node):
                if field.name != "span":
                    yield from _formula(getattr(node, field.name), names)
        case ast.When():
            yield from _formula(node.date, names)


def _is_row(base: ast.Expression, names: _Locals) -> bool:
    """Whether an attribute of it is a column: it is a row of a table, or a local name for one."""
    return isinstance(base, ast.Index) or (isinstance(base, ast.Name) and names.get(base.name) == "value")


def _example(example: Example) -> Iterator[Mention]:
    for node in (example.given, example.expect):
        if isinstance(node, MappingNode):
            yield from _keys(node)


def _lists(node: Sequence) -> Iterator[Mention]:
    for item in node.items:
        if isinstance(item, Scalar):
            yield Mention(item.text, item.span, "example")


def _keys(node: YamlNode) -> Iterator[Mention]:
    """The keys of a case: entities, roles, facts and figures, and the lists that `complete` and `open` name; ids and
    periods mean nothing elsewhere."""
    match node:
        case MappingNode():
            for entry in node:
                if entry.name in ("complete", "open") and isinstance(entry.value, Sequence):
                    yield from _lists(entry.value)
                yield Mention(entry.name, entry.key.span, "example")
                yield from _keys(entry.value)
        case Sequence():
            for item in node:
                yield from _keys(item)
        case Scalar():
            pass
