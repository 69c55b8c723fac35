"""The text of one function in LLVM's language, written operation by operation on vectors.

An operation is named by its own text, so asking twice for the same one gives the same name. What is written inside a
branch is known only there: each branch opens a scope. A mask is a name, or True or False where it is the same in every
lane and known now.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from math import inf

Mask = str | bool
MOST_PARTS = 12  # that are remembered of a mask


class TooCostly(Exception):
    """What is written on trial took more operations than it was allowed."""


def hexadecimal(value: float) -> str:
    """A double as LLVM reads it bit for bit."""
    return "0x" + struct.pack(">d", value).hex().upper()


def is_name(operand: str) -> bool:
    """Whether an operand is the name of a value, and no constant: names start with `%`."""
    return operand.startswith("%")


class Module:
    """What the functions of one compilation share: the width, whether the machine permutes eight doubles by eight
    places, and the intrinsics that they call.
    """

    def __init__(self, width: int, permutes: bool = False) -> None:
        self.width = width
        self.permutes = permutes and width == 8
        self.declared: dict[str, str] = {}
        self.double = f"<{width} x double>"
        self.mask = f"<{width} x i1>"
        self.byte = f"<{width} x i8>"
        self.word = f"<{width} x i32>"
        self.long = f"<{width} x i64>"
        self.pointers = f"<{width} x ptr>"

    def declare(self, name: str, result: str, arguments: Sequence[str]) -> str:
        """Declare an intrinsic; gives its name."""
        self.declared[name] = f"declare {result} @{name}({', '.join(arguments)})"
        return name


class Lanes:
    """Writes the body of one function. `cost` counts operations, by which functions are cut; past `most_cost` writing
    ends with TooCostly."""

    def __init__(self, module: Module) -> None:
        self.module = module
        self.lines: list[str] = []
        self.scopes: list[dict[str, str]] = [{}]
        self.kept: list[dict[int, tuple[object, object]]] = [{}]
        self.block = "entry"
        self.cost = 0
        self.most_cost: float = inf
        self._names = 0
        self._watched: list[set[str]] = []
        self._opposites: dict[str, str] = {}
        self._parts: dict[str, tuple[str, frozenset[str]]] = {}  # what a mask was joined from, and how

    # --- names

    def fresh(self, stem: str = "v") -> str:
        """A name that was not used before."""
        self._names += 1
        name = f"%{stem}{self._names}"
        if self._watched:
            self._watched[-1].add(name)
        return name

    @contextmanager
    def watched(self) -> Iterator[set[str]]:
        """The names that are given out from here on, until the context ends."""
        names: set[str] = set()
        self._watched.append(names)
        try:
            yield names
        finally:
            self._watched.pop()
            if self._watched:
                self._watched[-1] |= names

    def effect(self, text: str) -> None:
        """An instruction that has no value."""
        self.lines.append(f"  {text}")

    def make(self, text: str) -> str:
        """The value of an instruction that must stand where it is asked for."""
        name = self.fresh()
        self.lines.append(f"  {name} = {text}")
        return name

    def pure(self, text: str) -> str:
        """The value of an instruction without effects; the same text is computed once."""
        for scope in reversed(self.scopes):
            known_name = scope.get(text)
            if known_name is not None:
                return known_name
        self.cost += 1
        if self.cost > self.most_cost:
            raise TooCostly
        name = self.make(text)
        self.scopes[-1][text] = name
        return name

    def call(self, name: str, result: str, arguments: Sequence[tuple[str, str]]) -> str:
        """An intrinsic without effects, declared where needed."""
        self.module.declare(name, result, [kind for kind, _ in arguments])
        return self.pure(f"call {result} @{name}({', '.join(f'{kind} {value}' for kind, value in arguments)})")

    # --- blocks

    def label(self, name: str) -> None:
        """Begin the block `name` (without %)."""
        self.lines.append(f"{name}:")
        self.block = name

    def label_name(self, stem: str) -> str:
        """A fresh name for a block."""
        return self.fresh(stem)[1:]

    def open(self) -> None:
        """Begin a scope: what is written from here on is known only until it closes."""
        self.scopes.append({})
        self.kept.append({})

    def close(self) -> None:
        """End the innermost scope."""
        self.scopes.pop()
        self.kept.pop()

    def guarded(self, mask: str, write: Callable[[], list[tuple[str, str]]], neutral: dict[str, str]) -> list[str]:
        """What `write` gives (types and names), written in a branch taken only if some lane of `mask` is set.

        Where it is not taken the values are `neutral` for their type, and must not matter.
        """
        width = self.module.width
        bits = self.pure(f"bitcast {self.module.mask} {mask} to i{width}")
        some = self.pure(f"icmp ne i{width} {bits}, 0")
        inside, after, before = self.label_name("some"), self.label_name("after"), self.block
        self.effect(f"br i1 {some}, label %{inside}, label %{after}")
        self.label(inside)
        self.open()
        values = write()
        self.close()
        end = self.block
        self.effect(f"br label %{after}")
        self.label(after)
        return [self.make(f"phi {kind} [ {name}, %{end} ], [ {neutral[kind]}, %{before} ]") for kind, name in values]

    # --- constants

    def number(self, value: int) -> str:
        """A whole number in every lane; it must be one that a double holds."""
        assert int(float(value)) == value
        return self.real(float(value))

    def real(self, value: float) -> str:
        """A double in every lane."""
        return f"splat (double {hexadecimal(value)})"

    # --- arithmetic on doubles

    def binary(self, operation: str, left: str, right: str) -> str:
        """`fadd fsub fmul fdiv`."""
        if operation in ("fadd", "fmul") and right < left:
            left, right = right, left
        return self.pure(f"{operation} {self.module.double} {left}, {right}")

    def negative(self, value: str) -> str:
        """Minus the value."""
        return self.pure(f"fneg {self.module.double} {value}")

    def fused(self, a: str, b: str, c: str) -> str:
        """a * b + c, rounded once."""
        kind = self.module.double
        return self.call(f"llvm.fma.v{self.module.width}f64", kind, [(kind, a), (kind, b), (kind, c)])

    def floor(self, value: str) -> str:
        """The greatest whole number not above."""
        return self.call(f"llvm.floor.v{self.module.width}f64", self.module.double, [(self.module.double, value)])

    def absolute(self, value: str) -> str:
        """Without its sign."""
        return self.call(f"llvm.fabs.v{self.module.width}f64", self.module.double, [(self.module.double, value)])

    def with_sign(self, value: str, sign: str) -> str:
        """The size of `value` with the sign of `sign`."""
        kind = self.module.double
        return self.call(f"llvm.copysign.v{self.module.width}f64", kind, [(kind, value), (kind, sign)])

    def compare(self, operation: str, left: str, right: str) -> str:
        """`oeq one olt ole ogt oge` as a mask."""
        return self.pure(f"fcmp {operation} {self.module.double} {left}, {right}")

    # --- masks

    def both(self, *masks: Mask) -> Mask:
        """Lanes where all hold."""
        return self._joined("and", masks, True)

    def either(self, *masks: Mask) -> Mask:
        """Lanes where any holds."""
        return self._joined("or", masks, False)

    def _joined(self, operation: str, masks: Iterable[Mask], neutral: bool) -> Mask:
        named: dict[str, None] = {}
        for mask in masks:
            if mask is (not neutral):
                return not neutral
            if isinstance(mask, str):
                named[mask] = None
        if len(named) > 1 and not self._simplified(operation, named):
            return not neutral
        joined: Mask = neutral
        for mask in named:
            if isinstance(joined, bool):
                joined = mask
            else:
                left, right = (joined, mask) if joined < mask else (mask, joined)
                joined = self.pure(f"{operation} {self.module.mask} {left}, {right}")
                parts = self._of(operation, left) | self._of(operation, right)
                self._parts[joined] = operation, parts if len(parts) <= MOST_PARTS else frozenset((left, right))
        return joined

    def _of(self, operation: str, mask: str) -> frozenset[str]:
        """The masks that one was joined from by an operation; itself, if by another."""
        kind, parts = self._parts.get(mask, ("", frozenset()))
        return parts if kind == operation else frozenset((mask,))

    def _simplified(self, operation: str, named: dict[str, None]) -> bool:
        """Leave out masks that change nothing beside the others; False where two of them decide: a and not a, or a and
        neither a nor b."""
        other = "or" if operation == "and" else "and"
        held = frozenset().union(*(self._of(operation, mask) for mask in named))
        for mask in list(named):
            opposite = self._opposites.get(mask)
            if opposite is not None and not held.isdisjoint(self._of(other, opposite)):
                return False
            kind, parts = self._parts.get(mask, ("", frozenset()))
            if kind == other and not parts.isdisjoint(held):
                del named[mask]
                held = frozenset().union(*(self._of(operation, left) for left in named))
        return True

    def opposite(self, mask: Mask) -> Mask:
        """Lanes where it does not hold."""
        if isinstance(mask, bool):
            return not mask
        if mask in self._opposites:
            return self._opposites[mask]
        made = self.pure(f"xor {self.module.mask} {mask}, splat (i1 true)")
        self._opposites[made] = mask
        return made

    def chosen(self, mask: Mask, then: Mask, otherwise: Mask) -> Mask:
        """`then` in the lanes of `mask`, else `otherwise`."""
        if isinstance(mask, bool):
            return then if mask else otherwise
        if isinstance(then, bool) and isinstance(otherwise, bool) and then == otherwise:
            return then
        if isinstance(then, str) and then == otherwise:
            return then
        return self.either(self.both(mask, then), self.both(self.opposite(mask), otherwise))

    def written(self, mask: Mask) -> str:
        """A mask as an operand."""
        if isinstance(mask, bool):
            return "splat (i1 true)" if mask else "zeroinitializer"
        return mask

    def select(self, mask: Mask, then: str, otherwise: str, kind: str = "") -> str:
        """A choice between values of a vector type (doubles unless said)."""
        if isinstance(mask, bool):
            return then if mask else otherwise
        if then == otherwise:
            return then
        kind = kind or self.module.double
        return self.pure(f"select {self.module.mask} {mask}, {kind} {then}, {kind} {otherwise}")
