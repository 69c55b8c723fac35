"""What rule files declare, as read: names with their positions, formulas as syntax trees, constants as typed values.

`RuleModule` is one file, `Ruleset` a jurisdiction. Nothing here is resolved; `resolve.py` does that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import date
from fractions import Fraction
from typing import Any

from engine.records import record
from engine.syntax.ast import Expression, Name
from engine.text.source import Source, Span
from engine.values.numbers import Grid, RoundingMode
from engine.values.periods import GREGORIAN, Calendar, Period, PeriodKind, Unit, kind_of, parse_period
from engine.values.types import WEEKDAYS, EnumValue, Value, ValueType
from engine.values.working_days import WorkingDays


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
class Uprate:
    """How a constant moves on after its last stated value: with `by`, from its value at `base`, on `grid`.

    `law_at_base` is that value, kept by the first reform that changes the constant: the law's own is projected. With
    `from_last` each change of the index goes on from the last rounded amount, and not from that at `base`; with
    `increase` only what is added is rounded; with `never_falls` an index that falls changes nothing.
    """

    by: str
    base: date
    grid: Grid
    span: Span = field(compare=False, repr=False)
    law_at_base: object = None
    from_last: bool = False
    increase: bool = False
    never_falls: bool = False


Key = str | int | date
Row = Mapping[str, Value]


@record(frozen=True, slots=True)
class Overlay:
    """What a reform lays over a constant from `start` to before `end` (None: for good).

    `content` is a parameter's value (then `key` is None and `whole` holds), a table's row or the value of its `column`,
    or a scale's brackets; `key` is the one of the constant's content that it replaces. With `indexed_from` it moves
    from that day on with the index of the constant's `uprate`; without, it stays as it is.
    """

    start: date
    end: date | None
    whole: bool
    key: tuple[Key, ...] | Key | None
    column: str
    content: object
    span: Span = field(compare=False, repr=False)
    indexed_from: date | None = None

    def holds(self, day: date) -> bool:
        """Whether it is laid on a day."""
        return self.start <= day and (self.end is None or day < self.end)

    def laid_over(self, below: Any) -> Any:
        """What a constant that holds `below` holds with this over it."""
        if self.whole:
            return self.content
        row = {**below.get(self.key, {}), self.column: self.content} if self.column else self.content
        return {**below, self.key: row}


@record(frozen=True, slots=True)
class BracketStarts:
    """From `start` to before `end` a table's cells are read off a scale with the same key: where the first bracket with
    `rate` or a higher one begins; `otherwise` where there is none. `scale` is the name as written, in a program the
    whole-program name."""

    start: date
    end: date | None
    scale: str
    rate: Fraction
    otherwise: Fraction
    span: Span = field(compare=False, repr=False)

    def holds(self, day: date) -> bool:
        """Whether the cells are read off the scale on a day."""
        return self.start <= day and (self.end is None or day < self.end)


@record(frozen=True, slots=True)
class SubjectIs:
    """The property of a resource that names a person. The fact is whether that is the one who asks: by their id, or by
    what their record holds as `named_by` (empty: by the id only)."""

    property: str
    named_by: str = ""


@record(frozen=True, slots=True)
class Changing:
    """Whether a fact can be changed (`yes`, `by_time`, `no`, or empty: not said), who does it, and how."""

    can: str = ""
    by: str = ""
    how: str = ""


@record(frozen=True, slots=True)
class Said:
    """A fact or figure with the value that it is said to have, as it is written."""

    name: str
    value: str
    span: Span = field(compare=False, repr=False)


@record(frozen=True, slots=True)
class Excluded:
    """What may not be stated beside a fact or figure, `where` facts of the same one are as said: `r_is_ira: false`."""

    name: str
    span: Span
    where: tuple[Said, ...] = ()


@record(frozen=True, slots=True)
class Input(Declaration):
    """A fact that a person or register supplies. `range` is inclusive; None is an open end. `excludes`: what may not
    be stated beside it. `subject_is`: how it is told from a resource whether it is the asker's."""

    entity: str = ""
    period: PeriodKind | None = None
    type: ValueType | None = None
    low: Fraction | None = None
    high: Fraction | None = None
    ask: str = ""
    default: Value | None = None
    absent: Value | None = None
    stock: bool = False
    event: bool = False
    status: bool = False
    excludes: tuple[Excluded, ...] = ()
    subject_is: SubjectIs | None = None
    changing: Changing = field(default_factory=Changing)


