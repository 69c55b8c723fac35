"""How reading is written as Python: figures, dated constants, and whatever is evaluated node by node."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from engine.interpret import lookups, tables
from engine.interpret.constants import Stated
from engine.interpret.written import Scope, Text, Unwritten, Written
from engine.ir import nodes as ir
from engine.ir.fold import constant_day
from engine.ir.program import Program
from engine.ir.walk import walk
from engine.values.periods import Period
from engine.values.types import NONE

_Constants = Callable[[str, date], Stated | None]


def figure(text: Text, node: ir.VariableRead, scope: Scope) -> Written:
    """A figure or fact of somebody, in the formula's period or in one that it tells."""
    if not isinstance(node.time, ir.ThisPeriod | ir.Containing) or _is_personal(node.time):
        return by_node(text, node, scope)
    place = whose(text, node, scope)
    if isinstance(node.subject, ir.Self | ir.Bound):
        return _read(text, node, place)
    value = text.variable("None")
    with text.indented(f"if {place} is not None:"):
        text.line(f"{value} = {_read(text, node, place)[0]}")
    return value, True


def _is_personal(time: ir.Time) -> bool:
    return isinstance(time, ir.Containing) and time.kind.is_personal


def _read(text: Text, node: ir.VariableRead, place: str) -> Written:
    if isinstance(node.time, ir.Containing):
        time = node.time
        period = text.want(lambda own, constants: _moved(time, own))
        place = text.once(("place", place, node.time), f"interpreter.nearby({place}.instance, {period})")
    read = text.seen.get((place, node.name))
    if read is not None:
        step, value, may_be_none = read
        text.line(f"reads({step}.fact)")
        return value, may_be_none
    step = text.variable(f"{place}.get({node.name!r}) or near({node.name!r}, {place})")
    text.line(f"reads({step}.fact)")
    may_be_none = text.program.definitions[node.name].may_not_apply
    outcome = text.variable(f"{step}.outcome")
    if may_be_none:
        value = text.variable(f"known_or_none({outcome})")
    else:
        text.line(f"if {outcome}.__class__ is not Known: raise HandOver")
        value = text.variable(f"{outcome}.value")
    text.seen[place, node.name] = step, value, may_be_none
    return value, may_be_none


def _moved(time: ir.Containing, own: Period) -> Period:
    return time.kind.containing(own.end if time.at_end else own.start).shift(time.shift)


def whose(text: Text, node: ir.VariableRead, scope: Scope) -> str:
    """The place of whom a node reads, in the formula's period; None where there is nobody."""
    match node.subject:
        case ir.Self():
            return "place"
        case ir.Bound(name=name):
            return scope.bound[name]
    number = text.number(node.subject)
    known = text.variable(f"place.links.get({number})")
    at = text.new("p")
    with text.indented(f"if {known} is None:"):
        text.line(f"{at} = somebody(interpreter, place, {number}, {text.named(node)}, {frame(text, scope)})")
    with text.indented("else:"):
        text.line(f"{at} = {known}[0]")
    return at


def frame(text: Text, scope: Scope) -> str:
    """The frame in which a part is evaluated node by node: there are no local names in it."""
    bound = ", ".join(f"{name!r}: {place}.instance" for name, place in scope.bound.items())
    return f"Frame(place.instance, place.period, step, {{}}, {{{bound}}})"


def by_node(text: Text, node: ir.Expression, scope: Scope) -> Written:
    """A part that is evaluated node by node."""
    if any(isinstance(part, ir.Local) and part.name in scope.names for part in walk(node)):
        raise Unwritten
    return text.variable(f"known_or_none(interpreter.evaluate({text.named(node)}, {frame(text, scope)}))"), True


def constant(text: Text, node: ir.ParameterRead | ir.TableRead | ir.ScaleRead, scope: Scope) -> Written:
    """A constant on a day that the formula's period tells."""
    if isinstance(node.time, ir.ContainingDate) or _is_personal(node.time):
        return by_node(text, node, scope)
    text.line(f"constants({text.want(lambda own, constants: _noted(node, text.program, own, constants))})")
    content = text.want(lambda own, constants: _content(node, text.program, own, constants))
    if isinstance(node, ir.ParameterRead):
        return content, False
    day = text.want(lambda own, constants: _day(node, text.program, own))
    if isinstance(node, ir.TableRead):
        keys = [f"Known({text.value(key, scope)})" for key in node.keys]
        table = text.named(text.program.tables[node.name])
        cell = text.named(tables.cell)
        told = f"{cell}({table}, {text.named(node)}, {content}, [{', '.join(keys)}], {day})"
    else:
        key = "None" if node.key is None else f"Known({text.value(node.key, scope)})"
        scale, scaled = text.named(text.program.scales[node.name]), text.named(lookups.scaled)
        told = f"{scaled}({scale}, {content}, {key}, Known({text.value(node.argument, scope)}))"
    return text.variable(f"known_or_none({told})"), True


def _day(node: ir.ParameterRead | ir.TableRead | ir.ScaleRead, program: Program, own: Period) -> date:
    day = constant_day(node.time, own, program.settings)
    if day is None:
        raise Unwritten
    return day


def _in_force(node: Any, program: Program, own: Period, constants: _Constants) -> Stated:
    stated = constants(node.name, _day(node, program, own))
    if stated is None or stated.content is NONE:
        raise Unwritten
    return stated


def _noted(node: Any, program: Program, own: Period, constants: _Constants) -> tuple[str, date, bool]:
    in_force = _in_force(node, program, own, constants)
    return node.name, in_force.since, in_force.projected


def _content(node: Any, program: Program, own: Period, constants: _Constants) -> Any:
    return _in_force(node, program, own, constants).content
