"""How deep Python may go while formulas are evaluated, and only then.

The limit is the whole process's, and in Python 3.11 the C code that reads JSON counts against it too but has only the
machine's stack: with a limit of hundreds of thousands left standing, a text of 100,000 brackets would end the process.
So the limit is raised for as long as somebody evaluates, in whichever thread, and put back by the last one who leaves.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

DEEPEST = 300_000  # for as many formulas as the interpreter nests, each as deep as the parser takes
_lock = Lock()
_inside = 0
_before = 0


@contextmanager
def deep_recursion() -> Iterator[None]:
    """Within, Python calls may nest `DEEPEST` deep. May be nested, and entered by several threads."""
    global _inside, _before
    with _lock:
        if not _inside:
            _before = sys.getrecursionlimit()
            sys.setrecursionlimit(max(_before, DEEPEST))
        _inside += 1
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if not _inside:
                sys.setrecursionlimit(_before)
