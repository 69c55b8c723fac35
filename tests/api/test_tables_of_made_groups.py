"""Tables of groups that a figure makes: each row is named after the larger group and the first member."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from api import python as rulewright
from api.batch.made_facts import require_made, stray_rows
from api.failures import Failure, Misuse
from engine.ir.program import Program
from engine.native import evaluate
from engine.native.agreement import differences
from engine.pipeline import compile_rules
from engine.population.door import from_arrow
from engine.values.periods import parse_period
from tests.api.kitchens import MODULE, SETTINGS
from tests.cli.command import run, write_rules

MARCH, YEAR = parse_period("2024-03"), parse_period("2024")
NOBODY = "names no dwelling and somebody who is in it on 2024-03-31, as `home/ada` does"
PEOPLE = {
    "person_id": ["ann", "bo", "cy", "di"], "dwelling_id": [1, 1, 1, 2],
    "dwelling_role": ["resident", "resident", "owner", "owner"], "cooks_at": [1, 2, 2, 1],
}  # fmt: skip


@pytest.fixture(scope="module")
def land(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_rules(tmp_path_factory.mktemp("rules") / "land", MODULE, SETTINGS)


@pytest.fixture(scope="module")
def program(land: Path) -> Program:
    return compile_rules(land)


def tables(names: list[Any], fees: list[Any], **more: list[Any]) -> dict[str, pa.Table]:
    kitchens = pa.table({"kitchen_id": names, "fees": fees, **more})
    return {"person": pa.table(PEOPLE), "dwelling": pa.table({"dwelling_id": [1, 2]}), "kitchen": kitchens}


def test_facts_of_a_made_group_stand_in_its_row(program: Program) -> None:
    columns = from_arrow(program, MARCH, tables(["2/di", "1/cy"], [4, 6])).columns
    assert columns is not None and "kitchen" not in columns.counts
    result = evaluate(program, columns, ["share", "need"])
    assert not differences(program, columns, result)
    assert result.figures["share"].entries.tolist() == [1000, 1300, 1300, 1400]  # the owner comes before residents
    assert not stray_rows(program, columns, tables(["2/di", "1/cy"], [4, 6]))


def fees_of(program: Program, given: dict[str, pa.Table], month: str) -> list[int]:
    columns = from_arrow(program, YEAR, given).columns
    assert columns is not None and not stray_rows(program, columns, given)
    entries: list[int] = evaluate(program, columns, ["fees"], parse_period(month)).figures["fees"].entries.tolist()
    return entries


def test_months_differ(program: Program) -> None:
    fees = {"kitchen_id": ["1/ann", "1/cy"], "fees@2024-03": [6, None], "fees@2024-04": [8, 9]}
    given = {**tables([], []), "kitchen": pa.table(fees)}
    assert [fees_of(program, given, month)[0] for month in ("2024-03", "2024-04", "2024-05")] == [600, 800, 0]


def test_who_moves_is_in_the_home_of_the_end(program: Program) -> None:
    moved = pa.table({**PEOPLE, "dwelling_id@2024-04-01..2024-12-31": [None, 2, None, None]})
    fees = pa.table({"kitchen_id": ["1/ann", "2/bo"], "fees@2024-04": [8, 9]})
    given = {**tables([], []), "person": moved, "kitchen": fees}
    assert fees_of(program, given, "2024-04")[:2] == [800, 900]
    named = fees.set_column(0, "kitchen_id", pa.array(["1/ann", "1/bo"]))
    earlier = from_arrow(program, YEAR, {**given, "kitchen": named}).problems
    assert "`1/bo` names no dwelling and somebody who is in it on 2024-12-31" in str(earlier[0])


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["1/di"], f"kitchen, row 1, kitchen_id: `1/di` {NOBODY}"),
        (["ann"], f"kitchen, row 1, kitchen_id: `ann` {NOBODY}"),
        (["2/di", None], "kitchen, row 2, kitchen_id: there is no id"),
        (["2/di", "1/cy", "1/cy"], "kitchen, row 3, kitchen_id: `1/cy` is the id of row 2 already"),
    ],
)
def test_a_name_of_nobody_is_told_with_its_row(program: Program, names: list[Any], message: str) -> None:
    admitted = from_arrow(program, MARCH, tables(names, [1] * len(names)))
    assert admitted.columns is None
    assert message in [str(problem) for problem in admitted.problems]


def test_a_cell_at_fault_is_told_with_the_row_as_given_and_leaves_its_home_out(program: Program) -> None:
    given = tables(["2/di", "1/cy"], [4, 700])
    admitted = from_arrow(program, MARCH, given, leave_out=True)
    assert [str(problem) for problem in admitted.problems] == ["kitchen, row 2, fees: is out of the range 0 .. 50"]
    assert admitted.rows is not None and admitted.rows["person"].tolist() == [False, False, False, True]


def test_ids_are_asked_for(program: Program) -> None:
    given = tables(["2/di"], [4])
    without = {**given, "kitchen": given["kitchen"].drop_columns(["kitchen_id"])}
    told = [str(problem) for problem in from_arrow(program, MARCH, without).problems]
    assert any(text.startswith("kitchen, kitchen_id: the ids are missing; name each kitchen after") for text in told)


def test_who_is_the_first_of_no_group_is_told(program: Program) -> None:
    """Facts that nothing would read."""
    given = tables(["1/bo", "1/ann"], [4, 6])
    columns = from_arrow(program, MARCH, given).columns
    assert columns is not None
    lost = stray_rows(program, columns, given)
    assert [(each.row, each.message) for each in lost] == [
        (1, "no kitchen is called `1/bo`, since `bo` is the first of none")
    ]
    with pytest.raises(Failure, match="kitchen, row 1: no kitchen is called `1/bo`"):
        require_made(program, columns, given)


def test_while_it_is_not_known_who_is_together_anybody_may_be_first(program: Program) -> None:
    given = tables(["1/bo"], [4])
    people = {**PEOPLE, "cooks_at": [1, 2, None, 1]}
    columns = from_arrow(program, MARCH, {**given, "person": pa.table(people)}, complete=False).columns
    assert columns is not None and not stray_rows(program, columns, given)


def files(folder: Path, given: dict[str, pa.Table]) -> list[str | Path]:
    for name, table in given.items():
        pq.write_table(table, folder / f"{name}.parquet")
    return [part for name in given for part in ("--input", f"{name}={folder / name}.parquet")]


@pytest.mark.parametrize("figure", ["share", "need"])
def test_batch_reads_them(tmp_path: Path, land: Path, figure: str) -> None:
    """A figure of people, and one of the groups themselves."""
    inputs = files(tmp_path, tables(["2/di", "1/cy", "1/bo"], [4, 6, 7]))
    output = tmp_path / "out.parquet"
    done = run("batch", land, *inputs, "--at", "2024-03", "--want", figure, "--output", output)
    assert "kitchen.parquet, row 3, kitchen_id: no kitchen is called `1/bo`" in done.stderr
    made = pq.read_table(output).to_pylist()
    if figure == "share":  # all of the home are refused: what is stated is not what there is
        assert [(row["person_id"], row["share"] and float(row["share"])) for row in made] == [
            ("ann", None), ("bo", None), ("cy", None), ("di", 14),
        ]  # fmt: skip
    else:
        assert [(row["kitchen_id"], float(row["need"])) for row in made] == [("2/di", 14)]


def test_find_reads_them(tmp_path: Path, land: Path) -> None:
    inputs = files(tmp_path, tables(["2/di", "1/cy"], [4, 6]))
    done = run("find", land, "share > 13 EUR", *inputs, "--at", "2024-03")
    assert done.returncode == 0 and "di" in done.stdout and "cy" not in done.stdout
    wrong = files(tmp_path, tables(["1/bo"], [4]))
    assert "no kitchen is called `1/bo`" in run("find", land, "share > 13 EUR", *wrong, "--at", "2024-03").stderr


def test_frames_of_facts_have_no_row_of_each_group(land: Path) -> None:
    law = rulewright.load(str(land))
    given = tables(["2/di"], [4])
    assert law.evaluate(given, at="2024-03", want=["share"])["share"].to_pylist()[3] == 14
    with pytest.raises(Misuse, match="no frame says who is in which kitchen: a figure makes them"):
        law.evaluate(given, at="2024-03", want=["need"])
    with pytest.raises(Misuse, match="no frame says who is in which kitchen"):
        law.why_row(given, "need", "2/di", at="2024-03")
