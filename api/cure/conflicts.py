"""What was learned of a condition that cannot hold: sets of changes one of which is in whatever cures.

A search has many branches, and most refusals met on them hang on the same: what is kept is asked of each branch anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from engine.interpret.outcomes import Fact


@dataclass(frozen=True, order=True, slots=True)
class More:
    """A record more of a kind, of somebody."""

    kind: str
    owner: str


Move = Fact | More


@dataclass(frozen=True, slots=True)
class Conflicts:
    """The sets, each with the changes (facts, and records more) with which it was learned: it holds of all sets of
    changes with these."""

    _learned: dict[tuple[frozenset[Fact], frozenset[More], frozenset[Move]], None] = field(default_factory=dict)

    def learn(self, facts: frozenset[Fact], records: frozenset[More], moves: frozenset[Move]) -> None:
        """Note that whatever cures, with some changes made, holds one of some others."""
        self._learned[facts, records, moves] = None

    def unmet(self, facts: frozenset[Fact], records: frozenset[More]) -> Iterator[frozenset[Move]]:
        """The sets of which nothing is among some changes."""
        for given, added, moves in self._learned:
            if given <= facts and added <= records and moves.isdisjoint(facts) and moves.isdisjoint(records):
                yield moves


def order(move: Move) -> tuple[bool, str]:
    """In which order changes are tried: facts before records."""
    return isinstance(move, More), str(move)


def size_and_order(moves: frozenset[Move]) -> tuple[int, list[tuple[bool, str]]]:
    """Which set of changes comes first: the smallest."""
    return len(moves), sorted(map(order, moves))
