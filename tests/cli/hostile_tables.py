"""Tables of hostile shapes: a family in other orders and types, and tables that say something wrong."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet

from tests.cli.hostile_land import (
    REFUSED,
    Attempt,
    Family,
    decimal,
    family,
    owed,
)


def tables(people: Family, draw: random.Random) -> dict[str, pa.Table]:
    """The family as tables, columns and rows in any order, types as other programs write them."""
    names = list(people)
    draw.shuffle(names)
    head = next(iter(people))
    columns: dict[str, Any] = {
        "person_id": names,
        "tax_unit_id": ["home"] * len(names),
        "role": ["head" if name == head else "dependent" for name in names],
    }
    ids = draw.choice((pa.string(), pa.large_string(), pa.dictionary(pa.int32(), pa.string())))
    arrays = {key: pa.array(values, pa.string()).cast(ids) for key, values in columns.items()}
    money = draw.choice((pa.float64(), pa.decimal128(20, 2), pa.string(), pa.decimal128(30, 6)))
    for key in ("wages", "savings", "age", "bought", "kind"):
        values = [people[name].get(key) for name in names]
        if all(value is None for value in values) and draw.random() < 0.7:
            continue
        arrays[key] = column(key, values, money, draw)
    order = list(arrays)
    draw.shuffle(order)
    by_name = {
        "people": pa.table({key: arrays[key] for key in order}),
        "tax_units": pa.table({"tax_unit_id": ["home"]}),
    }
    slips = [(name, pay) for name in names for pay in people[name].get("pays", ())]
    draw.shuffle(slips)
    if slips:
        by_name["payslips"] = pa.table(
            {
                "payslip_id": [f"s{number}" for number in range(len(slips))],
                "person_id": [name for name, _ in slips],
                "pay": column("pay", [pay for _, pay in slips], money, draw),
            }
        )
    return by_name


def column(key: str, values: list[Any], money: pa.DataType, draw: random.Random) -> Any:
    if key == "bought":
        kinds = (pa.bool_(), pa.string())
        kind = draw.choice(kinds)
        return pa.array([None if v is None else v if kind == pa.bool_() else str(v).lower() for v in values], kind)
    if key == "kind":
        return pa.array(values, pa.string())
    if key == "age":
        return (
            pa.array(values, draw.choice((pa.int8(), pa.int64(), pa.uint16())))
            if max(v or 0 for v in values) < 128
            else pa.array(values, pa.int64())
        )
    texts = [None if value is None else decimal(value) for value in values]
    if money == pa.float64():
        return pa.array([None if text is None else float(text) for text in texts], money)
    return pa.array(texts, pa.string()).cast(money)


def as_files(folder: Path, found: dict[str, pa.Table], draw: random.Random) -> list[str]:
    arguments = []
    for name, table in found.items():
        path = folder / f"{name}.{draw.choice(('parquet', 'csv'))}"
        if path.suffix == ".csv":
            rows = [table.column_names, *([cell(v) for v in row.values()] for row in table.to_pylist())]
            path.write_text("\n".join(",".join(row) for row in rows) + "\n", encoding="utf-8")
        else:
            pa.parquet.write_table(table, path)
        arguments += ["--input", str(path)]
    return arguments


def cell(value: Any) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def batch(folder: Path, inputs: list[str], *more: str) -> list[str]:
    return ["batch", str(folder / "land"), "--at", "2024", *inputs, "--output", "-", "--want", "tax", *more]


def another_table(folder: Path, draw: random.Random) -> Attempt:
    people = family(draw)
    inputs = as_files(folder, tables(people, draw), draw)
    more = draw.choice(([], [], ["--part-rows", "1"], ["--keep", "tax_unit_id"][:0]))
    return Attempt(batch(folder, inputs, *more), owed(people))


def broken_table(folder: Path, draw: random.Random) -> Attempt:
    """Tables that say something wrong: the unit is refused, or the whole command."""
    people = family(draw)
    people.setdefault("bo", {"age": 30})
    found_tables = tables(people, draw)
    table = found_tables["people"]
    count = table.num_rows
    role = [str(name) for name in table.column("role").to_pylist()]
    faults: list[Callable[[], pa.Table]] = [
        lambda: pa.concat_tables([table, table.slice(0, 1)]),
        lambda: _with(table, "role", pa.array(["head"] * count)),
        lambda: _with(table, "role", pa.array(["owner"] * count)),
        lambda: _with(table, "role", pa.array(role[1:] + [None])),
        lambda: table.append_column("wage", pa.array([5] * count)),
        lambda: table.append_column("wages@2024", pa.array([5] * count)).append_column(
            "wages@2024..2024", pa.array([6] * count)
        ),
        lambda: table.append_column("savings@2024-02-30", pa.array([5] * count)),
        lambda: table.append_column("born", pa.array(["2023-02-29"] * count)),
        lambda: table.append_column("pay", pa.array([5] * count)),
        lambda: _with(table, "person_id", pa.array([[1]] * count)),
        lambda: table.set_column(
            table.column_names.index("person_id"), "person_id", pa.array([None] * count, pa.string())
        ),
        lambda: _with(table, "age", pa.array([300] * count)),
        lambda: _with(table, "age", pa.array([40.5] * count)),
        lambda: _with(table, "age", pa.array([2**63] * count, pa.uint64())),
        lambda: _with(table, "wages", pa.array([float("inf")] * count)),
        lambda: _with(table, "wages", pa.array(["30.000,00"] * count)),
        lambda: _with(table, "wages", pa.array([-1] * count)),
        lambda: _with(table, "wages", pa.array([10**18] * count)),
        lambda: _with(table, "bought", pa.array([2] * count)),
        lambda: _with(table, "kind", pa.array(["odd"] * count)),
    ]
    found_tables["people"] = draw.choice(faults)()
    inputs = []
    for name, first in found_tables.items():
        pa.parquet.write_table(first, folder / f"{name}.parquet")
        inputs += ["--input", str(folder / f"{name}.parquet")]
    return Attempt(batch(folder, inputs), REFUSED)


def _with(table: pa.Table, name: str, values: Any) -> pa.Table:
    return (table.drop_columns([name]) if name in table.column_names else table).append_column(name, values)
