"""What modules say of facts that imply each other, against the formulas.

1. Every name under `implications` and `stands_alone` is a fact or figure (E401), and what is under `then` is computed
   from everything under `if` (E708): an implication that no formula carries is said, and does not hold.
2. What is said of a fact is something that it can be (E204); where a row refuses what contradicts it, the facts under
   `if` are of one, and the others of those who go with that one (E807). Facts that are `equal` are of one kind of
   period, and each value of the one leaves some value of the other (E807).
3. An implication holds `always`, or says under `unless` when something else may truly be stated (W908); where one of
   the two is refused beside the other in any case, there is nothing to say.
4. In a module that says this of its facts, it says it of all: each stands in an implication, in an `excludes`, or under
   `stands_alone` (W907). So whoever adds a fact decides what it implies.
"""

from __future__ import annotations

from engine.check.contradictions import claim_of
from engine.check.resolve import Symbols
from engine.ir.equal import agree
from engine.ir.exclusions import Exclusion, exclusions
from engine.ir.links import related
from engine.ir.program import Program
from engine.ir.worlds import names_read
from engine.reading.declarations import Implication, RuleModule, Ruleset, Said
from engine.syntax.nodes import shown
from engine.text.diagnostics import Diagnostics
from engine.values.types import Kind


def check_implications(ruleset: Ruleset, symbols: Symbols, program: Program, problems: Diagnostics) -> None:
    """E401 and E708 for implications that do not hold, W907 for facts of which nothing is said."""
    lint = _Implications(symbols, program, problems)
    for module in ruleset.modules:
        for row in module.implications:
            lint.row(module.name, row)
        for name, span in module.stands_alone:
            if symbols.look_up(module.name, name) is None:
                symbols.report_unknown(module.name, name, span, problems)
    said = {
        statement.name
        for module in ruleset.modules
        for row in module.implications
        for statement in (*row.given, *row.then, *row.only, *row.needs, *row.never, *row.equal, *row.apart)
    }
    for module in ruleset.modules:
        if module.implications or module.stands_alone:
            _unsaid(module, said | _excluded(ruleset), problems)


def _excluded(ruleset: Ruleset) -> set[str]:
    """What cannot be stated together with something else, or is what something else cannot be stated together with."""
    names: set[str] = set()
    for module in ruleset.modules:
        pairs = [(input_.name, input_.excludes) for input_ in module.inputs] + [
            (variable.name, variable.excludes) for variable in module.variables
        ]
        for name, others in pairs:
            names |= {name, *(other.name for other in others)} if others else set()
    return names


def _unsaid(module: RuleModule, said: set[str], problems: Diagnostics) -> None:
    alone = {name for name, _ in module.stands_alone}
    for fact in module.inputs:
        if fact.name not in said and fact.name not in alone:
            help_text = "add a row to `implications`, an `excludes`, or its name to `stands_alone`"
            problems.add("W907", f"nothing says what `{fact.name}` implies", fact.span, help=help_text)


