"""The reader of quality control households, on rows of our own in the file's columns."""

from __future__ import annotations

from pathlib import Path

import pytest

from api.rules import programs
from engine.interpret.constants import Constants
from tests.validation.snap_qc import Reader, differing, rows

COLUMNS = (
    "YRMONTH,HHLDNO,state_name,rawusize,rawearn,rawunearn,rawrent,rawutil,rawmedded,rawdepded,rawcsded,rawhomeless_ded,"
    "rawstdded,rawernded,rawsltded,rawnet_capped,rawbenmax,rawben_recreated"
)
ALONE = "202310,1,Ohio,1,1000,0,500,0,0,0,0,0,198,200,199,403,291,170"
RURAL = "202310,2,Alaska,2,0,0,0,0,0,0,0,0,338,0,0,0,875,875"
WRONG = "202310,3,Ohio,1,1000,0,500,0,0,0,0,0,198,200,199,403,291,171"
UNSTATED = "202310,4,Ohio,NA,1000,0,500,0,0,0,0,0,198,200,199,403,291,170"


@pytest.fixture(scope="module")
def reader() -> Reader:
    program = programs.load_program("us")
    return Reader(program, Constants(program))


def test_figures_that_follow_from_the_inputs(tmp_path: Path, reader: Reader) -> None:
    file = tmp_path / "households.csv"
    file.write_text("\n".join((COLUMNS, ALONE, RURAL, WRONG, UNSTATED)), encoding="utf-8")
    alone, rural, wrong = rows(file)
    assert differing(reader, alone) == []
    assert differing(reader, rural) == []
    assert [tuple(map(str, difference)) for difference in differing(reader, wrong)] == [("snap", "170", "171")]
