"""Formulas as Python functions of bare values: what a formula says where all that it reads is known.

1. A figure that is asked for the `WORTH`th time, in whichever cases, has its formula written as Python (`written`), for
   each period with the constants of that period. A single case never pays for that.
2. The function gives the value, and notes what was read and which constants, as `Interpreter.evaluate` does of the
   formula's node: that stays the specification. What is not known, what fails and numbers that grow too long it hands
   over (`handing_over`), and the figure is evaluated node by node.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from types import CodeType
from typing import Any

from engine.interpret import written_kinds
from engine.interpret.constants import Constants, Stated, constants_of
from engine.interpret.handing_over import HELP
from engine.interpret.nearby import Nearby
from engine.interpret.outcomes import Outcome, stated
from engine.interpret.written import Scope, Text, Unwritten, Wanted
from engine.ir import nodes as ir
from engine.ir.fold import formula_at
from engine.ir.program import Definition, Program
from engine.remembered import Remembered
from engine.values.calendars import NoPeriod
from engine.values.periods import Period, Unit
from engine.values.types import Value

WORTH = 8
Formula = Callable[[Any, Nearby, Any], Any]
"""Of an interpreter, the place of the figure and its step: the value, None where nothing applies. Raises HandOver."""


@dataclass(slots=True)
class Asked:
    """A figure in a period: what stands for it where nothing is stated, its formula, and that as a function once it is
    worth having. `is_fact`: it is stated, never computed: an input, or in a period before the rules answer."""

    definition: Definition
    body: ir.Expression | None
    default: Outcome | None
    absent: Outcome | None
    is_fact: bool
    formula: Formula | None = None
    times: int = 0


@dataclass(frozen=True, slots=True)
class _Written:
    """A formula's text, compiled, and what it needs of each period."""

    code: CodeType
    objects: dict[str, object]
    wanted: list[Wanted]


class Compiled:
    """The figures of a program by period. Threads may share them: at worst a function is made twice."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._constants: Constants = constants_of(program)
        self._asked: dict[Period, dict[str, Asked]] = {}
        self._written: dict[int, tuple[ir.Expression, _Written | None]] = {}
        self._numbers: dict[object, int] = {}

    def of_period(self, period: Period) -> dict[str, Asked]:
        """The figures of a period that were asked for before."""
        return self._asked.setdefault(period, {})

    def asked(self, name: str, period: Period) -> Asked:
        """A figure in a period."""
        of_period = self.of_period(period)
        asked = of_period.get(name)
        if asked is None:
            asked = of_period[name] = self._first(self.program.definitions[name], period)
        return asked

    def _first(self, definition: Definition, period: Period) -> Asked:
        is_before = period.start < self.program.settings.covers_from and period.kind.unit is not Unit.ETERNITY
        is_fact = definition.is_input or is_before
        body = formula_at(definition.formulas, period.start)
        return Asked(definition, body, _stated(definition.default), _stated(definition.absent), is_fact)

    def formula(self, asked: Asked, period: Period) -> Formula | None:
        """The function of a figure's formula, once it is worth having."""
        asked.times += 1
        if asked.times == WORTH and asked.body is not None:
            asked.formula = self.made(asked.body, period)
        return asked.formula

    def made(self, body: ir.Expression, period: Period) -> Formula | None:
        """The function of a formula in a period; None if it has none."""
        kept = self._written.get(id(body))
        if kept is None or kept[0] is not body:
            kept = self._written[id(body)] = body, self._write(body)
        return _function(kept[1], period, self._constants.at) if kept[1] is not None else None

    def _write(self, body: ir.Expression) -> _Written | None:
        text = Text(self.program, written_kinds.BY_KIND, self._numbers)
        try:
            value, _ = text.value_or_none(body, Scope())
        except Unwritten:
            return None
        names = ", ".join(wanted.name for wanted in text.wanted)
        head = ["near, reads, constants = interpreter.near, step.reads.append, step.constants.append"]
        lines = [f"def make({names}):", " def formula(interpreter, place, step):", *(f"  {line}" for line in head)]
        lines += [*text.lines, f"  return {value}", " return formula"]
        return _Written(compile("\n".join(lines), f"<formula {len(self._written)}>", "exec"), text.objects, text.wanted)


def _stated(value: Value | None) -> Outcome | None:
    return None if value is None else stated(value)


def _function(written: _Written, period: Period, constants: Callable[[str, date], Stated | None]) -> Formula | None:
    try:
        needed = [wanted.make(period, constants) for wanted in written.wanted]
    except (Unwritten, NoPeriod, OverflowError):
        return None
    names: dict[str, Any] = {**HELP, **written.objects}
    exec(written.code, names)
    return names["make"](*needed)  # type: ignore[no-any-return]


_KEPT: Remembered[Compiled] = Remembered(4)


def compiled_of(program: Program) -> Compiled:
    """The figures of a program by period, shared by all who evaluate it."""
    return _KEPT.of(program, "", lambda: Compiled(program))
