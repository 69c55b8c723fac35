"""What a replacement reaches, by the names of figures: as the interpreter reads it off the formulas, for everybody.

1. A figure is reached if its formula in the period reads what is replaced, or a figure that is reached.
2. For one or other person it may not be: the formula leads there for each of several, of whom there may be none, or by
   way of somebody who is not there. What is given of the figure stands there, which no code of a world tells apart.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Set
from datetime import date
from itertools import chain

from engine.ir import nodes as ir
from engine.ir.fold import formula_at
from engine.ir.places import Home, Place, When
from engine.ir.program import Definition, Program
from engine.ir.walk import children, groupings, order_keys, walk
from engine.native.plan.replaced import Replaced
from engine.values.periods import Period, Unit

_OF_EACH = (ir.Aggregate, ir.Chosen, ir.Ranked, ir.OverParts, ir.AsIf)
_READING_NOTHING = frozenset(
    (ir.Literal, ir.Local, ir.Let, ir.If, ir.Arithmetic, ir.Compare, ir.And, ir.Or, ir.Not, ir.Extreme, ir.Negate)
)
"""Kinds of nodes that read no name themselves: most are."""


class Reaching:
    """What replacements reach in a program. `given` are the names of what columns give."""

    def __init__(self, program: Program, given: Collection[str]) -> None:
        self.asking = {name for name, definition in program.definitions.items() if asks(definition)}
        self._program = program
        self._given = given
        self._reach: dict[tuple[str, Period, bool], frozenset[str]] = {}
        self._readers: dict[tuple[Period, bool], dict[str, set[str]]] = {}
        self._names: dict[tuple[str, Period, bool], frozenset[str]] = {}

    def by(self, replaced: Replaced, period: Period) -> frozenset[str]:
        """All that something replaced in a period reaches, and itself."""
        return frozenset().union(*(self.reached(name, period) for name in replaced.names))

    def given_may_stand(self, reached: Collection[str], replaced: Replaced, period: Period, home: Home) -> bool:
        """Whether what is given of a figure that is reached may stand in the world for some, whom nothing replaced
        reaches: since only some members are meant, since formulas lead there only by others, who may not be there, or
        only in a part of the period."""
        standing = [name for name in reached if name not in replaced.names and self._stands(name)]
        if not standing:
            return False
        several = any(_has_several(self._program.definitions[name], period) for name in standing)
        return (
            bool(replaced.members)
            or several
            or not self._surely_reached(reached, replaced, period, home).issuperset(standing)
        )

    def _stands(self, name: str) -> bool:
        """Whether something may stand in the place of a figure's formula."""
        definition = self._program.definitions.get(name)
        if definition is None:
            return False
        return name in self._given or definition.default is not None or definition.absent is not None

    def _surely_reached(self, reached: Collection[str], replaced: Replaced, period: Period, home: Home) -> set[str]:
        """The figures that are reached for everybody who has them, and what is replaced."""
        surely, before = set(replaced.names), -1
        left = [name for name in reached if name in self._program.definitions]
        while len(surely) != before:
            before = len(surely)
            surely.update(
                name for name in left if name not in surely and self._reads_surely(name, surely, period, home)
            )
        return surely

    def _reads_surely(self, name: str, surely: Set[str], period: Period, home: Home) -> bool:
        bodies = list(in_force(self._program.definitions[name], period))
        return bool(bodies) and all(any(_is_sure(node, surely, home) for node in _its_own(body)) for body in bodies)

    def reached(self, name: str, period: Period, whole: bool = True) -> frozenset[str]:
        """The figures from whose formulas in a period a figure is read, directly or through others, and itself;
        `whole`: read in worlds too."""
        key = (name, period, whole)
        if key not in self._reach:
            readers = self._readers_in(period, whole)
            reached, pending = {name}, [name]
            while pending:
                for reader in readers.get(pending.pop(), ()):
                    if reader not in reached:
                        reached.add(reader)
                        pending.append(reader)
            self._reach[key] = frozenset(reached)
        return self._reach[key]

    def _readers_in(self, period: Period, whole: bool) -> dict[str, set[str]]:
        key = (period, whole)
        if key not in self._readers:
            by_figure: dict[str, set[str]] = {}
            for name in self._program.definitions:
                for read in self._read_by(name, period, whole):
                    by_figure.setdefault(read, set()).add(name)
            self._readers[key] = by_figure
        return self._readers[key]

    def _read_by(self, name: str, period: Period, whole: bool) -> frozenset[str]:
        """What the formulas of a figure read that hold in a period; `whole`: in worlds too, which only few ask for."""
        key = (name, period, whole or name not in self.asking)
        if key not in self._names:
            definition = self._program.definitions[name]
            home = Home(definition.entity, period.kind)
            nodes = chain.from_iterable(map(walk if key[2] else _outside_worlds, in_force(definition, period)))
            self._names[key] = frozenset(
                read
                for node in nodes
                if type(node) not in _READING_NOTHING
                and not is_earlier(node, definition, Place(), home)  # what is given of a later period stands
                for read in _names_read(node)
            )
        return self._names[key]


