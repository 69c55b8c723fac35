"""Long tables: packed cells are the cells, and a block of text is the mapping that it stands for."""

from __future__ import annotations

import itertools
import pickle
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path as File

from hypothesis import given
from hypothesis import strategies as st

from engine.ir.printer import print_core
from engine.pipeline import compile_rules
from engine.values.packed_cells import PackedCells, Path, packed
from engine.values.types import Value

Cells = dict[Path, Mapping[str, Value]]


@given(st.lists(st.text("abc", min_size=1), unique=True, min_size=1, max_size=4), st.integers(1, 4), st.data())
def test_packed_cells_are_the_cells(members: list[str], size: int, data: st.DataObject) -> None:
    levels = (tuple(members), tuple(range(size)))
    paths = list(itertools.product(*levels))
    kind: st.SearchStrategy[int | Fraction] = (
        st.integers(-(10**6), 10**6) if data.draw(st.booleans()) else st.fractions(-999, 999, max_denominator=60)
    )
    cells: Cells = {path: {"": data.draw(kind)} for path in paths}
    packed_cells = packed(levels, cells)
    assert isinstance(packed_cells, PackedCells)
    assert dict(packed_cells) == cells
    assert {path: type(row[""]) for path, row in packed_cells.items()} == {
        path: type(row[""]) for path, row in cells.items()
    }
    assert print_core(packed_cells) == print_core(cells)
    assert dict(pickle.loads(pickle.dumps(packed_cells))) == cells
    assert (members[0], size) not in packed_cells
    assert ("never",) not in packed_cells


def test_cells_that_are_no_numbers_or_too_large_stay_as_they_are() -> None:
    truth: Cells = {(0,): {"": True}, (1,): {"": False}}
    assert packed([(0, 1)], truth) is truth
    large: Cells = {(0,): {"": Fraction(2**80)}, (1,): {"": Fraction(1, 3)}}
    assert packed([(0, 1)], large) is large


RULESET = "about: A test\nlaw: Test Act\ncurrency: USD\ncovers: {from: 2020-01-01, to: 2026-12-31}\n"
MODULE = """\
about: A table
law: Test Act
exports: [figure]
tables:
  amounts:
    type: TYPE
    key: {side: side, number: integer 1..3}
    law: Test Act s. 1
    values:
      2020-01-01:VALUES
variables:
  figure:
    entity: person
    period: year
    type: TYPE
    label: Figure
    law: Test Act s. 2
    formula: amounts[.left, 2]
examples:
  - at: 2024
    given: {person: {}}
    expect: {figure: EXPECTED}
"""


def cells_of(folder: File, kind: str, values: str) -> object:
    folder.mkdir()
    enums = "enums:\n  side: {members: {left: Left, right: Right}}\nentities:\n  person: {plural: people}\n"
    (folder / "ruleset.yaml").write_text(RULESET + enums)
    expected = "50%" if kind == "rate" else "2"
    (folder / "m.yaml").write_text(MODULE.replace("TYPE", kind).replace("VALUES", values).replace("EXPECTED", expected))
    (table,) = compile_rules(folder).tables.values()
    return dict(table.values[0][1])


def test_a_block_is_the_mapping_that_it_stands_for(tmp_path: File) -> None:
    written_out = " {left: {1: 1, 2: 2, 3: 3_000}, right: {1: 4, 2: 0.5, 3: 0}}"
    below_both = " |\n        1 2 3_000\n        4 0.5   0"
    below_one = "\n        left: |\n          1 2 3_000\n        right: |\n\n          4 0.5 0  # a comment"
    cells_ofs = [
        cells_of(tmp_path / str(at), "money", item) for at, item in enumerate((written_out, below_both, below_one))
    ]
    assert cells_ofs[0] == cells_ofs[1] == cells_ofs[2]
    assert cells_of(tmp_path / "rates", "rate", " |\n        10% 50% 1/3\n        0 1 2") == cells_of(
        tmp_path / "same", "rate", " {left: {1: 10%, 2: 50%, 3: 1/3}, right: {1: 0, 2: 1, 3: 2}}"
    )
