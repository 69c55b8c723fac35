"""`rulewright show NAME`: one definition whole, with its law, its values over time, what it uses and who uses it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from api.cli.output import say, say_json, waiting
from api.failures import ExitCode
from api.rules import programs
from api.rules.definitions import Condition, Described, describe
from api.rules.names import DEFINED
from api.schema import as_data, cited
from engine.text.diagnostics import RulesInvalid

_Field = tuple[str, str | list[str]]


def show_command(rules: str, name: str, reforms: Sequence[Path], as_json: bool) -> int:
    """Print the definition called `name`."""
    with waiting("reading the rules"):
        compiled = programs.check(rules, reforms, lint=False)
    if compiled.ruleset is None or compiled.program is None:
        raise RulesInvalid(compiled.problems)
    found = describe(compiled.ruleset, compiled.program, name)
    if as_json:
        say_json(as_data(found))
        return ExitCode.DONE
    say(f"{found.name.rpartition(':')[2]}  ({found.kind} of {found.module or 'the ruleset'})")
    for key, value in _fields(found):
        _say_field(key, value)
    return ExitCode.DONE


def _fields(one: Described) -> Iterator[_Field]:
    """What is said of a definition, in the order in which a reader wants it; what is empty is not said."""
    yield "", one.label
    yield "law", cited(one.law)
    if one.where.file:
        yield "where", f"{one.where.file}:{one.where.line}:{one.where.column}".removeprefix(f"{Path.cwd()}{os.sep}")
    yield "plural", one.plural
    yield "a group of", one.of
    yield "belongs to", one.belongs_to
    yield "roles", list(one.roles)
    yield "members", [f"{name}: {label}" for name, label in (one.members or {}).items()]
    if one.kind == "requirement":
        yield "is", f"a requirement of a {one.entity}, per {one.period}"
    elif one.entity:
        yield "is", f"{one.type} of a {one.entity}, per {one.period}"
    yield "permits", list(one.permits)
    yield "range", one.range
    yield "ask", one.ask
    yield "by law, if not stated", one.default_text
    yield "not listed in a complete case", one.absent_text
    if one.needs is not None:
        yield "needs", list(_condition(one.needs, 0))
    if one.takes is not None:
        yield "takes", ", ".join(f"{name}: {type}" for name, type in one.takes.items())
    yield "applies if", one.applies_if
    yield "otherwise", one.otherwise
    yield "formula", list(_formula_lines(one))
    for exception in one.exceptions:
        over = f" (over {', '.join(exception.over)})" if exception.over else ""
        lines = [f"when {exception.when}", f"then {exception.then}{over}", cited(exception.law)]
        yield f"exception {exception.name}", lines
    yield "rounded", one.rounded
    yield "values", [f"{dated.from_}  {dated.text}" for dated in one.values]
    yield "known until", one.known_until
    yield "uprated by", one.uprated_by
    yield "read off", list(one.read_off)
    yield "set by reforms", list(one.set_by_reforms)
    if one.kind in (*DEFINED, "reason"):
        yield "uses", _short(one.uses, "nothing")
    if one.kind in (*DEFINED, "reason", "entity", "enum"):
        yield "used by", _short(one.used_by, "nobody")


def _short(names: Sequence[str], otherwise: str) -> str:
    return ", ".join(name.rpartition(":")[2] for name in names) or otherwise


def _formula_lines(one: Described) -> Iterator[str]:
    for dated in one.formulas:
        if dated.from_:
            yield f"from {dated.from_}:"
        yield from dated.formula.splitlines()


def _condition(condition: Condition, depth: int) -> Iterator[str]:
    indent = "  " * depth
    if not condition.parts:
        yield f"{indent}{condition.name}: {condition.needs}  [{cited(condition.law)}]"
        for exception in condition.exceptions:
            yield f"{indent}  or when {exception.when}: {exception.then}  [{cited(exception.law)}]"
        return
    yield f"{indent}{condition.name}: {condition.mode.replace('_', ' ')} of"
    for part in condition.parts:
        yield from _condition(part, depth + 1)


def _say_field(key: str, value: str | list[str]) -> None:
    if isinstance(value, str):
        if value:
            say(f"  {key + ':':<10} {value}" if key else f"  {value}")
    elif value:
        say(f"  {key}:")
        for line in value:
            say(f"    {line}")
