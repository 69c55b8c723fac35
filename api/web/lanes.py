"""A record in two times as a picture: a lane for each fact, a bar for what held when, filled where it was known.

What was recorded only after the day of the second time is dashed. The same stands beside it as a table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from markupsafe import Markup

from api.web.charts import nice_step, pixels

ROW, BAR = 50, 24
WIDE, NARROW = 640, 340


@dataclass(frozen=True, slots=True)
class Bar:
    """What held from a day until another (exclusive; None: for ever), and whether that was known."""

    from_: date
    until: date | None
    text: str
    known: bool


@dataclass(frozen=True, slots=True)
class Lane:
    """A fact, and what it was over time."""

    label: str
    bars: Sequence[Bar]


def drawn(lanes: Sequence[Lane], on: date, about: str) -> Markup:
    """The lanes for wide and narrow screens, with a line on a day."""
    return Markup("").join(
        _drawn(lanes, on, about, kind, width) for kind, width in (("wide", WIDE), ("narrow", NARROW))
    )


def _drawn(lanes: Sequence[Lane], on: date, about: str, kind: str, width: int) -> Markup:
    days = [day for lane in lanes for bar in lane.bars for day in (bar.from_, bar.until) if day is not None]
    low, high = _year(min([*days, on])), _year(max([*days, on])) + Fraction(1, 2)
    low, high = Fraction(int(low)), Fraction(-(-high // 1))

    def x(value: Fraction) -> Fraction:
        return min(max((value - low) / (high - low), Fraction(0)), Fraction(1)) * width

    height = ROW * len(lanes) + 24
    parts = list(_axis(low, high, width, height, x))
    for at, lane in enumerate(lanes):
        parts.append(Markup('<text x="0" y="{}">{}</text>').format(at * ROW + 14, shortened(lane.label, width // 8)))
        parts += [_bar(bar, at * ROW + 20, x, width) for bar in lane.bars]
    here = pixels(x(_year(on)))
    parts.append(Markup('<line class="here" x1="{}" x2="{}" y1="0" y2="{}"/>').format(here, here, height - 20))
    opening = Markup('<svg class="chart lanes {}" viewBox="0 0 {} {}" role="img" aria-label="{}">')
    return opening.format(kind, width, height, about) + Markup("").join(parts) + Markup("</svg>")


def _bar(bar: Bar, y: int, x: Callable[[Fraction], Fraction], width: int) -> Markup:
    start = x(_year(bar.from_))
    end = x(_year(bar.until)) if bar.until is not None else Fraction(width)
    made = Markup('<rect class="{}" x="{}" y="{}" width="{}" height="{}" rx="3"/>').format(
        "known" if bar.known else "later", pixels(start), y, pixels(max(end - start - 2, Fraction(3))), BAR
    )
    if end - start < 9 * len(bar.text):
        return made
    kind = "on" if bar.known else "note"
    return made + Markup('<text class="{}" x="{}" y="{}">{}</text>').format(kind, pixels(start + 6), y + 17, bar.text)


def _axis(
    low: Fraction, high: Fraction, width: int, height: int, x: Callable[[Fraction], Fraction]
) -> Iterator[Markup]:
    step = max(Fraction(1), nice_step(high - low, width // 70))
    at = low
    while at <= high:
        anchor = "start" if at == low else "end" if at == high else "middle"
        line = Markup('<line class="grid" x1="{0}" x2="{0}" y1="0" y2="{1}"/>').format(pixels(x(at)), height - 20)
        yield line + Markup('<text x="{}" y="{}" text-anchor="{}">{}</text>').format(
            pixels(x(at)), height - 4, anchor, int(at)
        )
        at += step


def _year(day: date) -> Fraction:
    return day.year + Fraction(day.timetuple().tm_yday - 1, 366)


def shortened(text: str, most: int) -> str:
    """A text of at most so many characters; the whole of it stands beside the picture."""
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"
