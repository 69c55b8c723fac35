"""Corrections as they arrive: late or corrected facts find the assessments that used them, and are assessed anew.

For each assessment and period that an annual run has been through, the follower has a position (consumer
`follow-<assessment>-<period>`, which begins at the run's horizon):

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
from decimal import Decimal

import numpy as np

from api.assess.concerned import Touched, named_by, records_of, touched_by
from api.assess.drafts import correction_drafts
from api.assess.figures import Assessed, assess
from api.assess.gathering import population_of
from api.assess.standings import Standing, fault_of, is_erased, standing_in
from api.assess.terms import Terms, assessments_by_name, terms_of
from api.assess.whole_histories import assess_each
from api.failures import Failure
from api.history.merging import is_merged_by
from citizens import (
    FOLLOWER,
    Adjustment,
    Advance,
    Assessment,
    Draft,
    Event,
    History,
    PositionConflict,
    Refused,
    Snapshot,
    Use,
)
from engine.interpret.constants import Constants
from engine.ir.program import Program

WINDOW = 2_000


@dataclass(slots=True)
class FollowReport:
    """What following did: facts read, groups assessed anew, those of which something was recorded, and who failed.

    `failed` has (period, group) and the reason, without those that were assessed later after all. `came` and `went` are
    who is in an assessment and was not in the one before it, and the other way round, each with the period and person:
    who is in both moved. `duplicates` are whose histories were merged into others'.
    """

    facts: int = 0
    reassessed: int = 0
    changed: int = 0
    failed: dict[tuple[str, str], str] = field(default_factory=dict)
    came: set[tuple[str, str]] = field(default_factory=set)
    went: set[tuple[str, str]] = field(default_factory=set)
    duplicates: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Corrected:
    """A group of which something was recorded: what its figures are more or less than before, or its fault."""

    assessment: str
    period: str
    group: str
    differences: tuple[tuple[str, Decimal], ...]
    fault: str


class Follower:
    """Follows a log with a program. `step` handles the next facts and says whether there is more to do."""

    def __init__(
        self,
        log: History,
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
        """How far each assessment and period has been followed, by `<assessment>-<period>`."""
        return followed(self.log)

    def step(self, window: int = WINDOW) -> bool:
        """Handle up to `window` facts for each position; whether any was behind the log's end."""
        head = self.log.head()
        behind = {key: at for key, at in self.positions().items() if at < head}
        for key, position in behind.items():
            try:
                self._follow(self._terms_of(key), position, head, window)
            except PositionConflict:  # another follower was faster; the next step goes on from there
                continue
        return bool(behind)

    def retry(self) -> None:
        """Assess again every group whose last assessment has a fault, as known where the follower stands."""
        every = {key: self._terms_of(key) for key in self.positions()}
        faulty = self._faulty(every)
        for key, position in self.positions().items():
            terms, groups = every[key], faulty[key]
            for start in range(0, len(groups), WINDOW):
                touched = {group: Touched({group}) for group in groups[start : start + WINDOW]}
                self._correct(terms, touched, position, position)

    def _faulty(self, every: Mapping[str, Terms]) -> dict[str, list[str]]:
        """The groups whose last assessment by some terms has a fault, by the terms' keys."""
        last: dict[str, dict[str, bool]] = {key: {} for key in every}
        after = 0
        while events := self.log.read_assessments(after, 5_000):
            after = events[-1].offset
            for event in events:
                for key, terms in every.items():
                    if isinstance(event.body, Assessment) and terms.made(event):  # not of a group that was erased
                        last[key][event.subject] = bool(fault_of(event.body))
        return {key: [group for group, fault in groups.items() if fault] for key, groups in last.items()}

    def _terms_of(self, key: str) -> Terms:
        """The terms that a position is of. Raises Failure if the rules no longer have that assessment."""
        if key not in self._terms:
            name, _, period = key.partition("-")
            rules = assessments_by_name(self.program).get(name)
            if rules is None:
                known = ", ".join(f"`{assessment}`" for assessment in self.program.settings.assessments) or "none"
                raise Failure(
                    f"`{name}` was assessed for {period}, and the rules have no such assessment",
                    f"follow with the rules that it was assessed by; these declare: {known}",
                )
            parsed = self.program.settings.period(period)
            self._terms[key] = terms_of(self.program, rules, parsed, self._actor)
        return self._terms[key]

    def _follow(self, terms: Terms, position: int, head: int, window: int) -> None:
        events, to = self._next(position, head, window)
        self._correct(terms, touched_by(self.log, terms, events, position, to), position, to)
        entities = {terms.binding.assessed, terms.binding.group, terms.binding.person, *terms.binding.records}
        self.report.facts += sum(event.subject.partition("/")[0] in entities for event in events)
        self.report.duplicates |= {event.subject for event in events if is_merged_by(event)}

    def _next(self, position: int, head: int, window: int) -> tuple[list[Event], int]:
        """The next facts, and the offset up to which they are all: never one of which compaction left no answer."""
        events = self.log.read_facts(position, head, window)
        to = events[-1].offset if len(events) == window else head
        horizon = max(self.log.lost().values(), default=0)
        if to >= horizon:
            return events, to
        return self.log.read_facts(position, horizon), horizon

    # --- what is made of it

    def _correct(self, terms: Terms, touched: dict[str, Touched], position: int, to: int) -> None:
        """Assess the touched groups anew, and append what comes of it with the new position."""
        standing: dict[str, Standing] = {}
        each: Sequence[Assessed]
        if terms.binding.made:
            each, standing, touched = self._made(terms, touched, to)
        else:
            for group, how in touched.items():
                group_standing = standing_in(self.log, group, terms)
                if how.joined or how.named & named_by(group_standing.last):
                    standing[group] = group_standing
            each = self._assessed(terms, {group: touched[group] for group in standing}, standing, to)
        made = [
            (
                assessed,
                correction_drafts(
                    terms, assessed, standing[assessed.group], to, tuple(touched[assessed.group].changes)
                ),
            )
            for assessed in each
        ]
        advance = Advance(f"{FOLLOWER}{terms.key}", position, to)
        self.log.append([draft for _, drafts in made for draft in drafts], advance=advance)
        for group_assessed, drafts in made:
            self._count(terms, group_assessed, bool(drafts))
            if drafts:
                self._count_people(terms, group_assessed, standing[group_assessed.group].last)
                self._on_change(_corrected(terms, group_assessed, drafts))

    def _count(self, terms: Terms, assessed: Assessed, changed: bool) -> None:
        self.report.reassessed += 1
        key = (str(terms.period), assessed.group)
        self.report.failed.pop(key, None)
        if assessed.fault:
            self.report.failed[key] = assessed.fault
        else:
            self.report.changed += changed

    def _count_people(self, terms: Terms, assessed: Assessed, last: Event | None) -> None:
        """Note who is in the group now and was not when it was assessed last, and who no longer is."""

        def people(names: Iterable[str]) -> set[tuple[str, str]]:
            own = f"{terms.binding.person}/"
            return {(str(terms.period), name) for name in names if name.startswith(own)}

        before, now = people(named_by(last)), people(use.subject for use in assessed.used)
        self.report.came |= now - before
        self.report.went |= before - now

    def _made(
        self, terms: Terms, touched: Mapping[str, Touched], to: int
    ) -> tuple[list[Assessed], dict[str, Standing], dict[str, Touched]]:
        """The groups that facts make in the touched larger ones, those that were assessed there before among them, each
        with where it stands and what concerns it. One that there is no more has nobody in it; where it cannot be told
        who is together, each has the fault."""
        standing: dict[str, Standing] = {}
        concerned: dict[str, Touched] = {}
        each: list[Assessed] = []
        for whole, how in touched.items():
            now = list(assess_each(self.log, terms.binding, terms.definitions, (whole,), to))
            fault = next((assessed for assessed in now if assessed.group == whole and assessed.fault), None)
            for group in sorted(self._assessed_before(terms, whole) - {assessed.group for assessed in now}):
                used = (Use(group, ()), *(() if fault is None else fault.used[1:]))
                now.append(Assessed(group, used, (), fault.fault if fault is not None else ""))
            for assessed in now:
                standing[assessed.group] = standing_in(self.log, assessed.group, terms)
                concerned[assessed.group] = how
                each.append(_unless_erased(assessed, standing[assessed.group]))
        return each, standing, concerned

    def _assessed_before(self, terms: Terms, whole: str) -> set[str]:
        """The groups that facts made in a larger one when it was assessed before, and that one if it had a fault."""
        kinds = (terms.binding.made, terms.binding.group)
        users = {group for group in self.log.users_of(whole) if group.partition("/")[0] in kinds}
        return {group for group in users if standing_in(self.log, group, terms).last is not None}

    def _assessed(
        self, terms: Terms, touched: dict[str, Touched], standing: dict[str, Standing], to: int
    ) -> Sequence[Assessed]:
        """Each touched group, as known at an offset."""
        if terms.binding.whole:
            each = assess_each(self.log, terms.binding, terms.definitions, touched, to)
            return [_unless_erased(group_assessed, standing[group_assessed.group]) for group_assessed in each]
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
        named = {subject for group in touched for subject in named_by(standing[group].last)}
        wanted |= named | records_of(self.log, terms, wanted - named, to)
        if terms.binding.looks_back:  # who was in a group once tells since when it is known
            wanted |= {subject for group in touched for subject in self.log.belonging_to(group)}
        snapshot = self._snapshot(terms, wanted, to)
        population = population_of(terms.binding, snapshot)
        by_group = {group: Assessed(group, (Use(group, ()),)) for group in touched}
        if population is not None:
            names = [f"{population.groups.entity}/{identifier}" for identifier in population.groups.ids]
            rows = np.array([row for row, name in enumerate(names) if name in touched], dtype=np.int64)
            rows, moved = population.settled(rows)
            for assessed in (
                *assess(population, rows, terms.definitions, self._constants),
                *assess_each(self.log, terms.binding, terms.definitions, moved, to),
            ):
                by_group[assessed.group] = assessed
        return [_unless_erased(assessed, standing[assessed.group]) for assessed in by_group.values()]

    def _snapshot(self, terms: Terms, subjects: set[str], to: int) -> Snapshot:
        return self.log.snapshot(terms.binding.valid_on, to, attributes=terms.binding.wanted, subjects=subjects)


