"""Draw random reforms of taxcalc's parameters: each alone, pairs, phased by year, begun before the year or in it.

It runs under taxcalc's Python too, and needs nothing of this project.
"""

from __future__ import annotations

import random
from collections.abc import Container, Mapping
from typing import Any

YEARS = (2022, 2023, 2024, 2025, 2026)
EARLIEST, LONGEST = 2014, 3
STEP_OF_RATE = 0.001
SEPARATE = 2  # its place in a list by filing status
Table = Mapping[str, Mapping[str, Any]]
Reform = dict[str, dict[str, Any]]
CurrentLaw = Mapping[int, Mapping[str, Any]]  # by year and parameter: a number, or a list


def drawn(
    table: Table, law: CurrentLaw, indexed: Container[str], number: int, rng: random.Random
) -> tuple[int, Reform]:
    """A reform and the year in which it is looked at: the first ones of each parameter alone, then one or two.

    What is `indexed` there is kept from moving on, as a value that a reform sets here stays.
    """
    names = list(table)
    while True:
        chosen = [names[number]] if number < len(names) else rng.sample(names, rng.choice((1, 2, 2)))
        common = set.intersection(*(set(table[name].get("years", YEARS)) for name in chosen))
        if common:
            year = rng.choice(sorted(common))
            reform = _reform(table, law, indexed, chosen, year, rng)
            if all(reform[name][max(reform[name])] != law[year][name] for name in chosen):
                return year, reform


def _reform(
    table: Table, law: CurrentLaw, indexed: Container[str], names: list[str], year: int, rng: random.Random
) -> Reform:
    reform: Reform = {}
    for name in names:
        first = rng.randint(max(EARLIEST, year - LONGEST + 1), year)
        first = max(first, min(table[name].get("years", (first,))))
        dates = range(first, year + 1) if rng.random() < 0.4 else (first,)
        values = {str(when): _value(table, law, reform, name, when, rng) for when in dates}
        for alike in (name, *table[name].get("with", ())):
            reform[alike] = values
            if alike in indexed:
                reform[f"{alike}-indexed"] = {str(first): False}
    return reform


def _value(table: Table, law: CurrentLaw, reform: Reform, name: str, year: int, rng: random.Random) -> Any:
    """A new value in the year: a number, or one for each filing status or number of children."""
    how, now = table[name], law[year][name]
    if not isinstance(now, list):
        return _moved(how, now, rng.uniform(0.5, 1.6))
    low, high = how.get("between", (None, None))
    if low or high:
        return _between(law, reform, low, high, now, year, rng.uniform(0.15, 0.85))
    alike = how.get("same") or rng.random() < 0.6
    factor = rng.uniform(0.5, 1.6)
    if how.get("same"):  # a separate return has half: twice the step keeps halves whole
        whole = _moved({**how, "step": 2 * how.get("step", 50)}, now[0], factor)
        return [whole, whole, whole / 2, whole, whole]
    moved = [_moved(how, item, factor if alike else rng.uniform(0.5, 1.6)) for item in now]
    return [moved[0] if how.get("apart") and at == SEPARATE else change for at, change in enumerate(moved)]


def _between(
    law: CurrentLaw, reform: Reform, low: str | None, high: str | None, now: list[float], year: int, share: float
) -> list[float]:
    """Brackets that stay in order, also beside another that the reform moves."""
    below = _standing(law, reform, low, year) or [0.0] * len(now)
    above = _standing(law, reform, high, year) or [2 * item for item in now]
    return [round((item + share * (other - item)) / 25) * 25.0 for item, other in zip(below, above, strict=True)]


def _standing(law: CurrentLaw, reform: Reform, name: str | None, year: int) -> list[float] | None:
    """A bracket in the year: where the reform moves it last, or the law's."""
    if name is None:
        return None
    set_by_then = [int(when) for when in reform.get(name, {}) if int(when) <= year]
    return reform[name][str(max(set_by_then))] if set_by_then else law[year][name]  # type: ignore[no-any-return]


def _moved(how: Mapping[str, Any], now: float, factor: float) -> float:
    now = now or how.get("zero", 0)
    if how["kind"] == "whole":
        moved: float = max(how.get("least", 1), round(now * factor))
    elif how["kind"] == "rate":
        moved = round(round((now or 0.02) * factor / STEP_OF_RATE) * STEP_OF_RATE, 4)
    else:
        step = how.get("step", 50 if now >= 1_000 else 10)
        moved = float(max(step, round(now * factor / step) * step))
    return min(moved, how["most"]) if "most" in how else moved