def asks(definition: Definition, of: str = "") -> bool:
    """Whether a formula asks for a world, or for one in which `of` is replaced."""
    nodes = (node for dated in definition.formulas for node in walk(dated.body))
    return any(isinstance(node, ir.AsIf) and (not of or node.changes[0].name == of) for node in nodes)


def _is_sure(node: ir.Expression, names: Set[str], home: Home) -> bool:
    """Whether a node reads one of some names of the one whose formula it is, or of their group that asks."""
    match node:
        case ir.ParameterRead():
            return node.name in names and isinstance(node.time, ir.ThisPeriod)
        case ir.VariableRead(time=ir.ThisPeriod()):
            of_group = isinstance(node.subject, ir.GroupOf) and node.subject.entity == home.entity
            return node.name in names and (of_group or isinstance(node.subject, ir.Self))
    return False


def _its_own(body: ir.Expression) -> Iterator[ir.Expression]:
    """The parts of a formula that are found once, in its own world: not for each of several."""
    stack = [body]
    while stack:
        node = stack.pop()
        yield node
        if not isinstance(node, _OF_EACH):
            stack += children(node)


def _outside_worlds(body: ir.Expression) -> Iterator[ir.Expression]:
    """The parts of a formula that are found in the world of the formula."""
    stack = [body]
    while stack:
        node = stack.pop()
        yield node
        if isinstance(node, ir.AsIf):
            stack += [part for change in node.changes for part in (change.value, change.where) if part is not None]
        else:
            stack += children(node)


def _names_read(node: ir.Expression) -> Iterator[str]:
    """The figures and parameters that a node itself reads, those by which records that it reads stand in order, and
    those that make the groups through which it reads."""
    if isinstance(node, ir.VariableRead | ir.OverTime | ir.ParameterRead):
        yield node.name
    yield from (key for _, key in order_keys(node))
    yield from (by.name for by, _ in groupings(node))


def in_force(definition: Definition, period: Period) -> Iterator[ir.Expression]:
    """The formulas of a definition that hold in a period: on its first day for one of such periods, on some day for
    others."""
    formulas = definition.formulas
    if definition.period == period.kind:
        body = formula_at(formulas, period.start)
        if body is not None:
            yield body
        return
    for at, dated in enumerate(formulas):
        ends = formulas[at + 1].start if at + 1 < len(formulas) else None
        begins = dated.start or date.min
        if begins <= period.end and (ends is None or ends > period.start):
            yield dated.body


def _has_several(definition: Definition, period: Period) -> bool:
    """Whether several formulas of a figure hold in a period that is not of its own kind."""
    return definition.period != period.kind and len(list(in_force(definition, period))) > 1


def is_earlier(node: ir.Expression, owner: Definition, place: Place, home: Home) -> bool:
    """Whether a read is surely of periods that end before the one in which something is replaced begins."""
    if place.when is not When.SAME or owner.period != home.period or home.period.unit is Unit.ETERNITY:
        return False
    if isinstance(node, ir.OverTime):
        return node.last > 0 and node.kind == home.period
    if not isinstance(node, ir.VariableRead) or not isinstance(node.time, ir.Containing):
        return False
    return node.time.kind == home.period and node.time.shift < 0
