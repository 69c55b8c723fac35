"""`rulewright show NAME`: one definition whole, with its law, its values over time, what it uses and who uses it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from api.cli.output import say, say_json, waiting
from api.failures import ExitCode, Misuse
from api.rules import programs
from api.rules.definitions import describe
from api.rules.described import Condition, Described
from api.rules.names import DEFINED
from api.schema import as_data, cited
from engine.syntax.files import SETTINGS_FILE
from engine.text.diagnostics import RulesInvalid

_Field = tuple[str, str | list[str]]


def show_command(rules: str, name: str, reforms: Sequence[Path], as_json: bool) -> int:
    """Print the definition called `name`."""
    with waiting("reading the rules"):
        compiled = programs.check(rules, reforms, lint=False)
    if compiled.ruleset is None or compiled.program is None:
        raise RulesInvalid(compiled.problems)
    try:
        described = describe(compiled.ruleset, compiled.program, name)
    except Misuse:
        if name in programs.shipped_rules() or (Path(name) / SETTINGS_FILE).is_file():
            help = f"`rulewright list {name}` lists the names in it; write `rulewright show {name} NAME`"
            raise Misuse(f"`{name}` is a ruleset, and not a name in `{rules}`", help) from None
        raise
    if as_json:
        say_json(as_data(described))
        return ExitCode.DONE
    say(f"{described.name.rpartition(':')[2]}  ({described.kind} of {described.module or 'the ruleset'})")
    for key, value in _fields(described):
        _say_field(key, value)
    return ExitCode.DONE


def _fields(described: Described) -> Iterator[_Field]:
    """What is said of a definition, in the order in which a reader wants it; what is empty is not said."""
    yield "", described.label
    yield "law", cited(described.values[-1].law if described.values and described.values[-1].law else described.law)
    if described.where.file:
        yield (
            "where",
            f"{described.where.file}:{described.where.line}:{described.where.column}".removeprefix(
                f"{Path.cwd()}{os.sep}"
            ),
        )
    yield "plural", described.plural
    yield "a group of", described.of
    yield "belongs to", described.belongs_to
    yield "roles", list(described.roles)
    yield "members", [f"{name}: {label}" for name, label in (described.members or {}).items()]
    yield "figures", list(described.figures)
    if described.kind == "requirement":
        yield "is", f"a requirement of a {described.entity}, per {described.period}"
    elif described.entity:
        yield "is", f"{described.type} of a {described.entity}, per {described.period}"
    yield "permits", list(described.permits)
    yield "range", described.range
    yield "ask", described.ask
    yield "by law, if not stated", described.default_text
    yield "not listed in a complete case", described.absent_text
    if described.needs is not None:
        yield "needs", list(_condition(described.needs, 0))
    if described.takes is not None:
        yield "takes", ", ".join(f"{name}: {type}" for name, type in described.takes.items())
    yield "applies if", described.applies_if
    yield "otherwise", described.otherwise
    yield "formula", list(_formula_lines(described))
    for exception in described.exceptions:
        over = f" (over {', '.join(exception.over)})" if exception.over else ""
        lines = [f"when {exception.when}", f"then {exception.then}{over}", cited(exception.law)]
        yield f"exception {exception.name}", lines
    yield "rounded", described.rounded
    laws = [f"  [{cited(dated.law)}]" if dated.law else "" for dated in described.values]
    yield "values", [f"{dated.from_}  {dated.text}{law}" for dated, law in zip(described.values, laws, strict=True)]
    yield "known until", described.known_until
    yield "uprated by", described.uprated_by
    yield "read off", list(described.read_off)
    yield "set by reforms", list(described.set_by_reforms)
    if described.kind in (*DEFINED, "reason"):
        yield "uses", _short(described.uses, "nothing")
    if described.kind in (*DEFINED, "reason", "entity", "enum"):
        yield "used by", _short(described.used_by, "nobody")


def _short(names: Sequence[str], otherwise: str) -> str:
    return ", ".join(name.rpartition(":")[2] for name in names) or otherwise


def _formula_lines(described: Described) -> Iterator[str]:
    for dated in described.formulas:
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
