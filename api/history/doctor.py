"""What state a log is in, and the safe next step: for an operator who does not know what happened.

1. What keeps the log from being opened, for reading or for writing, is the whole answer: its message and its remedy.
2. Else: a key store that is older than an erasure, or not wrapped though a key for that is named; runs that were cut
   off, followers that are behind, a clock that the log is ahead of, a log that was not closed.

Nothing is changed, and no payload is read: `log verify` looks at those.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from api.history.access import AHEAD_US, failure_of, kek, reading
from api.history.environment import KEK_VARIABLE
from api.history.health import health
from citizens import CitizensError, SqliteLog
from citizens.sqlite.erasure import not_carried_out, read_ledger
from citizens.sqlite.opened import check_keys

OLD_ANCHOR_SECONDS = 86_400


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is to be known. `broken` says that the log cannot be used until the remedy has been applied."""

    broken: bool
    message: str
    remedy: str


def examine(folder: Path) -> list[Finding]:
    """What there is to be known of the log in a folder; empty if it is at rest and nothing is left to do."""
    try:
        with reading(folder) as log:
            return list(_at_work(log))
    except CitizensError as error:
        failure = failure_of(error)
        return [Finding(True, failure.message, failure.help or "verify the log: `rulewright log verify`")]


def _beside(log: SqliteLog) -> Iterator[Finding]:
    """What is to be known of the key store and the ledger of erasures. Raises LogDamaged for what stops a writer."""
    read_ledger(log.layout.erasures_path)
    with log.reader() as reader:
        check_keys(reader.connection, reader.keys)
        undone = len(not_carried_out(reader, log.layout.erasures_path))
        is_wrapped = reader.keys.is_wrapped
    if undone:
        message = f"the key store is older than the log: it still has keys that were destroyed ({undone:,})"
        yield Finding(False, message, "put the newest key store back; the next command that writes destroys them again")
    if kek() is not None and not is_wrapped:
        message = f"{KEK_VARIABLE} names a key-encryption key, and the key store is not wrapped under any"
        yield Finding(False, message, "unset it, and run `rulewright log rekey --to …` with its value")


def _at_work(log: SqliteLog) -> Iterator[Finding]:
    yield from _beside(log)
    state = health(log)
    head = state.head
    for run in state.unfinished:
        message = f"the annual run `{run.name}` was begun as known at offset {run.horizon:,}, and was not finished"
        remedy = "run `rulewright annual` again: it continues; until then compaction keeps what it needs"
        yield Finding(False, message, remedy)
    for follower in (follower for follower in state.followers if follower.behind):
        message = f"`{follower.name}` has followed to offset {follower.offset:,}, and the log ends at {head:,}"
        yield Finding(False, message, "run `rulewright follow`; until then compaction keeps retractions for it")
    if state.anchor_outside and state.anchor_offset < head and (state.anchor_seconds or 0) > OLD_ANCHOR_SECONDS:
        message = f"the last anchor kept elsewhere is of offset {state.anchor_offset:,}, and the log ends at {head:,}"
        yield Finding(False, message, "write one: `rulewright log anchor`, best on a schedule (`--every 3600`)")
    ahead = log.ahead_us()
    if ahead > AHEAD_US:
        message = f"the last event is {timedelta(seconds=ahead // 1_000_000)} ahead of the clock"
        yield Finding(False, message, "set the clock; if it is right, `rulewright log correct-time`")
    left = log.layout.read_anchor()
    if head and (left is None or left.offset < head):
        reached = f"offset {left.offset:,}" if left is not None else "nothing"
        message = f"the folder's anchor is at {reached}, and the log ends at {head:,}"
        remedy = "a process writes it now, or ended without closing it: the next that writes it checks and closes it"
        yield Finding(False, message, remedy)
