"""Which kinds of records figures read, so that an interview can ask how many there are of each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from api.cases.reach import reached
from engine.ir.program import Definition, Program

MOST_RECORDS = 9


def records_read(program: Program, wanted: Sequence[Definition], day: date) -> list[str]:
    """The entities of records that figures read on a day, in the order of the rules."""
    day = min(day, program.settings.covers_to)
    read = {
        program.definitions[cell.name].entity
        for definition in wanted
        for cell in reached(program, definition.period.containing(day), (definition,))
    }
    return [entity.name for entity in program.settings.entities.values() if entity.belongs_to and entity.name in read]
