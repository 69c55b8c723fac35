"""Corrections as they arrive: late or corrected facts find the assessments that used them, and are assessed anew.

1. Read the next events after the follower's position.
2. An event that records facts touches the assessments that used those attributes of the subject, and those of a group
   that the subject joins. An assessment that was replaced is passed over for the one that replaced it.
3. Each touched group is assessed anew under the law of its period, with the facts as known at the event. If a figure
   differs: a new assessment, an adjustment for the difference, and postings.
4. Those and the follower's new position are appended in one transaction, compare-and-set: of two followers one wins,
   and after a crash nothing was done twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from api.annual import unit_of
from api.assessments import Terms, correction_of, terms_of
from api.batch import Batch, Unanswered
from api.binding import Binding, Household
from citizens import (
    Advance,
    Assessment,
    Belongs,
    Correction,
    Draft,
    Event,
    Facts,
    Point,
    Retraction,
    SqliteLog,
)
from engine.ir.program import Program
from engine.periods import parse_period

CONSUMER = "follow"
BATCH = 200


@dataclass(slots=True)
class FollowReport:
    """What following did: events read, groups assessed anew, and those of which a figure changed."""

    events: int = 0
    reassessed: int = 0
    changed: int = 0
    failed: int = 0


class Follower:
    """Follows a log with a program. `step` handles the next events and says whether there were any."""

    def __init__(self, log: SqliteLog, program: Program) -> None:
        self.log = log
        self.program = program
        self.binding = Binding(program)
        self.report = FollowReport()
        self._terms: dict[str, Terms] = {}

    def step(self, limit: int = BATCH) -> bool:
        """Handle up to `limit` events. Raises PositionConflict if another follower was faster."""
        position = self.log.position(CONSUMER)
        events = self.log.read(position, limit)
        if not events:
            return False
        to = events[-1].offset
        drafts = [draft for group in dict.fromkeys(self._touched(events)) for draft in self._anew(group, to)]
        self.log.append(drafts, advance=Advance(CONSUMER, position, to))
        self.report.events += len(events)
        return True

    def _touched(self, events: Iterable[Event]) -> Iterator[str]:
        for event in events:
            if self._overtaken(event):
                yield event.subject
            attributes, joined = _changes(event)
            yield from joined
            if not attributes:
                continue
            for assessed in self.log.read_uses(event.subject):
                body = assessed.body
                if isinstance(body, Assessment) and any(
                    use.subject == event.subject and attributes & {*use.attributes, *self._possible(use.subject)}
                    for use in body.used
                ):
                    yield assessed.subject

    def _overtaken(self, event: Event) -> bool:
        """Whether facts of somebody it used were recorded after an assessment had read, and before it was recorded.

        When the follower passed those facts the assessment was not there to be found.
        """
        body = event.body
        if not isinstance(body, Assessment) or event.origin.source == CONSUMER or body.read_to >= event.offset - 1:
            return False
        return any(
            one.offset > body.read_to and bool(_changes(one)[0])
            for use in body.used
            for one in self.log.read_subject(use.subject, event.offset)
        )

    def _possible(self, subject: str) -> set[str]:
        """What might have been used, had it been known: every fact of the subject's entity."""
        entity = subject.partition("/")[0]
        return {one.short_name for one in self.program.definitions.values() if one.entity == entity}

    def _anew(self, group: str, read_to: int) -> Iterator[Draft]:
        """New assessments of a group for every period that it was assessed for."""
        for event in latest_assessments(self.log.read_subject(group, read_to)):
            assessment = event.body
            assert isinstance(assessment, Assessment)
            terms = self._terms_of(assessment.period)
            household = self._household(group, assessment, read_to)
            self.report.reassessed += 1
            batch = Batch(self.program, terms.period, [one.name for one in terms.definitions])
            answer = (
                batch.answer(unit_of(self.binding, household)) if household.roles else Unanswered("nobody is in it")
            )
            if isinstance(answer, Unanswered):
                self.report.failed += 1
                continue
            event_id = f"follow/{assessment.period}/{group}/{read_to}"
            drafts = correction_of(terms, household, assessment, event.offset, answer, read_to, event_id)
            self.report.changed += bool(drafts)
            yield from drafts

    def _terms_of(self, period: str) -> Terms:
        if period not in self._terms:
            parsed = parse_period(period, dict(self.program.settings.calendars))
            self._terms[period] = terms_of(self.program, parsed, "follow")
        return self._terms[period]

    def _household(self, group: str, assessment: Assessment, read_to: int) -> Household:
        """The group as valid on the assessment's day, as known at an offset: who was in it, and who has joined."""
        household = Household(group)
        for subject in dict.fromkeys([*(use.subject for use in assessment.used), group, *self._joined(group, read_to)]):
            held = self.log.timeline(subject, read_to).at(assessment.valid_on)
            relation = held.pop(self.binding.group, None)
            facts = {
                name: value for name, value in held.items() if value is not None and not isinstance(value, Belongs)
            }
            if subject == group:
                household.facts[group] = facts
            elif isinstance(relation, Belongs) and relation.group == group:
                household.roles[subject] = relation.role
                household.facts[subject] = facts
        return household

    def _joined(self, group: str, read_to: int) -> list[str]:
        """People whom events between the follower's position and `read_to` put into the group."""
        found = []
        after = self.log.position(CONSUMER)
        for event in self.log.read(after, read_to - after):
            if group in _changes(event)[1]:
                found.append(event.subject)
        return found


def latest_assessments(events: Iterable[Event]) -> list[Event]:
    """The assessments that stand: for each period the last one."""
    standing: dict[str, Event] = {}
    for event in events:
        if isinstance(event.body, Assessment):
            standing[event.body.period] = event
    return list(standing.values())


def _changes(event: Event) -> tuple[set[str], list[str]]:
    """The attributes that an event changes, and the groups that its subject joins."""
    match event.body:
        case Facts(points=points) | Correction(points=points):
            return {point.attribute for point in points}, [group for group in map(_group, points) if group]
        case Retraction(keys=keys):
            return {attribute for attribute, _ in keys}, []
    return set(), []


def _group(point: Point) -> str:
    return point.value.group if isinstance(point.value, Belongs) else ""
