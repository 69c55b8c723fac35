"""The population that is measured: the shipped sample of real tax units, repeated; or, where taxcalc is a peer, the
survey that it ships and computes itself, so that both have the same records.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
import pyarrow.compute
import pyarrow.parquet

from citizens.sample import load_sample
from engine.ir.program import Program
from engine.population.arrays import decimals
from engine.population.columns import Columns
from engine.population.door import from_arrow
from engine.values.periods import parse_period

pa: Any = pyarrow
Tables = Mapping[str, Any]
YEAR = "2024"
OUTPUTS = (
    "adjusted_gross_income", "gross_income", "above_the_line_deductions", "tax_unit_taxable_social_security",
    "standard_deduction", "itemized_deductions", "taxable_income", "qualified_business_income_deduction",
    "regular_tax_before_credits", "alternative_minimum_tax", "income_tax_before_credits", "net_investment_income_tax",
    "additional_medicare_tax", "eitc", "ctc", "refundable_ctc", "income_tax_non_refundable_credits",
    "income_tax_refundable_credits", "income_tax", "payroll_tax",
)  # fmt: skip
PLURALS = {"person": "people", "tax_unit": "tax_units"}
_ROLES = ("head", "spouse", "dependent")


def sample_tables(repeat: int) -> Tables:
    """The sample as the door takes it, `repeat` times over, each time under other ids."""
    sample = load_sample()
    units = sample.tax_units.drop_columns(["weight", "state_fips"])
    return repeated({"person": _numbered(sample.people, units), "tax_unit": _numbered(units, units)}, repeat)


def _numbered(table: Any, units: Any) -> Any:
    """The table with tax units numbered from 0."""
    whose = pyarrow.compute.index_in(table["tax_unit_id"], units["tax_unit_id"].combine_chunks())
    place = table.column_names.index("tax_unit_id")
    table = table.set_column(place, "tax_unit_id", whose.cast(pa.int64()))
    return table.drop_columns(["person_id"]) if "person_id" in table.column_names else table


def repeated(tables: Tables, repeat: int) -> Tables:
    """The tables so many times over."""
    return {name: pa.concat_tables(copies) for name, copies in _copies(tables, repeat).items()}


def _copies(tables: Tables, repeat: int) -> dict[str, list[Any]]:
    units = len(tables["tax_unit"])
    return {name: [_moved(table, at * units) for at in range(repeat)] for name, table in tables.items()}


def _moved(table: Any, by: int) -> Any:
    ids = pyarrow.compute.add(table["tax_unit_id"], by)
    return table.set_column(table.column_names.index("tax_unit_id"), "tax_unit_id", ids)


def survey_tables(path: Path) -> Tables:
    """The survey as the peer's script wrote it: amounts in cents, roles by number."""
    by_entity: dict[str, dict[str, Any]] = {"person": {}, "tax_unit": {}}
    with np.load(path) as arrays:
        for key in arrays:
            entity, _, name = key.partition("/")
            by_entity[entity][name] = _array(name, arrays[key])
    units = len(by_entity["tax_unit"]["filing_status"])
    by_entity["tax_unit"] = {"tax_unit_id": pa.array(np.arange(units)), **by_entity["tax_unit"]}
    return {entity: pa.table(columns) for entity, columns in by_entity.items()}


def _array(name: str, entries: Any) -> Any:
    if name == "role":
        return pa.DictionaryArray.from_arrays(pa.array(entries), pa.array(_ROLES))
    if entries.dtype == np.int64 and name != "tax_unit_id":
        return decimals(entries, 100, None)
    return pa.array(entries)


def admitted(program: Program, tables: Tables) -> Columns:
    """The tables as columns. What is measured has no faults."""
    admission = from_arrow(program, parse_period(YEAR), tables)
    if admission.columns is None:
        raise ValueError(f"the population has faults: {admission.problems[:3]}")
    return admission.columns


def write_files(tables: Tables, folder: Path, repeat: int = 1) -> Iterator[str]:
    """Write the population, so many times over, as Parquet; what `--input` is to say."""
    for entity, table in tables.items():
        path = folder / f"{PLURALS[entity]}.parquet"
        narrow = _narrow(table)
        with pa.parquet.ParquetWriter(path, narrow.schema, store_decimal_as_integer=True) as writer:
            for at in range(repeat):
                writer.write_table(_moved(narrow, at * len(tables["tax_unit"])))
        yield str(path)


def _narrow(table: Any) -> Any:
    """Decimals of 18 digits, which Parquet holds as integers."""
    for at, field in enumerate(table.schema):
        if pa.types.is_decimal(field.type):
            table = table.set_column(at, field.name, table[field.name].cast(pa.decimal128(18, field.type.scale)))
    return table
