"""Files of groups that no wanted figure reads: homes beside tax units, where the tax is wanted.

Whoever shares a home may be in several tax units, so a population with both would have to be one part. But what no
figure reads does not decide how a population is cut. Such files, and who is in their groups, are checked by
themselves before the rest is read in parts: of the people's file only the columns that say so are read for it.

A group is read if a formula that a wanted figure hangs on names it in any way, or if the figure that it reads is the
group's. A file of it is needed too where a column of it may contradict a column of another file: that is told row by
row.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from api.batch.files import columns_of, read_columns, read_table
from api.cases.reach import reached
from engine.ir.exclusions import exclusions
from engine.ir.fold import formula_at
from engine.ir.program import Definition, Program
from engine.population.door import from_arrow
from engine.population.faults import BadCell, Refused
from engine.records import record
from engine.values.periods import Period


def unread_groups(
    program: Program, at: Period, wanted: Sequence[Definition], inputs: Mapping[str, Path], group: str
) -> tuple[str, ...]:
    """The entities among `inputs` that stand aside: groups of the people of `group` that no wanted figure reads, with
    the records of these groups."""
    entities = program.settings.entities
    others = [name for name in inputs if name != group and entities[name].of == entities[group].of != ""]
    if not others or entities[group].of not in inputs:
        return ()
    read = _entities_read(program, at, wanted)
    unread = [name for name in others if name not in read]
    while True:
        records = [name for name in inputs if entities[name].belongs_to in unread]
        if (held := _held_by_columns(program, inputs, {*unread, *records})) or any(name in read for name in records):
            unread = [name for name in unread if name not in held and not any(name in read for name in records)]
            continue
        return tuple(name for name in inputs if name in unread or name in records)


def _entities_read(program: Program, at: Period, wanted: Sequence[Definition]) -> set[str]:
    """The entities of all figures that the wanted ones hang on, and all that their formulas name."""
    read: set[str] = set()
    for cell in reached(program, at, tuple(wanted)):
        definition = program.definitions[cell.name]
        read.add(definition.entity)
        body = formula_at(definition.formulas, cell.period.start)
        read.update(_words(body) if body is not None else ())
    return read & set(program.settings.entities)


def _words(part: object) -> Iterator[str]:
    """Every text in a formula: what it names is among them."""
    if isinstance(part, str):
        yield part
    elif isinstance(part, tuple):
        for each in part:
            yield from _words(each)
    elif is_dataclass(part):
        for declared in fields(part):
            if declared.name not in ("span", "type"):
                yield from _words(getattr(part, declared.name))


def _held_by_columns(program: Program, inputs: Mapping[str, Path], aside: set[str]) -> set[str]:
    """The groups of which columns are stated that may contradict columns of other files."""
    definitions = program.definitions
    heads = {name: {head.partition("@")[0] for head in columns_of(path)} for name, path in inputs.items()}

    def is_stated(name: str) -> bool:
        return definitions[name].short_name in heads.get(definitions[name].entity, ())

    rules = [([claim.name for claim in each.given], each.claim.name, each.needed) for each in program.contradictions]
    rules += [([each.first.name], each.second.name, False) for each in exclusions(program)]
    held: set[str] = set()
    for given, claimed, is_needed in rules:
        whose = {definitions[name].entity for name in (*given, claimed)}
        if whose & aside and whose - aside and all(map(is_stated, given if is_needed else (*given, claimed))):
            held |= {_root(program, name) for name in whose & aside}
    return held


def _root(program: Program, entity: str) -> str:
    owner = program.settings.entities[entity].belongs_to
    return _root(program, owner) if owner else entity


@record(frozen=True, slots=True)
class Checked:
    """What is wrong with files that stand aside, and with who is in their groups; `refused` are the people at fault
    themselves and those who share a group with a fault, by the row (from 1) of their file."""

    problems: tuple[BadCell, ...]
    refused: tuple[Refused, ...]

    def within(self, entity: str, first_row: int, count: int) -> list[Refused]:
        """The rows refused of so many of an entity after `first_row`, by their place among these."""
        return [
            replace(each, row=each.row - first_row)
            for each in self.refused
            if each.entity == entity and first_row < each.row <= first_row + count
        ]


def check_aside(program: Program, at: Period, inputs: Mapping[str, Path], aside: Collection[str]) -> Checked:
    """Check the files of some entities by themselves, and the people's links to them."""
    people = {program.settings.entities[name].of for name in aside} - {""}
    tables: dict[str, Any] = {name: read_table(inputs[name]) for name in aside}
    for name in people:
        tables[name] = read_columns(inputs[name], [head for head in columns_of(inputs[name]) if _links(head, aside)])
    admitted = from_arrow(program, at, tables, leave_out=True, files={name: str(inputs[name]) for name in tables})
    if admitted.rows is None:
        return Checked(admitted.problems, ())
    refused = [
        Refused(name, row, "", "") for name in people for row in (np.flatnonzero(~admitted.rows[name]) + 1).tolist()
    ]
    return Checked(admitted.problems, tuple(refused))


def _links(head: str, groups: Collection[str]) -> bool:
    name = head.partition("@")[0]
    return name == "role" or any(name in (f"{group}_id", f"{group}_role") for group in groups)
