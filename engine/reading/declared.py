"""What every declaration has, and formulas that hold from a day on."""

from __future__ import annotations

from dataclasses import field
from datetime import date

from engine.records import record
from engine.syntax.ast import Expression, Name
from engine.text.source import Span


@record(frozen=True, slots=True)
class Declaration:
    """What every declaration has: its name, where the name stands, what it is called, and its authority."""

    name: str
    span: Span = field(compare=False, repr=False)
    label: str = ""
    law: str = ""


@record(frozen=True, slots=True)
class Dated:
    """A formula that holds from `start` (None: from always) until the next one."""

    start: date | None
    formula: Expression

    @property
    def is_repealed(self) -> bool:
        """Whether the law ends what was there before: `2021-01-01: repealed`."""
        return self.start is not None and isinstance(self.formula, Name) and self.formula.name == "repealed"


@record(frozen=True, slots=True)
class Changing:
    """Whether a fact can be changed (`yes`, `by_time`, `no`, or empty: not said), who does it, and how."""

    can: str = ""
    by: str = ""
    how: str = ""
