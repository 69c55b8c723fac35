"""Worlds, as the checker sees them: every figure that a replacement reaches, once more, with what it reads there.

A name is reached where a formula leads to something replaced. In a world a reached figure is a copy that reads copies;
what is not reached is the world outside. A read that reaches the very figure that is replaced leads nowhere. So circles
are looked for as in a program without worlds, and `tax as if (credit = 0 USD)` may stand in the formula of `credit`.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from engine.ir import nodes as ir
from engine.ir.places import Home, Place, Reader, When, Who
from engine.ir.program import DatedExpression, Definition, FunctionDefinition, Program
from engine.ir.rewrite import Change, rewritten
from engine.ir.walk import groupings, order_keys, walk
from engine.kept import code_digest, fetch, folder_for, forget_old, keep
from engine.records import record
from engine.text.diagnostics import Diagnostics

MAX_DEPTH, MAX_COPIES, MOST_ANSWERS, MOST_KEPT = 2, 20_000, 1_000, 32
Formulas = Mapping[str, Definition] | Mapping[str, FunctionDefinition]


def names_read(body: ir.Expression) -> Iterator[str]:
    """The figures, constants and functions that an expression names or hangs on."""
    for node in walk(body):
        match node:
            case ir.VariableRead() | ir.OverTime() | ir.FunctionCall():
                yield node.name
            case ir.ParameterRead() | ir.TableRead() | ir.ScaleRead():
                yield node.name
        for by, _ in groupings(node):
            yield by.name
        for _, name in order_keys(node):
            yield name


def _readers(*formulas: Formulas) -> dict[str, set[str]]:
    """For each name, whose formulas read it."""
    readers: dict[str, set[str]] = {}
    for several in formulas:
        for owner, definition in several.items():
            for dated in definition.formulas:
                for name in names_read(dated.body):
                    readers.setdefault(name, set()).add(owner)
    return readers


def _readers_of(program: Program) -> dict[str, set[str]]:
    """The same for a whole program, kept on disk: to walk through all formulas takes as long as to compute a case."""
    folder, name = folder_for("readers"), f"{program.fingerprint}-{code_digest()}.readers"
    body = fetch(folder, name) if program.fingerprint else None
    if body is not None:
        kept: dict[str, set[str]] = pickle.loads(body)
        return kept
    readers = _readers(program.definitions, program.functions)
    if program.fingerprint and folder is not None:
        keep(folder, name, pickle.dumps(readers))
        forget_old(folder, "*.readers", MOST_KEPT)
    return readers


def _reached(readers: Mapping[str, set[str]], names: Iterable[str]) -> frozenset[str]:
    """The names from which some of `names` are read, directly or through others, and those themselves."""
    reached = set(names)
    pending = list(reached)
    while pending:
        for reader in readers.get(pending.pop(), ()):
            if reader not in reached:
                reached.add(reader)
                pending.append(reader)
    return frozenset(reached)


_kept: list[tuple[Program, dict[str, set[str]], dict[frozenset[str], frozenset[str]]]] = []


def reached_names(program: Program, names: frozenset[str]) -> frozenset[str]:
    """The figures and functions of a program from which `names` are read. Answers are kept for a few programs."""
    entry = next((candidate for candidate in _kept if candidate[0] is program), None)
    if entry is None:
        entry = (program, _readers_of(program), {})
        _kept.append(entry)
        del _kept[:-3]
    _, readers, answers = entry
    if names not in answers:
        if len(answers) >= MOST_ANSWERS:
            answers.clear()
        answers[names] = _reached(readers, names)
    return answers[names]


# --- the program unrolled


@record(frozen=True, slots=True, eq=False)
class World:
    """One `as if`: who is asked in it, in which world, what it replaces, and the names that this reaches."""

    number: int
    home: Home
    node: ir.AsIf
    outer: World | None
    reached: frozenset[str]

    @property
    def depth(self) -> int:
        """How many worlds there are from this one outwards."""
        return 1 + (self.outer.depth if self.outer is not None else 0)


@record(frozen=True, slots=True)
class _Copy:
    """A definition in a world, and of whom and when it is, seen from the one whom the world was asked of."""

    name: str
    world: World
    place: Place

    @property
    def key(self) -> str:
        loose = self.place.who is Who.SOMEBODY or self.place.when is When.SOMETIME
        seen = "" if self.place.own else " of others" if loose else " within"
        apart = f" {self.place.who.name}{self.place.when.name}".lower() if seen else ""
        return f"{self.name} as if {self.world.number}{seen}{apart}"


def unrolled(
    definitions: Mapping[str, Definition], functions: Mapping[str, FunctionDefinition], problems: Diagnostics
) -> dict[str, Definition]:
    """The definitions, and those that worlds need once more. Reports worlds that nest too deep (E707) or are too many
    (E706)."""
    all_definitions = dict(definitions)
    asking = {
        name: definition
        for name, definition in definitions.items()
        if any(isinstance(node, ir.AsIf) for dated in definition.formulas for node in walk(dated.body))
    }
    if asking:
        _Unrolling(definitions, functions, problems).run(asking, all_definitions)
    return all_definitions


class _Unrolling:
    def __init__(
        self, definitions: Mapping[str, Definition], functions: Mapping[str, FunctionDefinition], problems: Diagnostics
    ) -> None:
        self.definitions = definitions
        self.problems = problems
        self.readers = _readers(definitions, functions)
        self.pending: dict[str, _Copy] = {}
        self.worlds = 0

    def run(self, asking: Mapping[str, Definition], all_definitions: dict[str, Definition]) -> None:
        for name, definition in asking.items():
            all_definitions[name] = self.rewritten(definition, None, Place())
        limit = min(MAX_COPIES, 4 * len(self.definitions))
        while self.pending:
            key, copy = self.pending.popitem()
            if key in all_definitions:
                continue
            if len(all_definitions) - len(self.definitions) >= max(limit, 1_000):
                message = f"the worlds of `as if` need more than {max(limit, 1_000):,} figures once more"
                help_text = "ask a figure that lies nearer to what is replaced"
                self.problems.add("E706", message, copy.world.node.span, help=help_text)
                return
            plain = self.rewritten(self.definitions[copy.name], copy.world, copy.place)
            all_definitions[key] = replace(plain, name=key)

    def rewritten(self, definition: Definition, world: World | None, place: Place) -> Definition:
        """A definition as it stands in a world. Outside of all worlds only what asks for one is changed."""
        home = Home(definition.entity, definition.period) if world is None else world.home
        formulas = []
        for formula in definition.formulas:
            reader = Reader(formula.body, definition.period, place, home)
            formulas.append(DatedExpression(formula.start, self.body(formula.body, definition, world, reader)))
        return replace(definition, formulas=tuple(formulas))

    def body(self, body: ir.Expression, definition: Definition, world: World | None, reader: Reader) -> ir.Expression:
        def change(node: ir.Expression) -> ir.Expression | None:
            match node:
                case ir.AsIf():
                    return self.as_if(node, definition, world, reader, change)
                case ir.VariableRead() | ir.OverTime() if world is not None:
                    return self.read(node, world, reader.place_of(node), reader.place)
            return None

        return rewritten(body, change)

    def as_if(
        self, node: ir.AsIf, owner: Definition, outer: World | None, reader: Reader, change: Change
    ) -> ir.Expression:
        changes = tuple(
            replace(
                replacement,
                value=rewritten(replacement.value, change),
                where=None if replacement.where is None else rewritten(replacement.where, change),
            )
            for replacement in node.changes
        )
        names = [replacement.name for replacement in node.changes]
        world = _again(node, outer)
        if world is None:
            self.worlds += 1
            home = Home(owner.entity, owner.period)
            world = World(self.worlds, home, node, outer, _reached(self.readers, names))
        if world.depth > MAX_DEPTH:
            message = f"worlds nest more than {MAX_DEPTH} deep: {_path(world)}"
            help_text = "replace all at once: `x as if (a = …, b = …)`"
            self.problems.add("E707", message, node.span, help=help_text)
            return replace(node, changes=changes)
        inside = Reader(node.value, owner.period, Place(), world.home)
        asked = self.read(node.value, world, inside.place_of(node.value), Place())
        value = asked if isinstance(asked, ir.VariableRead) else node.value
        return replace(node, value=value, changes=changes)

    def read(
        self, node: ir.VariableRead | ir.OverTime, world: World | None, place: Place, owner: Place
    ) -> ir.Expression | None:
        """A read as it stands in a world: of a copy, of what is outside, or of the very figure that is replaced."""
        while world is not None:
            for change in world.node.changes:
                if change.name == node.name and self.is_replaced(node, change, world, place, owner):
                    return ir.Literal(node.type, node.span, 0)
            if node.name in world.reached and node.name in self.definitions:
                copy = _Copy(node.name, world, place)
                self.pending.setdefault(copy.key, copy)
                return replace(node, name=copy.key)
            world, place, owner = world.outer, Place(Who.SOMEBODY, When.SOMETIME), Place(Who.SOMEBODY, When.SOMETIME)
        return None

    def is_replaced(
        self, node: ir.VariableRead | ir.OverTime, change: ir.Replacement, world: World, place: Place, owner: Place
    ) -> bool:
        """Whether a read of a figure that a world replaces is surely of the one of whom it does."""
        if isinstance(node, ir.OverTime) or change.link is not None:
            return False
        if isinstance(change.subject, ir.Self) and isinstance(change.time, ir.ThisPeriod):
            return place.own and self.definitions[node.name].entity == world.home.entity
        return owner.own and node.subject == change.subject and node.time == change.time


def _again(node: ir.AsIf, world: World | None) -> World | None:
    """The world in which the same is asked again: then the formula comes back to itself, which is a circle."""
    while world is not None and world.node != node:
        world = world.outer
    return world


def _path(world: World) -> str:
    names = []
    level: World | None = world
    while level is not None:
        names.append(level.node.value.name.rpartition(":")[2])
        level = level.outer
    return ", in ".join(f"`{name} as if …`" for name in names)
