"""The text of a formula as a Python function: its lines, the objects it names, and what is known at each line.

1. `line` adds a line where the text is now; `indented` adds what stands under one. A value is a name, or an expression
   without effects, which a line before has made.
2. A local name's value is found where it is first needed. `Local.state` tells for the line where the text is whether
   it was found on every way there (`FOUND`), on none (`NOT_YET`) or on some (`PERHAPS`).
3. A figure that was read on every way here is not looked up again, but noted as read again. `seen` holds those.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from engine.interpret.constants import Stated
from engine.ir import nodes as ir
from engine.ir.program import Program
from engine.values.periods import Period

NOT_YET, FOUND, PERHAPS = "not yet", "found", "perhaps"
MOST_LINES, DEEPEST = 2_000, 80


Kind = Callable[["Text", Any, "Scope"], tuple[str, bool]]
"""How a kind of node is written."""


class Unwritten(Exception):
    """A formula that is not written as Python: it is evaluated node by node."""


@dataclass(slots=True)
class Local:
    """A local name: what it stands for, and the scope in which that is evaluated."""

    value: ir.Expression
    scope: Scope
    variable: str
    state: str = NOT_YET
    may_be_none: bool = True


@dataclass(frozen=True, slots=True)
class Scope:
    """What names mean: local names, and whose place each member has. `functions`: those around, outermost first."""

    names: Mapping[str, Local] = field(default_factory=dict)
    bound: Mapping[str, str] = field(default_factory=dict)
    functions: tuple[str, ...] = ()

    def naming(self, name: str, local: Local) -> Scope:
        """The scope with one more local name."""
        return Scope({**self.names, name: local}, self.bound, self.functions)

    def binding(self, name: str, place: str) -> Scope:
        """The scope in which `name` is a member, whose place the variable `place` holds."""
        return Scope(self.names, {**self.bound, name: place}, self.functions)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a text needs that hangs on the period: `make` makes it of the period and of constants on days."""

    name: str
    make: Callable[[Period, Callable[[str, date], Stated | None]], object]


Written = tuple[str, bool]
"""A variable or an expression without effects, and whether it may be None: where nothing applies."""


class Text:
    """The text of one formula, as far as it is written."""

    def __init__(self, program: Program, kinds: Mapping[type[ir.Node], Kind], numbers: dict[object, int]) -> None:
        self.program = program
        self._kinds = kinds
        self.lines: list[str] = []
        self.objects: dict[str, object] = {}
        self.wanted: list[Wanted] = []
        self.dated: set[str] = set()
        self.seen: dict[object, tuple[str, str, bool]] = {}
        self.locals: list[Local] = []
        self._numbers = numbers
        self._depth = 2
        self._count = 0

    def value_or_none(self, node: ir.Expression, scope: Scope) -> Written:
        """Write what gives a value, or None where it does not apply."""
        return self._kinds[type(node)](self, node, scope)

    def value(self, node: ir.Expression, scope: Scope) -> str:
        """Write what gives a value; where nothing applies, it is handed over."""
        value, may_be_none = self.value_or_none(node, scope)
        if may_be_none:
            self.require(f"{value} is not None")
        return value

    def new(self, letter: str) -> str:
        """A variable that is used nowhere else."""
        self._count += 1
        return f"{letter}{self._count}"

    def line(self, text: str) -> None:
        """Add a line. Raises Unwritten where the text grows too long."""
        if len(self.lines) >= MOST_LINES or self._depth >= DEEPEST:
            raise Unwritten
        self.lines.append(" " * self._depth + text)

    def variable(self, value: str) -> str:
        """A new variable with a value."""
        variable = self.new("v")
        self.line(f"{variable} = {value}")
        return variable

    def once(self, key: object, value: str) -> str:
        """A variable with a value that is the same wherever it is asked for."""
        if key not in self.seen:
            self.seen[key] = self.variable(value), "", False
        return self.seen[key][0]

    def named(self, value: object) -> str:
        """The name of an object that is the same for every period."""
        name = self.new("K")
        self.objects[name] = value
        return name

    def want(self, make: Callable[[Period, Callable[[str, date], Stated | None]], object]) -> str:
        """The name of what hangs on the period."""
        name = self.new("B")
        self.wanted.append(Wanted(name, make))
        return name

    def number(self, link: object) -> int:
        """The number under which places keep whom a link means, the same in all formulas of the program."""
        return self._numbers.setdefault(link, len(self._numbers))

    def require(self, condition: str) -> None:
        """Hand over where a condition does not hold."""
        self.line(f"if not ({condition}): raise HandOver")

    @contextmanager
    def indented(self, head: str) -> Iterator[None]:
        """What stands under a line, and is not always gone through: what is found in it may be found after it."""
        before = self._states()
        with self._inside(head):
            yield
        self._joined([before, self._states()])

    def branches(self, condition: str, then: Callable[[], None], otherwise: Callable[[], None]) -> None:
        """Two ways of which one is gone: what is found on both is found after them."""
        before = self._states()
        with self._inside(f"if {condition}:"):
            then()
        after = self._states()
        for local, state in zip(self.locals, before, strict=False):
            local.state = state
        with self._inside("else:"):
            otherwise()
        self._joined([after, self._states()])

    @contextmanager
    def _inside(self, head: str) -> Iterator[None]:
        self.line(head)
        self._depth += 1
        seen, start = dict(self.seen), len(self.lines)
        yield
        if len(self.lines) == start:
            self.line("pass")
        self._depth -= 1
        self.seen = seen

    def _states(self) -> list[str]:
        return [local.state for local in self.locals]

    def _joined(self, ways: Sequence[list[str]]) -> None:
        """After ways of which one was gone, as far as a local name was there before them."""
        for local, *states in zip(self.locals, *ways, strict=False):
            local.state = states[0] if len(set(states)) == 1 else PERHAPS

    @contextmanager
    def repeated(self, head: str) -> Iterator[None]:
        """What stands under the head of a loop: what is found in it may be found when it begins again."""
        for local in self.locals:
            if local.state == NOT_YET:
                local.state = PERHAPS
        with self.indented(head):
            yield

    def local(self, value: ir.Expression, scope: Scope) -> Local:
        """A local name whose value nothing has needed yet."""
        local = Local(value, scope, self.new("x"))
        self.line(f"{local.variable} = HandOver")  # which no value is: it stands for `not found yet`
        self.locals.append(local)
        return local
