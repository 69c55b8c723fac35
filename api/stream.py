"""Corrections as they arrive: late or corrected facts find the assessments that used them, and are assessed anew.

For each period that an annual run has been through, the follower has a position (consumer `follow-<period>`, which
begins at the run's horizon):

1. Read the next facts after the position. Of each subject compare what held for the period before and after them, by
   the attributes that the figures can read. Where nothing changed, nothing is to be done.
2. What changed touches the group whose last assessment names the subject, and the group that the subject is in now: so
   joining, leaving, falling back after a retraction, and groups that are formed later are all found.
3. Take the snapshot of the touched groups and of everybody in them, as known at the last of the facts read, and assess
   them as the annual run does, under the law of the period.
4. If a figure differs, or who is in the group: a new assessment, an adjustment for the difference, and postings. A
   group that cannot be assessed gets an assessment that says why, and its earlier one stands; it is tried again when
   one of its facts changes, or on request (`retry`).
5. Those and the new position are appended in one transaction, compare-and-set: of two followers one wins, and after a
   crash nothing was done twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

import numpy as np

from api.annual import FOLLOWER
from api.assessing import Assessed, assess
from api.assessments import Standing, Terms, correction_drafts, fault_of, is_erased, standing_of, terms_of
from api.gathering import population_of
from citizens import (
    Adjustment,
    Advance,
    Assessment,
    Belongs,
    Correction,
    Draft,
    Event,
    Facts,
    HorizonPassed,
    PositionConflict,
    Refused,
    Retraction,
    Snapshot,
    SqliteLog,
    Timeline,
    Use,
    Value,
)
from engine.constants import Constants
from engine.ir.program import Program
from engine.periods import parse_period

WINDOW = 2_000


@dataclass(slots=True)
class FollowReport:
    """What following did: facts read, groups assessed anew, those of which something was recorded, and who failed.

    `failed` has (period, group) and the reason, without those that were assessed later after all.
    """

    facts: int = 0
    reassessed: int = 0
    changed: int = 0
    failed: dict[tuple[str, str], str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Corrected:
    """A group of which something was recorded: what its figures are more or less than before, or its fault."""

    period: str
    group: str
    differences: tuple[tuple[str, Decimal], ...]
    fault: str


@dataclass(slots=True)
class Touched:
    """A group that changes concern. `joined` are subjects that are in it now; `named` those that it may have named."""

    joined: set[str] = field(default_factory=set)
    named: set[str] = field(default_factory=set)


class Follower:
    """Follows a log with a program. `step` handles the next facts and says whether there is more to do."""

    def __init__(
        self,
        log: SqliteLog,
        program: Program,
        actor: str = "follow",
        on_change: Callable[[Corrected], None] = lambda _: None,
    ) -> None:
        """`on_change` is told of each group of which something was recorded, once it has been."""
        self.log = log
        self._on_change = on_change
        self.program = program
        self.report = FollowReport()
        self._actor = actor
        self._constants = Constants(program)
        self._terms: dict[str, Terms] = {}

    def positions(self) -> dict[str, int]:
        """How far each period has been followed."""
        return followed(self.log)

    def step(self, window: int = WINDOW) -> bool:
        """Handle up to `window` facts for each period; whether any period was behind the log's end."""
        head = self.log.head()
        behind = {period: at for period, at in self.positions().items() if at < head}
        for period, position in behind.items():
            try:
                self._follow(self._terms_of(period), position, head, window)
            except PositionConflict:  # another follower was faster; the next step goes on from there
                continue
        return bool(behind)

    def retry(self) -> None:
        """Assess again every group whose last assessment has a fault, as known where the follower stands."""
        last: dict[tuple[str, str], bool] = {}
        after = 0
        while events := self.log.read_assessments(after, 5_000):
            after = events[-1].offset
            for event in events:
                assert isinstance(event.body, Assessment)
                last[event.body.period, event.subject] = bool(fault_of(event.body))
        for period, position in self.positions().items():
            groups = [group for (of, group), fault in last.items() if fault and of == period]
            for start in range(0, len(groups), WINDOW):
                touched = {group: Touched({group}) for group in groups[start : start + WINDOW]}
                self._correct(self._terms_of(period), touched, position, position)

    def _terms_of(self, period: str) -> Terms:
        if period not in self._terms:
            parsed = parse_period(period, dict(self.program.settings.calendars))
            self._terms[period] = terms_of(self.program, parsed, self._actor)
        return self._terms[period]

    def _follow(self, terms: Terms, position: int, head: int, window: int) -> None:
        events, to = self._next(position, head, window)
        self._correct(terms, self._touched(terms, events, position, to), position, to)
        entities = (terms.binding.group, terms.binding.person, *terms.binding.records)
        self.report.facts += sum(event.subject.partition("/")[0] in entities for event in events)

    def _next(self, position: int, head: int, window: int) -> tuple[list[Event], int]:
        """The next facts, and the offset up to which they are all: never one of which compaction left no answer."""
        events = self.log.read_facts(position, head, window)
        to = events[-1].offset if len(events) == window else head
        horizon = max(self.log.lost().values(), default=0)
        if to >= horizon:
            return events, to
        return self.log.read_facts(position, horizon), horizon

    # --- whom changes concern

    def _touched(self, terms: Terms, events: Iterable[Event], position: int, to: int) -> dict[str, Touched]:
        found: dict[str, Touched] = {}
        for subject in dict.fromkeys(event.subject for event in events if _may_count(terms, event)):
            after = held(terms, self.log.timeline(subject, to))
            if after == self._held_before(terms, subject, position):
                continue
            group = self._group_of(terms, subject, after, to)
            if group and not is_erased(group):
                found.setdefault(group, Touched()).joined.add(subject)
            for assessed in self.log.read_uses(subject):
                if isinstance(assessed.body, Assessment) and assessed.body.period == str(terms.period):
                    found.setdefault(assessed.subject, Touched()).named.add(subject)
        return found

    def _group_of(self, terms: Terms, subject: str, facts: Mapping[str, Value], to: int) -> str:
        """The group that a subject with those facts is in, through its owner if it is a record; empty for none."""
        binding, entity = terms.binding, subject.partition("/")[0]
        if entity == binding.group:
            return subject
        relation = facts.get(binding.relation(entity))
        if not isinstance(relation, Belongs) or relation.group.partition("/")[0] != binding.relation(entity):
            return ""
        owner = relation.group
        if binding.relation(entity) == binding.group:
            return owner
        return self._group_of(terms, owner, held(terms, self.log.timeline(owner, to)), to)

    def _held_before(self, terms: Terms, subject: str, position: int) -> dict[str, Value] | None:
        """What held as known at the position; None where compaction left no answer."""
        try:
            return held(terms, self.log.timeline(subject, position))
        except HorizonPassed:
            return None

    # --- what is made of it

    def _correct(self, terms: Terms, touched: dict[str, Touched], position: int, to: int) -> None:
        """Assess the touched groups anew, and append what comes of it with the new position."""
        currency = terms.program.settings.currency
        standing: dict[str, Standing] = {}
        for group, how in touched.items():
            found = standing_of(self.log.read_subject(group), terms.period, currency)
            if how.joined or how.named & _named(found.last):
                standing[group] = found
        made = [
            (one, correction_drafts(terms, one, standing[one.group], to))
            for one in self._assessed(terms, {group: touched[group] for group in standing}, standing, to)
        ]
        advance = Advance(f"{FOLLOWER}{terms.period}", position, to)
        self.log.append([draft for _, drafts in made for draft in drafts], advance=advance)
        for one, drafts in made:
            self._count(terms, one, bool(drafts))
            if drafts:
                self._on_change(_corrected(terms, one, drafts))

    def _count(self, terms: Terms, one: Assessed, changed: bool) -> None:
        self.report.reassessed += 1
        key = (str(terms.period), one.group)
        self.report.failed.pop(key, None)
        if one.fault:
            self.report.failed[key] = one.fault
        else:
            self.report.changed += changed

    def _assessed(
        self, terms: Terms, touched: dict[str, Touched], standing: dict[str, Standing], to: int
    ) -> Sequence[Assessed]:
        """Each touched group, as known at an offset."""
        try:
            return self._all_at_once(terms, touched, standing, to)
        except Refused as refused:  # facts that no column holds: of one group, and the others shall not suffer
            if len(touched) == 1:
                ((group, how),) = touched.items()
                return [Assessed(group, _present(standing[group].last, {group, *how.joined}), (), str(refused))]
        return [
            assessed for group, how in touched.items() for assessed in self._assessed(terms, {group: how}, standing, to)
        ]

    def _all_at_once(
        self, terms: Terms, touched: dict[str, Touched], standing: dict[str, Standing], to: int
    ) -> list[Assessed]:
        wanted = {subject for group, how in touched.items() for subject in (group, *how.joined)}
        named = {subject for group in touched for subject in _named(standing[group].last)}
        wanted |= named | self._records_of(terms, wanted - named, to)
        snapshot = self._snapshot(terms, wanted, to)
        population = population_of(terms.binding, snapshot)
        found = {group: Assessed(group, (Use(group, ()),)) for group in touched}
        if population is not None:
            names = [f"{population.groups.entity}/{identifier}" for identifier in population.groups.ids]
            rows = np.array([row for row, name in enumerate(names) if name in touched], dtype=np.int64)
            for one in assess(population, rows, terms.definitions, self._constants):
                found[one.group] = one
        return [_unless_erased(one, standing[one.group]) for one in found.values()]

    def _records_of(self, terms: Terms, owners: set[str], to: int) -> set[str]:
        """The records of subjects that no assessment names. Walks through the log, if there are records in it."""
        records = {entity: owner for entity, owner in terms.binding.records.items() if self.log.has_entity(entity)}
        if not records or not owners:
            return set()
        relations = {owner: terms.binding.wanted[owner] for owner in records.values()}
        found = self.log.snapshot(terms.binding.valid_on, to, attributes=relations).tables
        return {
            f"{entity}/{found[entity].ids[row]}"
            for entity, owner in records.items()
            if entity in found and owner in found[entity].links
            for row, at in enumerate(found[entity].links[owner].rows.tolist())
            if at >= 0 and f"{owner}/{found[owner].ids[at]}" in owners
        }

    def _snapshot(self, terms: Terms, subjects: set[str], to: int) -> Snapshot:
        return self.log.snapshot(terms.binding.valid_on, to, attributes=terms.binding.wanted, subjects=subjects)


