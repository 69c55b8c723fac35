"""An event as it is recorded, the draft of one, and where it comes from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from citizens.errors import InvalidEvent
from citizens.events.assessments import Adjustment, Assessment
from citizens.events.checks import (
    OWN_ENTITIES,
    check_bare,
    check_currency,
    check_name,
    check_new_subject,
    check_period,
    check_source,
    check_text,
)
from citizens.events.facts import Arrival, Belongs, Correction, Departure, Facts, Retraction
from citizens.events.postings import Posting
from citizens.events.upkeep import Compaction, Erasure, Hold, Promotion, Release, TimeCorrection, Unreadable

Body = (
    Facts
    | Correction
    | Retraction
    | Assessment
    | Adjustment
    | Posting
    | Hold
    | Release
    | Erasure
    | Compaction
    | TimeCorrection
    | Promotion
    | Unreadable
)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an event comes from and on what authority: the same for many events.

    `retention` names the class that says how long superseded facts are kept.
    """

    source: str
    actor: str
    legal_basis: str
    retention: str

    def __post_init__(self) -> None:
        for what, text in (("source", self.source), ("actor", self.actor), ("legal basis", self.legal_basis)):
            check_text(text, f"an origin's {what}")
        check_name(self.retention, "a retention class")


@dataclass(frozen=True, slots=True)
class Draft:
    """An event to append. (origin.source, event_id) is its identity: a second delivery of it changes nothing.

    `expected_version` is the subject's version that the writer has seen: the number of events recorded for it (0 for a
    subject never seen). None appends whatever the version is. `own` says that this program made it, and no one
    delivered it: it may have a source of `OWN_SOURCES`, and its identity is (origin.source, event_id) of this subject.
    `is_bookkeeping` says that it is of what this program does for others, under their source: who looked at a record.
    """

    subject: str
    body: Body
    origin: Origin
    event_id: str
    expected_version: int | None = None
    own: bool = False
    is_bookkeeping: bool = False


@dataclass(frozen=True, slots=True)
class Event:
    """A recorded event. `offset` counts from 1 and never changes; `recorded_at_us` (microseconds since 1970, UTC)
    never goes back; `version` is the subject's after this event; `chain` is the hash over this and all before.

    `subject` is empty for events about the log itself, and `<entity>/erased-<number>` after an erasure.
    """

    offset: int
    recorded_at_us: int
    subject: str
    version: int
    body: Body
    origin: Origin
    event_id: str
    chain: bytes


def check_draft(draft: Draft) -> None:
    """Raise InvalidEvent unless a draft may be recorded: by anybody, or, if it says so, by this program itself.

    Whoever brings it, by whichever way, the same names, periods and currencies are written in one form only.
    """
    for subject in (draft.subject, *_named_in(draft.body)):
        check_new_subject(subject)
    if isinstance(draft.body, Assessment | Adjustment | Posting):
        check_period(draft.body.period)
    if isinstance(draft.body, Posting):
        check_currency(draft.body.currency)
    if draft.own:
        return
    if isinstance(draft.body, Departure | Arrival):
        raise InvalidEvent("moves between logs are recorded by this program itself", "call `move`")
    check_source(draft.origin.source)
    check_bare(draft.event_id, "an event id")
    if isinstance(draft.body, Hold | Release):
        check_bare(draft.body.case, "a case")
        return  # what this program keeps for itself may be held as anything else
    kept = OWN_ENTITIES.get(draft.subject.partition("/")[0])
    if kept is not None and not draft.is_bookkeeping:
        raise InvalidEvent(f"{kept} is kept by this program itself", "name another subject")


def _named_in(body: Body) -> Iterator[str]:
    """The other subjects that a body names."""
    match body:
        case Facts(points) | Correction(points):
            yield from (point.value.group for point in points if isinstance(point.value, Belongs))
        case Assessment(used=used):
            yield from (use.subject for use in used)
