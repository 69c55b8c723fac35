"""Homes: whoever belongs together is written in one log, whatever comes first, and nobody in two."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citizens import Belongs, Draft, Facts, Origin, Point, SqliteLog, open_log
from citizens.homes import Homes, LivesElsewhere, born_in, ties_of

ORIGIN = Origin("register", "clerk", "Act s. 1", "tax")


def belongs(subject: str, group: str, event_id: str) -> Draft:
    return Draft(subject, Facts((Point("unit", date(2024, 1, 1), Belongs(group, "member")),)), ORIGIN, event_id)


@pytest.fixture
def logs(tmp_path: Path) -> Iterator[list[SqliteLog]]:
    with ExitStack() as stack:
        yield [stack.enter_context(open_log(tmp_path / str(number))) for number in range(3)]


def test_a_new_household_goes_where_the_name_of_its_group_says(logs: list[SqliteLog]) -> None:
    drafts = [belongs("person/a", "unit/7", "a"), belongs("person/b", "unit/7", "b")]
    homes = Homes(logs).settle(tie for draft in drafts for tie in ties_of(draft))
    assert set(homes.values()) == {born_in("unit/7", 3)}
    assert set(homes) == {"person/a", "person/b", "unit/7"}


def test_who_joins_later_goes_where_the_others_are(logs: list[SqliteLog]) -> None:
    elsewhere = (born_in("unit/7", 3) + 1) % 3
    logs[elsewhere].append([belongs("person/a", "unit/7", "a")])
    homes = Homes(logs)
    assert homes.of("unit/7") == homes.of("person/a") == elsewhere  # the group itself has no event
    assert homes.settle([("person/new", "unit/7")]) == {"person/new": elsewhere, "unit/7": elsewhere}
    assert homes.of("person/nobody") is None


def test_people_of_two_homes_are_not_joined(logs: list[SqliteLog]) -> None:
    logs[0].append([belongs("person/a", "unit/1", "a")])
    logs[2].append([belongs("person/b", "unit/2", "b")])
    with pytest.raises(LivesElsewhere, match=r"`\S+` is written in partition 0, and `\S+` in partition 2"):
        Homes(logs).settle([("person/b", "unit/1")])
    assert Homes(logs).settle([("person/b", None), ("person/a", None)]) == {"person/b": 2, "person/a": 0}


@given(ties=st.lists(st.tuples(st.integers(0, 12), st.none() | st.integers(0, 5)), max_size=30), logs=st.integers(1, 9))
def test_homes_do_not_depend_on_the_order_of_what_is_told(ties: list[tuple[int, int | None]], logs: int) -> None:
    named = [(f"person/{subject}", None if group is None else f"unit/{group}") for subject, group in ties]
    empty = [_Empty() for _ in range(logs)]
    homes = Homes(empty).settle(named)  # type: ignore[arg-type]
    assert homes == Homes(empty).settle(reversed(named))  # type: ignore[arg-type]
    assert all(homes[subject] == homes[group] for subject, group in named if group is not None)
    assert all(0 <= home < logs for home in homes.values())


class _Empty:
    def head(self) -> int:
        return 0
