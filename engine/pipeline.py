"""From a folder of rules to a program. The passes, in order:

1. `based.read_law`             YAML files into declarations, over those of the rules that they are based on
2. `reforms.apply_reform`       overlays, each giving a new ruleset
3. `resolve.resolve`            what every name stands for
4. `check.check_definitions`    types, units, times; into the typed core; what an assessment consists of
5. `dependencies.order`         circles, and the order of computing
6. `coverage`                   dates without a value, clashes, dead branches, what nothing uses or covers
7. `ir.verify.verify`           the core keeps its own rules (a fault here is a bug of ours)

Each pass adds its problems to one list; the program exists only if none of them is an error.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from pathlib import Path

from engine.check import check_definitions
from engine.check.assessments import check_assessments
from engine.check.contradictions import contradictions_of
from engine.check.definitions import Checked
from engine.check.figure_sets import check_figure_sets
from engine.check.groupings import check_groupings
from engine.check.permits import check_permits
from engine.check.personal import check_personal_calendars
from engine.check.resolve import Symbol, Symbols, followed_scales, resolve, uprate_targets
from engine.check.sequences import check_sequences
from engine.garbage import without_search
from engine.ir.bracket_starts import stated_cells
from engine.ir.dependencies import call_circle, figure_graph, order
from engine.ir.nodes import Expression, Members, OverParts, ThisPeriod
from engine.ir.printer import with_fingerprint
from engine.ir.program import Definition, Program
from engine.ir.verify import verify
from engine.ir.walk import walk
from engine.ir.worlds import unrolled
from engine.lint import coverage
from engine.lint.constant_faults import constant_faults
from engine.lint.copies import copies
from engine.lint.example_names import check_example_names
from engine.lint.implications import check_implications
from engine.lint.left_behind import left_behind
from engine.lint.percentages import percentages
from engine.lint.witness import Ground
from engine.reading.declarations import Ruleset
from engine.reading.declared import Declaration
from engine.reading.declared_constants import Parameter, Scale, Table
from engine.reforms.apply import apply_reforms
from engine.reforms.based import read_law
from engine.syntax.files import SETTINGS_FILE
from engine.syntax.nodes import shown
from engine.text.cascades import causes_first
from engine.text.diagnostics import Diagnostic, Diagnostics, RulesInvalid
from engine.text.recursion import deep_recursion
from engine.values.periods import Unit
from engine.values.types import Kind

MAX_DEFINITIONS = 200_000


@dataclass(frozen=True, slots=True)
class Compiled:
    """What compiling gave: the ruleset as read, the program if nothing was wrong, and every problem in order.

    `given_up`: in how many conditions no search for clashes and dead branches was made, or none to its end.
    """

    ruleset: Ruleset | None
    program: Program | None
    problems: tuple[Diagnostic, ...]
    given_up: int = 0


@dataclass(frozen=True, slots=True)
class Meant:
    """Whole-program names: by constant what index moves it, by table and name written what scale it is read off."""

    moved_by: Mapping[str, str]
    scales: Mapping[tuple[str, str], str]


def compile_rules(folder: Path, reforms: Sequence[Path] = ()) -> Program:
    """The program of the rules in `folder`, under `reforms` in order. Raises RulesInvalid with every problem."""
    return _program_of(check_rules(folder, reforms, lint=False))


@without_search()
@deep_recursion()
def compile_read(ruleset: Ruleset, reforms: Sequence[Path] = ()) -> Program:
    """The program of rules that were read before, without a problem, as `compile_rules` gives it. Raises RulesInvalid
    with every problem."""
    problems = Diagnostics()
    compiled = compile_ruleset(apply_reforms(ruleset, reforms, problems), problems, lint=False, reformed=bool(reforms))
    return _program_of(replace(compiled, problems=causes_first(tuple(problems), SETTINGS_FILE)))


def _program_of(compiled: Compiled) -> Program:
    if compiled.program is None:
        raise RulesInvalid(compiled.problems)
    return compiled.program


@without_search()
@deep_recursion()  # passes walk formulas as deep as the parser lets them be
def check_rules(folder: Path, reforms: Sequence[Path] = (), lint: bool = True) -> Compiled:
    """Run every pass. Without `lint`, what does not change a figure (dead branches, unused names) is not looked for."""
    problems = Diagnostics()
    ruleset = read_law(folder, problems)
    if ruleset is None:
        return Compiled(None, None, tuple(problems))
    compiled = compile_ruleset(apply_reforms(ruleset, reforms, problems), problems, lint, bool(reforms))
    if lint and reforms and compiled.program is not None:
        law = compile_ruleset(ruleset, Diagnostics(), lint=False).program
        if law is not None:
            left_behind(law, compiled.program, problems)
    return replace(compiled, problems=causes_first(tuple(problems), SETTINGS_FILE))


@deep_recursion()
def compile_ruleset(ruleset: Ruleset, problems: Diagnostics, lint: bool = True, reformed: bool = False) -> Compiled:
    """The passes from names on, for a ruleset that was read."""
    symbols = resolve(ruleset, problems)
    if sum(len(names) for names in symbols.local.values()) > MAX_DEFINITIONS:
        message = f"the rules declare more than {MAX_DEFINITIONS:,} names"
        problems.add("E706", message, None, help="split the jurisdiction", file=ruleset.settings.name)
        return Compiled(ruleset, None, tuple(problems))
    checked = check_definitions(ruleset, symbols, problems)
    check_personal_calendars(ruleset.settings, checked.definitions, problems)
    check_groupings(symbols, checked.definitions, problems)
    check_sequences(symbols, checked.definitions, problems)
    check_assessments(symbols, checked.definitions, problems)
    check_figure_sets(symbols, problems)
    check_permits(ruleset.settings, checked.definitions, problems)
    moved_by = uprate_targets(symbols, problems)
    followed = followed_scales(symbols, problems)
    program = _assemble(ruleset, symbols, checked, Meant(moved_by, followed), problems)
    given_up = _whole_program(symbols, program, problems)
    if lint:
        given_up += _lint(symbols, checked.used | set(moved_by.values()) | set(followed.values()), program, problems)
        percentages(symbols, set(moved_by.values()), problems)
        check_example_names(ruleset, symbols, problems, reformed)
        check_implications(ruleset, symbols, program, problems)
    if problems.errors:
        return Compiled(ruleset, None, tuple(problems), given_up)
    verify(program)
    return Compiled(ruleset, program, tuple(problems), given_up)


def _assemble(
    ruleset: Ruleset,
    symbols: Symbols,
    checked: Checked,
    meant: Meant,
    problems: Diagnostics,
) -> Program:
    constants = {symbol.name: _named(symbol, meant) for symbol in symbols.all()}
    parameters = {name: constant for name, constant in constants.items() if isinstance(constant, Parameter)}
    scales = {
        name: constant for name, constant in constants.items() if isinstance(constant, Scale) and not constant.computed
    }
    tables = {name: constant for name, constant in constants.items() if isinstance(constant, Table)}
    tables = {name: stated_cells(table, scales) for name, table in tables.items()}
    call_circle(checked.functions, problems)
    graph = figure_graph(unrolled(checked.definitions, checked.functions, problems))
    ordered = tuple(name for name in order(graph, problems) if name in checked.definitions)
    against = contradictions_of(ruleset, symbols)
    elsewhere = _reads_members_of_another_day(checked.definitions.values())
    dated = (parameters, tables, scales)
    program = Program(ruleset.settings, checked.definitions, *dated, checked.functions, ordered, "", elsewhere, against)
    return program if problems.errors else with_fingerprint(program)


def _reads_members_of_another_day(definitions: Iterable[Definition]) -> str:
    """The first figure that asks who belongs to a group on another day than its own; empty if none does."""
    for definition in definitions:
        for node in (node for dated in definition.formulas for node in walk(dated.body)):
            if any(not isinstance(link.time, ThisPeriod) for link in _members_in(node)):
                return definition.name
            if isinstance(node, OverParts) and any(_members_in(inner) for inner in walk(node.body)):
                return definition.name
    return ""


def _members_in(node: Expression) -> tuple[Members, ...]:
    link = getattr(node, "link", None)
    return (link,) if isinstance(link, Members) else ()


def _named(symbol: Symbol, meant: Meant) -> Declaration:
    """The declaration, what moves it on and what it is read off named as the whole program names them."""
    declared = symbol.declaration
    if (
        isinstance(declared, Parameter | Table | Scale)
        and declared.uprate is not None
        and symbol.name in meant.moved_by
    ):
        declared = replace(declared, uprate=replace(declared.uprate, by=meant.moved_by[symbol.name]))
    if isinstance(declared, Table) and declared.follows:
        named = [(follow, meant.scales.get((symbol.name, follow.scale))) for follow in declared.follows]
        declared = replace(declared, follows=tuple(replace(item, scale=name) for item, name in named if name))
    return declared


def _constants(program: Program) -> dict[str, Parameter | Table | Scale]:
    return {**program.parameters, **program.tables, **program.scales}


def _whole_program(symbols: Symbols, program: Program, problems: Diagnostics) -> int:
    """What would make a figure wrong or missing; how many searches were given up. Of what was not read whole nothing
    more is said."""
    _vacancies(program, problems)
    coverage.too_large(program, problems)
    return check_values(program, coverage.untouched(symbols, problems), problems)


def check_values(program: Program, whole: Set[str], problems: Diagnostics) -> int:
    """What values of constants make wrong or missing; how many searches were given up. `whole`: the names of which no
    error is known."""
    dates = coverage.DateCoverage(program.settings, _constants(program), program.functions, problems)
    for definition in program.definitions.values():
        if definition.period.unit is Unit.ETERNITY:
            dates.check_for_all_time(definition.formulas)
        dates.check(definition.formulas)
    sound = [sound_definition for name, sound_definition in program.definitions.items() if declared_as(name) in whole]
    parameters = {name: parameter for name, parameter in program.parameters.items() if name in whole}
    ground = Ground(program.settings, parameters, program.definitions)
    coverage.exception_clashes(sound, ground, problems)
    if whole >= set(_constants(program)):  # else a stand-in would be judged
        names = [item.name for item in sound] + [name for name in program.functions if name in whole]
        constant_faults(program, names, problems)
    return ground.work.given_up


def _vacancies(program: Program, problems: Diagnostics) -> None:
    """Report what a role's `unless` names that is not a boolean fact of the group."""
    for entity in program.settings.entities.values():
        facts = {
            definition.short_name: definition
            for definition in program.definitions.values()
            if definition.entity == entity.name
        }
        for role in entity.roles:
            fact = facts.get(role.unless)
            if role.unless and (fact is None or not fact.is_input or fact.type.kind is not Kind.BOOLEAN):
                message = f"`{shown(role.unless)}` is not a boolean fact of a {entity.name}"
                help_text = "name an input of this entity with `type: boolean`"
                problems.add("E213", message, role.unless_span, help=help_text)
            stated = facts.get(role.stated_figure)
            enum = program.settings.enums.get(stated.type.enum) if stated is not None else None
            if role.unless_stated and (enum is None or not set(role.stated_members) <= set(enum.members)):
                message = f"`{shown(role.unless_stated)}` is not a value that a figure of a {entity.name} may have"
                help_text = (
                    "name a figure whose type is an enum, a dot, and its members: `filing_status.separate or single`"
                )
                problems.add("E213", message, role.unless_stated_span, help=help_text)


