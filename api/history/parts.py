"""A population in several logs: the partitions of one address on Kafka, or of one folder, opened and asked as one.

Every command that takes `--log` may be given an address of several partitions without `&partition=`, or the folder of a
population (`folders`). Each partition is then done by itself, as a log of its own, and what comes of them is added up;
a question about one subject goes to the partition that it is written in. Everywhere else a log has one part: itself.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from api.failures import Failure, Misuse, suggestion
from api.history import kafka
from api.history.access import log_folder, read_known, warn, writing
from api.history.folders import FolderCut, cuts_in, is_population, logs_in, make_cut_in, number_in
from api.history.kafka import is_address
from api.history.letters import all_reading, all_settled
from citizens import CitizensError, Draft, History, Known, LogUnavailable, Origin, Receipt, Source
from citizens.cuts import Moves, rounded_down
from citizens.homes import Homes, Tie, ties_of
from citizens.known_homes import KnownHomes
from citizens.moving import is_moved_from

if TYPE_CHECKING:
    from citizens.kafka.cuts import Cut

CUT = "cut:"
PAUSES = (0.2, 0.5, 1.0, 2.0, 4.0)
"""How many seconds an append waits before it is delivered again; that is safe, for what stands is known by its id."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """Where a draft stands: in which part, and its receipt there."""

    part: int
    receipt: Receipt


class PartRefused(Exception):
    """A part refused what it was given, when `recorded` events stood already in the parts before it."""

    def __init__(self, error: CitizensError, recorded: int) -> None:
        super().__init__(str(error))
        self.error, self.recorded = error, recorded


def parts_of(log: Path | None) -> list[Path]:
    """The logs that a population is in: the log itself, or each partition of an address that names none."""
    folder = log_folder(log)
    if not is_address(folder):
        return logs_in(folder) if is_population(folder) else [folder]
    address = kafka.address_of(folder)
    if address.partitions == 1 or address.partition is not None:
        return [folder]
    return [Path(f"{folder}&partition={number}") for number in range(address.partitions)]


def part_name(part: Path) -> str:
    """What a part is called beside others."""
    return f"partition {number_of(part) or 0}"


def number_of(part: Path) -> int | None:
    """A part's number in its population; None for a log that is none."""
    if not is_address(part):
        return number_in(part)
    address = kafka.address_of(part)
    return address.here if address.partitions > 1 else None


def part_with(log: Path | None, subject: str) -> Path:
    """The part that a subject is written in. Raises Failure if there are several, and it is in none."""
    return parts_of(log)[number_with(log, subject)]


def parts_with(log: Path | None, subject: str) -> list[Path]:
    """Every part that a subject was ever written in, where it lives last: what is held or erased is so in all of them.
    Raises Failure if there are several, and it is in none."""
    parts = parts_of(log)
    if len(parts) == 1:
        return parts
    with all_settled(parts) as opened:
        written = Homes(opened).all_of(subject)
    return [parts[number] for number in written] or [part_with(log, subject)]


def number_with(log: Path | None, subject: str) -> int:
    """The same part's place among them."""
    parts = parts_of(log)
    if len(parts) == 1:
        return 0
    with all_reading(parts) as opened:
        home = Homes(opened).of(subject)
    if home is None:
        raise Failure(f"nothing is recorded of `{subject}` in any of {len(parts)} partitions", "check its name")
    return home


def known_in(log: Path | None, text: str | None, option: str = "--known") -> list[Known]:
    """As known when, for each part: a named cut (`cut:NAME`) has an offset of each, and a moment has one too, by which
    everybody is in one part (`citizens.cuts`). An offset is of one log. Raises Misuse or Failure."""
    parts = parts_of(log)
    if text is not None and text.startswith(CUT):
        return list(_cut(log_folder(log), text.removeprefix(CUT)).offsets)
    known = read_known(text, option)
    if known is None or len(parts) == 1:
        return [known] * len(parts)
    if isinstance(known, int):
        message = f"each of {len(parts)} partitions counts its own offsets, and `{option}` gives one"
        remedy = f"give a day, a moment or a cut (`{option} cut:NAME`), or name one partition of the log"
        raise Misuse(message, remedy)
    with all_settled(parts) as opened:
        offsets = [part.offset_of(known) for part in opened]
        cut = rounded_down(Moves(opened), offsets)
    for number, (last, offset) in enumerate(zip(cut, offsets, strict=True)):
        if last < offset:
            told = (
                f"somebody was on the way at that moment: partition {number} is read up to offset {last:,}, before it"
            )
            warn(told)
    return list(cut)


def require_all_partitions(log: Path) -> None:
    """Raises Misuse unless all partitions of a log are named: only such a log has cuts."""
    if is_population(log) or (is_address(log) and kafka.address_of(log).partition is None):
        return
    raise Misuse("a cut covers all partitions of a log", "one log has offsets, days and moments: `#17`")


def cuts_of(log: Path) -> Mapping[str, Cut | FolderCut]:
    """The named cuts of a log's partitions."""
    return cuts_in(log) if is_population(log) else kafka.cuts_of(log)


def make_cut(log: Path, name: str, offsets: Sequence[int]) -> Cut | FolderCut:
    """Give the partitions' offsets a name."""
    return make_cut_in(log, name, offsets) if is_population(log) else kafka.make_cut(log, name, offsets)


