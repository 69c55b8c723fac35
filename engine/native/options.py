"""What a caller may choose about compiling and running. No choice changes a result."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Options:
    """`width`: lanes of a vector (1, 4 or 8; 0: what the machine has). `block`: rows of the first entity in one block.

    `limit`: numbers given are assumed to be at most this many grid steps; a row beyond is handed over. `cut`:
    operations after which a new function begins. `cache`: the folder of compiled objects (None: the user's; "" :
    none).
    """

    width: int = 0
    block: int = 512
    limit: int = 2**30
    cut: int = 700
    skip_cost: int = 24
    cache: Path | str | None = None
