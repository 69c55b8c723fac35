"""Names and values of PolicyEngine's tests in ours, and what a test says, one by one.

Each name is said in ours by `policyengine.yaml`: the same figure under another name, a figure turned round, one that is
spread over roles or members of an enum, or one that changes nothing, with the reason.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any, ClassVar

import yaml

from engine.ir.program import Definition, Program
from engine.values.types import EnumValue, Kind, Value

MAPPING = Path(__file__).resolve().parent / "policyengine.yaml"
GROUPS = ("tax_units", "households", "families", "spm_units", "marital_units")


class NoCounterpart(Exception):
    """A name or a value of a test that we have no counterpart of."""


class CountedOut(Exception):
    """A test of what is not a law of ours, with the reason."""


@dataclass(frozen=True, slots=True)
class Test:
    """A test as it stands in its file: `number` counts from 1."""

    __test__: ClassVar[bool] = False  # none of pytest's

    file: str
    number: int
    body: Mapping[str, Any]

    @property
    def year(self) -> int:
        """The year of its period; 0 if it has none."""
        text = str(self.body.get("period", ""))[:4]
        return int(text) if text.isdigit() else 0

    @property
    def key(self) -> str:
        """How differences name it."""
        return f"{self.file} #{self.number}"


def tests_in(folder: Path) -> Iterator[Test]:
    """Every test of every YAML file below a folder, in the order of their paths."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    for path in sorted(folder.rglob("*.yaml")):
        bodies = yaml.load(path.read_text(encoding="utf-8"), loader) or []
        for number, body in enumerate(bodies if isinstance(bodies, list) else [bodies], 1):
            yield Test(path.relative_to(folder).as_posix(), number, body)


def parts(test: Test) -> Iterator[Test]:
    """The tests of a flat test with lists, also below a period: each place of them is a situation by itself."""
    inputs, outputs = test.body.get("input") or {}, test.body.get("output") or {}
    lengths = {len(each) for raw in (*inputs.values(), *outputs.values()) for each in _lists(raw)}
    if any(name in inputs for name in ("people", *GROUPS)) or not lengths:
        yield test
        return
    if len(lengths) > 1:
        raise NoCounterpart("lists of several lengths")
    for place in range(lengths.pop()):
        each = [{name: _at(raw, place) for name, raw in part.items()} for part in (inputs, outputs)]
        yield replace(test, body={**test.body, "input": each[0], "output": each[1]})


def _lists(raw: Any) -> Iterator[list[Any]]:
    if isinstance(raw, list):
        yield raw
    elif isinstance(raw, Mapping):
        yield from (each for each in raw.values() if isinstance(each, list))


def _at(raw: Any, place: int) -> Any:
    if isinstance(raw, Mapping):
        return {during: _at(each, place) for during, each in raw.items()}
    return raw[place] if isinstance(raw, list) else raw


class Names:
    """Their names in ours."""

    def __init__(self, program: Program, mapping: Mapping[str, Any]) -> None:
        self.program = program
        self.same: Mapping[str, str] = mapping["same"]
        self.all_of: Mapping[str, list[str]] = mapping["all_of"]
        self.of_year: Mapping[int, Mapping[str, str]] = mapping["of_year"]
        self.given_of_year: Mapping[int, Mapping[str, list[str]]] = mapping["given_of_year"]
        self.negated: Mapping[str, str] = mapping["negated"]
        self.by_role: Mapping[str, Mapping[str, str]] = mapping["by_role"]
        self.of_role: Mapping[str, Mapping[str, str]] = mapping["of_role"]
        self.members: Mapping[str, Mapping[str, Mapping[str, Any]]] = mapping["members"]
        self.wanted: Mapping[str, str] = mapping["wanted"]
        self.irrelevant: Mapping[str, str] = mapping["irrelevant"]
        self.places: list[str] = mapping["places"]
        self.of_places: list[str] = mapping["of_places"]
        self.neutral: Mapping[str, Mapping[str, Any]] = mapping["neutral"]
        self.of_dependents: list[str] = mapping["of_dependents"]
        self.of_filers: list[str] = mapping["of_filers"]
        self.living_apart: Mapping[str, Any] = mapping["living_apart"]
        self.unlike: Mapping[str, str] = mapping["unlike"]

    def changes_nothing(self, name: str, value: object) -> bool:
        """A fact that no wanted figure hangs on, or a value that says what we assume anyway."""
        if name in self.irrelevant or name in self.places:
            return True
        return name in self.neutral and value in self.neutral[name]["values"]

    def definition(self, name: str) -> Definition:
        """The figure of ours that a name means."""
        result = None if name in self.unlike else self.program.find(self.same.get(name, name))
        if result is None:
            raise NoCounterpart(name)
        return result

    def value(self, definition: Definition, raw: object) -> Value:
        """A value as ours: numbers exact, members of enums by their names in lower case."""
        if definition.type.kind is Kind.ENUM:
            return EnumValue(definition.type.enum, str(raw).lower())
        if definition.type.kind is Kind.BOOLEAN:
            return bool(raw)
        number = exact(raw)
        if definition.type.kind is Kind.INTEGER:
            if number.denominator != 1:
                raise NoCounterpart(f"{definition.short_name} {number}")
            return int(number)
        return number


def exact(raw: object) -> Fraction:
    """A number, or a sum of numbers that is written out."""
    if isinstance(raw, bool):
        return Fraction(int(raw))
    if isinstance(raw, int | float):
        return Fraction(str(raw))
    try:
        return _worked_out(ast.parse(str(raw).replace(",", ""), mode="eval").body)
    except (SyntaxError, ValueError) as fault:
        raise NoCounterpart(f"value {raw}") from fault


def _worked_out(node: ast.expr) -> Fraction:
    match node:
        case ast.Constant(value=int() | float() as number):
            return Fraction(str(number))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_worked_out(operand)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _worked_out(left) + _worked_out(right)
        case ast.BinOp(left=left, op=ast.Sub(), right=right):
            return _worked_out(left) - _worked_out(right)
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            return _worked_out(left) * _worked_out(right)
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            return _worked_out(left) / _worked_out(right)
    raise ValueError(ast.dump(node))


@dataclass(frozen=True, slots=True)
class Said:
    """Something said of somebody: the entity (`people`, `tax_units`, empty where a flat test leaves it open), id."""

    entity: str
    instance: str
    name: str
    value: Any


def said(part: Mapping[str, Any], year: int) -> Iterator[Said]:
    """What inputs or outputs say, one by one. In a flat test the id is the place in the list, `all` without a list."""
    for name, value in part.items():
        if name in ("people", *GROUPS):
            for instance, facts in (value or {}).items():
                for first, its in (facts or {}).items():
                    if first != "members":
                        yield Said(name, str(instance), first, _of_year(its, year))
        elif isinstance(value, list):
            if not value:
                raise NoCounterpart(name)
            yield from (Said("", str(place), name, _of_year(item, year)) for place, item in enumerate(value))
        elif name not in ("members", "person", "tax_unit"):
            yield Said("", "all", name, _of_year(value, year))
        else:
            raise NoCounterpart(f"entity {name}")


def _of_year(value: Any, year: int) -> Any:
    """A value, or that of the year if several periods are given."""
    if not isinstance(value, Mapping):
        return value
    of_year = {str(period): other_value for period, other_value in value.items()}
    if str(year) not in of_year or len(of_year) > 1:
        raise NoCounterpart("values of several periods")
    return of_year[str(year)]
