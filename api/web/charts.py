"""Charts as SVG in the page, in the page's colours: drawn twice, wide and narrow, so that text keeps its size.

Amounts are exact; only the place of a point is rounded, to a tenth of a pixel.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from markupsafe import Markup, escape

Number = Fraction | int
Format = Callable[[Fraction], str]


@dataclass(frozen=True, slots=True)
class Series:
    """A line through points from left to right. `step`: a value holds until the next one. `dashed`: the second one."""

    points: Sequence[tuple[Fraction, Fraction]]
    label: str = ""
    step: bool = False
    dashed: bool = False


@dataclass(frozen=True, slots=True)
class Mark:
    """A point to point out, with a note."""

    x: Fraction
    y: Fraction
    note: str
    line: bool = False


@dataclass(frozen=True, slots=True)
class Chart:
    """What to draw: `about` stands in for the picture where it is not seen. `low` and `high` bound the axis of x."""

    about: str
    series: Sequence[Series]
    low: Fraction
    high: Fraction
    x_label: Format
    y_label: Format
    marks: Sequence[Mark] = ()
    x_step: Fraction | None = None

    @property
    def svg(self) -> Markup:
        """The chart for wide and for narrow screens."""
        return Markup("").join((_drawn(self, _WIDE), _drawn(self, _NARROW)))


@dataclass(frozen=True, slots=True)
class _Frame:
    """A size: the picture's, where the axes stand in it, and about how many ticks they have."""

    kind: str
    width: int
    height: int
    left: int
    right: int
    top: int
    bottom: int
    ticks: int


_WIDE = _Frame("wide", 640, 330, 62, 626, 18, 300, 8)
_NARROW = _Frame("narrow", 360, 300, 56, 346, 18, 270, 5)


@dataclass(frozen=True, slots=True)
class _Scale:
    """Values to pixels, as both ends say."""

    low: Fraction
    high: Fraction
    start: int
    end: int

    def __call__(self, value: Number) -> str:
        width = self.high - self.low or Fraction(1)
        return pixels(self.start + (Fraction(value) - self.low) * (self.end - self.start) / width)


def pixels(value: Fraction) -> str:
    """A place, to a tenth of a pixel."""
    tenths = round(value * 10)
    sign, tenths = ("-" if tenths < 0 else ""), abs(tenths)
    return f"{sign}{tenths // 10}.{tenths % 10}"


def nice_step(width: Fraction, ticks: int) -> Fraction:
    """A round step (1, 2 or 5 of a power of ten) that makes at most so many."""
    step = Fraction(1)
    while step * ticks < width:
        step *= 10
    while step / 10 * ticks >= width > 0:
        step /= 10
    fitting = (step / part for part in (5, 2) if step / part * ticks >= width)
    return next(fitting, step)


def multiples(low: Fraction, high: Fraction, step: Fraction) -> Iterator[Fraction]:
    """The multiples of a step from `low` to `high`."""
    at = -(-low // step) * step
    while at <= high:
        yield at
        at += step


def _drawn(chart: Chart, frame: _Frame) -> Markup:
    values = [y for series in chart.series for _, y in series.points] or [Fraction(0)]
    zero = Fraction(0)
    low, high = min(zero, *values), max(zero, *values)
    step = nice_step(high - low or Fraction(1), 5)
    low, high = low // step * step, -(-high // step) * step
    if low == high:
        high = low + step
    x = _Scale(chart.low, chart.high, frame.left, frame.right)
    y = _Scale(low, high, frame.bottom, frame.top)
    parts = [*_grid(chart, frame, x, y, step), *(_line(series, x, y) for series in chart.series)]
    parts += [part for mark in chart.marks for part in _mark(mark, frame, x, y)]
    opening = Markup('<svg class="chart {}" viewBox="0 0 {} {}" role="img" aria-label="{}">').format(
        frame.kind, frame.width, frame.height, chart.about
    )
    return opening + Markup("").join(parts) + Markup("</svg>")


def _grid(chart: Chart, frame: _Frame, x: _Scale, y: _Scale, step: Fraction) -> Iterator[Markup]:
    for value in multiples(y.low, y.high, step):
        kind = "axis" if value == 0 else "grid"
        yield _rule(kind, frame.left, y(value), frame.right, y(value))
        yield _text("", frame.left - 8, pixels(Fraction(y(value)) + 4), "end", chart.y_label(value))
    across = chart.x_step or nice_step(chart.high - chart.low, frame.ticks)
    while (chart.high - chart.low) / across > frame.ticks:
        across *= 2
    for value in multiples(chart.low, chart.high, across):
        yield _text("", x(value), frame.bottom + 22, "middle", chart.x_label(value))


def _line(series: Series, x: _Scale, y: _Scale) -> Markup:
    path = ""
    for at, value in series.points:
        if not path:
            path = f"M{x(at)} {y(value)}"
        else:
            path += f"H{x(at)}V{y(value)}" if series.step else f"L{x(at)} {y(value)}"
    return Markup('<path class="{}" d="{}"/>').format("s2" if series.dashed else "s1", path)


def _mark(mark: Mark, frame: _Frame, x: _Scale, y: _Scale) -> Iterator[Markup]:
    across, up = Fraction(x(mark.x)), Fraction(y(mark.y))
    if mark.line:
        yield _rule("here", x(mark.x), frame.top, x(mark.x), frame.bottom)
    yield Markup('<circle class="dot" cx="{}" cy="{}" r="5"/>').format(x(mark.x), y(mark.y))
    right = across > (frame.left + frame.right) / 2
    below = up - 12 <= frame.top or (mark.line and not right)  # where a rising line leaves room
    over = pixels(up + 24 if below else up - 12)
    yield _text("note", pixels(across - 8 if right else across + 8), over, "end" if right else "start", mark.note)


def _rule(kind: str, x1: object, y1: object, x2: object, y2: object) -> Markup:
    return Markup('<line class="{}" x1="{}" y1="{}" x2="{}" y2="{}"/>').format(kind, x1, y1, x2, y2)


def _text(kind: str, x: object, y: object, anchor: str, text: str) -> Markup:
    named = Markup(' class="{}"').format(kind) if kind else Markup("")
    return Markup('<text{} x="{}" y="{}" text-anchor="{}">{}</text>').format(named, x, y, anchor, escape(text))
