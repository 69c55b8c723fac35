"""Over periods: `sum(x over months)`, `count(in_us over days)`, `max(x over last 3 years)`, and `spread`.

1. The word after `over` names the periods: every calendar has a plural. The expression is checked as a formula of
   theirs would be.
2. Periods that do not fit into the formula's need an edge that says which belong to it (E606), and there is a bound
   on how many there are (E607).
3. One figure over the months of a year, or over a stated number of earlier periods, is a node of its own, which
   evaluators know well; everything else is `OverParts`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

from engine.check.context import Elaboration, Ends, Scope, Value, article, failed
from engine.check.times import Figure, is_money, is_stock
from engine.ir import nodes as ir
from engine.reading.declarations import Input
from engine.syntax import ast
from engine.values.periods import PeriodKind, Unit, lengths, nests
from engine.values.types import BOOLEAN, DATE, INTEGER, Kind, ValueType

MOST_PARTS, MOST_LAST = 366, 1_200
EDGES = "`starting`, `ending`, `inside` or `touching`"


def over_time(elab: Elaboration, node: ast.OverTime, scope: Scope) -> Value:
    """`op(e over weeks)`, with an edge or not, and `op(e over last n weeks)`."""
    last = node.count > 0 or node.counted is not None
    kind = _kind(elab, node, last)
    if kind is None:
        return _no_periods(elab, node, scope)
    if scope.period is None or (scope.period.unit is Unit.ETERNITY and not last):
        help_text = "give the definition a period, or make what is needed an argument"
        return elab.fail("E603", "only a formula of a period has periods to run over", node.span, help=help_text)
    counted = _window(elab, node, kind, scope) if last else _fits(elab, node, kind, scope.period, scope)
    if counted is None:
        return failed(node.span)
    return _body(elab, node, kind, scope, counted)


def _kind(elab: Elaboration, node: ast.OverTime, last: bool) -> PeriodKind | None:
    """The periods that a word names; after `last` it may stand in the singular."""
    for kind in elab.settings.kinds().values():
        if node.unit == kind.plural or (last and node.unit == str(kind)):
            return kind
    return None


def _no_periods(elab: Elaboration, node: ast.OverTime, scope: Scope) -> Value:
    kinds = elab.settings.kinds()
    if node.unit in kinds:
        help_text = f"write `{node.operation}({node.body.span.text} over {kinds[node.unit].plural})`"
    elif node.unit == "weeks":
        help_text = "declare them in ruleset.yaml: `calendars: {week: {every: 7 days, starts: monday}}`"
    elif isinstance(node.body, ast.Name) and elab.symbols.look_up(scope.module, node.unit) is None:
        help_text = f"write `{node.operation}(m.{node.body.name} for m in {node.unit})`"
    else:
        help_text = "one of " + ", ".join(f"`{kind.plural}`" for kind in kinds.values())
    return elab.fail("E505", f"`{node.unit}` are not periods to run over", node.span, help=help_text)


# --- which periods


def _fits(elab: Elaboration, node: ast.OverTime, kind: PeriodKind, own: PeriodKind, scope: Scope) -> Value | None:
    """Whether the parts of the formula's period are plain: a stand-in value, or None after a report."""
    fits = nests(kind, own)
    figure = _figure(elab, node.body, scope)
    if figure is not None and figure.period == own and is_money(figure):
        message = f"the figure is per {own} itself"
        help_text = f"read it by its name alone, or `over last 3 {own.plural}` for earlier ones"
        elab.problems.add("E603", message, node.span, help=help_text)
        return None
    if kind == own or (not fits and lengths(kind)[0] > lengths(own)[1]):
        message = f"a {own} has no {kind.plural} to run over"
        help_text = f"write `over last 3 {kind.plural}` for earlier ones"
        elab.problems.add("E603", message, node.span, help=help_text)
        return None
    if not fits and not node.edge:
        help_text = f"write `over {kind.plural} starting`, `ending`, `inside` or `touching`"
        elab.problems.add("E606", f"{kind.plural} do not fit into a {own}", node.span, help=help_text)
        return None
    if not fits and node.edge == "touching" and node.operation == "sum":
        help_text = f"write `over {kind.plural} starting` or `ending`: then each belongs to one {own}"
        elab.problems.add("E606", f"a {kind} at the edge would count twice", node.span, help=help_text)
        return None
    if lengths(own)[1] // lengths(kind)[0] > MOST_PARTS + 1:
        message = f"a {own} has more than {MOST_PARTS} {kind.plural}"
        elab.problems.add("E607", message, node.span, help="name a figure of a shorter period, and sum that")
        return None
    return Value(ir.Literal(INTEGER, node.span, 0))


