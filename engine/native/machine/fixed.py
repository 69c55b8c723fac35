"""Functions whose text in LLVM's language never changes, compiled for this machine once and kept on disk."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from engine.native.machine import object_cache
from engine.native.machine.toolchain import Loaded, Machine, compile_text, machine


def object_of(text: str, target: Machine, folder: Path | None) -> tuple[str, bytes, bool]:
    """The name and the object code of a module's text, and whether it was kept."""
    name = object_cache.key_of("object", target.identity, text)
    kept = object_cache.fetch(folder, name)
    if kept is not None:
        return name, kept, True
    code = compile_text(text, target)
    object_cache.keep(folder, name, code)
    return name, code, False


@cache
def function_of(text: str) -> Loaded:
    """The function `run` of a text, ready to be called."""
    target = machine()
    return Loaded(object_of(text, target, object_cache.folder_of(None))[1], target)