class _Implications:
    def __init__(self, symbols: Symbols, program: Program, problems: Diagnostics) -> None:
        self.symbols, self.program, self.problems = symbols, program, problems
        self.apart = {pair for exclusion in exclusions(program) for pair in _names(exclusion)}

    def row(self, module: str, row: Implication) -> None:
        """Report what a row names that does not exist, and what does not follow."""
        given, then = self.known(module, row.given), self.known(module, row.then)
        against = self.known(module, (*row.only, *row.needs, *row.never))
        if (row.always or row.same or against) and given:
            self.of_one(row, given, [*then, *against])
        if row.equal:
            self.equal(row, given, self.known(module, row.equal), self.known(module, row.apart))
        apart = all(any((fact, conclusion) in self.apart for _, fact in given) for _, conclusion in then)
        if then and not (row.always or row.same or row.unless or apart):
            help_text = "add `always: true` if it may not, or `unless:` and when it may"
            message = "nothing says whether what is implied may be stated otherwise"
            self.problems.add("W908", message, row.span, help=help_text)
        for conclusion, name in then:
            reads = self.behind(name)
            for fact, needed in given:
                if needed not in reads:
                    message = f"`{conclusion.name}` does not follow from `{fact.name}`: no formula of it reads that"
                    help_text = f"let the formula of `{conclusion.name}` read `{fact.name}`, or drop the row"
                    self.problems.add("E708", message, conclusion.span, help=help_text)

    def equal(
        self,
        row: Implication,
        given: list[tuple[Said, str]],
        equal: list[tuple[Said, str]],
        apart: list[tuple[Said, str]],
    ) -> None:
        """E807 where facts could not have one value, or a row could not tell whose facts have it."""
        if len(equal) < len(row.equal):
            return
        self.of_one(row, [equal[0], *given, *apart, *equal[1:-1]], equal[-1:])
        first = self.program.definitions[equal[0][1]]
        for said, name in equal[1:]:
            other = self.program.definitions[name]
            pair = f"`{said.name}` and `{equal[0][0].name}`"
            if other.period != first.period:
                help_text = "name facts of one kind of period"
                self.problems.add("E807", f"{pair} are not of periods of one kind", said.span, help=help_text)
            if not agree(self.program.settings, first.type, other.type):
                help_text = "name facts of one type, or of enums that share members, and neither `or none`"
                self.problems.add("E807", f"{pair} cannot always have one value", said.span, help=help_text)

    def known(self, module: str, said: tuple[Said, ...]) -> list[tuple[Said, str]]:
        """What is said, each with its whole-program name; E401 for what is nothing."""
        figures = []
        for statement in said:
            symbol = self.symbols.look_up(module, statement.name)
            if symbol is None or symbol.figure is None:
                self.symbols.report_unknown(module, statement.name, statement.span, self.problems)
            elif symbol.name in self.program.definitions:
                figures.append((statement, symbol.name))
                if claim_of(self.symbols, module, statement) is None:
                    message = f"`{statement.name}` is never `{shown(statement.value)}`"
                    help_text = f"write {_possible(self.program, symbol.name)}"
                    self.problems.add("E204", message, statement.span, help=help_text)
        return figures

    def of_one(self, row: Implication, given: list[tuple[Said, str]], others: list[tuple[Said, str]]) -> None:
        """E807 where a row could not tell whose facts contradict whose."""
        roles = {role.name for entity in self.program.settings.entities.values() for role in entity.roles}
        if row.role and row.role not in roles:
            self.problems.add("E807", f"`{row.role}` is not a role", row.span, help="name a role of a group")
        (_, first), *rest = given
        entity = self.program.definitions[first].entity
        for said, name in rest:
            if self.program.definitions[name].entity != entity:
                message = f"`{said.name}` is not stated of the {entity} of whom `{given[0][0].name}` is"
                self.problems.add(
                    "E807",
                    message,
                    said.span,
                    help="let all facts under `if` (with `equal`, all but the last) be of one entity",
                )
        for said, name in others:
            if related(self.program.settings, entity, self.program.definitions[name].entity) is None:
                message = f"`{said.name}` is not stated of anybody linked to a {entity}"
                help_text = "name a fact or figure of the same entity, its records, its group or its members"
                self.problems.add("E807", message, said.span, help=help_text)

    def behind(self, name: str) -> set[str]:
        """Everything that a figure is computed from, directly or through others."""
        seen: set[str] = set()
        pending = [name]
        while pending:
            definition = self.program.definitions.get(pending.pop())
            for dated in definition.formulas if definition is not None else ():
                for read in names_read(dated.body):
                    if read not in seen:
                        seen.add(read)
                        pending.append(read)
        return seen


def _names(exclusion: Exclusion) -> tuple[tuple[str, str], tuple[str, str]]:
    first, second = exclusion.first.name, exclusion.second.name
    return (first, second), (second, first)


def _possible(program: Program, name: str) -> str:
    """What may be said of a fact."""
    type = program.definitions[name].type
    if type.kind is Kind.BOOLEAN:
        return "`true` or `false`"
    if type.kind is Kind.ENUM:
        return " or ".join(f"`{member}`" for member in program.settings.enums[type.enum].members)
    return "a date" if type.kind is Kind.DATE else "a number, or `above 0`"
