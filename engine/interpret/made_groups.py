"""The groups that a figure makes in a case, listed: of these a case may state facts, and figures be asked.

In each period of that figure which the case is about there are other groups. A group that is there in one of them is
listed. While it is not known who is together with whom, that is one for the first in each larger group.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from engine.interpret import grouping
from engine.interpret.cases import Case
from engine.interpret.evaluating import Places, Unsure
from engine.interpret.frames import Frame, Step
from engine.interpret.interpreter import Interpreter
from engine.interpret.outcomes import Fact, Failure
from engine.ir import nodes as ir
from engine.ir.program import Program
from engine.values.periods import Period, Unit


def with_groups(program: Program, case: Case) -> tuple[Case, dict[str, frozenset[str]]]:
    """The case with the groups that figures make; and of each kind, if it is known who is together with whom, what
    there is to state facts of."""
    certain: dict[str, frozenset[str]] = {}
    instances = dict(case.instances)
    for entity in program.settings.entities.values():
        by = grouping_of(program, entity.name)
        if by is None or not grouping.are_made(case, entity.name, by):
            continue
        groups, sure = _groups(Interpreter(program, case), entity.name, by)
        if sure:
            certain[entity.name] = frozenset(groups)
        instances[entity.name] = tuple(dict.fromkeys((*groups, *case.instances.get(entity.name, ()))))
    return replace(case, instances=instances) if instances != case.instances else case, certain


def grouping_of(program: Program, entity: str) -> ir.Grouping | None:
    """What makes groups of a kind; None where they are stated."""
    declared = program.settings.entities[entity]
    if not declared.by:
        return None
    return ir.Grouping(declared.by, program.definitions[declared.by].period, declared.within)


def parts_of(at: Period, by: ir.Grouping) -> Sequence[Period]:
    """The periods in which there are other groups, of those that a case or population is about."""
    return (at,) if Unit.ETERNITY in (at.kind.unit, by.kind.unit) else at.parts(by.kind)


def _groups(interpreter: Interpreter, entity: str, by: ir.Grouping) -> tuple[tuple[str, ...], bool]:
    """The groups that there are or may be in the periods of a case, and whether that is certain."""
    groups: dict[str, None] = {}
    sure = True
    for whole in interpreter.case.instances.get(by.within, ()):
        for _, places in _by_period(interpreter, entity, by, whole):
            if isinstance(places, Unsure):
                sure = False
                groups |= dict.fromkeys(grouping.may_be(interpreter.case, by, whole)[:1])
            else:
                groups |= dict.fromkeys(place for place in places.values() if place is not None)
    return tuple(groups), sure


def people_together(interpreter: Interpreter, entity: str, whole: str) -> dict[str, tuple[str, ...]]:
    """Who is in which group that a figure makes in a larger one, in some period of the case; nobody in periods of which
    it is not known."""
    people: dict[str, dict[str, None]] = {}
    for _, places in known_places(interpreter, entity, whole):
        for person, place in places.items():
            if place is not None:
                people.setdefault(place, {})[person] = None
    return {place: tuple(together) for place, together in people.items()}


def known_places(interpreter: Interpreter, entity: str, whole: str) -> Iterator[tuple[Period, Places]]:
    """Who of a larger group a figure puts in which group of a kind, in each period of the case of which it is known."""
    by = grouping_of(interpreter.program, entity)
    assert by is not None
    for part, places in _by_period(interpreter, entity, by, whole):
        if not isinstance(places, Unsure):
            yield part, places


def _by_period(
    interpreter: Interpreter, entity: str, by: ir.Grouping, whole: str
) -> Iterator[tuple[Period, Places | Unsure]]:
    """Who is where in each period of the figure; nobody is anywhere where it is an error."""
    at = interpreter.case.at
    definition = interpreter.program.definitions[by.name]
    for part in parts_of(at, by):
        frame = Frame(whole, part, Step(Fact(by.name, whole, part), definition, ""), {}, {})
        places = grouping.places_counted(interpreter, entity, by, whole, frame)
        yield part, {} if isinstance(places, Failure) else places
