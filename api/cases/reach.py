"""What figures hang on: every fact and figure that their formulas read, directly or through others."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from engine.interpret.cases import Case
from engine.interpret.outcomes import Fact
from engine.ir import nodes as ir
from engine.ir.fold import formula_at
from engine.ir.program import Definition, Program
from engine.ir.walk import walk
from engine.native.plan.plan import cell_for, reads
from engine.population.columns import Cell
from engine.remembered import Remembered
from engine.values.periods import Period


def reached(
    program: Program, period: Period, figures: tuple[Definition, ...], stated: Collection[str] = ()
) -> Iterator[Cell]:
    """The wanted figures and everything that their formulas read, directly or through others. The figures `stated` make
    groups that are stated: nobody asks for them to know who is together."""
    cells = dict.fromkeys(cell_for(program, figure.name, period) for figure in figures)
    left = list(cells)
    while left:
        cell = left.pop()
        yield cell
        body = formula_at(program.definitions[cell.name].formulas, cell.period.start)
        for other, _, _ in reads(body, cell.period, whole=True, stated=stated) if body is not None else ():
            if other not in cells:
                cells[other] = None
                left.append(other)


def records_counted(program: Program, cells: Iterable[Cell]) -> set[str]:
    """The entities of the records that formulas run over: also of those of which they read nothing, as a count does."""
    entities: set[str] = set()
    for cell in cells:
        body = formula_at(program.definitions[cell.name].formulas, cell.period.start)
        for node in walk(body) if body is not None else ():
            if isinstance(node, ir.Aggregate | ir.Chosen | ir.Ranked) and isinstance(node.link, ir.Records):
                entities.add(node.link.entity)
    return entities


def facts_read(
    program: Program, case: Case, figures: tuple[Definition, ...], besides: Collection[Fact] = ()
) -> list[Fact]:
    """The facts that the figures of a case may read, in the order of the rules: not stated, not ruled out by what is
    stated, and not among `besides`."""
    stated: dict[str, set[str]] = {}
    for fact in case.given:
        stated.setdefault(fact.name, set()).add(fact.instance)
    return [
        fact
        for cell, rivals in facts_reached(program, case.at, figures)
        for instance in case.instances.get(program.definitions[cell.name].entity, ())
        if (fact := Fact(cell.name, instance, cell.period)) not in case.given
        and fact not in besides
        and not any(instance in stated.get(rival, ()) for rival in rivals)
    ]


_Read = tuple[tuple[Cell, frozenset[str]], ...]
_MOST_KEPT = 64
_statable = Remembered[tuple[Cell, ...]](_MOST_KEPT)
_facts = Remembered[_Read](_MOST_KEPT)


def facts_reached(program: Program, period: Period, figures: tuple[Definition, ...]) -> _Read:
    """The facts that figures read, in the order of the rules, each with the facts that leave no place for it. The last
    few answers are kept."""
    key = (period, tuple(figure.name for figure in figures))
    return _facts.of(program, key, lambda: _facts_reached(program, period, figures))


def _facts_reached(program: Program, period: Period, figures: tuple[Definition, ...]) -> _Read:
    definitions = program.definitions
    places = {name: place for place, name in enumerate(definitions)}
    rivals: dict[str, set[str]] = {}
    for definition in definitions.values():
        for other in definition.excludes:
            rivals.setdefault(other, set()).add(definition.name)
            rivals.setdefault(definition.name, set()).add(other)
    read = [cell for cell in reached(program, period, figures) if definitions[cell.name].is_input]
    read.sort(key=lambda cell: places[cell.name])
    return tuple((cell, frozenset(rivals.get(cell.name, ()))) for cell in read)


def may_be_stated(definition: Definition) -> bool:
    """Whether people state it: a fact, or a figure that stands for the facts that it excludes, such as a total."""
    return definition.is_input or bool(definition.excludes)


def statable(program: Program, period: Period, figures: tuple[Definition, ...]) -> tuple[Cell, ...]:
    """What a case may state of all that figures read: facts, and figures that stand for the facts that they exclude."""

    def cells() -> tuple[Cell, ...]:
        every = reached(program, period, figures)
        return tuple(cell for cell in every if may_be_stated(program.definitions[cell.name]))

    return _statable.of(program, (period, tuple(figure.name for figure in figures)), cells)
