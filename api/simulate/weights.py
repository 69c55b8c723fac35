"""How many units each row of a population stands for: decimals in a column of the units' table.

One that is missing, no number, or below zero is refused; floating-point numbers that a program computed, with more
digits than can be added up exactly, are rounded, and that is said.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

import numpy as np
import pyarrow
from numpy.typing import NDArray

from api.failures import Failure, Misuse, suggestion

pa: Any = pyarrow
MAX_SHOWN = 20
_MOST_PLACES, _MOST_PLAIN = 9, 10**15  # a double tells decimals of so many digits apart


def read_weights(table: Any, name: str, file: str) -> tuple[NDArray[np.int64], int, tuple[str, ...]]:
    """The weights as whole numbers of one over a power of ten, and what is to be said of them. Raises Failure."""
    if name not in table.column_names:
        near = suggestion(name, table.column_names, "name the column that says how many units each one stands for")
        raise Misuse(f"`{file}` has no column of weights `{name}`", f"{near}; `--weight COLUMN`")
    if not table.num_rows:
        raise Failure(f"`{file}` has no rows, so there is nobody to compute", "give a population of ten units or more")
    if (plain := _plain_weights(table[name])) is not None:
        return *plain, ()
    if (rounded := _rounded_weights(table[name])) is not None:
        said = f"The weights have more digits than are kept, and were rounded to {len(str(rounded[1])) - 1} decimals."
        return *rounded, (said,)
    return *_any_weights(table[name].to_pylist(), name, file), ()


def _plain_weights(column: Any) -> tuple[NDArray[np.int64], int] | None:
    """Weights as most files have them: numbers of few digits, none missing or below zero; None for others."""
    if column.null_count or not len(column):
        return None
    try:
        numbers = np.asarray(column.cast(pa.float64()).to_numpy())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return None
    if not (np.isfinite(numbers).all() and numbers.min() >= 0 and numbers.max() > 0):
        return None
    for places in range(_MOST_PLACES):
        whole = np.rint(numbers * 10**places)
        if whole.max() >= _MOST_PLAIN:
            return None
        if (whole / 10**places == numbers).all():  # each is the double nearest to a decimal of so many places
            return whole.astype(np.int64), int(10**places)
    return None


def _rounded_weights(column: Any) -> tuple[NDArray[np.int64], int] | None:
    """Weights that a program computed, in floating point, to as many decimals as are kept; None for others."""
    if not pa.types.is_floating(column.type) or column.null_count:
        return None
    numbers = np.asarray(column.to_numpy(), dtype=np.float64)
    if not (np.isfinite(numbers).all() and numbers.min() >= 0 and 0 < numbers.max() < _MOST_PLAIN):
        return None
    places = max(place for place in range(_MOST_PLACES) if numbers.max() * 10**place < _MOST_PLAIN)
    whole = np.rint(numbers * 10**places)
    return (whole.astype(np.int64), int(10**places)) if whole.max() else None


def _any_weights(values: Sequence[object], name: str, file: str) -> tuple[NDArray[np.int64], int]:
    """Weights read one by one, as they are written. Raises Failure with every one that is at fault."""
    weights: list[Decimal] = []
    faults: list[str] = []
    for row, text in enumerate((None if value is None else str(value) for value in values), 1):
        try:
            value = Decimal(text) if text is not None else None
        except InvalidOperation:
            value = None
        if value is None or not value.is_finite():
            faults.append(f"row {row}: " + ("the weight is missing" if text is None else f"`{text}` is not a number"))
        elif value < 0:
            faults.append(f"row {row}: the weight {text} is below zero")
        else:
            weights.append(value)
    if faults:
        shown = "\n  ".join(faults[:MAX_SHOWN]) + (
            f"\n  … and {len(faults) - MAX_SHOWN:,} more" * (len(faults) > MAX_SHOWN)
        )
        raise Failure(
            f"weights in `{file}`, column `{name}`, are at fault:\n  {shown}", "a weight is a number, 0 or more"
        )
    if not any(weights):
        raise Failure(f"every weight in `{file}` is zero", "give weights that say how many units each one stands for")
    places = max(max(0, -int(weight.as_tuple().exponent)) for weight in weights)
    whole = [int(weight.scaleb(places)) for weight in weights]
    if max(whole) >= 2**53:
        raise Failure(
            f"weights in `{file}` have too many digits", "round them to six decimals or fewer, or make them smaller"
        )
    return np.array(whole, dtype=np.int64), 10**places
