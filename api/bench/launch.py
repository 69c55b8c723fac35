"""Run a command and say what it used: `python launch.py COMMAND …`, from a process that is small itself.

The last line printed is JSON: seconds, seconds of all processors, the most bytes of memory, and the exit code. A
process that is started by a large one is charged with that one's memory until it has begun; this one is not large.
"""

from __future__ import annotations

import json
import os
import sys
import time


def main() -> None:
    """Run the command in a process of its own, and wait for it."""
    start = time.perf_counter()
    child = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ)
    _, status, used = os.wait4(child, 0)
    told = {
        "seconds": time.perf_counter() - start,
        "processors": used.ru_utime + used.ru_stime,
        "memory": used.ru_maxrss * 1024,
        "code": os.waitstatus_to_exitcode(status),
    }
    print("\n" + json.dumps(told), flush=True)


if __name__ == "__main__":
    main()
