"""Text in LLVM's language to functions that can be called, for this process."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable, Mapping
from ctypes import c_int64, c_void_p
from typing import Any

Loop = Callable[..., int]
_LOCK = threading.Lock()
_ALIVE: list[Any] = []
"""What holds the machine code: it must outlive the functions."""


def compiled(text: str, parameters: Mapping[str, str], symbols: Mapping[str, int] | None = None) -> dict[str, Loop]:
    """The functions of a text by name. Each takes pointers, whose names `parameters` gives, and a number of rows.

    `symbols` are the addresses of functions that the text calls.
    """
    import llvmlite.binding as llvm  # only who works on many rows waits for it

    with _LOCK:
        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
        for name, address in (symbols or {}).items():
            llvm.add_symbol(name, address)
        module = llvm.parse_assembly(text)
        module.verify()
        target = llvm.Target.from_default_triple().create_target_machine(opt=2, codemodel="jitdefault", jit=True)
        engine = llvm.create_mcjit_compiler(module, target)
        engine.finalize_object()
        _ALIVE.append(engine)
        return {name: _loop(engine.get_function_address(name), named) for name, named in parameters.items()}


def _loop(address: int, parameters: str) -> Loop:
    return ctypes.CFUNCTYPE(c_int64, *[c_void_p] * len(parameters.split()), c_int64)(address)
