"""The `set` lines of a reform: dated values laid over a constant's own.

1. The path names a parameter, a table's row or cell, or a scale (and the key whose brackets are meant).
2. Every date on which the law or the reform changes is a breakpoint. At each the law's value at that date is taken, and
   what the reform says from its last date on is put in its place; `current`, or no reform date yet, leaves it.
3. What was said is kept as overlays too: no projection, and no scale that a table is read off, may undo it. From a date
   that says `indexed` on, what was set before it moves with the constant's own index.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from difflib import get_close_matches
from fractions import Fraction
from typing import Any, TypeVar

from engine.reading.context import Context
from engine.reading.dated import dated_entries
from engine.reading.declarations import RuleModule, Ruleset
from engine.reading.declared_constants import Key, KeyType, Overlay, Parameter, Scale, Table, Uprate
from engine.reading.percent import read_constant
from engine.reading.reform import Setting
from engine.reading.scales import bands_of, read_brackets
from engine.reading.tables import Shape, key_values, key_words, read_row
from engine.syntax import ast
from engine.syntax.nodes import MappingEntry, Scalar
from engine.syntax.parser import parse_formula
from engine.syntax.paths import plain_path
from engine.values.types import FAILED, Kind, Value

Constant = Parameter | Table | Scale
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Target:
    """What a path names: a constant of a module, the keys in brackets, and the column after the point."""

    module: RuleModule
    constant: Constant
    keys: tuple[Key, ...]
    column: str


def apply_setting(ruleset: Ruleset, setting: Setting, context: Context) -> Ruleset:
    """The ruleset with one `set` line in force. A line that names nothing is E803, one that changes nothing E804."""
    target = _target(ruleset, setting, context)
    if target is None:
        return ruleset
    changed = _changed(target, setting, context)
    if changed is None:
        return ruleset
    if changed == target.constant:
        message = f"`{setting.path.text}` already has these values"
        context.report("E804", message, setting.path.span, help="write the values that the reform wants, or remove it")
        return ruleset
    module = with_declaration(target.module, target.constant.name, changed)
    return replace(
        ruleset,
        modules=tuple(module if other_module is target.module else other_module for other_module in ruleset.modules),
    )


def with_declaration(module: RuleModule, name: str, declared: Constant) -> RuleModule:
    """The module with its constant `name` exchanged."""

    def exchanged(group: tuple[_T, ...]) -> tuple[_T, ...]:
        return tuple(declared if getattr(declaration, "name", "") == name else declaration for declaration in group)  # type: ignore[misc]

    match declared:
        case Parameter():
            return replace(module, parameters=exchanged(module.parameters))
        case Table():
            return replace(module, tables=exchanged(module.tables))
        case Scale():
            return replace(module, scales=exchanged(module.scales))


# --- finding what a path names


def _target(ruleset: Ruleset, setting: Setting, context: Context) -> Target | None:
    tree = plain_path(setting.fragment) or parse_formula(setting.fragment, context.problems)
    if tree is None:
        return None
    column, base = (tree.name, tree.base) if isinstance(tree, ast.Attribute) else ("", tree)
    keys = base.keys if isinstance(base, ast.Index) else ()
    name = base.base if isinstance(base, ast.Index) else base
    if not isinstance(name, ast.Name):
        help_text = "write `name`, `table[key].column` or `scale[key]`"
        context.report("E803", f"`{setting.path.text}` names no constant", setting.path.span, help=help_text)
        return None
    match = _constant(ruleset, name, context)
    if match is None:
        return None
    module, constant = match
    read_keys = _keys(constant, keys, name, context)
    return Target(module, constant, read_keys, column) if read_keys is not None else None


def _constant(ruleset: Ruleset, name: ast.Name, context: Context) -> tuple[RuleModule, Constant] | None:
    everything = [(module, constant) for module in ruleset.modules for constant in constants(module)]
    matches = [(module, declared) for module, declared in everything if declared.name == name.name]
    exported = [pair for pair in matches if name.name in {export for export, _ in pair[0].exports}]
    if len(exported or matches) == 1:
        return (exported or matches)[0]
    if matches:
        modules = ", ".join(f"`{module.name}`" for module, _ in matches)
        message = f"`{name.name}` is declared in several modules: {modules}"
        context.report("E803", message, name.span, help="export the right one")
    else:
        computed = [variable.name for module in ruleset.modules for variable in module.variables]
        names = [declared.name for _, declared in everything]
        help_text = context.did_you_mean(name.name, names)
        nearest = get_close_matches(name.name, [*names, *computed], n=1)
        if nearest and nearest[0] not in names:
            help_text = f"`{nearest[0]}` is computed: put another definition under `replace: {{variables: …}}`"
        context.report("E803", f"there is no constant `{name.name}`", name.span, help=help_text)
    return None


def constants(module: RuleModule) -> Iterator[Constant]:
    """The parameters, tables and scales of a module."""
    yield from module.parameters
    yield from module.tables
    yield from module.scales


def _first_keys(constant: Constant, context: Context, types: Sequence[KeyType]) -> str:
    """An example of what to write, each key by its first value, on a line of its own."""
    known = [_rows_by_day(constant) if key.day else key_values(context, key) for key in types]
    if not types or not all(known):
        return ""
    firsts = ", ".join(key_words(next(iter(values))) for values in known)
    return f", such as `{constant.name}[{firsts}]`, each on a line of its own"


def _keys(
    constant: Constant, written: Sequence[ast.Expression], name: ast.Name, context: Context
) -> tuple[Key, ...] | None:
    types: tuple[KeyType, ...] = ()
    if isinstance(constant, Table):
        types = constant.keys
    elif isinstance(constant, Scale) and constant.key is not None:
        types = (constant.key,)
    if len(written) != len(types):
        wanted = f"`{name.name}[{', '.join(key.name for key in types)}]`" if types else f"`{name.name}`"
        each = _first_keys(constant, context, types)
        context.report("E803", f"`{name.name}` is not named like this", name.span, help=f"write {wanted}{each}")
        return None
    keys = []
    for node, key_type in zip(written, types, strict=True):
        key = _key(node)
        known = _rows_by_day(constant) if key_type.day else key_values(context, key_type)
        if key not in known:
            help_text = context.did_you_mean(node.span.text, [key_words(value) for value in known])
            context.report("E803", f"`{name.name}` has no key `{node.span.text}`", node.span, help=help_text)
            return None
        assert key is not None
        keys.append(key)
    return tuple(keys)


def _rows_by_day(constant: Constant) -> tuple[Key, ...]:
    """The dates that are keys of a table's rows."""
    rows = [row for _, content in constant.values for row in content] if isinstance(constant, Table) else []
    return tuple(dict.fromkeys(part for row in rows for part in row if isinstance(part, date)))


