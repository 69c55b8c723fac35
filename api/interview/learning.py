"""How often people have what, learned from a population's tables: it orders questions, and can change no answer.

What is kept is a share for each fact and three amounts, no row of anybody; a file of these, with where they come from,
serves as well as the tables.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from api.cases.likely import SELDOM, WITHOUT_FORM, Likely
from api.failures import Failure, Misuse
from engine.ir.program import Definition, Program
from engine.native.handover import entry_of
from engine.population.columns import Column, Columns, unit_of
from engine.values.types import Kind

FEWEST = 100
"""From so few rows nothing is learned: the amounts would tell of single people."""
_PERCENTILES = (25, 50, 90)


def statistics_of(program: Program, columns: Columns) -> dict[str, Likely]:
    """For each fact with a column: how many have it, and what it then is."""
    statistics = {}
    for cell, column in columns.columns.items():
        definition = program.definitions[cell.name]
        if len(column.entries) >= FEWEST:
            statistics[definition.short_name.removesuffix(WITHOUT_FORM)] = _statistic(program, definition, column)
    return statistics


def _statistic(program: Program, definition: Definition, column: Column) -> Likely:
    absent = entry_of(program, definition, definition.absent) if definition.absent is not None else 0
    there = column.entries != (absent or 0)
    if column.missing is not None:
        there &= ~column.missing
    share = max(float(there.mean()), SELDOM / 10)
    if definition.type.kind not in (Kind.MONEY, Kind.INTEGER) or int(there.sum()) < FEWEST:
        return Likely(share)
    amounts = np.percentile(column.entries[there], _PERCENTILES, method="nearest") // unit_of(program, definition)
    return Likely(share, tuple(int(amount) for amount in amounts))


def write_statistics(path: Path, statistics: Mapping[str, Likely], source: str) -> None:
    """Keep statistics in a file, with their source."""
    said = {
        name: {"share": f"{statistic.share:.4f}", "amounts": list(statistic.amounts)}
        for name, statistic in sorted(statistics.items())
    }
    path.write_text(json.dumps({"source": source, "facts": said}, indent=1) + "\n", encoding="utf-8")


def read_statistics(path: Path) -> dict[str, Likely]:
    """The statistics in a file that `write_statistics` wrote. Raises Failure or Misuse."""
    try:
        said = json.loads(path.read_text(encoding="utf-8"))["facts"]
        return {
            str(name): Likely(float(statistic["share"]), tuple(int(amount) for amount in statistic["amounts"]))
            for name, statistic in said.items()
        }
    except OSError as fault:
        raise Misuse(f"`{path}` cannot be read: {(fault.strerror or 'unknown').lower()}") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Failure(f"`{path}` holds no statistics", "name a file that `--keep-learned` wrote, or tables") from None
