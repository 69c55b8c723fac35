"""Python's search for garbage, held off while much is made of which none is garbage: looking through it takes long."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_search(leave_alone: bool = False) -> Iterator[None]:
    """Hold the search off. With `leave_alone` what there is at the end is never looked through again."""
    searched = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if searched:
            if leave_alone:
                gc.freeze()
            gc.enable()