def _key(node: ast.Expression) -> Key | None:
    match node:
        case ast.Name():
            return node.name
        case ast.EnumLiteral():
            return node.member
        case ast.Number(whole=True):
            return int(node.value)
        case ast.Boolean() | ast.DateLiteral():
            return node.value
    return None


# --- laying values over values


def _changed(target: Target, setting: Setting, context: Context) -> Constant | None:
    """The constant with the line's values laid over its own; None with E803 where the path has a column it has not."""
    columns = target.constant.columns if isinstance(target.constant, Table) else {}
    if target.column and target.column not in columns:
        return _no_column(target, setting, context)
    constant = target.constant
    changes = _changes(target, setting, context)
    values = _laid_over(constant.values, changes, setting, context)
    overlays = tuple(overlay for _, _, overlay in changes if overlay is not None)
    if values == constant.values and not any(
        _outlasts_what_is_stated(constant, given_overlay) for given_overlay in overlays
    ):
        return constant
    overlays = (*constant.overlays, *overlays)
    return replace(constant, values=values, overlays=overlays, uprate=_kept_base(constant))  # type: ignore[arg-type]


def _outlasts_what_is_stated(constant: Constant, overlay: Overlay) -> bool:
    """Whether an overlay that repeats the stated values still makes a difference: to what is projected from them, or to
    what is read off a scale."""
    if isinstance(constant, Table) and constant.follows:
        return True
    limit = constant.known_until
    return constant.uprate is not None and not (limit and overlay.end and overlay.end <= limit)


def _kept_base(constant: Constant) -> Uprate | None:
    """The `uprate` with the law's own value at its base, before a reform changes it."""
    uprate = constant.uprate
    if uprate is None or uprate.law_at_base is not None:
        return uprate
    value_at_base = next((value for day, value in reversed(constant.values) if day <= uprate.base), None)
    return replace(uprate, law_at_base=value_at_base)


