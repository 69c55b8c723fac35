"""Running the real command as a user does, and rules to run it on."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

SETTINGS = """\
about: A small land
law: Constitution
currency: USD
money_grid: 0.01
rate_grid: 0.000000001
rounding: half_up
covers: {from: 2020-01-01, to: 2026-12-31}
date_round: down
leap_birthday: 03-01
entities:
  person: {plural: people}
  tax_unit:
    plural: tax_units
    of: person
    roles:
      head: {min: 1, max: 1}
      dependent: {plural: dependents}
"""

MODULE = """\
about: Income tax   # comments stay
law: Tax Act
exports: [income_tax, wages, age]
inputs:
  wages:
    entity: person
    period: year
    type: money
    label: Wages
    range: 0 .. 1_000_000
    ask: How much did you earn?
    absent: 0
  age: {entity: person, period: year, type: integer, label: Age, range: 0 .. 130}
parameters:
  allowance: {type: money, law: s. 2, values: {2020-01-01: 1_000, 2024-01-01: 2_000}}
tables:
  credits:
    key: {children: integer 0..2}
    type: money
    law: s. 3
    values: {2020-01-01: {0: 0, 1: 50, 2: 90}}
scales:
  rates:
    kind: marginal
    law: s. 4
    values: {2020-01-01: [{above: 0, rate: 10%}, {above: 20_000, rate: 20%}]}
variables:
  taxed:
    label: Taxed income
    entity: tax_unit
    period: year
    type: money
    law: s. 5
    formula: max(0 USD, head.wages - allowance)
  income_tax:
    label: Income tax
    entity: tax_unit
    period: year
    type: money
    law: s. 6
    formula: |
      let children = count(m in dependents where m.age < 18)
      in max(0 USD, rates(taxed) - credits[min(2, children)])
examples:
  - name: one child
    at: 2024
    given:
      people: {ann: {wages: 30_000}, bo: {age: 3}}
      tax_units: {home: {head: ann, dependents: [bo]}}
      complete: [dependents]
    expect: {income_tax: 3_550}
"""

CASE = """\
at: 2024
people: {ann: {wages: 30_000}, bo: {age: 3}}
tax_units: {home: {head: ann, dependents: [bo]}}
complete: [dependents]
"""


def run(*arguments: str | Path, stdin: str | bytes = "", cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """The command's exit code and output. Never a traceback: that is checked here for every call."""
    content = stdin if isinstance(stdin, bytes) else stdin.encode()
    command = [sys.executable, "-m", "api.cli", *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "100"}
    done = subprocess.run(command, input=content, capture_output=True, cwd=cwd or ROOT, env=environment, check=False)
    out, err = done.stdout.decode(), done.stderr.decode()
    assert "Traceback" not in err, err
    return subprocess.CompletedProcess(command, done.returncode, out, err)


def write_rules(folder: Path, module: str = MODULE, settings: str = SETTINGS) -> Path:
    """A folder of rules."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "ruleset.yaml").write_text(settings, encoding="utf-8")
    (folder / "tax.yaml").write_text(module, encoding="utf-8")
    return folder
