"""A process that appends, compacts, erases and closes is killed at a random moment, again and again. Whatever it had
acknowledged stands; nothing is there twice; the log is sound; whom it had erased nobody can read."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

from citizens import open_log
from tests.citizens.histories import Clock

ROOT = Path(__file__).parents[3]
LIFE = """
import random, sys
from datetime import timedelta
from citizens import open_log
from tests.citizens.histories import Clock, moment, wages
folder, seed, life = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
draw, clock = random.Random(seed * 1000 + life), Clock(life)
order = {"actor": "torture", "legal_basis": "none"}
print("started", flush=True)
with open_log(folder, clock=clock) as log:
    for step in range(400):
        clock.now += 0.01
        action = draw.random()
        if action < 0.9:
            ids = [f"{life}-{step}-{number}" for number in range(draw.choice((1, 3)))]
            log.append([wages(f"person/{draw.randrange(9)}", str(step), event_id) for event_id in ids])
            print("appended", *ids, flush=True)
        elif action < 0.95:
            log.compact({"tax": moment(life - 1)}, **order, tombstone_delay=timedelta())
        else:
            subject = f"person/{life}-{step}"
            log.append([wages(subject, "5", f"{life}-{step}")])
            log.erase(subject, **order, reason="torture")
            print("erased", subject, flush=True)
"""


def torment(folder: Path, seed: int, lives: int = 4) -> int:
    """Some lives of that seed, each ended by kill -9; how many acknowledged things were checked."""
    draw = random.Random(seed)
    appended: set[str] = set()
    erased: set[str] = set()
    for life in range(1, lives + 1):
        command = [sys.executable, "-c", LIFE, str(folder), str(seed), str(life)]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(draw.random() * 0.6)
            process.kill()
            told = process.stdout.read()
        for line in told.split("\n")[:-1]:
            word, *names = line.split()
            (appended if word == "appended" else erased).update(names)
        with open_log(folder, clock=Clock(life + 0.9)) as log:
            assert log.verify().problems == (), f"seed {seed}, life {life}"
            ids = sorted(appended)
            assert all(log.delivered("registry", ids)), f"seed {seed}, life {life}: an acknowledged event is lost"
            for subject in erased:
                assert not log.read_subject(subject), f"seed {seed}, life {life}: {subject} can be read"
            offsets = [event.offset for event in log.read(0, 100_000)]
            assert len(set(offsets)) == len(offsets)
    return len(appended) + len(erased)
