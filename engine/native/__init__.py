"""The native evaluator: programs compiled to vector machine code over columns. `README.md` has the scheme and its
proofs.
"""

from engine.native.machine.compiling import Kernel
from engine.native.marginal import Marginals, Raised, marginal_rates, with_more
from engine.native.plan.options import Options
from engine.native.results import ERROR, KNOWN, NOT_APPLICABLE, UNDETERMINED, Figures, Result
from engine.native.running import (
    Evaluator,
    Ready,
    code_alone,
    evaluate,
    forget,
    prepare,
    share_layout,
)

WORTH_COMPILING = 150
"""From so many groups on, machine code is worth making: it takes about as long as interpreting them."""

__all__ = [
    "ERROR",
    "KNOWN",
    "NOT_APPLICABLE",
    "UNDETERMINED",
    "WORTH_COMPILING",
    "Evaluator",
    "Figures",
    "Kernel",
    "Marginals",
    "Options",
    "Raised",
    "Ready",
    "Result",
    "code_alone",
    "evaluate",
    "forget",
    "marginal_rates",
    "prepare",
    "share_layout",
    "with_more",
]
