"""What a replacement reaches: everything on a way to it and nothing else, in circles through earlier periods too."""

from __future__ import annotations

from random import Random

from engine.interpret.outcomes import Fact, Known
from engine.interpret.worlds import Reach, Replaced
from engine.values.periods import parse_period

AT = parse_period("2024")


class _Drawn(Reach):
    """The reach of the figure `0` where figures read one another as a drawn graph says."""

    def __init__(self, reads: dict[Fact, tuple[Fact, ...]]) -> None:
        self.replaced = Replaced({_fact(0): Known(1)}, {}, AT)
        self.names = frozenset(fact.name for fact in reads)
        self._known = {}
        self._read = dict(reads)


def _fact(number: int) -> Fact:
    return Fact(str(number), "ada", AT)


def test_a_fact_reaches_what_reads_it_through_others_however_these_run_in_circles() -> None:
    for seed in range(300):
        random = Random(seed)
        count = random.randint(2, 9)
        edges = [(random.randrange(1, count), random.randrange(count)) for _ in range(random.randint(0, 2 * count))]
        reads = {_fact(a): tuple(_fact(c) for b, c in edges if a == b) for a in range(count)}
        reach = _Drawn(reads)
        asked = [_fact(number) for number in range(1, count)]
        random.shuffle(asked)
        assert {fact: reach.holds(fact) for fact in asked} == {fact: _leads(fact, reads) for fact in asked}, seed


def _leads(fact: Fact, reads: dict[Fact, tuple[Fact, ...]]) -> bool:
    seen, left = {fact}, [fact]
    while left:
        for read in reads[left.pop()]:
            if read == _fact(0):
                return True
            if read not in seen:
                seen.add(read)
                left.append(read)
    return False
