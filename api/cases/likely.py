"""How often people have a fact, and what it usually is: from the shipped sample. It only orders questions.

What is counted is kept on disk, since reading the sample takes longer than computing a case.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from engine.ir.program import Definition
from engine.kept import fetch, folder_for, keep, pickled, unpickled

EVERYBODY = 1.0
SELDOM = 0.01
WITHOUT_FORM = "_without_form"
_PERCENTILES = (0.25, 0.5, 0.9)
_SAMPLE = ("data/people.csv.gz", "data/tax_units.csv.gz")


@dataclass(frozen=True, slots=True)
class Likely:
    """The share of people or units that have a fact, and whole amounts that it then has: low, middle, high."""

    share: float
    amounts: tuple[int, ...] = ()


def likely(definition: Definition) -> Likely:
    """What the sample says of a fact. Where it says nothing: everybody, of a word, a day or a yes or no that every
    complete case must state, such as the State in which somebody lives; else seldom."""
    said = _shares().get(definition.short_name.removesuffix(WITHOUT_FORM))
    everybodys = definition.absent is None and definition.default is None and not definition.type.is_number
    return said or Likely(EVERYBODY if everybodys else SELDOM)


@cache
def _shares() -> dict[str, Likely]:
    folder, name = folder_for("likely"), _entry()
    body = fetch(folder, name)
    if body is not None:
        shares: dict[str, Likely] = unpickled(body)  # type: ignore[assignment]
        return shares
    shares = _counted()
    keep(folder, name, pickled(shares))
    return shares


def _entry() -> str:
    """The name of what is kept: a hash over this module, and the size and age of the sample's files. `citizens` itself
    is not imported for it."""
    spec = find_spec("citizens")
    places = spec.submodule_search_locations if spec is not None else None
    files = [Path(place) / name for place in places or () for name in ("sample.py", *_SAMPLE)]
    states = [(path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in files]
    return sha256(Path(__file__).read_bytes() + repr(states).encode()).hexdigest()


def _counted() -> dict[str, Likely]:
    from citizens.sample import load_sample  # with Arrow, which nothing else here needs

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
