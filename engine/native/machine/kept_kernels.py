"""What a kernel needs at run time, kept on disk: for one program, and for all whose constants fit its code.

1. Under the program's fingerprint and what else decides the code: the name of its object, and the vector of constants.
2. Under what programs have in common that differ in values of constants alone: the same, with what the code relies on
   in constants. There are a few such variants. The first that a program's constants fit is the program's.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from weakref import WeakValueDictionary

import numpy as np
from numpy.typing import NDArray

from engine.ir.program import Program
from engine.kept import code_digest
from engine.native.machine import object_cache
from engine.native.machine.toolchain import Loaded, machine
from engine.native.plan.interface import Interface
from engine.native.plan.options import Options
from engine.native.plan.terms import Entries, Reliance, TermsDoNotFit, filled
from engine.records import record

VARIANTS = 4
_LOADED: WeakValueDictionary[str, Loaded] = WeakValueDictionary()


@record(frozen=True, slots=True)
class Found:
    """The name of an object, what running it takes, and a program's constants for it."""

    name: str
    interface: Interface
    terms: NDArray[np.float64]


@record(frozen=True, slots=True)
class Decided:
    """What decides a kernel: the program, the options, and in words the rest (`deciding`)."""

    program: Program
    options: Options
    rest: tuple[str, ...]

    @property
    def folder(self) -> Path | None:
        """Where it is kept."""
        return object_cache.folder_of(self.options.cache)

    def key(self, kind: str, law: str) -> str:
        """The name under which something of a kind is kept for a law; empty where the law has no name."""
        if not law:
            return ""
        identity, chosen = machine(self.options.width).identity, str(replace(self.options, cache=None))
        return object_cache.key_of(kind, code_digest(), identity, law, chosen, *self.rest)


def fetch(decided: Decided) -> Found | None:
    """What was kept for this very program, or for one whose code it fits."""
    key = decided.key("kernel", decided.program.fingerprint)
    kept = object_cache.fetch(decided.folder, key) if key else None
    if kept is not None:
        name, interface, terms = pickle.loads(kept)
        return Found(name, interface, np.frombuffer(terms))
    return _fitting(decided)


def keep(decided: Decided, found: Found, relied: Reliance) -> None:
    """Keep what was made for a program, for it and for others."""
    _keep_exactly(decided, found)
    for key in _variants(decided):
        if object_cache.fetch(decided.folder, key) is None:
            object_cache.keep(decided.folder, key, pickle.dumps((found.name, found.interface, relied)))
            return


def fits_none(decided: Decided) -> bool:
    """Whether what is kept for programs that differ in values of constants alone does not fit this one's."""
    kept = any(object_cache.fetch(decided.folder, key) is not None for key in _variants(decided))
    return kept and _fitting(decided) is None


def loaded(decided: Decided, name: str, code: bytes | None = None) -> Loaded | None:
    """An object in memory: the one that is there, else from its code, else from disk; None if it is nowhere."""
    held = _LOADED.get(name)
    if held is None:
        code = object_cache.fetch(decided.folder, name) if code is None else code
        if code is None:
            return None
        held = _LOADED[name] = Loaded(code, machine(decided.options.width))
    return held


def _fitting(decided: Decided) -> Found | None:
    """The first variant that the program's constants fit."""
    entries = Entries(decided.program)
    for key in _variants(decided):
        kept = object_cache.fetch(decided.folder, key)
        if kept is None:
            break
        name, interface, relied = pickle.loads(kept)
        try:
            found = Found(name, interface, filled(entries, relied))
        except TermsDoNotFit:
            continue
        _keep_exactly(decided, found)
        return found
    return None


def _variants(decided: Decided) -> Iterator[str]:
    """The names under which variants are kept, in order."""
    form = decided.program.form
    for number in range(VARIANTS if form else 0):
        yield decided.key(f"variant {number}", form)


def _keep_exactly(decided: Decided, found: Found) -> None:
    key = decided.key("kernel", decided.program.fingerprint)
    if key:
        object_cache.keep(decided.folder, key, pickle.dumps((found.name, found.interface, found.terms.tobytes())))
