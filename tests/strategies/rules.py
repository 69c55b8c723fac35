"""Random rulesets that check, and random cases for them.

Formulas are made as text, type by type, so that what is made is what an author could write. Names: facts `p_money` …
of a person, `u_money` … of a tax unit; figures `f0`, `f1` … of the tax unit, each free to read those before it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from hypothesis import strategies as st

TYPES = ("money", "rate", "integer", "boolean", "filing_status", "date")
MEMBERS = ("single", "joint", "separate")
LITERALS = {
    "money": ("0 USD", "0.01 USD", "1 USD", "1_000 USD", "99_999.99 USD"),
    "rate": ("0.0", "0.5", "7.65%", "100%", "0.000000001"),
    "integer": ("0", "1", "3", "17"),
    "boolean": ("true", "false"),
    "filing_status": (".separate", ".joint"),
    "date": ("2000-02-29", "2024-01-01", "1999-12-31"),
}
VALUES: Mapping[str, st.SearchStrategy[str]] = {
    "money": st.sampled_from(["0", "0.01", "999.99", "1000", "1000.01", "100000", "-50", "-0.01"]),
    "rate": st.sampled_from(["0", "0.5", "1", "0.0765", "0.333333333"]),
    "integer": st.integers(-2, 20).map(str),
    "boolean": st.sampled_from(["true", "false"]),
    "filing_status": st.sampled_from(MEMBERS),
    "date": st.sampled_from(["1960-02-29", "2000-01-01", "2024-12-31"]),
}
_READS = re.compile(r"\b(?:[up]_[a-z]+|f[0-9]+)\b")
RANGES = {"money": "-1_000 .. 1_000_000", "rate": "0 .. 1", "integer": "-5 .. 30"}


@st.composite
def formula(draw: st.DrawFn, wanted: str, figures: Mapping[str, str], member: bool = False, depth: int = 3) -> str:
    """A formula of type `wanted` about a tax unit (or, with `member`, about the member `m`)."""
    names = [f"{'m.p' if member else 'u'}_{wanted}"]
    if not member:
        names += [name for name, kind in figures.items() if kind == wanted]
    leaf = st.sampled_from([*names, *names, *LITERALS[wanted]])
    if depth == 0:
        return draw(leaf)

    def part(kind: str) -> str:
        return draw(formula(kind, figures, member, depth - 1))

    shape = draw(st.integers(0, 7))
    if shape == 0:
        return draw(leaf)
    if shape == 1:
        return f"(if {part('boolean')} then {part(wanted)} else {part(wanted)})"
    if shape == 2:
        branches = f"when {part('boolean')} then {part(wanted)} when {part('boolean')} then {part(wanted)}"
        return f"(case {branches} else {part(wanted)})"
    if shape == 3 and not member and wanted in ("money", "integer", "boolean"):
        return _aggregate(draw, wanted, figures, depth)
    return _operation(draw, wanted, part)


def _aggregate(draw: st.DrawFn, wanted: str, figures: Mapping[str, str], depth: int) -> str:
    link = draw(st.sampled_from(["members", "dependents", "filers", "spouse"]))

    def inner(kind: str) -> str:
        return draw(formula(kind, figures, True, depth - 1))

    where = f" where {inner('boolean')}" if draw(st.booleans()) else ""
    if wanted == "integer":
        return f"count(m in {link}{where})"
    if wanted == "boolean":
        return f"{draw(st.sampled_from(['any', 'all']))}({inner('boolean')} for m in {link}{where})"
    operator = draw(st.sampled_from(["sum", "min", "max"]))
    text = f"{operator}({inner('money')} for m in {link}{where})"
    return text if operator == "sum" else f"({text} otherwise 5 USD)"


def _one(draw: st.DrawFn, makers: Sequence[Callable[[], str]]) -> str:
    return draw(st.sampled_from(makers))()


def _operation(draw: st.DrawFn, wanted: str, of: Callable[[str], str]) -> str:
    """One operation over parts; `of` makes a formula of a type."""

    def divisor(kind: str) -> str:
        """A formula that reads something: the checker refuses constants that come to zero."""
        text = str(of(kind))
        return text if _READS.search(text) else {"integer": "7", "money": "7 USD"}[kind]

    match wanted:
        case "money":
            return _one(
                draw,
                [
                    lambda: f"({of('money')} + {of('money')})",
                    lambda: f"({of('money')} - {of('money')})",
                    lambda: f"({of('money')} * {of('rate')})",
                    lambda: f"({of('money')} / {divisor('integer')})",
                    lambda: f"max({of('money')}, {of('money')})",
                    lambda: f"min({of('money')}, {of('money')}, {of('money')})",
                    lambda: f"abs({of('money')})",
                    lambda: f"round({of('money')}, half_even, 50 USD)",
                    lambda: f"bands({of('money')})",
                    lambda: f"cells[clip({of('integer')}, 0, 2)]",
                    lambda: f"(-{of('money')})",
                    lambda: f"taxed({of('money')}, {of('rate')})",
                ],
            )
        case "rate":
            return _one(
                draw,
                [
                    lambda: f"({of('rate')} * {of('rate')})",
                    lambda: f"({of('money')} / {divisor('money')})",
                    lambda: f"({of('integer')} / {divisor('integer')})",
                    lambda: f"clip({of('rate')}, 0, 1)",
                    lambda: f"steps({of('money')})",
                    lambda: f"({of('rate')} - {of('integer')})",
                ],
            )
        case "integer":
            return _one(
                draw,
                [
                    lambda: f"({of('integer')} + {of('integer')})",
                    lambda: f"({of('integer')} * {of('integer')})",
                    lambda: f"floor({of('rate')})",
                    lambda: f"ceil({of('rate')})",
                    lambda: f"years_between({of('date')}, {of('date')})",
                    lambda: f"year_of({of('date')})",
                    lambda: f"days_between({of('date')}, {of('date')})",
                    lambda: f"age_on({of('date')}, {of('date')})",
                    lambda: f"mod({of('integer')}, {divisor('integer')})",
                ],
            )
        case "boolean":
            return _one(
                draw,
                [
                    lambda: f"({of('boolean')} and {of('boolean')})",
                    lambda: f"({of('boolean')} or {of('boolean')})",
                    lambda: f"(not {of('boolean')})",
                    lambda: f"({of('money')} <= {of('money')})",
                    lambda: f"({of('integer')} > {of('integer')})",
                    lambda: f"({of('rate')} = {of('rate')})",
                    lambda: f"({of('filing_status')} != {of('filing_status')})",
                    lambda: f"({of('date')} < {of('date')})",
                    lambda: f"(weekday({of('date')}) is one of (.monday, .sunday))",
                    lambda: f"({of('money')} between {of('money')} and {of('money')})",
                ],
            )
    if wanted == "date":
        return _one(
            draw,
            [
                lambda: f"({of('date')} + 18 years)",
                lambda: f"attains({of('date')}, 65 years, day_before)",
                lambda: f"date(year_of({of('date')}), 2, 28)",
            ],
        )
    return str(of(wanted))


@dataclass(frozen=True)
class Made:
    """A module's text, and the types of its figures in order."""

    module: str
    figures: Mapping[str, str]


