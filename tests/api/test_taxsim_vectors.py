"""Rows of TAXSIM's columns laid out at once mean what each means alone; numbers are read exactly."""

from __future__ import annotations

import csv
import io
import random

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from api.rules import programs
from api.taxsim import answers, columns, reading
from api.taxsim.blocks import block_of, joined
from api.taxsim.figures import Figures, rows_of, with_more
from api.taxsim.letters import letters_of
from api.taxsim.machine_reading import PlainLines
from api.taxsim.machine_writing import amounts, table_text, whole, words
from api.taxsim.rates import raised, raised_row
from api.taxsim.reading import read_blocks
from api.taxsim.sound import sound
from api.taxsim.table import Row, read_header, read_records, read_row, read_rows
from api.taxsim.units import STATUSES, check_row, dependent_ages
from api.taxsim.vectors import dependents_of
from engine.native import WORTH_COMPILING

HEADER = read_header(["taxsimid", *columns.CODES, *columns.MONEY])
YEARS = (2014, 2021, 2024)
MILD = ("0", "0", "0", "0", "1200.5", "9000", "31000.005", "250000.10")
MONIES = ("pwages", "swages", "intrec", "ltcg", "mortgage")
WILD = (*MILD, "-800", "20000000000", "99e30")


def random_row(number: int, year: int, draw: random.Random) -> Row | None:
    """A row, half of whose cells are zero, some out of range; None for one that no tax unit can be."""
    amounts = WILD if draw.random() < 0.2 else MILD
    ages = [draw.choice(["0", "0", "2", "12", "16", "18", "30"]) for _ in columns.AGES[:3]]
    cells = {
        "taxsimid": str(number),
        "year": str(year),
        "mstat": str(draw.choice(STATUSES)),
        "page": draw.choice(["0", "67"]),
        "sage": "0",
        "depx": draw.choice("0123"),
        **dict(zip(columns.AGES, ages, strict=False)),
        **{name: draw.choice(amounts) for name in columns.MONEY},
    }
    if cells["mstat"] != "2":
        cells |= dict.fromkeys(columns.SPOUSE, "0")
    row = read_row(number, [cells.get(name, "") for name in HEADER.places], HEADER)
    check_row(row, range(2013, 2027))
    return None if row.faults else row


