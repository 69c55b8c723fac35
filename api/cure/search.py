"""Sets of changes that make a condition hold, the smallest first, each with values that do.

1. *May it hold?* The interpreter with a set of facts unknown: if it cannot hold, no part of the set cures (`trial`),
   and what does changes something that this refusal hangs on (`hanging`).
2. Sets of one, two and three changes, level by level (`branches`, `groups`); a set that holds a cure, or one that was
   not decided, is left out. A change is a fact, or a record more: a test that is passed and recorded, a licence.
3. A *witness* of each: values with which the condition holds (`witness`). What a record more must say is found in the
   same way: its facts that absence says nothing of.

What nobody can change is in no set: births and other records of the past, and what only time changes (`changing`). A
date is something done: on the day that is asked about, or later.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from api.cases.ranking import places_in_rules
from api.cases.reach import reached
from api.cure.branches import changes_that_may
from api.cure.conflicts import Conflicts, More
from api.cure.groups import Known
from api.cure.records import addable, added, is_added
from api.cure.trial import Changes, Trial, may
from api.cure.witness import Witnesses
from engine.interpret.outcomes import Fact, Possible

LARGEST = 3


@dataclass(eq=False)
class Search:
    """The search for what cures one condition of one case, in which records may have been added."""

    trial: Trial
    undecided: list[frozenset[Fact]] = field(default_factory=list)
    fields: frozenset[Fact] = frozenset()
    more: tuple[More, ...] = ()
    conflicts: Conflicts = field(default_factory=Conflicts)
    _with: dict[tuple[More, ...], Search | None] = field(default_factory=dict)

    @property
    def asked(self) -> Trial:
        """The condition of this case."""
        return self.trial

    @cached_property
    def witnesses(self) -> Witnesses:
        """What finds values of sets of facts."""
        return Witnesses(self.trial, self.undecided)

    @cached_property
    def owners(self) -> Mapping[str, Sequence[str]]:
        """The kinds of records that somebody can add and that the condition may read, and for whom one is not added."""
        every = addable(self.trial.program, self.trial.case, self.trial.fact)
        taken = set(self.more)
        return {kind: [owner for owner in owners if More(kind, owner) not in taken] for kind, owners in every.items()}

    def with_more(self, more: More) -> Search | None:
        """The search in the case with a record more, out of the same budget."""
        records = tuple(sorted((*self.more, more)))
        if records not in self._with:
            case, fields = added(self.trial.program, self.trial.case, self.trial.fact, more.kind, more.owner)
            trial = self.trial.with_records(case, records)
            search = Search(trial, self.undecided, self.fields | fields, records, _with=self._with)
            self._with[records] = search if fields else None
        return self._with[records]

    def candidates(self) -> list[Fact]:
        """The facts that may be changed, and that matter while all of them are unknown."""
        return self._candidates

    @cached_property
    def _candidates(self) -> list[Fact]:
        trial, case = self.trial, self.trial.case
        cells = reached(trial.program, case.at, (trial.program.definitions[trial.fact.name],))
        facts = [
            fact
            for cell in cells
            for name in case.instances.get(trial.program.definitions[cell.name].entity, ())
            if trial.hanging.may_change(fact := Fact(cell.name, name, cell.period))
        ]
        outcome = trial.outcome({}, facts)
        needs = outcome.needs if isinstance(outcome, Possible) and may(outcome) else frozenset()
        return [fact for fact in facts if fact in needs]

    def smallest(self, sizes: Sequence[int], every: bool, cures: list[Changes]) -> None:
        """Add the cures of some sizes to those known; without `every` stop at the first size that gives one."""
        for size in sizes:
            before = len(cures)
            try:
                self._of_size(size, cures)
            finally:
                cures[before:] = sorted(cures[before:], key=self._place)
            if len(cures) > before and not every:
                return

    def _of_size(self, size: int, cures: list[Changes]) -> None:
        for moved in changes_that_may(self, size, Known(cures, self.undecided), self.conflicts):
            search = moved.place
            assert isinstance(search, Search)
            witness = search.witnesses.of(sorted(moved.facts, key=str))
            if witness is not None:
                cures.append(witness)

    def _place(self, changes: Changes) -> tuple[int, list[tuple[int, str]]]:
        """What needs fewer records comes first, then in the order of the rules."""
        order = places_in_rules(self.trial.program)
        added_records = {fact.instance for fact in changes if is_added(self.trial.case, fact)}
        return len(added_records), sorted((order[fact.name], str(fact)) for fact in changes)
