"""Inputs of hostile shapes, each with what must come of it: the right figure, a refusal, or either.

The land has people with payslips, a stock, an event, a date and an enum; `owed` reckons its tax anew in exact numbers.
Each seed draws a family, says it in some unusual way (other order, other spelling of numbers and times, JSON, tables of
other types and orders, a reform that changes nothing), or breaks a rule that every reader of such input must hold.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet

from tests.cli.command import SETTINGS, write_rules

LAND_SETTINGS = SETTINGS.replace(
    "entities:\n", "enums:\n  kind:\n    law: s. 1\n    members: {plain: Plain, special: Special}\nentities:\n"
).replace("  tax_unit:\n", "  payslip: {plural: payslips, belongs_to: person}\n  tax_unit:\n")

LAND = """\
about: Tax of a land
law: Tax Act
exports: [tax, wages, age, savings, bought, kind, born, pay, tax_of_person]
inputs:
  wages: {entity: person, period: year, type: money, label: Wages, range: 0 .. 1_000_000, absent: 0, excludes: [pay]}
  age: {entity: person, period: year, type: integer, label: Age, range: 0 .. 130, absent: 40}
  savings: {entity: person, period: day, type: money, stock: true, label: Savings, range: 0 .. 1_000_000, absent: 0}
  bought: {entity: person, period: year, type: boolean, event: true, label: Bought a car, absent: false}
  kind: {entity: person, period: year, type: kind, label: Kind, absent: plain}
  born: {entity: person, period: eternity, type: date or none, label: Born, absent: none}
  pay: {entity: payslip, period: year, type: money, label: Pay, range: 0 .. 1_000_000, absent: 0}
parameters:
  allowance: {type: money, law: s. 2, values: {2020-01-01: 1_000, 2024-01-01: 2_000}}
scales:
  rates: {kind: marginal, law: s. 3, values: {2020-01-01: [{above: 0, rate: 10%}, {above: 20_000, rate: 30%}]}}
variables:
  tax_of_person:
    label: Tax of a person
    entity: person
    period: year
    type: money
    law: s. 4
    formula: |
      let income = wages + sum(p.pay for p in payslips)
      let relief = (if bought then 500 USD else 0 USD) + (if kind = .special then 70 USD else 0 USD)
      in max(0 USD, rates(max(0 USD, income - allowance)) - relief) + (savings @ end) * 1%
  tax:
    label: Tax
    entity: tax_unit
    period: year
    type: money
    law: s. 5
    formula: sum(m.tax_of_person for m in members where m.age >= 18)
examples:
  - at: 2024
    given: {complete: true, people: {ann: {wages: 30_000}}, tax_units: {home: {head: ann}}}
    expect: {tax: 4_400, people: {ann: {tax_of_person: 4_400}}}
