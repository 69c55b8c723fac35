"""A column of a table as whole numbers of its grid, exactly, with what could not be read.

1. Text is taken as written: plain decimals, `true` and `false`, dates YYYY-MM-DD, names of members.
2. Decimals and integers are scaled; what then is not a whole number is off the grid.
3. A float stands for the grid's number whose nearest double it is; any other float is off the grid.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any

import numpy as np
import pyarrow
from numpy.typing import NDArray

from engine.population.columns import Entries
from engine.population.functions import compute, empty_cells, filled, places_among
from engine.values.types import Kind, ValueType

pa: Any = pyarrow
Array = Any
_EPOCH = 719_163  # the ordinal of 1970-01-01
_DATE = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"


_PLAIN = re.compile(r"-?[0-9]+(\.[0-9]+)?", re.ASCII)
_MOST = 10**15


@dataclass(frozen=True, slots=True)
class ReadCells:
    """Entries, which of them are missing, and which could not be read (`what` they should have been)."""

    entries: Entries
    missing: NDArray[np.bool_]
    bad: NDArray[np.bool_]
    what: str

    def bad_rows(self) -> list[int]:
        """The rows that could not be read, from 0."""
        return [int(row) for row in np.flatnonzero(self.bad)]

    def messages(self, array: Array) -> Iterator[str]:
        """What is wrong with each of them."""
        for row in self.bad_rows():
            text = str(array[row].as_py())
            yield f"`{text[:40]}` is not {_wanted(text, self.what)}"


def _wanted(text: str, what: str) -> str:
    """What a cell should have been: a number at all, one written out, one that fits, or one on the grid."""
    if not what.startswith(("a multiple", "a whole number")):
        return what
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        return "a number" if what.startswith("a multiple") else what
    if not _PLAIN.fullmatch(text):
        return "a plain decimal number, with all its digits and nothing else"
    return what if abs(number) < _MOST else "within what a column holds: it has too many digits"


def entries_from(array: Array, kind: ValueType, unit: int, members: tuple[str, ...]) -> ReadCells:
    """The entries of a column of a type; `unit` of them make one."""
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if pa.types.is_large_string(array.type):
        array = array.cast(pa.string())
    floating = pa.types.is_floating(array.type)
    if floating:
        missing = np.asarray(array.is_null().to_numpy(zero_copy_only=False))
    else:
        missing = empty_cells(array)
    match kind.kind:
        case Kind.BOOLEAN:
            return _booleans(array, missing)
        case Kind.DATE:
            return _dates(array, missing)
        case Kind.ENUM:
            return _members(array, missing, members)
        case Kind.INTEGER:
            return _numbers(array, missing, 1, "a whole number")
    return _numbers(array, missing, unit, f"a multiple of {_step(unit)}")


def plain_decimals(cells: Any, unit: int) -> Entries | None:
    """The entries of a column of decimals whose steps are the grid's own, all stated and none too large, read chunk by
    chunk without a copy between; None for any other column.
    """
    width = cells.type.bit_width if pa.types.is_decimal(cells.type) else 0
    if width not in (64, 128) or cells.null_count or 10**cells.type.scale != unit:
        return None
    if width == 64 and len(cells) and len(cells.chunks) == 1:
        return _within(_stored(cells.chunk(0)))
    entries, at = np.empty(len(cells), dtype=np.int64), 0
    for chunk in cells.chunks:
        part = entries[at : at + len(chunk)]
        at += len(chunk)
        if len(part) and not _copied(chunk, part):
            return None
    return entries


def _copied(array: Array, entries: Entries) -> bool:
    """Write decimals as numbers of 64 bits, if all are within what a column holds."""
    if array.type.bit_width == 64:
        entries[:] = _stored(array)
        return _within(entries) is not None
    low, high = _halves(array)
    entries[:] = low
    least, most = int(entries.min()), int(entries.max())
    if least <= -(2**62) or most >= 2**62:
        return False
    return not high.any() if least >= 0 else bool((high == entries >> 63).all())


def _within(entries: Entries) -> Entries | None:
    """The entries, if all are within what a column holds."""
    fit = not len(entries) or (int(entries.min()) > -(2**62) and int(entries.max()) < 2**62)
    return entries if fit else None


def _stored(array: Array) -> Entries:
    """Decimals of 64 bits as the memory holds them."""
    return np.frombuffer(array.buffers()[1], dtype=np.int64)[array.offset : array.offset + len(array)]


def _halves(array: Array) -> tuple[Entries, Entries]:
    """The low and the high 64 bits of decimals of 128."""
    halves = np.frombuffer(array.buffers()[1], dtype=np.int64).reshape(-1, 2)[array.offset : array.offset + len(array)]
    return halves[:, 0], halves[:, 1]


def _step(unit: int) -> str:
    return f"{1 / unit:.12f}".rstrip("0").rstrip(".") if 10**12 % unit == 0 else str(Fraction(1, unit))


def _made(entries: Entries, missing: NDArray[np.bool_], bad: NDArray[np.bool_], what: str) -> ReadCells:
    bad = bad & ~missing
    zero = missing | bad
    return ReadCells(np.where(zero, 0, entries) if zero.any() else entries, missing, bad, what)


def _booleans(array: Array, missing: NDArray[np.bool_]) -> ReadCells:
    if pa.types.is_boolean(array.type):
        entries = filled(array, False).to_numpy(zero_copy_only=False).astype(np.int8)
        return _made(entries, missing, np.zeros(len(array), dtype=bool), "")
    if pa.types.is_string(array.type):
        texts = compute.utf8_lower(array).to_numpy(zero_copy_only=False)
        yes, no = np.isin(texts, ["true", "1"]), np.isin(texts, ["false", "0"])
        return _made(yes.astype(np.int8), missing, ~(yes | no), "true or false")
    numbers = _numbers(array, missing, 1, "true or false")
    bad = numbers.bad | (numbers.entries < 0) | (numbers.entries > 1)
    return _made(numbers.entries.astype(np.int8), missing, bad, "true or false")


def _dates(array: Array, missing: NDArray[np.bool_]) -> ReadCells:
    what = "a date written YYYY-MM-DD"
    if pa.types.is_string(array.type):
        shaped = _matches(array, _DATE)
        days = np.zeros(len(array), dtype=np.int64)
        bad = ~shaped
        for row in np.flatnonzero(shaped & ~missing):
            try:
                days[row] = int(np.datetime64(array[int(row)].as_py(), "D").astype(np.int64)) + _EPOCH
            except ValueError:
                bad[row] = True
        return _made(days, missing, bad, what)
    if not pa.types.is_date(array.type):
        return _made(np.zeros(len(array), dtype=np.int64), missing, np.ones(len(array), dtype=bool), what)
    days = (
        array.cast(pa.date32()).cast(pa.int32()).fill_null(0).to_numpy(zero_copy_only=False).astype(np.int64) + _EPOCH
    )
    return _made(days, missing, np.zeros(len(array), dtype=bool), what)


def _members(array: Array, missing: NDArray[np.bool_], members: tuple[str, ...]) -> ReadCells:
    what = "one of " + ", ".join(f"`{member}`" for member in members)
    if not pa.types.is_string(array.type):
        return _made(np.zeros(len(array), dtype=np.int8), missing, np.ones(len(array), dtype=bool), what)
    places = places_among(array, members)
    return _made(places.astype(np.int16), missing, places < 0, what)


def _numbers(array: Array, missing: NDArray[np.bool_], unit: int, what: str) -> ReadCells:
    kind = array.type
    if pa.types.is_integer(kind):
        numbers = filled(array, 0).to_numpy(zero_copy_only=False)
        bad = (numbers > 2**62 // unit) | (numbers < -(2**62 // unit))
        return _made(np.where(bad, 0, numbers).astype(np.int64) * unit, missing, bad, what)
    if pa.types.is_floating(kind):
        values = array.cast(pa.float64()).fill_null(0.0).to_numpy(zero_copy_only=False)
        with np.errstate(all="ignore"):
            steps = np.rint(values * unit)
            bad = ~(np.abs(steps) < 2.0**53) | (steps / unit != values)
        return _made(np.where(bad, 0, steps).astype(np.int64), missing, bad, what)
    places = next(size for size in range(19) if 10**size % unit == 0)  # more decimals than these are off the grid
    if pa.types.is_string(kind):
        fraction = f"[0-9]{{1,{places}}}0*" if places else "0+"
        bad = ~_matches(array, rf"^-?[0-9]{{1,18}}(\.{fraction})?$")
        shown = compute.utf8_rtrim(compute.replace_substring_regex(array, r"(\.[0-9]*?)0*$", r"\1"), characters=".")
        array = compute.if_else(pa.array(bad | missing), pa.scalar("0"), shown).cast(pa.decimal128(38, places))
        entries, off = _scaled(array, unit)
        return _made(entries, missing, bad | off, what)
    if pa.types.is_decimal(kind):
        return _decimals(array, missing, unit, places, what)
    return _made(np.zeros(len(array), dtype=np.int64), missing, np.ones(len(array), dtype=bool), what)


def _decimals(array: Array, missing: NDArray[np.bool_], unit: int, places: int, what: str) -> ReadCells:
    """Decimals of any width. What 38 digits cannot hold is refused before a cast could wrap it round."""
    scale = array.type.scale
    if array.type.bit_width == 64 and scale == places and 10**scale == unit:
        entries, large = _as_stored(array)
        return _made(np.where(large, 0, entries) if large.any() else entries, missing, large, what)
    large = np.zeros(len(array), dtype=bool)
    if array.type.precision - scale + places > 38 or array.type.bit_width > 128:
        most = pa.scalar(Decimal(10**18), pa.decimal256(76, scale))
        whole = compute.abs(array.cast(pa.decimal256(76, scale)))
        large = compute.greater(whole, most).fill_null(False).to_numpy(zero_copy_only=False)
        array = compute.if_else(pa.array(large), pa.scalar(Decimal(0), array.type), array)
    if array.type.bit_width < 128:
        array = array.cast(pa.decimal128(array.type.precision, scale))
    near = (
        array if scale == places and array.type.bit_width == 128 else array.cast(pa.decimal128(38, places), safe=False)
    )
    changed = np.zeros(len(array), dtype=bool)
    if scale > places:  # decimals may have been cut off
        same = compute.equal(near, array.cast(pa.decimal256(76, scale))).fill_null(True)
        changed = ~same.to_numpy(zero_copy_only=False)
    entries, off = _scaled(near.fill_null(0) if near.null_count else near, unit)
    return _made(entries, missing, off | changed | large, what)


def _as_stored(array: Array) -> tuple[Entries, NDArray[np.bool_]]:
    """Decimals of 64 bits whose steps are the grid's own, as the memory holds them, and which are too large."""
    stored = array.fill_null(0) if array.null_count else array
    entries = _stored(stored)
    most = 2**62
    fit = not len(entries) or (int(entries.min()) >= -most and int(entries.max()) <= most)
    large = np.zeros(len(entries), dtype=bool) if fit else (entries < -most) | (entries > most)
    return entries, large


def _matches(array: Array, pattern: str) -> NDArray[np.bool_]:
    return np.asarray(compute.match_substring_regex(array, pattern).fill_null(False).to_numpy(zero_copy_only=False))


def _scaled(array: Array, unit: int) -> tuple[Entries, NDArray[np.bool_]]:
    """Decimals as whole numbers of 1/`unit`, and which are none, or too large."""
    places = 10**array.type.scale
    low, high = _halves(array)
    factor = Fraction(unit, places)
    most = 2**62 // factor.numerator
    large = (high != (low >> 63)) | (low > most) | (low < -most)
    if factor == 1:
        return (np.where(large, 0, low) if large.any() else low), large
    times = np.where(large, 0, low) * factor.numerator
    return times // factor.denominator, large | (times % factor.denominator != 0)
