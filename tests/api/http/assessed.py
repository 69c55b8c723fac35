"""A land with an assessment, and a log in which its annual run could not assess one of three households."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from api.assess.annual import run_annual
from api.assess.terms import terms_of
from api.rules.programs import load_program
from citizens import Belongs, SqliteLog, open_log
from engine.values.periods import parse_period
from tests.api.http.logs import facts
from tests.cli.command import MODULE, SETTINGS, write_rules

NEW_YEAR = date(2024, 1, 1)
ASSESSMENT = """\
assessment:
  income_tax: {law: Tax Act, of: tax_unit, period: year, liabilities: {income_tax: Income tax}}
"""
RUN = "income_tax-2024"


def assessed(folder: Path) -> tuple[str, SqliteLog]:
    """The rules' folder, and the log: Ann and Eve are assessed, Kim's wages are text."""
    rules = str(write_rules(folder / "land", MODULE, SETTINGS + ASSESSMENT))
    log = open_log(folder / "log")
    for name, wages in (("ann", 30_000), ("eve", 10_000), ("kim", "lots")):
        unit = Belongs(f"tax_unit/{name}", "head")
        log.append([facts(f"person/{name}", NEW_YEAR, wages=wages, tax_unit=unit)])
    log.append([facts("case/7", citizen="person/kim", workers="carl")])
    program = load_program(rules)
    period = parse_period("2024")
    run_annual(log, terms_of(program, program.settings.assessments["income_tax"], period, "test"))
    return rules, log
