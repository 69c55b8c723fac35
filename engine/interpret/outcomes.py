"""What evaluating gives: a value, what is possible while facts are unknown, that nothing applies, or an error.

What is possible is an interval (numbers, dates, durations) or a set (booleans, enums), with the unknown facts that it
depends on. It holds at least what the completions of the missing facts can give, so an answer that is one value is the
answer under every completion.
"""

from __future__ import annotations

from dataclasses import field
from typing import Any, NamedTuple, Union

from engine.records import record
from engine.text.source import Span
from engine.values.periods import Period
from engine.values.types import NONE, Value


class Fact(NamedTuple):
    """A figure of one instance for one period: the key of everything given, computed or missing.

    A tuple, since whoever evaluates a case makes thousands of them and looks each up several times.
    """

    name: str
    instance: str
    period: Period

    def __str__(self) -> str:
        return f"{self.name.rpartition(':')[2]} of {self.instance} for {self.period}"


@record(frozen=True, slots=True)
class Interval:
    """From `low` to `high`, both included; None is without end. `without_zero`: not zero, though it lies between."""

    low: Any
    high: Any
    without_zero: bool = False


@record(frozen=True, slots=True)
class Choice:
    """One of these values."""

    options: frozenset[Value]


@record(frozen=True, slots=True)
class Known:
    """Exactly this value."""

    value: Value


@record(frozen=True, slots=True)
class Possible:
    """Not determined: what it may be, and which unknown facts decide. `may_not_apply` and `may_fail` say what else."""

    range: Interval | Choice
    needs: frozenset[Fact]
    may_not_apply: bool = False
    may_fail: str = ""


@record(frozen=True, slots=True)
class NotApplicable:
    """The figure does not apply."""


@record(frozen=True, slots=True)
class Failure:
    """An error: what went wrong, where in the rules, and on the way to which figures (innermost first)."""

    message: str
    span: Span | None = field(compare=False)
    path: tuple[Fact, ...] = ()


def stated(value: Value) -> Outcome:
    """A fact or cell that is stated: its value, or that there is none."""
    return NOT_APPLICABLE if value is NONE else Known(value)


Outcome = Union[Known, Possible, NotApplicable, Failure]
NOT_APPLICABLE = NotApplicable()
