"""The closures of what formulas read: figures, and dated constants. See `closures`.

A figure of the one that the formula is about, in the formula's own period, is most of what is read. Those that were
found before are kept by their names alone (`Frame.nearby`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from engine.interpret import lookups, tables
from engine.interpret.constants import Stated
from engine.interpret.evaluating import Closure
from engine.interpret.frames import Frame
from engine.interpret.outcomes import Fact, Outcome, stated
from engine.ir import nodes as ir
from engine.ir.program import Program
from engine.values.periods import Unit


def variable_read(node: ir.VariableRead) -> Closure | None:
    """A figure of somebody whom the frame names, in its period; None for any other."""
    if not isinstance(node.time, ir.ThisPeriod):
        return None
    match node.subject:
        case ir.Self():
            return _own(node.name)
        case ir.Bound(name=bound):
            name = node.name
            return lambda interpreter, frame: interpreter.find_for(Fact(name, frame.bound[bound], frame.period), frame)
    return None


def _own(name: str) -> Closure:
    def own(interpreter: Any, frame: Frame) -> Outcome:
        step = frame.nearby.get(name)
        if step is None:
            return interpreter.find_near(name, frame)  # type: ignore[no-any-return]
        frame.step.reads.append(step.fact)
        return step.outcome

    return own


Parts = Sequence[Closure | None]


def constant_read(
    node: ir.ParameterRead | ir.TableRead | ir.ScaleRead, program: Program, parts: Parts, by_node: Closure
) -> Closure:
    """A constant on the first day of the formula's period. `parts` gives a table's keys, or a scale's key and amount;
    `by_node` evaluates the node as it stands."""
    name, gives = node.name, _gives(node, program, parts)
    covers_from = program.settings.covers_from
    known: dict[date, tuple[Stated, tuple[str, date, bool]]] = {}

    def read(interpreter: Any, frame: Frame) -> Outcome:
        period = frame.period
        day = covers_from if period.kind.unit is Unit.ETERNITY else period.start
        if interpreter.replaced_constant(name, day) is not None:
            return by_node(interpreter, frame)
        if day not in known:
            in_force = interpreter.constants.at(name, day)
            if in_force is None:
                return by_node(interpreter, frame)
            known[day] = in_force, (name, in_force.since, in_force.projected)
        in_force, noted = known[day]
        frame.step.constants.append(noted)
        return gives(in_force.content, interpreter, frame, day)  # type: ignore[no-any-return]

    return read


def _gives(node: ir.ParameterRead | ir.TableRead | ir.ScaleRead, program: Program, parts: Parts) -> Any:
    """What a constant's content on a day gives."""
    match node:
        case ir.ParameterRead():
            return lambda content, interpreter, frame, day: stated(content)
        case ir.TableRead():
            table, keys = program.tables[node.name], [key for key in parts if key is not None]
            return lambda content, interpreter, frame, day: tables.cell(
                table, node, content, [key(interpreter, frame) for key in keys], day
            )
        case ir.ScaleRead():
            scale, (key_of, amount_of) = program.scales[node.name], parts
            assert amount_of is not None
            return lambda content, interpreter, frame, day: lookups.scaled(
                scale, content, key_of and key_of(interpreter, frame), amount_of(interpreter, frame)
            )
