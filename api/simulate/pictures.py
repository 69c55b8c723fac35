"""The report's charts as PNG, for a page or a paper that takes pictures: on white, in the report's own colours.

A chart stands in the report in the page's style. Alone it carries the style itself, with each colour written out, since
what draws it knows no variables of CSS.
"""

from __future__ import annotations

import re
from pathlib import Path

import vl_convert

_STYLE = Path(__file__).with_name("report.css")
_CHART = re.compile(
    r'<svg class="chart" viewBox="0 0 (\d+) (\d+)" role="img" aria-label="([^"]*)">(.*?)</svg>', re.DOTALL
)
SCALE = 2.0
MARGIN = 12


def write_pictures(report: str, folder: Path) -> list[Path]:
    """Each chart of a report as `chart_01.png` and so on, in the order of the page."""
    written = []
    for number, chart in enumerate(pictures(report), 1):
        path = folder / f"chart_{number:02}.png"
        path.write_bytes(vl_convert.svg_to_png(chart, scale=SCALE))
        written.append(path)
    return written


def pictures(report: str) -> list[str]:
    """Each chart of a report as an SVG that stands alone."""
    style = _style()
    return [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="chart" width="{int(width) + 2 * MARGIN}" '
        f'height="{int(height) + 2 * MARGIN}" viewBox="{-MARGIN} {-MARGIN} {int(width) + 2 * MARGIN} '
        f'{int(height) + 2 * MARGIN}"><title>{title}</title><style>{style}</style>'
        f'<rect x="{-MARGIN}" y="{-MARGIN}" width="100%" height="100%" fill="#fff"/>{inside}</svg>'
        for width, height, title, inside in _CHART.findall(report)
    ]


def _style() -> str:
    """The rules for charts of the report's style, with the colours of its light form put in."""
    css = _STYLE.read_text(encoding="utf-8")
    root = re.search(r":root \{([^}]*)\}", css)
    assert root is not None
    values = dict(re.findall(r"(--[\w-]+):\s*([^;]+);", root[1]))
    rules = "".join(re.findall(r"\.chart[^{}]*\{[^}]*\}", css))
    return re.sub(r"var\((--[\w-]+)\)", lambda match: values[match[1]], rules)
