"""Lengths of time in lanes: months and days apart.

One is longer where it has more months and no fewer days, or more days and no fewer months. Where one has more months
and the other more days they have no order, and what asks for it is bad.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from engine.native.arithmetic.lanes import Mask
from engine.native.arithmetic.whole import Arithmetic
from engine.native.write.lane_values import Content, Figure, Length, Truth, chosen


def compared(work: Arithmetic, operator: str, a: Length, b: Length) -> Figure:
    """`= != < <= > >=`."""
    lanes = work.lanes
    if operator in ("=", "!="):
        same = lanes.both(work.compare("=", a.months, b.months), work.compare("=", a.days, b.days))
        return Figure(Truth(same if operator == "=" else lanes.opposite(same)))
    shorter, longer = _either_part(work, "<", a, b), _either_part(work, ">", a, b)
    mask = {"<": shorter, ">": longer, "<=": lanes.opposite(longer), ">=": lanes.opposite(shorter)}[operator]
    return Figure(Truth(mask), bad=lanes.both(shorter, longer))


def _either_part(work: Arithmetic, operator: str, a: Length, b: Length) -> Mask:
    return work.lanes.either(work.compare(operator, a.months, b.months), work.compare(operator, a.days, b.days))


def extreme(work: Arithmetic, operator: str, contents: Sequence[Content]) -> Figure:
    """The shortest (`min`) or longest (`max`); bad where any two have no order."""
    lengths = [content for content in contents if isinstance(content, Length)]
    assert len(lengths) == len(contents)
    best: Content = lengths[0]
    for length in lengths[1:]:
        assert isinstance(best, Length)
        better = _either_part(work, "<" if operator == "min" else ">", length, best)
        best = chosen(work, better, length, best)
    bad = work.lanes.either(*(compared(work, "<", a, b).bad for a, b in combinations(lengths, 2)))
    return Figure(best, bad)
