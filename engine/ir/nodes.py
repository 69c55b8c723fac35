"""The node kinds of the typed core.

Every expression knows its type; names are resolved to whole-program names; nothing is implicit: who is read, at what
time, and what happens where a value does not apply. Spans take no part in equality. Whom a formula reads stands in
`whom`; times and links hold expressions and are held by them, so these are one module.
"""

from __future__ import annotations

from dataclasses import field
from typing import Union

from engine.ir.whom import Before, Bound, Grouping, GroupOf, HolderOf, OwnerOf, Records, Self, Subject
from engine.records import record
from engine.text.source import Span
from engine.values.numbers import RoundingMode
from engine.values.periods import PeriodKind
from engine.values.types import Value, ValueType


@record(frozen=True, slots=True)
class Node:
    """What all expressions share: the type of the value, and the place in the rules (None where made up)."""

    type: ValueType
    span: Span | None = field(compare=False, repr=False)


# --- who is aggregated


@record(frozen=True, slots=True)
class Members:
    """The people of a group in any of `roles`, in the order in which the group lists its roles, then as given: those
    who are members at `time`, in the formula's own period on the day on which members of the group count."""

    entity: str
    group: Subject
    roles: tuple[str, ...]
    time: Time = field(default_factory=lambda: ThisPeriod())
    by: Grouping | None = None


Link = Union[Members, Records]


# --- when: which period (of a variable) or day (of a constant) is meant, seen from the period of the formula


@record(frozen=True, slots=True)
class ThisPeriod:
    """The period of the formula; for a constant, its first day."""


@record(frozen=True, slots=True)
class Containing:
    """The period of kind `kind` that contains the first day (or, with `at_end`, the last day) of the formula's period,
    then `shift` periods later. Serves `@ start`, `@ end`, `@ this year`, `@ last year`, `@ next month`."""

    kind: PeriodKind
    at_end: bool = False
    shift: int = 0


@record(frozen=True, slots=True)
class ContainingDate:
    """The period of kind `kind` that contains a computed day."""

    kind: PeriodKind
    day: Expression


Time = Union[ThisPeriod, Containing, ContainingDate]


# --- expressions


@record(frozen=True, slots=True)
class Literal(Node):
    """A constant. Numbers are `int` or `Fraction`, money in units of the currency."""

    value: Value


@record(frozen=True, slots=True)
class NotApplicable(Node):
    """The third thing beside known and unknown: the figure does not apply."""


@record(frozen=True, slots=True)
class Local(Node):
    """A let-bound name or a function's argument. Names are unique within a formula."""

    name: str


@record(frozen=True, slots=True)
class Let(Node):
    """`body` with `name` standing for `value`, which is evaluated where it is first needed."""

    name: str
    value: Expression
    body: Expression


@record(frozen=True, slots=True)
class ParameterRead(Node):
    """A dated constant on the day that `time` gives (the first day of that period)."""

    name: str
    time: Time


@record(frozen=True, slots=True)
class TableRead(Node):
    """A cell. A key outside a bounded integer's range is an error value."""

    name: str
    column: str
    keys: tuple[Expression, ...]
    time: Time


@record(frozen=True, slots=True)
class ScaleRead(Node):
    """A scale applied to `argument`: the sum of rate times slice, or the value of the band."""

    name: str
    key: Expression | None
    argument: Expression
    time: Time


@record(frozen=True, slots=True)
class Band:
    """One bracket of a scale: from `threshold` (None: from below everything) on, `value`."""

    threshold: Expression | None
    value: Expression


@record(frozen=True, slots=True)
class Banded(Node):
    """A scale `name` with computed brackets applied to `amount`: `marginal` or `step`. A band begins at its threshold
    if `inclusive`, else above. Thresholds that do not rise are an error value."""

    name: str
    kind: str
    amount: Expression
    brackets: tuple[Band, ...]
    inclusive: bool


@record(frozen=True, slots=True)
class VariableRead(Node):
    """A figure or fact of `subject` at `time`."""

    name: str
    subject: Subject
    time: Time


@record(frozen=True, slots=True)
class FunctionCall(Node):
    """A function of the rules applied to its arguments, in order."""

    name: str
    arguments: tuple[Expression, ...]


