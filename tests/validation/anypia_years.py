"""Social Security's rules for all the years of the calculator's outputs: 1985 to 2061.

1. Only the modules on Social Security, and when people were born and died, are kept; they compile in a second.
2. The rules answer from 2013 on. What they say of 2013 is taken to hold before, too. One figure was another then: the
   increase of December 1999 was 2.4% until July 2001 (P.L. 106-554 s.1(a)(1)).
3. `data/anypia_projection.csv` has what the calculator assumes of the years whose indexes are not published (the
   intermediate assumptions of the Trustees): rows added to the tables by year. The functions that name the last
   published year are replaced by ones that read the tables alone.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date
from fractions import Fraction
from functools import reduce
from itertools import pairwise
from pathlib import Path
from typing import cast

from api.rules.programs import find_rules
from engine.ir.program import Program
from engine.pipeline import compile_ruleset
from engine.reading.declarations import Input, RuleModule, Ruleset, Variable
from engine.reading.declared import Dated
from engine.reading.declared_constants import Parameter, Table
from engine.reading.declared_settings import Settings
from engine.reading.documents import read_reform
from engine.reforms.apply import apply_reform
from engine.reforms.based import read_law
from engine.text.diagnostics import Diagnostics
from engine.text.source import Source

PROJECTION = Path(__file__).parent / "data" / "anypia_projection.csv"
ALWAYS, LAST_YEAR = date(1600, 1, 1), 2061
FOLDER = "benefits/social_security/"
PAYMENT = ("earnings_test", "nonpayment", "disability_work", "family_payment")
COLUMNS = {
    "ss_average_wage_index_before_2011": {"": "wages"},
    "ss_earnings_base": {"": "base"},
    "ss_earnings_base_of_old_law": {"": "old_base"},
    "ss_quarter_of_coverage_amount": {"": "quarter"},
    "ss_cost_of_living_increase": {"": "increase"},
    "ss_bend_points": {"first": "first", "second": "second"},
    "ss_family_maximum_bend_points": {"first": "family_first", "second": "family_second", "third": "family_third"},
}
SIGNATURE = "arguments: {amount: money, from_year: integer, to_year: integer}, type: money"
FUNCTIONS = """\
about: Social Security by the tables of all years
law: 42 USC 415
replace:
  functions:
    ss_average_wage_index:
      arguments: {{year: integer}}
      type: rate
      formula: ss_average_wage_index_before_2011[year]
    ss_counted_base: {{arguments: {{year: integer}}, type: money, formula: "ss_earnings_base[year]"}}
    ss_indexed:
      arguments: {{earnings: money, year: integer, indexing_year: integer}}
      type: money
      formula: |
          let counted = min(earnings, ss_counted_base(year))
          let ratio = ss_average_wage_index(indexing_year) / ss_average_wage_index(year)
          in if year < indexing_year then round(counted * ratio, half_up, 0.01 USD) else counted
    ss_raised: {{arguments: {{amount: money, from_year: integer, to_year: integer}}, type: money, formula: "{raised}"}}
