"""Columns of decimals are read chunk by chunk where they are plain, and give what reading them whole gives."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pyarrow
import pytest

from engine.population.entries import entries_from, plain_decimals
from engine.population.links import _places
from engine.values.types import Kind, ValueType

pa: Any = pyarrow
MONEY = ValueType(Kind.MONEY)
CENTS = pa.decimal128(38, 2)
MOST = Decimal(2**62) / 100


def chunked(*chunks: list[Decimal | None], kind: Any = CENTS) -> Any:
    return pa.chunked_array([pa.array(chunk, kind) for chunk in chunks], kind)


@pytest.mark.parametrize(
    "cells",
    [
        chunked([Decimal("1.00"), Decimal("-2.05")], [], [Decimal("3")]),
        chunked([Decimal(-7)], [Decimal(0)]).slice(1),
        chunked([Decimal(1), Decimal(-1), Decimal(2)]).slice(1, 1),
        chunked([MOST - Decimal("0.01")], [-MOST + Decimal("0.01")]),
        chunked(),
    ],
)
def test_plain_columns_are_read_as_whole_ones_are(cells: Any) -> None:
    plain, whole = plain_decimals(cells, 100), entries_from(cells.combine_chunks(), MONEY, 100, ())
    assert plain is not None and plain.tolist() == whole.entries.tolist()
    assert not whole.bad.any() and not whole.missing.any()


@pytest.mark.parametrize(
    "cells",
    [
        chunked([Decimal(1)], [None]),
        chunked([Decimal(1)], [MOST]),
        chunked([-MOST]),
        chunked([Decimal(2**64) / 100 + 1]),
        chunked([-Decimal(2**64) / 100]),
        chunked([Decimal(2**64) / 100 - 1]),
        chunked([Decimal(1)], kind=pa.decimal128(10, 1)),
        chunked([Decimal(1)], kind=pa.decimal256(50, 2)),
    ],
)
def test_other_columns_are_left_to_the_reader_of_whole_ones(cells: Any) -> None:
    assert plain_decimals(cells, 100) is None


@pytest.mark.parametrize("kind", [pa.int64(), pa.int8(), pa.uint64()])
def test_ids_in_a_row_are_found_as_any_others_are(kind: Any) -> None:
    known = pa.array([3, 4, 5], kind)
    assert _places(pa.array([5, 3, 2, 6, 4, 0, 127], kind), known).tolist() == [2, 0, -1, -1, 1, -1, -1]
    assert _places(pa.array([5, None], kind), known).tolist() == [2, -1]
    assert _places(pa.array([7, 4], kind), pa.array([3, 4, 7], kind)).tolist() == [2, 1]


def test_ids_at_the_ends_of_64_bits_are_not_taken_for_others() -> None:
    ends = pa.array([-(2**63), 2**63 - 1, 0], pa.int64())
    assert _places(ends, pa.array([-1, 0, 1], pa.int64())).tolist() == [-1, -1, 1]
