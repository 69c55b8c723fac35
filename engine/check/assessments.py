"""The figures that `assessment:` names: declared, exported, money, of whom is assessed and for that period."""

from __future__ import annotations

from collections.abc import Mapping

from engine.check.resolve import Symbols
from engine.ir.program import Definition
from engine.reading.declared_settings import AssessmentRules
from engine.syntax.nodes import shown
from engine.text.diagnostics import Diagnostics
from engine.values.types import Kind


def check_assessments(symbols: Symbols, definitions: Mapping[str, Definition], problems: Diagnostics) -> None:
    """Report each figure of an assessment that cannot be in it."""
    for assessment in symbols.settings.assessments.values():
        for name in assessment.figures:
            symbol = symbols.exported.get(name)
            if symbol is None:
                message = f"no module exports a figure `{shown(name)}`"
                help_text = symbols.suggest(name, lambda: set(symbols.exported))
                problems.add("E401", message, assessment.places[name], help=help_text)
                continue
            definition = definitions.get(symbol.name)
            if definition is not None:  # else a problem of its own is reported where it is declared
                _check(assessment, name, definition, problems)


def _check(assessment: AssessmentRules, name: str, definition: Definition, problems: Diagnostics) -> None:
    place = assessment.places[name]
    if definition.type.kind is not Kind.MONEY:
        help_text = "name an amount of money; other figures are shown by `rulewright calc`"
        problems.add("E501", f"`{name}` is not an amount of money", place, help=help_text)
    if definition.entity != assessment.of:
        message = f"`{name}` is a figure of a {definition.entity}, and the assessment is of a {assessment.of}"
        problems.add("E405", message, place, help=f"name a figure of a {assessment.of}, or change `of`")
    elif definition.period != assessment.period:
        message = f"`{name}` is per {definition.period}, and the assessment per {assessment.period}"
        problems.add("E601", message, place, help=f"name a figure per {assessment.period}, or change `period`")
