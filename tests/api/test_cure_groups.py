"""Sets by groups that are halved: against every set by brute force, and with how few evaluations."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import combinations
from typing import Any, cast

from hypothesis import given
from hypothesis import strategies as st

from api.cure.groups import Known, sets_that_may
from api.cure.trial import Trial
from engine.interpret.outcomes import Fact
from engine.values.periods import parse_period

YEAR = parse_period("2024")
FACTS = [Fact(f"fact {number:03}", "ada", YEAR) for number in range(226)]


class Oracle:
    """A condition that may hold once all of one of some sets is open or changed. Counts how often it is asked."""

    def __init__(self, enough: Collection[frozenset[Fact]]) -> None:
        self.enough, self.asked = enough, 0

    def may(self, changed: Iterable[Fact], fixed: object = None, within: Mapping[Fact, Any] | None = None) -> bool:
        self.asked += 1
        open_facts = {*changed, *(within or {})}
        return any(facts <= open_facts for facts in self.enough)

    def anything(self, fact: Fact) -> tuple[None, None]:
        return None, None


def smallest_sets(oracle: Oracle, facts: Sequence[Fact], decided: bool) -> set[frozenset[Fact]]:
    """What is found of up to three facts, each taken for a cure, or for a set that was not decided."""
    taken: list[frozenset[Fact]] = []
    known = Known(taken, ()) if decided else Known((), taken)
    for size in (1, 2, 3):
        for facts_found in sets_that_may(cast(Trial, oracle), frozenset(), facts, size, known):
            taken.append(facts_found)
    assert len(taken) == len(set(taken))
    return set(taken)


def by_hand(enough: Collection[frozenset[Fact]], facts: Sequence[Fact]) -> set[frozenset[Fact]]:
    every = (frozenset(chosen) for size in (1, 2, 3) for chosen in combinations(facts, size))
    may = [chosen for chosen in every if any(item <= chosen for item in enough)]
    return {chosen for chosen in may if not any(other < chosen for other in may)}


few = st.sets(st.frozensets(st.sampled_from(FACTS[:9]), min_size=1, max_size=4), max_size=6)


@given(few, st.booleans())
def test_every_smallest_set_and_no_other(enough: set[frozenset[Fact]], decided: bool) -> None:
    assert smallest_sets(Oracle(enough), FACTS[:9], decided) == by_hand(enough, FACTS[:9])


def test_a_few_among_hundreds_take_some_hundred_evaluations() -> None:
    enough = [frozenset(FACTS[place] for place in places) for places in ((3,), (90,), (7, 200), (7, 120), (20, 21, 22))]
    oracle = Oracle(enough)
    assert smallest_sets(oracle, FACTS, True) == set(enough)
    assert oracle.asked < 1_500  # of 1.9 million sets
