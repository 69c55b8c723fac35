"""Who looked at whose record: each look is an event of a subject of its own, `access/ID`. A question to everybody at
once is one of `query/N`: who asked, what and why, and how many gave which answer.

A look has a retention class of its own, counts neither in the record's version nor in what an answer rests on, belongs
to the person, and is erased with them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from citizens import Belongs, Draft, Facts, History, Origin, Point
from citizens.sqlite.erasure import OWNER

ACCESS_RETENTION = "access"


def record_looks(log: History, subjects: Sequence[str], by: str, channel: str, said: Mapping[str, str | None]) -> None:
    """Record that `by` looked at some subjects' records: an event for each, all at once."""
    if not subjects:
        return
    now = datetime.now(UTC)
    number = log.head() + 1
    origin = Origin(channel, by, "access is recorded", ACCESS_RETENTION)
    drafts: list[Draft] = []
    for place, subject in enumerate(dict.fromkeys(subjects)):
        owner = Point("of", now.date(), Belongs(subject, OWNER))  # so that it is erased with them
        facts = (*(Point(name, now.date(), value) for name, value in {"by": by, **said}.items()), owner)
        name = subject.partition("/")[2]
        event_id = f"{now.isoformat()}/{number}/{by}/{place}"
        drafts.append(Draft(f"access/{name}", Facts(facts), origin, event_id, is_bookkeeping=True))
    log.append(drafts)


def record_query(log: History, by: str, channel: str, said: Mapping[str, str | None]) -> None:
    """Record that `by` put a question to everybody in a log: what and why, and how many gave which answer."""
    now = datetime.now(UTC)
    number = log.head() + 1
    facts = Facts(tuple(Point(name, now.date(), value) for name, value in {"by": by, **said}.items()))
    origin = Origin(channel, by, "access is recorded", ACCESS_RETENTION)
    event_id = f"{now.isoformat()}/query/{number}/{by}"
    log.append([Draft(f"query/{number}", facts, origin, event_id, is_bookkeeping=True)])
