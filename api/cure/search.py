"""Sets of facts whose change makes a condition hold, the smallest first, each with values that do.

1. *May it hold?* The interpreter with a set of facts unknown: if it cannot hold, no part of the set cures (`trial`).
2. Sets of one, two and three facts, level by level (`groups`); a set that holds a cure, or one that was
   not decided, is left out.
3. A *witness* of each: values with which the condition holds (`witness`).

What nobody can change is in no set: births and other records of the past, and what only time changes (`changing`). A
date is something done: on the day that is asked about, or later.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from api.cases.reach import reached
from api.cure.changing import may_change
from api.cure.groups import Known, sets_that_may
from api.cure.trial import Changes, Trial, may
from api.cure.witness import Witnesses
from engine.interpret.cases import Case
from engine.interpret.outcomes import Fact, Possible

LARGEST = 3


@dataclass(eq=False)
class Search:
    """The search for what cures one condition of one case."""

    trial: Trial
    witnesses: Witnesses = field(init=False)

    def __post_init__(self) -> None:
        self.witnesses = Witnesses(self.trial)

    def in_case(self, case: Case) -> Search:
        """The same search in another case, out of the same budget."""
        return Search(self.trial.in_case(case))

    def candidates(self) -> list[Fact]:
        """The facts that may be changed, and that matter while all of them are unknown."""
        trial, facts = self.trial, list[Fact]()
        case = trial.case
        for cell in reached(trial.program, case.at, (trial.program.definitions[trial.fact.name],)):
            definition = trial.program.definitions[cell.name]
            stated = definition.is_input or any(fact.name == cell.name for fact in case.given)
            if stated and may_change(trial.program, definition) and cell.period.end >= case.at.start:
                facts += [Fact(cell.name, name, cell.period) for name in case.instances.get(definition.entity, ())]
        outcome = trial.outcome({}, facts)
        needs = outcome.needs if isinstance(outcome, Possible) and may(outcome) else frozenset()
        return [fact for fact in facts if fact in needs]

    def cures(
        self, chosen: frozenset[Fact], pool: Sequence[Fact], more: int, cures: Sequence[Changes]
    ) -> Iterator[Changes]:
        """The cures by what is chosen and so many more facts of a pool; none holds one of `cures`, which may grow."""
        known = Known(cures, self.witnesses.undecided)
        for facts in sets_that_may(self.trial, chosen, pool, more, known):
            witness = self.witnesses.of(sorted(facts, key=str))
            if witness is not None:
                yield witness
