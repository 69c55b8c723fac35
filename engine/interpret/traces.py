"""How figures were found in cases that differ only in which facts are stated and how, so that a figure is evaluated
anew only where something that it read is another.

1. A trace is a step with what each fact and figure was that its formula read, in the order of reading. The interpreter
   reads in one order and no more than it needs. So where all that was read is what it was, the figure is, too; and
   whoever asks for that in the same order asks for nothing that the formula would not, up to the first that differs.
2. A step whose formula asked another world, in whose periods somebody decides, or whose group was not known, read more
   than is noted: it has no trace. Nor have errors and circles, which say by what way they were met.
3. Worlds that replace the same facts, and parameters by the same values, share traces: what stands for the facts is
   among what was read.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable

from engine.interpret.frames import Step
from engine.interpret.outcomes import Fact, Failure, Outcome

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
        for step, reads in self._kept.get(fact, ()):
            if _are(reads, find):
                return step
        return None

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


def _are(reads: tuple[tuple[Fact, Outcome], ...], find: Callable[[Fact], Outcome]) -> bool:
    for fact, before in reads:
        now = find(fact)
        if now is not before and now != before:
            return False
    return True