@pytest.mark.parametrize("year", YEARS)
def test_many_rows_at_once_are_what_each_is_alone(year: int) -> None:
    draw = random.Random(year)
    rows = [row for number in range(500) if (row := random_row(number, year, draw))]
    assert len(rows) > 2 * WORTH_COMPILING
    program = programs.load_program("us")
    figures = Figures(program, year, answers.WANTED_IN_FULL)
    block = block_of(rows)
    laid = rows_of(program, block, np.arange(len(rows)), year)
    higher = with_more(program, laid, raised(block, laid.places, 10_000))
    together, more = figures.of(laid), figures.of(higher, like=laid)
    assert 10 < len(together.faults) < len(rows) / 2
    for start in range(0, len(rows), len(rows) // 3):
        places = np.arange(start, min(start + 12, len(rows)))
        for block_, result in ((block, together), (raised(block, places, 10_000), more)):
            alone = figures.of(rows_of(program, block_, places, year))
            assert alone.faults == {at - start: fault for at, fault in result.faults.items() if at in places}
            for name, entries in alone.figures.items():
                assert np.array_equal(entries, result.figures[name][places]), name


@pytest.mark.parametrize("seed", range(3))
def test_columns_are_read_checked_and_raised_as_each_row_is(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "FEW", 2)
    draw = random.Random(seed)
    names = ["taxsimid", "year", "mstat", "page", "sage", "depx", "age1", "dep13", "dep17", "mtr", "idtl", *MONIES]
    cells = {
        "taxsimid": ["1", "2.", "a b", "", '"x,y"', "\x1b7"],
        "year": ["2024", "2024.0", "1999", "2023", "2024.5"],
        "mstat": ["1", "2", "2", "6", "9", "33"],
        "mtr": ["0", "85", "86", "11", "70", "7"],
        "idtl": ["0", "0", "2", "5", "1"],
    }
    usual = {"taxsimid": "9", "year": "2024", "mstat": "2", "mtr": "11"}
    lines = [",".join(names)]
    for _ in range(300):
        odd = draw.random() < 0.3
        lines.append(
            ",".join(
                draw.choice(cells.get(name, ["0", "", "3", "-4", "17.0", "1e3", "0.005", " 5 ", "x", "0x1F", "9e20"]))
                if odd and draw.random() < 0.3
                else usual.get(name, "12" if name.startswith("age") else str(draw.randrange(40)))
                for name in names
            )
            + ("," * (odd and draw.random() < 0.1))
        )
    text = "\n".join(lines) + "\n"
    _, slowly = read_rows(io.StringIO(text, newline=""))
    expected = list(slowly)
    _, blocks = read_blocks(io.BytesIO(text.encode()))
    block = joined(list(blocks))
    assert any(place not in block.kept for place in range(len(block)))
    years = range(2013, 2027)
    inside = sound(block, years)
    for place, row in enumerate(expected):
        assert block.row(place) == row
        check_row(row, years)
        assert inside[place] == (not row.faults), row
    higher = raised(block, np.flatnonzero(inside), 10_001)
    for place in np.flatnonzero(inside).tolist():
        result, wanted = higher.row(place), raised_row(expected[place], 10_001)
        assert {**dict.fromkeys(result.money, 0), **wanted.money} == result.money


@given(st.lists(st.tuples(st.integers(-(2**63), 2**63 - 1), st.booleans()), min_size=1, max_size=30), st.booleans())
def test_numbers_are_written_as_python_writes_them(cells: list[tuple[int, bool]], some: bool) -> None:
    numbers = np.array([number for number, _ in cells], dtype=np.int64)
    there = np.array([shown for _, shown in cells]) if some else None
    ids = pa.array([f"é{number}"[: number % 5] for number in range(len(cells))], pa.string())
    columns_ = [words(*letters_of(ids)), whole(numbers), amounts(numbers, there)]
    wanted = [
        f"{id}\t{number}\t{answers.written(number) if shown or not some else ''}\n"
        for id, (number, shown) in zip(ids.to_pylist(), cells, strict=True)
    ]
    assert bytes(table_text(columns_, "\t", len(cells))).decode() == "".join(wanted)


PLAIN = read_header(["taxsimid", "year", "other", "mstat", "pwages"])
CELLS = st.sampled_from(
    ["0", "7", "-3", "-0", "12.", "12.5", "-8.05", "1.005", "1.00", "", "-", ".", ".5", "-.5", "+1", "1e3", "007", " 1",
     "123456789", "1234567890", "123456789012.99", "1234567890123", "9" * 40, "a-b_9", "a b", "é", "x" * 60, "x" * 61,
     '"', '"1"', "\0", "\r", "\n", "\r\n", "1\t2"]
)  # fmt: skip


@given(st.lists(st.lists(CELLS, min_size=4, max_size=6), min_size=1, max_size=3), st.sampled_from(["\n", "\r\n", ""]))
@example([["a-b_9", "7", "é", "-3", "-8.05"], ["7", "", "", "12.", "123456789012.99"]], "\r\n")
def test_lines_that_machine_code_reads_are_read_as_one_by_one(rows: list[list[str]], end: str) -> None:
    text = "\n".join(",".join(cells) for cells in rows) + end
    block = PlainLines(PLAIN, ",").block(text.encode(), 1)
    if block is None:
        assert text != "a-b_9,7,é,-3,-8.05\n7,,,12.,123456789012.99\r\n"
        return
    slowly = list(read_records(csv.reader(io.StringIO(text, newline="")), PLAIN))
    assert [block.row(place) for place in range(len(block))] == slowly
    assert not any(row.faults for row in slowly)


@given(
    st.lists(st.tuples(*[st.integers(0, 3)] * 4, st.integers(0, 4)), min_size=1, max_size=20), st.sampled_from(YEARS)
)
def test_dependents_of_many_rows_are_those_of_each(rows: list[tuple[int, ...]], year: int) -> None:
    names = ("age1", "age2", "dep13", "dep18", "depx")
    codes = {name: np.array([row[place] for row in rows]) for place, name in enumerate(names)}
    dependents = dependents_of(codes, year, np.zeros(len(rows), dtype=np.int64))
    each = [dependent_ages(Row(1, "", dict(zip((*names, "year"), (*row, year), strict=True)))) for row in rows]
    assert dependents.counts.tolist() == list(map(len, each))
    assert dependents.ages.tolist() == [age for ages in each for age in ages]


@pytest.mark.parametrize(
    ("text", "cents"),
    [
        ("", 0), ("0", 0), ("0.0", 0), ("-0.005", -1), ("0.005", 1), ("0.0049999999999999999999", 0), (".5e1", 500),
        ("41904.76190476191", 4190476), ("1e-99", 0), ("12345678901234567890.125e2", 123456789012345678901250),
        ("9" * 30 + "e99", (10**30 - 1) * 10**101),
    ],
)  # fmt: skip
def test_amounts_become_whole_cents_exactly(text: str, cents: int) -> None:
    row = read_row(1, ["2024", "1", text], read_header(["year", "mstat", "pwages"]))
    assert (row.faults, row.money["pwages"]) == ([], cents)
