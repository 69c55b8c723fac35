"""The typed core as text: stable, one line per definition, the ground of a program's fingerprint.

The print is S-expressions made from the nodes' own fields, so that a new field can never be forgotten.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from datetime import date
from enum import Enum
from fractions import Fraction
from functools import cache
from typing import Any

from engine.ir.nodes import Node
from engine.ir.program import Definition, Structure
from engine.reading.declared_constants import Parameter, Scale, Table
from engine.reading.declared_settings import Settings
from engine.text.source import Span
from engine.values.packed_cells import PackedCells

Constant = Parameter | Table | Scale
_SILENT = ("span", "name_span", "changing")  # `changing`: advice about a fact, which decides no figure


@cache
def _printed(kind: Any) -> tuple[str, ...]:
    """The fields of a class that its print has."""
    return tuple(field.name for field in fields(kind) if field.name not in _SILENT)


def print_core(value: object) -> str:
    """Any node, declaration or plain value of the core as text. Spans are left out."""
    if isinstance(value, Node):  # most of what is printed
        return _fields_printed(value)
    match value:
        case None:
            return "-"
        case bool():
            return "true" if value else "false"
        case int() | Fraction():
            return str(value)
        case str():
            return repr(value)
        case date():
            return value.isoformat()
        case Enum():
            return str(value.value)
        case Span():
            return ""
        case PackedCells():
            paths = itertools.product(*([print_core(key) for key in level] for level in value.keys_of))
            rows = zip(paths, value.numbers(), strict=True)
            return "{" + " ".join(f"[{' '.join(path)}]:{{'':{number}}}" for path, number in rows) + "}"
        case Mapping():
            return "{" + " ".join(f"{print_core(key)}:{print_core(part)}" for key, part in value.items()) + "}"
        case tuple() | list():
            return "[" + " ".join(print_core(part) for part in value) + "]"
    assert is_dataclass(value)
    return _fields_printed(value)


def _fields_printed(value: Any) -> str:
    parts = [print_core(getattr(value, name)) for name in _printed(type(value))]  # type: ignore[arg-type]
    return f"({type(value).__name__} {' '.join(parts)})"


def fingerprints(
    definitions: Mapping[str, Definition],
    settings: Settings,
    constants: Sequence[Mapping[str, Constant]],
    others: Iterable[object],
) -> tuple[str, Structure]:
    """SHA-256, in hexadecimal, over the print of everything that decides a figure; and the same without the dated
    values of constants."""
    whole, form = hashlib.sha256(), hashlib.sha256()

    def tell(text: str, *digests: hashlib._Hash) -> None:
        for digest in digests:
            digest.update(text.encode())
            digest.update(b"\n")

    for name in sorted(definitions):
        tell(print_core(definitions[name]), whole, form)
    tell(print_core(settings), whole, form)
    for kind in constants:
        tell(print_core(kind), whole)
        tell(print_core({name: _undated(constant) for name, constant in kind.items()}), form)
    for other in others:
        tell(print_core(other), whole, form)
    fingerprint = whole.hexdigest()
    return fingerprint, Structure(fingerprint, form.hexdigest())


def _undated(constant: Constant) -> Constant:
    """A constant as it is declared, without what changes with time."""
    bare = replace(constant, values=(), known_until=None, uprate=None, overlays=())  # type: ignore[arg-type]
    return replace(bare, follows=()) if isinstance(bare, Table) else bare
