"""Groups that a case states, held against those that a figure would make of the same people: a note where they differ.

1. What is stated stands: the note refuses nothing, and moves no figure.
2. In a larger group of which it is not known who is together, and of people who are in none, there is nothing to say.
3. Who is stated to be in a group ought to be with each other in one that the figure makes, and nobody else in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from engine.interpret.cases import Case
from engine.interpret.interpreter import Interpreter
from engine.interpret.made_groups import grouping_of, known_places
from engine.ir.program import Definition, Program
from engine.reading.declared_settings import Entity


def states_groups(program: Program, case: Case) -> bool:
    """Whether a case states who is in groups that a figure would make."""
    entities = program.settings.entities
    return any(entities[kind].is_stated_or_made for kind, _, _ in case.holders)


def contradicted_groups(interpreter: Interpreter) -> tuple[str, ...]:
    """What to say of groups that a case states otherwise than a figure makes them, of the kinds of which the
    interpreter found something."""
    if not states_groups(interpreter.program, interpreter.case):
        return ()
    read = {step.definition.entity for step in interpreter.steps.values()}
    entities = interpreter.program.settings.entities.values()
    kinds = [entity for entity in entities if entity.name in read and entity.is_stated_or_made]
    return tuple(dict.fromkeys(note for entity in kinds for note in _of_kind(interpreter, entity)))


def _of_kind(interpreter: Interpreter, entity: Entity) -> Iterator[str]:
    case, by = interpreter.case, grouping_of(interpreter.program, entity.name)
    if by is None or not any(kind == entity.name for kind, _, _ in case.holders):
        return
    made_by = interpreter.program.definitions[by.name]
    for whole in case.instances.get(by.within, ()):
        for part, places in known_places(interpreter, entity.name, whole):
            when = part.start if entity.counted_start else part
            stated = {person: case.group_on(entity.name, person, when) for person in places}
            for group in dict.fromkeys(group for group in stated.values() if group is not None):
                inside = [person for person, of in stated.items() if of == group]
                yield from _differing(entity, group, inside, places, made_by)


def _differing(
    entity: Entity, group: str, inside: list[str], places: Mapping[str, str | None], made_by: Definition
) -> Iterator[str]:
    """What differs in a stated group: who of the same larger group is missing, and who is in it and does not belong."""
    first = next((person for person in inside if places[person] is not None), None)
    if first is None:
        return
    place = places[first]
    missing = [person for person, of in places.items() if of == place and person not in inside]
    others = [person for person in inside if places[person] != place]
    for people, words in ((missing, "should be listed"), (others, "should not be listed")):
        if people:
            named = ", ".join(f"`{person}`" for person in people)
            by = f"by what is stated of the {entity.within}, {named} {words} with `{first}` ({made_by.law})"
            yield f"{entity.name} `{group}`: {by}; the {entity.name} counts as it is listed"


__all__ = ["contradicted_groups", "states_groups"]