add:
  module: all_years
  exports: [raised_from_1979, raised_from_1995, raised_from_2013, raised_from_2030]
  functions:
{parts}
"""
Rows = dict[tuple[object, ...], dict[str, Fraction]]


def program() -> Program:
    """The rules for all these years, compiled."""
    problems = Diagnostics()
    law = read_law(find_rules("us"), problems)
    assert law is not None
    modules = tuple(changed for module in law.modules if (changed := _kept(module, law)) is not None)
    ruleset = _with_functions(Ruleset(_settings(law.settings), modules), problems)
    compiled = compile_ruleset(ruleset, problems, lint=False).program
    assert compiled is not None, list(problems)[:3]
    return compiled


def _settings(settings: Settings) -> Settings:
    entities = {name: settings.entities[name] for name in ("person", "earnings_year", "claim_on_record")}
    covers = {"covers_from": date(1979, 1, 1), "covers_to": date(LAST_YEAR, 12, 31), "projected_to": None}
    return replace(settings, entities=entities, assessments={}, figure_sets={}, **covers)  # type: ignore[arg-type]


def _kept(module: RuleModule, law: Ruleset) -> RuleModule | None:
    """The module for all years; None where nothing on Social Security needs it."""
    if module.name == "people/people":
        return _births_and_deaths(module)
    if not module.name.startswith(FOLDER) or module.name.removeprefix(FOLDER) in PAYMENT:
        return None
    own = {item.name for item in module.functions} & {"ss_raised_once"}
    return replace(
        module,
        exports=(*module.exports, *((name, module.span) for name in own)),
        examples=(),
        inputs=tuple(
            replace(item, high=Fraction(LAST_YEAR)) if item.name == "record_year" else item for item in module.inputs
        ),
        parameters=tuple(map(_parameter, module.parameters)),
        tables=tuple(map(_table(law), module.tables)),
        variables=tuple(map(_variable, module.variables)),
    )


def _births_and_deaths(module: RuleModule) -> RuleModule:
    names = {"birth_date", "stated_birth_date", "date_of_birth", "date_of_death"}

    def named(declared: Iterable[Input | Variable]) -> tuple[object, ...]:
        return tuple(item for item in declared if item.name in names)

    bare = RuleModule(module.name, module.about, module.law, module.span)
    exports = tuple(export for export in module.exports if export[0] in names)
    return replace(bare, exports=exports, inputs=named(module.inputs), variables=named(module.variables))  # type: ignore[arg-type]


def _parameter(parameter: Parameter) -> Parameter:
    (_, first), *later = parameter.values
    return replace(parameter, values=((ALWAYS, first), *later))


def _variable(variable: Variable) -> Variable:
    first, *later = variable.formula
    return replace(variable, formula=(Dated(None, first.formula), *later))


def _table(law: Ruleset) -> Callable[[Table], Table]:
    wages = {
        day.year - 2: value
        for module in law.modules
        for item in module.parameters
        if item.name == "average_wage_index"
        for day, value in item.values
    }

    def extended(table: Table) -> Table:
        if table.name not in COLUMNS:
            return table
        ((day, stated),) = table.values
        rows = cast(Rows, dict(stated))
        if "wages" in COLUMNS[table.name].values():
            rows |= {(year,): {"": cast(Fraction, wages[year])} for year in range(2011, 2025)}
        rows |= _projected(table.name)
        key = replace(table.keys[0], high=max(cast(int, row[0]) for row in rows))
        dated = [(day, rows)]
        if table.name == "ss_cost_of_living_increase":
            dated = [(day, rows | {(1999,): {"": Fraction("0.024")}}), (date(2001, 7, 1), rows)]
        return replace(table, keys=(key,), values=tuple(dated), known_until=None)  # type: ignore[arg-type]

    return extended


def _projected(table: str) -> Rows:
    columns = COLUMNS[table]
    scale = 100 if table == "ss_cost_of_living_increase" else 1
    with PROJECTION.open(encoding="utf-8", newline="") as file:
        return {
            (int(row["year"]),): {name: Fraction(row[column]) / scale for name, column in columns.items()}
            for row in csv.DictReader(file)
            if row[next(iter(columns.values()))]
        }


def _with_functions(ruleset: Ruleset, problems: Diagnostics) -> Ruleset:
    reform = read_reform(Source("all years", _reform()), "all_years", ruleset.settings, problems)
    assert reform is not None
    return apply_reform(ruleset, reform, problems)


def _reform() -> str:
    bounds = (1979, 1995, 2013, 2030, LAST_YEAR)
    parts = "\n".join(_raised(first, end - 1) for first, end in pairwise(bounds))
    calls = reduce(lambda amount, first: f"raised_from_{first}({amount}, from_year, to_year)", bounds[:-1], "amount")
    return FUNCTIONS.format(raised=calls, parts=parts)


def _raised(first: int, last: int) -> str:
    """A function for the increases of some years, each rounded before the next."""
    once = "ss_raised_once({amount}, {year}, from_year, to_year)"
    raised = reduce(lambda amount, year: once.format(amount=amount, year=year), range(first, last + 1), "amount")
    formula = f"if to_year < {first} or from_year > {last} then amount else {raised}"
    return f'    raised_from_{first}: {{{SIGNATURE}, formula: "{formula}"}}'
