"""A column map: which columns of the user's own files are which facts, checked before a cell is read.

    person:
      PERIDNUM: person_id
      TAX_ID: tax_unit_id
      RELATION: {role: {1: head, 2: spouse, 3: dependent}}
      WSAL_VAL: employment_income
    tax_unit:
      TAX_ID: tax_unit_id
      WEIGHT: weight

1. A column goes to a fact of the entity, to an id, a role, or the weight; with values mapped if they are written so.
2. Everything that is wrong is told together: columns that the file does not have, facts that the rules do not have, two
   columns for one fact, values that the map does not say.
3. A column that the map leaves out is not read, and named among the notes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow

from api.failures import Failure, Misuse, suggestion
from api.simulate.settings_file import read_settings
from engine.ir.program import Program
from engine.population.functions import compute

pa: Any = pyarrow
MOST_TOLD = 20


@dataclass(frozen=True, slots=True)
class Mapped:
    """A column of a file: the fact that it states, and what its values stand for, as texts (None: what they are)."""

    column: str
    fact: str
    values: Mapping[str, str] | None


ColumnMap = Mapping[str, Sequence[Mapped]]


def read_column_map(program: Program, path: Path) -> ColumnMap:
    """The columns by entity, as a file says them. Raises Misuse for one that is not a map."""
    said = read_settings(path, "a YAML file that says which columns are which facts")
    remedy = "write, under the name of each entity, `COLUMN: fact` or `COLUMN: {fact: {1: head, 2: spouse}}`"
    if not isinstance(said, dict) or not all(isinstance(columns, dict) for columns in said.values()):
        raise Misuse(f"`{path}` is not a map of columns", remedy)
    entities = program.settings.entities
    words = {word: name for name, declared in entities.items() for word in (name, declared.plural)}
    by_entity: dict[str, list[Mapped]] = {}
    for word, columns in said.items():
        if word not in words:
            raise Misuse(f"`{path}` names an entity `{word}` that does not exist", suggestion(str(word), words))
        by_entity[words[word]] = [_mapped(str(column), to, path, remedy) for column, to in columns.items()]
    return by_entity


def _mapped(column: str, to: object, path: Path, remedy: str) -> Mapped:
    match to:
        case str():
            return Mapped(column, to, None)
        case {**pairs} if len(pairs) == 1:
            ((fact, values),) = pairs.items()
            if isinstance(fact, str) and isinstance(values, dict):
                return Mapped(column, fact, {_text(value): _text(meant) for value, meant in values.items()})
    raise Misuse(f"`{path}` does not say what the column `{column}` is", remedy)


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def renamed(
    program: Program, columns: ColumnMap, tables: Mapping[str, Any], weight: str
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The tables with the columns that the map names, and sentences on what it leaves out. Raises Failure with every
    fault of the map."""
    faults = [fault for entity, mapped in columns.items() for fault in _faults(program, entity, mapped, tables, weight)]
    if faults:
        more = f"\n  … and {len(faults) - MOST_TOLD} more" if len(faults) > MOST_TOLD else ""
        told = "\n  ".join(faults[:MOST_TOLD]) + more
        raise Failure(f"the map of columns does not fit the files and the rules:\n  {told}", "correct the map")
    made, left = dict(tables), []
    for entity, mapped in columns.items():
        table = tables[entity]
        made[entity] = pa.table({each.fact: _valued(table[each.column], each.values) for each in mapped})
        left += [name for name in table.column_names if name not in {each.column for each in mapped}]
    notes = ("Columns that the map leaves out were not read: " + ", ".join(sorted(left)) + ".",) if left else ()
    return made, notes


def _faults(
    program: Program, entity: str, mapped: Sequence[Mapped], tables: Mapping[str, Any], weight: str
) -> Iterator[str]:
    if entity not in tables:
        yield f"it names columns of `{entity}`, of which there is no file"
        return
    names, taken = tables[entity].column_names, dict[str, str]()
    facts = _facts(program, entity, weight)
    for each in mapped:
        if each.column not in names:
            yield f"{entity}: there is no column `{each.column}`; {suggestion(each.column, names)}"
            continue
        if each.fact.partition("@")[0] not in facts:
            yield f"{entity}, {each.column}: there is no fact `{each.fact}`; {suggestion(each.fact, sorted(facts))}"
        if each.fact in taken:
            yield f"{entity}: `{taken[each.fact]}` and `{each.column}` are both mapped to `{each.fact}`"
        taken[each.fact] = each.column
        if each.values is not None:
            yield from _unsaid(entity, each, tables[entity][each.column])


def _facts(program: Program, entity: str, weight: str) -> set[str]:
    """What a column may be: a figure of the entity, an id, a role, the weight."""
    entities = program.settings.entities
    links = {"id", "role", weight, *(f"{name}_{end}" for name in entities for end in ("id", "role"))}
    own = {definition.short_name for definition in program.definitions.values() if definition.entity == entity}
    return own | links | {definition.name for definition in program.definitions.values() if definition.entity == entity}


def _unsaid(entity: str, mapped: Mapped, column: Any) -> Iterator[str]:
    assert mapped.values is not None
    counts = compute.value_counts(column.combine_chunks().cast(pa.string()).drop_null()).to_pylist()
    for row in counts:
        if row["values"] not in mapped.values:
            said = f"the map does not say what `{row['values']}` is, in {row['counts']:,} rows"
            yield f"{entity}, {mapped.column}: {said}"


def _valued(column: Any, values: Mapping[str, str] | None) -> Any:
    """The column, with what its values stand for."""
    if values is None:
        return column
    texts = column.cast(pa.string())
    places = compute.index_in(texts, value_set=pa.array(list(values)))
    return pa.chunked_array([pa.array(list(values.values())).take(chunk) for chunk in places.chunks], pa.string())
