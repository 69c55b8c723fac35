"""Sets of facts of a size that may make a condition hold, by groups that are halved.

1. A set takes so many of its facts from each of some groups. At first there is one group, of all facts, from which all
   are taken.
2. If the condition cannot hold with every fact of the groups open, no set taken from them is a cure: it is left out.
3. Else the smallest group of more facts than are taken is halved, and each way to share out what is taken is looked at
   in the same way, until every group is taken whole.

So among hundreds of facts the few that matter are found with a handful of evaluations each. A fact that cures with what
is chosen anyway is in no larger set, so it is not part of any group.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from api.cure.hanging import Hangs
from engine.interpret.outcomes import Fact


@dataclass(frozen=True, slots=True)
class Group:
    """Facts, and how many of them are taken."""

    facts: tuple[Fact, ...]
    taken: int

    @property
    def is_whole(self) -> bool:
        """Whether all of them are taken."""
        return self.taken == len(self.facts)

    def shared(self) -> Iterator[list[Group]]:
        """Its two halves, with each way to share out what is taken."""
        middle = len(self.facts) // 2
        first, second = self.facts[:middle], self.facts[middle:]
        for left in range(min(self.taken, len(first)), max(self.taken - len(second), 0) - 1, -1):
            halves = (Group(first, left), Group(second, self.taken - left))
            yield [half for half in halves if half.taken]


@dataclass(frozen=True, slots=True)
class Known:
    """Sets that no other may hold: the cures, and what could not be decided. Both grow while one looks."""

    cures: Sequence[Collection[Fact]]
    undecided: Sequence[Collection[Fact]]

    def are_in(self, facts: Collection[Fact]) -> bool:
        """Whether some facts hold one of them."""
        return any(all(fact in facts for fact in known) for known in (*self.cures, *self.undecided))

    def completing(self, facts: Collection[Fact]) -> set[Fact]:
        """The facts each of which makes one of them, together with some others."""
        missing = ([fact for fact in known if fact not in facts] for known in (*self.cures, *self.undecided))
        return {left[0] for left in missing if len(left) == 1}

    def within(self, facts: Collection[Fact]) -> list[Collection[Fact]]:
        """Those that lie within some facts."""
        return [known for known in (*self.cures, *self.undecided) if all(fact in facts for fact in known)]


class Asked(Protocol):
    """What is asked of a condition: on what its refusal hangs."""

    def hangs(self, changed: Collection[Fact], opened: Collection[Fact] = ()) -> Hangs | None:
        """With some facts changed and some open; None if it may hold."""


def sets_that_may(
    trial: Asked, chosen: frozenset[Fact], pool: Sequence[Fact], more: int, known: Known
) -> Iterator[frozenset[Fact]]:
    """The facts that are chosen with so many more of a pool, where together they may cure and hold no known set."""
    yield from _Halving(trial, known).sets(chosen, pool, more)


@dataclass(frozen=True, slots=True)
class _Halving:
    trial: Asked
    known: Known

    def sets(self, chosen: frozenset[Fact], pool: Sequence[Fact], more: int) -> Iterator[frozenset[Fact]]:
        """Those without the fact that is in most known sets, then those with it; by groups once none is left."""
        known = self.known
        if known.are_in(chosen):
            return
        others = tuple(fact for fact in pool if not known.are_in(chosen | {fact}))
        if len(others) < more:
            return
        counts = Counter(fact for facts in known.within(chosen.union(others)) for fact in facts if fact not in chosen)
        if not counts or not more:
            yield from self._within(chosen, [Group(others, more)] if more else [])
            return
        most, _ = counts.most_common(1)[0]
        rest = [fact for fact in others if fact != most]
        yield from self.sets(chosen, rest, more)
        yield from self.sets(chosen | {most}, rest, more - 1)

    def _within(self, chosen: frozenset[Fact], groups: Sequence[Group]) -> Iterator[frozenset[Fact]]:
        surely = chosen.union(*(group.facts for group in groups if group.is_whole))
        divided = sorted((group for group in groups if not group.is_whole), key=lambda group: len(group.facts))
        if self.known.are_in(surely) or not self._may(surely, divided):
            return
        if not divided:
            yield surely
            return
        halved = next((group for group in divided if self._may(surely, [group])), divided[-1])
        rest = [group for group in groups if group is not halved]
        for halves in halved.shared():
            yield from self._within(chosen, [*rest, *halves])

    def _may(self, surely: frozenset[Fact], groups: Sequence[Group]) -> bool:
        """Whether the condition may hold with some facts changed, and all of some groups open."""
        return self.trial.hangs(surely, [fact for group in groups for fact in group.facts]) is None
