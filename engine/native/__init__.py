"""The native evaluator: programs compiled to vector machine code over columns. `README.md` has the scheme and its
proofs.
"""

from engine.native.machine.compiling import Kernel, compile_kernel, forget, layout_for, share_layout
from engine.native.marginal import Marginals, marginal_rates
from engine.native.plan.options import Options
from engine.native.running import ERROR, KNOWN, NOT_APPLICABLE, UNDETERMINED, Figures, Ready, Result, evaluate, prepare

WORTH_COMPILING = 150
"""From so many groups on, machine code is worth making: it takes about as long as interpreting them."""

__all__ = [
    "ERROR",
    "KNOWN",
    "NOT_APPLICABLE",
    "UNDETERMINED",
    "WORTH_COMPILING",
    "Figures",
    "Kernel",
    "Marginals",
    "Options",
    "Ready",
    "Result",
    "compile_kernel",
    "evaluate",
    "forget",
    "layout_for",
    "marginal_rates",
    "prepare",
    "share_layout",
]
