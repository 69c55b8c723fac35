"""How often people have a fact, and what it usually is: from the shipped sample. It only orders questions."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from citizens.sample import load_sample
from engine.ir.program import Definition

SELDOM = 0.01
WITHOUT_FORM = "_without_form"
_PERCENTILES = (0.25, 0.5, 0.9)


@dataclass(frozen=True, slots=True)
class Likely:
    """The share of people or units that have a fact, and whole amounts that it then has: low, middle, high."""

    share: float
    amounts: tuple[int, ...] = ()


def likely(definition: Definition) -> Likely:
    """What the sample says of a fact; seldom, where it says nothing."""
    return _shares().get(definition.short_name.removesuffix(WITHOUT_FORM), Likely(SELDOM))


@cache
def _shares() -> dict[str, Likely]:
    sample = load_sample()
    shares: dict[str, Likely] = {}
    tables: tuple[Any, ...] = (sample.people, sample.tax_units)
    for table in tables:
        for name in table.column_names:
            values = table[name].to_pylist()
            there = [value for value in values if value]
            numbers = sorted(
                int(amount) for amount in there if isinstance(amount, int | float) and not isinstance(amount, bool)
            )
            amounts = tuple(numbers[int(len(numbers) * percentile)] for percentile in _PERCENTILES) if numbers else ()
            shares[name] = Likely(max(len(there) / max(1, len(values)), SELDOM / 10), amounts)
    return shares
