"""Figures that machine code computed, as whole numbers that are known of everybody."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from api.failures import Failure
from engine.native import KNOWN, NOT_APPLICABLE

Entries = NDArray[np.int64]


def known_entries(name: str, figures: Any) -> Entries:
    """A figure of everybody; what does not apply counts as nothing. Raises Failure where it is not determined."""
    if figures.status is not None:
        bad = np.flatnonzero((figures.status != KNOWN) & (figures.status != NOT_APPLICABLE))
        if len(bad):
            row = int(bad[0])
            told = figures.messages.get(row, "not determined")
            message = f"`{name}` cannot be computed for {len(bad):,} of the population; row {row + 1}: {told}"
            raise Failure(message, "give the facts that are missing, or leave those rows out")
    entries = figures.entries.astype(np.int64)
    return entries if figures.status is None else np.where(figures.status == KNOWN, entries, 0)
