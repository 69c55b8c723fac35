"""Every declaration of a ruleset into a definition of the program.

1. Note which figures may not apply (`applies_if` without `otherwise`), so that readers must say what holds then.
2. Check each formula in its scope, and that it gives the type that is stated.
3. Wrap exceptions and `applies_if` around the formula as core nodes, so that evaluators know only one shape.
4. Give each reason of a requirement a boolean definition of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

from engine.check.context import Scope, Value, article
from engine.check.elaborate import Elaborator
from engine.check.exception_order import over_of
from engine.check.exclusions import excluded
from engine.check.joined import is_repeal, joined, wrapped
from engine.check.names import figure_type
from engine.check.operators import as_money, with_unit
from engine.check.presence import Told, told_by
from engine.check.resolve import Symbol, Symbols
from engine.check.scales import computed_scale
from engine.ir import nodes as ir
from engine.ir.program import DatedExpression, Definition, FunctionDefinition, ReasonInfo
from engine.reading.declarations import (
    Function,
    Input,
    Reason,
    Requirement,
    RuleModule,
    Ruleset,
    Variable,
    VariableException,
)
from engine.reading.declared import Dated, Declaration
from engine.reading.declared_constants import Scale
from engine.reading.declared_settings import Settings
from engine.syntax import ast
from engine.text.diagnostics import Diagnostics
from engine.text.own_faults import compiling
from engine.text.source import Span
from engine.values.numbers import Grid, format_decimal
from engine.values.types import BOOLEAN, FAILED, INTEGER, MONEY, RATE, Kind, ValueType

MONEY_LIMIT = Fraction(10**10)  # what a fact of money may be at most, either way, unless its range says otherwise


@dataclass(slots=True)
class Checked:
    """What checking gave: definitions and functions by whole-program name, and the names that were used."""

    definitions: dict[str, Definition] = field(default_factory=dict)
    functions: dict[str, FunctionDefinition] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    exceptions: list[tuple[Definition, tuple[VariableException, ...]]] = field(default_factory=list)


def check_definitions(ruleset: Ruleset, symbols: Symbols, problems: Diagnostics) -> Checked:
    """Check every formula of a ruleset."""
    elab = Elaborator(symbols, problems)
    elab.optional_figures = {
        symbol.name for symbol in symbols.all() if symbol.figure is not None and may_be_none(symbol.figure)
    }
    checker = _Checker(elab, symbols, problems)
    for module in ruleset.modules:
        checker.module(module)
    checker.checked.used |= elab.used
    return checker.checked


def may_be_none(figure: Input | Variable | Requirement) -> bool:
    """Whether a fact or figure may be none: it says so, or says when it applies and not what holds otherwise."""
    if isinstance(figure, Variable) and figure.applies_if is not None and figure.otherwise is None:
        return True
    return not isinstance(figure, Requirement) and figure.type is not None and figure.type.or_none


def default_grid(settings: Settings, value_type: ValueType) -> Grid | None:
    """The grid on which a figure of this type is stored where its definition does not say."""
    match value_type.kind:
        case Kind.MONEY:
            return Grid(settings.money_grid, settings.rounding)
        case Kind.RATE:
            return Grid(settings.rate_grid, settings.rounding)
    return None


class _Checker:
    def __init__(self, elab: Elaborator, symbols: Symbols, problems: Diagnostics) -> None:
        self.elab = elab
        self.symbols = symbols
        self.problems = problems
        self.checked = Checked()

    def module(self, module: RuleModule) -> None:
        names = self.symbols.local[module.name]
        self.stand_ins(module)
        exported = {name for name, _ in module.exports}
        for declaration in (*module.inputs, *module.variables, *module.requirements, *module.functions, *module.scales):
            symbol = names.get(declaration.name)
            if symbol is None or symbol.declaration is not declaration:
                continue
            with compiling(symbol.name, declaration.span):
                self.declaration(symbol, declaration.name in exported)

    def stand_ins(self, module: RuleModule) -> None:
        """E401 or E505 where what a partial table says to give for a missing row is not a fact or figure."""
        for table in module.tables:
            if table.instead and table.instead_span is not None:
                stand_in = self.symbols.look_up(module.name, table.instead)
                if stand_in is None:
                    self.symbols.report_unknown(module.name, table.instead, table.instead_span, self.problems)
                elif stand_in.figure is None:
                    message = f"`{table.instead}` is not a fact or figure that a case gives"
                    self.problems.add("E505", message, table.instead_span, help="name a fact or a figure")

    def declaration(self, symbol: Symbol, exported: bool) -> None:
        """Check one declaration; one that could not be read whole was reported, and is left out."""
        figure = symbol.figure
        if figure is not None and (figure.period is None or not figure.entity or figure_type(figure) == FAILED):
            return
        match symbol.declaration:
            case Input() as fact:
                self.fact(symbol, fact, exported)
            case Variable() as variable:
                self.variable(symbol, variable, exported)
            case Requirement() as requirement:
                self.requirement(symbol, requirement, exported)
            case Function() as function:
                self.function(symbol, function)
            case Scale(computed=computed) as scale if computed:
                function_definition = computed_scale(self.elab, symbol, scale)
                if function_definition is not None:
                    self.checked.functions[symbol.name] = function_definition

    def add(self, definition: Definition) -> None:
        self.checked.definitions[definition.name] = definition

    def fact(self, symbol: Symbol, fact: Input, exported: bool) -> None:
        assert fact.type is not None and fact.period is not None
        low, high = fact.low, fact.high
        if fact.type == MONEY:
            low, high = (-MONEY_LIMIT if low is None else low), (MONEY_LIMIT if high is None else high)
        self.add(
            Definition(
                symbol.name, symbol.module, fact.entity, fact.period, fact.type, fact.label, fact.law, fact.span,
                stock=fact.stock, event=fact.event, status=fact.status, low=low, high=high,
                ask=fact.ask, default=fact.default, absent=fact.absent,
                exported=exported, grid=default_grid(self.symbols.settings, fact.type),
                may_not_apply=fact.type.or_none, subject_is=fact.subject_is, changing=fact.changing, ledger=fact.ledger,
                **excluded(self.symbols, self.problems, symbol, fact),
            )
        )  # fmt: skip

    # --- variables

    def variable(self, symbol: Symbol, variable: Variable, exported: bool) -> None:
        assert variable.type is not None and variable.period is not None
        scope = Scope(symbol.module, variable.entity, variable.period)
        condition = self.elab.condition(variable.applies_if, scope) if variable.applies_if is not None else None
        told = told_by(condition) if condition is not None else Told()
        below = scope.knowing(told.if_true)
        cases = self.cases(variable.exceptions, below, variable.type)
        formulas = self.dated(variable.formula, _past(cases, below), variable.type, variable)
        without = scope.knowing(told.if_false)
        otherwise = self.result(variable.otherwise, without, variable.type) if variable.otherwise is not None else None
        bodies = tuple(
            DatedExpression(formula.start, wrapped(formula.body, cases, condition, otherwise, variable))
            for formula in formulas
        )
        may_not_apply = may_be_none(variable)
        grid = variable.grid or default_grid(self.symbols.settings, variable.type)
        definition = Definition(
            symbol.name, symbol.module, variable.entity, variable.period, variable.type, variable.label, variable.law,
            variable.span, formulas=bodies, grid=grid, stock=variable.stock, status=variable.status,
            exported=exported,
            may_not_apply=may_not_apply, low=variable.low, high=variable.high,
            **excluded(self.symbols, self.problems, symbol, variable),
        )  # fmt: skip
        self.add(definition)
        if variable.exceptions:
            self.checked.exceptions.append((definition, variable.exceptions))

    def dated(
        self, formulas: Sequence[Dated], scope: Scope, wanted: ValueType, owner: Declaration
    ) -> tuple[DatedExpression, ...]:
        self.check_first_date(formulas, owner)
        return tuple(DatedExpression(formula.start, self.one_of_time(formula, scope, wanted)) for formula in formulas)

    def one_of_time(self, dated: Dated, scope: Scope, wanted: ValueType) -> ir.Expression:
        """A formula from its date on; none from the day of its repeal."""
        if not dated.is_repealed:
            return self.result(dated.formula, scope, wanted)
        if not wanted.or_none:
            help_text = f"state `type: {wanted} or none`, or write what holds from then on"
            self.problems.add("E507", "from its repeal on the figure is none", dated.formula.span, help=help_text)
        return ir.NotApplicable(wanted.plain, dated.formula.span)

    def check_first_date(self, formulas: Sequence[Dated], owner: Declaration) -> None:
        start = formulas[0].start if formulas else None
        covers = self.symbols.settings.covers_from
        if start is not None and start > covers:
            message = f"the formula of `{owner.name}` begins on {start}, and these rules answer from {covers}"
            help_text = f"add a formula for {covers}, such as `0`, or say from when the variable applies"
            self.problems.add("E605", message, formulas[0].formula.span, help=help_text)

    def result(self, node: ast.Expression, scope: Scope, wanted: ValueType) -> ir.Expression:
        """A formula that must give the stated type, and must always apply unless the type says `or none`."""
        value = self.elab.value(node, scope, wanted)
        if not wanted.or_none:
            value = self.elab.sure(value, node.span)
        if value.failed:
            return value.node
        if value.zero and wanted == MONEY:
            return as_money(value).node
        if value.type == wanted or (value.type == INTEGER and wanted == RATE):
            return self.in_range(value, wanted, node.span)
        return self.wrong_type(value, wanted, node.span)

    def in_range(self, value: Value, wanted: ValueType, span: Span) -> ir.Expression:
        literal = value.node.value if isinstance(value.node, ir.Literal) else None
        step = self.symbols.settings.money_grid
        if wanted == MONEY and isinstance(literal, int | Fraction) and literal % step != 0:
            message = f"the amount is not a multiple of {format_decimal(step)}"
            self.problems.add("E509", message, span, help="write it on the ruleset's money grid")
        return value.node

    def wrong_type(self, value: Value, wanted: ValueType, span: Span) -> ir.Expression:
        help_text = f"state `type: {value.type}`, or change the formula"
        if wanted == INTEGER and value.type == RATE:
            help_text = "round it to a whole number: `floor(x)`, `ceil(x)` or `round(x, half_up, 1)`"
        elif wanted == MONEY and value.type.is_number:
            help_text = with_unit(value, span, self.symbols.settings.currency)
        message = f"the formula gives {article(value.type)}, and the definition states {article(wanted)}"
        return self.elab.fail("E503", message, span, help=help_text).node

    def cases(
        self, exceptions: Iterable[VariableException], scope: Scope, wanted: ValueType
    ) -> tuple[ir.ExceptionCase, ...]:
        listed = tuple(exceptions)
        over = over_of(listed, self.problems)
        cases = []
        for variable_exception in listed:
            if variable_exception.when is None or variable_exception.then is None:
                continue
            when = self.elab.condition(variable_exception.when, scope)
            then = self.result(variable_exception.then, scope.knowing(told_by(when).if_true), wanted)
            cases.append(
                ir.ExceptionCase(
                    variable_exception.name, when, then, variable_exception.law, over[variable_exception.name]
                )
            )
        return tuple(cases)

    # --- requirements

    def requirement(self, symbol: Symbol, requirement: Requirement, exported: bool) -> None:
        if requirement.reason is None:
            return
        scope = Scope(symbol.module, requirement.entity, requirement.period)
        formulas, info = self.reason(symbol.name, requirement.reason, scope, requirement)
        nothing = ir.Literal(BOOLEAN, requirement.span, requirement.reason.mode != "any_of")
        formulas = tuple(replace(formula, body=nothing) if is_repeal(formula) else formula for formula in formulas)
        made = self.boolean(
            symbol.name, requirement, requirement, scope, formulas=formulas, info=info, exported=exported
        )
        self.add(replace(made, permits=requirement.permits))

    def boolean(
        self,
        name: str,
        declared: Requirement | Reason,
        whole: Requirement,
        scope: Scope,
        *,
        formulas: tuple[DatedExpression, ...],
        info: ReasonInfo,
        exported: bool,
    ) -> Definition:
        assert scope.period is not None
        label, law = declared.label or whole.label, declared.law or whole.law
        return Definition(
            name, scope.module, scope.entity, scope.period, BOOLEAN, label, law, declared.span,
            formulas=formulas, exported=exported, requirement=info,
        )  # fmt: skip

    def reason(
        self, name: str, reason: Reason, scope: Scope, whole: Requirement
    ) -> tuple[tuple[DatedExpression, ...], ReasonInfo]:
        """A reason's formulas, none from its repeal on, and what is said of it."""
        cases = self.cases(reason.exceptions, scope, BOOLEAN)
        if reason.needs:
            self.check_first_date(reason.needs, reason)
            dated = tuple(DatedExpression(need.start, self.needed(need, scope, cases, reason)) for need in reason.needs)
            return dated, ReasonInfo(name, reason.label, reason.law, reason.fails)
        parts: list[ReasonInfo] = []
        reads: list[tuple[ir.Expression, tuple[DatedExpression, ...]]] = []
        for part in reason.parts:
            child = f"{name}.{part.name}"
            formulas, info = self.reason(child, part, scope, whole)
            made = self.boolean(child, part, whole, scope, formulas=formulas, info=info, exported=False)
            self.add(replace(made, may_not_apply=any(map(is_repeal, formulas))))
            parts.append(info)
            read = ir.VariableRead(BOOLEAN, part.span, child, ir.Self(scope.entity), ir.ThisPeriod())
            reads.append((read, formulas))
        info = ReasonInfo(name, reason.label, reason.law, reason.fails, reason.mode, tuple(parts))
        return joined(reads, cases, reason), info

    def needed(self, dated: Dated, scope: Scope, cases: tuple[ir.ExceptionCase, ...], reason: Reason) -> ir.Expression:
        """What a reason needs from a date on; none from its repeal."""
        if dated.is_repealed:
            return ir.NotApplicable(BOOLEAN, dated.formula.span)
        return wrapped(self.elab.condition(dated.formula, _past(cases, scope)), cases, None, None, reason)

    # --- functions

    def function(self, symbol: Symbol, function: Function) -> None:
        if function.type is None or function.type == FAILED:
            return
        scope = Scope(symbol.module, "", None)
        names = []
        for name, value_type in function.arguments:
            local = ir.Local(value_type, function.span, name)
            scope = scope.with_name(name, Value(local, optional=value_type.or_none))
            names.append((name, value_type))
        formulas = self.dated(function.formula, scope, function.type, function)
        law = function.law
        self.checked.functions[symbol.name] = FunctionDefinition(
            symbol.name, tuple(names), function.type, formulas, law, function.label
        )


def _past(cases: Iterable[ir.ExceptionCase], scope: Scope) -> Scope:
    """What a general rule may rely on: that none of its exceptions holds."""
    for case in cases:
        scope = scope.knowing(told_by(case.when).if_false)
    return scope
