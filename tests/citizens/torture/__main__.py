"""The long run by command."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from tests.citizens.torture import damage, kills, model, moves

PROGRAMS = {"model": model.torment, "kills": kills.torment, "damage": damage.torment, "moves": moves.torment}


def main() -> int:
    """Run the programs over the seeds; 1 if any failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--from", dest="first", type=int, default=1000)
    parser.add_argument("--only", default=",".join(PROGRAMS))
    asked = parser.parse_args()
    failed = 0
    for name in asked.only.split(","):
        done = 0
        for seed in range(asked.first, asked.first + asked.seeds):
            with tempfile.TemporaryDirectory() as folder:
                try:
                    done += PROGRAMS[name](Path(folder), seed)
                except Exception as error:
                    failed += 1
                    print(f"{name}, seed {seed}: {type(error).__name__}: {error}", flush=True)
        print(f"{name}: {asked.seeds} seeds, {done:,} checks, {failed} failures so far", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