def followed(log: History) -> dict[str, int]:
    """How far each assessment has been followed, by `<assessment>-<period>`, of those that a run has been through."""
    return {name.removeprefix(FOLLOWER): at for name, at in log.positions().items() if name.startswith(FOLLOWER)}


def _corrected(terms: Terms, assessed: Assessed, drafts: Sequence[Draft]) -> Corrected:
    adjustments = [draft.body for draft in drafts if isinstance(draft.body, Adjustment)]
    return Corrected(
        terms.rules.name,
        str(terms.period),
        assessed.group,
        adjustments[0].differences if adjustments else (),
        assessed.fault,
    )


def _present(last: Event | None, also: set[str]) -> tuple[Use, ...]:
    """Whom the last assessment named and some others, as far as they can still be named."""
    return tuple(Use(subject, ()) for subject in sorted(also | named_by(last)) if not is_erased(subject))


def _unless_erased(assessed: Assessed, standing: Standing) -> Assessed:
    """The same, or a fault if somebody who was assessed with the group has been erased: who is to say what is owed?"""
    gone = sorted(
        subject for event in (standing.last, standing.good) for subject in named_by(event) if is_erased(subject)
    )
    return Assessed(assessed.group, assessed.used, (), f"the history of {gone[0]} was erased") if gone else assessed
