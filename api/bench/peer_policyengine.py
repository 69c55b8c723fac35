"""policyengine-us's side of the bench of the service: run by a Python that has it, and needing nothing of this project.

    python peer_policyengine.py SITUATION.json YEAR NAMES SECONDS

For so many seconds the household is made anew and its figures are computed, as a service would for each request; the
milliseconds of each, and the figures, go out as JSON. Loading the rules is not counted.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path


def main(path: str, year: str, names: str, seconds: str) -> None:
    """Compute, and print what was measured."""
    from policyengine_us import Simulation  # type: ignore[import-not-found]

    situation = json.loads(Path(path).read_text(encoding="utf-8"))
    wanted = names.split(",")
    times: list[float] = []
    figures: dict[str, float] = {}
    until = 0.0
    while time.perf_counter() < until or len(times) < 3:
        start = time.perf_counter()
        simulation = Simulation(situation=situation)
        figures = {name: float(simulation.calculate(name, year)[0]) for name in wanted}
        if until:
            times.append((time.perf_counter() - start) * 1000)
        else:
            until = time.perf_counter() + float(seconds)  # the first one builds what the others reuse
    json.dump({"times_ms": sorted(times), "figures": figures}, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
