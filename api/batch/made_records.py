"""Records that a case makes by itself, one for each two people of a group (`made_for`), and that tables must list."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from api.cases.reach import reached, records_counted
from api.failures import Misuse
from engine.ir.program import Definition, Program
from engine.values.periods import Period


def require_made_records(program: Program, at: Period, figures: Sequence[Definition], given: Collection[str]) -> None:
    """Raise Misuse where figures run over such records and no table is `given` of them: a population without the table
    has none, where a case has one for each two people."""
    if not any(entity.made_for for entity in program.settings.entities.values()):
        return
    cells = tuple(reached(program, at, tuple(figures)))
    read = {program.definitions[cell.name].entity for cell in cells} | records_counted(program, cells)
    for entity in map(program.settings.entities.__getitem__, sorted(read)):
        if entity.made_for and entity.name not in given:
            groups = " or ".join(entity.made_for)
            message = f"the figures read {entity.plural}, one for each two people of a {groups}, and no file lists them"
            remedy = f"add `--input {entity.name}=FILE`, with a row for each two people, in both orders"
            raise Misuse(message, remedy)
