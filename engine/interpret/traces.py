"""How figures were found in cases that differ only in which facts are stated and how, so that a figure is evaluated
anew only where something that it read is another.

1. A trace is a step with what each fact and figure was that its formula read, in the order of reading. The interpreter
   reads in one order and no more than it needs. So where all that was read is what it was, the figure is, too; and
   whoever asks for that in the same order asks for nothing that the formula would not, up to the first that differs.
   Where it is but for facts that it needs no more, so is the figure: what a formula makes of ranges hangs on nothing
   else of them, and it needs what they need.
2. A step whose formula asked another world, in whose periods somebody decides, or whose group was not known, read more
   than is noted: it has no trace. Nor have errors and circles, which say by what way they were met.
3. Worlds that replace the same facts, and parameters by the same values, share traces: what stands for the facts is
   among what was read.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from copy import copy

from engine.interpret.domain import NO_FACTS
from engine.interpret.frames import Step
from engine.interpret.outcomes import Fact, Failure, Outcome, Possible

MOST, MOST_WORLDS = 3, 64
"""So many traces of a figure are kept, the last ones, and those of so many worlds."""
_Trace = tuple[Step, tuple[tuple[Fact, Outcome], ...]]


class Traces:
    """The traces of the figures of one case, whatever is stated in it. Threads may share them."""

    def __init__(self) -> None:
        self._kept: dict[Fact, tuple[_Trace, ...]] = {}
        self._inside: dict[Hashable, Traces] = {}

    def inside(self, replaced: Hashable) -> Traces:
        """The traces of the worlds in which the same is replaced."""
        if replaced not in self._inside and len(self._inside) >= MOST_WORLDS:
            self._inside = {}
        return self._inside.setdefault(replaced, Traces())

    def step(self, fact: Fact, find: Callable[[Fact], Outcome]) -> Step | None:
        """How a figure was found where all was as it is now."""
        for trace in self._kept.get(fact, ()):
            found: list[Outcome] = []
            answered = _answered(trace[1], find, found)
            if answered is not None:
                return self._needing_less(trace, answered, found) if answered else trace[0]
        return None

    def _needing_less(self, trace: _Trace, answered: frozenset[Fact], found: Sequence[Outcome]) -> Step:
        """How a figure was found, now that it needs some facts no more."""
        before, reads = trace
        after = copy(before)
        after.outcome = _without(before.outcome, answered)
        if before.before_rounding is not None:
            after.before_rounding = _without(before.before_rounding, answered)
        others = [other for other in self._kept[before.fact] if other is not trace]
        now = tuple((fact, outcome) for (fact, _), outcome in zip(reads, found, strict=True))
        self._kept[before.fact] = ((after, now), *others)
        return after

    def keep(self, step: Step, found: Callable[[Fact], Outcome | None]) -> None:
        """Keep how a figure was found. `found` says what a fact or figure was that it read, None if that is unclear."""
        if step.is_untraceable or isinstance(step.outcome, Failure):
            return
        reads: list[tuple[Fact, Outcome]] = []
        for fact in dict.fromkeys(step.reads):
            outcome = found(fact)
            if outcome is None:
                return
            reads.append((fact, outcome))
        others = self._kept.get(step.fact, ())[: MOST - 1]
        self._kept[step.fact] = ((step, tuple(reads)), *others)


def _answered(
    reads: Sequence[tuple[Fact, Outcome]], find: Callable[[Fact], Outcome], found: list[Outcome]
) -> frozenset[Fact] | None:
    """The facts that some figures need no more; None where they are others than before but for that. What they are now
    is added to `found`, in order, as long as that may be."""
    answered = NO_FACTS
    for fact, before in reads:
        now = find(fact)
        found.append(now)
        if now is before or now == before:
            continue
        if type(now) is not Possible or type(before) is not Possible or not _are_alike(before, now):
            return None
        answered |= before.needs - now.needs
    if answered and any(type(now) is Possible and not answered.isdisjoint(now.needs) for now in found):
        return None
    return answered


def _are_alike(before: Possible, now: Possible) -> bool:
    """Whether the two are the same, but for facts that the second needs no more."""
    same = before.range == now.range and before.may_not_apply == now.may_not_apply and before.may_fail == now.may_fail
    return same and now.needs <= before.needs


def _without(outcome: Outcome, answered: frozenset[Fact]) -> Outcome:
    if type(outcome) is not Possible or answered.isdisjoint(outcome.needs):
        return outcome
    return Possible(outcome.range, outcome.needs - answered, outcome.may_not_apply, outcome.may_fail)
