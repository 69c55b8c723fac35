"""OpenFisca's web API: their tree of entities, variables and periods into a case of ours, the answer as the same tree.

1. Their plural entities and roles are ours by name. A variable has values by period; `null` asks. What is eternal
   stands under `ETERNITY`. What is not said takes its default, as theirs does: the case is complete.
2. A figure is asked for its own kind of period; for another, there is a sentence at its place.
3. Definitions are described as theirs are: variables, parameters as leaves with values over time, entities with roles.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from engine.interpret.interpreter import Interpreter
from engine.interpret.outcomes import Fact, Known, NotApplicable
from engine.ir.program import Definition, Program
from engine.reading.declared_constants import Bracket, Parameter, Scale, Table
from engine.values.numbers import decimal_places, format_decimal
from engine.values.periods import Period, Unit, parse_period
from engine.values.types import EnumValue, Kind, Value

ETERNITY = "ETERNITY"
_TYPES = {
    Kind.MONEY: "Float", Kind.RATE: "Float", Kind.INTEGER: "Int", Kind.BOOLEAN: "Boolean", Kind.DATE: "Date",
    Kind.ENUM: "String", Kind.DURATION: "String",
}  # fmt: skip
Digits = Callable[[str], Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """A `null` in the tree: where it stands, and the fact that it asks for, or a sentence on why there is none."""

    path: tuple[str, str, str, str]
    fact: Fact | None
    fault: str = ""


def split(program: Program, tree: Mapping[str, Any]) -> tuple[dict[str, Any], list[Asked]]:
    """Their tree as the data of a case of ours, and what it asks for. Shapes that are none are left for the case's
    reader, which reports them."""
    asked: list[Asked] = []
    plurals = {entity.plural: entity.name for entity in program.settings.entities.values()}
    data: dict[str, Any] = {"complete": True}
    for plural, instances in tree.items():
        if plural not in plurals or not isinstance(instances, dict):
            data[plural] = instances
            continue
        data[plural] = {
            name: _given(program, asked, plural, name, body) if isinstance(body, dict) else body
            for name, body in instances.items()
        }
    at = next((cell.fact.period for cell in asked if cell.fact is not None and _dated(cell.fact.period)), None)
    data["at"] = str(at) if at is not None else f"{program.settings.covers_to.year}"
    return data, asked


def _dated(period: Period) -> bool:
    return period.kind.unit is not Unit.ETERNITY


def _given(program: Program, asked: list[Asked], plural: str, name: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """What is given of an instance, without what is asked for."""
    stated_values: dict[str, Any] = {}
    for variable, values in body.items():
        definition = program.find(variable)
        if definition is None or not isinstance(values, dict):
            stated_values[variable] = values
            continue
        for period, value in values.items():
            if value is None:
                asked.append(_asked(definition, (plural, name, variable, period)))
        stated = {period: value for period, value in values.items() if value is not None}
        if definition.period.unit is Unit.ETERNITY and set(stated) == {ETERNITY}:
            stated_values[variable] = stated[ETERNITY]
        elif stated:
            stated_values[variable] = stated
    return stated_values


def _asked(definition: Definition, path: tuple[str, str, str, str]) -> Asked:
    _, instance, _, text = path
    if text == ETERNITY:
        period = definition.period.containing(parse_period("2000").start)
        return Asked(path, Fact(definition.name, instance, period))
    try:
        period = parse_period(text)
    except ValueError:
        return Asked(path, None, "this is not a period: write 2024, 2024-03 or ETERNITY")
    if definition.period.unit is not Unit.ETERNITY and period.kind != definition.period:
        return Asked(path, None, f"this variable is defined by {definition.period}: ask for a {definition.period}")
    kept = definition.period.containing(period.start)
    return Asked(path, Fact(definition.name, instance, kept))


def fill(interpreter: Interpreter, asked: list[Asked], digits: Digits) -> tuple[list[tuple[Asked, Any]], list[Asked]]:
    """The values of what is asked for, and what has none, with the reason."""
    values: list[tuple[Asked, Any]] = []
    faults: list[Asked] = []
    for cell in asked:
        if cell.fact is None:
            faults.append(cell)
            continue
        outcome = interpreter.find(cell.fact)
        definition = interpreter.program.definitions[cell.fact.name]
        match outcome:
            case Known():
                values.append((cell, in_json(definition, outcome.value, digits)))
            case NotApplicable():
                values.append((cell, empty(definition)))
            case _:
                faults.append(Asked(cell.path, None, "this cannot be determined from what is given"))
    return values, faults


def in_json(definition: Definition, value: Value, digits: Digits) -> Any:
    """A value in their JSON: numbers, booleans, texts."""
    match value:
        case bool():
            return value
        case EnumValue():
            return value.member
        case int():
            return value
        case Fraction():
            exact = value if decimal_places(value) is not None else Fraction(round(value * 10**9), 10**9)
            return digits(format_decimal(exact))
    return str(value)


def empty(definition: Definition) -> Any:
    """What stands for a figure that does not apply."""
    return {Kind.BOOLEAN: False, Kind.MONEY: 0, Kind.RATE: 0, Kind.INTEGER: 0}.get(definition.type.kind)


def trace(interpreter: Interpreter, asked: list[Asked], digits: Digits) -> dict[str, Any]:
    """How what is asked for came about: for each figure and period its values, what it read, and the constants."""
    program, case = interpreter.program, interpreter.case
    steps: dict[str, dict[str, Any]] = {}
    for fact, step in interpreter.steps.items():
        definition = step.definition
        entry = steps.setdefault(_key(fact), {"value": [], "dependencies": {}, "parameters": {}})
        value = in_json(definition, step.outcome.value, digits) if isinstance(step.outcome, Known) else None
        entry["value"].append(value)
        entry["dependencies"].update(dict.fromkeys(map(_key, step.reads)))
        for name, since, _ in step.constants:
            parameter = program.parameters.get(name)
            stated = interpreter.constants.at(name, fact.period.start)
            if parameter is not None and stated is not None and isinstance(stated.content, int | Fraction):
                entry["parameters"][f"{dotted(name, parameter.name)}<{since}>"] = digits(
                    format_decimal(Fraction(stated.content))
                )
    plurals = {kind.name: kind.plural for kind in program.settings.entities.values()}
    return {
        "entitiesDescription": {plurals[entity]: list(ids) for entity, ids in case.instances.items()},
        "requestedCalculations": list(dict.fromkeys(_key(cell.fact) for cell in asked if cell.fact is not None)),
        "trace": {key: {**entry, "dependencies": list(entry["dependencies"])} for key, entry in steps.items()},
    }


def _key(fact: Fact) -> str:
    return f"{fact.name.rpartition(':')[2]}<{fact.period}>"


# --- definitions


def dotted(name: str, short: str) -> str:
    """A constant's id: its module and name with dots; an exported one's is its name."""
    module, colon, _ = name.rpartition(":")
    return f"{module.replace('/', '.')}.{short}" if colon else short


def variables(program: Program, base: str) -> dict[str, Any]:
    """Every fact and figure by name."""
    definitions = (
        definition for definition in program.definitions.values() if program.find(definition.short_name) is definition
    )
    return {
        definition.short_name: {
            "description": definition.label or definition.short_name,
            "href": f"{base}/variable/{definition.short_name}",
        }
        for definition in definitions
    }


def variable(program: Program, name: str, formulas: Mapping[str, str]) -> dict[str, Any] | None:
    """One of them; None if there is none. `formulas` are its formulas by the day from which they hold."""
    definition = program.find(name)
    if definition is None:
        return None
    said: dict[str, Any] = {
        "id": definition.short_name,
        "description": definition.label or definition.short_name,
        "valueType": _TYPES.get(definition.type.kind, "String"),
        "defaultValue": in_json(definition, definition.absent, str) if definition.absent is not None else None,
        "definitionPeriod": {Unit.YEAR: "YEAR", Unit.MONTH: "MONTH", Unit.DAY: "DAY"}.get(
            definition.period.unit, ETERNITY
        ),
        "entity": definition.entity,
        "references": [definition.law] if definition.law else [],
    }
    if formulas:
        first = program.settings.covers_from.isoformat()
        said["formulas"] = {day or first: {"content": text} for day, text in formulas.items()}
    if definition.type.kind is Kind.ENUM:
        said["possibleValues"] = dict(program.settings.enums[definition.type.enum].members)
    return said


def entities(program: Program) -> dict[str, Any]:
    """Every entity by its singular name, groups with their roles."""
    return {
        entity.name: {
            "plural": entity.plural,
            "description": entity.label or entity.name,
            "documentation": "",
            **(
                {"roles": {role.name: _role(role.plural, role.maximum) for role in entity.roles}}
                if entity.roles
                else {}
            ),
        }
        for entity in program.settings.entities.values()
    }


def _role(plural: str, maximum: int | None) -> dict[str, Any]:
    return {"plural": plural, "description": plural, **({"max": maximum} if maximum is not None else {})}


def parameters(program: Program, digits: Digits) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every leaf: a parameter, a scale (one for each member of its key), a cell of a table; by dotted id."""
    for name, parameter in program.parameters.items():
        yield (
            dotted(name, parameter.name),
            _leaf(parameter, {str(day): _number(number, digits) for day, number in parameter.values}),
        )
    for name, scale in program.scales.items():
        for key in dict.fromkeys(key for _, bands in scale.values for key in bands):
            last = "" if key is None else f".{key}"
            dated = {str(day): _brackets(bands[key], digits) for day, bands in scale.values if key in bands}
            yield dotted(name, scale.name) + last, _described(scale) | {"brackets": dated}
    for name, table in program.tables.items():
        cells: dict[str, dict[str, Any]] = {}
        for day, rows in table.values:
            for keys, row in rows.items():
                for column, value in row.items():
                    id = ".".join((dotted(name, table.name), *map(str, keys), *((column,) if column else ())))
                    cells.setdefault(id, {})[str(day)] = _number(value, digits)
        for id, values in cells.items():
            yield id, _leaf(table, values)


def _described(constant: Parameter | Table | Scale) -> dict[str, Any]:
    return {"description": constant.label or constant.name, "metadata": {"reference": constant.law}}


def _leaf(constant: Parameter | Table, values: Mapping[str, Any]) -> dict[str, Any]:
    return _described(constant) | {"values": dict(values)}


def _brackets(brackets: tuple[Bracket, ...], digits: Digits) -> dict[str, Any]:
    return {
        format_decimal(bracket.threshold if bracket.threshold is not None else Fraction(0)): _number(
            bracket.value, digits
        )
        for bracket in brackets
    }


def _number(value: Any, digits: Digits) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | Fraction):
        return value if isinstance(value, bool) else str(getattr(value, "member", value))
    exact = Fraction(value)
    exact = exact if decimal_places(exact) is not None else Fraction(round(exact * 10**9), 10**9)
    return digits(format_decimal(exact))
