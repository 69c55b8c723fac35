"""Which rows of a block are tax units: `units.check_row` of all at once. A row that is none gets its faults there."""

from __future__ import annotations

import numpy as np

from api.taxsim.blocks import Block, Mask
from api.taxsim.columns import AGES, MARGINAL, SPOUSE, UNDER_AGES
from api.taxsim.units import JOINT, KINDS_OF_OUTPUT, MOST_DEPENDENTS, OLDEST, STATES, STATUSES


def sound(block: Block, years: range) -> Mask:
    """Of which rows nothing is wrong with the codes, nor was anything with the cells."""
    year, status = block.code("year"), block.code("mstat")
    passes = (year >= years.start) & (year < years.stop) & np.isin(status, STATUSES)
    unmarried = status != JOINT
    for column in (*(block.money.get(name) for name in SPOUSE), block.codes.get("sage")):
        if column is not None:
            passes &= ~(unmarried & (column != 0))
    for names, most in ((("page", "sage", *AGES), OLDEST), (("depx", *UNDER_AGES), MOST_DEPENDENTS)):
        for name in names:
            if name in block.codes:
                passes &= (block.codes[name] >= 0) & (block.codes[name] <= most)
    for name, known in (("state", STATES), ("idtl", KINDS_OF_OUTPUT), ("mtr", (0, *MARGINAL))):
        if name in block.codes:
            passes &= np.isin(block.codes[name], known)
    passes[[place for place, row in block.kept.items() if row.faults]] = False
    return passes
