"""Exact rationals in lanes: chains of operations give the exact value, and bounds that hold it."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.native.arithmetic import number
from engine.native.arithmetic.number import Number, plain
from engine.native.arithmetic.whole import Arithmetic, Whole
from engine.values.numbers import RoundingMode, round_to
from tests.native.lanes_runner import run

OPERANDS = 4
DENOMINATORS = (100, 10_000, 1, 10**9)
BOUNDS = ((-(10**9), 10**9), (0, 10_000), (-3, 50), (0, 10**9))


@dataclass(frozen=True)
class Step:
    """One operation on two earlier values."""

    name: str
    left: int
    right: int
    mode: RoundingMode


def chain(random: Random) -> list[Step]:
    """Operations, each on operands or earlier results; several know that what they divide is capped."""
    names = ("+", "-", "*", "/", "min", "max", "abs", "neg", "round", "choice", "capped", "least", "part")
    return [
        Step(
            random.choice(names),
            random.randrange(OPERANDS + at),
            random.randrange(OPERANDS + at),
            random.choice(list(RoundingMode)),
        )
        for at in range(random.randrange(1, 6))
    ]


def exact(step: Step, a: Fraction, b: Fraction) -> Fraction | None:
    """The value of a step; None where there is none."""
    match step.name:
        case "+":
            return a + b
        case "-":
            return a - b
        case "*":
            return a * b
        case "/":
            return a / b if b else None
        case "min" | "max":
            return min(a, b) if step.name == "min" else max(a, b)
        case "abs" | "neg":
            return abs(a) if step.name == "abs" else -a
        case "round":
            return round_to(a, Fraction(1, 8), step.mode)
        case "choice":
            return a if a < b else b + 1
        case "part":
            return a / (a + b) if a + b else None
        case "least":
            return min(a, b) / b if b else None
    return min(max(a, Fraction(0)), b) / b if b else None


def written(work: Arithmetic, step: Step, a: Number, b: Number) -> Number:
    """The same in lanes."""
    match step.name:
        case "+":
            return number.add(work, a, b)
        case "-":
            return number.subtract(work, a, b)
        case "*":
            return number.multiply(work, a, b)
        case "/":
            return number.divide(work, a, b)[0]
        case "min" | "max":
            return number.extreme(work, step.name, a, b)
        case "abs" | "neg":
            return number.absolute(work, a) if step.name == "abs" else number.negative(work, a)
        case "round":
            return number.round_to(work, a, number.fixed(work, Fraction(1, 8)), step.mode)[0]
        case "choice":
            smaller = number.compare(work, "<", a, b)
            return number.select(work, smaller, a, number.add(work, b, number.fixed(work, 1)))
        case "part":
            return number.divide(work, a, number.add(work, a, b))[0]
        case "least":
            return number.divide(work, number.extreme(work, "min", a, b), b)[0]
    least = number.extreme(work, "min", number.extreme(work, "max", a, number.fixed(work, 0)), b)
    return number.divide(work, least, b)[0]


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32))
def test_chains_are_exact_and_bounded(seed: int) -> None:
    random = Random(seed)
    steps = chain(random)
    rows = [
        [random.choice([0, 1, low, high, random.randint(low, high), random.randint(low, high)]) for low, high in BOUNDS]
        for _ in range(24)
    ]
    rows = [[max(low, min(high, value)) for value, (low, high) in zip(row, BOUNDS, strict=True)] for row in rows]
    made: list[Number] = []

    def work(arithmetic: Arithmetic, operands: list[Whole]) -> list[Whole]:
        values = [plain(operand, d) for operand, d in zip(operands, DENOMINATORS, strict=True)]
        for step in steps:
            values.append(written(arithmetic, step, values[step.left], values[step.right]))
        made.extend(values[OPERANDS:])
        return [
            part
            for other_value in values[OPERANDS:]
            for part in (other_value.n, other_value.m or arithmetic.constant(1))
        ]

    result, flags = run(BOUNDS, rows, work)
    for row, parts, flag in zip(rows, result, flags, strict=True):
        values: list[Fraction | None] = [Fraction(value, d) for value, d in zip(row, DENOMINATORS, strict=True)]
        for at, step in enumerate(steps):
            a, b = values[step.left], values[step.right]
            value = exact(step, a, b) if a is not None and b is not None else None
            values.append(value)
            if value is None or flag:
                continue
            assert Fraction(parts[2 * at], parts[2 * at + 1] * made[at].d) == value, (step, a, b)
            assert made[at].low <= value <= made[at].high, (step, a, b)
