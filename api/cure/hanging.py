"""What a refusal hangs on: the facts that were read on the way to it, and the kinds of records whose lists were.

The interpreter reads no more than it needs, and always in the same order. So where a condition cannot hold, it cannot
either with anything changed that was not read on the way: whatever cures changes one of these facts, or adds a record
of one of these kinds.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from api.cure.changing import may_change
from api.cure.deciding import reads
from engine.interpret.cases import Case
from engine.interpret.interpreter import Interpreter
from engine.interpret.outcomes import Fact
from engine.interpret.reuse import decides_more
from engine.ir import nodes as ir
from engine.ir.program import Definition, Program
from engine.ir.walk import walk
from engine.ir.worlds import reached_names
from engine.remembered import Remembered


@dataclass(frozen=True, slots=True)
class Hangs:
    """On what a refusal hangs: facts that may be changed, and kinds of records."""

    facts: frozenset[Fact]
    kinds: frozenset[str]


class Hanging:
    """Tells on what the refusals of one condition of one case hang."""

    def __init__(self, program: Program, case: Case, figure: Definition) -> None:
        self._program, self._case, self._figure = program, case, figure
        self._stated = {fact.name for fact in case.given}
        self._kinds = _kinds_read.of(program, None, lambda: _KindsRead(program))
        self._changes = _changes.of(program, None, dict[str, bool])
        self._always = frozenset(self._of_order())

    def of(self, interpreter: Interpreter, asked: Fact) -> Hangs:
        """What was read by way of a figure that was found, directly or through others."""
        seen = _read_for(interpreter, asked)
        if interpreter.without_listed is not None:
            seen |= _read_for(interpreter.without_listed, asked)
        return self.by(seen)

    def by(self, seen: Collection[Fact]) -> Hangs:
        """By way of some facts and figures."""
        kinds = {kind for name in {fact.name for fact in seen} for kind in self._kinds.of(name)}
        return Hangs(frozenset(filter(self.may_change, seen)) | self._always, frozenset(kinds))

    def may_change(self, fact: Fact) -> bool:
        """Whether somebody can change a fact: it is or may be stated, of somebody in the case, and is not past."""
        able = self._changes.get(fact.name)
        definition = self._program.definitions[fact.name]
        if able is None:
            able = self._changes[fact.name] = may_change(self._program, definition)
        if not able or not (definition.is_input or fact.name in self._stated):
            return False
        there = self._case.instances.get(definition.entity, ())
        return fact.period.end >= self._case.at.start and fact.instance in there

    def _of_order(self) -> Iterator[Fact]:
        """Facts that decide who is meant or in which order records stand, which no formula need name."""
        for definition in map(self._program.definitions.__getitem__, _deciding.of(self._program, None, self._decide)):
            period = definition.period_at(self._case.at)
            if period is not None and self._figure.name in reached_names(self._program, frozenset((definition.name,))):
                facts = (
                    Fact(definition.name, name, period) for name in self._case.instances.get(definition.entity, ())
                )
                yield from filter(self.may_change, facts)

    def _decide(self) -> tuple[str, ...]:
        inputs = [definition.name for definition in self._program.definitions.values() if definition.is_input]
        return tuple(name for name in inputs if decides_more(self._program, name))


def _read_for(interpreter: Interpreter, asked: Fact) -> set[Fact]:
    seen, waiting = {asked}, [asked] if asked in interpreter.steps else []
    while waiting:
        fact = waiting.pop()
        more = [other for other in reads(interpreter.steps, fact) if other not in seen]
        seen.update(more)
        waiting += [other for other in more if other in interpreter.steps]
    return seen


class _KindsRead:
    """For each definition the kinds of records, of those that can be added, whose lists its formulas may read."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._every = frozenset(entity.name for entity in program.settings.entities.values() if entity.more is not None)
        self._known: dict[str, frozenset[str]] = {}

    def of(self, name: str) -> frozenset[str]:
        """The kinds that the formulas of a definition, or of a function, may read."""
        if not self._every:
            return self._every
        kinds = self._known.get(name)
        if kinds is None:
            self._known[name] = frozenset()  # of a function that calls itself
            owner = self._program.definitions.get(name) or self._program.functions[name]
            nodes = (node for dated in owner.formulas for node in walk(dated.body))
            kinds = self._known[name] = frozenset(kind for node in nodes for kind in self._read_by(node))
        return kinds

    def _read_by(self, node: ir.Expression) -> frozenset[str]:
        match node:
            case ir.AsIf():
                return self._every  # what follows from what is replaced is found apart
            case ir.FunctionCall():
                return self.of(node.name)
            case ir.VariableRead() | ir.OverTime():
                return self._every & {self._program.definitions[node.name].entity}
            case ir.Aggregate() | ir.Chosen() | ir.Ranked():
                return self._every & {node.link.entity}
        return frozenset()


_kinds_read = Remembered[_KindsRead](3)
_changes = Remembered[dict[str, bool]](3)
_deciding = Remembered[tuple[str, ...]](3)
