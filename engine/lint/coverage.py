"""Checks that look at the whole program: dates without a value, exceptions that clash, dead branches, what nothing
uses.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from itertools import combinations

from engine.check.resolve import Symbols
from engine.ir import nodes as ir
from engine.ir.dependencies import call_graph, order
from engine.ir.program import DatedExpression, Definition, FunctionDefinition, Program
from engine.ir.walk import walk
from engine.lint.witness import Ground, describe, search
from engine.reading.declarations import Input
from engine.reading.declared_constants import Parameter, Scale, Table
from engine.reading.declared_settings import Settings
from engine.text.diagnostics import Diagnostics
from engine.text.own_faults import compiling
from engine.values.dates import add_months
from engine.values.periods import Unit
from engine.values.types import BOOLEAN

MAX_NODES = 100_000
Constant = Parameter | Table | Scale
Formulas = tuple[DatedExpression, ...]


class DateCoverage:
    """E604: a constant that is read on a date on which it has no value yet.

    A formula holds from its date (or from where the rules begin) until the next one; a constant holds from its first
    date on. So it is enough to compare first dates, moved back where a formula reads an earlier period.
    """

    def __init__(
        self,
        settings: Settings,
        constants: Mapping[str, Constant],
        functions: Mapping[str, FunctionDefinition],
        problems: Diagnostics,
    ) -> None:
        self.settings = settings
        self.constants = constants
        self.functions = functions
        self.problems = problems
        self._seen: set[tuple[str, date]] = set()

    def check_for_all_time(self, formulas: Formulas) -> None:
        """E604 where a formula for all time, which has no day, or a function that it calls depends on the day."""
        remedy = "give the definition a period, or say on which day: `rate @ (date)`"
        pending = [formulas]
        while pending:
            dated = pending.pop()
            if len(dated) > 1:
                span = dated[1].body.span
                self.problems.add(
                    "E604", "this changes with time, and a formula for all time has no day", span, help=remedy
                )
            for node in (node for dated_expression in dated for node in walk(dated_expression.body)):
                match node:
                    case ir.FunctionCall() if node.name in self.functions and (node.name, date.min) not in self._seen:
                        self._seen.add((node.name, date.min))
                        pending.append(self.functions[node.name].formulas)
                    case ir.ParameterRead() | ir.TableRead() | ir.ScaleRead() if isinstance(node.time, ir.ThisPeriod):
                        constant = self.constants.get(node.name)
                        if constant is not None and (len(constant.values) > 1 or constant.uprate is not None):
                            message = f"`{constant.name}` changes, and a formula for all time has no day to read it on"
                            self.problems.add("E604", message, node.span, help=remedy)

    def check(self, formulas: Formulas) -> None:
        """Check dated formulas that are asked for as long as the rules answer, and the functions that they call."""
        pending = [(formulas, self.settings.covers_from)]
        while pending:
            dated, since = pending.pop()
            pending += self._formulas(dated, since)

    def _formulas(self, formulas: Formulas, since: date) -> Iterator[tuple[Formulas, date]]:
        """Check formulas that are asked for from `since` on; the functions that they call, and from when on."""
        for index, dated in enumerate(formulas):
            start = max(dated.start or since, since)
            ends = formulas[index + 1].start if index + 1 < len(formulas) else None
            if start <= self.settings.covers_to and (ends is None or ends > start):
                yield from self._body(dated.body, start)

    def _body(self, body: ir.Expression, start: date) -> Iterator[tuple[Formulas, date]]:
        for node in walk(body):
            match node:
                case ir.ParameterRead() | ir.TableRead() | ir.ScaleRead():
                    self._constant(node, start)
                case ir.FunctionCall() if (node.name, start) not in self._seen and node.name in self.functions:
                    self._seen.add((node.name, start))
                    yield self.functions[node.name].formulas, start

    def _constant(self, node: ir.ParameterRead | ir.TableRead | ir.ScaleRead, start: date) -> None:
        constant = self.constants.get(node.name)
        if constant is None or not constant.values:
            return
        first = constant.values[0][0]
        needed = _moved(node.time, start)
        if needed is not None and first > needed:
            message = f"`{constant.name}` has no value before {first}, and is read here for {needed}"
            help_text = f"give it a value from {needed} on, or date the formula from {first}"
            self.problems.add("E604", message, node.span, help=help_text)


def _moved(time: ir.Time, start: date) -> date | None:
    match time:
        case ir.Containing(kind=kind, shift=shift) if shift < 0:
            return add_months(kind.containing(start).start, 12 * shift) if str(kind) != "month" else start
        case ir.ContainingDate():
            return None
    return start


def known_until(settings: Settings, constants: Iterable[Constant], problems: Diagnostics) -> None:
    """W902: a constant that the rules answer with beyond the date until which it is known."""
    for workday in settings.workdays.values():
        if workday.known_until is not None and workday.known_until < settings.covers_to:
            known = f"the holidays of `{workday.name}` are known until {workday.known_until}"
            message = f"{known}, and these rules answer until {settings.covers_to}"
            problems.add("W902", message, workday.span, help="add the later ones")
    for constant in constants:
        limit = constant.known_until
        if limit is not None and limit < settings.covers_to and constant.uprate is None:
            message = f"`{constant.name}` is known until {limit}, and these rules answer until {settings.covers_to}"
            help_text = "add its later values, or an `uprate` that says how they follow"
            problems.add("W902", message, constant.span, help=help_text)


def untouched(symbols: Symbols, problems: Diagnostics) -> set[str]:
    """The whole-program names in whose declarations no error was found so far.

    What a declaration that failed to read stands in with must cause no second message. A declaration reaches from its
    name to the next declaration of the file, whatever that is.
    """
    by_source: dict[str, list[tuple[int, str]]] = {}
    for symbol in symbols.all():
        span = symbol.declaration.span
        by_source.setdefault(span.source.name, []).append((span.start, symbol.name))
    good = {symbol.name for symbol in symbols.all()}
    places = {source: sorted(positions) for source, positions in by_source.items()}
    for problem in problems.errors:
        if problem.span is not None and problem.span.source.name in places:
            starts = places[problem.span.source.name]
            index = bisect_right(starts, (problem.span.start, "\uffff")) - 1
            if index >= 0:
                good.discard(starts[index][1])
    return good


def too_large(program: Program, problems: Diagnostics) -> None:
    """E706: a figure whose formula, with the functions that it calls written out, has more than `MAX_NODES` parts.

    Functions that call each other twice and twice again would else run for ages, though every program ends.
    """
    sizes: dict[str, int] = {}
    for name in order(call_graph(program.functions), Diagnostics()):
        sizes[name] = max((_size(dated.body, sizes) for dated in program.functions[name].formulas), default=0)
    for definition in program.definitions.values():
        for dated in definition.formulas:
            if _size(dated.body, sizes) > MAX_NODES:
                message = f"with its functions written out, the formula has more than {MAX_NODES:,} parts"
                help_text = "name what is used more than once: `let x = …`, or a variable"
                problems.add("E706", message, dated.body.span, help=help_text)


def _size(body: ir.Expression, sizes: Mapping[str, int]) -> int:
    return sum(1 + (sizes.get(node.name, 0) if isinstance(node, ir.FunctionCall) else 0) for node in walk(body))


def exception_clashes(definitions: Iterable[Definition], ground: Ground, problems: Diagnostics) -> None:
    """E702: two exceptions that can hold at once, neither over the other, with a case in which they do."""
    for definition in definitions:
        with compiling(definition.name, definition.span):
            for dated in definition.formulas[:1]:
                for node in walk(dated.body):
                    if isinstance(node, ir.Exceptions):
                        _clashes(node, definition, ground, problems)


def _clashes(node: ir.Exceptions, definition: Definition, ground: Ground, problems: Diagnostics) -> None:
    for exception_case, other in combinations(node.cases, 2):
        if exception_case.name in other.over or other.name in exception_case.over:
            continue
        match = search([exception_case.when, other.when], ground)
        if match.witness is not None:
            message = (
                f"the exceptions `{exception_case.name}` and `{other.name}` of `{definition.short_name}` can both hold"
            )
            help_text = f"say which wins: `over: [{other.name}]`; both hold when {describe(match.witness)}"
            problems.add("E702", message, other.when.span, help=help_text)


def dead_branches(bodies: Iterable[ir.Expression], ground: Ground, problems: Diagnostics) -> None:
    """E703: a branch whose condition cannot hold where it is asked, or an else that is never reached."""
    for body in bodies:
        inner: set[int] = set()
        for node in walk(body):
            if isinstance(node, ir.If) and id(node) not in inner:
                _dead_chain(node, inner, ground, problems)
            elif isinstance(node, ir.Exceptions):
                for case in node.cases:
                    _dead_exception(case, node.cases, ground, problems)


def _dead_exception(
    case: ir.ExceptionCase, cases: Iterable[ir.ExceptionCase], ground: Ground, problems: Diagnostics
) -> None:
    match = search([case.when], ground)
    if match.witness is None and match.complete:
        message = f"the exception `{case.name}` never holds"
        problems.add("E703", message, case.when.span, help="remove it, or correct its `when`")
        return
    for other in cases:
        if case.name in other.over and other.name not in case.over:
            yields = search([case.when, ir.Not(BOOLEAN, other.when.span, other.when)], ground)
            if yields.witness is None and yields.complete:
                why = f"`{other.name}` is over it, and holds whenever it does"
                message = f"the exception `{case.name}` never applies: {why}"
                help_text = f"let it be over `{other.name}`, or remove it"
                problems.add("E703", message, case.when.span, help=help_text)
                return


def _dead_chain(node: ir.If, inner: set[int], ground: Ground, problems: Diagnostics) -> None:
    before: list[ir.Expression] = []
    current: ir.Expression = node
    while isinstance(current, ir.If):
        inner.add(id(current))
        match = search([*before, current.condition], ground)
        if match.witness is None and match.complete:
            help_text = "remove the branch, or correct its condition"
            message = "this condition never holds here"
            problems.add("E703", message, current.condition.span, help=help_text)
        before.append(ir.Not(BOOLEAN, current.condition.span, current.condition))
        current = current.otherwise
    match = search(before, ground)
    if match.witness is None and match.complete:
        help_text = "one of the conditions before it always holds: correct it, or remove this branch"
        problems.add("E703", "this branch is never reached", current.span, help=help_text)


def dead_requirements(definitions: Mapping[str, Definition], ground: Ground, problems: Diagnostics) -> None:
    """E703: a requirement whose reasons exclude each other, so that nobody can ever meet it."""
    for definition in definitions.values():
        info = definition.requirement
        if info is None or info.mode != "all" or len(info.parts) < 2:
            continue
        needs = [definitions[part.name] for part in info.parts if not part.parts and part.name in definitions]
        bodies = [need.formulas[-1].body for need in needs if need.formulas]
        match = search(bodies, ground)
        if match.witness is None and match.complete:
            message = f"`{definition.short_name}` can never be met: its reasons exclude each other"
            span = bodies[-1].span
            problems.add("E703", message, span, help="correct one of them, or write `any_of`")


def unused(symbols: Symbols, used: set[str], problems: Diagnostics) -> None:
    """W901: a private definition that no formula reads."""
    exported = {symbol.name for symbol in symbols.exported.values()}
    for symbol in symbols.all():
        if symbol.name not in used and symbol.name not in exported:
            message = f"`{symbol.declaration.name}` is never used"
            problems.add("W901", message, symbol.declaration.span, help="export it, or remove it")


def unsaid_kinds(symbols: Symbols, definitions: Iterable[Definition], problems: Diagnostics) -> None:
    """W903: a fact that is true or false in a month or longer, and nothing says whether a log carries it on."""
    facts = {symbol.name for symbol in symbols.all() if isinstance(symbol.declaration, Input)}
    for definition in definitions:
        long = definition.period.unit not in (Unit.DAY, Unit.ETERNITY)
        if (
            definition.name in facts  # a figure whose formula has a fault has no formula here
            and definition.type == BOOLEAN
            and long
            and not (definition.event or definition.status or definition.stock)
        ):
            period = definition.period
            message = (
                f"nothing says whether `{definition.short_name}` is an event of the {period} or a status that lasts"
            )
            help_text = "add `event: true` if it happened in the period, `status: true` if it holds until it changes"
            problems.add("W903", message, definition.span, help=help_text)


def unused_locals(symbols: Symbols, program: Program, problems: Diagnostics) -> None:
    """W901: an argument that its function does not read, or a `let` that nothing reads."""
    for symbol in symbols.all():
        function = program.functions.get(symbol.name)
        if function is None:
            continue
        read = _read_locals(dated.body for dated in function.formulas)
        for name, _ in function.arguments:
            if name not in read:
                message = f"the argument `{name}` of `{symbol.declaration.name}` is never used"
                problems.add("W901", message, symbol.declaration.span, help="use it, or remove it")
    owners: list[Definition | FunctionDefinition] = [*program.definitions.values(), *program.functions.values()]
    for owner in owners:
        for dated in owner.formulas:
            lets = [node for node in walk(dated.body) if isinstance(node, ir.Let)]
            read = _read_locals([dated.body]) if lets else set()
            for node in lets:
                if node.name not in read:
                    message = f"the local name `{node.name.partition('#')[0]}` is never used"
                    problems.add("W901", message, node.value.span, help="use it, or remove it")


def _read_locals(bodies: Iterable[ir.Expression]) -> set[str]:
    return {node.name for body in bodies for node in walk(body) if isinstance(node, ir.Local)}
