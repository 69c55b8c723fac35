"""The typed core as text: stable, one line per definition, the ground of a program's fingerprint.

The print is S-expressions made from the nodes' own fields, so that a new field can never be forgotten.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Collection, Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import date
from enum import Enum
from fractions import Fraction
from functools import cache
from typing import Any

from engine.ir.nodes import Node
from engine.ir.program import Constant, Program, Structure
from engine.reading.declared_constants import Table
from engine.text.source import Span
from engine.values.packed_cells import PackedCells

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


def with_fingerprint(program: Program) -> Program:
    """The program with its name: a SHA-256, in hexadecimal, over the print of everything that decides a figure."""
    form = hashlib.sha256()
    definitions = (program.definitions[name] for name in sorted(program.definitions))
    undated = ({name: _undated(constant) for name, constant in kind.items()} for kind in program.constants)
    functions = dict(sorted(program.functions.items()))
    settings = replace(program.settings, name="")
    for part in (*definitions, settings, *undated, functions, program.contradictions):
        form.update(f"{print_core(part)}\n".encode())
    return _named(program, form.hexdigest(), {})


def with_other_values(program: Program, changed: Collection[str]) -> Program:
    """The program with its name, where it was that of a law of which some constants now have other values."""
    structure = program.structure
    assert structure is not None
    kept = {name: digest for name, digest in structure.constants.items() if name not in changed}
    return _named(program, structure.form, kept)


def _named(program: Program, form: str, known: Mapping[str, str]) -> Program:
    """The program named by its form and the digests of its constants, of which some are known."""
    digests = {
        name: known[name] if name in known else hashlib.sha256(print_core(constant).encode()).hexdigest()
        for kind in program.constants
        for name, constant in kind.items()
    }
    fingerprint = hashlib.sha256("\n".join([form, *digests.values()]).encode()).hexdigest()
    return replace(program, fingerprint=fingerprint, structure=Structure(fingerprint, form, digests))


def _undated(constant: Constant) -> Constant:
    """A constant as it is declared, without what changes with time."""
    bare = replace(constant, values=(), known_until=None, uprate=None, overlays=())  # type: ignore[arg-type]
    return replace(bare, follows=()) if isinstance(bare, Table) else bare
