"""Parquet's decimals read as the whole numbers that a file stores: the same table as Arrow's own, in 64 bits."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest

from api.batch.files import batches, read_table
from api.batch.stored import stored_of
from api.failures import Failure

pa: Any = pyarrow
pq: Any = pyarrow.parquet
AMOUNTS = [Decimal("12.34"), None, Decimal("-0.05"), Decimal("9999999.99"), Decimal("0.00")]


def table_of_kinds() -> Any:
    """Decimals of several widths beside what is none."""
    columns = {
        "small": pa.array(AMOUNTS, pa.decimal128(9, 2)),
        "large": pa.array([None if each is None else each * 10**9 for each in AMOUNTS], pa.decimal128(18, 2)),
        "stated": pa.array([each or Decimal(0) for each in AMOUNTS], pa.decimal128(12, 2)),
        "wide": pa.array(AMOUNTS, pa.decimal128(30, 2)),
        "whole": pa.array([1, 2, None, 4, 2**40], pa.int64()),
        "day": pa.array([0, 1, None, 3, 4], pa.date32()),
        "word": pa.array(["a", None, "c", "d", "e"]),
        "told": pa.array([1.5, None, 2.5, 3.5, 4.5]),
    }
    return pa.table(columns)


@pytest.mark.parametrize("as_integer", [False, True])
@pytest.mark.parametrize("rows", [2, 100])
def test_the_table_is_arrows_own(tmp_path: Path, as_integer: bool, rows: int) -> None:
    path, table = tmp_path / "people.parquet", table_of_kinds()
    pq.write_table(table, path, store_decimal_as_integer=as_integer, row_group_size=rows)
    some = pa.concat_tables(batches(path, ["large", "day"], every=True))
    assert some.column_names == ["large", "day"]
    for read in (read_table(path), pa.concat_tables(batches(path)), some):
        for name in read.column_names:
            assert read[name].to_pylist() == table[name].to_pylist(), name
    assert read_table(path).schema.field("large").type == pa.decimal64(18, 2)
    assert read_table(path).schema.field("wide").type == pa.decimal128(30, 2)


def test_only_decimals_stored_as_integers_are_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "people.parquet"
    pq.write_table(table_of_kinds(), path, store_decimal_as_integer=True)
    stored = stored_of(path)
    assert stored is not None
    assert stored.decimals == {"small": pa.decimal64(9, 2), "large": pa.decimal64(18, 2), "stated": pa.decimal64(12, 2)}
    pq.write_table(table_of_kinds().select(["word", "wide"]), path, store_decimal_as_integer=True)
    assert stored_of(path) is None


def test_nested_columns_and_two_of_a_name_are_left_to_arrow(tmp_path: Path) -> None:
    path, amounts = tmp_path / "people.parquet", pa.array([Decimal("1.00")], pa.decimal128(9, 2))
    lists = pa.array([[Decimal("1.00"), Decimal("2.00")]], pa.list_(pa.decimal128(9, 2)))
    nested = pa.table({"amount": amounts, "in": pa.StructArray.from_arrays([amounts], ["amount"]), "many": lists})
    twice = pa.table([amounts, amounts], names=["amount", "amount"])
    for table in (nested, twice):
        pq.write_table(table, path, store_decimal_as_integer=True)
        assert stored_of(path) is None
        assert [column.to_pylist() for column in read_table(path).columns] == [
            column.to_pylist() for column in table.columns
        ]


@pytest.mark.parametrize("content", [b"", b"PAR1", b"PAR1PAR1", b"PAR1" + b"\xff" * 40 + b"\x20\0\0\0PAR1"])
def test_a_file_that_is_no_parquet_is_told_as_such(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "people.parquet"
    path.write_bytes(content)
    with pytest.raises(Failure, match="cannot be read as a table"):
        read_table(path)
