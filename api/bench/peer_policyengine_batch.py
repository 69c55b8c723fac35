"""policyengine-us's side of the bench of `batch`: run by a Python that has it, and needing nothing of this project.

    python peer_policyengine_batch.py SITUATION.json YEAR NAMES OUT.json

The situation's people are computed at once. The seconds from the situation to the figures, without loading the rules,
and the figures of each tax unit go into the file.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path


def main(path: str, year: str, names: str, out: str) -> None:
    """Compute, and write what was measured."""
    from policyengine_us import Simulation  # type: ignore[import-not-found]

    situation = json.loads(Path(path).read_text(encoding="utf-8"))
    start = time.perf_counter()
    simulation = Simulation(situation=situation)
    figures = {name: [float(value) for value in simulation.calculate(name, year)] for name in names.split(",")}
    told = {"seconds": time.perf_counter() - start, "figures": figures}
    Path(out).write_text(json.dumps(told), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
