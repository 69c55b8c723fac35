"""The kinds of event, and what each says.

A subject is named `<entity>/<id>`: `person/880-12`, `tax_unit/17`.
"""

from citizens.events.assessments import FAULT, FAULT_USE, Adjustment, Assessment, Row, Use
from citizens.events.checks import (
    OWN_SOURCES,
    are_plain,
    check_currency,
    check_name,
    check_new_subject,
    check_new_subjects,
    check_period,
    check_source,
    check_subject,
    check_text,
)
from citizens.events.event import Body, Draft, Event, Origin, check_draft
from citizens.events.facts import (
    EXACT,
    Arrival,
    Belongs,
    Correction,
    Departure,
    Facts,
    Point,
    Retraction,
    Scalar,
    Value,
    same_value,
    units_and_scale,
)
from citizens.events.postings import Account, Entry, Movement, Posting
from citizens.events.upkeep import Compaction, Erasure, Hold, Promotion, Release, TimeCorrection, Unreadable

__all__ = [
    "EXACT",
    "FAULT",
    "FAULT_USE",
    "OWN_SOURCES",
    "Account",
    "Adjustment",
    "Arrival",
    "Assessment",
    "Belongs",
    "Body",
    "Compaction",
    "Correction",
    "Departure",
    "Draft",
    "Entry",
    "Erasure",
    "Event",
    "Facts",
    "Hold",
    "Movement",
    "Origin",
    "Point",
    "Posting",
    "Promotion",
    "Release",
    "Retraction",
    "Row",
    "Scalar",
    "TimeCorrection",
    "Unreadable",
    "Use",
    "Value",
    "are_plain",
    "check_currency",
    "check_draft",
    "check_name",
    "check_new_subject",
    "check_new_subjects",
    "check_period",
    "check_source",
    "check_subject",
    "check_text",
    "same_value",
    "units_and_scale",
]
