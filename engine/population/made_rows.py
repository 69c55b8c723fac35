"""Tables of groups that a figure makes: their rows are named as in a case, after the larger group and the first member
(`home/ada`), and stand in the columns in the rows of people, each in that of the first member.

People who move are in the larger group in which they are at the end: of an earlier one no facts can be stated so.
Whether somebody is the first member of such a group hangs on the facts: `engine.native.strays` says it of a population.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import numpy as np
import pyarrow
from numpy.typing import NDArray

from engine.population.columns import GroupLink
from engine.population.functions import compute
from engine.reading.declared_settings import Entity

pa: Any = pyarrow


def are_of_made(entity: Entity, tables: Mapping[str, Collection[str]]) -> bool:
    """Whether the rows of an entity's table are groups that a figure makes: no column of people says in which they are.
    `tables`: by entity the columns."""
    if not entity.by or not {entity.name, entity.of, entity.within} <= set(tables):
        return False
    return f"{entity.name}_id" not in {name.partition("@")[0] for name in tables[entity.of]}


def rows_of_people(named: Any, ids: tuple[Any, Any], link: GroupLink) -> NDArray[np.int64]:
    """For each name of a group the row of its first member; -1 for a name of nobody who is in the larger group at the
    end. `ids`: of the larger groups, and of people."""
    people = np.flatnonzero(link.group >= 0)
    wholes, firsts = _texts(ids[0].take(pa.array(link.group[people]))), _texts(ids[1].take(pa.array(people)))
    names = compute.binary_join_element_wise(wholes, firsts, "/")
    places = compute.index_in(_texts(named), names).fill_null(-1).to_numpy(zero_copy_only=False)
    return np.where(places >= 0, people[np.maximum(places, 0)] if len(people) else -1, -1).astype(np.int64)


def in_rows_of_people(parts: Iterable[Any], places: NDArray[np.int64], count: int) -> list[Any]:
    """Columns of such a table with a row for each of so many people, empty where there is no group."""
    rows = np.full(count, -1, dtype=np.int64)
    there = np.flatnonzero(places >= 0)
    rows[places[there]] = there
    which = pa.array(np.maximum(rows, 0), mask=rows < 0)
    return [part.take(which) for part in parts]


def _texts(ids: Any) -> Any:
    if pa.types.is_dictionary(ids.type):
        ids = ids.dictionary_decode()
    return ids.cast(pa.string())
