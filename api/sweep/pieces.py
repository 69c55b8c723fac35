"""A curve over whole numbers as straight pieces and jumps, found with few points.

1. Cells of a grid, each with three odd points inside. A cell is straight if all of them lie on its chord, but for what
   rounding moves. One that is not is halved, all cells of a round in one batch, down to a single step.
2. What is left of one step is a jump, if the value moves by more than rounding does. Steps by a dollar that a child
   credit takes are found so; a test for large changes alone would miss them.
3. Straight cells that lie on one line are one piece. Its slope is the number with the fewest decimals that agrees with
   points inside it, and many points tell its height in spite of rounding. Where two lines meet is their crossing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from math import floor

CELLS = 512
PROBES = (Fraction(13, 100), Fraction(31, 100), Fraction(77, 100))
TOLERANCES = (2, 20, 200, 2_000)
MOST_POINTS = 60_000
SAMPLES = 48
MOST_DECIMALS = 12
MOST_ROUNDED = 8  # figures of a sum whose roundings are told from the line
Value = int | None
Fit = tuple[Fraction, Fraction] | None  # the slope of a line, and its height at 0
Values = Callable[[Sequence[int]], Sequence[Value]]


@dataclass(frozen=True, slots=True)
class Piece:
    """From `low` to `high`, both included: a line with the slope between the values at its ends. None: no value."""

    low: int
    high: int
    at_low: Value
    at_high: Value
    slope: Fraction


@dataclass(frozen=True, slots=True)
class Shape:
    """The pieces in order; between two there is a jump if `high + 1 == low` of the next, else a bend where they meet.

    `tolerance`: what moves a value by no more than that many steps was taken for rounding.
    """

    pieces: tuple[Piece, ...]
    tolerance: int
    points: int


class TooMany(Exception):
    """The curve has more pieces than can be told."""


def shape_of(values: Values, low: int, high: int) -> Shape:
    """The shape of a curve. Raises TooMany if not even coarse rounding makes it a few pieces."""
    for tolerance in TOLERANCES:
        try:
            return _shape(values, low, high, tolerance)
        except TooMany:
            if tolerance == TOLERANCES[-1]:
                raise
    raise AssertionError


def _shape(values: Values, low: int, high: int, tolerance: int) -> Shape:
    known: dict[int, Value] = {}

    def compute(points: set[int]) -> None:
        new = sorted(points - known.keys())
        if len(known) + len(new) > MOST_POINTS:
            raise TooMany
        known.update(zip(new, values(new), strict=True))

    count = min(CELLS, high - low)
    ends = [low + (high - low) * place // count for place in range(count + 1)] if count else [low]
    cells = list(pairwise(ends))
    compute({*ends, *(probe for cell in cells for probe in _probes(*cell))})
    jumps: set[int] = set()
    while cells:
        bent = [cell for cell in cells if not _straight(known, *cell, tolerance)]
        jumps |= {after for before, after in bent if after - before == 1}
        halves = [half for a, b in bent if b - a > 1 for half in ((a, (a + b) // 2), ((a + b) // 2, b))]
        compute({point for a, b in halves for point in (a, b, *_probes(a, b))})
        cells = halves
    stretches = [_lines(known, stretch, tolerance) for stretch in _stretches(known, jumps)]
    compute({point for lines in stretches for line in lines for point in _samples(*line)})
    pieces = tuple(piece for lines in stretches for piece in _joined(known, lines, tolerance))
    compute({end for piece in pieces for end in (piece.low, piece.high)})
    pieces = tuple(replace(piece, at_low=known[piece.low], at_high=known[piece.high]) for piece in pieces)
    return Shape(pieces, tolerance, len(known))


def _probes(low: int, high: int) -> list[int]:
    return [point for share in PROBES if low < (point := low + int((high - low) * share)) < high]


def _straight(known: dict[int, Value], low: int, high: int, tolerance: int) -> bool:
    """Whether the cell's points lie on its chord. One step is straight if the value hardly moves."""
    first, last = known[low], known[high]
    inside = [(point, known[point]) for point in _probes(low, high)]
    if first is None or last is None or any(value is None for _, value in inside):
        return first is last is None and all(value is None for _, value in inside)
    if high - low == 1:
        return abs(last - first) <= tolerance
    rise, width = last - first, high - low
    return all(
        value is not None and abs((value - first) * width - rise * (point - low)) <= tolerance * width
        for point, value in inside
    )


def _stretches(known: dict[int, Value], jumps: set[int]) -> list[list[int]]:
    """The points between jumps, in order."""
    stretches: list[list[int]] = [[]]
    for point in sorted(known):
        if point in jumps and stretches[-1]:
            stretches.append([])
        stretches[-1].append(point)
    return stretches


def _lines(known: dict[int, Value], points: Sequence[int], tolerance: int) -> list[tuple[int, int]]:
    """The longest lines from the left through all points of a stretch without jumps: their ends."""
    lines: list[tuple[int, int]] = []
    at = 0
    while True:
        last = _reached(known, points, at, tolerance)
        lines.append((points[at], points[last]))
        if last == len(points) - 1:
            return lines
        at = last


