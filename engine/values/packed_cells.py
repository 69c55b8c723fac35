"""The cells of a long table, kept as whole numbers in order instead of a mapping: a few bytes a cell, not hundreds."""

from __future__ import annotations

import itertools
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from fractions import Fraction
from math import lcm, prod
from typing import Any

from engine.values.types import Value

Key = int | str | date
Path = tuple[Key, ...]


class PackedCells(Mapping[Path, Mapping[str, Value]]):
    """Numbers by path of keys, in the order of the product of `keys`. Each is a row with one unnamed column, as in any
    table with a `type`. `whole` numbers are integers, others exact fractions."""

    def __init__(self, keys: Iterable[Iterable[Key]], numerators: Iterable[int], denominator: int, whole: bool) -> None:
        self.keys_of = tuple(map(tuple, keys))
        self.whole = whole
        self.denominator = denominator
        self.numerators = array("q", numerators)
        self._places: tuple[dict[Key, int], ...] = tuple(
            {key: place for place, key in enumerate(level)} for level in self.keys_of
        )

    def __getitem__(self, path: Path) -> Mapping[str, Value]:
        if len(path) != len(self._places):
            raise KeyError(path)
        at = 0
        for places, key in zip(self._places, path, strict=True):
            at = at * len(places) + places[key]
        return self._row(self.numerators[at])

    def _row(self, numerator: int) -> dict[str, Value]:
        return {"": numerator // self.denominator if self.whole else Fraction(numerator, self.denominator)}

    def numbers(self) -> Iterable[Fraction | int]:
        """The numbers alone, in order: whole ones as integers, which are written alike."""
        if self.denominator == 1:
            return self.numerators
        return (Fraction(numerator, self.denominator) for numerator in self.numerators)

    def ends(self, places: Sequence[Sequence[int]]) -> tuple[Value, Value]:
        """The least and the greatest number in the rows at some places of each level; there is one at least."""
        starts = [0]
        for level, listed in zip(self._places, places, strict=True):
            starts = [start * len(level) + place for start in starts for place in listed]
        numerators = [self.numerators[at] for at in starts]
        return self._row(min(numerators))[""], self._row(max(numerators))[""]

    def __iter__(self) -> Iterator[Path]:
        return itertools.product(*self.keys_of)

    def __len__(self) -> int:
        return prod(map(len, self.keys_of))

    def values(self) -> Any:
        """The rows in order, without looking each up."""
        return [self._row(numerator) for numerator in self.numerators]

    def items(self) -> Any:
        """Paths with rows, in order."""
        return list(zip(self, self.values(), strict=True))


def packed(keys: Iterable[Iterable[Key]], cells: Mapping[Path, Mapping[str, Value]]) -> Mapping[Path, Any]:
    """The cells packed, if all are numbers that fit; else as they are."""
    levels = tuple(map(tuple, keys))
    values: list[Any] = [cells[path].get("") for path in itertools.product(*levels)]
    types = set(map(type, values))
    if not values or not types <= {int, Fraction}:
        return cells
    scale = lcm(*{value.denominator for value in values})
    numerators = [value.numerator * (scale // value.denominator) for value in values]
    if max(numerators) >= 2**63 or min(numerators) <= -(2**63):
        return cells
    return PackedCells(levels, numerators, scale, whole=types == {int})
