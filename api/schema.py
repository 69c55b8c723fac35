"""Answers as data: the dataclasses that use cases return, as `--json` prints them and HTTP serves them.

1. A field becomes a key of its own name; one underscore at its end, which keeps it from being a Python keyword, goes.
2. A field that holds its default is left out, so that an answer says only what there is to say. What an answer always
   says has no default.
3. Tuples become lists, dataclasses become objects, days become texts. There are no floats: money and rates are texts
   before they come here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import date
from functools import cache
from typing import Any

from engine.records import record
from engine.text.citations import Citation as Cited
from engine.text.citations import Law

Json = str | int | bool | None


@record(frozen=True, slots=True)
class Citation:
    """Where the law says so. `source` is the statute or, where it was not taken apart, all that is cited."""

    source: str
    section: str = ""
    title: str = ""
    url: str = ""
    note: str = ""


def citations(law: str) -> tuple[Citation, ...]:
    """The citations of a law: those that are stated apart, or the text; none for an empty one."""
    if isinstance(law, Law):
        parts = [citation for _, several in law.dated for citation in several]
        return tuple(Citation(part.source, part.section, part.title, part.url, part.note) for part in parts)
    text = " ".join(law.split())
    return (Citation(text),) if text else ()


def cited(law: tuple[Citation, ...]) -> str:
    """Citations as a line of text."""
    return "; ".join(str(Cited(citation.source, citation.section)) for citation in law)


@cache
def _keys(kind: Any) -> tuple[tuple[str, str, object], ...]:
    """A dataclass's fields: name, key, default."""
    return tuple((field.name, field.name.removesuffix("_"), field.default) for field in fields(kind))


def as_data(value: object) -> Any:
    """The value as JSON's types. Raises TypeError for what has none, a float among them."""
    match value:
        case None | str() | bool() | int():
            return value
        case date():
            return value.isoformat()
        case Mapping():
            return {str(key): as_data(member) for key, member in value.items()}
        case list() | tuple():
            return [as_data(item) for item in value]
    if not is_dataclass(value):
        raise TypeError(f"a {type(value).__name__} has no JSON")
    kind: Any = type(value)
    listed = ((key, getattr(value, name), default) for name, key, default in _keys(kind))
    return {key: as_data(item) for key, item, default in listed if default is MISSING or item != default}


def to_json(value: object) -> bytes:
    """The value as compact JSON in UTF-8: the same value gives the same bytes."""
    return json.dumps(as_data(value), ensure_ascii=False, separators=(",", ":")).encode()
