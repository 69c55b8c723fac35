"""The line below which people are poor: read from a table of the rules that the view names."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from api.failures import Failure, Misuse
from api.simulate.outcomes import Units
from api.simulate.population import index_factor
from api.simulate.view import View
from engine.interpret.constants import Constants
from engine.ir.program import Program
from engine.values.periods import Period


def poverty_lines(law: Program, view: View, units: Units, period: Period, whose: str = "unit") -> tuple[Any, str]:
    """The line of each unit (or whatever `whose` says that they are), by its size, and a sentence that says which; None
    where the view names no line."""
    if not view.poverty:
        return None, ""
    name = str(view.poverty["table"])
    full = next((table for table in law.tables if table.rpartition(":")[2] == name), None)
    stated = Constants(law).at(full, period.start) if full is not None else None
    if stated is None:
        raise Misuse(f"there is no table `{name}` for {period}", "correct `poverty` in the view")
    area, largest, year = view.poverty["area"], int(view.poverty["largest"]), period.start.year
    known = max((key[1] for key in stated.content if key[0] == area and key[1] <= year), default=None)
    if known is None:
        raise Failure(f"`{name}` has no line of {year}", "name another table in the view")
    moved = index_factor(law, view.uprate, known, period) if known < year and view.uprate else Fraction(1)
    amounts = [float(stated.content[(area, known, size)][""] * moved) for size in range(1, largest + 2)]
    sizes = np.maximum(units.size, 1)
    lines = np.array(amounts)[np.minimum(sizes, largest) - 1] + np.maximum(0, sizes - largest) * amounts[-1]
    carried = f", moved to {year} with `{view.uprate}`" if moved != 1 else ""
    return lines, (
        f"The poverty line is `{name}` of {known}{carried} ({view.poverty['law']}; `{area}`), for the number of people "
        f"in the {whose}: {amounts[0]:,.0f} for one, {amounts[3]:,.0f} for four."
        + (" A unit is not a household: who shares a home shares costs." if whose == "unit" else "")
    )
