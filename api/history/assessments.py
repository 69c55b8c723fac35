"""By which terms an assessment was made: several may be of one subject and one month, and each stands for itself.

An assessment's id begins `assessment/NAME/PERIOD/` or `correction/NAME/PERIOD/`. Early programs left out the name:
their logs have one assessment of each kind of group.
"""

from __future__ import annotations

from citizens import Assessment, Event


def is_assessment(event: Event, key: str, of: str) -> bool:
    """Whether an event is an assessment by the terms that `key` names, `<assessment>-<period>`, of groups of entity
    `of`."""
    if not isinstance(event.body, Assessment):
        return False
    name, _, period = key.partition("-")
    if event.body.period != period:
        return False
    _, _, said = event.event_id.partition("/")
    if said.startswith(f"{period}/"):
        return event.subject.partition("/")[0] == of
    return said.startswith(f"{name}/{period}/")


def key_of(event: Event) -> tuple[str, str, str]:
    """What tells the assessments apart that may stand side by side: whose, by which terms, for which period."""
    assert isinstance(event.body, Assessment)
    period = event.body.period
    name = event.event_id.split("/", 2)[1] if "/" in event.event_id else ""
    return event.subject, "" if name == period else name, period
