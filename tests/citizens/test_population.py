"""Tables into the log, and back out as columns."""

from __future__ import annotations

import gzip
import random
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from citizens import (
    Belongs,
    Facts,
    InvalidEvent,
    Membership,
    Source,
    import_tables,
    open_log,
    read_table,
)
from citizens.sqlite import bulk, tables, typed
from tests.citizens.histories import DAY, TAX, facts_in, fresh, wages
from tests.citizens.made_up import sample_population

CSV = "id,wages,age,state,unit,role\n1,10.50,30,CA,a,head\n2,7,,Ωμ,a,spouse\n3,,5,NY,b,dependent\n"
UNIT = Membership("tax_unit", "tax_unit", "unit", role_column="role")


def source(folder: Path) -> Source:
    (folder / "people.csv").write_text(CSV)
    return Source(read_table(folder / "people.csv"), "person", "id", DAY, memberships=(UNIT,))


@pytest.mark.parametrize("empty", [True, False])
def test_a_table_goes_in_and_comes_out(tmp_path: Path, empty: bool) -> None:
    with fresh(tmp_path / "log") as log:
        if not empty:
            log.append([wages("person/9", "1", "first")])
        done = import_tables(log, [source(tmp_path)], TAX, "people-2024")
        assert (done.recorded, done.duplicates) == (3, 0)
        expected = {
            "person/1": {
                "wages": Decimal("10.50"),
                "age": 30,
                "state": "CA",
                "tax_unit": Belongs("tax_unit/a", "head"),
            },
            "person/2": {"wages": Decimal("7"), "state": "Ωμ", "tax_unit": Belongs("tax_unit/a", "spouse")},
            "person/3": {"age": 5, "state": "NY", "tax_unit": Belongs("tax_unit/b", "dependent")},
        }
        everybody = log.snapshot(DAY)
        for subject, facts in expected.items():
            assert facts_in(everybody, subject) == facts
            assert log.timeline(subject).at(DAY) == facts
        assert log.verify().problems == ()
        again = import_tables(log, [source(tmp_path)], TAX, "people-2024")
        assert (again.recorded, again.duplicates) == (0, 3)


def test_after_a_bulk_load_the_log_goes_on(tmp_path: Path) -> None:
    with fresh(tmp_path / "log") as log:
        import_tables(log, sample_population(40, 1, DAY), TAX, "sample")
        head = log.head()
        assert log.append([wages("person/0-0", "1", "x", version=1)])[0].offset == head + 1
    with open_log(tmp_path / "log") as log:
        assert log.verify().problems == ()
        assert log.timeline("person/0-0").at(DAY)["wages"] == 1
        assert all(isinstance(event.body, Facts) for event in log.read(limit=1000))


def test_the_sample_is_the_same_for_the_same_seed(tmp_path: Path) -> None:
    first, second, other = (sample_population(30, seed, DAY) for seed in (1, 1, 2))
    assert [each.table for each in first] == [each.table for each in second]
    assert first[1].table != other[1].table
    with fresh(tmp_path) as log:
        import_tables(log, first, TAX, "sample")
        tables = log.snapshot(DAY).tables
        assert len(tables["tax_unit"]) == 30
        link = tables["person"].links["tax_unit"]
        assert (link.rows >= 0).all()
        heads = link.rows[link.roles == link.role_names.index("head")]
        assert sorted(heads.tolist()) == list(range(30))


def test_parquet_keeps_its_types(tmp_path: Path) -> None:
    table = pa.table(
        {
            "key": pa.array([1, 2]),
            "paid": pa.array([1.25, None]),
            "rate": pa.array([Decimal("0.125"), Decimal("2.000")], pa.decimal128(9, 3)),
            "married": pa.array([True, None]),
            "born": pa.array([date(1990, 2, 3), None]),
            "state": pa.array(["CA", "CA"]).dictionary_encode(),
        }
    )
    pq.write_table(table, tmp_path / "t.parquet")
    read = Source(read_table(tmp_path / "t.parquet"), "person", "key", DAY, scales={"paid": 2})
    with fresh(tmp_path / "log") as log:
        import_tables(log, [read], TAX, "t")
        facts = log.timeline("person/1").at(DAY)
        assert facts == {
            "paid": Decimal("1.25"),
            "rate": Decimal("0.125"),
            "married": True,
            "born": date(1990, 2, 3),
            "state": "CA",
        }
        assert log.timeline("person/2").at(DAY) == {"rate": Decimal(2), "state": "CA"}


