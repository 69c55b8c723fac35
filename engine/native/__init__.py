"""The native evaluator: programs compiled to vector machine code over columns. `README.md` has the scheme and its
proofs.
"""

from engine.native.compiling import Kernel, compile_kernel, layout_for
from engine.native.options import Options
from engine.native.running import ERROR, KNOWN, NOT_APPLICABLE, UNDETERMINED, Figures, Result, evaluate, marginal_rates

__all__ = [
    "ERROR",
    "KNOWN",
    "NOT_APPLICABLE",
    "UNDETERMINED",
    "Figures",
    "Kernel",
    "Options",
    "Result",
    "compile_kernel",
    "evaluate",
    "layout_for",
    "marginal_rates",
]
