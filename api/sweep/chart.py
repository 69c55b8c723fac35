"""Curves as text for a terminal, and as an SVG."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from api.sweep.sweep import Curve, Segment, Sweep

WIDTH, HEIGHT = 72, 14
LAW, REFORM = "*", "+"
LAWS = ["law", "reform"]


def drawn(answer: Sweep, place: int) -> list[str]:
    """A curve as lines of text: `*` is the law, `+` the reform where it differs."""
    laws = [answer.law] + ([answer.reform] if answer.reform is not None else [])
    curves = [(mark, law.curves[place]) for mark, law in zip((LAW, REFORM), laws, strict=False)]
    low, high = _number(answer.from_), _number(answer.to)
    columns = [low + (high - low) * at / (WIDTH - 1) for at in range(WIDTH)]
    values = [(mark, [_at(curve, x) for x in columns]) for mark, curve in curves]
    there = [value for _, row in values for value in row if value is not None]
    if not there:
        return ["nowhere does it apply"]
    least, most = min(*there, 0.0), max(*there, 0.0)
    grid = [[" "] * WIDTH for _ in range(HEIGHT)]
    for mark, row in reversed(values):
        for at, value in enumerate(row):
            if value is not None:
                level = round((value - least) / (most - least) * (HEIGHT - 1)) if most > least else 0
                grid[HEIGHT - 1 - level][at] = mark
    ends = {0: f"{most:,.0f}", HEIGHT - 1: f"{least:,.0f}"}
    margin = max(map(len, ends.values()))
    lines = [f"{ends.get(at, ''):>{margin}} |{''.join(cells).rstrip()}" for at, cells in enumerate(grid)]
    first, last = str(answer.from_), str(answer.to)
    return [*lines, f"{'':>{margin}} +{'-' * WIDTH}", f"{'':>{margin}}  {first}{last:>{WIDTH - len(first)}}"]


def write_drawing(answer: Sweep, path: Path) -> None:
    """All curves as one drawing, an SVG, or a PNG if the file is named so: lines with their gaps where they jump, the
    reform's dashed."""
    import altair

    alt: Any = altair

    rows: list[dict[str, Any]] = []
    for name, law in zip(LAWS, (answer.law, answer.reform), strict=True):
        for curve in law.curves if law is not None else ():
            for number, segment in enumerate(curve.segments):
                title = f"{curve.label or curve.name}{f' ({name})' if answer.reform is not None else ''}"
                for x, y in ((segment.from_, segment.value_from), (segment.to, segment.value_to)):
                    rows.append(
                        {
                            "x": _number(x),
                            "y": None if y is None else float(str(y)),
                            "of": title,
                            "n": number,
                            "law": name,
                        }
                    )
    dated = "T" if "-" in str(answer.from_)[1:] else "Q"
    title = f"{answer.label} of {answer.of.id}, {answer.period}"
    chart: Any = (
        alt.Chart(alt.Data(values=rows))
        .mark_line()
        .encode(
            x=alt.X("x:Q", title=title if dated == "Q" else f"{title} (days)"),
            y=alt.Y("y:Q", title=answer.law.basis.currency),
            color=alt.Color("of:N", title=None),
            strokeDash=alt.StrokeDash("law:N", scale=alt.Scale(domain=LAWS, range=[[1, 0], [6, 4]]), legend=None),
            detail="n:N",
        )
        .properties(width=640, height=360)
    )
    chart.save(str(path), format="png" if path.suffix == ".png" else "svg", scale_factor=2)


def _number(value: object) -> float:
    """Where a value lies on an axis; for drawing only."""
    text = str(value)
    return float(date.fromisoformat(text).toordinal()) if text[4:5] == "-" else float(text)


def _at(curve: Curve, x: float) -> float | None:
    within: Sequence[Segment] = [
        segment for segment in curve.segments if _number(segment.from_) <= x <= _number(segment.to)
    ]
    if not within or within[0].value_from is None or within[0].value_to is None:
        return None
    segment = within[0]
    low, high = _number(segment.from_), _number(segment.to)
    first, last = float(str(segment.value_from)), float(str(segment.value_to))
    return first if high == low else first + (last - first) * (x - low) / (high - low)