@record(frozen=True, slots=True)
class Negate(Node):
    """Minus a number or duration."""

    value: Expression


@record(frozen=True, slots=True)
class Arithmetic(Node):
    """`+ - * /` on numbers, exact; `+ -` also on a date and a duration, two dates, two durations; `*` on a duration
    and an integer; `/` on two durations that are both in days or both in months; `mod` on integers. Division by zero is
    an error value."""

    operator: str
    left: Expression
    right: Expression


@record(frozen=True, slots=True)
class Compare(Node):
    """`= != < <= > >=`; enums and booleans know only the first two."""

    operator: str
    left: Expression
    right: Expression


@record(frozen=True, slots=True)
class Not(Node):
    """Logical not."""

    value: Expression


@record(frozen=True, slots=True)
class And(Node):
    """All of `values`. One false value decides, whatever is unknown or in error beside it."""

    values: tuple[Expression, ...]


@record(frozen=True, slots=True)
class Or(Node):
    """Any of `values`. One true value decides, whatever is unknown or in error beside it."""

    values: tuple[Expression, ...]


@record(frozen=True, slots=True)
class If(Node):
    """A choice. `applicability` marks the one made of `applies_if`, for explanations."""

    condition: Expression
    then: Expression
    otherwise: Expression
    applicability: bool = False


@record(frozen=True, slots=True)
class ExceptionCase:
    """One exception: its name, when it holds, what then stands, its law, and the names it is over (transitively)."""

    name: str
    when: Expression
    then: Expression
    law: str
    over: tuple[str, ...]


@record(frozen=True, slots=True)
class Exceptions(Node):
    """`general`, unless an exception holds; of those that hold the one that is over all others that hold. Two that
    hold with neither over the other are an error value."""

    general: Expression
    cases: tuple[ExceptionCase, ...]


@record(frozen=True, slots=True)
class Extreme(Node):
    """The least (`min`) or greatest (`max`) of at least one value."""

    operator: str
    values: tuple[Expression, ...]


@record(frozen=True, slots=True)
class Absolute(Node):
    """A number without its sign."""

    value: Expression


@record(frozen=True, slots=True)
class Round(Node):
    """`value` rounded to a multiple of `step` (above zero, else an error value)."""

    value: Expression
    mode: RoundingMode
    step: Expression


@record(frozen=True, slots=True)
class DateFunction(Node):
    """`years_between`, `months_between`, `days_between` (dates), `year_of`, `month_of`, `day_of`, `weekday` (one date),
    `date` (year, month and day; an error value where there is no such day), `attains` (a date and a duration), `age_on`
    (two dates), `add_working_days` (a date and an integer) and `working_days_between` (two dates) by `workdays`."""

    name: str
    arguments: tuple[Expression, ...]
    workdays: str = ""


@record(frozen=True, slots=True)
class PeriodBoundary(Node):
    """The first (`start`) or last (`end`) day of the formula's period."""

    which: str


@record(frozen=True, slots=True)
class Aggregate(Node):
    """`sum count any all min max` over a link. `where` None takes everybody. `count` has no body (None). `min` and
    `max` of nobody do not apply."""

    operator: str
    link: Link
    name: str
    body: Expression | None
    where: Expression | None


@record(frozen=True, slots=True)
class SortKey:
    """What records are ordered by, upwards unless `descending`. None is the order in which they are listed."""

    value: Expression | None
    descending: bool = False


@record(frozen=True, slots=True)
class Chosen(Node):
    """`operator` on the `count` highest or lowest of values, or the first or last of records in the order of `keys`.

    `pick` is highest, lowest, first or last. `operator` is sum, count, min, max, any or all; or `only`: the value of
    the one record that is first (last), where there is one. `count` is None for that.
    """

    operator: str
    pick: str
    count: Expression | None
    link: Link
    name: str
    body: Expression
    where: Expression | None
    keys: tuple[SortKey, ...]


@record(frozen=True, slots=True)
class Ranked(Node):
    """`rank`: one more than how many of a link stand strictly before `subject` in the order of `keys`;
    `percentile_rank`: how many do over how many there are."""

    operator: str
    subject: Subject
    link: Link
    name: str
    where: Expression | None
    keys: tuple[SortKey, ...]