def _content(target: Target, entry: MappingEntry, context: Context) -> object:
    shares = _are_shares(target.constant)
    match target.constant:
        case Parameter() as parameter:
            return read_constant(context, entry.value, parameter.type or FAILED, entry.key.span, shares)
        case Table() as table if target.column:
            return read_constant(context, entry.value, table.columns[target.column], entry.key.span, shares)
        case Table() as table:
            shape = Shape(table.name, table.keys, table.columns, table.partial)
            return read_row(context, entry.value, shape, entry.key.span, shares)
        case Scale() as scale:
            return read_brackets(context, entry.value, bands_of(scale), entry.key.span)


def _are_shares(constant: Constant) -> bool:
    """Whether the law's own rates are all at most 1: then a plain number above it is refused, and not only told of."""
    if isinstance(constant, Parameter):
        stated: list[Value] = [value for _, value in constant.values]
    elif isinstance(constant, Table):
        rates = {name for name, type in constant.columns.items() if type.kind is Kind.RATE}
        rows = (row for _, content in constant.values for row in content.values())
        stated = [value for row in rows for name, value in row.items() if name in rates]
    else:
        return False
    return all(isinstance(value, int | Fraction) and value <= 1 for value in stated)


def _no_column(target: Target, setting: Setting, context: Context) -> Constant | None:
    columns = list(target.constant.columns) if isinstance(target.constant, Table) else []
    message = f"`{target.constant.name}` has no column `{target.column}`"
    context.report("E803", message, setting.path.span, help=context.did_you_mean(target.column, columns, "remove it"))
    return None


def _changes(target: Target, setting: Setting, context: Context) -> list[tuple[date, MappingEntry, Overlay | None]]:
    """For each date of the line what it lays over the law's value; None for `current`."""
    entries = list(dated_entries(context, setting.values, setting.path.span, f"`{setting.path.text}`"))
    key: tuple[Key, ...] | Key | None = target.keys
    if isinstance(target.constant, Scale):
        key = target.keys[0] if target.keys else None
    changes: list[tuple[date, MappingEntry, Overlay | None]] = []
    for index, (day, entry) in enumerate(entries):
        end = entries[index + 1][0] if index + 1 < len(entries) else None
        word = entry.value.text if isinstance(entry.value, Scalar) else ""
        before = changes[-1][2] if changes else None
        overlay: Overlay | None = None
        if word == "indexed":
            overlay = _indexed(target, setting, entry, before, context)
            overlay = overlay and replace(overlay, start=day, end=end, span=entry.value.span)
        elif word != "current":
            whole = isinstance(target.constant, Parameter)
            content = _content(target, entry, context)
            overlay = Overlay(day, end, whole, None if whole else key, target.column, content, entry.value.span)
        changes.append((day, entry, overlay))
    return changes


def _indexed(
    target: Target, setting: Setting, entry: MappingEntry, before: Overlay | None, context: Context
) -> Overlay | None:
    """What was set before, moving on from its own date; E803 where nothing was, or nothing moves the constant."""
    message, help_text = "", ""
    if target.constant.uprate is None:
        message = f"`{target.constant.name}` has no `uprate` that says how it is indexed"
        help_text = "write the later values, or replace the constant by one with an `uprate`"
    elif before is None:
        message = f"`{setting.path.text}` has no value of the reform before `indexed`"
        help_text = "write the value and its date first: `{2026-01-01: 2_450, 2027-01-01: indexed}`"
    if message:
        context.report("E803", message, entry.value.span, help=help_text)
        return None
    assert before is not None
    return replace(before, indexed_from=before.indexed_from or before.start)


def _laid_over(
    law: Sequence[tuple[date, Any]],
    changes: Sequence[tuple[date, MappingEntry, Overlay | None]],
    setting: Setting,
    context: Context,
) -> tuple[tuple[date, Any], ...]:
    result: list[tuple[date, Any]] = []
    for day in sorted({day for day, _ in law} | {day for day, _, _ in changes}):
        own = next((value for start, value in reversed(law) if start <= day), None)
        change = next((overlay_then for start, _, overlay_then in reversed(changes) if start <= day), None)
        if own is None and change is not None and change.whole:
            result.append((day, change.content))
        elif own is None:
            message = f"`{setting.path.text}` has no value on {day} that could be changed"
            context.report(
                "E803", message, setting.path.span, help=f"begin on {law[0][0]}" if law else "add it instead"
            )
        else:
            result.append((day, own if change is None else change.laid_over(own)))
    return tuple(_without_repeats(result))


def _without_repeats(values: Sequence[tuple[date, Any]]) -> Iterator[tuple[date, Any]]:
    """Drop the dates on which nothing changes."""
    for index, entry in enumerate(values):
        if index == 0 or values[index - 1][1] != entry[1]:
            yield entry
