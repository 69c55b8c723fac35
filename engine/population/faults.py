"""What is wrong with a cell or a row of a table."""

from __future__ import annotations

from engine.records import record

NO_ID, NO_FIGURE = "no id", "no figure"


@record(frozen=True, slots=True)
class BadCell:
    """What is wrong with a cell of a table. `row` counts from 1; 0 means the whole column or table.

    `remedy`: what to do, where it is known. `kind` is NO_ID or NO_FIGURE for a caller that knows more of these.
    """

    table: str
    row: int
    column: str
    message: str
    remedy: str = ""
    kind: str = ""

    def __str__(self) -> str:
        place = f", row {self.row}" if self.row else ""
        remedy = f"; {self.remedy}" if self.remedy else ""
        return f"{self.table}{place}, {self.column}: {self.message}{remedy}"


@record(frozen=True, slots=True)
class Refused:
    """A row (from 1) of an entity's table that is not to be let in, the column at fault, and why; without a message it
    is told elsewhere."""

    entity: str
    row: int
    column: str
    message: str
