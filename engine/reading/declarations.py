"""What modules declare, as read: facts, figures, functions, requirements and examples, with formulas as syntax trees.

`RuleModule` is one file, `Ruleset` a jurisdiction. Nothing here is resolved; `resolve.py` does that.
"""

from __future__ import annotations

from dataclasses import field
from fractions import Fraction

from engine.reading.declared import Changing, Dated, Declaration
from engine.reading.declared_constants import Parameter, Scale, Table
from engine.reading.declared_settings import Settings
from engine.records import record
from engine.syntax.ast import Expression
from engine.text.source import Span
from engine.values.numbers import Grid
from engine.values.periods import PeriodKind
from engine.values.types import Value, ValueType


@record(frozen=True, slots=True)
class SubjectIs:
    """The property of a resource that names a person. The fact is whether that is the one who asks: by their id, or by
    what their record holds as `named_by` (empty: by the id only)."""

    property: str
    named_by: str = ""


@record(frozen=True, slots=True)
class Said:
    """A fact or figure with the value that it is said to have, as it is written."""

    name: str
    value: str
    span: Span = field(compare=False, repr=False)


@record(frozen=True, slots=True)
class Excluded:
    """What cannot be stated together with a fact or figure, `where` its other facts are as said: `r_is_ira: false`."""

    name: str
    span: Span
    where: tuple[Said, ...] = ()


@record(frozen=True, slots=True)
class Input(Declaration):
    """A fact that a person or register supplies. `range` is inclusive; None is an open end. `excludes`: what may not
    be stated beside it. `subject_is`: how it is told from a resource whether it is the asker's. `ledger`: the groups,
    each with roles, whose debts in a log's ledger are the fact."""

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
    ledger: tuple[tuple[str, tuple[str, ...]], ...] = ()


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
    given in its place. `excludes`: what cannot be stated with it. `status`: what is stated in its place lasts."""

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
    """Where a complete case says all of `given` and nothing else of the figures in `then`, these are as said there.

    `always`: nothing else may be stated of them; `same`: nor of `given` beside them, since both say the same thing.
    `unless`: when something else may truly be stated. Beside `given` nothing but `only` may be stated, and `never` what
    `never` says; what `needs` says must be stated, where a complete case would say the contrary by saying nothing.
    `role`: which of a group's members `given` is said of, where it tells of the group. All of `equal` have one value,
    beside `given` and not where something of `apart` is stated.
    """

    given: tuple[Said, ...]
    then: tuple[Said, ...]
    law: str
    span: Span = field(compare=False, repr=False)
    never: tuple[Said, ...] = ()
    only: tuple[Said, ...] = ()
    needs: tuple[Said, ...] = ()
    always: bool = False
    same: bool = False
    unless: str = ""
    role: str = ""
    equal: tuple[Said, ...] = ()
    apart: tuple[Said, ...] = ()


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
class Ruleset:
    """A jurisdiction: its settings and its modules, in order of name."""

    settings: Settings
    modules: tuple[RuleModule, ...]
