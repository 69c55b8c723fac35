"""The ledger of erasures, which outlives backups.

A backup from before an erasure holds the erased key. So each erasure is first written into a ledger, a text file
that is never restored from a backup, and the ledger is replayed whenever a log is opened and after every restore:

1. Write (number, the key's fingerprint, actor, legal basis, reason) into the ledger; fsync.
2. Destroy the key and the name in the key store; empty its WAL.
3. Append an erasure event to the log, and delete cached snapshots.

A crash after 1 is finished by the replay. Until a writer has replayed it, readers take as destroyed what the ledger or
the log says was destroyed, though the key store in the folder is older and still holds the key. A ledger that was lost
is made anew from the log's own events. Keep a copy of the ledger apart from the log and its backups: it holds no
personal data. Each line carries a hash over itself and the line before, so that a torn last line is told from damage.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from citizens import timeline
from citizens.errors import LogDamaged
from citizens.events import Belongs, Draft, Erasure, Event, Origin
from citizens.kinds import ERASURE, LAST_FACTS_KIND
from citizens.sqlite.durable import sync_folder
from citizens.sqlite.reader import Reader

OWNER = "owner"
"""The role of who owns a record, such as a form: the record is erased and held with its owner."""
LEDGER_SOURCE = "erasure-ledger"
LEDGER_RETENTION = "log"


@dataclass(frozen=True, slots=True)
class ErasureEntry:
    """One erasure: the subject's number, its key's fingerprint, who, on what authority, why."""

    number: int
    fingerprint: str
    actor: str
    legal_basis: str
    reason: str

    @property
    def event_id(self) -> str:
        """The identity of the event that records it: the erasure's, so it is appended once."""
        return f"erasure-{self.fingerprint}"

    def draft(self) -> Draft:
        """The event that records it."""
        origin = Origin(LEDGER_SOURCE, self.actor, self.legal_basis, LEDGER_RETENTION)
        return Draft("", Erasure(self.number, self.fingerprint, self.reason), origin, self.event_id)


@dataclass(frozen=True, slots=True)
class Certificate:
    """What an erasure destroyed: for each subject its number and its key's fingerprint, on whose word, and why.

    `offset` is where the log ended with the records of it. It is false if nobody was erased. It names nobody.
    """

    entries: tuple[ErasureEntry, ...]
    offset: int

    def __bool__(self) -> bool:
        return bool(self.entries)


def with_records(reader: Reader, numbers: Iterable[int]) -> list[int]:
    """The subjects, and the records that they own: what is a form of somebody goes with them."""
    subjects = dict.fromkeys(numbers)
    left = list(subjects)
    while left:
        number = left.pop()
        for record in reader.members(number):
            if record not in subjects and number in owners_of(reader, record):
                subjects[record] = None
                left.append(record)
    return list(subjects)


def is_held(reader: Reader, number: int) -> bool:
    """Whether a subject is under hold, or somebody who owns it, directly or through others. Records may say that they
    own each other."""
    seen, left = {number}, [number]
    while left:
        subject = left.pop()
        if reader.is_held(subject):
            return True
        owners = set(owners_of(reader, subject)) - seen
        seen |= owners
        left += owners
    return False


def owners_of(reader: Reader, number: int) -> list[int]:
    """Who owns a record: of each relation with the role `owner` the last; nobody if it is no record or is erased."""
    if reader.keys.key(number) is None:
        return []
    events = reader.events(f"WHERE subject = ? AND kind <= {LAST_FACTS_KIND} ORDER BY offset", (number,))
    last = {change.attribute: change.value for change in timeline.build("", events).changes if change.value is not None}
    owners = [value.group for value in last.values() if isinstance(value, Belongs) and value.role == OWNER]
    return [owner for owner in map(reader.keys.find, owners) if owner is not None]


def read_ledger(path: Path) -> list[ErasureEntry]:
    """All erasures. A torn last line was never acknowledged and is passed over; other damage raises LogDamaged."""
    return read_on(path, "")[0]


