"""Snapshots kept as Parquet, one folder each, under the log's `cache` folder.

A cached snapshot is named by what it was made of (the log, the offset, the day, the attributes, what was compacted and
erased), so a stale one is never found. It holds facts in the clear: the folder is used only if it is this user's own,
mode 0700 and no link, and an erasure deletes it. What was being built during an erasure is deleted by who built it.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import stat
from collections.abc import Collection
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from citizens import snapshot
from citizens.snapshot import Column, Link, Snapshot, Table
from citizens.sqlite.connections import get_meta
from citizens.sqlite.layout import Layout
from citizens.sqlite.reader import Reader
from citizens.sqlite.scan import scan


def build(layout: Layout, reader: Reader, valid_on: date, offset: int, attributes: Collection[str] | None) -> Snapshot:
    """The snapshot from the cache, or made now and put there."""
    wanted = None if attributes is None else sorted(set(attributes))
    compacted = reader.connection.execute("SELECT coalesce(max(last), 0), count(*) FROM gaps").fetchone()
    erasures = _erasures(layout)
    named = [get_meta(reader.connection, "log_id").hex(), valid_on.isoformat(), offset, wanted, compacted, erasures]
    folder = layout.cache_path / hashlib.sha256(json.dumps(named).encode()).hexdigest()[:32]
    if _is_ours(layout.cache_path) and _is_ours(folder) and (folder / "tables.json").exists():
        return _load(folder, valid_on, offset)
    made = snapshot.build(scan(reader, 0, offset), reader.keys, valid_on, offset, attributes)
    _save(made, folder)
    if _erasures(layout) != erasures:  # somebody was erased meanwhile, who may be in it
        shutil.rmtree(folder, ignore_errors=True)
    return made


def _erasures(layout: Layout) -> int:
    """How long the ledger of erasures is. An erasure adds to it before it deletes the cache."""
    return layout.erasures_path.stat().st_size if layout.erasures_path.exists() else 0


def _is_ours(folder: Path) -> bool:
    """Whether a folder is none but this user's: no link, and nobody else can read or write in it."""
    try:
        state = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(state.st_mode) and state.st_uid == os.geteuid() and not state.st_mode & 0o077


def _save(made: Snapshot, folder: Path) -> None:
    """Write beside and rename. Where the cache is not this user's own, or is being deleted, nothing is kept."""
    with suppress(FileExistsError):
        folder.parent.mkdir(mode=0o700)
    if not _is_ours(folder.parent):
        return
    beside = folder.with_name(folder.name + ".new")
    try:
        shutil.rmtree(beside, ignore_errors=True)
        beside.mkdir(mode=0o700)
        for entity, table in made.tables.items():
            pq.write_table(_to_parquet(table), beside / f"{entity}.parquet", compression="zstd")
        (beside / "tables.json").write_text(json.dumps(list(made.tables)))
        shutil.rmtree(folder, ignore_errors=True)
        beside.rename(folder)
    except FileNotFoundError:  # an erasure took the cache away
        return


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
