"""`rulewright show NAME`: one definition whole, with its law, its values over time, what it uses and who uses it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from api.cases.values import as_json as value_json
from api.cases.values import as_text
from api.cli.output import place_json, say, say_json, waiting
from api.failures import ExitCode, Misuse, suggestion
from api.rules import programs
from engine.ir import nodes as ir
from engine.ir.program import DatedExpression, Program
from engine.ir.walk import walk
from engine.reading.declarations import (
    Bracket,
    Dated,
    Declaration,
    Function,
    Input,
    Parameter,
    Reason,
    Requirement,
    RuleModule,
    Ruleset,
    Scale,
    Settings,
    Table,
    Variable,
)
from engine.syntax.printer import print_formula
from engine.text.diagnostics import RulesInvalid
from engine.values.numbers import format_decimal
from engine.values.types import MONEY, RATE, ValueType

_GROUPS = ("inputs", "parameters", "tables", "scales", "functions", "variables", "requirements")
_KINDS = {"inputs": "fact", "variables": "figure"}
Field = tuple[str, str | list[str]]


@dataclass(frozen=True, slots=True)
class Found:
    """A declaration, the module it stands in, its kind, and its name in the whole program."""

    module: RuleModule
    kind: str
    declaration: Declaration
    name: str


def show_command(rules: str, name: str, reforms: Sequence[Path], as_json: bool) -> int:
    """Print the definition called `name`."""
    with waiting("reading the rules"):
        compiled = programs.check(rules, reforms, lint=False)
    if compiled.ruleset is None or compiled.program is None:
        raise RulesInvalid(compiled.problems)
    found = find(compiled.ruleset, name)
    uses, users = links(compiled.program, found.name)
    described = list(describe(found.declaration, compiled.ruleset.settings))
    if as_json:
        say_json(_as_json(found, described, uses, users))
        return ExitCode.DONE
    say(f"{found.declaration.name}  ({found.kind} of {found.module.name})")
    for key, value in [*_heading(found), *described, ("uses", uses), ("used by", users)]:
        _say_field(key, value)
    return ExitCode.DONE


def find(ruleset: Ruleset, name: str) -> Found:
    """The definition that `name` means: an export, `module:name`, or the only private one of that name."""
    everything = list(definitions(ruleset))
    exact = [one for one in everything if one.name == name]
    found = exact or [one for one in everything if one.declaration.name == name]
    if len(found) == 1:
        return found[0]
    if found:
        choices = ", ".join(f"`{one.name}`" for one in found)
        raise Misuse(f"`{name}` is a private name of several modules", f"name one of {choices}")
    known = {one.declaration.name for one in everything}
    raise Misuse(
        f"there is no definition `{name}`", suggestion(name, known, "see `rulewright check` for what there is")
    )


def definitions(ruleset: Ruleset) -> Iterator[Found]:
    """Every definition of a ruleset."""
    for module in ruleset.modules:
        exported = {name for name, _ in module.exports}
        groups = [(group, getattr(module, group)) for group in _GROUPS]
        for group, declarations in groups:
            for one in declarations:
                name = one.name if one.name in exported else f"{module.name}:{one.name}"
                yield Found(module, _KINDS.get(group, group.rstrip("s")), one, name)


def links(program: Program, name: str) -> tuple[list[str], list[str]]:
    """What the definition `name` uses, and who uses it: figures, constants and functions."""
    uses: dict[str, None] = {}
    users: dict[str, None] = {}
    everything: list[tuple[str, tuple[DatedExpression, ...]]] = [
        *((one.name, one.formulas) for one in program.definitions.values()),
        *((one.name, one.formulas) for one in program.functions.values()),
    ]
    for reader, formulas in everything:
        for read in (read for dated in formulas for read in _named(dated.body)):
            if reader == name:
                uses[read] = None
            if read == name:
                users[reader] = None
    return list(uses), sorted(users)


def _named(body: ir.Expression) -> Iterator[str]:
    reading = ir.VariableRead | ir.OverTime | ir.ParameterRead | ir.TableRead | ir.ScaleRead | ir.FunctionCall
    for node in walk(body):
        if isinstance(node, reading):
            yield node.name


def _heading(found: Found) -> list[Field]:
    one = found.declaration
    fields: list[Field] = [("", one.label)] if one.label else []
    return [*fields, ("law", one.law), ("where", _from_here(str(one.span)))]


# --- what each kind of definition says of itself


def _from_here(place: str) -> str:
    """A place in a file as one would name it from the working folder."""
    return place.removeprefix(f"{Path.cwd()}{os.sep}")


def describe(one: Declaration, settings: Settings) -> Iterator[Field]:
    """The fields of a definition, in the order in which a reader wants them."""
    match one:
        case Input():
            yield from _input(one, settings)
        case Variable():
            yield "is", f"{one.type} of a {one.entity}, per {one.period}"
            yield from _variable(one)
        case Requirement():
            yield "is", f"a requirement of a {one.entity}, per {one.period}"
            if one.reason is not None:
                yield "needs", list(_reason(one.reason, 0))
        case Function():
            yield "takes", ", ".join(f"{name}: {type}" for name, type in one.arguments)
            yield "formula", _formulas(one.formula)
        case Parameter() | Table() | Scale():
            yield "values", list(_values(one, settings))
            if one.known_until is not None:
                yield "known until", one.known_until.isoformat()
            if one.uprate is not None:
                yield "uprated by", f"{one.uprate.by}, from {one.uprate.base}"


def _input(one: Input, settings: Settings) -> Iterator[Field]:
    assert one.type is not None
    yield "is", f"{one.type} of a {one.entity}, per {one.period}"
    if one.low is not None or one.high is not None:
        ends = (format_decimal(end) if end is not None else "" for end in (one.low, one.high))
        yield "range", " .. ".join(ends)
    if one.ask:
        yield "ask", one.ask
    if one.default is not None:
        yield "by law, if not stated", as_text(one.default, one.type, settings)
    if one.absent is not None:
        yield "not listed in a complete case", as_text(one.absent, one.type, settings)


def _variable(one: Variable) -> Iterator[Field]:
    if one.applies_if is not None:
        yield "applies if", print_formula(one.applies_if)
    if one.otherwise is not None:
        yield "otherwise", print_formula(one.otherwise)
    yield "formula", _formulas(one.formula)
    for exception in one.exceptions:
        when = print_formula(exception.when) if exception.when else ""
        then = print_formula(exception.then) if exception.then else ""
        over = f" (over {', '.join(name for name, _ in exception.over)})" if exception.over else ""
        yield f"exception {exception.name}", [f"when {when}", f"then {then}{over}", exception.law]
    if one.grid is not None:
        yield "rounded", f"{one.grid.mode.value} to {format_decimal(one.grid.step)}"


def _formulas(dated: Sequence[Dated]) -> list[str]:
    lines: list[str] = []
    for one in dated:
        head = [f"from {one.start}:"] if one.start is not None else []
        lines += head + print_formula(one.formula).splitlines()
    return lines


def _reason(reason: Reason, depth: int) -> Iterator[str]:
    indent = "  " * depth
    if reason.needs is not None:
        yield f"{indent}{reason.name}: {print_formula(reason.needs)}  [{reason.law}]"
        for exception in reason.exceptions:
            when = print_formula(exception.when) if exception.when else ""
            needs = print_formula(exception.then) if exception.then else ""
            yield f"{indent}  or when {when}: {needs}  [{exception.law}]"
        return
    yield f"{indent}{reason.name}: {reason.mode.replace('_', ' ')} of"
    for part in reason.parts:
        yield from _reason(part, depth + 1)


def _values(one: Parameter | Table | Scale, settings: Settings) -> Iterator[str]:
    match one:
        case Parameter():
            assert one.type is not None
            for day, value in one.values:
                yield f"{day}  {as_text(value, one.type, settings)}"
        case Table():
            for day, rows in one.values:
                yield from _rows(day, rows, one.columns, settings)
        case Scale():
            for day, bands in one.values:
                for key, brackets in bands.items():
                    yield f"{day}  {'' if key is None else f'{key}: '}{_brackets(one, brackets, settings)}"


def _rows(
    day: date,
    rows: Mapping[tuple[str | int, ...], Mapping[str, object]],
    columns: Mapping[str, ValueType],
    settings: Settings,
) -> Iterator[str]:
    for keys, row in rows.items():
        cells = [
            f"{column + ' ' if column else ''}{as_text(row[column], type, settings)}"  # type: ignore[arg-type]
            for column, type in columns.items()
        ]
        yield f"{day}  {', '.join(map(str, keys))}: {', '.join(cells)}"


def _brackets(scale: Scale, brackets: Sequence[Bracket], settings: Settings) -> str:
    word = "from" if scale.inclusive else "above"
    gives = RATE if scale.kind == "marginal" else scale.gives
    shown = []
    for one in brackets:
        value = as_text(one.value, gives, settings) if gives is not None else ""
        start = as_text(one.threshold, scale.of or MONEY, settings) if one.threshold is not None else ""
        shown.append(f"{value} {word} {start}" if start else value)
    return ", ".join(shown)


# --- output


def _say_field(key: str, value: str | list[str]) -> None:
    if isinstance(value, str):
        if value:
            say(f"  {key + ':':<10} {value}" if key else f"  {value}")
        return
    if key in ("uses", "used by"):
        names = [name.rpartition(":")[2] for name in value]
        say(f"  {key + ':':<10} {', '.join(names) or ('nothing' if key == 'uses' else 'nobody')}")
        return
    if value:
        say(f"  {key}:")
        for line in value:
            say(f"    {line}")


def _as_json(found: Found, described: Sequence[Field], uses: list[str], users: list[str]) -> dict[str, object]:
    one = found.declaration
    answer: dict[str, object] = {
        "name": found.name,
        "kind": found.kind,
        "module": found.module.name,
        "label": one.label,
        "law": one.law,
        "where": place_json(one.span),
    }
    answer |= {key.replace(" ", "_").replace(",", ""): value for key, value in described}
    if isinstance(one, Parameter) and one.type is not None:
        answer["values"] = {str(day): value_json(value, one.type, Settings("")) for day, value in one.values}
    return answer | {"uses": uses, "used_by": users}
