"""Times: the best of several runs, since whatever disturbs a run makes it slower; whole processes with their memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from api.failures import Failure

PATIENCE = 0.2  # seconds for each of the runs that are asked for
_LAUNCH = Path(__file__).parent / "launch.py"


@dataclass(frozen=True, slots=True)
class Bound:
    """What holds a line back, and the seconds that it alone would take (0: the processor, which has no measure)."""

    by: str = "processor"
    seconds: float = 0.0


PROCESSOR = Bound()


@dataclass(frozen=True, slots=True)
class Measured:
    """One line: what was done, how long it took, for how many tax units (0: not by the unit); of a whole process also
    how long processors worked for it, and the most bytes of memory that it had (0: not measured). `said`: what else was
    found, where a time is not what matters. `bound`: what it would come up against next.
    """

    group: str
    what: str
    seconds: float
    units: int = 0
    processors: float = 0.0
    memory: int = 0
    said: str = ""
    bound: Bound = PROCESSOR

    @property
    def times_bound(self) -> float | None:
        """How many times as long it takes as its bound alone; None if that is the processor."""
        return self.seconds / self.bound.seconds if self.bound.seconds else None

    @property
    def rate(self) -> float:
        """Tax units a second."""
        return self.units / self.seconds if self.units else 0.0


@dataclass(frozen=True, slots=True, order=True)
class Used:
    """What a whole process used, and what it printed."""

    seconds: float
    processors: float
    memory: int
    printed: str

    def measured(self, group: str, what: str, units: int = 0, bound: Bound = PROCESSOR) -> Measured:
        """A line of it."""
        return Measured(group, what, self.seconds, units, self.processors, self.memory, bound=bound)


def best(work: Callable[[], object], times: int = 5) -> float:
    """The shortest of several runs, in seconds; of more runs where they are short, since a machine that is busy with
    something else is so for a while.
    """
    seconds: list[float] = []
    while len(seconds) < times or (sum(seconds) < PATIENCE * times and len(seconds) < 20 * times):
        seconds.append(once(work))
    return min(seconds)


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


def process(
    command: Sequence[str], variables: Mapping[str, str], stdin: Path | None = None, folder: Path | None = None
) -> Used:
    """Run a command to its end, in `folder` if one is named. Raises Failure if it fails."""
    with Path(stdin or os.devnull).open("rb") as source:
        done = subprocess.run(
            [sys.executable, "-S", str(_LAUNCH), *command],
            env=dict(variables), stdin=source, capture_output=True, text=True, check=False,
            cwd=folder,
        )  # fmt: skip
    printed, _, told = done.stdout.rstrip("\n").rpartition("\n")
    if done.returncode or json.loads(told)["code"]:
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise Failure(f"`{' '.join(command[:4])} …` failed: {last[:200]}", "run it by itself")
    used = json.loads(told)
    return Used(used["seconds"], used["processors"], used["memory"], printed)
