"""What may not be said together because one implies the other: rows of `implications` with `always` or `never`.

1. A contradiction has claims that all must be stated (`given`), of one who goes with the one of whom the last is.
2. Facts that are `equal` are such a contradiction for each two: the second is as the first is stated.
3. What such a row implies may be what another asks for: `chained` adds what follows through others.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Any

from engine.ir.links import Link
from engine.records import record
from engine.values.types import NONE, Value

MOST_GIVEN = 4


@record(frozen=True, slots=True)
class Claim:
    """That a fact or figure, by its whole-program name, is one of some values, `above` a number, stated at all, or
    what is stated of the one named by `equal_to`."""

    name: str
    values: tuple[Value, ...] = ()
    above: Fraction | None = None
    stated: bool = False
    equal_to: str = ""


@record(frozen=True, slots=True)
class Contradiction:
    """Beside all of `given`, stated of one, nothing but `claim` may be stated of those who go with that one; where it
    is `denied`, `claim` itself may not. `role`: which of a group's members `given` is stated of. `needed`: it
    must be stated, where a complete case would say the contrary by saying nothing. Beside any of `apart`, stated of the
    one of whom `given` is, all may be stated."""

    given: tuple[Claim, ...]
    claim: Claim
    denied: bool
    link: Link
    law: str
    role: str = ""
    needed: bool = False
    apart: tuple[Claim, ...] = ()


def holds(claim: Claim, value: Value) -> bool:
    """Whether a stated value is as claimed."""
    if claim.above is not None:
        return isinstance(value, int | Fraction) and value > claim.above
    return value in claim.values or (claim.stated and value is not NONE)


def surely_holds(claim: Claim, low: Any, high: Any) -> bool:
    """Whether whatever lies between two ends (None: no end) is as claimed."""
    if claim.above is not None:
        return low is not None and low > claim.above
    return low is not None and low == high and low in claim.values


def may_hold(claim: Claim, low: Any, high: Any) -> bool:
    """Whether something that lies between two ends is as claimed."""
    if claim.above is not None:
        return high is None or high > claim.above
    return any((low is None or value >= low) and (high is None or value <= high) for value in claim.values)


def is_refused(contradiction: Contradiction, value: Value) -> bool:
    """Whether a value may not be stated of the last claim, where all others hold."""
    return holds(contradiction.claim, value) is contradiction.denied


def is_refused_between(contradiction: Contradiction, low: Any, high: Any) -> bool:
    """The same of a value of which only its ends are stated."""
    claim = contradiction.claim
    return surely_holds(claim, low, high) if contradiction.denied else not may_hold(claim, low, high)


def chained(rows: Iterable[Contradiction]) -> tuple[Contradiction, ...]:
    """The rows and what follows from one through another, each once, by whichever way is the shortest."""
    distinct: dict[Contradiction, Contradiction] = {}
    joints = _Joints()
    pending = deque(rows)
    while pending:
        row = pending.popleft()
        if distinct.setdefault(replace(row, law=""), row) is row:
            others = joints.beside(row)
            pending += [
                further for other in others for pair in ((row, other), (other, row)) for further in _joined(*pair)
            ]
    return tuple(distinct.values())


class _Joints:
    """Rows by the names that they imply and ask for: few of all pairs have one in common."""

    def __init__(self) -> None:
        self.rows: list[Contradiction] = []
        self.implying: dict[str, list[int]] = {}
        self.asking: dict[str, list[int]] = {}

    def beside(self, row: Contradiction) -> list[Contradiction]:
        """Take in a row; which of all so far, and itself, may be joined with it, in the order in which they came."""
        self.implying.setdefault(row.claim.name, []).append(len(self.rows))
        for claim in row.given:
            self.asking.setdefault(claim.name, []).append(len(self.rows))
        self.rows.append(row)
        places = set(self.asking.get(row.claim.name, ()))
        for claim in row.given:
            places.update(self.implying.get(claim.name, ()))
        return [self.rows[place] for place in sorted(places)]


def _joined(first: Contradiction, second: Contradiction) -> Iterator[Contradiction]:
    """What follows where `first` implies one of the claims that `second` asks for."""
    if first.denied or first.link is not Link.SAME or first.claim.equal_to:
        return
    for claim in second.given:
        if claim.name == second.claim.equal_to or not _implies(first.claim, claim):
            continue
        rest = tuple(other for other in second.given if other != claim)
        claims = dict.fromkeys((*first.given, *rest))
        circle = any(other.name == second.claim.name for other in claims)
        if not circle and len(claims) <= MOST_GIVEN:
            yield replace(second, given=tuple(sorted(claims, key=str)), law=f"{first.law}; {second.law}")


def _implies(claim: Claim, other: Claim) -> bool:
    """Whether whatever is as the one claims is as the other claims."""
    if claim.name != other.name:
        return False
    if claim.stated:
        return other.stated
    if claim.above is not None:
        return other.above is not None and claim.above >= other.above
    return all(holds(other, value) for value in claim.values)
