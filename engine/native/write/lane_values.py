"""What an expression is while code is written: its value in lanes, and the lanes where there is none.

`bad` are the lanes whose row is to be handed over if the value matters: an error, an unknown fact, or a number past
what is held. `absent` are the lanes where the value does not apply; where a lane is bad, that decides.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from typing import Union

from engine.native.arithmetic import number as numbers
from engine.native.arithmetic.lanes import Lanes, Mask, Module, is_name
from engine.native.arithmetic.number import Number
from engine.native.arithmetic.whole import Arithmetic, Whole
from engine.values.types import Duration, EnumValue, Kind, Value, ValueType


@dataclass(frozen=True, slots=True)
class Truth:
    """A boolean in each lane."""

    mask: Mask


@dataclass(frozen=True, slots=True)
class Code:
    """A member of an enum, by its place in the declaration."""

    place: Whole


@dataclass(frozen=True, slots=True)
class Day:
    """A date, by its ordinal day number."""

    ordinal: Whole


@dataclass(frozen=True, slots=True)
class Length:
    """A duration."""

    months: Whole
    days: Whole


Content = Union[Number, Truth, Code, Day, Length]


@dataclass(frozen=True, slots=True)
class Figure:
    """A value in lanes, and where there is none."""

    content: Content
    bad: Mask = False
    absent: Mask = False


@dataclass(frozen=True, slots=True)
class Part:
    """A vector that a figure is made of: doubles, or a mask."""

    operand: str
    is_mask: bool = False

    def kind(self, module: Module) -> str:
        """Its type as LLVM writes it."""
        return module.mask if self.is_mask else module.double


def truth(figure: Figure) -> Mask:
    """The mask of a boolean."""
    assert isinstance(figure.content, Truth)
    return figure.content.mask


def literal(work: Arithmetic, value: Value, members: Callable[[str], list[str]]) -> Content:
    """A constant of the program."""
    match value:
        case bool():
            return Truth(value)
        case int() | Fraction():
            return numbers.fixed(work, value)
        case date():
            return Day(work.constant(value.toordinal()))
        case Duration():
            return Length(work.constant(value.months), work.constant(value.days))
        case EnumValue():
            return Code(work.constant(members(value.enum).index(value.member)))
    raise AssertionError(value)


def nothing(work: Arithmetic, value_type: ValueType) -> Content:
    """Some value of a type, where none matters."""
    zero = work.constant(0)
    match value_type.kind:
        case Kind.BOOLEAN:
            return Truth(False)
        case Kind.DATE:
            return Day(work.constant(1))
        case Kind.DURATION:
            return Length(zero, zero)
        case Kind.ENUM:
            return Code(zero)
    return numbers.fixed(work, 0)


def chosen(work: Arithmetic, mask: Mask, a: Content, b: Content) -> Content:
    """a in the lanes of `mask`, else b."""
    match a, b:
        case Number(), Number():
            return numbers.select(work, mask, a, b)
        case Truth(), Truth():
            return Truth(work.lanes.chosen(mask, a.mask, b.mask))
        case Code(), Code():
            return Code(work.select(mask, a.place, b.place))
        case Day(), Day():
            return Day(work.select(mask, a.ordinal, b.ordinal))
        case Length(), Length():
            return Length(work.select(mask, a.months, b.months), work.select(mask, a.days, b.days))
    raise AssertionError((a, b))


def choice(work: Arithmetic, mask: Mask, a: Figure, b: Figure) -> Figure:
    """a in the lanes of `mask`, else b, with their lanes without a value."""
    if isinstance(mask, bool):
        return a if mask else b
    lanes = work.lanes
    return Figure(
        chosen(work, mask, a.content, b.content),
        lanes.chosen(mask, a.bad, b.bad),
        lanes.chosen(mask, a.absent, b.absent),
    )


# --- a value's names, so that it can pass through a branch or a loop


def _wholes(content: Content) -> list[Whole]:
    match content:
        case Number():
            return [content.n] if content.m is None else [content.n, content.m]
        case Code():
            return [content.place]
        case Day():
            return [content.ordinal]
        case Length():
            return [content.months, content.days]
        case Truth():
            return []


def names(figure: Figure) -> list[Part]:
    """The parts of a value that have a name, each once; constants have none."""
    parts = [Part(part) for whole in _wholes(figure.content) for part in whole.parts]
    masks = [figure.bad, figure.absent, *([figure.content.mask] if isinstance(figure.content, Truth) else [])]
    parts += [Part(mask, is_mask=True) for mask in masks if isinstance(mask, str)]
    return list(dict.fromkeys(part for part in parts if is_name(part.operand)))


def renamed(figure: Figure, new: dict[str, str]) -> Figure:
    """The same value under other names."""

    def mask(old: Mask) -> Mask:
        return new.get(old, old) if isinstance(old, str) else old

    def whole(old: Whole) -> Whole:
        return old.with_parts(tuple(new.get(part, part) for part in old.parts))

    content = figure.content
    match content:
        case Number():
            content = replace(content, n=whole(content.n), m=whole(content.m) if content.m is not None else None)
        case Code():
            content = Code(whole(content.place))
        case Day():
            content = Day(whole(content.ordinal))
        case Length():
            content = Length(whole(content.months), whole(content.days))
        case Truth():
            content = Truth(mask(content.mask))
    return Figure(content, mask(figure.bad), mask(figure.absent))


def guarded(lanes: Lanes, mask: Mask, write: Callable[[], Figure]) -> Figure:
    """A value written in a branch that is taken only if some lane of `mask` is set; elsewhere it must not matter."""
    if isinstance(mask, bool):
        return write()
    kept: list[Figure] = []

    def inside() -> list[tuple[str, str]]:
        kept.append(write())
        return [(part.kind(lanes.module), part.operand) for part in names(kept[0])]

    neutral = {lanes.module.double: lanes.number(1), lanes.module.mask: "zeroinitializer"}  # a divisor is never zero
    joined = lanes.guarded(mask, inside, neutral)
    old = [part.operand for part in names(kept[0])]
    return renamed(kept[0], dict(zip(old, joined, strict=True)))