def _cut(log: Path, name: str) -> Cut | FolderCut:
    require_all_partitions(log)
    cuts = cuts_of(log)
    if name not in cuts:
        raise Failure(f"there is no cut `{name[:60]}`", suggestion(name, cuts, "`rulewright log cut NAME` makes one"))
    return cuts[name]


def each_part(parts: Sequence[Path], does: Callable[[Path], int]) -> int:
    """Do something with each part under its name; the worst of the exit codes."""
    codes = []
    for part in parts:
        print(f"{part_name(part)}:", file=sys.stderr)
        codes.append(does(part))
    return max(codes)


def part_known(log: Path | None, subject: str, known: str | None) -> tuple[Path, Known]:
    """The part that a subject is written in, and as known when there."""
    parts = parts_of(log)
    if len(parts) == 1 or known is None:
        return part_with(log, subject), read_known(known)
    moments = known_of(log, known, len(parts))
    with all_reading(parts) as opened:
        place = Homes(opened).then_of(subject, moments)
    if place is None:
        raise Failure(f"nothing was known of `{subject}` then in any of {len(parts)} partitions", "ask as known later")
    return parts[place[0]], place[1]


def known_of(log: Path | None, text: str, parts: int, option: str = "--known") -> list[Known]:
    """As known when, for a question about one subject: a moment is the same in all parts."""
    return list(known_in(log, text, option)) if text.startswith(CUT) else [read_known(text, option)] * parts


def append_to_parts(parts: Sequence[Path], drafts: Sequence[Draft], *, create: bool) -> list[Recorded]:
    """Record drafts where their subjects live: all that one part takes, or none of it.

    Parts are written one after the other. If one refuses, those before it stand, which PartRefused says; delivering
    everything again is safe, because what stands is known by its source and id.
    """
    if len(parts) == 1:
        with writing(parts[0], create=create) as log:
            return [Recorded(0, receipt) for receipt in log.append(drafts)]
    if create:
        make_parts(parts)
    with all_settled(parts) as opened:
        goes = parts_for(drafts, opened)
    recorded: dict[int, Recorded] = {}
    for number, part in enumerate(parts):
        mine = [index for index, home in enumerate(goes) if home == number]
        if not mine:
            continue
        try:
            receipts = _appended(part, [drafts[index] for index in mine])
        except CitizensError as error:
            error.draft = mine[error.draft] if error.draft is not None else None
            raise PartRefused(error, len(recorded)) from error
        recorded |= {index: Recorded(number, receipt) for index, receipt in zip(mine, receipts, strict=True)}
    return [recorded[index] for index in range(len(drafts))]


def parts_for(drafts: Sequence[Draft], opened: Sequence[History], remembered: KnownHomes | None = None) -> list[int]:
    """The part that takes each draft: where its subject lives or, if it was delivered there before the subject moved,
    where it lived then. Raises LivesElsewhere. `remembered` are homes that the process knows from before."""
    homes = remembered or Homes(opened)
    settled = homes.settle(tie for draft in drafts for tie in ties_of(draft))
    if remembered is None and not any(is_moved_from(log) for log in opened):
        return [settled[draft.subject] for draft in drafts]
    return [
        homes.delivered(draft.subject, draft.origin.source, draft.event_id, settled[draft.subject]) for draft in drafts
    ]


def _appended(part: Path, drafts: Sequence[Draft]) -> list[Receipt]:
    """Append, and deliver again if another process took the partition meanwhile: a follower on another machine."""
    for wait in PAUSES:
        with suppress(LogUnavailable), writing(part) as log:
            return log.append(drafts)
        time.sleep(wait)
    with writing(part) as log:
        return log.append(drafts)


def make_parts(parts: Sequence[Path]) -> None:
    """Make the log in every part that has none."""
    for part in parts:
        with writing(part, create=True, quiet=True):
            pass


def sources_by_part(
    sources: Sequence[Source], opened: Sequence[History], origin: Origin, name: str
) -> list[tuple[Source, ...]]:
    """The rows of each table by the part that their subject lives in or, if they were imported there under this name
    before the subject moved, lived in then. Raises LivesElsewhere."""
    homes = Homes(opened)
    settled = homes.settle(tie for source in sources for tie in _ties(source))
    if any(is_moved_from(log) for log in opened):
        settled = {
            subject: homes.delivered(subject, origin.source, f"{name}/{subject}", home)
            for subject, home in settled.items()
        }
    split: list[list[Source]] = [[] for _ in opened]
    for source in sources:
        ids = source.table[source.id_column].cast(pa.string()).to_pylist()
        home = np.array([settled[f"{source.entity}/{id_}"] for id_ in ids], dtype=np.int64)
        for number, mine in enumerate(split):
            mine.append(replace(source, table=source.table.filter(pa.array(home == number))))
    return [tuple(mine) for mine in split]


def _ties(source: Source) -> Iterator[Tie]:
    ids = source.table[source.id_column].cast(pa.string()).to_pylist()
    yield from ((f"{source.entity}/{id_}", None) for id_ in ids)
    for membership in source.memberships:
        groups = source.table[membership.group_column].cast(pa.string()).to_pylist()
        for id_, group in zip(ids, groups, strict=True):
            if group is not None:
                yield f"{source.entity}/{id_}", f"{membership.entity}/{group}"
