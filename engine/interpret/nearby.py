"""What was found of somebody in a period, by name alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from engine.interpret.frames import Step
from engine.interpret.further import Another
from engine.values.periods import Period


class Nearby(dict[str, Step]):
    """The steps of one instance and period, by the names of figures.

    `figures`: the figures of the period, as `compiled` knows them. `links`: those whom formulas run over, by number,
    where only the case says who they are. `is_another`: whether it is one whom a list may hold besides.
    """

    __slots__ = ("figures", "instance", "is_another", "links", "period")

    def __init__(self, instance: str, period: Period, figures: Mapping[str, Any]) -> None:
        super().__init__()
        self.instance, self.period, self.figures = instance, period, figures
        self.links: dict[int, Sequence[Nearby]] = {}
        self.is_another = isinstance(instance, Another)