@st.composite
def rulesets(draw: st.DrawFn, figures: int = 4) -> Made:
    """A module with every kind of fact and some figures."""
    made: dict[str, str] = {}
    lines: list[str] = []
    for number in range(draw(st.integers(1, figures))):
        kind = draw(st.sampled_from(TYPES[:4]))
        text = draw(formula(kind, made))
        about = f"label: F, entity: tax_unit, period: year, type: {kind}, law: s.{number}"
        lines.append(f'  f{number}: {{{about}, formula: "{text}"}}')
        made[f"f{number}"] = kind
    return Made(_module("\n".join(lines), made), made)


def _module(variables: str, figures: Mapping[str, str]) -> str:
    facts = []
    for owner, entity in (("p", "person"), ("u", "tax_unit")):
        for kind in TYPES:
            bounds = f', range: "{RANGES[kind]}"' if kind in RANGES else ""
            status = ", status: true" if kind == "boolean" else ""
            facts.append(
                f"  {owner}_{kind}: {{entity: {entity}, period: year, type: {kind}, label: X{bounds}{status}}}"
            )
    names = [line.strip().partition(":")[0] for line in facts] + list(figures)
    return f"""about: Made
law: Test Act
exports: [{", ".join(names)}]
inputs:
{chr(10).join(facts)}
tables:
  cells: {{type: money, key: {{n: integer 0..2}}, law: s.1, values: {{2020-01-01: {{0: 1, 1: 22.22, 2: 333}}}}}}
scales:
  bands: {{kind: marginal, law: s.2, values: {{2020-01-01: [{{above: 0, rate: 10%}}, {{above: 1_000, rate: 37.5%}}]}}}}
  steps: {{kind: step, gives: rate, law: s.3, values: {{2020-01-01: [{{value: 1%}}, {{from: 1_000, value: 2.5%}}]}}}}
functions:
  taxed: {{arguments: {{amount: money, at_rate: rate}}, type: money, formula: "max(0, amount - 10 USD) * at_rate"}}
variables:
{variables}
"""


@st.composite
def cases(draw: st.DrawFn, known: float = 1.0) -> dict[str, object]:
    """A tax unit of a head, perhaps a spouse and up to two dependents. With `known` below 1 some facts and some lists
    of members are missing."""

    def facts(owner: str) -> dict[str, str]:
        given = {f"{owner}_{kind}": draw(VALUES[kind]) for kind in TYPES}
        if known == 1.0:
            return given
        return {name: value for name, value in given.items() if draw(st.integers(0, 9)) < known * 10}

    people = {"h": facts("p")}
    unit: dict[str, object] = {"head": "h", **facts("u")}
    if draw(st.booleans()):
        people["s"] = facts("p")
        unit["spouse"] = "s"
    dependents = [f"d{number}" for number in range(draw(st.integers(0, 2)))]
    people.update((name, facts("p")) for name in dependents)
    lists = {"dependents": dependents, **({} if "spouse" in unit else {"spouse": []})}
    if known < 1.0:
        stated = {name: draw(st.booleans()) for name in lists}
        lists = {name: who for name, who in lists.items() if who or stated[name]}
    return {"at": "2024", "people": people, "tax_units": {"t": {**unit, **lists}}, "complete": list(lists)}
