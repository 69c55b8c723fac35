"""The cache of compiled objects is used when it can be trusted, and else the code is compiled again."""

from __future__ import annotations

import weakref
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest

from engine.ir.program import Program
from engine.native import Evaluator, Options, evaluate
from engine.native.agreement import all_figures
from engine.native.machine import compiling, object_cache
from engine.native.plan.laying import lay_out
from engine.native.plan.plan import cell_for, make_plan
from engine.population.columns import Cell, Columns, column_of
from engine.values.periods import parse_period
from tests.native.made_constants import AT
from tests.native.populations import population_of
from tests.native.programs import random_program
from tests.rulesets import check


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "objects"


def compiled(folder: Path, fingerprint: str = "") -> compiling.Kernel:
    """The same program compiled as if in a new process."""
    program = replace(random_program(Random(3)), fingerprint=fingerprint)
    columns = population_of(program, AT, 5, 3)
    options = Options(cache=str(folder), limit=2**31 - 1)
    cells = [cell_for(program, name, AT) for name in all_figures(program)]
    return compiling.Kernels().kernel(program, lay_out(program, columns, options), cells, options)


def test_a_second_process_finds_the_object(folder: Path) -> None:
    assert not compiled(folder).from_cache
    assert compiled(folder).from_cache
    assert all(path.stat().st_mode & 0o077 == 0 for path in folder.iterdir())


def test_damage_at_any_place_is_noticed(folder: Path) -> None:
    compiled(folder)
    entry = max(folder.iterdir(), key=lambda path: path.stat().st_size)
    whole = entry.read_bytes()
    random = np.random.default_rng(1)
    places = [0, 5, 30, 70, 120, len(whole) - 1, *random.integers(0, len(whole), 20).tolist()]
    for place in places:
        entry.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert object_cache.fetch(folder, entry.name) is None
    for size in (0, 1, 100, len(whole) - 1):
        entry.write_bytes(whole[:size])
        assert object_cache.fetch(folder, entry.name) is None
    assert not compiled(folder).from_cache
    assert compiled(folder).from_cache


def test_an_entry_under_another_name_is_foreign(folder: Path) -> None:
    compiled(folder)
    (entry,) = folder.iterdir()
    entry.rename(folder / "another")
    assert object_cache.fetch(folder, "another") is None


def test_an_entry_that_others_can_write_is_not_trusted(folder: Path) -> None:
    compiled(folder)
    (entry,) = folder.iterdir()
    entry.chmod(0o666)
    assert object_cache.fetch(folder, entry.name) is None


def test_a_folder_that_cannot_be_written_is_no_fault(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("not a folder")
    assert not compiled(file / "objects").from_cache


def test_the_key_tells_its_parts_apart() -> None:
    assert object_cache.key_of("ab", "c") != object_cache.key_of("a", "bc")


def test_a_program_that_is_known_needs_neither_plan_nor_text(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = compiled(folder, "law of 2024")
    assert len(list(folder.iterdir())) == 2
    planned: list[object] = []

    def watched(*given: Any) -> Any:
        planned.append(given)
        return make_plan(*given)

    monkeypatch.setattr("engine.native.machine.making.make_plan", watched)
    known = compiled(folder, "law of 2024")
    assert known.from_cache
    assert not planned
    assert known.interface == made.interface
    assert known.terms.tolist() == made.terms.tolist()
    assert compiled(folder, "law of 2025").from_cache  # the same object, under another text's name
    assert planned


def test_damage_to_either_entry_is_made_good(folder: Path) -> None:
    compiled(folder, "law of 2024")
    for entry in list(folder.iterdir()):
        whole = entry.read_bytes()
        entry.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
        assert compiled(folder, "law of 2024").interface.outputs
        assert entry.read_bytes() == whole


def test_a_population_is_not_kept_alive_by_its_layout() -> None:
    program = random_program(Random(3))
    columns = population_of(program, AT, 5, 3)
    evaluate(program, columns, all_figures(program), options=Options(cache=""))
    population = weakref.ref(columns)
    del columns
    assert population() is None


TWICE = """
    about: Twice
    law: Test Act
    exports: [wages, twice]
    inputs:
      wages: {entity: person, period: year, type: money, label: Wages, absent: 0}
    variables:
      twice: {label: Twice, entity: person, period: year, type: money, law: s.1, formula: wages * 2}
"""


def test_room_for_outputs_is_used_again_once_no_result_uses_it(tmp_path: Path) -> None:
    program = check(tmp_path, {"pay": TWICE}).program
    assert program is not None
    year, people = parse_period("2024"), 200_000
    wages = [Columns(year, {"person": people}, {_cell(program): column_of(np.arange(people) + by)}) for by in (0, 1)]
    evaluator, options = Evaluator(), Options(cache="")
    for _ in range(20):
        evaluator.evaluate(program, wages[0], ["twice"], options=options)
    assert evaluator.buffers.allocated == 1
    kept = evaluator.evaluate(program, wages[0], ["twice"], options=options).figures["twice"].entries
    other = evaluator.evaluate(program, wages[1], ["twice"], options=options).figures["twice"].entries
    assert evaluator.buffers.allocated == 2, "what a result still uses is no room for another"
    assert (kept == 2 * np.arange(people)).all() and (other == kept + 2).all()


def _cell(program: Program) -> Cell:
    return cell_for(program, "wages", parse_period("2024"))


def test_evaluators_share_nothing() -> None:
    program = random_program(Random(3))
    columns = population_of(program, AT, 5, 3)
    first, second = Evaluator(), Evaluator()
    first.prepare(program, columns, all_figures(program))
    assert len(first.kernels.made) == 1 and not second.kernels.made
