"""Reforms, rules and command lines of hostile shapes."""

from __future__ import annotations

import json
import random
from pathlib import Path

from tests.cli.command import write_rules
from tests.cli.hostile_cases import (
    calc,
    case_file,
)
from tests.cli.hostile_land import (
    LAND,
    LAND_SETTINGS,
    REFUSED,
    Attempt,
    as_data,
    family,
    owed,
)

SAME = (
    "about: Nothing new\nlaw: A bill\nset:\n  allowance: {2030-01-01: 5_000}\n",
    "about: The same again\nlaw: A bill\nset:\n  allowance: {2024-01-01: 2_000}\n",
    "about: And back\nlaw: A bill\nset:\n  allowance: {2023-01-01: 9_000, 2024-01-01: current}\n",
    "about: Said\nlaw: A bill\nset:\n  rates: {2025-01-01: [{above: 0, rate: 1%}]}\n",
)
FIGURE = (
    "{group}: {{variables: {{{name}: "
    "{{label: T, entity: tax_unit, period: year, type: money, law: x, formula: {formula}}}}}}}\n"
)
WRONG = (
    "set:\n  allowances: {2024-01-01: 5}\n", "set:\n  allowance: {2024-02-30: 5}\n", "set:\n  allowance: 5\n",
    "set:\n  allowance: {2024-01-01: 5%}\n", "set:\n  rates: {2024-01-01: []}\n",
    "set:\n  rates: {2024-01-01: [{above: 5, rate: 1%}, {above: 1, rate: 2%}]}\n",
    "replace: {variables: {tax: {formula: 1}}}\n", FIGURE.format(group="replace", name="tax", formula="tax"),
    "remove: [taxes]\n", "remove: [tax_of_person]\n", "add: {module: new}\n", "set: {}\n", "nothing: 1\n", "",
    FIGURE.format(group="add", name="z", formula="z + 1 USD"),
)  # fmt: skip


def a_reform(folder: Path, draw: random.Random) -> Attempt:
    people = family(draw)
    case = case_file(folder, json.dumps(as_data(people)), "case.json")
    if draw.random() < 0.4:
        reform = case_file(folder, draw.choice(SAME), "reform.yaml")
        return Attempt(calc(folder, case, "--reform", reform), (owed(people),))
    reform = case_file(folder, "about: Wrong\nlaw: A bill\n" + draw.choice(WRONG), "reform.yaml")
    return Attempt(calc(folder, case, "--reform", reform), REFUSED)


FORMULAS = (
    *"""\
wages
wages / 0
wages / age
max(1 USD
1 USD +
if wages then 1 else 2
tax_of_person
kind
born
years_between(born, period_end)
sum(p.pay for p in payslips where p.pay > wages)
1e9 USD
0.1 * wages * 0.1
wages @ last year
tax_of_person @ last year
first(p.pay for p in payslips by p.pay)
rank(self for m in tax_unit.members by m.wages)
let a = a in a
let a = wages in let a = 1 in a
wages is none
wages otherwise 0 USD
kind = .odd
kind = 1
sum(wages over months)
sum(savings over days)
rates(rates(rates(wages)))
rates[kind](wages)
allowance @ (born)
date(2024, age, 30)
count(m in tax_unit.members where m = self) * 1 USD
(((((((wages)))))))
case when age > 1 then 1 USD
tax_unit.head.wages
tax_unit.tax
self
not wages
wages as if (wages = 1 USD)
tax_of_person as if (allowance = 0 USD)
clip(wages, 5 USD, 1 USD)
round(wages, half_up, 0 USD)
10000000000 * wages
wages * wages
1 / 3 * wages
min()
max(wages for p in payslips)
'wages'
wages # more
wages; wages
""".splitlines(),
    "-" * 300 + "wages",
    "wages " + "+ wages " * 400,
)


def a_rule(folder: Path, draw: random.Random) -> Attempt:
    """A figure more, of any formula: checked, computed, shown, drawn, put in order, searched."""
    land = folder / f"land{draw.randrange(10**6)}"
    kind = draw.choice(("money", "rate", "integer", "boolean", "date", "date or none", "kind", "duration", "text", ""))
    formula = json.dumps(draw.choice(FORMULAS))
    entity, period = (
        draw.choice(("person", "tax_unit", "payslip", "nobody")),
        draw.choice(("year", "month", "day", "eternity", "week")),
    )
    more = f"  odd: {{label: Odd, entity: {entity}, period: {period}, type: {kind}, law: x, formula: {formula}}}\n"
    text = LAND.replace("\nexamples:", f"\n{more}examples:").replace("\n\n", "\n").replace("[tax, ", "[odd, tax, ")
    write_rules(land, text, LAND_SETTINGS)
    case = case_file(folder, json.dumps(as_data(family(draw))), "case.json")
    command = draw.choice(
        (
            ["check", str(land)],
            ["test", str(land)],
            ["calc", str(land), case, "--want", "odd"],
            ["why", str(land), case, "odd"],
            ["show", str(land), "odd"],
            ["graph", str(land), "odd"],
            ["fmt", "--check", str(land)],
        )
    )
    return Attempt(command, None)


COMMANDS = """
calc why batch check test ask cure find sweep fmt show search list graph log annual ledger follow simulate
diff permit
""".split()
WORDS = [
    *"""
LAND CASE --at 2024 2024-13 --want tax tax,,tax --json --of ann --input /nonexistent --output - --vary
wages=0..5 wages=5..0 wages=a..b --log /nonexistent/log --complete -- -1 x=y * .. --reform --help --missing
unknown head verify append show person/ann --year 0 99999 2024-01-01
""".split(),
    "",
    "\u202e",
    "tax > 5",
    "tax >",
]


def a_command_line(folder: Path, draw: random.Random) -> Attempt:
    case = case_file(folder, json.dumps(as_data(family(draw))), "case.json")
    names = {"LAND": str(folder / "land"), "CASE": case}
    first = draw.choice(COMMANDS)
    rest = draw.choices(WORDS, k=draw.randint(0, 7))
    if draw.random() < 0.6:
        rest = ["LAND", *draw.choice((["CASE"], [])), *rest]
    return Attempt([names.get(word, word) for word in (first, *rest)], None)
