"""What is chosen from many, and ranks: exact where all is known, and room for every completion where it is not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice, product
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.interpret import domain, extremes, ordering, ranking
from engine.interpret.domain import either
from engine.interpret.items import Item
from engine.interpret.outcomes import NOT_APPLICABLE, Fact, Failure, Known, NotApplicable, Outcome, Possible
from engine.ir import nodes as ir
from engine.values.periods import parse_period
from engine.values.types import BOOLEAN, INTEGER, RATE
from tests.engine.test_soundness import leaves_room

UNKNOWN = frozenset((Fact("anything", "somebody", parse_period("2024")),))
LINK = ir.Records("job", ir.Self("person"))
BODY = ir.Literal(INTEGER, None, 0)
OUTCOMES = st.one_of(
    st.integers(-3, 5).map(Known),
    st.integers(0, 2).map(Known),
    st.sampled_from((Failure("it broke", None), NOT_APPLICABLE)),
)


@dataclass(frozen=True)
class Made:
    """What each item may be: whether it counts, its value and its two keys, each as one of several outcomes."""

    counted: tuple[Outcome, ...]
    value: tuple[Outcome, ...]
    keys: tuple[tuple[Outcome, ...], ...]


@st.composite
def items(draw: st.DrawFn, keys: int, broken: bool = True) -> list[Made]:
    """Up to four items, of whose parts few are open."""
    outcomes = OUTCOMES if broken else st.integers(-3, 5).map(Known)

    def part(of: st.SearchStrategy[Any]) -> tuple[Outcome, ...]:
        most = draw(st.sampled_from((1, 1, 1, 2)))
        return tuple(draw(st.lists(of, min_size=1, max_size=most)))

    counted = st.sampled_from((domain.TRUE, domain.TRUE, domain.FALSE))
    return [
        Made(part(counted), part(outcomes), tuple(part(outcomes) for _ in range(keys)))
        for _ in range(draw(st.integers(0, 4)))
    ]


def whole(made: Sequence[Made]) -> list[Item]:
    """The items with ranges for what is open."""
    items = [
        Item(str(number), may_be(part.counted), may_be(part.value), tuple(map(may_be, part.keys)))
        for number, part in enumerate(made)
    ]
    return [item for item in items if item.counted != domain.FALSE]


def may_be(options: Sequence[Outcome]) -> Outcome:
    return either(list(options), UNKNOWN)


def completions(made: Sequence[Made], count: Sequence[Outcome]) -> Any:
    parts = [part for other_part in made for part in (other_part.counted, other_part.value, *other_part.keys)]
    for values in islice(product(count, *parts), 200):
        rest = iter(values[1:])
        items = [
            Item(str(number), next(rest), next(rest), tuple(next(rest) for _ in each_part.keys))
            for number, each_part in enumerate(made)
        ]
        yield values[0], [item for item in items if item.counted == domain.TRUE]


def chosen(pick: str, operator: str, keys: Sequence[bool] = ()) -> ir.Chosen:
    kind = BOOLEAN if operator in ("any", "all") else INTEGER
    order = tuple(ir.SortKey(BODY, key) for key in keys)
    count = None if operator == "only" else BODY
    return ir.Chosen(kind, None, operator, pick, count, LINK, "r", BODY, None, order)


COUNTS = st.lists(st.integers(-1, 3).map(Known), min_size=1, max_size=2)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    made=items(0), count=COUNTS, pick=st.sampled_from(("highest", "lowest")),
    operator=st.sampled_from(("sum", "sum", "count", "min", "max")),
)  # fmt: skip
def test_the_highest_leave_room_for_every_completion(
    made: list[Made], count: list[Outcome], pick: str, operator: str
) -> None:
    node = chosen(pick, operator)
    before = extremes.extremes(node, whole(made), may_be(count))
    for number, known in completions(made, count):
        after = extremes.extremes(node, known, number)
        assert leaves_room(before, after), (before, after, known)
        if all(isinstance(name.value, Known) for name in known):
            assert after == plainly(known, number.value, pick, operator)


def plainly(known: Sequence[Item], count: int, pick: str, operator: str) -> Outcome:
    known_values: list[Any] = [item.value.value for item in known if isinstance(item.value, Known)]
    values = sorted(known_values, reverse=pick == "highest")[: max(0, count)]
    if operator in ("min", "max"):
        return Known((min if operator == "min" else max)(values)) if values else NOT_APPLICABLE
    return Known(len(values) if operator == "count" else sum(values))


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    made=items(2), count=COUNTS, pick=st.sampled_from(("first", "last")),
    operator=st.sampled_from(("only", "only", "sum", "count", "min", "max")), descending=st.booleans(),
)  # fmt: skip
def test_the_first_leave_room_for_every_completion(
    made: list[Made], count: list[Outcome], pick: str, operator: str, descending: bool
) -> None:
    node = chosen(pick, operator, (descending, False))
    count = [domain.ONE] if operator == "only" else count
    before = ordering.taken_in_order(node, whole(made), may_be(count), None)
    for number, known in completions(made, count):
        after = ordering.taken_in_order(node, known, number, None)
        assert not isinstance(after, Possible)
        assert leaves_room(before, after), (before, after, known)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(made=items(2), own=items(2), operator=st.sampled_from(("rank", "percentile_rank")), at=st.integers(-1, 3))
def test_ranks_leave_room_for_every_completion(made: list[Made], own: list[Made], operator: str, at: int) -> None:
    mine = own[0] if own else Made((domain.TRUE,), (domain.ONE,), ((domain.ONE,), (domain.ONE,)))
    listed = 0 <= at < len(made)
    mine = made[at] if listed else mine
    kind = INTEGER if operator == "rank" else RATE
    node = ir.Ranked(kind, None, operator, ir.Self("job"), LINK, "r", None, (ir.SortKey(BODY, True), ir.SortKey(BODY)))
    name = str(at) if listed else "other"
    before = ranking.ranked(node, whole(made), Item(name, domain.TRUE, None, tuple(map(may_be, mine.keys))), None)
    if listed:
        for _, known in completions(made, [domain.ONE]):
            own_keys = next((one.keys for one in known if one.instance == name), None)
            if own_keys is not None:
                check_rank(node, before, known, Item(name, domain.TRUE, None, own_keys))
        return
    for _, known in completions([*made, mine], [domain.ONE]):
        mine_now = [other_name for other_name in known if other_name.instance == str(len(made))]
        others = [each_name for each_name in known if each_name.instance != str(len(made))]
        if mine_now:
            check_rank(node, before, others, Item("other", domain.TRUE, None, mine_now[0].keys))


def test_a_key_that_certainly_has_no_value_stands_nowhere() -> None:
    """Compared with a number, it ended in an error of the program."""
    nothing = Possible(domain.EMPTY, frozenset(), True, "it broke")
    node = ir.Ranked(INTEGER, None, "rank", ir.Self("job"), LINK, "r", None, (ir.SortKey(BODY),))
    others = [Item("0", may_be([domain.TRUE, domain.FALSE]), None, (nothing,))]
    rank = ranking.ranked(node, others, Item("other", domain.TRUE, None, (domain.ONE,)), None)
    assert isinstance(rank, Possible) and leaves_room(rank, Known(1))


def check_rank(node: ir.Ranked, before: Outcome, known: list[Item], own: Item) -> None:
    after = ranking.ranked(node, known, own, None)
    assert not isinstance(after, Possible)
    assert leaves_room(before, after), (before, after, known)
    place, order = ranking.place(node, own), ranking.standing(node, known)
    if place is not None and order is not None:
        assert ranking.rank_in(node, order, place) == after
        below = sum(other_place < place for other_place in order.places)
        if node.operator == "rank":
            assert after == Known(below + 1)
        else:
            assert after == (Known(Fraction(below, len(known))) if known else NOT_APPLICABLE)


def known_items(*values: Any) -> list[Item]:
    made = [value if isinstance(value, tuple) else (domain.TRUE, Known(value)) for value in values]
    return [Item(str(place), counted, value, (value,)) for place, (counted, value) in enumerate(made)]


def between(low: int, high: int) -> Outcome:
    return may_be((Known(low), Known(high)))


PERHAPS = may_be((domain.TRUE, domain.FALSE))


def test_bounds_are_tight() -> None:
    highest = chosen("highest", "sum")
    two, first = Known(2), Known(1)

    def found(node: ir.Chosen, count: Outcome, *values: Any) -> Any:
        outcome = extremes.extremes(node, known_items(*values), count)
        assert isinstance(outcome, Possible)
        return outcome.range.low, outcome.range.high  # type: ignore[union-attr]

    assert found(highest, two, 5, 4, (domain.TRUE, between(3, 9))) == (9, 14)
    assert found(highest, first, -3, (PERHAPS, Known(-1))) == (-3, -1)
    assert found(highest, two, 4, (PERHAPS, Known(-1))) == (3, 4)


def test_a_rank_among_some_that_are_not_known() -> None:
    node = ir.Ranked(INTEGER, None, "rank", ir.Self("job"), LINK, "r", None, (ir.SortKey(BODY, True),))
    others = known_items(90, 85, 70, (domain.TRUE, between(0, 100)))
    own = others[1]
    rank = ranking.ranked(node, others, own, None)
    assert isinstance(rank, Possible)
    assert (rank.range.low, rank.range.high) == (2, 3)  # type: ignore[union-attr]
    upwards = ir.Ranked(RATE, None, "percentile_rank", ir.Self("job"), LINK, "r", None, (ir.SortKey(BODY),))
    share = ranking.ranked(upwards, others, own, None)
    assert isinstance(share, Possible)
    assert (share.range.low, share.range.high) == (Fraction(1, 4), Fraction(1, 2))  # type: ignore[union-attr]
    assert isinstance(ranking.ranked(upwards, [], own, None), NotApplicable)
