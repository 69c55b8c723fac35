"""The bands in which rates are told, and in which of them each rate lies."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
BANDS = (
    "below zero", "0%", "up to 10%", "10 to 20%", "20 to 30%", "30 to 40%", "40 to 50%", "50 to 70%", "70 to 100%",
    "above 100%",
)  # fmt: skip
_EDGES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 1.0)
HIGH_BAND = BANDS.index("70 to 100%")


def bands_of(rates: Floats) -> NDArray[np.int64]:
    """For each rate the place of its band among `BANDS`; -1 where there is none (NaN). A rate on an edge is in the band
    below it; rates are told apart to nine places."""
    rounded = np.round(rates, 9)
    place = np.ones(len(rates), dtype=np.int8)
    for edge in _EDGES:
        place += rounded > edge
    place[rounded < 0] = 0
    place[np.isnan(rounded)] = -1
    return place.astype(np.int64)
