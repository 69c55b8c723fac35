"""A checked program: every definition by its whole-program name, every expression in the typed core.

An exported name stands for itself; a private one is written `module:name`. A requirement's reasons are boolean
definitions of their own, named `requirement.reason`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import date
from fractions import Fraction

from engine.ir.contradictions import Contradiction
from engine.ir.nodes import Expression
from engine.reading.declarations import Permit, SubjectIs
from engine.reading.declared import Changing
from engine.reading.declared_constants import Parameter, Scale, Table
from engine.reading.declared_settings import Settings
from engine.records import record
from engine.text.source import Span
from engine.values.numbers import Grid
from engine.values.periods import Period, PeriodKind, Unit
from engine.values.types import Kind, Value, ValueType


@record(frozen=True, slots=True)
class DatedExpression:
    """An expression that holds for periods whose first day is `start` or later (None: from always)."""

    start: date | None
    body: Expression


@record(frozen=True, slots=True)
class ReasonInfo:
    """What a refusal says of one reason: its definition's name, how its parts combine (`all`, `any_of` or nothing)."""

    name: str
    label: str
    law: str
    fails: str
    mode: str = ""
    parts: tuple[ReasonInfo, ...] = ()


@record(frozen=True, slots=True)
class Condition:
    """That a fact, by its whole-program name, is one of some values."""

    name: str
    values: tuple[Value, ...]


@record(frozen=True, slots=True)
class Definition:
    """A fact or a figure.

    `formulas` is empty for an input. `grid` is set for money and rates. `low` and `high` bound what may be
    given or computed (inclusive). `may_not_apply` tells whether the value can be `NotApplicable`. `excludes` names what
    cannot be stated with it, `excludes_where` what cannot where all conditions hold. `permits`: the actions that a
    requirement permits; `subject_is`: how a fact is told from a resource. `ledger`: the groups, each with
    roles, whose debts in a log's ledger are the fact.
    """

    name: str
    module: str
    entity: str
    period: PeriodKind
    type: ValueType
    label: str
    law: str
    span: Span | None = field(compare=False, repr=False)
    formulas: tuple[DatedExpression, ...] = ()
    grid: Grid | None = None
    stock: bool = False
    event: bool = False
    status: bool = False
    low: Fraction | None = None
    high: Fraction | None = None
    ask: str = ""
    default: Value | None = None
    absent: Value | None = None
    exported: bool = False
    may_not_apply: bool = False
    requirement: ReasonInfo | None = None
    excludes: tuple[str, ...] = ()
    excludes_where: tuple[tuple[str, tuple[Condition, ...]], ...] = ()
    permits: tuple[Permit, ...] = ()
    subject_is: SubjectIs | None = None
    changing: Changing = field(default_factory=Changing)
    ledger: tuple[tuple[str, tuple[str, ...]], ...] = ()

    @property
    def is_input(self) -> bool:
        """Whether this is a fact to be supplied, not a figure to be computed."""
        return not self.formulas

    @property
    def lasts(self) -> bool:
        """Whether a log carries the fact on, from the day on which it is stated to the next statement.

        An event belongs to the period in which it happened, and so does a flow: money, a whole number, or a figure that
        is stated in the place of its formula. All else is a status, a stock, or for all time.
        """
        if self.period.unit is Unit.ETERNITY or self.stock or self.status:
            return True
        return self.is_input and not self.event and self.type.kind not in (Kind.MONEY, Kind.INTEGER)

    def period_at(self, at: Period) -> Period | None:
        """The period of the figure that is or holds `at`; None where there is not one: nobody guesses it."""
        if self.period == at.kind:
            return at
        if self.period.is_personal and self.period.calendar.anchor is None:
            return None
        period = self.period.containing(at.start)
        return period if period.contains(at) else None

    @property
    def short_name(self) -> str:
        """The name without its module."""
        return self.name.rpartition(":")[2]


@record(frozen=True, slots=True)
class FunctionDefinition:
    """A function of the rules: argument names and types in order, dated bodies that read `Local`s."""

    name: str
    arguments: tuple[tuple[str, ValueType], ...]
    type: ValueType
    formulas: tuple[DatedExpression, ...]
    law: str
    label: str = field(default="", compare=False)


Constant = Parameter | Table | Scale


@record(frozen=True, slots=True)
class Structure:
    """What the fingerprint `of` is made of: a SHA-256 over the print of the program without the dated values of its
    constants (`form`), and one over the print of each constant, by name."""

    of: str
    form: str
    constants: Mapping[str, str] = field(default_factory=dict)


@record(frozen=True, slots=True)
class Program:
    """Everything an evaluator needs. `order` lists the definitions so that each comes after those it reads now.

    `fingerprint` is a SHA-256 over the program's stable print: the same law gives the same fingerprint.
    `structure` is good for that fingerprint alone: a program made out of this one under another has none.
    `members_of_another_day` names a figure that asks who belongs to a group on another day than its own, if one does.
    `contradictions`: what may not be stated together.
    """

    settings: Settings
    definitions: Mapping[str, Definition]
    parameters: Mapping[str, Parameter]
    tables: Mapping[str, Table]
    scales: Mapping[str, Scale]
    functions: Mapping[str, FunctionDefinition]
    order: tuple[str, ...]
    fingerprint: str
    members_of_another_day: str = ""
    contradictions: tuple[Contradiction, ...] = ()
    structure: Structure | None = field(default=None, compare=False)

    @property
    def constants(self) -> tuple[Mapping[str, Constant], ...]:
        """All constants, kind by kind, by name."""
        return self.parameters, self.tables, self.scales

    @property
    def form(self) -> str:
        """What programs have in common that differ in the values of their constants alone; empty if it is not known."""
        structure = self.structure
        return structure.form if structure is not None and structure.of == self.fingerprint else ""

    def find(self, name: str) -> Definition | None:
        """The definition that a user means by `name`: exact, or the only private one of that short name."""
        if name in self.definitions:
            return self.definitions[name]
        ending = f":{name}"
        candidates = [whole for whole in self.definitions if whole.endswith(ending)] if ":" not in name else []
        return self.definitions[candidates[0]] if len(candidates) == 1 else None
