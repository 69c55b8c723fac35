"""The sample populations that ship in `citizens/data`: real tax units of 2024, as tables of people and of tax units;
and whole households, with the tax units and families in them."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

FOLDER = Path(__file__).parent / "data"
HOMES_FOLDER = FOLDER / "homes"
YEAR = 2024
_GROUPS = ("dwelling", "family")
_TEXTS = (
    "person_id", "tax_unit_id", "role", "filing_status",
    *(f"{group}_{end}" for group in _GROUPS for end in ("id", "role")),
)  # fmt: skip
_FLAGS = ("is_blind", "head_is_dependent_elsewhere")


@dataclass(frozen=True, slots=True)
class Sample:
    """People and tax units, each in the order of the units.

    People: `person_id`, `tax_unit_id`, `role` (text), flags (boolean), every other column a whole number (`age` in
    years, money in dollars). Tax units: `tax_unit_id`, `filing_status` (text), `weight` (decimal), flags, whole
    numbers.
    """

    people: pa.Table
    tax_units: pa.Table


@dataclass(frozen=True, slots=True)
class Homes(Sample):
    """The same of whole households. People also have `dwelling_id` and `family_id`, each with a role; all units of a
    dwelling have one weight. `dwellings` and `families` are their ids."""

    dwellings: pa.Table
    families: pa.Table


def load_homes() -> Homes:
    """The 4,000 households."""
    people, tax_units = (_read(HOMES_FOLDER / name) for name in ("people.csv.gz", "tax_units.csv.gz"))
    dwellings, families = (pa.table({name: people[name].unique()}) for name in ("dwelling_id", "family_id"))
    return Homes(people, tax_units, dwellings, families)


def load_sample(units: int | None = None) -> Sample:
    """The first `units` tax units with their people; all 10,000 if None."""
    tax_units = _read(FOLDER / "tax_units.csv.gz")
    people = _read(FOLDER / "people.csv.gz")
    if units is not None:
        tax_units = tax_units.slice(0, units)
        people = people.filter(pc.is_in(people["tax_unit_id"], value_set=tax_units["tax_unit_id"].combine_chunks()))
    return Sample(people, tax_units)


def _read(path: Path) -> pa.Table:
    content = gzip.decompress(path.read_bytes())
    with pyarrow.csv.open_csv(BytesIO(content)) as reader:
        header = reader.schema.names
    types = {column: _type(column) for column in header}
    convert = pyarrow.csv.ConvertOptions(column_types=types, strings_can_be_null=True, null_values=[""])
    table = pyarrow.csv.read_csv(BytesIO(content), convert_options=convert)
    return pa.table({column: _filled(column, table[column]) for column in header})


def _type(column: str) -> pa.DataType:
    if column in _TEXTS:
        return pa.string()
    return pa.decimal128(14, 2) if column == "weight" else pa.int64()


def _filled(name: str, column: pa.ChunkedArray[Any]) -> pa.ChunkedArray[Any]:
    """Nothing stands for zero, or for false."""
    if name in _TEXTS:
        return column
    filled: pa.ChunkedArray[Any] = pc.fill_null(column, pa.scalar(0, column.type))
    return filled.cast(pa.bool_()) if name in _FLAGS else filled
