"""Reforms of one reason of a requirement, by its path: `may_drive_c.all.old_enough`, or without `all` and `any_of`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from difflib import get_close_matches

from engine.reading.declarations import Reason, Requirement, Ruleset
from engine.reading.reform import ReasonChange
from engine.text.diagnostics import Diagnostics

_MODES = ("all", "any_of")


class _Missing(Exception):
    """A path that leads nowhere: what it does not find, and what there is. Never leaves this module."""

    def __init__(self, message: str, known: Sequence[str] = (), remedy: str = "") -> None:
        super().__init__(message)
        self.known, self.remedy = known, remedy


def apply_reason(ruleset: Ruleset, change: ReasonChange, problems: Diagnostics) -> Ruleset:
    """The ruleset with one reason replaced, added or removed; E803 or E804 where that cannot be."""
    name, *path = change.path.split(".")
    for module in ruleset.modules:
        for requirement in module.requirements:
            if requirement.name == name and requirement.reason is not None:
                after = _changed(requirement, path, change, problems)
                others = tuple(after if other is requirement else other for other in module.requirements)
                changed = replace(module, requirements=others)
                return replace(
                    ruleset,
                    modules=tuple(
                        changed if other_module is module else other_module for other_module in ruleset.modules
                    ),
                )
    names = [declared.name for module in ruleset.modules for declared in module.requirements]
    near = get_close_matches(name, names, n=1)
    help_text = f"did you mean `{near[0]}`?" if near else "name a requirement before the first point"
    problems.add("E803", f"there is no requirement `{name}`", change.span, help=help_text)
    return ruleset


def _changed(requirement: Requirement, path: Sequence[str], change: ReasonChange, problems: Diagnostics) -> Requirement:
    assert requirement.reason is not None
    try:
        reason = _within(requirement.reason, list(path), change)
    except _Missing as missing:
        near = get_close_matches(path[-1] if path else "", missing.known, n=1)
        listed = ", ".join(f"`{known_name}`" for known_name in missing.known[:5])
        remedy = missing.remedy or (f"did you mean `{near[0]}`?" if near else f"one of {listed}")
        problems.add("E803", str(missing), change.span, help=remedy)
        return requirement
    if reason == requirement.reason:
        problems.add("E804", f"`{change.path}` is replaced by itself", change.span, help="change it, or leave it out")
    return replace(requirement, reason=reason)


def _within(reason: Reason, path: list[str], change: ReasonChange) -> Reason:
    """A reason with the change made below it. Raises _Missing."""
    if path and path[0] in _MODES:
        if path[0] != reason.mode:
            raise _Missing(f"`{reason.name}` has no `{path[0]}`", (), f"it has `{reason.mode or 'needs'}`")
        path = path[1:]
    known = [part.name for part in reason.parts]
    if not path:
        raise _Missing(f"`{change.path}` names no reason", known)
    name, *rest = path
    if not rest and change.action == "add":
        return _added(reason, name, change)
    if name not in known:
        raise _Missing(f"`{reason.name}` has no reason `{name}`", known, "" if known else "it has no parts")
    parts = []
    for part in reason.parts:
        if part.name != name:
            parts.append(part)
        elif rest:
            parts.append(_within(part, rest, change))
        elif change.reason is not None:
            parts.append(change.reason)
    if not parts:
        raise _Missing(f"`{name}` is the only reason of `{reason.name}`", (), "remove what it is part of")
    return replace(reason, parts=tuple(parts))


def _added(reason: Reason, name: str, change: ReasonChange) -> Reason:
    assert change.reason is not None
    if not reason.mode:
        raise _Missing(f"`{reason.name}` is not made of reasons", (), "replace it by `all: {…}`")
    if any(part.name == name for part in reason.parts):
        raise _Missing(f"`{reason.name}` has a reason `{name}` already", (), "put it under `replace`, or rename it")
    return replace(reason, parts=(*reason.parts, change.reason))
