"""PolicyEngine's reforms: `{"gov.irs.….amount": {"2026-01-01.2100-12-31": 3000}}`; then the law's own value is back.

1. A range has both its days; a day, month or year alone has all that follows it; `year:2026:5` has five years; a number
   without dates holds in all years.
2. Where ranges overlap, the one that begins later holds while it lasts, and the other again after it, as it is there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from api.compat.reforms.settings import Setting, keys_of, number_text, target_of
from api.failures import Failure

_FOREVER = 2100
_ALWAYS = date(2000, 1, 1)  # from when a number without dates holds
_PATH = re.compile(r"^(?P<base>.*?)(?:\[(?P<row>\d+)\](?:\.amount)?|\.(?P<status>[A-Z_]+))$")
_COUNTED = re.compile(r"(?P<unit>year|month|day):(?P<first>[0-9-]+)(?::(?P<count>[1-9][0-9]{0,3}))?$")

Range = tuple[date, date | None, str]  # first and last day (None: all that follow), and the value


def of_policyengine(name: str, content: Any, names: Mapping[str, Any]) -> Iterator[Setting]:
    """What one of its parameters sets here; nothing where it is not here."""
    known, key = names.get(name), ""
    parts = _PATH.match(name)
    if known is None and parts is not None and parts["base"] in names:
        known, key = names[parts["base"]], parts["row"] or str(parts["status"]).lower()
    if known is None or (key not in keys_of(known)):
        return
    if isinstance(content, list) or content == {}:
        raise Failure(f"`{name}` has no dates", 'write `{"2026-01-01.2100-12-31": 3000}`')
    dated = content if isinstance(content, Mapping) else {"ETERNITY": content}
    ranges = sorted(((*_days(name, period), number_text(name, value)) for period, value in dated.items()), key=_first)
    for day, value in _by_day(ranges):
        yield Setting(target_of(known, key), day.isoformat(), value)


def _first(dated: Range) -> date:
    return dated[0]


def _by_day(ranges: list[Range]) -> Iterator[tuple[date, str]]:
    """The days on which another value begins, in order; `current` where no range holds."""
    ends = {last + timedelta(days=1) for _, last, _ in ranges if last is not None}
    before = "current"
    for day in sorted({*map(_first, ranges), *ends}):
        holding = [value for first, last, value in ranges if first <= day and (last is None or day <= last)]
        value = holding[-1] if holding else "current"
        if value != before:
            yield day, value
        before = value


def _days(name: str, period: str) -> tuple[date, date | None]:
    """The first and the last day of a period as it is written. Raises Failure for what is none."""
    try:
        if period == "ETERNITY":
            return _ALWAYS, None
        if (counted := _COUNTED.match(period)) is not None:
            return _counted(_day(counted["first"]), counted["unit"], int(counted["count"] or 1))
        start, dot, stop = period.partition(".")
        first, last = _day(start), date.fromisoformat(stop) if dot else None
    except (ValueError, OverflowError):
        remedy = 'write `{"2026-01-01.2100-12-31": 3000}`'
        raise Failure(f"`{name}`: `{period}` is not a period of existing days", remedy) from None
    if last is not None and last < first:
        raise Failure(f"`{name}`: `{period}` ends before it begins", "write the earlier day first")
    return first, None if last is not None and last.year >= _FOREVER else last


def _day(text: str) -> date:
    """The first day of a year, a month, or the day itself."""
    return date.fromisoformat(text + "-01" * (2 - text.count("-")))


def _counted(first: date, unit: str, count: int) -> tuple[date, date]:
    if unit == "day":
        return first, first + timedelta(days=count - 1)
    months = first.month - 1 + count * (12 if unit == "year" else 1)
    after = date(first.year + months // 12, months % 12 + 1, first.day)
    return first, after - timedelta(days=1)
