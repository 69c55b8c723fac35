"""A population in several embedded logs: a folder that holds them as `partition-0000`, `partition-0001`, …

    partitions        how many there are, for ever: homes follow from it
    partition-0000/   a log
    cuts              a line of JSON for each named cut: its name, and the last offset of each log that is inside

It is on one machine what the partitions of an address are on Kafka (see `parts`): for trying that out, and for logs
that shall be written side by side.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from api.failures import Failure, Misuse
from citizens.sqlite.durable import replace_file

MOST_PARTITIONS = 4_096
_PARTITIONS, _CUTS = "partitions", "cuts"
_PART = re.compile(r"partition-([0-9]{4})", re.ASCII)
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}", re.ASCII)


@dataclass(frozen=True, slots=True)
class FolderCut:
    """A name, and the last offset of each log that is inside, in order."""

    name: str
    offsets: tuple[int, ...]


def is_population(folder: Path) -> bool:
    """Whether a folder holds several logs."""
    return (folder / _PARTITIONS).is_file()


def logs_in(folder: Path) -> list[Path]:
    """The logs of a population's folder, in order. Raises Failure if it does not say how many there are."""
    text = (folder / _PARTITIONS).read_text(errors="replace").strip()
    if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= MOST_PARTITIONS):
        raise Failure(f"`{folder / _PARTITIONS}` does not say how many partitions there are", "restore that file")
    return [folder / f"partition-{number:04}" for number in range(int(text))]


def number_in(part: Path) -> int | None:
    """Which of its population's logs a folder is; None if it is of none."""
    match = _PART.fullmatch(part.name)
    return int(match[1]) if match is not None and is_population(part.parent) else None


def keys_of(part: Path, keys: Path) -> Path:
    """Where the key store of a log lies if `keys` is where key stores lie: each of a population's logs has its own."""
    number = number_in(part)
    return keys if number is None else keys.with_name(f"{keys.stem}-{number:04}{keys.suffix}")


def make_population(folder: Path, partitions: int) -> list[Path]:
    """Make the folder of so many logs, which are still to be made. Raises Misuse."""
    if not 1 <= partitions <= MOST_PARTITIONS:
        raise Misuse(
            f"a population has 1 to {MOST_PARTITIONS:,} partitions, not {partitions}", "write `--partitions 4`"
        )
    folder.mkdir(parents=True, exist_ok=True)
    replace_file(folder / _PARTITIONS, f"{partitions}\n".encode())
    return logs_in(folder)


def cuts_in(folder: Path) -> Mapping[str, FolderCut]:
    """All cuts that were ever made, by name, in order. What a crash left of a line is none."""
    made: dict[str, FolderCut] = {}
    path = folder / _CUTS
    for line in path.read_text(errors="replace").splitlines() if path.exists() else []:
        try:
            fields = json.loads(line)
            cut = FolderCut(str(fields["cut"]), tuple(int(offset) for offset in fields["offsets"]))
        except (ValueError, KeyError, TypeError):
            continue
        made.setdefault(cut.name, cut)
    return made


def make_cut_in(folder: Path, name: str, offsets: Sequence[int]) -> FolderCut:
    """Give these offsets a name, for ever. The first line of a name counts, so two who cut at once agree on one."""
    if not _NAME.fullmatch(name):
        raise Misuse(f"`{name[:60]}` is no name of a cut", "small letters, digits, `.`, `_` and `-`: `year-2024`")
    if name in cuts_in(folder):
        raise Failure(f"there is a cut `{name}` already, and a cut never changes", "choose another name")
    with (folder / _CUTS).open("a", encoding="utf-8") as file:
        file.write("\n" + json.dumps({"cut": name, "offsets": list(offsets)}) + "\n")
        file.flush()
        os.fsync(file.fileno())
    return cuts_in(folder)[name]
