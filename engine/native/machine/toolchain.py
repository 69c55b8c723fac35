"""LLVM: text to object code for this machine, and object code to functions that can be called.

Width and instructions follow the machine unless a caller asks for less; a result never depends on them. LLVM's
passes over the text are left out: the text is written as it should run.
"""

from __future__ import annotations

import threading
from ctypes import CFUNCTYPE, c_int64, c_void_p
from functools import cache
from typing import Any

import llvmlite
import llvmlite.binding as llvm

from engine.records import record

_LOCK = threading.Lock()
Run = CFUNCTYPE(None, c_void_p, c_void_p, c_int64, c_int64)


@record(frozen=True, slots=True)
class Machine:
    """What code is made for: the processor and its features, and what part of them the code uses."""

    triple: str
    processor: str
    features: str
    width: int
    permutes: bool

    @property
    def identity(self) -> str:
        """What decides whether an object runs here and is what we would make."""
        version = ".".join(map(str, llvm.llvm_version_info))
        return f"{self.triple} {self.processor} {self.features} {self.width} {llvmlite.__version__} {version}"


@cache
def machine(width: int = 0) -> Machine:
    """This machine, with vectors of `width` doubles (0: as wide as it has)."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    features = llvm.get_host_cpu_features()
    avx512 = all(features.get(name, False) for name in ("avx512f", "avx512bw", "avx512dq", "avx512vl"))
    width = width or (8 if avx512 else 4)
    flags = features.flatten()
    if width < 8 and avx512:
        flags += ",-prefer-256-bit"
    return Machine(llvm.get_process_triple(), llvm.get_host_cpu_name(), flags, width, avx512 and width == 8)


def compile_text(text: str, target: Machine) -> bytes:
    """The object code of a module's text."""
    with _LOCK:
        module = llvm.parse_assembly(text)
        module.triple = target.triple
        module.verify()
        made = _target_machine(target)
        module.data_layout = str(made.target_data)
        return bytes(made.emit_object(module))


def _target_machine(target: Machine) -> Any:
    kind = llvm.Target.from_triple(target.triple)
    return kind.create_target_machine(
        cpu=target.processor, features=target.features, opt=2, reloc="pic", codemodel="jitdefault", jit=True
    )


class Loaded:
    """Object code in memory. The function is valid as long as this lives."""

    def __init__(self, code: bytes, target: Machine) -> None:
        with _LOCK:
            backing = llvm.parse_assembly("")
            backing.triple = target.triple
            self._engine = llvm.create_mcjit_compiler(backing, _target_machine(target))
            self._engine.add_object_file(llvm.ObjectFileRef.from_data(code))
            self._engine.finalize_object()
            self.address = self._engine.get_function_address("run")
        if not self.address:
            raise ValueError("the object has no function `run`")
        self.run = Run(self.address)
