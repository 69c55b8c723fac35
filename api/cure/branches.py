"""Sets of changes that may make a condition hold, by what its refusal hangs on.

1. Nothing cures that leaves alone all that a refusal hangs on (`hanging`): one of these facts is changed, or a record
   of one of these kinds added. That holds of every set with the changes with which it was learned, so what one branch,
   or the search for fewer changes, learned is asked of no other (`conflicts`).
2. What a refusal hangs on is opened, and if the condition cannot hold even then, what that hangs on besides is needed
   too; and so on. As many changes are needed as there are such sets with nothing in common: with fewer left, a branch
   is left. Else the next change is one of the smallest of them. Before many facts are looked at one after the other
   they are opened together in the same way, half by half.
3. The last change is in all that was learned. It is looked for by halves (`groups`). So is all that is left once what
   was changed may be enough and no values of it are.

Every set is met once: what was tried before at a place is left out after it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from api.cure.conflicts import Conflicts, More, Move, order, size_and_order
from api.cure.groups import Asked, Known, sets_that_may
from api.cure.hanging import Hangs
from engine.interpret.outcomes import Fact

FEW = 3
"""So many facts are looked at one after the other, without being opened together before."""


class Place(Protocol):
    """A case in which some records were added: who can be asked, of whom, and what can be changed besides."""

    @property
    def asked(self) -> Asked:
        """The condition of that case."""

    @property
    def fields(self) -> frozenset[Fact]:
        """What the added records must say."""

    @property
    def owners(self) -> Mapping[str, Sequence[str]]:
        """For each kind of record that can still be added, of whom."""

    def candidates(self) -> Sequence[Fact]:
        """All facts that may matter."""

    def with_more(self, more: More) -> Place | None:
        """The case with a record more; None if such a record says nothing that matters."""


@dataclass(frozen=True, slots=True)
class Moved:
    """A place, and what is changed there: facts, what the added records say, and which records these are."""

    place: Place
    facts: frozenset[Fact]
    records: frozenset[More] = frozenset()

    def hangs(self, opened: Collection[Fact] = ()) -> Hangs | None:
        """On what the refusal hangs from here."""
        return self.place.asked.hangs(self.facts, opened)

    def after(self, move: Move) -> Moved | None:
        """With one change more."""
        if isinstance(move, Fact):
            return Moved(self.place, self.facts | {move}, self.records)
        place = self.place.with_more(move)
        return Moved(place, self.facts | place.fields, self.records | {move}) if place is not None else None


def changes_that_may(start: Place, size: int, known: Known, conflicts: Conflicts | None = None) -> Iterator[Moved]:
    """The sets of so many changes that may cure and hold no known set, which may grow meanwhile. What searches of other
    sizes learned of the same place is in `conflicts`, to which this one adds."""
    moved = Moved(start, frozenset())
    yield from _Branches(known, conflicts or Conflicts()).sets(moved, size, frozenset())


@dataclass(frozen=True, slots=True)
class _Branches:
    known: Known
    conflicts: Conflicts

    def sets(self, moved: Moved, more: int, left_out: frozenset[Move]) -> Iterator[Moved]:
        """With so many changes more, none of which is left out."""
        if self.known.are_in(moved.facts):
            return
        if not self._unmet(moved, left_out):
            hangs = moved.hangs()
            if hangs is None:
                yield from self._whatever(moved, more, left_out) if more else [moved]
                return
            self._learn(moved, hangs)
        unmet = self._unmet(moved, left_out)
        if more == 1:
            unmet = [frozenset.intersection(*unmet)]
        if self._are_too_many(moved, unmet, more, left_out):
            return
        moves = min(self._unmet(moved, left_out) if more > 1 else unmet, key=size_and_order)
        if more == 1:
            yield from self._last(moved, sorted(moves, key=order))
        else:
            yield from self._first_of(moved, sorted(moves, key=order), more, left_out)

    def _first_of(self, moved: Moved, moves: Sequence[Move], more: int, left_out: frozenset[Move]) -> Iterator[Moved]:
        """Sets in which one of some changes is, each met at the first of them that it holds."""
        if len(moves) > FEW:
            half = len(moves) // 2
            for part, others in ((moves[:half], left_out), (moves[half:], left_out.union(moves[:half]))):
                if not self._are_too_many(moved, [frozenset(part)], more, others):
                    yield from self._first_of(moved, part, more, others)
            return
        for number, move in enumerate(moves):
            after = moved.after(move)
            if after is not None:
                yield from self.sets(after, more - 1, left_out.union(moves[:number], [move]))

    def _are_too_many(
        self, moved: Moved, first: Sequence[frozenset[Move]], more: int, left_out: frozenset[Move]
    ) -> bool:
        """Whether more changes are needed than may be made: one of each of some sets with nothing in common. Of what is
        known; then of what the refusal hangs on with all of these open, as long as there is one."""
        apart = _apart([*first, *self._unmet(moved, left_out)])
        while len(apart) <= more and all(apart):
            taken = frozenset[Move]().union(*apart)
            facts = [move for move in taken if isinstance(move, Fact)]
            hangs = moved.hangs(facts) if len(facts) == len(taken) else None
            if hangs is None:
                return False
            apart.append(self._open(moved, self._learn(moved, hangs, facts), left_out))
        return True

    def _learn(self, moved: Moved, hangs: Hangs, opened: Collection[Fact] = ()) -> frozenset[Move]:
        """The changes one of which is in every set from here on."""
        owners = moved.place.owners
        kinds = frozenset(More(kind, owner) for kind in hangs.kinds & owners.keys() for owner in owners[kind])
        moves = kinds | hangs.facts.difference(moved.facts, opened)
        self.conflicts.learn(moved.facts, moved.records, moves)
        return moves

    def _unmet(self, moved: Moved, left_out: frozenset[Move]) -> list[frozenset[Move]]:
        """Sets of changes one of each of which is still to be made."""
        return [self._open(moved, moves, left_out) for moves in self.conflicts.unmet(moved.facts, moved.records)]

    def _open(self, moved: Moved, moves: frozenset[Move], left_out: frozenset[Move]) -> frozenset[Move]:
        """Those of some changes that may be made, without those that cure with what is changed."""
        return moves.difference(left_out, self.known.completing(moved.facts))

    def _last(self, moved: Moved, moves: Sequence[Move]) -> Iterator[Moved]:
        """Sets with one of some changes and no other."""
        facts = [move for move in moves if isinstance(move, Fact)]
        for found in sets_that_may(moved.place.asked, moved.facts, facts, 1, self.known):
            yield Moved(moved.place, found)
        for move in moves:
            after = moved.after(move) if isinstance(move, More) else None
            if after is not None:
                yield from self.sets(after, 0, frozenset())

    def _whatever(self, moved: Moved, more: int, left_out: frozenset[Move]) -> Iterator[Moved]:
        """Sets with so many of all changes that may matter: what is changed says nothing of which."""
        pool = [fact for fact in moved.place.candidates() if fact not in moved.facts and fact not in left_out]
        for found in sets_that_may(moved.place.asked, moved.facts, pool, more, self.known):
            yield Moved(moved.place, found)
        kinds = [More(kind, owner) for kind, owners in sorted(moved.place.owners.items()) for owner in owners]
        for number, kind in enumerate(kinds):
            after = moved.after(kind) if kind not in left_out else None
            if after is not None:
                yield from self.sets(after, more - 1, left_out.union(kinds[: number + 1]))


def _apart(sets: Sequence[frozenset[Move]]) -> list[frozenset[Move]]:
    """Some of the sets, the first and then small ones, no two of which have anything in common."""
    apart = list(sets[:1])
    for moves in sorted(sets[1:], key=len):
        if all(moves.isdisjoint(other) for other in apart):
            apart.append(moves)
    return apart