def declared_as(name: str) -> str:
    """The name of the declaration that a definition comes from: a requirement's reasons are part of it."""
    module, colon, short = name.rpartition(":")
    return module + colon + short.partition(".")[0]


def _lint(symbols: Symbols, used: set[str], program: Program, problems: Diagnostics) -> int:
    """What changes no figure, and still shows a mistake; how many searches were given up."""
    bodies = [dated.body for definition in program.definitions.values() for dated in definition.formulas]
    bodies += [dated.body for function in program.functions.values() for dated in function.formulas]
    whole = coverage.untouched(symbols, problems)
    parameters = {name: parameter for name, parameter in program.parameters.items() if name in whole}
    ground = Ground(program.settings, parameters, program.definitions)
    coverage.dead_branches(bodies, ground, problems)
    coverage.dead_requirements(program.definitions, ground, problems)
    coverage.known_until(program.settings, _constants(program).values(), problems)
    coverage.unsaid_kinds(symbols, program.definitions.values(), problems)
    copies(program.settings, (constant for name, constant in _constants(program).items() if name in whole), problems)
    if not problems.errors:  # else a name may seem unused because what reads it did not check
        coverage.unused(symbols, used, problems)
        coverage.unused_locals(symbols, program, problems)
    return ground.work.given_up
