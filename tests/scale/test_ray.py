"""What Ray computes is what this process computes: the same bytes, though workers die; refusals in the same words."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("ray")

from api.batch.run import Job, run_batch
from api.cases.naming import find_definitions, read_period
from api.failures import Failure
from api.rules import programs
from api.scale.on_ray import OnRay
from tests.cli.command import run


@pytest.fixture(scope="module")
def workers() -> Iterator[OnRay]:
    """Two workers of this machine."""
    with OnRay("local:2") as spread:
        yield spread


def refusing(limit: int, item: int) -> int:
    """Refuses what is above a limit."""
    if item > limit:
        raise Failure(f"{item} is above {limit}", "take less")
    return item * item


def dying(marks: str, item: int) -> int:
    """Dies at the first attempt of every third item, as a machine does that loses power."""
    mark = Path(marks) / str(item)
    if item % 3 == 0 and not mark.exists():
        mark.touch()
        os._exit(9)
    return -item


def failing(_: None, item: int) -> int:
    """Fails in a way that nobody foresaw."""
    return 1 // item


def test_results_come_in_order_though_workers_die(workers: OnRay, tmp_path: Path) -> None:
    import ray

    ray.cloudpickle.register_pickle_by_value(sys.modules[__name__])  # type: ignore[no-untyped-call]
    assert list(workers(dying, str(tmp_path), range(1, 8))) == [-item for item in range(1, 8)]
    assert {path.name for path in tmp_path.iterdir()} == {"3", "6"}
    with pytest.raises(Failure, match="4 is above 3") as caught:
        list(workers(refusing, 3, range(6)))
    assert caught.value.help == "take less"
    with pytest.raises(Failure, match=r"part 1 could not be computed .*division"):
        list(workers(failing, None, range(2)))


def test_a_batch_has_the_same_bytes(workers: OnRay, tmp_path: Path) -> None:
    program = programs.load_program("us")
    people = "\n".join(f"p{row},{row},head,{30 + row}.00,40" for row in range(59)) + "\nbad,59,head,x,40"
    (tmp_path / "units.csv").write_text("tax_unit_id\n" + "\n".join(map(str, range(60))) + "\n")
    (tmp_path / "people.csv").write_text("person_id,tax_unit_id,role,employment_income,age\n" + people + "\n")
    outputs = []
    for name, spread in (("here", None), ("ray", workers)):
        job = Job(
            program,
            read_period(program, "2024"),
            {"tax_unit": tmp_path / "units.csv", "person": tmp_path / "people.csv"},
            tmp_path / f"{name}.parquet",
            tuple(find_definitions(program, "income_tax")),
            part_rows=20,
        )
        report = run_batch(job) if spread is None else run_batch(job, spread=spread)
        assert (report.groups, report.refused) == (60, 1)
        assert [(fault.row, fault.column) for fault in report.faults] == [(60, "employment_income")]
        outputs.append(job.output.read_bytes())
    assert outputs[0] == outputs[1]


def test_where_there_is_no_ray_the_command_says_so(tmp_path: Path) -> None:
    (tmp_path / "units.csv").write_text("tax_unit_id\n1\n")
    done = run(
        "batch", "us", "--at", "2024", "--input", f"tax_unit={tmp_path / 'units.csv'}", "--output",
        tmp_path / "out.parquet", "--want", "income_tax", "--ray", "ray://nowhere.invalid", "--json",
    )  # fmt: skip
    assert (done.returncode, "no Ray at" in done.stderr) == (1, True), done.stderr
    assert not (tmp_path / "out.parquet").exists()
