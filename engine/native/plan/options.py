"""What a caller may choose about compiling and running. No choice changes a result."""

from __future__ import annotations

from pathlib import Path

from engine.records import record


@record(frozen=True, slots=True)
class Options:
    """`width`: lanes of a vector (1, 4 or 8; 0: what the machine has). `block`: rows of a group in one block.

    `limit`: amounts given are assumed to be at most this many grid steps; rows beyond are handed over (0: the first
    of a few limits that all amounts of the population keep to). `cut`: operations after which a new function begins.
    `skip_cost`: what a branch must cost to be skipped where no lane needs it; `idle_cost`: what a formula must, for
    a short form of it to be looked for. `cache`: the folder of compiled objects (None: the user's, empty: none).
    `roomy`: code for constants with more decimals and brackets than those of the law, which takes a little longer.
    """

    width: int = 0
    block: int = 512
    limit: int = 0
    cut: int = 700
    skip_cost: int = 24
    idle_cost: int = 40
    cache: Path | str | None = None
    roomy: bool = False
