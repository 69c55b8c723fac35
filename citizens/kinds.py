"""The numbers by which the log stores what kind of event each is."""

from __future__ import annotations

from typing import assert_never

from citizens.errors import InvalidEvent
from citizens.events import (
    Adjustment,
    Arrival,
    Assessment,
    Body,
    Compaction,
    Correction,
    Departure,
    Erasure,
    Facts,
    Hold,
    Posting,
    Promotion,
    Release,
    Retraction,
    TimeCorrection,
    Unreadable,
)

FACTS, CORRECTION, RETRACTION, DEPARTURE, ARRIVAL = 1, 2, 3, 4, 5
LAST_FACTS_KIND = ARRIVAL
"""Kinds up to here say what holds of a subject."""

VALUED_KINDS = (FACTS, CORRECTION, ARRIVAL)
"""Those of them whose change points have values."""
ASSESSMENT, ADJUSTMENT, POSTING = 8, 9, 10
HOLD, RELEASE = 32, 33
ERASURE, COMPACTION, TIME_CORRECTION, PROMOTION = 48, 49, 50, 51
FIRST_CONTROL_KIND = 32
FIRST_PLAIN_KIND = 48
"""Kinds from here on speak of the log, not of a subject, and are not encrypted."""

KIND_NAMES = {
    FACTS: "facts",
    CORRECTION: "correction",
    RETRACTION: "retraction",
    DEPARTURE: "departure",
    ARRIVAL: "arrival",
    ASSESSMENT: "assessment",
    ADJUSTMENT: "adjustment",
    POSTING: "posting",
    HOLD: "hold",
    RELEASE: "release",
    ERASURE: "erasure",
    COMPACTION: "compaction",
    TIME_CORRECTION: "time correction",
    PROMOTION: "promotion",
}


def kind_of(body: Body) -> int:
    """The number of the body's kind, as stored."""
    match body:
        case Arrival():
            return ARRIVAL
        case Departure():
            return DEPARTURE
        case Facts():
            return FACTS
        case Correction():
            return CORRECTION
        case Retraction():
            return RETRACTION
        case Assessment():
            return ASSESSMENT
        case Adjustment():
            return ADJUSTMENT
        case Posting():
            return POSTING
        case Hold():
            return HOLD
        case Release():
            return RELEASE
        case Erasure():
            return ERASURE
        case Compaction():
            return COMPACTION
        case TimeCorrection():
            return TIME_CORRECTION
        case Promotion():
            return PROMOTION
        case Unreadable():
            raise InvalidEvent("an unreadable event cannot be appended", "leave it out")
        case _:
            assert_never(body)
