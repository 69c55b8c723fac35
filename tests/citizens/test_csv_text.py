"""CSV is read as Python's `csv` module reads it, wherever the blocks of a megabyte end in which pyarrow takes it."""

from __future__ import annotations

import csv
import gzip
import io
import random
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pytest

from citizens import CSV_PARSING, cells_as_text, csv_header, csv_stream, read_table

BLOCK = 2**20
LETTERS = ["a", "7", ",", '"', " ", "\n", "\r\n", "é"]


def written(folder: Path, text: str, name: str = "t.csv") -> Path:
    path = folder / name
    path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    return path


def rows(table: pa.Table) -> list[list[str | None]]:
    return [list(row.values()) for row in table.to_pylist()]


@pytest.mark.parametrize("name", ["t.csv", "t.csv.gz"])
def test_a_line_break_within_quotes_may_lie_where_a_block_ends(tmp_path: Path, name: str) -> None:
    front, note = "id,note\n", '1,"one, two\nthree, four, five"\n'
    filler = "2," + "x" * (BLOCK - len(front) - 3 - note.index("\n") - 1) + "\n"
    table = read_table(written(tmp_path, front + filler + note, name))
    assert rows(table)[1] == ["1", "one, two\nthree, four, five"]


@pytest.mark.parametrize("before", range(-2, 3))
def test_a_line_break_of_two_characters_is_not_cut_in_two(tmp_path: Path, before: int) -> None:
    front, note = "id,note\r\n", '1,"up\r\ndown"\r\n'
    filler = "2," + "x" * (BLOCK - len(front) - 4 - note.index("\n") + before) + "\r\n"
    assert rows(read_table(written(tmp_path, front + filler + note)))[1] == ["1", "up\r\ndown"]


@pytest.mark.parametrize("first", ["1", ""])
def test_a_column_of_numbers_or_of_nothing_may_have_text_after_a_megabyte(tmp_path: Path, first: str) -> None:
    lines = [f"{row:08},{first}" for row in range(BLOCK // 9)]
    table = read_table(written(tmp_path, "\n".join(["id,note", *lines, "9,text", ""])))
    assert rows(table)[-1] == ["9", "text"]


def test_a_header_line_without_an_end_has_no_rows(tmp_path: Path) -> None:
    path = written(tmp_path, "id,note")
    assert csv_header(path) == ["id", "note"]
    assert read_table(path).num_rows == 0


@pytest.mark.parametrize("seed", range(60))
def test_blocks_of_any_size_give_what_was_written(tmp_path: Path, seed: int) -> None:
    draw = random.Random(seed)
    names = [f"c{column}" for column in range(draw.randrange(2, 5))]
    cells = [[str(row), *(_cell(draw) for _ in names[1:])] for row in range(40)]
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator=draw.choice(["\n", "\r\n"]))
    writer.writerows([names, *cells])
    path = written(tmp_path, text.getvalue())
    reading = pyarrow.csv.ReadOptions(block_size=draw.randrange(200, 500), use_threads=draw.random() < 0.5)
    with csv_stream(path) as stream:
        table = pyarrow.csv.read_csv(stream, reading, CSV_PARSING, cells_as_text(names))
    assert rows(table) == [[cell or None for cell in row] for row in cells]


def _cell(draw: random.Random) -> str:
    return "".join(draw.choice(LETTERS) for _ in range(draw.randrange(12)))