def _window(elab: Elaboration, node: ast.OverTime, kind: PeriodKind, scope: Scope) -> Value | None:
    """How many earlier periods there are: a number with a bound, or None after a report."""
    figure = _figure(elab, node.body, scope)
    if figure is not None and figure.period is not None and figure.period != kind and not nests(kind, figure.period):
        times = 12 if figure.period.unit is Unit.MONTH and str(kind) == "year" else 1
        message = f"this figure is per {figure.period}, not per {kind}"
        help_text = f"write `over last {max(1, node.count * times)} {figure.period.plural}`"
        elab.problems.add("E603", message, node.span, help=help_text)
        return None
    if node.counted is None:
        if node.count > MOST_LAST:
            message = f"at most {MOST_LAST:,} earlier periods are read"
            elab.problems.add("E607", message, node.span, help="name a shorter window")
            return None
        return Value(ir.Literal(INTEGER, node.span, node.count))
    count = elab.sure(elab.value(node.counted, scope, INTEGER), node.counted.span)
    if count.failed:
        return None
    if count.type != INTEGER:
        message = f"a whole number of periods is needed here, not {article(count.type)}"
        elab.problems.add("E505", message, node.counted.span, help="round it: `floor(x)`")
        return None
    most = ends(elab, count.node)[1]
    if most is None or most > MOST_LAST:
        name = node.counted.span.text
        help_text = f"write `over last (min({name}, 60)) {kind.plural}`"
        elab.problems.add("E607", "nothing says how many periods that may be", node.counted.span, help=help_text)
        return None
    return count


def _figure(elab: Elaboration, node: ast.Expression, scope: Scope) -> Figure | None:
    """The figure that a name or path ends in, if it is one."""
    name = node.name if isinstance(node, ast.Name | ast.Attribute) else ""
    if isinstance(node, ast.Name) and node.name in scope.names:
        return None
    symbol = elab.symbols.look_up(scope.module, name) if name else None
    return symbol.figure if symbol is not None else None


# --- what is taken of each


def _body(elab: Elaboration, node: ast.OverTime, kind: PeriodKind, scope: Scope, counted: Value) -> Value:
    figure = _figure(elab, node.body, scope)
    if figure is not None and node.operation == "sum" and is_stock(figure):
        window = node.span.text.rpartition(" over ")[2].removesuffix(")")
        help_text = f"read it at a date: `{figure.name} @ end`; or take `max({figure.name} over {window})`"
        return elab.fail("E602", "a stock is not summed over time", node.body.span, help=help_text)
    value = elab.value(node.body, replace(scope, period=kind))
    if value.failed:
        return value
    wanted = _result(node.operation, value.type)
    if wanted is None:
        message = f"`{node.operation}` over time is not defined for {article(value.type)}"
        help_text = "sum takes numbers, min and max numbers or dates, count, any and all conditions"
        return elab.fail("E502", message, node.span, help=help_text)
    plain = _plain(node, value.node, kind, scope)
    if plain is not None:
        return Value(plain, value.optional)
    value = elab.sure(value, node.body.span)
    last = node.count > 0 or node.counted is not None
    most = 0
    if last:
        bound = ends(elab, counted.node)[1]
        assert bound is not None
        most = max(0, int(bound))
    edge = node.edge or "starting"
    read = ir.OverParts(wanted, node.span, node.operation, value.node, kind, edge, counted.node if last else None, most)
    maybe_none = node.edge == "inside" or node.counted is not None or kind.is_personal
    return Value(read, optional=node.operation in ("min", "max") and maybe_none)


def _result(operation: str, kind: ValueType) -> ValueType | None:
    """The type of an operation over values of a type; None if it takes none of that type."""
    match operation:
        case "sum":
            return kind if kind.is_number or kind.kind is Kind.DURATION else None
        case "count":
            return INTEGER if kind == BOOLEAN else None
        case "any" | "all":
            return BOOLEAN if kind == BOOLEAN else None
    return kind if kind.is_number or kind == DATE else None