@record(frozen=True, slots=True)
class Parameter(Declaration):
    """A dated constant: `values` in order of date."""

    type: ValueType | None = None
    values: tuple[tuple[date, Value], ...] = ()
    known_until: date | None = None
    uprate: Uprate | None = None
    overlays: tuple[Overlay, ...] = ()


@record(frozen=True, slots=True)
class KeyType:
    """What a table or scale is keyed by: an enum, a boolean, or the whole numbers from `low` to `high`; where it is
    `open`, the row of `high` is that of all numbers from there on. Or a date (`day`): its row is the last one at or
    before it (`before`), the first at or after it (`after`), or the nearest (`nearest`; of two as near the `earlier` or
    the `later`, else an error value)."""

    name: str
    enum: str = ""
    low: int = 0
    high: int = 0
    boolean: bool = False
    open: bool = False
    day: str = ""


@record(frozen=True, slots=True)
class Table(Declaration):
    """Dated cells: `values[i] = (date, {keys: {column: value}})`. A table with one unnamed column names it ``""``.

    Of a `partial` one rows may be missing, and a date gives the rows that change; `instead` is the fact that is given
    where a row is missing. A table keyed by a date has the rows that are written.
    """

    keys: tuple[KeyType, ...] = ()
    columns: Mapping[str, ValueType] = field(default_factory=dict)
    values: tuple[tuple[date, Mapping[tuple[Key, ...], Row]], ...] = ()
    known_until: date | None = None
    uprate: Uprate | None = None
    overlays: tuple[Overlay, ...] = ()
    follows: tuple[BracketStarts, ...] = ()
    partial: bool = False
    instead: str = ""
    instead_span: Span | None = field(default=None, compare=False, repr=False)

    @property
    def is_total(self) -> bool:
        """Whether every key has a row."""
        return not self.partial and not any(key.day for key in self.keys)


@record(frozen=True, slots=True)
class Bracket:
    """One band: from `threshold` (None: from below everything) on, `value`."""

    threshold: Fraction | None
    value: Value


@record(frozen=True, slots=True)
class ComputedBracket:
    """One band whose threshold or value is a formula, or a value as the schema types it."""

    threshold: Value | Expression | None
    value: Value | Expression
    span: Span = field(compare=False, repr=False)


@record(frozen=True, slots=True)
class Computed:
    """Brackets that hold from `start` on, by key."""

    start: date
    brackets: Mapping[Key | None, tuple[ComputedBracket, ...]]


@record(frozen=True, slots=True)
class Scale(Declaration):
    """Dated brackets by key (``None`` where there is none). `inclusive`: a band begins at its threshold, not above.

    A scale with `computed` brackets has no `values`: its thresholds and values are formulas of constants and of its
    `arguments`, which follow the amount.
    """

    kind: str = "marginal"
    key: KeyType | None = None
    of: ValueType | None = None
    gives: ValueType | None = None
    inclusive: bool = False
    values: tuple[tuple[date, Mapping[Key | None, tuple[Bracket, ...]]], ...] = ()
    known_until: date | None = None
    uprate: Uprate | None = None
    overlays: tuple[Overlay, ...] = ()
    arguments: tuple[tuple[str, ValueType], ...] = ()
    computed: tuple[Computed, ...] = ()


@record(frozen=True, slots=True)
class Function(Declaration):
    """A named formula with typed arguments."""

    arguments: tuple[tuple[str, ValueType], ...] = ()
    type: ValueType | None = None
    formula: tuple[Dated, ...] = ()


@record(frozen=True, slots=True)
class VariableException(Declaration):
    """Where `when` holds, `then` stands instead of the formula, and instead of the exceptions it is `over`."""

    when: Expression | None = None
    then: Expression | None = None
    over: tuple[tuple[str, Span], ...] = ()


@record(frozen=True, slots=True)
class Variable(Declaration):
    """A figure that the law computes. `grid` is None where the ruleset's applies; `low` and `high` bound what may be
    given in its place. `excludes`: what may not be stated beside it. `status`: what is stated in its place lasts."""

    entity: str = ""
    period: PeriodKind | None = None
    type: ValueType | None = None
    formula: tuple[Dated, ...] = ()
    grid: Grid | None = None
    applies_if: Expression | None = None
    otherwise: Expression | None = None
    exceptions: tuple[VariableException, ...] = ()
    stock: bool = False
    low: Fraction | None = None
    high: Fraction | None = None
    excludes: tuple[Excluded, ...] = ()
    status: bool = False


