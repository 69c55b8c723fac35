"""Columns of a population, with the mask of what is known, and tables of them; as Arrow, too."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from citizens.events import EXACT, Scalar
from citizens.points import Ints
from citizens.stored_values import day_date

ColumnKind = Literal["boolean", "integer", "decimal", "date", "text"]
Mask = npt.NDArray[np.bool_]
_ARROW: dict[ColumnKind, Callable[[], pa.DataType]] = {
    "boolean": pa.bool_, "integer": pa.int64, "decimal": pa.int64, "date": pa.date32, "text": pa.string,
}  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """One attribute of every row. Where `known` is false, `values` is 0 and means nothing.

    `worded`: where the word that was wanted stands in the place of a value, which is then not known.

    boolean: 0 or 1; integer: itself; decimal: units of 10**-scale; date: days since 1970-01-01; text: index into
    `words`.
    """

    name: str
    kind: ColumnKind
    values: Ints
    known: Mask
    scale: int = 0
    words: tuple[str, ...] = ()
    worded: Mask | None = None

    @property
    def stated(self) -> Mask:
        """Where something is said: a value, or the word in its place."""
        return self.known if self.worded is None else self.known | self.worded

    def value(self, row: int) -> Scalar | None:
        """The value at a row, or None if it is not known."""
        if not self.known[row]:
            return None
        stored = int(self.values[row])
        match self.kind:
            case "boolean":
                return bool(stored)
            case "integer":
                return stored
            case "decimal":
                return EXACT.scaleb(Decimal(stored), -self.scale)
            case "date":
                return day_date(stored)
            case "text":
                return self.words[stored]

    def to_arrow(self) -> Any:
        """The column as Arrow: bool, int64 (with the scale as the field's metadata), date32, or dictionary of text."""
        missing = ~self.known
        if self.kind == "text":
            indices: Any = pa.array(self.values.astype(np.int32), mask=missing)
            return pa.DictionaryArray.from_arrays(indices, pa.array(self.words, pa.string()))
        if self.kind == "boolean":
            return pa.array(self.values.astype(np.bool_), mask=missing)
        if self.kind == "date":
            return pa.array(self.values.astype(np.int32), mask=missing).cast(pa.date32())
        return pa.array(self.values, mask=missing)

    def to_field(self) -> Any:
        """The column's Arrow field, its kind and scale in the metadata."""
        kind = pa.dictionary(pa.int32(), pa.string()) if self.kind == "text" else _ARROW[self.kind]()
        return pa.field(self.name, kind, metadata={"kind": self.kind, "scale": str(self.scale)})


@dataclass(frozen=True, slots=True, eq=False)
class Link:
    """Membership of every row under one relation: `rows` are rows of `entity`'s table (-1 for none), `roles` indices
    into `role_names` (-1 for none)."""

    relation: str
    entity: str
    rows: Ints
    roles: Ints
    role_names: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """All subjects of one entity: `ids` (their names are `<entity>/<id>`), in order of first appearance in the log."""

    entity: str
    numbers: Ints
    ids: tuple[str, ...]
    columns: Mapping[str, Column]
    links: Mapping[str, Link]

    def __len__(self) -> int:
        return len(self.ids)

    def to_arrow(self) -> pa.Table:
        """The columns as an Arrow table, the ids first."""
        columns = list(self.columns.values())
        fields = [pa.field("id", pa.string()), *(column.to_field() for column in columns)]
        arrays = [pa.array(self.ids, pa.string()), *(column.to_arrow() for column in columns)]
        return pa.Table.from_arrays(arrays, schema=pa.schema(fields))