def _plain(node: ast.OverTime, body: ir.Expression, kind: PeriodKind, scope: Scope) -> ir.Expression | None:
    """One figure of that very kind, over the months of a year or over a stated number of earlier periods."""
    if not isinstance(body, ir.VariableRead) or not isinstance(body.time, ir.ThisPeriod) or node.operation == "count":
        return None
    if kind.is_personal:
        return None
    if not (body.type.is_number or body.type == BOOLEAN):
        return None
    months = kind.unit is Unit.MONTH and scope.period is not None and scope.period.unit is Unit.YEAR
    if not node.count and (node.counted is not None or node.edge or not months):
        return None
    return ir.OverTime(body.type, node.span, node.operation, body.name, body.subject, kind, node.count)


# --- how many there may be


def ends(elab: Elaboration, node: ir.Expression) -> Ends:
    """Between what an integer lies, as far as ranges tell."""
    match node:
        case ir.Literal(value=int() | Fraction() as value):
            return Fraction(value), Fraction(value)
        case ir.VariableRead():
            return _range_of(elab, node.name)
        case ir.Local():
            return elab.bounds.get(node.name, (None, None))
        case ir.Extreme():
            return _extreme(node.operator, [ends(elab, operand) for operand in node.values])
        case ir.Arithmetic(operator="+" | "-"):
            (low, high), (other_low, other_high) = ends(elab, node.left), ends(elab, node.right)
            if node.operator == "-":
                other_low, other_high = _minus(other_high), _minus(other_low)
            return _sum(low, other_low), _sum(high, other_high)
        case ir.If():
            return _joined([ends(elab, node.then), ends(elab, node.otherwise)])
    return None, None


def _range_of(elab: Elaboration, name: str) -> Ends:
    declared = next((symbol.declaration for symbol in elab.symbols.all() if symbol.name == name), None)
    return (declared.low, declared.high) if isinstance(declared, Input) else (None, None)


def _minus(end: Fraction | None) -> Fraction | None:
    return None if end is None else -end


def _sum(a: Fraction | None, b: Fraction | None) -> Fraction | None:
    return None if a is None or b is None else a + b


def _extreme(operator: str, ends: list[Ends]) -> Ends:
    lows, highs = [low for low, _ in ends], [high for _, high in ends]
    known_lows, known_highs = list(_known(lows)), list(_known(highs))
    if operator == "min":
        return (None if None in lows else min(known_lows)), (min(known_highs) if known_highs else None)
    return (max(known_lows) if known_lows else None), (None if None in highs else max(known_highs))


def _joined(ends: list[Ends]) -> Ends:
    lows, highs = [low for low, _ in ends], [high for _, high in ends]
    low, high = list(_known(lows)), list(_known(highs))
    return (None if None in lows else min(low)), (None if None in highs else max(high))


def _known(ends: list[Fraction | None]) -> Iterator[Fraction]:
    return (end for end in ends if end is not None)


# --- spread


def spread_kind(elab: Elaboration, node: ast.Call, scope: Scope) -> PeriodKind | None:
    """The periods over which a flow is spread: those of the formula. None after a report."""
    named = node.arguments[1]
    kinds = {kind.plural: kind for kind in elab.settings.kinds().values()}
    kind = kinds.get(named.name) if isinstance(named, ast.Name) else None
    if kind is None:
        help_text = "write `spread(x, months)`, or another calendar's plural"
        elab.problems.add("E505", "a flow is spread over periods", named.span, help=help_text)
        return None
    if scope.period != kind:
        help_text = f"write `sum(spread(x, {kind.plural}) over {kind.plural})`, or in a longer formula the figure"
        elab.problems.add("E603", f"this `spread` serves a formula of a {kind}", node.span, help=help_text)
        return None
    return kind


def spreads(elab: Elaboration, node: ast.Call, figure: Figure, kind: PeriodKind) -> bool:
    """Whether a figure can be spread over periods: a flow of money of a longer period into which they fit."""
    own = figure.period
    if own is None:
        return False
    if is_stock(figure) or not is_money(figure):
        help_text = f"a state is the same in every {kind}: read it with `@ start` or `@ end`"
        message = f"`{figure.name}` is not a flow of money, and is not spread"
        elab.problems.add("E602", message, node.span, help=help_text)
        return False
    if own == kind or own.unit is Unit.ETERNITY or lengths(own)[0] <= lengths(kind)[0]:
        message = f"`{figure.name}` is not of a longer period than a {kind}"
        elab.problems.add("E603", message, node.span, help="only a flow of a longer period is spread")
        return False
    if not nests(kind, own):
        message = f"{kind.plural} do not fit into a {own}"
        help_text = f"write `sum(spread({figure.name}, days) over days)` for a share by days"
        elab.problems.add("E606", message, node.span, help=help_text)
        return False
    return True
