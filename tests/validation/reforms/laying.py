"""A reform that only sets constants, laid over a compiled law: hundreds of reforms without compiling the law each time.

A test holds that the constants are those of the law compiled with the reform.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar

from api.rules.programs import find_rules
from engine.ir.bracket_starts import stated_cells
from engine.ir.program import Program
from engine.reading.context import Context
from engine.reading.declarations import RuleModule, Ruleset
from engine.reading.declared_constants import Parameter, Scale, Table
from engine.reading.documents import read_reform
from engine.reforms.based import read_law
from engine.reforms.settings import apply_setting
from engine.text.diagnostics import Diagnostics
from engine.text.recursion import deep_recursion
from engine.text.source import Source

UNCHANGED = {"E804"}  # a line that sets what the law says
_C = TypeVar("_C", Parameter, Table, Scale)


def declared_law(name: str) -> Ruleset:
    """The law as it is written."""
    ruleset = read_law(find_rules(name), Diagnostics())
    assert ruleset is not None
    return ruleset


@deep_recursion()
def laid_over(law: Program, written: Ruleset, text: str) -> Program:
    """The program with the `set` lines of an overlay in force."""
    problems = Diagnostics()
    reform = read_reform(Source("reform.yaml", text), "reform", written.settings, problems)
    assert reform is not None
    context, reformed = Context(written.settings, problems, inherited_law=reform.law), written
    for setting in reform.settings:
        reformed = apply_setting(reformed, setting, context)
    assert {problem.code for problem in problems.errors} <= UNCHANGED, tuple(problems)
    parameters, tables, scales = dict(law.parameters), dict(law.tables), dict(law.scales)
    for before, after in zip(written.modules, reformed.modules, strict=True):
        if before is not after:
            parameters |= _changed(law.parameters, after, {parameter.name: parameter for parameter in after.parameters})
            tables |= _changed(law.tables, after, {other_table.name: other_table for other_table in after.tables})
            scales |= _changed(law.scales, after, {scale.name: scale for scale in after.scales if not scale.computed})
    tables = {name: _read_off(law, written, name, table, scales) for name, table in tables.items()}
    digest = hashlib.sha256(f"{law.fingerprint}\n{text}".encode()).hexdigest()
    return replace(law, parameters=parameters, tables=tables, scales=scales, fingerprint=digest)


def _changed(law: Mapping[str, _C], module: RuleModule, declared: Mapping[str, _C]) -> dict[str, _C]:
    """The constants of a module under their whole-program names, with the law's index."""
    by_name = {}
    for name, constant in declared.items():
        full = name if name in law else f"{module.name}:{name}"
        if constant.uprate is not None:
            by = law[full].uprate
            assert by is not None
            constant = replace(constant, uprate=replace(constant.uprate, by=by.by))
        by_name[full] = constant
    return by_name


def _read_off(law: Program, written: Ruleset, name: str, table: Table, scales: Mapping[str, Scale]) -> Table:
    """A table whose cells are read off a scale, as that stands now."""
    if not table.follows:
        return table
    module, _, short = name.rpartition(":")
    plain = next(
        other_table
        for each in written.modules
        if module in ("", each.name)
        for other_table in each.tables
        if other_table.name == short
    )
    follows = law.tables[name].follows
    return stated_cells(replace(table, values=plain.values, follows=follows), scales)