def read_on(path: Path, mark: str) -> tuple[list[ErasureEntry], str]:
    """The erasures after a mark, and the mark of all that there are. A mark of another ledger marks nothing.

    A mark is how many bytes there were, and their hash: what was carried out need not be read again line by line.
    """
    content = path.read_bytes() if path.exists() else b""
    whole = content[: content.rfind(b"\n") + 1]
    length = mark.partition(" ")[0]
    size = int(length) if length.isdecimal() else 0
    start = size if mark == _mark(whole[:size]) else 0
    entries: list[ErasureEntry] = []
    before = whole[:start].rstrip(b"\n").rpartition(b"\n")[2].decode(errors="replace").rpartition(" ")[2]
    for index, line in enumerate(whole[start:].split(b"\n")[:-1], whole.count(b"\n", 0, start) + 1):
        text, _, digest = line.decode(errors="replace").rpartition(" ")
        if _digest(before, text) != digest:
            message = f"{path}, line {index}: the ledger of erasures is damaged"
            remedy = "put back its copy; if there is none, move it away: the erasures that the log recorded are kept"
            raise LogDamaged(message, remedy)
        entries.append(ErasureEntry(**json.loads(text)))
        before = digest
    return entries, _mark(whole)


def count_lines(path: Path) -> int:
    """How many erasures a ledger has."""
    return path.read_bytes().count(b"\n") if path.exists() else 0


def _mark(whole: bytes) -> str:
    return f"{len(whole)} {hashlib.sha256(whole).hexdigest()}"


def recorded_erasures(events: Iterable[Event]) -> list[ErasureEntry]:
    """The ledger's entries of erasures that a log recorded."""
    return [
        ErasureEntry(body.number, body.fingerprint, event.origin.actor, event.origin.legal_basis, body.reason)
        for event in events
        if isinstance(body := event.body, Erasure)
    ]


def not_carried_out(reader: Reader, ledger: Path) -> list[ErasureEntry]:
    """Erasures that a key store has not carried out, because it is older than they are: what the ledger says after the
    store's mark; and, if the last one that the log recorded is among them, all that it recorded.

    Asked at every opening, so it looks at the ledger's size and at one event, unless there are any. A damaged ledger
    is passed over: `verify` tells of it.
    """
    keys, size = reader.keys, ledger.stat().st_size if ledger.exists() else 0
    entries: list[ErasureEntry] = []
    marks = {mark.partition(" ")[0]: mark for mark in (keys.replayed, keys.destroyed)}
    if size and str(size) not in marks:
        with suppress(LogDamaged):
            entries = read_on(ledger, keys.destroyed)[0]
    last = recorded_erasures(reader.events("WHERE kind >= 32 AND kind = ? ORDER BY offset DESC LIMIT 1", (ERASURE,)))
    if any(keys.still_holds(entry.number, entry.fingerprint) for entry in last):
        entries += recorded_erasures(reader.events("WHERE kind >= 32 AND kind = ?", (ERASURE,)))
    return [entry for entry in dict.fromkeys(entries) if keys.still_holds(entry.number, entry.fingerprint)]


def add_to_ledger(path: Path, entries: Iterable[ErasureEntry]) -> None:
    """Write entries that are not in the ledger yet, durably. A torn last line is cut off first."""
    known = set(read_ledger(path))
    new = [entry for entry in dict.fromkeys(entries) if entry not in known]
    with path.open("a+b") as file:
        file.seek(0)
        whole, _, torn = file.read().rpartition(b"\n")
        if torn:
            file.truncate(len(whole) + 1 if whole else 0)
        before = whole.rpartition(b"\n")[2].decode().rpartition(" ")[2]
        for entry in new:
            text = json.dumps(asdict(entry))
            before = _digest(before, text)
            file.write(f"{text} {before}\n".encode())
        file.flush()
        os.fsync(file.fileno())
    sync_folder(path.parent)


def _digest(before: str, text: str) -> str:
    return hashlib.sha256(f"{before}\n{text}".encode()).hexdigest()[:32]