def test_compressed_csv_is_read(tmp_path: Path) -> None:
    (tmp_path / "people.csv.gz").write_bytes(gzip.compress(CSV.encode()))
    assert read_table(tmp_path / "people.csv.gz").num_rows == 3


def made(**columns: Any) -> Source:
    return Source(pa.table(columns), "person", "id", DAY)


@pytest.mark.parametrize(
    ("bad", "told"),
    [
        (made(id=["1", "1"], x=[1, 2]), "row 2"),
        (made(id=["1", None], x=[1, 2]), "no id"),
        (made(other=["1"]), "no column `id`"),
        (made(id=["1"], x=[1.5]), "scale"),
        (made(id=["1"], x=[[1]]), "not a kind of fact"),
        (made(id=["1"], Upper=[1]), "lower-case"),
        (made(id=["1"], x=["a\x00b"]), "printed"),
        (made(id=["1"], x=[b"bytes"]), "not a kind of fact"),
        (Source(pa.table({"id": ["1"], "x": [0.125]}), "person", "id", DAY, scales={"x": 2}), "row 1"),
        (Source(pa.table({"id": ["1"], "x": [float("nan")]}), "person", "id", DAY, scales={"x": 2}), "row 1"),
        (Source(pa.table({"id": ["1"]}), "person", "id", DAY, memberships=(UNIT,)), "no column"),
        (
            Source(pa.table({"id": ["1"], "unit": ["a"], "role": ["Big Boss"]}), "person", "id", DAY, {}, (UNIT,)),
            "role",
        ),
        (Source(pa.table({"id": ["1"], "unit": ["a"], "role": pa.nulls(1)}), "person", "id", DAY, {}, (UNIT,)), "role"),
    ],
)
@pytest.mark.parametrize("empty", [True, False])
def test_a_bad_table_is_refused_whole(tmp_path: Path, bad: Source, told: str, empty: bool) -> None:
    with fresh(tmp_path / "log") as log:
        if not empty:
            log.append([wages("person/9", "1", "first")])
        before = log.read()
        with pytest.raises(InvalidEvent, match=told):
            import_tables(log, [bad], TAX, "t")
        assert log.read() == before
        assert log.append([wages("person/5", "1", "second")])[0].version == 1


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"a,b\n1\n"])
def test_what_is_no_table_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "bad.csv").write_bytes(content)
    (tmp_path / "bad.parquet").write_bytes(content)
    for name in ("bad.csv", "bad.parquet", "missing.csv"):
        with pytest.raises(InvalidEvent, match=r"cannot be read|cells are"):
            read_table(tmp_path / name)


def test_an_empty_table_imports_nothing(tmp_path: Path) -> None:
    with fresh(tmp_path / "log") as log:
        assert import_tables(log, [made(id=pa.array([], pa.string()))], TAX, "t").recorded == 0


def test_decimals_that_arrow_writes_with_an_exponent_are_numbers(tmp_path: Path) -> None:
    rates = [Decimal("0.000000001"), Decimal("0E-9"), None]
    table = pa.table({"id": ["1", "2", "3"], "rate": pa.array(rates, pa.decimal128(20, 9))})
    with fresh(tmp_path / "log") as log:
        import_tables(log, [Source(table, "person", "id", DAY)], TAX, "t")
        assert log.timeline("person/1").at(DAY) == {"rate": Decimal("0.000000001")}
        assert log.timeline("person/2").at(DAY) == {"rate": 0}


def test_rows_with_more_or_fewer_cells_than_the_header_are_told(tmp_path: Path) -> None:
    (tmp_path / "ragged.csv").write_text("id,age\n1,2\n\n3\n4,5,6\n")
    with pytest.raises(InvalidEvent, match=r"row 2: cells are 1, and by the header 2 \(and 1 more such rows\)"):
        read_table(tmp_path / "ragged.csv")