def _reached(known: dict[int, Value], points: Sequence[int], at: int, tolerance: int) -> int:
    """The place of the last point to which one line from the point at `at` leads through all between."""
    start, base, last = points[at], known[points[at]], at
    steepest = flattest = None
    for place in range(at + 1, len(points)):
        value = known[points[place]]
        if base is not None and value is not None:
            width = points[place] - start
            low, high = Fraction(value - base - tolerance, width), Fraction(value - base + tolerance, width)
            flattest = low if flattest is None else max(low, flattest)
            steepest = high if steepest is None else min(high, steepest)
            if flattest > steepest:
                return last
        last = place
    return last


def _samples(low: int, high: int) -> set[int]:
    """Points well inside a line, from which it is measured: uneven ones, so that rounding falls differently at each."""
    width = high - low
    return {low + width * (53 + 1019 * place) // 50_000 for place in range(1, SAMPLES)} if width > SAMPLES else set()


def _joined(known: dict[int, Value], lines: Sequence[tuple[int, int]], tolerance: int) -> list[Piece]:
    """Lines that follow each other as pieces, each ending where it crosses the next."""
    lines, fits = _unparted(known, lines, tolerance)
    ends = [high for _, high in lines]
    for place, (left, right) in enumerate(pairwise(fits)):
        if left is not None and right is not None and left[0] != right[0]:
            crossing = round((right[1] - left[1]) / (left[0] - right[0]))
            ends[place] = min(max(crossing, lines[place][0]), lines[place + 1][1])
    pieces: list[Piece] = []
    low = lines[0][0]
    for fit, high in zip(fits, ends, strict=True):
        if high > low or len(lines) == 1:
            at_low, at_high = (known.get(end, _on(fit, end)) for end in (low, high))
            pieces.append(Piece(low, high, at_low, at_high, fit[0] if fit is not None else Fraction(0)))
            low = high
    return pieces


def _unparted(
    known: dict[int, Value], lines: Sequence[tuple[int, int]], tolerance: int
) -> tuple[list[tuple[int, int]], list[Fit]]:
    """The lines without those that the rounding at their first point alone parts from the one before: all points of the
    shorter lie on the longer. And where each lies."""
    joined: list[tuple[int, int]] = []
    fits: list[Fit] = []
    for low, high in lines:
        fit = _fit(known, low, high)
        if joined:
            before, last = joined[-1], fits[-1]
            longer = last if before[1] - before[0] >= high - low else fit
            shorter = (low, high) if longer is last else before
            if (
                last is not None
                and fit is not None
                and longer is not None
                and _lies_on(known, shorter, longer, tolerance)
            ):
                joined[-1], fits[-1] = (before[0], high), longer
                continue
        joined.append((low, high))
        fits.append(fit)
    return joined, fits


def _lies_on(known: dict[int, Value], ends: tuple[int, int], line: tuple[Fraction, Fraction], tolerance: int) -> bool:
    """Whether all that is known from one end to the other is what the line gives, but for rounding."""
    points = (*ends, *(point for point in _samples(*ends) if point in known))
    return all(
        (value := known.get(point)) is not None and abs(value - line[0] * point - line[1]) <= tolerance
        for point in points
    )


def _on(fit: Fit, point: int) -> Value:
    return None if fit is None else floor(fit[0] * point + fit[1] + Fraction(1, 2))


def _fit(known: dict[int, Value], low: int, high: int) -> Fit:
    """Slope and height at 0 of the line that rounding hides, from points inside; None where there is no value.

    Two points far apart bound the slope: of those that it may be the one with the fewest decimals, as laws have. Then
    every point bounds the height within half a step, and together they leave little. A sum of figures that are each
    rounded moves by as many steps: the fewest that leave a height are taken.
    """
    width = high - low
    inside = sorted(sample for sample in _samples(low, high) if sample in known) or [low, high]
    pairs = [(point, value) for point in inside if (value := known[point]) is not None]
    if len(pairs) < len(inside):
        return None
    (first, first_value), (last, last_value) = pairs[0], pairs[-1]
    if not width:
        return Fraction(0), Fraction(first_value)
    span, rise = last - first, last_value - first_value
    for noise in range(1, MOST_ROUNDED + 1):
        slope = fewest_decimals(Fraction(rise - noise, span), Fraction(rise + noise, span))
        heights = [value - slope * point for point, value in pairs]
        bounds = max(heights) - Fraction(noise, 2), min(heights) + Fraction(noise, 2)
        if bounds[0] <= bounds[1]:
            break
    return slope, fewest_decimals(*sorted(bounds))


def fewest_decimals(low: Fraction, high: Fraction) -> Fraction:
    """The number from `low` to `high` with the fewest decimals; of several the one nearest to the middle."""
    middle = (low + high) / 2
    for places in range(MOST_DECIMALS):
        scale = 10**places
        fraction = Fraction(round(middle * scale), scale)
        if low <= fraction <= high:
            return fraction
    return middle
