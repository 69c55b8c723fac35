"""Reading tables with keys that may not be known.

1. Rows fit that have the keys; of a key that is a date, the row that its rule says.
2. Where a key is not known, all rows that may be meant are joined; where one that may be meant is missing, it may fail.
   Of a long table of numbers the ends are enough.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from math import prod
from typing import Any

from engine.interpret.domain import blocked, either, needs_of, under
from engine.interpret.lookups import key_of, meant_by
from engine.interpret.outcomes import Choice, Fact, Failure, Interval, Known, Outcome, Possible, stated
from engine.ir import nodes as ir
from engine.reading.declared_constants import Key, Row, Table
from engine.remembered import Remembered
from engine.values.packed_cells import PackedCells

Rows = Mapping[tuple[Key, ...], Row]
MOST_KEPT = 200
_NONE: frozenset[Fact] = frozenset()
_KEPT: Remembered[dict[tuple[date, tuple[Outcome, ...]], Outcome]] = Remembered(512)


def cell(table: Table, node: ir.TableRead, rows: Rows, keys: Sequence[Outcome], day: date) -> Outcome:
    """A table's cell as it stands on a day, or what it may be."""
    bad = blocked(*keys)
    if bad is not None:
        return bad
    if table.is_total and all(isinstance(key, Known) for key in keys):
        row = rows.get(tuple(key_of(key.value) for key in keys if isinstance(key, Known)))
        return stated(row[node.column]) if row is not None else _no_row(table, node, keys, day)
    if all(isinstance(key, Known) for key in keys):
        return _meant_outcomes(table, node, rows, keys, day)[0]
    joined = _joined(table, node, rows, keys, day)
    return under(replace(joined, needs=needs_of(*keys)) if isinstance(joined, Possible) else joined, *keys)


def _joined(table: Table, node: ir.TableRead, rows: Rows, keys: Sequence[Outcome], day: date) -> Outcome:
    """What a cell may be, whatever the keys need. It is kept: a table of all States is gone through again and again."""
    kept = _KEPT.of(rows, node.column, dict[tuple[date, tuple[Outcome, ...]], Outcome])
    asked = day, tuple(replace(key, needs=_NONE) if isinstance(key, Possible) else key for key in keys)
    joined = kept.get(asked)
    if joined is None:
        joined = either(_meant_outcomes(table, node, rows, keys, day), _NONE)
        if len(kept) >= MOST_KEPT:
            kept.clear()
        if not isinstance(joined, Failure):  # which says where it was met
            kept[asked] = joined
    return joined


def _meant_outcomes(
    table: Table, node: ir.TableRead, rows: Rows, keys: Sequence[Outcome], day: date
) -> Sequence[Outcome]:
    packed = isinstance(rows, PackedCells) and not any(key.day for key in table.keys)
    return (_ends if packed else _outcomes)(table, node, rows, keys, day)


def _ends(table: Table, node: ir.TableRead, rows: Rows, keys: Sequence[Outcome], day: date) -> Sequence[Outcome]:
    """The least and the greatest number of the rows that may be meant, and the error where none may be there."""
    assert isinstance(rows, PackedCells)
    places = [
        [place for place, part in enumerate(level) if is_meant(part)]
        for is_meant, level in zip(map(meant_by, keys), rows.keys_of, strict=True)
    ]
    count = prod(map(len, places))
    outcomes: list[Outcome] = [Known(number) for number in rows.ends(places)] if count else []
    return outcomes if count and count >= _meant(keys) else [*outcomes, _no_row(table, node, keys, day)]


def _outcomes(table: Table, node: ir.TableRead, rows: Rows, keys: Sequence[Outcome], day: date) -> Sequence[Outcome]:
    """What the cell is for each row that may be meant, and the error where none may be there."""
    dated = next((place for place, key in enumerate(table.keys) if key.day), None)
    groups: dict[tuple[Key, ...], dict[Any, Row]] = {}
    others = [key for place, key in enumerate(keys) if place != dated]
    are_meant = list(map(meant_by, others))
    for path, row in rows.items():
        rest = path if dated is None else path[:dated] + path[dated + 1 :]
        if all(is_meant(part) for is_meant, part in zip(are_meant, rest, strict=True)):
            groups.setdefault(rest, {})[None if dated is None else path[dated]] = row
    outcomes: list[Outcome] = []
    missing = len(groups) < _meant(others)
    for by_day in groups.values():
        chosen = [None] if dated is None else _days(table.keys[dated].day, sorted(by_day), keys[dated])
        missing = missing or (dated is not None and None in chosen)
        outcomes += [stated(by_day[row_day][node.column]) for row_day in chosen if row_day in by_day]
    return [*outcomes, _no_row(table, node, keys, day)] if missing or not outcomes else outcomes


def _meant(keys: Sequence[Outcome]) -> float:
    """How many rows may be meant by keys that are not dates."""
    count = 1.0
    for key in keys:
        match key:
            case Possible(range=Choice(options=options)):
                count *= len(options)
            case Possible(range=Interval(low=low, high=high)):
                count *= float("inf") if low is None or high is None else max(0, high - low + 1)
    return count


def _days(rule: str, listed: Sequence[Any], key: Outcome) -> list[date | None]:
    """The rows, by their dates, that a date may mean; None where it may mean none."""
    if isinstance(key, Known):
        return [_row_of(rule, listed, key.value)]
    assert isinstance(key, Possible) and isinstance(key.range, Interval)
    low, high = key.range.low, key.range.high
    first = _row_of(rule, listed, low if low is not None else date.min)
    last = _row_of(rule, listed, high if high is not None else date.max)
    between = [
        row_day for row_day in listed if (first is None or first <= row_day) and (last is None or row_day <= last)
    ]
    tied = [None] if rule == "nearest" and len(between) > 1 else []
    ends = [end for end in (first, last) if end is None]
    return [*between, *tied, *ends]


def _row_of(rule: str, listed: Sequence[Any], day: Any) -> Any:
    """The date of the row that a day means; None if there is none, or two are as near."""
    if rule == "before":
        return max((row_day for row_day in listed if row_day <= day), default=None)
    if rule == "after":
        return min((row_day for row_day in listed if row_day >= day), default=None)
    if not listed:
        return None
    nearest = min(abs((row_day - day).days) for row_day in listed)
    nearest_days = [row_day for row_day in listed if abs((row_day - day).days) == nearest]
    if len(nearest_days) == 1:
        return nearest_days[0]
    return {"earlier": nearest_days[0], "later": nearest_days[-1]}.get(rule)


def _no_row(table: Table, node: ir.TableRead, keys: Sequence[Outcome], day: date) -> Failure:
    shown = ", ".join(str(key.value) if isinstance(key, Known) else "…" for key in keys)
    if not any(isinstance(key, Known) for key in keys):
        return Failure("the key may lie outside the table", node.span)
    message = f"the table `{table.name}` has no row `{shown}`"
    if table.partial:
        message += f" on {day}"
    return Failure(message + (f": give `{table.instead}` instead" if table.instead else ""), node.span)
