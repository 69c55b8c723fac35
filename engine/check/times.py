"""When a figure or constant is read: the rules on flows, stocks and periods of different length."""

from __future__ import annotations

from engine.check.context import Elaboration, Scope
from engine.ir import nodes as ir
from engine.reading.declarations import Input, Requirement, Variable
from engine.syntax import ast
from engine.text.source import Span
from engine.values.periods import PeriodKind, Unit, lengths, nests
from engine.values.types import DATE, Kind

Figure = Input | Variable | Requirement


def is_money(figure: Figure) -> bool:
    """Whether the figure is an amount of money."""
    return not isinstance(figure, Requirement) and figure.type is not None and figure.type.kind is Kind.MONEY


def is_stock(figure: Figure) -> bool:
    """Whether the figure is a state read at a date."""
    return not isinstance(figure, Requirement) and figure.stock


def read_time(elab: Elaboration, figure: Figure, scope: Scope, span: Span) -> ir.Time | None:
    """When a figure that stands without `@` is read. None: a problem was reported."""
    kind, own = figure.period, scope.period
    if kind is None or own is None:
        return None
    if kind == own:
        return ir.ThisPeriod()
    if kind.unit is Unit.ETERNITY:
        return ir.Containing(kind)
    if is_stock(figure):
        help_text = f"write `{figure.name} @ start` or `{figure.name} @ end`"
        elab.problems.add("E602", f"`{figure.name}` is a stock: say at which date it is read", span, help=help_text)
        return None
    if not is_money(figure) and nests(own, kind):
        return ir.Containing(kind)
    message = f"`{figure.name}` is {_per(kind)}, and this formula is {_per(own)}"
    elab.problems.add("E601", message, span, help=_remedy(figure, kind, own))
    return None


def _per(kind: PeriodKind) -> str:
    return "for all time" if kind.unit is Unit.ETERNITY else f"per {kind}"


def _remedy(figure: Figure, kind: PeriodKind, own: PeriodKind) -> str:
    name = figure.name
    if own.unit is Unit.ETERNITY:
        return "give this definition the period of what it reads"
    if lengths(kind)[1] < lengths(own)[1]:
        parts = f"{kind.plural}" if nests(kind, own) else f"{kind.plural} starting"
        if is_money(figure):
            return f"write `sum({name} over {parts})`, or `{name} @ end` for one {kind}"
        return f"write `{name} @ end`, or `any({name} over {parts})`"
    if lengths(own)[1] < lengths(kind)[0] and nests(own, kind):
        share = "a twelfth" if (str(own), kind.unit) == ("month", Unit.YEAR) else "an equal part"
        return f"write `spread({name}, {own.plural})` for {share}, or `{name} @ this {kind}` for the whole {kind}'s"
    return f"write `{name} @ start`, `{name} @ end` or `{name} @ this {kind}`"


def when_time(elab: Elaboration, when: ast.When, kind: PeriodKind, scope: Scope) -> ir.Time | None:
    """The time that `@ when` names, for a figure of period `kind`. None: a problem was reported."""
    match when.word:
        case "start":
            return ir.Containing(kind)
        case "end":
            return ir.Containing(kind, at_end=True)
        case "date":
            return _on_day(elab, when, kind, scope)
    if when.unit != str(kind):
        message = f"this figure is {_per(kind)}: there is no `{when.word} {when.unit}` of it"
        help_text = f"write `@ {when.word} {kind}`" if kind.unit is not Unit.ETERNITY else "remove the `@`"
        elab.problems.add("E603", message, when.span, help=help_text)
        return None
    return ir.Containing(kind, shift={"last": -1, "this": 0, "next": 1}[when.word])


def _on_day(elab: Elaboration, when: ast.When, kind: PeriodKind, scope: Scope) -> ir.Time | None:
    assert when.date is not None
    day = elab.sure(elab.value(when.date, scope, DATE), when.span)
    if day.failed:
        return None
    if day.type != DATE:
        elab.problems.add("E603", "a date is needed after `@`", when.span, help="write `@ start`, `@ end` or a date")
        return None
    return ir.ContainingDate(kind, day.node)


def constant_time(elab: Elaboration, when: ast.When, scope: Scope) -> ir.Time | None:
    """The time that `@ when` names for a parameter: any unit, as seen from the formula's period."""
    kinds = elab.settings.kinds()
    if when.word in ("start", "end", "date"):
        return when_time(elab, when, PeriodKind(Unit.DAY), scope)
    if when.unit not in kinds:
        help_text = "one of " + ", ".join(sorted(kinds))
        elab.problems.add("E603", f"there is no unit `{when.unit}`", when.span, help=help_text)
        return None
    return ir.Containing(kinds[when.unit], shift={"last": -1, "this": 0, "next": 1}[when.word])
