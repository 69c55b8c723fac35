"""Reforms: (Ruleset, Reform) -> Ruleset. Nothing is changed in place.

1. `set` puts dated values over those of a parameter, a table's cell or column, or a scale's brackets. From its first
   date on the reform's value stands, whatever the law said for later dates, until the reform's own next date; there
   `current` gives the law's own values back.
2. `replace` exchanges whole definitions, `remove` takes definitions or exceptions away, `add` adds a module. All three
   also reach one reason of a requirement by its path.
3. What names nothing is E803; a line, or a whole reform, that leaves everything as it was is E804.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path

from engine.reading.context import Context
from engine.reading.declarations import RuleModule, Ruleset, Variable
from engine.reading.declared import Declaration
from engine.reading.documents import read_reform
from engine.reading.module import GROUPS
from engine.reading.reform import ReasonChange, Reform
from engine.reforms.reasons import apply_reason
from engine.reforms.settings import apply_setting
from engine.syntax.files import load_source
from engine.text.diagnostics import Diagnostics
from engine.text.source import Span

_FIELDS = tuple(GROUPS)


def apply_reforms(ruleset: Ruleset, paths: Sequence[Path], problems: Diagnostics) -> Ruleset:
    """The ruleset under the reforms in `paths`, in order. A reform that cannot be read changes nothing."""
    for path in paths:
        source = load_source(path, problems)
        reform = read_reform(source, path.stem, ruleset.settings, problems) if source is not None else None
        if reform is not None:
            ruleset = apply_reform(ruleset, reform, problems)
    return ruleset


def apply_reform(ruleset: Ruleset, reform: Reform, problems: Diagnostics) -> Ruleset:
    """The ruleset under one reform."""
    before = ruleset
    context = Context(ruleset.settings, problems, inherited_law=reform.law)
    for setting in reform.settings:
        ruleset = apply_setting(ruleset, setting, context)
    ruleset = _replace(ruleset, reform, problems)
    for change in reform.reasons:
        ruleset = apply_reason(ruleset, change, problems)
    ruleset = _remove(ruleset, reform, problems)
    if reform.added is not None and any(getattr(reform.added, group) for group in _FIELDS):
        ruleset = replace(ruleset, modules=(*ruleset.modules, reform.added))
    if ruleset == before and not problems.errors:
        help_text = "give it a `set`, `replace`, `add` or `remove` that changes the law"
        problems.add("E804", f"the reform `{reform.name}` changes nothing", reform.span, help=help_text)
    return ruleset


def _replace(ruleset: Ruleset, reform: Reform, problems: Diagnostics) -> Ruleset:
    for group in _FIELDS:
        for declaration in getattr(reform.replaced, group):
            ruleset = _exchange(ruleset, group, declaration, problems)
    return ruleset


def _exchange(ruleset: Ruleset, group: str, declaration: Declaration, problems: Diagnostics) -> Ruleset:
    name = declaration.name
    holders = [
        module for module in ruleset.modules if any(declared.name == name for declared in getattr(module, group))
    ]
    if len(holders) != 1:
        what = "is declared in several modules" if holders else f"is not among the law's {group}"
        help_text = "export the right one" if holders else "put it under `add`, or correct the name"
        near = get_close_matches(
            name, [declared.name for module in ruleset.modules for declared in getattr(module, group)], n=1
        )
        if near and not holders:
            help_text = f"did you mean `{near[0]}`? What is new goes under `add`"
        problems.add("E803", f"`{name}` {what}", declaration.span, help=help_text)
        return ruleset
    before = getattr(holders[0], group)
    after = tuple(declaration if declared.name == name else declared for declared in before)
    if after == before:
        problems.add("E804", f"`{name}` is replaced by itself", declaration.span, help="change it, or leave it out")
    return _with_module(ruleset, holders[0], {group: after})


def _with_module(ruleset: Ruleset, module: RuleModule, changes: Mapping[str, object]) -> Ruleset:
    changed = replace(module, **changes)  # type: ignore[arg-type]
    return replace(
        ruleset, modules=tuple(changed if other_module is module else other_module for other_module in ruleset.modules)
    )


def _remove(ruleset: Ruleset, reform: Reform, problems: Diagnostics) -> Ruleset:
    for path, span in reform.removed:
        parts = path.split(".")
        if len(parts) == 3 and parts[1] == "exceptions":
            ruleset = _remove_exception(ruleset, parts[0], parts[2], span, problems)
        elif len(parts) > 1:
            ruleset = apply_reason(ruleset, ReasonChange("remove", path, span), problems)
        else:
            ruleset = _remove_definition(ruleset, path, span, problems)
    return ruleset


def _remove_definition(ruleset: Ruleset, name: str, span: Span, problems: Diagnostics) -> Ruleset:
    for module in ruleset.modules:
        for group in _FIELDS:
            before: tuple[Declaration, ...] = getattr(module, group)
            if any(declaration.name == name for declaration in before):
                left = tuple(declaration for declaration in before if declaration.name != name)
                exports = tuple(export for export in module.exports if export[0] != name)
                return _with_module(ruleset, module, {group: left, "exports": exports})
    names = [declared.name for module in ruleset.modules for group in _FIELDS for declared in getattr(module, group)]
    near = get_close_matches(name, names, n=1)
    help_text = f"did you mean `{near[0]}`?" if near else "name a definition, or `variable.exceptions.name`"
    problems.add("E803", f"there is no `{name}` to remove", span, help=help_text)
    return ruleset


def _remove_exception(ruleset: Ruleset, name: str, exception: str, span: Span, problems: Diagnostics) -> Ruleset:
    for module in ruleset.modules:
        for variable in module.variables:
            if variable.name == name and any(rule.name == exception for rule in variable.exceptions):
                return _with_module(ruleset, module, {"variables": _less(module.variables, name, exception)})
    message = f"`{name}` has no exception `{exception}`"
    problems.add("E803", message, span, help="`rulewright show NAME` lists the exceptions of a figure")
    return ruleset


def _less(variables: Sequence[Variable], name: str, exception: str) -> tuple[Variable, ...]:
    """The variables, the named one without one of its exceptions, which is also taken from the others' `over`."""
    changed = []
    for variable in variables:
        if variable.name == name:
            left = tuple(
                replace(rule, over=tuple(pair for pair in rule.over if pair[0] != exception))
                for rule in variable.exceptions
                if rule.name != exception
            )
            variable = replace(variable, exceptions=left)
        changed.append(variable)
    return tuple(changed)
