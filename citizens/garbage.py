"""Python's search for garbage, held off while many rows are in hand of which none is: looking through them takes long.

The engine has the same; neither package imports the other.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_search() -> Iterator[None]:
    """Hold the search off."""
    searched = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if searched:
            gc.enable()