def followed(log: SqliteLog) -> dict[str, int]:
    """How far each period has been followed, of those that an annual run has been through."""
    return {name.removeprefix(FOLLOWER): at for name, at in log.positions().items() if name.startswith(FOLLOWER)}


def _corrected(terms: Terms, one: Assessed, drafts: Sequence[Draft]) -> Corrected:
    adjustments = [draft.body for draft in drafts if isinstance(draft.body, Adjustment)]
    return Corrected(str(terms.period), one.group, adjustments[0].differences if adjustments else (), one.fault)


def held(terms: Terms, timeline: Timeline) -> dict[str, Value]:
    """What holds of a subject for the period, by the columns that can move a figure: of each the last change point."""
    entity = timeline.subject.partition("/")[0]
    found: dict[str, Value] = {}
    for change in timeline.changes:  # by attribute and day
        columns = terms.binding.columns_of(entity, change.attribute, change.valid_from)
        found |= dict.fromkeys(columns, change.value)
    return {column: value for column, value in found.items() if value is not None}


def _may_count(terms: Terms, event: Event) -> bool:
    """Whether a change point of an event can move a figure of the period."""
    entity = event.subject.partition("/")[0]
    return any(terms.binding.columns_of(entity, attribute, day) for attribute, day in _keys(event))


def _keys(event: Event) -> list[tuple[str, date]]:
    match event.body:
        case Facts(points=points) | Correction(points=points):
            return [(point.attribute, point.valid_from) for point in points]
        case Retraction(keys=keys):
            return list(keys)
    return []


def _named(last: Event | None) -> set[str]:
    """Whose facts an assessment used."""
    return {use.subject for use in last.body.used} if last is not None and isinstance(last.body, Assessment) else set()


def _present(last: Event | None, also: set[str]) -> tuple[Use, ...]:
    """Whom the last assessment named and some others, as far as they can still be named."""
    return tuple(Use(subject, ()) for subject in sorted(also | _named(last)) if not is_erased(subject))


def _unless_erased(one: Assessed, standing: Standing) -> Assessed:
    """The same, or a fault if somebody who was assessed with the group has been erased: who is to say what is owed?"""
    gone = sorted(
        subject for event in (standing.last, standing.good) for subject in _named(event) if is_erased(subject)
    )
    return Assessed(one.group, one.used, (), f"the history of {gone[0]} was erased") if gone else one