@record(frozen=True, slots=True)
class Replacement:
    """What a world has in the place of a figure of `subject` at `time`, or of a parameter (`subject` None). With `link`
    it is one for each that `bound` stands for, and of whom `where` holds."""

    name: str
    subject: Subject | None
    time: Time
    value: Expression
    link: Link | None = None
    bound: str = ""
    where: Expression | None = None


@record(frozen=True, slots=True)
class AsIf(Node):
    """`value` in a world that differs in `changes` and in what follows from them."""

    value: VariableRead
    changes: tuple[Replacement, ...]


@record(frozen=True, slots=True)
class OverTime(Node):
    """`sum any all min max` of one figure over periods of its own kind: the parts of the formula's period (`last` 0),
    or the `last` periods before the one that contains its first day."""

    operator: str
    name: str
    subject: Subject
    kind: PeriodKind
    last: int


@record(frozen=True, slots=True)
class OverParts(Node):
    """`sum count any all min max` of `body`, evaluated in periods of another kind as a formula of that kind is.

    Which periods: those that belong to the formula's period, where `edge` (starting, ending, inside, touching) tells if
    some straddle it; or, where `last` is given, so many (at most `most`) before the one that holds its first day.
    """

    operator: str
    body: Expression
    kind: PeriodKind
    edge: str
    last: Expression | None = None
    most: int = 0


@record(frozen=True, slots=True)
class Spread(Node):
    """A flow of a longer period in equal parts: over how many periods of `kind` its own has."""

    value: VariableRead
    kind: PeriodKind


@record(frozen=True, slots=True)
class IsNone(Node):
    """Whether `value` does not apply: there is no such thing. It always has an answer itself."""

    value: Expression


@record(frozen=True, slots=True)
class Nobody(Node):
    """Whether there is nobody whom `subject` means."""

    subject: Subject


@record(frozen=True, slots=True)
class Holds(Node):
    """Whether a person holds one of `roles` in their group of kind `group`: in that of `inside`, if it says which."""

    subject: Subject
    group: str
    inside: Subject | None
    roles: tuple[str, ...]


@record(frozen=True, slots=True)
class Same(Node):
    """Whether two are one and the same."""

    left: Subject
    right: Subject


@record(frozen=True, slots=True)
class ListedBefore(Node):
    """Whether the left stands before the right in the list of the members of their `group`. Only code asks it."""

    left: Subject
    right: Subject
    group: str


@record(frozen=True, slots=True)
class Present(Node):
    """`value` where a test before it has told that it applies."""

    value: Expression


@record(frozen=True, slots=True)
class Otherwise(Node):
    """`value`, or `fallback` where `value` does not apply."""

    value: Expression
    fallback: Expression


Expression = Union[
    Literal, NotApplicable, Local, Let, ParameterRead, TableRead, ScaleRead, VariableRead, FunctionCall, Negate,
    Arithmetic, Compare, Not, And, Or, If, Exceptions, Extreme, Absolute, Round, DateFunction, PeriodBoundary,
    Aggregate, OverTime, OverParts, Spread, Otherwise, IsNone, Nobody, Present, Chosen, Ranked, AsIf,
    Holds, Same, ListedBefore, Banded,
]  # fmt: skip

__all__ = [
    "Absolute", "Aggregate", "And", "Arithmetic", "AsIf", "Band", "Banded", "Before", "Bound", "Chosen", "Compare",
    "Containing", "ContainingDate", "DateFunction", "ExceptionCase", "Exceptions", "Expression", "Extreme",
    "FunctionCall", "GroupOf", "Grouping", "HolderOf", "Holds", "If", "IsNone", "Let", "Link", "ListedBefore",
    "Literal", "Local", "Members", "Negate", "Nobody", "Node", "Not", "NotApplicable", "Or", "Otherwise",
    "OverParts", "OverTime", "OwnerOf", "ParameterRead", "PeriodBoundary", "Present", "Ranked", "Records",
    "Replacement", "Round", "Same", "ScaleRead", "Self", "SortKey", "Spread", "Subject", "TableRead", "ThisPeriod",
    "Time", "VariableRead",
]  # fmt: skip
