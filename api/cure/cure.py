"""`cure`: why a condition is refused, and what would change it: facts, waiting, or both.

1. `search` finds the smallest sets of facts that cure today, each with values that do.
2. *Waiting*: at each later day or period on which the condition may turn by itself, all else as it is (`turning`). What
   only time changes, such as an age, grows with it.
3. *Plans*: on each of those days, sets smaller than any that cures before. So "from 1 September the certificate alone
   is enough" is found. A plan is a day and a set; none shown is both later than another and asks for as much.

With a bound on work; beyond it the answer says that it is not settled. Each cure is checked by the interpreter.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cached_property

from api.cases.calculate import Basis, Of, basis_of, of
from api.cases.json_values import as_json
from api.cases.naming import period_for
from api.cases.ranking import in_order_of_rules
from api.cure.changing import grows
from api.cure.records import is_added, owner_of_added, weight
from api.cure.search import LARGEST, Search
from api.cure.steady import Steady
from api.cure.trial import Budget, Changes, Spent, Trial
from api.cure.turning import turning_days
from api.failures import Failure, Misuse
from api.schema import Json
from engine.garbage import without_search
from engine.interpret.cases import Case
from engine.interpret.domain import needs_of
from engine.interpret.further import is_list
from engine.interpret.outcomes import Fact, Known, Outcome, Possible
from engine.ir.program import Definition, Program
from engine.values.periods import Period, Unit
from engine.values.types import Value

TODAY, WAITING, LATER = 44_000, 8_000, 4_000
"""How much work (`trial.Budget`) goes into changes of today, into waiting alone, and into changes on later days, for
which what the first two left is there besides. A thousand take 10 to 15 ms: so all of it takes less than a second.
After a search of today that was cut short no later day is searched: it would take as long, and say less."""
THOROUGH = 100
"""So many times as much where somebody is ready to wait."""
YEARS_AHEAD = 15
DAYS_AHEAD = 60 * 366


@dataclass(frozen=True, slots=True)
class Change:
    """A fact that is changed: of whom, from what (null: nobody stated it), and to what. `by`: who changes such a fact,
    as the rules say (empty: they do not), and `how`."""

    fact: str
    of: Of
    period: str
    label: str
    from_: Json
    to: Json
    by: str = ""
    how: str = ""


@dataclass(frozen=True, slots=True)
class Stated:
    """A fact of a record that is added."""

    fact: str
    label: str
    to: Json


@dataclass(frozen=True, slots=True)
class Added:
    """A record more, of whom, with what it must say. `by`: who adds such a record, as the rules say, and `how`."""

    record: str
    of: Of
    facts: tuple[Stated, ...]
    by: str = ""
    how: str = ""


@dataclass(frozen=True, slots=True)
class Cure:
    """Changes, and records more, with which, together, the condition holds, all else as it is. No part of them is
    enough."""

    changes: tuple[Change, ...]
    added: tuple[Added, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """From a day (or period) on, these changes are enough: fewer than before it. None: waiting alone is."""

    from_: str
    changes: tuple[Change, ...]
    added: tuple[Added, ...] = ()


@dataclass(frozen=True, slots=True)
class Cured:
    """The answer. `holds` without any change; else the cures, and the day or period from which waiting alone is enough.
    `plans`: what is enough from which later day on. `settled`: whether every set of up to `size` facts was decided.
    `looked_until`: the last day or period that was looked at, where there are later ones."""

    basis: Basis
    of: Of
    holds: bool
    cures: tuple[Cure, ...] = ()
    waiting: str = ""
    settled: bool = True
    size: int = 0
    plans: tuple[Plan, ...] = ()
    looked_until: str = ""


def cure(
    program: Program,
    case: Case,
    condition: Definition,
    instance: str = "",
    *,
    every: bool = False,
    thorough: bool = False,
    reforms: Sequence[str] = (),
) -> Cured:
    """What would make the condition hold. Without `every` the search ends with the first size that gives cures;
    `thorough` lets it take as long as it needs, within reason.

    Raises Misuse for a case that is not complete or has nobody to ask it of; Failure if it fails or is not determined.
    """
    if not case.complete:
        raise Misuse("the case is not complete, so nothing is refused yet", "add `complete: true` to it")
    instances = case.instances.get(condition.entity, ())
    if not instances or (instance and instance not in instances):
        raise Misuse(f"the case has no such {condition.entity}", f"add one, or name one of {', '.join(instances)}")
    if not instance and len(instances) > 1:
        raise Misuse(f"more than one {condition.entity} is in the case", f"add `--of`: {', '.join(instances)}")
    fact = Fact(condition.name, instance or instances[0], period_for(program, condition, case.at))
    times = THOROUGH if thorough else 1
    trial = Trial(program, case, fact, Steady(program), Budget(sys.maxsize))
    basis, whose = basis_of(program, case, reforms), Of(condition.entity, fact.instance)
    now = trial.outcome({})
    if isinstance(now, Known) and now.value is True:
        return Cured(basis, whose, True)
    if not isinstance(now, Known):
        raise _no_answer(program, now)
    trial.budget = Budget(TODAY * times)
    with nullcontext() if thorough else without_search():  # most of what a short search makes is kept until its end
        return _Asked(condition, Search(trial), every, times).answer(Cured(basis, whose, False))


def _no_answer(program: Program, now: Outcome) -> Failure:
    """What is told of a condition that is neither met nor unmet: what must be stated first, if that is why."""
    needs = in_order_of_rules(program, [fact for fact in needs_of(now) if not is_list(fact)])
    if not isinstance(now, Possible) or not needs:
        return Failure("the condition has no yes or no in this case", "`rulewright calc` says why")
    named = ", ".join(f"`{program.definitions[fact.name].short_name}` of {fact.instance}" for fact in needs[:3])
    more = f" and {len(needs) - 3} more" if len(needs) > 3 else ""
    return Failure("the condition is not determined, so it may hold as it is", f"state {named}{more}")


@dataclass(eq=False)
class _Asked:
    condition: Definition
    search: Search
    every: bool
    times: int

    @property
    def trial(self) -> Trial:
        return self.search.trial

    def answer(self, empty: Cured) -> Cured:
        changes_found: list[Changes] = []
        settled, today = True, self.trial.budget
        try:
            self.search.smallest(range(1, LARGEST + 1), self.every, changes_found)
        except Spent:
            settled = False
        sizes = [weight(self.trial.case, changes) for changes in changes_found]
        least = min(sizes, default=LARGEST + 1)
        waited = Budget(WAITING * self.times + (max(today.left, 0) if least == 1 else 0))
        days, waiting, until = self._waiting(waited)
        later = Budget(LATER * self.times + max(today.left, 0) + max(waited.left, 0) if settled else 0)
        plans, cut_at = self._plans(days, least, changes_found, later)
        until = cut_at or until
        settled = settled and not (until or later.unsettled or today.unsettled)
        cures = tuple(Cure(*self.told(self.trial, changes)) for changes in changes_found)
        size = max(sizes, default=LARGEST)
        return replace(empty, cures=cures, waiting=waiting, settled=settled, size=size, plans=plans, looked_until=until)

    def _waiting(self, budget: Budget) -> tuple[list[Search], str, str]:
        """The later days on which waiting alone is not enough, in order, and the first on which it is; and the last
        that could be looked at, where not all could."""
        days = list[Search]()
        for at in self._turning():
            search = self._at(at, budget)
            if search is None:
                break
            try:
                if search.trial.hangs(()) is None and search.trial.holds({}):
                    return days, str(at), ""
            except Spent:
                return days, "", str(days[-1].trial.case.at if days else self.trial.case.at)
            days.append(search)
        return days, "", ""

    def _plans(
        self, days: Sequence[Search], least: int, today: Sequence[Changes], budget: Budget
    ) -> tuple[tuple[Plan, ...], str]:
        """What is enough from which day on, where it is less than before; and the last day that could be looked at,
        where not all could."""
        plans: list[Plan] = []
        before = self.trial.case.at
        for search in days if least > 1 else ():
            search.trial.budget = budget
            try:
                smaller = self._smaller(search, least, today)
            except Spent:
                return tuple(plans), str(before)
            if smaller:
                least = min(weight(search.trial.case, changes) for changes in smaller)
                plans += [Plan(str(search.trial.case.at), *self.told(search.trial, changes)) for changes in smaller]
            before = search.trial.case.at
            if least <= 1:
                break
        return tuple(plans), ""

    def _smaller(self, search: Search, least: int, today: Sequence[Changes]) -> list[Changes]:
        """The cures of fewer changes at a later period. None holds one of today's, which are as many or more."""
        now, at = self.trial.case.at, search.trial.case.at
        cures: list[Changes] = [
            {fact._replace(period=at) if fact.period == now else fact: value for fact, value in changes.items()}
            for changes in today
        ]
        known = len(cures)
        search.smallest(range(1, min(least, LARGEST + 1)), False, cures)
        return cures[known:]

    @cached_property
    def _growing(self) -> frozenset[str]:
        program = self.trial.program
        return frozenset(fact.name for fact in self.trial.case.given if grows(program.definitions[fact.name]))

    def _at(self, at: Period, budget: Budget) -> Search | None:
        """The same question at a later period; None where it does not move with the period."""
        trial = self.trial
        if trial.fact.period != trial.case.at:
            return None
        return Search(trial.later(moved(trial.case, at, self._growing), budget))

    def _turning(self) -> Iterator[Period]:
        """Periods after the case's at which something may turn, within what the rules answer for."""
        program, case = self.trial.program, self.trial.case
        settings = program.settings
        last = settings.projected_to or settings.covers_to
        at = case.at
        if at.kind.unit is Unit.DAY:
            until = min(last, at.start + timedelta(days=DAYS_AHEAD))
            yield from (at.kind.containing(day) for day in turning_days(program, case, self.condition, until))
            return
        steps = YEARS_AHEAD * (12 if at.kind.unit is Unit.MONTH else 1)
        later = (at.shift(number) for number in range(1, steps + 1))
        yield from (period for period in later if period.end <= last)

    def told(self, trial: Trial, witness: Changes) -> tuple[tuple[Change, ...], tuple[Added, ...]]:
        """A cure in words of the case: what is changed, and which records are added."""
        changes: list[Change] = []
        added: dict[str, list[tuple[Fact, Value]]] = {}
        for fact, value in sorted(witness.items(), key=lambda item: str(item[0])):
            if is_added(trial.case, fact):
                added.setdefault(fact.instance, []).append((fact, value))
            else:
                changes.append(self._change(trial, fact, value))
        return tuple(changes), tuple(self._added(facts) for facts in added.values())

    def _added(self, facts: Sequence[tuple[Fact, Value]]) -> Added:
        program, (first, _) = self.trial.program, facts[0]
        record = program.settings.entities[program.definitions[first.name].entity]
        said = []
        for fact, value in facts:
            definition = program.definitions[fact.name]
            to = as_json(value, definition.type, program.settings)
            said.append(Stated(definition.short_name, definition.label, to))
        changing = record.more
        by, how = (changing.by, changing.how) if changing is not None else ("", "")
        return Added(record.name, Of(record.belongs_to, owner_of_added(first)), tuple(said), by, how)

    def _change(self, trial: Trial, fact: Fact, value: Value) -> Change:
        definition, settings = trial.program.definitions[fact.name], trial.program.settings
        now = trial.now(fact)
        before = None if now is None else as_json(now, definition.type, settings)
        after = as_json(value, definition.type, settings)
        whose, changing = of(trial.program, fact), definition.changing
        return Change(
            definition.short_name,
            whose,
            str(fact.period),
            definition.label,
            before,
            after,
            changing.by,
            changing.how,
        )


def moved(case: Case, at: Period, growing: Collection[str]) -> Case:
    """The case at another period: what is given for its own is given for that one; what grows does with the years."""
    years = at.start.year - case.at.start.year
    given: dict[Fact, Value] = {}
    for fact, value in case.given.items():
        if fact.period != case.at:
            given[fact] = value
        elif fact.name in growing and isinstance(value, int):
            given[Fact(fact.name, fact.instance, at)] = value + years
        else:
            given[Fact(fact.name, fact.instance, at)] = value
    return replace(case, at=at, given=given)
