"""A whole population's facts as columns, as valid on V, as known at K.

1. Decode the facts recorded by K into blocks (`points`).
2. For each attribute: of its change points at or before V, sort by (subject, day, offset) and keep the last recorded of
   each day; drop the retracted; keep the last day of each subject.
3. A subject is a row of its entity's table if any of its change points is left, or if somebody belongs to it.
4. Write what is left into one column per attribute: whole numbers with a scale, and a mask of what is known. A
   relation becomes, for each row, the row of its group and a role.

`Wanted` narrows a column down: to change points of some days (money of a year counts only if it was recorded for that
year), and to kinds of value. A value of another kind is left out and named, so that one wrong fact does not stop a
whole population. A snapshot of some subjects reads only their events.

A fact that was never recorded, or has ended, is not known; it is never zero.
"""

from citizens.snapshot.build import Snapshot, build
from citizens.snapshot.columns import Column, Link, Mask, Table
from citizens.snapshot.standing import Recorded
from citizens.snapshot.wanted import Attributes, Misfit, Wanted, attributes_of

__all__ = [
    "Attributes",
    "Column",
    "Link",
    "Mask",
    "Misfit",
    "Recorded",
    "Snapshot",
    "Table",
    "Wanted",
    "attributes_of",
    "build",
]