@pytest.mark.parametrize(
    ("kind", "given", "stored"),
    [
        (pa.decimal128(17, 2), ["1.50", None, "-0.01", "999999999999999.99"], ("d2", [150, None, -1, 10**17 - 1])),
        (pa.decimal256(50, 0), ["5", None], ("i", [5, None])),
        (pa.decimal128(5, -2), ["500"], ("i", [500])),
        (pa.decimal128(20, 12), ["0.000000001"], ("d12", [1000])),
    ],
)
def test_decimals_are_whole_numbers_with_a_scale_all_the_way(
    kind: pa.Decimal128Type, given: list[str | None], stored: tuple[str, list[int | None]]
) -> None:
    values = [None if text is None else Decimal(text) for text in given]
    array = pa.array([Decimal(7).scaleb(max(-kind.scale, 0)), *values], kind)
    column = typed.typed("x", array.slice(1), None)
    assert (column.kind, column.values.to_pylist()) == stored
    for wide in (pa.decimal128(38, 2), pa.decimal256(60, 20)):
        with pytest.raises(InvalidEvent, match="over 18 digits"):
            typed.typed("x", pa.array([Decimal("1e18")], wide), None)


def random_table(drawn: random.Random, rows: int) -> pa.Table:
    """Columns of every kind, some of them empty, with texts that JSON escapes; rows without any cell among them."""
    texts = ["", 'say "so"', "back\\slash", "Ωμ", "tab", "a,b", "null", "[1]"]
    makes: dict[str, tuple[pa.DataType, Any]] = {
        "whole": (pa.int32(), lambda: drawn.randrange(-5, 5)),
        "money": (pa.decimal128(12, 2), lambda: Decimal(drawn.randrange(-500, 500)).scaleb(-2)),
        "word": (pa.string(), lambda: drawn.choice(texts[1:])),
        "blind": (pa.bool_(), lambda: drawn.random() < 0.5),
        "born": (pa.date32(), lambda: date(1990, 1, 1 + drawn.randrange(28))),
        "written": (pa.string(), lambda: drawn.choice(["-0.5", "1", "007", "12.25"])),
    }
    kept = drawn.sample(sorted(makes), drawn.randrange(1, len(makes) + 1))
    filled = drawn.choice([0.1, 0.5, 1.0])
    columns = {
        name: pa.array([make() if drawn.random() < filled else None for _ in range(rows)], kind)
        for name, (kind, make) in ((name, makes[name]) for name in kept)
    }
    ids = [f'{row} "{row}"' if drawn.random() < 0.2 else str(row) for row in range(rows)]
    units = pa.array([drawn.choice(["a", "b", None]) for _ in ids], pa.string())
    roles = pa.array([drawn.choice(["head", "spouse"]) for _ in ids], pa.string())
    return pa.table({"id": ids, **columns, "unit": units, "role": roles})


@pytest.mark.parametrize("seed", range(12))
def test_a_bulk_load_records_the_bytes_that_appends_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    drawn = random.Random(seed)
    monkeypatch.setattr(tables, "STRETCH", drawn.choice([1, 7, 50_000]))
    table = random_table(drawn, 40)
    of = [Source(table, "person", "id", DAY, memberships=(UNIT,) if seed % 2 else ())]
    of = of if seed % 2 else [Source(table.drop_columns(["unit", "role"]), "person", "id", DAY)]
    with fresh(tmp_path / "loaded") as loaded, fresh(tmp_path / "appended") as appended:
        done = import_tables(loaded, of, TAX, "t")
        appended.append([wages("person/first", "1", "first")])
        assert import_tables(appended, of, TAX, "t") == done
        again = import_tables(loaded, of, TAX, "t")  # refused if a byte of any event were another
        assert (again.recorded, again.duplicates) == (0, done.recorded)
        told = [(event.subject, event.version, event.body) for event in appended.read(1)]
        assert [(event.subject, event.version, event.body) for event in loaded.read()] == told
        assert loaded.verify().problems == ()


@pytest.mark.parametrize("empty", [True, False])
def test_one_import_names_each_id_of_an_entity_once(tmp_path: Path, empty: bool) -> None:
    with fresh(tmp_path / "log") as log:
        log.append([] if empty else [wages("person/first", "1", "first")])
        head = log.head()
        tables_of = [
            Source(pa.table({"id": ["1", "2"], "age": [1, 2]}), "person", "id", DAY),
            Source(pa.table({"id": ["2", "3"], "wages": [1, 2]}), "person", "id", DAY),
        ]
        with pytest.raises(InvalidEvent, match="two tables of `person` have the id `2`"):
            import_tables(log, tables_of, TAX, "t")
        assert log.head() == head


def test_versions_count_on_within_and_between_stretches() -> None:
    versions = bulk._Versions()
    first = 3 << 48
    assert versions.take(np.array([5, 2, 5, 5], np.int64) + first).tolist() == [1, 1, 2, 3]
    assert versions.take(np.array([2, 9, 5], np.int64) + first).tolist() == [2, 1, 4]
