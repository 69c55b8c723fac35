"""The native evaluator: programs compiled to vector machine code over columns. `README.md` has the scheme and its
proofs.
"""

from engine.native.options import Options
from engine.native.running import Kernel, Result, compile_kernel, evaluate, marginal_rates

__all__ = ["Kernel", "Options", "Result", "compile_kernel", "evaluate", "marginal_rates"]