@record(frozen=True, slots=True)
class Reason(Declaration):
    """A condition of a requirement: either `needs`, dated as formulas are, or `all`/`any_of` others (in `parts`)."""

    needs: tuple[Dated, ...] = ()
    mode: str = ""
    parts: tuple[Reason, ...] = ()
    fails: str = ""
    exceptions: tuple[VariableException, ...] = ()


@record(frozen=True, slots=True)
class Permit:
    """An action on a resource that a requirement permits, as other programs name them. An empty `id`: on every resource
    of that type."""

    action: str
    type: str
    id: str
    span: Span = field(compare=False, repr=False)


@record(frozen=True, slots=True)
class Requirement(Declaration):
    """Conditions for an entitlement or a permission: a boolean with named reasons, and what it permits."""

    entity: str = ""
    period: PeriodKind | None = None
    reason: Reason | None = None
    permits: tuple[Permit, ...] = ()


@record(frozen=True, slots=True)
class Example:
    """A worked case. `given` and `expect` are `syntax.nodes.Mapping`s: cases are read by `engine.interpret.cases`."""

    name: str
    at: str
    given: object
    expect: object
    span: Span = field(compare=False, repr=False)


@record(frozen=True, slots=True)
class Implication:
    """Where a complete case says all of `given` and nothing else of the figures in `then`, these are as said there."""

    given: tuple[Said, ...]
    then: tuple[Said, ...]
    law: str
    span: Span = field(compare=False, repr=False)


