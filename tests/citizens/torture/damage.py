"""Bits are flipped, pages exchanged and files cut short at random places of a log. Either opening or verifying says
so, or every answer is what it was, and a second delivery is known for one."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

from citizens import CitizensError, open_log
from tests.citizens.histories import DAY, Clock, fresh, wages

FILES = ("events-000001.db", "keys.db", "anchor", "erasures.log", "current")
Answers = tuple[object, ...]


def torment(folder: Path, seed: int, wounds: int = 25) -> int:
    """Wounds of that seed; how many were noticed."""
    draw, noticed = random.Random(seed), 0
    with fresh(folder / "log") as log:
        log.append([wages(f"person/{number % 13}", str(number), f"e{number}") for number in range(80)])
        log.erase("person/3", actor="torture", legal_basis="none", reason="none")
    expected = _answers(folder / "log")
    for _ in range(wounds):
        shutil.rmtree(folder / "copy", ignore_errors=True)
        shutil.copytree(folder / "log", folder / "copy")
        name = draw.choice(FILES)
        _wound(folder / "copy" / name, draw)
        noticed += _is_noticed(folder / "copy", expected, f"seed {seed}: {name}")
    return noticed


def _wound(path: Path, draw: random.Random) -> None:
    content = bytearray(path.read_bytes())
    kind = draw.random()
    if kind < 0.7:
        content[draw.randrange(len(content))] ^= 1 << draw.randrange(8)
    elif kind < 0.85 and len(content) > 8192:
        first, second = (draw.randrange(len(content) // 4096) * 4096 for _ in range(2))
        content[first : first + 4096], content[second : second + 4096] = (
            content[second : second + 4096],
            content[first : first + 4096],
        )
    else:
        del content[draw.randrange(len(content)) :]
    path.write_bytes(bytes(content))


def _is_noticed(folder: Path, expected: Answers, where: str) -> bool:
    try:
        with open_log(folder, write=False) as log:
            if not log.verify().sound:
                return True
        assert _answers(folder) == expected, f"{where}: another answer, and not a word"
        with open_log(folder, clock=Clock(1)) as log:
            again = log.append([wages("person/5", "5", "e5")])[0]
            assert again.duplicate, f"{where}: a second delivery was recorded"
    except CitizensError:
        return True
    return False


def _answers(folder: Path) -> Answers:
    with open_log(folder, write=False) as log:
        people = tuple(str(sorted(log.timeline(f"person/{number}").at(DAY).items())) for number in range(13))
        return people, log.head(), log.version("person/1")
