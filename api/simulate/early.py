"""What can be told of a reform before anybody is computed: that it sets nothing else than the law by a year's end, and
that it adds facts that the population cannot state.

1. Only reforms that set constants are looked at. A constant over which nothing is laid is the same on any day.
2. Of each other, law and reform are compared on the first of each month from the law's first to the end of
   the year, and on every day on which a value of either begins or ends. Between these neither changes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from api.failures import Failure
from engine.interpret.constants import Constants
from engine.ir.program import Program
from engine.values.periods import Period

_ONLY_SET = {"about", "law", "set"}


def sets_nothing_else(law: Program, reformed: Program, files: Sequence[Path], at: Period) -> bool:
    """Whether nothing of the law before the end of `at` is another under a reform, as far as its constants show. False
    where it is not known."""
    for path in files:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        if not isinstance(content, dict) or not content.keys() <= _ONLY_SET:
            return False
    ours, theirs = Constants(law), Constants(reformed)
    return all(
        _content(ours, name, day) == _content(theirs, name, day)
        for name, constants in _set(law, reformed)
        for day in _days(law, constants, at)
    )


def facts_added(law: Program, reformed: Program) -> list[str]:
    """The names of facts that only the reform has."""
    added = reformed.definitions.keys() - law.definitions.keys()
    return sorted(reformed.definitions[name].short_name for name in added if reformed.definitions[name].is_input)


def added_facts_said(reform: str, added: Sequence[str], heads: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """What to say of facts that only a reform has. `heads`: the names of the population's columns, by entity.

    Raises Failure where the population states one: it is read as the facts of current law.
    """
    stated = {head.partition("@")[0] for names in heads.values() for head in names}
    for fact in filter(stated.__contains__, added):
        raise Failure(
            f"the population states `{fact}`, a fact that only the reform `{reform}` has, and would not be read",
            "put the fact into rules of your own that are based on these, and simulate those; or take the column out",
        )
    return tuple(
        f"`{reform}` adds the fact `{fact}`, which nobody in the population states; it counts as the rules assume of a "
        "complete return."
        for fact in added
    )


def _set(law: Program, reformed: Program) -> Iterator[tuple[str, tuple[Any, Any]]]:
    """The constants over which something is laid, in the law and under the reform."""
    for kind in ("parameters", "tables", "scales"):
        for name, constant in getattr(reformed, kind).items():
            if constant.overlays:
                yield name, (getattr(law, kind)[name], constant)


def _content(constants: Constants, name: str, day: date) -> object:
    stated = constants.at(name, day)
    return None if stated is None else stated.content


def _days(law: Program, constants: Sequence[Any], at: Period) -> set[date]:
    first, last = law.settings.covers_from, at.end
    months = {date(year, month, 1) for year in range(first.year, last.year + 1) for month in range(1, 13)}
    return {day for day in months | set(_changes(constants)) if first <= day <= last}


def _changes(constants: Sequence[Any]) -> Iterator[date]:
    for constant in constants:
        yield from (day for day, _ in constant.values)
        for overlay in constant.overlays:
            yield from (day for day in (overlay.start, overlay.end, overlay.indexed_from) if day is not None)
