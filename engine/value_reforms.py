"""The program under reforms that only set values of constants, from the program of the law: names, types and formulas
stay as they are, and are not looked at again.

Of what the passes check (`pipeline`) only what depends on values is checked. Where anything else is reformed, or
anything is wrong, there is no such program: the rules are compiled anew, which tells what is wrong.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from engine.check.resolve import indexed_too_early
from engine.ir.bracket_starts import restated_cells
from engine.ir.printer import with_other_values
from engine.ir.program import Constant, Program
from engine.pipeline import check_values, declared_as
from engine.reading.context import Context
from engine.reading.declarations import RuleModule, Ruleset
from engine.reading.declared_constants import Parameter, Scale, Table
from engine.reading.declared_settings import Settings
from engine.reading.documents import read_reform
from engine.reading.reform import Reform
from engine.reforms.settings import apply_setting, constants
from engine.syntax.files import load_source
from engine.text.diagnostics import Diagnostics
from engine.text.source import Source, Span

_NOWHERE = Span(Source("", ""), 0, 0)


def with_values(law: Program, reforms: Sequence[Path]) -> Program | None:
    """The program of `law` under reforms, as compiling the rules with them gives it; None where it has to be
    compiled."""
    if not law.form:
        return None
    problems = Diagnostics()
    ruleset = _ruleset_of(law)
    for path in reforms:
        reform = _only_values(path, law.settings, problems)
        if reform is None or any(_may_mean_else(law, setting.path.text) for setting in reform.settings):
            return None
        context = Context(law.settings, problems, inherited_law=reform.law)
        for setting in reform.settings:
            ruleset = apply_setting(ruleset, setting, context)
    known = _constants(law)
    changed = {name: constant for name, constant in _named(ruleset) if constant is not known[name]}
    if problems.errors or not changed or any(isinstance(each, Table) and each.follows for each in changed.values()):
        return None
    return _checked(law, changed, problems)


def _only_values(path: Path, settings: Settings, problems: Diagnostics) -> Reform | None:
    """A reform that only sets values; None for another, and for one that cannot be read."""
    source = load_source(path, problems)
    reform = read_reform(source, path.stem, settings, problems) if source is not None else None
    if reform is None or problems.errors:
        return None
    bare = Reform(reform.name, reform.about, reform.law, reform.span)
    return reform if replace(reform, settings=()) == bare else None


def _may_mean_else(law: Program, path: str) -> bool:
    """Whether a path may name a scale with computed brackets, which is a function in a program."""
    name = path.partition("[")[0].partition(".")[0].strip()
    return any(function.rpartition(":")[2] == name for function in law.functions)


def _constants(program: Program) -> Mapping[str, Constant]:
    return {name: constant for kind in program.constants for name, constant in kind.items()}


def _ruleset_of(law: Program) -> Ruleset:
    """The constants of a program as modules declare them: those that are exported in one without a name."""
    modules: dict[str, list[Constant]] = {}
    for name, constant in _constants(law).items():
        modules.setdefault(name.rpartition(":")[0], []).append(constant)
    return Ruleset(law.settings, tuple(_module(name, declared) for name, declared in modules.items()))


def _module(name: str, declared: Sequence[Constant]) -> RuleModule:
    return RuleModule(
        name,
        "",
        "",
        _NOWHERE,
        exports=() if name else tuple((constant.name, _NOWHERE) for constant in declared),
        parameters=tuple(constant for constant in declared if isinstance(constant, Parameter)),
        tables=tuple(constant for constant in declared if isinstance(constant, Table)),
        scales=tuple(constant for constant in declared if isinstance(constant, Scale)),
    )


def _named(ruleset: Ruleset) -> Iterator[tuple[str, Constant]]:
    """The constants of a ruleset that `_ruleset_of` made, by their whole-program names."""
    for module in ruleset.modules:
        for constant in constants(module):
            yield f"{module.name}:{constant.name}" if module.name else constant.name, constant


def _with(law: Program, changed: dict[str, Constant]) -> Program:
    """The law with other constants; those that are read off a scale among them are `changed` with it."""
    parameters, tables, scales = (
        {name: changed.get(name, constant) for name, constant in kind.items()} for kind in law.constants
    )
    program = replace(law, parameters=parameters, tables=tables, scales=scales)  # type: ignore[arg-type]
    follow = {
        name: restated_cells(table, program.scales)
        for name, table in law.tables.items()
        if any(follow.scale in changed for follow in table.follows)
    }
    changed |= follow
    return replace(program, tables={**program.tables, **follow})


def _checked(law: Program, changed: dict[str, Constant], problems: Diagnostics) -> Program | None:
    program = _with(law, changed)
    for constant in changed.values():
        if constant.uprate is not None:
            indexed_too_early(constant, program.parameters[constant.uprate.by], problems)
    names = {*_constants(program), *map(declared_as, program.definitions), *program.functions}
    check_values(program, names, problems)
    return None if problems.errors else with_other_values(program, changed)
