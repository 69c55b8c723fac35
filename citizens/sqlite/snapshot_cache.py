"""Snapshots kept as Parquet, one folder each, under the log's `cache` folder.

A cached snapshot is named by what it was made of (the log's last link at its offset, the day, the attributes), so a
stale one is never found. It is written beside and renamed. It holds facts in the clear: an
erasure deletes the whole folder.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Collection
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from citizens.sqlite import snapshot
from citizens.sqlite.connections import get_meta
from citizens.sqlite.reader import Reader
from citizens.sqlite.snapshot import Column, Link, Snapshot, Table


def build(cache: Path, reader: Reader, valid_on: date, offset: int, attributes: Collection[str] | None) -> Snapshot:
    """The snapshot from the cache, or made now and put there."""
    wanted = None if attributes is None else sorted(set(attributes))
    compacted = reader.connection.execute("SELECT coalesce(max(last), 0), count(*) FROM gaps").fetchone()
    named = [get_meta(reader.connection, "log_id").hex(), valid_on.isoformat(), offset, wanted, compacted]
    folder = cache / hashlib.sha256(json.dumps(named).encode()).hexdigest()[:32]
    if (folder / "tables.json").exists():
        return _load(folder, valid_on, offset)
    made = snapshot.build(reader, valid_on, offset, attributes)
    _save(made, folder)
    return made


def _save(made: Snapshot, folder: Path) -> None:
    beside = folder.with_name(folder.name + ".new")
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir(parents=True, mode=0o700)
    for entity, table in made.tables.items():
        pq.write_table(_to_parquet(table), beside / f"{entity}.parquet", compression="zstd")
    (beside / "tables.json").write_text(json.dumps(list(made.tables)))
    shutil.rmtree(folder, ignore_errors=True)
    beside.rename(folder)


def _to_parquet(table: Table) -> pa.Table:
    """The stored integers with their masks, and what describes them as the schema's metadata."""
    arrays: dict[str, Any] = {"number": pa.array(table.numbers), "id": pa.array(table.ids, pa.string())}
    columns = []
    for index, column in enumerate(table.columns.values()):
        arrays[f"c{index}"] = pa.array(column.values, mask=~column.known)
        columns.append([column.name, column.kind, column.scale, column.words])
    links = []
    for index, link in enumerate(table.links.values()):
        arrays[f"r{index}"], arrays[f"o{index}"] = pa.array(link.rows), pa.array(link.roles)
        links.append([link.relation, link.entity, link.role_names])
    told = json.dumps({"columns": columns, "links": links})
    return pa.table(arrays).replace_schema_metadata({"snapshot": told})


def _load(folder: Path, valid_on: date, offset: int) -> Snapshot:
    entities = json.loads((folder / "tables.json").read_text())
    return Snapshot(valid_on, offset, {entity: _from_parquet(folder, entity) for entity in entities})


def _from_parquet(folder: Path, entity: str) -> Table:
    stored = pq.read_table(folder / f"{entity}.parquet")
    told = json.loads(stored.schema.metadata[b"snapshot"])
    columns = {}
    for index, (name, kind, scale, words) in enumerate(told["columns"]):
        array: Any = stored.column(f"c{index}")
        values = array.fill_null(0).to_numpy().astype(np.int64)
        columns[name] = Column(name, kind, values, array.is_valid().to_numpy(), scale, tuple(words))
    links = {}
    for index, (relation, group, roles) in enumerate(told["links"]):
        rows, codes = stored.column(f"r{index}").to_numpy(), stored.column(f"o{index}").to_numpy()
        links[relation] = Link(relation, group, rows, codes, tuple(roles))
    ids = tuple(str(identifier) for identifier in stored.column("id").to_pylist())
    return Table(entity, stored.column("number").to_numpy(), ids, columns, links)
