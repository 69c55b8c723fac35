"""Times: the best of several runs, since whatever disturbs a run makes it slower; whole processes with their memory."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from api.failures import Failure


@dataclass(frozen=True, slots=True)
class Measured:
    """One line: what was done, how long it took, for how many tax units (0: not by the unit), and the most bytes of
    memory that a process had (0: not measured).
    """

    group: str
    what: str
    seconds: float
    units: int = 0
    memory: int = 0

    @property
    def rate(self) -> float:
        """Tax units a second."""
        return self.units / self.seconds if self.units else 0.0


def best(work: Callable[[], object], times: int = 5) -> float:
    """The shortest of several runs, in seconds."""
    return min(once(work) for _ in range(times))


def once(work: Callable[[], object]) -> float:
    """Seconds that one run takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def surroundings(folder: Path) -> dict[str, str]:
    """Environment variables for processes that find compiled Python in `folder` and keep it there, as an installation
    would: bench processes do not compile Python's modules each time.
    """
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPYCACHEPREFIX": str(folder)}


def process(command: Sequence[str], variables: Mapping[str, str], stdin: Path | None = None) -> tuple[float, int, str]:
    """Run a command to its end: seconds, the most bytes of memory that it had, and what it printed. Raises Failure."""
    start = time.perf_counter()
    with Path(stdin or os.devnull).open("rb") as source:
        running = subprocess.Popen(
            command, env=dict(variables), stdin=source, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert running.stdout is not None
        printed = running.stdout.read()
        _, status, used = os.wait4(running.pid, 0)
    running.returncode = os.waitstatus_to_exitcode(status)
    if running.returncode:
        raise Failure(f"`{' '.join(command[:4])} …` failed with exit code {running.returncode}", "run it by itself")
    return time.perf_counter() - start, used.ru_maxrss * 1024, printed