"""

REFUSED = "refused"
Expected = Fraction | str | None | tuple[Fraction]
"""An amount that must be answered, REFUSED, a tuple of one that may be answered or refused, or None: only words."""


@dataclass
class Attempt:
    """A command, what stands on its stdin, and what must come of it."""

    arguments: list[str]
    expected: Expected
    stdin: str = ""


Family = dict[str, dict[str, Any]]


def write_land(folder: Path) -> None:
    """The rules of the land in `folder/land`."""
    write_rules(folder / "land", LAND, LAND_SETTINGS)


def family(draw: random.Random) -> Family:
    """A head and up to three others; `pays` are the payslips of who has no wages."""
    people: Family = {}
    for name in ("ann", "bo", "cy", "di")[: draw.randint(1, 4)]:
        person: dict[str, Any] = {"age": draw.choice((0, 17, 18, 40, 130))}
        money = Fraction(draw.choice((0, 1, 199_999, 2_200_000, 2_200_001, draw.randrange(10**8))), 100)
        if draw.random() < 0.5:
            person["wages"] = money
        elif draw.random() < 0.6:
            person["pays"] = [money / 2 - money / 2 % Fraction(1, 100), Fraction(draw.randrange(10**6), 100)]
        if draw.random() < 0.4:
            person["savings"] = Fraction(draw.randrange(10**6), 100)
        if draw.random() < 0.3:
            person["bought"] = draw.random() < 0.7
        if draw.random() < 0.3:
            person["kind"] = draw.choice(("plain", "special"))
        people[name] = person
    return people


def cents(amount: Fraction) -> Fraction:
    """To the cent, halves away from zero; no amount here is below 0."""
    return Fraction((amount * 100 + Fraction(1, 2)).__floor__(), 100)


def owed(people: Family) -> Fraction:
    """The tax of a family of 2024, reckoned here and not by the rules."""
    total = Fraction(0)
    for person in people.values():
        income = max(Fraction(0), person.get("wages", Fraction(0)) + sum(person.get("pays", ())) - 2_000)
        tax = income / 10 + max(Fraction(0), income - 20_000) / 5
        relief = 500 * bool(person.get("bought")) + 70 * (person.get("kind") == "special")
        if person.get("age", 40) >= 18:
            total += cents(max(Fraction(0), tax - relief) + person.get("savings", Fraction(0)) / 100)
    return total


def decimal(amount: Fraction) -> str:
    whole, rest = divmod(amount * 100, 100)
    return f"{whole}.{int(rest):02}"


def plain(value: Any) -> Any:
    """Money as text, all else as it is."""
    return decimal(value) if isinstance(value, Fraction) else value


def as_data(people: Family, complete: bool = True) -> dict[str, Any]:
    """The case as JSON has it."""
    persons = {
        name: {
            key: decimal(value) if isinstance(value, Fraction) else value
            for key, value in person.items()
            if key != "pays"
        }
        for name, person in people.items()
    }
    slips = {
        f"{name}{number}": {"person": name, "pay": decimal(pay)}
        for name, person in people.items()
        for number, pay in enumerate(person.get("pays", ()))
    }
    head, *others = people
    data: dict[str, Any] = {"at": 2024, "complete": complete, "people": persons}
    data |= {"tax_units": {"home": {"head": head, "dependents": others}}}
    return data | ({"payslips": slips} if slips else {})


# --- how a case may be written


def shuffled(data: Any, draw: random.Random) -> Any:
    """The same with the keys of every mapping in another order."""
    if not isinstance(data, dict):
        return data
    keys = list(data)
    draw.shuffle(keys)
    return {key: shuffled(data[key], draw) for key in keys}


def written(value: Any, draw: random.Random) -> str:
    """A scalar as YAML may have it; money in one of its spellings."""
    if value is True or value is False:
        return str(value).lower()
    text = str(value)
    if "." in text and text.replace(".", "").isdigit():
        whole, rest = text.split(".")
        spellings = [text, f"'{text}'", f'"{text}"', f"{int(whole):_}.{rest}", f"  {text}  "]
        return draw.choice([*spellings, whole] if rest == "00" else spellings)
    return text


def as_yaml(data: Any, draw: random.Random, flow: bool = False) -> str:
    if isinstance(data, dict):
        if flow or not data:
            return "{" + ", ".join(f"{key}: {as_yaml(value, draw, True)}" for key, value in data.items()) + "}"
        lines = []
        for key, value in data.items():
            inner = as_yaml(value, draw, draw.random() < 0.3)
            block = isinstance(value, dict) and value and not inner.startswith("{")
            lines.append(
                f"{key}:\n" + "\n".join("  " + line for line in inner.split("\n")) if block else f"{key}: {inner}"
            )
        return "\n".join(lines)
    if isinstance(data, list):
        return "[" + ", ".join(map(str, data)) + "]"
    return written(data, draw)


def timed(people: dict[str, Any], draw: random.Random) -> None:
    """Facts of 2024 said with their time, in forms that mean the same; and facts of other years beside them."""
    for person in people.values():
        for key in list(person):
            if key == "savings":
                person[key] = draw.choice((person[key], {"from 2024-12-31": person[key]}, {"2024-12-31": person[key]}))
            elif draw.random() < 0.4:
                person[key] = draw.choice(({2024: person[key]}, {2023: person[key], 2024: person[key]}))


def case_file(folder: Path, text: str, name: str = "case.yaml") -> str:
    (folder / name).write_text(text, encoding="utf-8")
    return str(folder / name)


def calc(folder: Path, case: str, *more: str) -> list[str]:
    return ["calc", str(folder / "land"), case, "--want", "tax", "--json", *more]


def another_spelling(folder: Path, draw: random.Random) -> Attempt:
    people = family(draw)
    data = as_data(people)
    if draw.random() < 0.5:
        timed(data["people"], draw)
    data = shuffled(data, draw)
    if draw.random() < 0.3:
        return Attempt(calc(folder, "-"), owed(people), json.dumps(data))
    text = as_yaml(data, draw).replace("\n", draw.choice(("\n", "\n", "\r\n", "\n\n")))
    start = draw.choice(("", "", "# a case\n", "---\n", "\ufeff"))
    return Attempt(
        calc(folder, case_file(folder, start + text)), owed(people) if start in ("", "# a case\n") else (owed(people),)
    )


def open_case(folder: Path, draw: random.Random) -> Attempt:
    """Of who is not known whole nothing definite is said: a range that holds the truth, or more is asked."""
    people = family(draw)
    return Attempt(calc(folder, case_file(folder, as_yaml(as_data(people, complete=False), draw))), None)


# --- what every reader must refuse


def broken(folder: Path, draw: random.Random) -> Attempt:
    people = family(draw)
    people.setdefault("bo", {"age": 30})
    data = as_data(people)
    persons, units = data["people"], data["tax_units"]
    slips = data.setdefault("payslips", {})
    faults: list[Callable[[], Any]] = [
        lambda: units.update(flat={"head": "ann"}),
        lambda: units["home"].update(head="nobody"),
        lambda: units["home"].update(head=["ann", "bo"]),
        lambda: units["home"].pop("head"),
        lambda: units["home"].update(dependents=["bo", "bo"]),
        lambda: units["home"].update(spouse="bo"),
        lambda: persons["ann"].update(wage=5),
        lambda: persons["ann"].update(wages=-1),
        lambda: persons["ann"].update(wages="1_000_000.01"),
        lambda: persons["ann"].update(wages="30.000,00"),
        lambda: persons["ann"].update(wages="12.345"),
        lambda: persons["ann"].update(wages="1e3"),
        lambda: persons["ann"].update(wages="NaN"),
        lambda: persons["ann"].update(wages={"2024": 5, "2024..2025": 6}),
        lambda: persons["ann"].update(wages={"from 2024": 5}),
        lambda: persons["ann"].update(wages={"2024-13": 5}),
        lambda: persons["ann"].update(wages={"2024-02": 5}),
        lambda: persons["ann"].update(age=40.5),
        lambda: persons["ann"].update(age=131),
        lambda: persons["ann"].update(bought="maybe"),
        lambda: persons["ann"].update(bought=1),
        lambda: persons["ann"].update(kind="odd"),
        lambda: persons["ann"].update(born="2023-02-29"),
        lambda: persons["ann"].update(born="1600-01-01"),
        lambda: persons["ann"].update(born="29/02/2024"),
        lambda: slips.update(x={"pay": 5}),
        lambda: slips.update(x={"person": "nobody", "pay": 5}),
        lambda: (slips.update(x={"person": "ann", "pay": 5}), persons["ann"].update(wages=5)),
        lambda: data.update(at="2024-02-30"),
        lambda: data.update(at="1999"),
        lambda: data.update(complete="yes"),
        lambda: data.update(persons={"eve": {}}),
        lambda: data.update(open=["nothing"]),
        lambda: data.update(people=[]),
        lambda: persons.update(eve="40"),
        lambda: (
            persons.update({"ann ": {"age": 3}, "ann": persons["ann"]}) or units["home"].update(dependents=["ann  x"])
        ),
    ]
    draw.choice(faults)()
    case = case_file(folder, json.dumps(data), "case.json")
    return Attempt(calc(folder, case), REFUSED)


# --- tables


def tables(people: Family, draw: random.Random) -> dict[str, pa.Table]:
    """The family as tables, columns and rows in any order, types as other programs write them."""
    names = list(people)
    draw.shuffle(names)
    head = next(iter(people))
    columns: dict[str, Any] = {
        "person_id": names,
        "tax_unit_id": ["home"] * len(names),
        "role": ["head" if name == head else "dependent" for name in names],
    }
    ids = draw.choice((pa.string(), pa.large_string(), pa.dictionary(pa.int32(), pa.string())))
    arrays = {key: pa.array(values, pa.string()).cast(ids) for key, values in columns.items()}
    money = draw.choice((pa.float64(), pa.decimal128(20, 2), pa.string(), pa.decimal128(30, 6)))
    for key in ("wages", "savings", "age", "bought", "kind"):
        values = [people[name].get(key) for name in names]
        if all(value is None for value in values) and draw.random() < 0.7:
            continue
        arrays[key] = column(key, values, money, draw)
    order = list(arrays)
    draw.shuffle(order)
    by_name = {
        "people": pa.table({key: arrays[key] for key in order}),
        "tax_units": pa.table({"tax_unit_id": ["home"]}),
    }
    slips = [(name, pay) for name in names for pay in people[name].get("pays", ())]
    draw.shuffle(slips)
    if slips:
        by_name["payslips"] = pa.table(
            {
                "payslip_id": [f"s{number}" for number in range(len(slips))],
                "person_id": [name for name, _ in slips],
                "pay": column("pay", [pay for _, pay in slips], money, draw),
            }
        )
    return by_name


def column(key: str, values: list[Any], money: pa.DataType, draw: random.Random) -> Any:
    if key == "bought":
        kinds = (pa.bool_(), pa.string())
        kind = draw.choice(kinds)
        return pa.array([None if v is None else v if kind == pa.bool_() else str(v).lower() for v in values], kind)
    if key == "kind":
        return pa.array(values, pa.string())
    if key == "age":
        return (
            pa.array(values, draw.choice((pa.int8(), pa.int64(), pa.uint16())))
            if max(v or 0 for v in values) < 128
            else pa.array(values, pa.int64())
        )
    texts = [None if value is None else decimal(value) for value in values]
    if money == pa.float64():
        return pa.array([None if text is None else float(text) for text in texts], money)
    return pa.array(texts, pa.string()).cast(money)


def as_files(folder: Path, found: dict[str, pa.Table], draw: random.Random) -> list[str]:
    arguments = []
    for name, table in found.items():
        path = folder / f"{name}.{draw.choice(('parquet', 'csv'))}"
        if path.suffix == ".csv":
            rows = [table.column_names, *([cell(v) for v in row.values()] for row in table.to_pylist())]
            path.write_text("\n".join(",".join(row) for row in rows) + "\n", encoding="utf-8")
        else:
            pa.parquet.write_table(table, path)
        arguments += ["--input", str(path)]
    return arguments


def cell(value: Any) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def batch(folder: Path, inputs: list[str], *more: str) -> list[str]:
    return ["batch", str(folder / "land"), "--at", "2024", *inputs, "--output", "-", "--want", "tax", *more]


def another_table(folder: Path, draw: random.Random) -> Attempt:
    people = family(draw)
    inputs = as_files(folder, tables(people, draw), draw)
    more = draw.choice(([], [], ["--part-rows", "1"], ["--keep", "tax_unit_id"][:0]))
    return Attempt(batch(folder, inputs, *more), owed(people))


def broken_table(folder: Path, draw: random.Random) -> Attempt:
    """Tables that say something wrong: the unit is refused, or the whole command."""
    people = family(draw)
    people.setdefault("bo", {"age": 30})
    found_tables = tables(people, draw)
    table = found_tables["people"]
    count = table.num_rows
    role = [str(name) for name in table.column("role").to_pylist()]
    faults: list[Callable[[], pa.Table]] = [
        lambda: pa.concat_tables([table, table.slice(0, 1)]),
        lambda: _with(table, "role", pa.array(["head"] * count)),
        lambda: _with(table, "role", pa.array(["owner"] * count)),
        lambda: _with(table, "role", pa.array(role[1:] + [None])),
        lambda: table.append_column("wage", pa.array([5] * count)),
        lambda: table.append_column("wages@2024", pa.array([5] * count)).append_column(
            "wages@2024..2024", pa.array([6] * count)
        ),
        lambda: table.append_column("savings@2024-02-30", pa.array([5] * count)),
        lambda: table.append_column("born", pa.array(["2023-02-29"] * count)),
        lambda: table.append_column("pay", pa.array([5] * count)),
        lambda: _with(table, "person_id", pa.array([[1]] * count)),
        lambda: table.set_column(
            table.column_names.index("person_id"), "person_id", pa.array([None] * count, pa.string())
        ),
        lambda: _with(table, "age", pa.array([300] * count)),
        lambda: _with(table, "age", pa.array([40.5] * count)),
        lambda: _with(table, "age", pa.array([2**63] * count, pa.uint64())),
        lambda: _with(table, "wages", pa.array([float("inf")] * count)),
        lambda: _with(table, "wages", pa.array(["30.000,00"] * count)),
        lambda: _with(table, "wages", pa.array([-1] * count)),
        lambda: _with(table, "wages", pa.array([10**18] * count)),
        lambda: _with(table, "bought", pa.array([2] * count)),
        lambda: _with(table, "kind", pa.array(["odd"] * count)),
    ]
    found_tables["people"] = draw.choice(faults)()
    inputs = []
    for name, first in found_tables.items():
        pa.parquet.write_table(first, folder / f"{name}.parquet")
        inputs += ["--input", str(folder / f"{name}.parquet")]
    return Attempt(batch(folder, inputs), REFUSED)


def _with(table: pa.Table, name: str, values: Any) -> pa.Table:
    return (table.drop_columns([name]) if name in table.column_names else table).append_column(name, values)


# --- reforms, rules and command lines

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


KINDS: tuple[Callable[[Path, random.Random], Attempt], ...] = (
    *(another_spelling, another_spelling, open_case, broken, broken, another_table, another_table),
    *(broken_table, a_reform, a_rule, a_rule, a_command_line),
)


def made(folder: Path, seed: int) -> Attempt:
    """What a seed makes."""
    draw = random.Random(seed)
    return draw.choice(KINDS)(folder, draw)
