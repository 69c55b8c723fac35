"""Amounts that Tax-Calculator moves on with prices after the year in which a reform sets them.

1. It does so with every amount that is indexed there, unless the reform says `"CTC_c-indexed": {"2026": false}`. Ours
   stays as set unless the overlay says `indexed` from the next year on, as is written here.
2. It moves with the index of our rules. A constant that has none here stays, and that is told.
3. A scale moves as a whole: of a bracket alone that is to stay, `-indexed` is listed as not read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from api.compat.reforms.settings import Setting
from engine.ir.program import Constant, Program
from engine.reading.declared_constants import Parameter, Table
from engine.values.types import Kind

INDEXED = "-indexed"
_TARGET = re.compile(r"(?P<name>\w+)(?:\[[^\]]*\])?(?:\.(?P<column>\w+))?")


def moving_on(law: Program, values_set: Mapping[str, Mapping[str, str]], staying: set[str]) -> Iterator[Setting | str]:
    """What moves on from the year after it was set; the targets, as text, that do there and have no index here."""
    everything: Mapping[str, Constant] = {**law.parameters, **law.tables, **law.scales}
    constants = {name.rpartition(":")[2]: constant for name, constant in everything.items()}
    for target in (target for target in values_set if target not in staying):
        parts = _TARGET.fullmatch(target)
        assert parts is not None, target
        constant = constants[parts["name"]]
        if not _is_money(constant, parts["column"] or ""):
            continue
        if constant.uprate is None:
            yield target
            continue
        for day in values_set[target]:
            after = f"{int(day[:4]) + 1}{day[4:]}"
            if after not in values_set[target]:
                yield Setting(target, after, "indexed")


def _is_money(constant: Constant, column: str) -> bool:
    """Whether a constant, or a column of it, has amounts; brackets of a scale begin at amounts."""
    if isinstance(constant, Parameter):
        return constant.type is not None and constant.type.kind is Kind.MONEY
    return not isinstance(constant, Table) or constant.columns[column].kind is Kind.MONEY


def stays(said: Mapping[str, Any], name: str) -> bool:
    """Whether a reform keeps what it sets of a parameter from moving, from the year in which it sets it on."""
    kept, years = _by_year(said.get(name + INDEXED)), _by_year(said.get(name))
    return bool(kept) and not any(kept.values()) and bool(years) and min(kept) <= min(years)


def says_nothing_else(said: Mapping[str, Any], name: str, names: Mapping[str, Any]) -> bool:
    """Whether `NAME-indexed` only says what is so here: that what the reform sets stays, or that it moves on."""
    whose = name.removesuffix(INDEXED)
    if whose not in said or whose not in names:
        return False
    return all(_by_year(said[name]).values()) or (stays(said, whose) and "scale" not in names[whose])


def _by_year(content: Any) -> dict[str, Any]:
    """Years and values, of an object by year or of records."""
    if isinstance(content, list):
        return {str(record.get("year", "")): record.get("value") for record in content if isinstance(record, Mapping)}
    return {str(year): value for year, value in content.items()} if isinstance(content, Mapping) else {}
