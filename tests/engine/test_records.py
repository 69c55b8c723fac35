"""Records are frozen dataclasses in all that can be seen of them, and cost next to nothing to declare."""

from __future__ import annotations

import copy
import pickle
from dataclasses import FrozenInstanceError, dataclass, field, fields, is_dataclass, replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.kept import pickled, unpickled
from engine.records import record


@record(frozen=True, slots=True)
class Point:
    """What is tried."""

    x: int
    y: int = 7
    names: tuple[str, ...] = field(default_factory=tuple, repr=False)
    place: str = field(default="", compare=False)


@record(frozen=True, slots=True)
class Deeper(Point):
    """A record of a record."""

    z: Fraction = Fraction(1, 3)


@dataclass(frozen=True, slots=True)
class Standard:
    """What it is compared with."""

    x: int
    y: int = 7
    names: tuple[str, ...] = field(default_factory=tuple, repr=False)
    place: str = field(default="", compare=False)


def _equal(one: object, other: object) -> bool:
    return one == other


@given(st.tuples(st.integers(), st.integers(), st.lists(st.text(max_size=3), max_size=2).map(tuple), st.text()))
def test_a_record_is_what_a_dataclass_is(values: tuple[int, int, tuple[str, ...], str]) -> None:
    point, other = Point(*values), Standard(*values)
    assert is_dataclass(point) and [part.name for part in fields(point)] == [part.name for part in fields(other)]
    assert repr(point) == repr(other).replace("Standard", "Point")
    assert hash(point) == hash(other) and point == Point(*values) == replace(point, place="elsewhere")
    assert point != replace(point, x=point.x + 1) and not _equal(point, other)
    for again in (copy.copy(point), copy.deepcopy(point), pickle.loads(pickle.dumps(point)), unpickled(pickled(point))):
        assert again == point and isinstance(again, Point) and again.place == point.place


def test_a_record_is_frozen_and_takes_what_it_declares() -> None:
    deeper = Deeper(x=1, z=Fraction(1, 2))
    assert (deeper.x, deeper.y, deeper.names, deeper.z) == (1, 7, (), Fraction(1, 2))
    with pytest.raises(FrozenInstanceError):
        deeper.x = 2  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        del deeper.x
    with pytest.raises(AttributeError):
        object.__setattr__(deeper, "new", 1)
    for wrong in ((), (1, 2, (), "", Fraction(1), 6)):
        with pytest.raises(TypeError):
            Deeper(*wrong)
    match deeper:
        case Deeper(x, y):
            assert (x, y) == (1, 7)


def test_a_kept_value_is_what_was_kept() -> None:
    value = {"thirds": [Fraction(1, 3), Fraction(-5, 7)], "at": Deeper(3, z=Fraction(9, 4))}
    assert unpickled(pickled(value)) == value
