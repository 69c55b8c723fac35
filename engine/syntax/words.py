"""The words of the language, which name nothing else. Reading data needs them without the parser of formulas."""

from __future__ import annotations

RESERVED = frozenset(
    "let in if then else case when and or not is one of between otherwise for where over last this next true false"
    " today period_start period_end none self".split()
)
