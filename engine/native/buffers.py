"""Memory that code writes to, used again and again: fresh pages take longer to come by than figures to compute."""

from __future__ import annotations

import sys
import threading

import numpy as np
from numpy.typing import NDArray

KEPT, WORTH_KEEPING = 2, 2**20


class Buffers:
    """Scratch for each thread that runs, and room for outputs, which is free again when no result uses it any more.

    `allocated` counts how often the system was asked for room for outputs.
    """

    def __init__(self) -> None:
        self.allocated = 0
        self._lock = threading.Lock()
        self._pieces: list[NDArray[np.uint8]] = []
        self._scratches: list[NDArray[np.uint8]] = []

    def room(self, size: int) -> NDArray[np.uint8]:
        """Room for outputs. A view of it, and every view of that, keeps the piece that it lies in from being free."""
        with self._lock:
            for at in range(len(self._pieces)):
                piece = self._pieces[at]
                free = sys.getrefcount(piece) == 3  # the list's own, this name, and the argument of the question
                if free and size <= len(piece) <= 2 * size + WORTH_KEEPING:
                    self._pieces.append(self._pieces.pop(at))
                    return piece[:size]
            self.allocated += 1
            piece = np.empty(size, dtype=np.uint8)
            if size >= WORTH_KEEPING:
                self._pieces.append(piece)
                del self._pieces[:-KEPT]
            return piece[:]

    def borrow(self, size: int) -> NDArray[np.uint8]:
        """Scratch that nobody uses at the moment. (Lists pop and append at once, so threads need no lock.)"""
        try:
            scratch = self._scratches.pop()
        except IndexError:
            scratch = np.empty(0, dtype=np.uint8)
        return scratch if len(scratch) >= size else np.empty(size, dtype=np.uint8)

    def give_back(self, scratch: NDArray[np.uint8]) -> None:
        """Let others use scratch."""
        self._scratches.append(scratch)
