"""The process of a command that works on whole columns, set up before numpy is imported.

1. What is freed stays with the process. The system empties each page before it hands it out, and columns of megabytes
   are taken and given back hundreds of times: most pages would be emptied again and again. Arrow takes its memory from
   there too: its own pool asks for pages of 2 MB, and gives them back. All threads share one heap, or each would ask
   for pages of its own while those that another gave back lie idle.
2. Products of matrices run on one thread: they are small, and OpenBLAS's idle threads would spin beside those that
   compute figures. So the last digit of a statistic does not hang on the number of processors either.
"""

from __future__ import annotations

import ctypes
import os
from contextlib import suppress

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8  # names of mallopt(3) in the GNU C library
_LARGEST = 2**30


def prepare_for_columns() -> None:
    """Set the process up, until its end. What the user has set in the environment stays."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    with suppress(OSError, AttributeError):  # another C library has other ways
        library = ctypes.CDLL(None)
        library.gnu_get_libc_version.restype = ctypes.c_char_p
        library.mallopt(_ARENA_MAX, 1)
        library.mallopt(_MMAP_THRESHOLD, _LARGEST)
        library.mallopt(_TRIM_THRESHOLD, 2 * _LARGEST - 1)
