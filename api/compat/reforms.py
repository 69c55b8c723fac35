"""Reforms as Tax-Calculator and PolicyEngine write them in JSON, as overlays on our law.

1. Tax-Calculator: `{"CTC_c": {"2026": 3000}}`, perhaps under `policy`; a list is by filing status (single, joint,
   separate, head of household, surviving spouse) or by children; or records with `year`, `MARS` or `EIC`, and `value`.
2. PolicyEngine: `{"gov.irs.….amount": {"2026-01-01.2100-12-31": 3000}}`; after it the law's own value is back.
3. `reforms_us.yaml` says which parameter is where. What is not there is listed, and never left out in silence.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import yaml

from api.failures import Failure, Misuse

NAMES = Path(__file__).with_name("reforms_us.yaml")
_STATUSES = ("single", "joint", "separate", "head_of_household", "surviving_spouse")
_MARS = dict(zip(("single", "mjoint", "mseparate", "headhh", "widow"), _STATUSES, strict=True))
_CHILDREN = {"0kids": "0", "1kid": "1", "2kids": "2", "3+kids": "3"}
_FOREVER = 2100
_PATH = re.compile(r"^(?P<base>.*?)(?:\[(?P<row>\d+)\](?:\.amount)?|\.(?P<status>[A-Z_]+))$")
_NUMBER = re.compile(r"-?\d+(\.\d+)?$")


@dataclass(frozen=True, slots=True)
class Translated:
    """An overlay as YAML text; which of their parameters are not here, and what is understood otherwise here."""

    text: str
    unread: tuple[str, ...]
    notes: tuple[str, ...]


def translate(path: Path) -> Translated:
    """A JSON reform as an overlay. Raises Failure for one that cannot be read or of which nothing is here."""
    try:
        said = json.loads(path.read_text(encoding="utf-8"), parse_float=str, parse_int=str)
    except OSError:
        raise Misuse(f"there is no file `{path}`", "name a JSON reform") from None
    except ValueError as fault:
        raise Failure(f"`{path}` is not JSON: {fault}", "remove comments and trailing commas") from None
    if isinstance(said, dict) and isinstance(said.get("policy"), dict):
        said = said["policy"]
    if not isinstance(said, dict) or not said:
        raise Failure(f"`{path}` holds no reform", 'write `{"CTC_c": {"2026": 3000}}`')
    theirs = "policyengine" if any(name.startswith("gov.") for name in said) else "taxcalc"
    names = yaml.safe_load(NAMES.read_text(encoding="utf-8"))[theirs]
    found: dict[str, dict[str, str]] = {}
    unread: list[str] = []
    read = _of_policyengine if theirs == "policyengine" else _of_taxcalc
    for name, content in said.items():
        settings = list(read(name, content, names))
        if not settings:
            unread.append(name)
        for target, day, value in settings:
            found.setdefault(target, {})[day] = value
    if not found:
        raise Failure(f"none of the parameters of `{path}` is here: {', '.join(unread)}", "write an overlay of our own")
    notes = ("Tax-Calculator moves indexed values on in later years; here they stay as set.",) * (theirs == "taxcalc")
    return Translated(_text(path, found), tuple(unread), notes)


def _text(path: Path, found: Mapping[str, Mapping[str, str]]) -> str:
    lines = [f"about: {json.dumps(path.stem)}", "law: A proposal", "set:"]
    for target, values in found.items():
        dated = ", ".join(f"{day}: {value}" for day, value in sorted(values.items()))
        lines.append(f"  {target}: {{{dated}}}")
    return "\n".join(lines) + "\n"


Setting = tuple[str, str, str]


def _of_taxcalc(name: str, content: Any, names: Mapping[str, Any]) -> Iterator[Setting]:
    known = names.get(name)
    if known is None:
        return
    if isinstance(content, list):  # records
        for record in content:
            label = record.get("MARS", record.get("EIC", ""))
            key = {**_MARS, **_CHILDREN}.get(str(label), "")
            if known.get("by") and not key:
                raise Failure(
                    f"`{name}`: `{label}` is no filing status or number of children", "correct `MARS` or `EIC`"
                )
            yield _target(known, key), f"{record['year']}-01-01", _value(name, record["value"])
        return
    for year, value in content.items():
        day = f"{year}-01-01"
        keys = _keys(known)
        if keys != ("",) and (not isinstance(value, list) or len(value) != len(keys)):
            raise Failure(f"`{name}` of {year} is not a list of {len(keys)}", f"give one value by {known['by']}")
        for key, one in zip(keys, value if keys != ("",) else [value], strict=True):
            yield _target(known, key), day, _value(name, one)


def _of_policyengine(name: str, content: Any, names: Mapping[str, Any]) -> Iterator[Setting]:
    known, key = names.get(name), ""
    parts = _PATH.match(name)
    if known is None and parts is not None and parts["base"] in names:
        known, key = names[parts["base"]], parts["row"] or str(parts["status"]).lower()
    if known is None or (key not in _keys(known)):
        return
    if not isinstance(content, Mapping):
        raise Failure(f"`{name}` has no dates", 'write `{"2026-01-01.2100-12-31": 3000}`')
    for period, value in content.items():
        first, _, last = period.partition(".")
        yield _target(known, key), first if "-" in first else f"{first}-01-01", _value(name, value)
        if last and int(last[:4]) < _FOREVER:
            after = date.fromisoformat(last) + timedelta(days=1)
            yield _target(known, key), after.isoformat(), "current"


def _keys(known: Mapping[str, str]) -> tuple[str, ...]:
    return {"status": _STATUSES, "children": ("0", "1", "2", "3")}.get(known.get("by", ""), ("",))


def _target(known: Mapping[str, str], key: str) -> str:
    column = f".{known['column']}" if "column" in known else ""
    return f"{known['to']}{f'[{key}]' if key else ''}{column}"


def _value(name: str, value: Any) -> str:
    """A number as it is written: no float comes in between."""
    if not isinstance(value, str) or not _NUMBER.match(value):
        raise Failure(f"`{name}`: `{value}` is not a number", "give a plain number; infinity has no place here")
    return value
