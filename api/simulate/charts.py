"""Charts as SVG that stands in the page: it takes the page's colours and fonts, and works without a network.

Bars lie, so that labels stay readable on a phone. Numbers come as they are told; geometry is floating point.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

WIDTH, LABEL, RIGHT = 440, 96, 62
ROW, BAR = 24, 15


def bars(title: str, labels: Sequence[str], values: Sequence[str], unit: str) -> str:
    """A bar for each label, left of the line where it is below zero; a value that is empty is not shown."""
    numbers = [float(value) if value else 0.0 for value in values]
    low, high = min(0.0, *numbers), max(0.0, *numbers)
    span = (high - low) or 1.0
    left = LABEL + (RIGHT if low < 0 else 4)
    room = WIDTH - left - RIGHT
    zero = left + room * (0 - low) / span
    parts = [f'<line class="axis" x1="{zero:.1f}" x2="{zero:.1f}" y1="0" y2="{ROW * len(labels)}"/>']
    for at, (label, text, number) in enumerate(zip(labels, values, numbers, strict=True)):
        y = at * ROW
        length = room * abs(number) / span
        x = zero if number >= 0 else zero - length
        parts.append(_text(LABEL - 6, y + 16, label, "end"))
        parts.append(f'<rect class="{"bar" if number >= 0 else "bar2"}" x="{x:.1f}" y="{y + 4}" '
                     f'width="{length:.1f}" height="{BAR}"/>')  # fmt: skip
        told = f"{signed(text)}{unit}" if text else "not shown"
        end = x + length + 5 if number >= 0 else x - 5
        parts.append(_text(end, y + 16, told, "start" if number >= 0 else "end", "note"))
    return _svg(title, ROW * len(labels) + 4, parts)


def stacks(title: str, labels: Sequence[str], rows: Sequence[Sequence[str]], keys: Sequence[str]) -> str:
    """A whole of 100% for each label in parts, with a key; parts that are not shown are left blank."""
    room, head = WIDTH - LABEL - 6, ROW * ((len(keys) + 1) // 2) + 8
    parts = []
    for at, key in enumerate(keys):
        x, y = (at % 2) * WIDTH / 2, (at // 2) * ROW
        parts.append(f'<rect class="f{at}" x="{x:.1f}" y="{y + 4}" width="14" height="14"/>')
        parts.append(_text(x + 20, y + 16, key, "start"))
    for place, (label, row) in enumerate(zip(labels, rows, strict=True)):
        y = head + place * ROW
        parts.append(_text(LABEL - 6, y + 16, label, "end"))
        shown = sum(float(share) for share in row if share)
        blank = max(0.0, 100 - shown) / max(1, sum(not share for share in row))
        x = float(LABEL)
        for at, share in enumerate(row):
            length = room * (float(share) if share else blank) / 100
            style = f"f{at}" if share else "blank"
            parts.append(f'<rect class="{style}" x="{x:.1f}" y="{y + 4}" width="{length:.1f}" height="{BAR}"/>')
            x += length
    return _svg(title, head + ROW * len(labels) + 4, parts)


def pairs(title: str, labels: Sequence[str], before: Sequence[str], after: Sequence[str], unit: str) -> str:
    """Two bars for each label: current law and the reform."""
    numbers = [float(text) if text else 0.0 for text in (*before, *after)]
    high = max(0.0, *numbers) or 1.0
    room, head, row = WIDTH - LABEL - RIGHT, ROW + 4, 34
    parts = [
        '<rect class="bar" x="0" y="4" width="14" height="14"/>', _text(20, 16, "current law", "start"),
        f'<rect class="bar2" x="{WIDTH / 2}" y="4" width="14" height="14"/>',
        _text(WIDTH / 2 + 20, 16, "reform", "start"),
    ]  # fmt: skip
    for at, label in enumerate(labels):
        y = head + at * row
        parts.append(_text(LABEL - 6, y + 20, label, "end"))
        for place, (text, style) in enumerate(((before[at], "bar"), (after[at], "bar2"))):
            length = room * (float(text) if text else 0.0) / high
            top = y + 3 + place * 14
            parts.append(f'<rect class="{style}" x="{LABEL}" y="{top}" width="{length:.1f}" height="12"/>')
            told = f"{text}{unit}" if text else "not shown"
            parts.append(_text(LABEL + length + 5, top + 11, told, "start", "note"))
    return _svg(title, head + row * len(labels) + 4, parts)


def signed(text: str) -> str:
    """A number with its sign, a true minus for one below zero."""
    if text.startswith("-"):
        return "\N{MINUS SIGN}" + text[1:]
    return text if not text.strip("0.") else f"+{text}"


def _text(x: float, y: float, words: str, anchor: str, style: str = "") -> str:
    named = f' class="{style}"' if style else ""
    return f'<text x="{x:.1f}" y="{y}" text-anchor="{anchor}"{named}>{escape(words)}</text>'


def _svg(title: str, height: int, parts: Sequence[str]) -> str:
    inside = "".join(parts)
    return f'<svg class="chart" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(title)}">{inside}</svg>'
