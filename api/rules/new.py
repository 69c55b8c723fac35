"""A small working ruleset to go on from: a fact, a constant, a figure, a requirement and examples that hold.

Everything that an author must decide first (currency, dates, the name) is asked for or has a plain default; the rest is
law of no land, and meant to be replaced.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from api.failures import Failure, Misuse
from api.rules import programs
from engine.syntax.files import SETTINGS_FILE

_NAME = re.compile(r"[a-z][a-z0-9_]*", re.ASCII)
_CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)
_MODULE = "benefits/allowance.yaml"

_SETTINGS = """\
about: {title}
law: Write here which law this is
currency: {currency}
money_grid: 0.01            # every money figure is a whole number of these
rounding: half_up
covers: {{from: {year}-01-01, to: {year}-12-31}}    # the days that these rules answer for
entities:
  person: {{plural: people}}
  household:
    plural: households
    of: person
    roles:
      adult: {{min: 1, plural: adults}}
      child: {{plural: children}}
"""

_RULES = """\
about: A made-up allowance for households, to be replaced by real law
law: Allowance Act
exports: [earnings, birth_date, lives_here, may_have_allowance, allowance]

inputs:
  earnings:
    entity: person
    period: year
    type: money
    label: Earnings
    ask: How much did you earn in the year?
    absent: 0
  birth_date:
    entity: person
    period: eternity
    type: date
    label: Date of birth
    ask: When were you born?
  lives_here:
    entity: household
    period: year
    type: boolean
    status: true
    label: The household lives here
    ask: Do you live here?

parameters:
  amount_per_child: {{type: money, law: s. 2, values: {{{year}-01-01: 1_200}}}}
  withdrawal_rate: {{type: rate, law: s. 3, values: {{{year}-01-01: 10%}}}}
  child_age_limit: {{type: integer, law: s. 2, values: {{{year}-01-01: 18}}}}

variables:
  is_child_in_law:
    label: Counts as a child
    entity: person
    period: year
    type: boolean
    law: s. 2
    formula: age_on(birth_date, period_end) < child_age_limit
  allowance:
    label: Allowance
    entity: household
    period: year
    type: money
    law: s. 3
    applies_if: may_have_allowance
    otherwise: 0
    formula: |
      let full = amount_per_child * count(m in members where m.is_child_in_law)
      in max(0 {currency}, full - withdrawal_rate * sum(m.earnings for m in members))

requirements:
  may_have_allowance:
    label: May have the allowance
    entity: household
    period: year
    law: s. 1
    all:
      lives_here: {{needs: lives_here, law: s. 1(a), fails: You must live here.}}
      has_child: {{needs: any(m.is_child_in_law for m in members), law: s. 1(b), fails: There must be a child.}}

examples:
  - name: one child, low earnings
    at: {year}
    given:
      people: {{ann: {{earnings: 5_000, birth_date: 1990-03-01}}, bo: {{birth_date: {child}-07-01}}}}
      households: {{home: {{adults: [ann], children: [bo], lives_here: true}}}}
      complete: true
    expect: {{may_have_allowance: true, allowance: 700}}
  - name: without a child
    at: {year}
    given:
      people: {{ann: {{earnings: 5_000, birth_date: 1990-03-01}}}}
      households: {{home: {{adults: [ann], lives_here: true}}}}
      complete: true
    expect: {{may_have_allowance: {{holds: false, not_met: [has_child]}}, allowance: 0}}
  - name: who lives elsewhere
    at: {year}
    given:
      people: {{ann: {{birth_date: 1990-03-01}}, bo: {{birth_date: {child}-07-01}}}}
      households: {{home: {{adults: [ann], children: [bo], lives_here: false}}}}
      complete: true
    expect: {{may_have_allowance: {{holds: false, not_met: [lives_here]}}, allowance: 0}}
"""


@dataclass(frozen=True, slots=True)
class Written:
    """A new ruleset: its folder, and the files in it."""

    folder: str
    files: tuple[str, ...]


def write_ruleset(jurisdiction: str, currency: str, year: int | None = None) -> Written:
    """Write a ruleset into the folder `jurisdiction`, whose last part names it. Raises Misuse for a name or currency
    that cannot be, Failure where the folder holds something already."""
    folder = Path(jurisdiction)
    if not _NAME.fullmatch(folder.name):
        better = re.sub(r"[^a-z0-9]+", "_", folder.name.lower()).strip("_0123456789")
        raise Misuse(f"`{folder.name}` cannot name rules", f"write `{better}`" if better else "write a name in letters")
    if not _CURRENCY.fullmatch(currency):
        raise Misuse(f"`{currency}` is not a currency's code", "write three capital letters, such as `EUR`")
    if folder.is_dir() and any(folder.iterdir()):
        raise Failure(f"the folder `{jurisdiction}` is not empty", "name a new folder, or move what is in it")
    if len(folder.parts) == 1 and folder.name in programs.shipped_rules():
        raise Misuse(f"`{folder.name}` are shipped rules", "choose another name")
    first = year or date.today().year
    texts = {SETTINGS_FILE: _SETTINGS, _MODULE: _RULES}
    said = {
        "title": folder.name.replace("_", " ").capitalize(),
        "currency": currency,
        "year": first,
        "child": first - 8,
    }
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.format(**said), encoding="utf-8")
    return Written(jurisdiction, tuple(texts))
