"""Tax-Calculator's reforms: `{"CTC_c": {"2026": 3000}}`.

1. A list is by filing status (single, joint, separate, head of household, surviving spouse) or by children; records
   have `year`, `MARS` or `EIC`, and `value`. `"CTC_c-indexed": {"2026": false}` keeps an amount from moving on.
2. What stands in one place here may stand in two of theirs (`with`): they must say the same. Where one amount here
   serves all statuses (`shares`), or the unmarried and those who live apart (`apart`), theirs must agree with that.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

from api.compat.reforms.settings import Edit, Setting, keys_of, number_text, target_of
from api.failures import Failure
from engine.values.numbers import format_decimal

_YEAR = re.compile(r"[12][0-9]{3}")
_MARS = dict(
    zip(("single", "mjoint", "mseparate", "headhh", "widow"), ("single", "joint", "separate", "head_of_household",
    "surviving_spouse"), strict=True)
)  # fmt: skip
_CHILDREN = {"0kids": "0", "1kid": "1", "2kids": "2", "3+kids": "3"}

ByKey = dict[str, Fraction]


def of_taxcalc(name: str, said: Mapping[str, Any], names: Mapping[str, Any]) -> Iterator[Setting | Edit]:
    """What one of its parameters sets here; nothing where it is not here."""
    known = names.get(name)
    if known is None:
        return
    values = _values(name, said[name], known)
    for other in companions(known):
        if other not in said or _values(other, said[other], names[other]) != values:
            raise Failure(
                f"`{name}` and `{other}` differ, and are one provision here", f"give `{other}` the values of `{name}`"
            )
    if "to" in known or "scale" in known:
        for day, by_key in values.items():
            yield from _settings(name, known, day, by_key)


def companions(known: Mapping[str, Any]) -> tuple[str, ...]:
    """The parameters that must say the same as this one."""
    said = known.get("with", ())
    return (said,) if isinstance(said, str) else tuple(said)


def _settings(name: str, known: Mapping[str, Any], day: str, by_key: ByKey) -> Iterator[Setting | Edit]:
    if "scale" in known:
        for key, value in by_key.items():
            yield Edit(known["scale"], int(known["row"]), known["part"], (key,) if key else (), day, value)
        return
    if ("shares" in known or known.get("apart")) and set(by_key) != set(keys_of(known)):
        raise Failure(
            f"`{name}` of {day[:4]} is not said of every filing status",
            "here one amount serves several of them: give all five",
        )
    if "shares" in known:
        by_key = {"": _whole(name, known["shares"], by_key)}
    if known.get("apart"):
        by_key = _of_unmarried(name, by_key)
    for key, value in by_key.items():
        for cell in known.get("cells", (key,)):
            text = format_decimal(value * int(known.get("times", 1)) + int(known.get("plus", 0)))
            yield Setting(target_of(known, cell), day, text)


def _of_unmarried(name: str, by_key: ByKey) -> ByKey:
    """Without who files separately: those who live apart have the amount of the unmarried here, the others none."""
    if by_key["separate"] != by_key["single"]:
        raise Failure(
            f"`{name}`: separate returns have another amount than single ones",
            "who files separately and lives apart has the amount of the unmarried here: give both the same",
        )
    return {status: value for status, value in by_key.items() if status != "separate"}


def _whole(name: str, shares: Mapping[str, str], by_key: ByKey) -> Fraction:
    """The amount of which each status has its share."""
    whole = by_key["single"]
    for status, value in by_key.items():
        if value != whole * Fraction(str(shares.get(status, 1))):
            raise Failure(
                f"`{name}`: a return that is `{status}` does not have its share of {format_decimal(whole)}",
                "one amount serves all here: " + ", ".join(f"{key} has {share} of it" for key, share in shares.items()),
            )
    return whole


def _values(name: str, content: Any, known: Mapping[str, Any]) -> dict[str, ByKey]:
    """By day and key, the values said."""
    if isinstance(content, list):
        return _of_records(name, content, known)
    if not isinstance(content, Mapping) or not content:
        raise Failure(f"`{name}` has no years", f'write `{{"{name}": {{"2026": …}}}}`')
    keys = keys_of(known)
    by_day: dict[str, ByKey] = {}
    for year, value in content.items():
        if keys != ("",) and (not isinstance(value, list) or len(value) != len(keys)):
            raise Failure(f"`{name}` of {year} is not a list of {len(keys)}", f"give one value by {known['by']}")
        each = value if keys != ("",) else [value]
        by_day[_first_day(name, year)] = {key: _number(name, number) for key, number in zip(keys, each, strict=True)}
    return by_day


def _of_records(name: str, records: list[Any], known: Mapping[str, Any]) -> dict[str, ByKey]:
    """By day and key, the values of records: `{"year": 2026, "MARS": "single", "value": 3000}`."""
    by_day: dict[str, ByKey] = {}
    for record in records:
        if not isinstance(record, Mapping) or "year" not in record or "value" not in record:
            raise Failure(f"`{name}`: a record has no `year` or `value`", 'write `[{"year": 2026, "value": 3000}]`')
        label = record.get("MARS", record.get("EIC", ""))
        key = {**_MARS, **_CHILDREN}.get(str(label), "")
        if known.get("by") and not key:
            raise Failure(
                f"`{name}`: `{label}` is not a filing status or number of children", "correct `MARS` or `EIC`"
            )
        by_day.setdefault(_first_day(name, record["year"]), {})[key] = _number(name, record["value"])
    return by_day


def _first_day(name: str, year: Any) -> str:
    """The first day of a year. Raises Failure for what is no year."""
    if not isinstance(year, str) or not _YEAR.fullmatch(year):
        raise Failure(f"`{name}`: `{year}` is not a year", f'write `{{"{name}": {{"2026": …}}}}`')
    return f"{year}-01-01"


def _number(name: str, value: Any) -> Fraction:
    return Fraction(number_text(name, value))
