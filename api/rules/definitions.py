"""What stands in the rules: every definition by name, each with its law, its values over time, and its neighbours."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date

from api.cases.json_values import as_json as value_json
from api.cases.overlays import overlays_said, starts_said
from api.rules.described import Condition, DatedFormula, Described, ExceptionSaid
from api.rules.names import Named, Place, definitions, find_named, place_of
from api.rules.stated_values import DatedValue, stated_values
from api.schema import citations
from engine.explain.words import value_words
from engine.ir import nodes as ir
from engine.ir.program import DatedExpression, Program
from engine.ir.walk import walk
from engine.reading.declarations import Function, Input, Reason, Requirement, Ruleset, Variable, VariableException
from engine.reading.declared import Dated, Declaration
from engine.reading.declared_constants import Parameter, Scale, Table
from engine.reading.declared_settings import Entity, EnumDeclaration, FigureSet, Role, Settings
from engine.syntax.printer import print_formula
from engine.text.citations import Law, law_on
from engine.values.numbers import format_decimal, range_text


def links(program: Program, name: str) -> tuple[list[str], list[str]]:
    """What the definition `name` uses, and who uses it: figures, constants and functions."""
    uses: dict[str, None] = {}
    users: dict[str, None] = {}
    everything: list[tuple[str, tuple[DatedExpression, ...]]] = [
        *((definition.name, definition.formulas) for definition in program.definitions.values()),
        *((function.name, function.formulas) for function in program.functions.values()),
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


# --- a definition, whole


def describe(ruleset: Ruleset, program: Program, name: str) -> Described:
    """The definition that `name` means, with everything that the rules say of it. Raises Misuse if there is none."""
    return described(ruleset, program, find_named(ruleset, name))


def described(ruleset: Ruleset, program: Program | None, named: Named) -> Described:
    """Something named, with everything that the rules say of it; without a program, not who uses what."""
    uses, users = links(program, named.name) if program is not None else ([], [])
    declared = named.declaration
    if declared is None or named.kind in ("entity", "enum"):
        users = _typed_by(ruleset, named)
    whole = program.tables.get(named.name, declared) if program is not None else declared
    own = _own(whole, ruleset.settings) if whole is not None else {}
    return Described(
        name=named.name,
        kind=named.kind,
        module=named.module,
        label=named.label,
        law=citations(named.law),
        where=place_of(named.span) if named.span is not None else Place("", 0, 0, 0, 0),
        uses=tuple(uses),
        used_by=tuple(users),
        exported=named.exported,
        **own,  # type: ignore[arg-type]
    )


def _typed_by(ruleset: Ruleset, named: Named) -> list[str]:
    """The figures of an entity, or the definitions whose type or key is an enum."""
    names = []
    for other in definitions(ruleset):
        declared = other.declaration
        types = [getattr(declared, "type", None), *getattr(declared, "columns", {}).values()]
        keys = [*getattr(declared, "keys", ()), getattr(declared, "key", None)]
        enums = {getattr(type, "enum", "") for type in types} | {getattr(key, "enum", "") for key in keys}
        if getattr(declared, "entity", None) == named.name if named.kind == "entity" else named.name in enums:
            names.append(other.name)
    return names


def _own(declaration: Declaration, settings: Settings) -> dict[str, object]:
    """The fields that only this kind of definition has."""
    match declaration:
        case Input():
            return {**_shape(declaration), **_input(declaration, settings)}
        case Variable():
            return {**_shape(declaration), **_variable(declaration)}
        case Requirement():
            needs = _condition(declaration.reason) if declaration.reason is not None else None
            permits = tuple(
                f"{permit.action} {permit.type}{permit.id and f' {permit.id}'}" for permit in declaration.permits
            )
            shape = {"entity": declaration.entity, "period": str(declaration.period), "type": "boolean"}
            return {**shape, "needs": needs, "permits": permits}
        case Reason():
            return {"needs": _condition(declaration)}
        case Entity():
            roles = tuple(f"{role.name}: {_how_many(role)}" for role in declaration.roles)
            sets = tuple(f"{name}: {', '.join(roles)}" for name, roles in declaration.sets.items())
            return {
                "plural": declaration.plural,
                "of": declaration.of,
                "belongs_to": declaration.belongs_to,
                "roles": roles + sets,
            }
        case EnumDeclaration():
            return {"members": dict(declaration.members)}
        case FigureSet():
            return {"figures": declaration.figures}
        case Function():
            takes = {name: str(type) for name, type in declaration.arguments}
            return {"takes": takes, "type": str(declaration.type), "formulas": _formulas(declaration.formula)}
        case Parameter() | Table() | Scale():
            return {
                "type": str(declaration.type) if isinstance(declaration, Parameter) else "",
                "values": tuple(_with_law(value, declaration.law) for value in stated_values(declaration, settings)),
                "known_until": declaration.known_until.isoformat() if declaration.known_until is not None else "",
                "uprated_by": f"{declaration.uprate.by}, from {declaration.uprate.base}"
                if declaration.uprate is not None
                else "",
                "set_by_reforms": overlays_said(declaration, settings),
                "read_off": starts_said(declaration, settings),
            }
    return {}


def _how_many(role: Role) -> str:
    if role.maximum is None:
        return f"{role.minimum} or more" if role.minimum else "any number"
    return f"exactly {role.maximum}" if role.minimum == role.maximum else f"{role.minimum} to {role.maximum}"


def _shape(declared: Input | Variable) -> dict[str, object]:
    return {
        "entity": declared.entity,
        "period": str(declared.period),
        "type": str(declared.type),
        "stock": declared.stock,
    }


def _input(input_: Input, settings: Settings) -> dict[str, object]:
    assert input_.type is not None
    bounded = input_.low is not None or input_.high is not None
    said: dict[str, object] = {"ask": input_.ask, "range": range_text(input_.low, input_.high) if bounded else ""}
    for key, value in (("default", input_.default), ("absent", input_.absent)):
        if value is not None:
            said[key] = value_json(value, input_.type, settings)
            said[f"{key}_text"] = value_words(value, input_.type, settings)
    return said


def _variable(variable: Variable) -> dict[str, object]:
    return {
        "applies_if": print_formula(variable.applies_if) if variable.applies_if is not None else "",
        "otherwise": print_formula(variable.otherwise) if variable.otherwise is not None else "",
        "formulas": _formulas(variable.formula),
        "exceptions": _exceptions(variable.exceptions),
        "rounded": f"{variable.grid.mode.value} to {format_decimal(variable.grid.step)}"
        if variable.grid is not None
        else "",
    }


def _formulas(dated: Sequence[Dated]) -> tuple[DatedFormula, ...]:
    return tuple(
        DatedFormula(
            print_formula(dated_formula.formula),
            dated_formula.start.isoformat() if dated_formula.start is not None else "",
        )
        for dated_formula in dated
    )


def _exceptions(listed: Sequence[VariableException]) -> tuple[ExceptionSaid, ...]:
    return tuple(
        ExceptionSaid(
            variable_exception.name,
            print_formula(variable_exception.when) if variable_exception.when else "",
            print_formula(variable_exception.then) if variable_exception.then else "",
            citations(variable_exception.law),
            tuple(name for name, _ in variable_exception.over),
        )
        for variable_exception in listed
    )


def _condition(reason: Reason) -> Condition:
    return Condition(
        reason.name,
        reason.label,
        citations(reason.law),
        "; ".join(
            f"from {need.start}: {print_formula(need.formula)}" if need.start else print_formula(need.formula)
            for need in reason.needs
        ),
        reason.fails,
        reason.mode if reason.parts else "",
        tuple(_condition(part) for part in reason.parts),
        _exceptions(reason.exceptions),
    )


def _with_law(value: DatedValue, law: str) -> DatedValue:
    """A value with the citations of its own day, where those differ from day to day."""
    if not isinstance(law, Law) or len(law.dated) < 2:
        return value
    return replace(value, law=citations(law_on(law, date.fromisoformat(value.from_))))
