"""Sets of changes that may make a condition hold, by what its refusal hangs on.

1. Nothing cures that leaves alone all that a refusal hangs on (`hanging`). So the first change is one of these facts,
   or a record of one of these kinds; with it made, the next is one of what the refusal then hangs on; and so on.
2. Before many facts are looked at one after the other they are opened together. If the condition cannot hold even then,
   more must change besides, and that is often less: then it is looked at first. If nothing more may, all are left out.
3. The last change is looked for by halves (`groups`). So is all that is left once what was changed may be enough and no
   values of it are.

Every set is met once: what was tried before at a place is left out after it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from api.cure.groups import Known, Opening, sets_that_may
from api.cure.hanging import Hangs
from engine.interpret.outcomes import Fact

FEW = 3
"""So many facts are looked at one after the other, without being opened together before."""


@dataclass(frozen=True, order=True, slots=True)
class More:
    """A record more of a kind, of somebody."""

    kind: str
    owner: str


Move = Fact | More


class Asked(Opening, Protocol):
    """What is asked of a condition: on what its refusal hangs with some facts changed and some open."""

    def hangs(self, changed: Collection[Fact], opened: Collection[Fact] = ()) -> Hangs | None:
        """None if it may hold."""


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
    """A place, and what is changed there: facts, and what the added records say."""

    place: Place
    facts: frozenset[Fact]

    def hangs(self, opened: Collection[Fact] = ()) -> Hangs | None:
        """On what the refusal hangs from here."""
        return self.place.asked.hangs(self.facts, opened)

    def after(self, move: Move) -> Moved | None:
        """With one change more."""
        if isinstance(move, Fact):
            return Moved(self.place, self.facts | {move})
        place = self.place.with_more(move)
        return Moved(place, self.facts | place.fields) if place is not None else None


def changes_that_may(start: Place, size: int, known: Known) -> Iterator[Moved]:
    """The sets of so many changes that may cure and hold no known set, which may grow meanwhile."""
    yield from _Branches(known).sets(Moved(start, frozenset()), size, frozenset())


@dataclass(frozen=True, slots=True)
class _Branches:
    known: Known

    def sets(self, moved: Moved, more: int, left_out: frozenset[Move]) -> Iterator[Moved]:
        """With so many changes more, none of which is left out."""
        if self.known.are_in(moved.facts):
            return
        hangs = moved.hangs()
        if not more:
            if hangs is None:
                yield moved
            return
        if hangs is None:
            yield from self._whatever(moved, more, left_out)
            return
        moves = self._moves(moved, hangs, left_out)
        if more == 1:
            yield from self._last(moved, moves)
            return
        yield from self._first_of(moved, self._fewer(moved, moves, left_out), more, left_out)

    def _first_of(self, moved: Moved, moves: Sequence[Move], more: int, left_out: frozenset[Move]) -> Iterator[Moved]:
        """Sets in which one of some changes is, each met at the first of them that it holds."""
        if self._leave_out(moved, moves, left_out):
            return
        if len(moves) > FEW:
            half = len(moves) // 2
            yield from self._first_of(moved, moves[:half], more, left_out)
            yield from self._first_of(moved, moves[half:], more, left_out.union(moves[:half]))
            return
        for number, move in enumerate(moves):
            after = moved.after(move)
            if after is not None:
                yield from self.sets(after, more - 1, left_out.union(moves[:number], [move]))

    def _leave_out(self, moved: Moved, moves: Sequence[Move], left_out: frozenset[Move]) -> bool:
        """Whether even all of some facts together leave a refusal that hangs on nothing else."""
        facts = [move for move in moves if isinstance(move, Fact)]
        if len(moves) <= FEW or len(facts) < len(moves):
            return False
        hangs = moved.hangs(facts)
        return hangs is not None and not self._moves(moved, hangs, left_out.union(facts))

    def _fewer(self, moved: Moved, moves: Sequence[Move], left_out: frozenset[Move]) -> Sequence[Move]:
        """What must change besides many facts, where that is less than these: one of it is in every set, too."""
        facts = [move for move in moves if isinstance(move, Fact)]
        hangs = moved.hangs(facts) if len(facts) > FEW else None
        if hangs is None:
            return moves
        besides = self._moves(moved, hangs, left_out.union(facts))
        return besides if len(besides) < len(moves) else moves

    def _moves(self, moved: Moved, hangs: Hangs, left_out: frozenset[Move]) -> list[Move]:
        """The changes one of which is in every set from here on, without those that cure with what is changed."""
        facts: list[Move] = [
            fact
            for fact in sorted(hangs.facts - moved.facts, key=str)
            if fact not in left_out and not self.known.are_in(moved.facts | {fact})
        ]
        owners = moved.place.owners
        kinds = [More(kind, owner) for kind in sorted(hangs.kinds & owners.keys()) for owner in owners[kind]]
        return facts + [move for move in kinds if move not in left_out]

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
