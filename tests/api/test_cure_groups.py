"""Sets by groups that are halved, and by what a refusal hangs on: against every set by brute force, and with how few
evaluations."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from api.cure.branches import Moved, changes_that_may
from api.cure.conflicts import More
from api.cure.groups import Known, sets_that_may
from api.cure.hanging import Hangs
from engine.interpret.outcomes import Fact
from engine.values.periods import parse_period

YEAR = parse_period("2024")
FACTS = [Fact(f"fact {number:03}", "ada", YEAR) for number in range(226)]


class Oracle:
    """A condition that may hold once all of one of some sets is open or changed. Counts how much it is asked: the same
    again costs nothing."""

    def __init__(self, enough: Collection[frozenset[Fact]]) -> None:
        self.enough, self._questions = enough, dict[tuple[frozenset[Fact], frozenset[Fact]], None]()

    @property
    def asked(self) -> int:
        """How many different questions there were."""
        return len(self._questions)

    def hangs(self, changed: Collection[Fact], opened: Collection[Fact] = ()) -> Hangs | None:
        """One fact that is missing from each set: what the interpreter read on the way to a refusal."""
        self._questions[frozenset(changed), frozenset(opened)] = None
        if any(facts <= {*changed, *opened} for facts in self.enough):
            return None
        missing = (facts - {*changed, *opened} for facts in self.enough)
        read = [left[-1] if self.asked % 2 else left[0] for left in (sorted(facts, key=str) for facts in missing)]
        added = {kind(fact) for fact in read if is_field(fact)}
        return Hangs(frozenset(fact for fact in read if not is_field(fact)), frozenset(added))


def is_field(fact: Fact) -> bool:
    return fact.instance != "ada"


def kind(fact: Fact) -> str:
    return fact.instance.split(" ")[1]


RECORDS = [Fact("number", f"another {name} of ada", YEAR) for name in ("test", "licence")]


class Case:
    """A case of an oracle, in which some records were added, each of one fact."""

    def __init__(self, oracle: Oracle, facts: Sequence[Fact], fields: frozenset[Fact] = frozenset()) -> None:
        self.asked, self.facts, self.fields = oracle, facts, fields

    @property
    def owners(self) -> dict[str, list[str]]:
        return {kind(fact): ["ada"] for fact in RECORDS if fact not in self.fields}

    def candidates(self) -> Sequence[Fact]:
        return self.facts

    def with_more(self, more: More) -> Case:
        field = next(fact for fact in RECORDS if kind(fact) == more.kind)
        return Case(self.asked, self.facts, self.fields | {field})


def smallest_changes(oracle: Oracle, facts: Sequence[Fact], decided: bool) -> list[frozenset[Fact]]:
    """The same by what a refusal hangs on, with records that may be added."""
    taken: list[frozenset[Fact]] = []
    known = Known(taken, ()) if decided else Known((), taken)
    for size in (1, 2, 3):
        moved: Moved
        for moved in changes_that_may(Case(oracle, facts), size, known):
            assert len(moved.facts) == size
            taken.append(moved.facts)
    return taken


def smallest_sets(oracle: Oracle, facts: Sequence[Fact], decided: bool) -> set[frozenset[Fact]]:
    """What is found of up to three facts, each taken for a cure, or for a set that was not decided."""
    taken: list[frozenset[Fact]] = []
    known = Known(taken, ()) if decided else Known((), taken)
    for size in (1, 2, 3):
        for facts_found in sets_that_may(oracle, frozenset(), facts, size, known):
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


with_records = st.sets(
    st.frozensets(st.sampled_from([*FACTS[:9], *RECORDS]), min_size=1, max_size=4), min_size=1, max_size=6
)


@given(with_records, st.booleans())
def test_every_smallest_set_by_what_a_refusal_hangs_on(enough: set[frozenset[Fact]], decided: bool) -> None:
    sets = smallest_changes(Oracle(enough), FACTS[:9], decided)
    assert len(sets) == len(set(sets))
    assert set(sets) == by_hand(enough, [*FACTS[:9], *RECORDS])


def test_what_a_refusal_hangs_on_takes_fewer_evaluations() -> None:
    enough = [frozenset(FACTS[place] for place in places) for places in ((3,), (90,), (7, 200), (7, 120), (20, 21, 22))]
    oracle = Oracle(enough)
    assert set(smallest_changes(oracle, FACTS, True)) == set(enough)
    assert oracle.asked < 60