@record(frozen=True, slots=True)
class RuleModule:
    """One file of law. `exports` keep the place where each name is listed. `examples_unread`: not all could be read.
    `stands_alone`: facts that neither imply another nor follow from one."""

    name: str
    about: str
    law: str
    span: Span = field(compare=False, repr=False)
    exports: tuple[tuple[str, Span], ...] = ()
    inputs: tuple[Input, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    tables: tuple[Table, ...] = ()
    scales: tuple[Scale, ...] = ()
    functions: tuple[Function, ...] = ()
    variables: tuple[Variable, ...] = ()
    requirements: tuple[Requirement, ...] = ()
    examples: tuple[Example, ...] = ()
    examples_unread: bool = False
    implications: tuple[Implication, ...] = ()
    stands_alone: tuple[tuple[str, Span], ...] = ()


@record(frozen=True, slots=True)
class EnumDeclaration(Declaration):
    """An enum's members with their labels, in order. `codes`: the standard whose codes the members are, in capitals."""

    members: Mapping[str, str] = field(default_factory=dict)
    codes: str = ""


@record(frozen=True, slots=True)
class Role:
    """A part that people play in a group. `maximum` None: any number. `unless`: a boolean fact of the group; where it
    is stated true, nobody holds the role, and who is listed with it is not in the group. So too where a figure of the
    group is stated to be `unless_stated`, `figure.member`."""

    name: str
    plural: str
    minimum: int = 0
    maximum: int | None = None
    unless: str = ""
    unless_span: Span | None = field(default=None, compare=False, repr=False)
    unless_stated: str = ""
    unless_stated_span: Span | None = field(default=None, compare=False, repr=False)

    def vacated_by(self, name: str, value: object) -> bool:
        """Whether nobody holds the role where this is stated of the group."""
        figure, _, member = self.unless_stated.partition(".")
        if name == figure and isinstance(value, EnumValue):
            return value.member == member
        return name == self.unless and value is True

    @property
    def single(self) -> bool:
        """Whether at most one person holds it."""
        return self.maximum == 1


@record(frozen=True, slots=True)
class Owner:
    """Whom a record belongs to besides its first owner, or which larger group a group lies in. `name` is what formulas
    and cases call it."""

    name: str
    entity: str


@record(frozen=True, slots=True)
class OrderKey:
    """A figure that records are ordered by, upwards unless `descending`; the order in which they are listed if it has
    no name."""

    name: str
    descending: bool = False


@record(frozen=True, slots=True)
class Steps:
    """An order among the records of one owner that have equal figures `within`: `name` is the record before."""

    name: str
    by: tuple[OrderKey, ...]
    within: tuple[str, ...] = ()
    places: Mapping[str, Span] = field(default_factory=dict, compare=False, repr=False)

    @property
    def figures(self) -> tuple[str, ...]:
        """Every figure that decides the order."""
        return (*self.within, *(key.name for key in self.by if key.name))


@record(frozen=True, slots=True)
class Entity(Declaration):
    """A kind of thing that has figures: a person, a group `of` people with roles, or a record that `belongs_to` one.

    `first_owner` is what formulas and cases call the first owner, if not by its entity. `further` are other owners of a
    record, or the larger group that a group lies `within`. `may_have_none`: a person may be in no group of this kind.
    `counted_start`: a formula means those who are members on the first day of its period, and not on the last.
    `sequences` are the orders among a record's kin, by name. `made_for`: there is one such record for each ordered pair
    of people in a group of these kinds. `more`: who can add such a record and how, for `cure`; None: nobody.
    """

    plural: str = ""
    of: str = ""
    roles: tuple[Role, ...] = ()
    sets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    belongs_to: str = ""
    first_owner: str = ""
    further: tuple[Owner, ...] = ()
    within: str = ""
    may_have_none: bool = False
    counted_start: bool = False
    sequences: Mapping[str, Steps] = field(default_factory=dict)
    made_for: tuple[str, ...] = ()
    more: Changing | None = None

    def further_owner(self, name: str) -> Owner | None:
        """The owner besides the first that is called so."""
        return next((owner for owner in self.further if owner.name == name), None)


BUILT_IN_ENUMS: Mapping[str, EnumDeclaration] = {
    "weekday": EnumDeclaration(
        "weekday", Span(Source("<built in>", ""), 0, 0), "Day of the week",
        members={day: day.capitalize() for day in WEEKDAYS},
    )
}  # fmt: skip


@record(frozen=True, slots=True)
class AssessmentRules(Declaration):
    """What an assessment consists of: whom it is made `of` (a group or a person), for each `period`.

    `liabilities`, `entitlements` and `payments` name figures, each with the name of its account in the ledger.
    `payments_include` are entitlements that the payments count already. `shown` are figures that an assessment also
    keeps. `places` says where each figure is named.
    """

    of: str = ""
    period: PeriodKind | None = None
    liabilities: Mapping[str, str] = field(default_factory=dict)
    entitlements: Mapping[str, str] = field(default_factory=dict)
    payments: Mapping[str, str] = field(default_factory=dict)
    payments_include: tuple[str, ...] = ()
    shown: tuple[str, ...] = ()
    places: Mapping[str, Span] = field(default_factory=dict, compare=False, repr=False)

    @property
    def accounts(self) -> Mapping[str, str]:
        """Every figure that moves the ledger, with its account."""
        return {**self.liabilities, **self.entitlements, **self.payments}

    @property
    def figures(self) -> tuple[str, ...]:
        """Every figure that an assessment keeps, each once: those shown first."""
        return tuple(dict.fromkeys((*self.shown, *self.accounts)))


@record(frozen=True, slots=True)
class Settings:
    """What a jurisdiction shares: `ruleset.yaml`. After `covers_to`, up to `projected_to`, answers are projections."""

    name: str
    about: str = ""
    law: str = ""
    currency: str = "USD"
    money_grid: Fraction = Fraction(1, 100)
    rate_grid: Fraction = Fraction(1, 10**9)
    rounding: RoundingMode = RoundingMode.HALF_UP
    covers_from: date = date(1900, 1, 1)
    covers_to: date = date(2100, 12, 31)
    projected_to: date | None = None
    date_round_up: bool = False
    date_round_refused: bool = False
    leap_birthday_march: bool = True
    attains_day_before: bool = False
    calendars: Mapping[str, Calendar] = field(default_factory=lambda: {"year": GREGORIAN})
    year_is: str = "year"
    workdays: Mapping[str, WorkingDays] = field(default_factory=dict)
    enums: Mapping[str, EnumDeclaration] = field(default_factory=lambda: BUILT_IN_ENUMS)
    entities: Mapping[str, Entity] = field(default_factory=dict)
    assessments: Mapping[str, AssessmentRules] = field(default_factory=dict)
    based_on: str = ""
    """The rules over which these lie: the first part of the names of the modules that come from there."""

    def period(self, text: str) -> Period:
        """The period that is asked for by `--at` or `at:`. Raises ValueError with a sentence."""
        return parse_period(text, dict(self.calendars), self.year_is)

    def kinds(self) -> dict[str, PeriodKind]:
        """Every kind of period that there is, by name, from the shortest civil one to the declared ones."""
        declared = {name: kind_of(calendar) for name, calendar in self.calendars.items()}
        return {"day": PeriodKind(Unit.DAY), "month": PeriodKind(Unit.MONTH), **declared}

    def is_projection(self, day: date) -> bool:
        """Whether what holds on a day is projected: the law as it stands, with amounts that are not known yet."""
        return self.projected_to is not None and day > self.covers_to


@record(frozen=True, slots=True)
class Ruleset:
    """A jurisdiction: its settings and its modules, in order of name."""

    settings: Settings
    modules: tuple[RuleModule, ...]
