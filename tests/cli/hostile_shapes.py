"""Inputs of hostile shapes, each with what must come of it: the right figure, a refusal, or either.

Each seed draws a family of `hostile_land`, says it in some unusual way (other order, other spelling of numbers and
times, JSON, tables of other types and orders, a reform that changes nothing), or breaks a rule that every reader of
such input must hold.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

from tests.cli.hostile_cases import (
    another_spelling,
    broken,
    open_case,
)
from tests.cli.hostile_land import (
    Attempt,
)
from tests.cli.hostile_tables import another_table, broken_table
from tests.cli.hostile_texts import a_command_line, a_reform, a_rule

KINDS: tuple[Callable[[Path, random.Random], Attempt], ...] = (
    *(another_spelling, another_spelling, open_case, broken, broken, another_table, another_table),
    *(broken_table, a_reform, a_rule, a_rule, a_command_line),
)


def made(folder: Path, seed: int) -> Attempt:
    """What a seed makes."""
    draw = random.Random(seed)
    return draw.choice(KINDS)(folder, draw)
