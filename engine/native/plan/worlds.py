"""`figure as if (other = value)` for machine code: figures that a replacement reaches, once more, as they are there.

1. A world is planned where everything that it reaches belongs to the household of the one who is asked, in the period
   of the formula or parts of it, or lies in earlier periods, which it cannot reach. Else the interpreter computes it.
2. A figure of a world is a figure of its own, `tax as if 3`, whose formula reads those of the world where they are
   reached and the others where they are not. What is given is of the other world, so no column stands for it.
3. A world that is asked in a branch only is computed for the vectors in which some lane takes the branch.
4. The formula of a figure may ask what follows if the figure is this or that. The figures that follow from what it
   comes to then are those of one of its worlds. They are taken from the world that the formula ends in if no branch is
   taken, and computed only for the vectors in which some lane ends elsewhere.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import field, replace

from engine.ir import nodes as ir
from engine.ir.fold import formula_at
from engine.ir.places import Home, Place, Reader, When, Who
from engine.ir.program import DatedExpression, Definition, Program
from engine.ir.rewrite import Change, rewritten
from engine.ir.walk import groupings, order_keys, walk
from engine.ir.worlds import MAX_DEPTH
from engine.native.plan.reaching import Reaching, asks, in_force, is_earlier
from engine.native.plan.replaced import Replaced, replaced_by
from engine.native.plan.settled import taken
from engine.population.columns import Cell
from engine.records import record
from engine.values.periods import Period
from engine.values.types import BOOLEAN, EnumValue, Kind

Asked = tuple[ir.AsIf, tuple[ir.Expression, ...]]
_ELECTED = (Kind.BOOLEAN, Kind.ENUM)


@record(frozen=True, slots=True, eq=False)
class _World:
    """What is replaced for whom in which period, and what that reaches.

    `guard` names the figure that tells whether the world is asked at all. `at_home`: what leads to nobody else.
    """

    number: int
    home: Home
    period: Period
    replaced: Replaced
    reached: Collection[str]
    guard: str = ""
    depth: int = 1
    at_home: set[tuple[str, Place]] = field(default_factory=set)

    def copy_of(self, name: str, place: Place) -> str:
        """The name of a figure in the world."""
        loose = "" if place.own else f" {place.who.name}{place.when.name}".lower()
        return f"{name} as if {self.number}{loose}"


class Worlds:
    """The worlds that a plan needs, made as formulas that ask for them are met.

    `program` has their figures besides those of the program that is planned. `given` are the names of what columns
    give.
    """

    def __init__(self, program: Program, given: Collection[str]) -> None:
        self.definitions: dict[str, Definition] = dict(program.definitions)
        self.program = replace(program, definitions=self.definitions)
        self._own = program
        self._given = given
        self._worlds: dict[tuple[object, ...], _World | None] = {}
        self._copies: dict[str, tuple[_World, Place, str]] = {}
        self._same: dict[tuple[str, Period], _World] = {}
        self._reaching = Reaching(program, given)
        self._asking_of_themselves = [name for name in self._reaching.asking if asks(program.definitions[name], name)]
        self._looked_at: set[tuple[str, Period]] = set()
        self._called = {
            node.name
            for function in program.functions.values()
            for dated in function.formulas
            for node in walk(dated.body)
            if isinstance(node, ir.ParameterRead)
        }

    def body(self, cell: Cell, body: ir.Expression) -> ir.Expression:
        """A formula as it stands in the plan."""
        if cell.name in self._copies:
            return self._in_world(body, *self._copies[cell.name])
        if cell.name in self._reaching.asking:
            body = self._asking(cell, body)
        for name in self._asking_of_themselves:
            if self.definitions[name].period == cell.period.kind:
                self._look_at(Cell(name, cell.period))
        return self._as_in_world(cell, body)

    def _look_at(self, cell: Cell) -> None:
        """See which worlds a figure asks of itself, before what follows from it is planned."""
        key = (cell.name, cell.period)
        if key not in self._looked_at:
            self._looked_at.add(key)
            body = formula_at(self.definitions[cell.name].formulas, cell.period.start)
            if body is not None:
                self._asking(cell, body)

    # --- formulas that ask

    def _asking(self, cell: Cell, body: ir.Expression) -> ir.Expression:
        definition = self.definitions[cell.name]
        asked = list(_asked(body, (), cell.period))
        last = _last(body)
        own = [pair for pair in asked if any(change.name == cell.name for change in pair[0].changes)]
        for node, _ in sorted(own, key=lambda pair: pair[0].changes[0].value != last)[:1]:
            world = self._world(node, definition, cell.period, ()) if _is_elected(node, definition) else None
            given = world is not None and any(name in self._given for name in world.reached if name != cell.name)
            if world is not None and not given:
                self._same[(cell.name, cell.period)] = world
        conditions = {id(node): guards for node, guards in asked}

        def change(node: ir.Expression) -> ir.Expression | None:
            if not isinstance(node, ir.AsIf) or id(node) not in conditions:
                return None
            world = self._world(node, definition, cell.period, conditions[id(node)])
            if world is None or not self._stays_at_home(world, node.value.name):
                return None
            read = self._read(node.value, world, Place())
            for holder in world.replaced.holders:
                there = ir.Same(BOOLEAN, None, holder, holder)
                read = ir.If(read.type, None, there, read, node)
            return read

        return rewritten(body, change)

    def _world(
        self, node: ir.AsIf, owner: Definition, period: Period, guards: tuple[ir.Expression, ...]
    ) -> _World | None:
        """The world that is asked; None where it is left to the interpreter."""
        key: tuple[object, ...] = (node.changes, owner.entity, period)
        for known_key in (key, (*key, guards)):
            if known_key in self._worlds:
                return self._worlds[known_key]
        if guards:
            key = (*key, guards)
        self._worlds[key] = self._made(node, owner, period, guards)
        return self._worlds[key]

    def _made(
        self, node: ir.AsIf, owner: Definition, period: Period, guards: tuple[ir.Expression, ...]
    ) -> _World | None:
        home = Home(owner.entity, owner.period)
        replaced = self._replaced(node, home)
        if replaced is None:
            return None
        reached = self._reaching.by(replaced, period)
        if self._reaching.given_may_stand(reached, replaced, period, home):
            return None
        number = len(self._worlds) + 1
        guard = self._guard(number, owner, guards)
        return _World(number, home, period, replaced, reached, guard)

    def _replaced(self, node: ir.AsIf, home: Home) -> Replaced | None:
        if not _is_own(node.value.subject, node.value.time):
            return None
        replaced = replaced_by(self._own, node.changes, home)
        called = replaced is not None and any(name in self._called for name in replaced.parameters)
        return None if called else replaced

    def _guard(self, number: int, owner: Definition, guards: tuple[ir.Expression, ...]) -> str:
        if not guards:
            return ""
        name = f"whether to ask world {number}"
        body = guards[0] if len(guards) == 1 else ir.And(BOOLEAN, None, guards)
        self.definitions[name] = replace(
            owner, name=name, type=BOOLEAN, grid=None, formulas=(DatedExpression(None, body),), low=None, high=None
        )
        return name

    # --- what is reached, and where

    def _stays_at_home(self, world: _World, asked: str) -> bool:
        """Whether what is asked in a world leads to nobody else, and to no time of which the world is not."""
        seen: set[tuple[str, Place]] = set()
        pending = [(asked, Place())] if asked in world.reached else []
        while pending:
            figure_place = pending.pop()
            if figure_place in seen or figure_place in world.at_home or figure_place[0] in world.replaced.figures:
                continue
            seen.add(figure_place)
            for name, place in self._reads(world, *figure_place):
                if place.who is Who.SOMEBODY or place.when is When.SOMETIME:
                    return False
                pending.append((name, place))
        world.at_home.update(seen)
        return True

    def _reads(self, world: _World, name: str, place: Place) -> Iterator[tuple[str, Place]]:
        """What a figure in a world reads there that is reached, and not of earlier times."""
        definition = self._own.definitions[name]
        for body in in_force(definition, world.period):
            reader = Reader(body, definition.period, place, world.home)
            for node in walk(body):
                if any(key in world.reached for _, key in order_keys(node)):
                    yield name, Place(Who.SOMEBODY)  # there records may stand in another order
                if any(by.name in world.reached for by, _ in groupings(node)):
                    yield name, Place(Who.SOMEBODY)  # who is together is found for the world outside alone
                if isinstance(node, ir.ParameterRead) and node.name in world.replaced.parameters:
                    if not isinstance(node.time, ir.ThisPeriod) or reader.when_of(node) is When.SOMETIME:
                        yield name, Place(Who.SOMEBODY)  # on a day when it may not be replaced
                if isinstance(node, ir.VariableRead | ir.OverTime) and node.name in world.reached:
                    read_place = reader.place_of(node)
                    if read_place.when is not When.SOMETIME or not is_earlier(node, definition, place, world.home):
                        yield node.name, read_place

    def _of_home(self, name: str, world: _World) -> bool:
        definition = self._own.definitions[name]
        return definition.entity == world.home.entity and definition.period == world.home.period

    # --- formulas of figures in a world

    def _in_world(self, body: ir.Expression, world: _World, place: Place, name: str) -> ir.Expression:
        if name in world.replaced.figures:
            return body
        reader = Reader(body, self._own.definitions[name].period, place, world.home)

        def change(node: ir.Expression) -> ir.Expression | None:
            if isinstance(node, ir.AsIf):
                own = place.own and reader.when_of(node) is When.SAME
                return self._inside(node, world, change) if own else None
            if isinstance(node, ir.ParameterRead):
                return world.replaced.parameters.get(node.name)
            if not isinstance(node, ir.VariableRead | ir.OverTime) or node.name not in world.reached:
                return None
            read_place = reader.place_of(node)
            return None if read_place.when is When.SOMETIME else self._read(node, world, read_place)

        inside = rewritten(body, change)
        empty = _nothing(self._own, inside) if world.guard and place.own else None
        if empty is None:
            return inside
        asked = ir.VariableRead(BOOLEAN, None, world.guard, ir.Self(world.home.entity), ir.ThisPeriod())
        return ir.If(inside.type, None, asked, inside, empty)

    def _inside(self, node: ir.AsIf, world: _World, change: Change) -> ir.Expression | None:
        """A world inside a world, as one world: it keeps what is replaced around it, but for the same figures."""
        key = (world.number, node.changes)
        if key not in self._worlds:
            self._worlds[key] = self._both(node, world, change)
        both = self._worlds[key]
        if both is None or not self._stays_at_home(both, node.value.name):
            return None
        return self._read(node.value, both, Place())

    def _both(self, node: ir.AsIf, outer: _World, change: Change) -> _World | None:
        inner = self._replaced(node, outer.home) if outer.depth < MAX_DEPTH else None
        if inner is None or inner.members:
            return None
        around = outer.replaced
        figures = {name: rewritten(formula, change) for name, formula in inner.figures.items()}
        replaced = replace(
            around,
            figures={**around.figures, **figures},
            members=around.members - inner.names,
            parameters={**around.parameters, **inner.parameters},
        )
        reached = frozenset((*outer.reached, *self._reaching.by(inner, outer.period)))
        if self._reaching.given_may_stand(reached, replaced, outer.period, outer.home):
            return None
        return _World(len(self._worlds) + 1, outer.home, outer.period, replaced, reached, depth=outer.depth + 1)

    def _read(self, node: ir.VariableRead | ir.OverTime, world: _World, place: Place) -> ir.Expression:
        if node.name not in world.reached:
            return node
        name = world.copy_of(node.name, place)
        if name not in self.definitions:
            original = self._own.definitions[node.name]
            formulas = original.formulas
            if node.name in world.replaced.figures:
                formulas = (DatedExpression(None, world.replaced.figures[node.name]),)
            self.definitions[name] = replace(original, name=name, formulas=formulas, default=None, absent=None)
            self._copies[name] = (world, place, node.name)
        return replace(node, name=name)

    def _as_in_world(self, cell: Cell, body: ir.Expression) -> ir.Expression:
        """A figure that follows from one whose formula asks for worlds: as in that which this comes to, if it does."""
        for (name, period), world in self._same.items():
            if cell.period != period or cell.name == name or cell.name not in world.reached:
                continue
            if cell.name not in self._reaching.reached(name, period, whole=False):
                continue  # it asks for a world itself
            if not self._of_home(cell.name, world) or not self._stays_at_home(world, cell.name):
                continue
            own = ir.VariableRead(self.definitions[name].type, None, name, ir.Self(world.home.entity), ir.ThisPeriod())
            there = self._read(own, world, Place())
            in_world = self._read(replace(own, type=body.type, name=cell.name), world, Place())
            return ir.If(body.type, None, ir.Compare(BOOLEAN, None, "=", own, there), in_world, body)
        return body


def _is_elected(node: ir.AsIf, definition: Definition) -> bool:
    """Whether a world differs in what one figure of the one asked comes to, of few that there are."""
    change = node.changes[0]
    alone = len(node.changes) == 1 and _is_own(change.subject, change.time)
    return alone and definition.type.kind in _ELECTED and not definition.may_not_apply


def _is_own(subject: ir.Subject | None, time: ir.Time) -> bool:
    return isinstance(subject, ir.Self) and isinstance(time, ir.ThisPeriod)


def _asked(node: ir.Expression, guards: tuple[ir.Expression, ...], period: Period) -> Iterator[Asked]:
    """The worlds that a formula asks for, each with what must hold for it to be asked."""
    match node:
        case ir.AsIf():
            yield node, guards
        case ir.If() if (branch := taken(node, period)) is not None:
            yield from _asked(branch, guards, period)
        case ir.If():
            yield from _asked(node.condition, guards, period)
            yield from _asked(node.then, (*guards, *_plain(node.condition)), period)
            yield from _asked(node.otherwise, (*guards, *_plain(ir.Not(BOOLEAN, None, node.condition))), period)
        case ir.And():
            for value in node.values:
                yield from _asked(value, guards, period)
                guards = (*guards, *_plain(value))
        case ir.Exceptions():
            for case in node.cases:
                yield from _asked(case.when, guards, period)
                yield from _asked(case.then, (*guards, *_plain(case.when)), period)
            yield from _asked(node.general, guards, period)
        case _:
            for inner in walk(node):
                if isinstance(inner, ir.AsIf):
                    yield inner, guards


def _plain(condition: ir.Expression) -> tuple[ir.Expression, ...]:
    """A condition that can be a figure of its own: it names nothing local, and asks for no world."""
    local = any(isinstance(inner, ir.Local | ir.AsIf) for inner in walk(condition))
    return () if local else (condition,)


def _last(body: ir.Expression) -> ir.Expression:
    """What a formula comes to where none of its branches is taken."""
    while True:
        match body:
            case ir.Exceptions():
                body = body.general
            case ir.If():
                body = body.otherwise
            case ir.Let():
                body = body.body
            case _:
                return body


def _nothing(program: Program, body: ir.Expression) -> ir.Expression | None:
    """What stands in lanes that ask for nothing."""
    if body.type.kind in (Kind.MONEY, Kind.RATE, Kind.INTEGER):
        return ir.Literal(body.type, None, 0)
    if body.type.kind is Kind.BOOLEAN:
        return ir.Literal(body.type, None, False)
    if body.type.kind is Kind.ENUM:
        return ir.Literal(
            body.type, None, EnumValue(body.type.enum, next(iter(program.settings.enums[body.type.enum].members)))
        )
    return None
