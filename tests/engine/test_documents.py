"""Rule files become declarations: every value typed by its schema, in order of date, with its place."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest

from engine.reading.constants import read_dated_values
from engine.reading.context import Context
from engine.reading.data import read_data
from engine.reading.declarations import RuleModule
from engine.reading.declared_constants import Bracket, KeyType
from engine.reading.declared_settings import Settings
from engine.reading.documents import read_module, read_reform, read_ruleset
from engine.reading.reform import Reform
from engine.reading.settings import read_settings
from engine.syntax.nodes import Mapping, Scalar
from engine.syntax.printer import print_formula
from engine.syntax.yaml_reader import read_nodes
from engine.text.diagnostics import Diagnostics, render
from engine.text.source import Source
from engine.values.calendars import Calendar
from engine.values.numbers import Grid, RoundingMode
from engine.values.periods import PeriodKind, Unit
from engine.values.types import (
    BOOLEAN,
    DATE,
    DURATION,
    INTEGER,
    MONEY,
    RATE,
    Duration,
    EnumValue,
    Value,
    ValueType,
    enum_type,
)
from tests.language.expectations import settings

HEAD = "about: A module\nlaw: Test Act\n"


def module_of(text: str) -> RuleModule:
    problems = Diagnostics()
    module = read_module(Source("test.yaml", HEAD + text), "area/test", settings(), problems)
    assert not problems.items, "\n".join(map(render, problems))
    assert module is not None
    return module


def codes_of(text: str) -> list[str]:
    problems = Diagnostics()
    read_module(Source("test.yaml", HEAD + text), "area/test", settings(), problems)
    return [problem.code for problem in problems]


def parameter(type: str, value: str) -> Value:
    text = f"parameters:\n  p: {{type: {type}, law: x, values: {{2024-01-01: {value}}}}}\n"
    return module_of(text).parameters[0].values[0][1]


@pytest.mark.parametrize(
    ("type", "written", "value"),
    [
        ("money", "4_213", Fraction(4213)),
        ("money", "-0.05", Fraction(-1, 20)),
        ("money", "600 USD", Fraction(600)),
        ("money", "1_000_000.50", Fraction(2_000_001, 2)),
        ("rate", "7.65%", Fraction(765, 10_000)),
        ("rate", "0.1", Fraction(1, 10)),
        ("rate", "2/37", Fraction(2, 37)),
        ("rate", "-1 / 3", Fraction(-1, 3)),
        ("rate", "2", Fraction(2)),
        ("integer", "-3", -3),
        ("integer", "12_570", 12_570),
        ("boolean", "true", True),
        ("boolean", "false", False),
        ("date", "2024-02-29", date(2024, 2, 29)),
        ("duration", "21 years", Duration(months=252)),
        ("duration", "1 week", Duration(days=7)),
        ("filing_status", "joint", EnumValue("filing_status", "joint")),
        ("money", "'25'", Fraction(25)),
    ],
)
def test_values_are_what_their_type_says(type: str, written: str, value: Value) -> None:
    read = parameter(type, written)
    assert read == value
    assert isinstance(read, value.__class__)


@pytest.mark.parametrize(
    ("type", "written", "code"),
    [
        ("integer", "2.5", "E204"),
        ("integer", "2.0", "E204"),
        ("rate", "1/0", "E204"),
        ("rate", "1/x", "E207"),
        ("money", "5 EUR", "E204"),
        ("boolean", "yes", "E204"),
        ("date", "2024-6-1", "E206"),
        ("duration", "21", "E204"),
        ("duration", "1000000 years", "E204"),
        ("filing_status", ".joint", "E204"),
        ("money", "[1]", "E203"),
        ("money", "' 12 '", "E204"),
        ("money", "1__0", "E207"),
    ],
)
def test_values_that_their_type_excludes_are_refused(type: str, written: str, code: str) -> None:
    assert codes_of(f"parameters:\n  p: {{type: {type}, law: x, values: {{2024-01-01: {written}}}}}\n") == [code]


def test_dated_values_come_in_order_of_date() -> None:
    text = "parameters:\n  p: {type: money, law: x, values: {2024-01-01: 2, 2020-01-01: 1}, known_until: 2025-12-31}\n"
    read = module_of(text).parameters[0]
    assert read.values == ((date(2020, 1, 1), Fraction(1)), (date(2024, 1, 1), Fraction(2)))
    assert read.known_until == date(2025, 12, 31)


def test_uprating_is_from_the_last_value_on_the_ruleset_s_grid_unless_stated() -> None:
    values = "{type: money, law: x, values: {2020-01-01: 1, 2022-01-01: 2}, known_until: 2022-12-31, uprate: %s}"
    stated = module_of("parameters:\n  p: " + values % "{by: cpi, base: 2020-01-01, round: down to 50 USD}" + "\n")
    plain = module_of("parameters:\n  p: " + values % "{by: cpi}" + "\n")
    uprate, other = stated.parameters[0].uprate, plain.parameters[0].uprate
    assert uprate is not None
    assert other is not None
    assert (uprate.by, uprate.base, uprate.grid) == ("cpi", date(2020, 1, 1), Grid(Fraction(50), RoundingMode.DOWN))
    assert (other.base, other.grid) == (date(2022, 1, 1), Grid(Fraction(1, 100), RoundingMode.HALF_UP))


def test_an_input_has_all_that_the_manual_lists() -> None:
    read = module_of(
        "inputs:\n  hours:\n    entity: person\n    period: fiscal_year\n    type: rate\n    label: Hours\n"
        "    range: 0% .. 1\n    ask: How many?\n    default: 50%\n    absent: 0\n    stock: true\n"
    ).inputs[0]
    fiscal = PeriodKind(Unit.YEAR, Calendar("fiscal_year", 10, 1, True))
    assert (read.name, read.label, read.entity, read.period, read.type) == ("hours", "Hours", "person", fiscal, RATE)
    assert [read.low, read.high, read.default, read.absent] == [0, 1, Fraction(1, 2), 0]
    assert (read.ask, read.stock, read.law) == ("How many?", True, "")
    assert read.span.text == "hours"


@pytest.mark.parametrize(
    ("written", "ends"), [("0 .. 5", (0, 5)), (".. 5", (None, 5)), ("-1 ..", (-1, None)), ("0..5", (0, 5))]
)
def test_ranges_may_be_open(written: str, ends: tuple[int | None, int | None]) -> None:
    text = f"inputs:\n  n: {{entity: person, period: year, type: integer, label: N, range: {written}}}\n"
    read = module_of(text).inputs[0]
    assert (read.low, read.high) == ends


def test_tables_are_read_by_all_their_keys() -> None:
    table = module_of(
        "tables:\n  t:\n    key: {status: benefit_status, n: integer -1..0}\n"
        "    columns: {a: money, b: boolean}\n    law: x\n"
        "    values:\n      2024-01-01:\n        couple: {0: {a: 1, b: true}, -1: {a: 2, b: false}}\n"
        "        single: {-1: {b: true, a: 3}, 0: {a: 4, b: false}}\n"
    ).tables[0]
    assert table.keys == (KeyType("status", enum="benefit_status"), KeyType("n", low=-1, high=0))
    assert dict(table.columns) == {"a": MONEY, "b": BOOLEAN}
    [(day, cells)] = table.values
    assert day == date(2024, 1, 1)
    assert list(cells) == [("single", -1), ("single", 0), ("couple", -1), ("couple", 0)]
    assert cells["couple", -1] == {"a": Fraction(2), "b": False}


def test_a_table_of_one_column_has_bare_cells() -> None:
    table = module_of(
        "tables:\n  t: {key: {n: integer 0..0}, type: date, law: x, values: {2024-01-01: {0: 2024-05-01}}}\n"
    ).tables[0]
    assert dict(table.columns) == {"": DATE}
    assert table.values[0][1] == {(0,): {"": date(2024, 5, 1)}}


def test_scales_are_read_with_their_thresholds() -> None:
    scales = module_of(
        "scales:\n"
        "  tax: {kind: marginal, key: benefit_status, law: x, values: {2024-01-01:\n"
        "    {single: [{above: 0, rate: 10%}], couple: [{above: 0, rate: 5%}, {above: 9, rate: 20%}]}}}\n"
        "  share: {kind: step, of: integer, gives: duration, law: x, values: {2024-01-01:\n"
        "    [{value: 1 day}, {from: 2, value: 2 days}]}}\n"
    ).scales
    tax, share = scales
    assert (tax.kind, tax.of, tax.gives, tax.inclusive, tax.key) == (
        "marginal", MONEY, MONEY, False, KeyType("benefit_status", enum="benefit_status")
    )  # fmt: skip
    assert tax.values[0][1]["couple"] == (Bracket(Fraction(0), Fraction(1, 20)), Bracket(Fraction(9), Fraction(1, 5)))
    assert (share.of, share.gives, share.inclusive, share.key) == (INTEGER, DURATION, True, None)
    assert share.values[0][1][None] == (Bracket(None, Duration(days=1)), Bracket(Fraction(2), Duration(days=2)))


def test_functions_inherit_the_module_s_law() -> None:
    function = module_of(
        "functions:\n  f: {arguments: {a: money, s: filing_status}, type: money, formula: a * 2}\n"
    ).functions[0]
    assert (function.law, function.type) == ("Test Act", MONEY)
    assert function.arguments == (("a", MONEY), ("s", enum_type("filing_status")))


def test_a_variable_has_dated_formulas_and_exceptions() -> None:
    variable = module_of(
        "variables:\n  v:\n    label: V\n    entity: tax_unit\n    period: month\n    type: money\n    law: x\n"
        "    formula: {2022-01-01: b, 2020-01-01: 0}\n    round: up to 0.05 USD\n"
        "    applies_if: c\n    otherwise: 1 USD\n"
        "    exceptions:\n      one: {when: d, then: 2 USD, law: y, over: [two]}\n"
        "      two: {when: e, then: 3 USD, law: z}\n"
    ).variables[0]
    assert [(dated.start, print_formula(dated.formula)) for dated in variable.formula] == [
        (date(2020, 1, 1), "0"), (date(2022, 1, 1), "b")
    ]  # fmt: skip
    assert variable.grid == Grid(Fraction(1, 20), RoundingMode.UP)
    assert [
        (exception.name, exception.law, [name for name, _ in exception.over]) for exception in variable.exceptions
    ] == [("one", "y", ["two"]), ("two", "z", [])]
    assert variable.applies_if is not None
    assert variable.otherwise is not None


@pytest.mark.parametrize("written", ["0", "true", "2024-01-01", "'0'", "|\n      0", ">\n      0"])
def test_a_formula_may_be_any_scalar(written: str) -> None:
    head = "variables:\n  v:\n    label: V\n    entity: person\n    period: year\n    type: money\n    law: x\n"
    text = f"{head}    formula: {written}\n"
    assert len(module_of(text).variables[0].formula) == 1


def test_reasons_nest_and_inherit_their_law() -> None:
    requirement = module_of(
        "requirements:\n  may:\n    entity: person\n    period: day\n    law: A\n"
        "    all:\n      old: {needs: b, fails: Too young.}\n"
        "      fit: {law: B, any_of: {proof: {needs: c}, spared: {needs: d, law: C,\n"
        "        exceptions: {war: {when: e, needs: f, law: D}}}}}\n"
    ).requirements[0]
    reason = requirement.reason
    assert reason is not None
    assert (reason.mode, reason.law, [part.name for part in reason.parts]) == ("all", "A", ["old", "fit"])
    old, fit = reason.parts
    assert (old.law, old.fails, fit.mode) == ("A", "Too young.", "any_of")
    assert [part.law for part in fit.parts] == ["B", "C"]
    assert fit.parts[1].exceptions[0].law == "D"


def test_examples_keep_their_nodes() -> None:
    example = module_of(
        "examples:\n  - {at: fiscal_year:2024, given: {person: {wages: 1}, complete: true}, expect: {tax: 1}}\n"
    ).examples[0]
    assert (example.name, example.at) == ("example 1", "fiscal_year:2024")
    assert isinstance(example.given, Mapping)
    assert [entry.name for entry in example.given] == ["person", "complete"]
    assert isinstance(example.expect, Mapping)


def test_a_slip_of_the_pen_in_a_key_is_one_problem() -> None:
    assert (
        codes_of("varables:\n  v: {labl: V, entiti: person, priod: year, tpe: money, lw: x, formla: 0}\n")
        == ["E201"] * 7
    )


def test_a_declaration_with_a_fault_is_kept_with_a_stand_in() -> None:
    problems = Diagnostics()
    text = HEAD + "parameters:\n  p: {type: money, law: x, values: {2024-13-01: 1, 2024-01-01: x}}\n"
    module = read_module(Source("t", text), "t", settings(), problems)
    assert [problem.code for problem in problems] == ["E206", "E204"]
    assert module is not None
    assert module.parameters[0].values == ((date(1600, 1, 1), Fraction(1)), (date(2024, 1, 1), Fraction(0)))


def test_settings_hold_what_the_jurisdiction_shares() -> None:
    problems = Diagnostics()
    node = read_nodes(Source("r", (
        "about: A\nlaw: B\ncurrency: GBP\nmoney_grid: 1\nrate_grid: 0.0001\nrounding: half_even\n"
        "covers: {from: 2020-01-01, to: 2021-12-31}\ndate_round: up\nleap_birthday: 02-28\n"
        "calendars: {tax_year: {starts: 04-06}}\nenums: {size: {law: x, members: {s: Small, l: Large}}}\n"
        "entities: {person: {plural: people}}\n"
    )), problems)  # fmt: skip
    assert node is not None
    read: Settings = read_settings(node, "uk", problems)
    assert not problems.items
    assert [read.name, read.currency, read.money_grid, read.rate_grid] == ["uk", "GBP", 1, Fraction(1, 10_000)]
    assert (read.rounding, read.date_round_up, read.leap_birthday_march) == (RoundingMode.HALF_EVEN, True, False)
    assert (read.covers_from, read.covers_to) == (date(2020, 1, 1), date(2021, 12, 31))
    assert read.calendars == {"year": Calendar(), "tax_year": Calendar("tax_year", 4, 6)}
    assert dict(read.enums["size"].members) == {"s": "Small", "l": "Large"}


def test_entities_have_roles_sets_and_owners() -> None:
    entities = settings().entities
    unit = entities["tax_unit"]
    assert [(role.name, role.plural, role.minimum, role.maximum) for role in unit.roles] == [
        ("head", "head", 1, 1), ("spouse", "spouse", 0, 1), ("dependent", "dependents", 0, None)
    ]  # fmt: skip
    assert dict(unit.sets) == {"filers": ("head", "spouse")}
    assert entities["licence"].belongs_to == "person"


def reform_of(text: str) -> Reform:
    problems = Diagnostics()
    reform = read_reform(Source("reform.yaml", text), "larger", settings(), problems)
    assert not problems.items, "\n".join(map(render, problems))
    assert reform is not None
    return reform


def test_a_reform_is_read_but_what_it_sets_is_left_to_its_target() -> None:
    reform = reform_of(
        "about: Larger\nlaw: H.R. 1\nset:\n  t[0].maximum: {2025-01-01: 1_264}\nremove: [old, v.exceptions.e]\n"
        "replace:\n  parameters: {p: {type: money, values: {2025-01-01: 1}}}\n"
        "add:\n  module: credits/new\n  exports: [n]\n  variables:\n"
        "    n: {label: N, entity: person, period: year, type: money, formula: 0}\n"
    )
    [setting] = reform.settings
    assert setting.path.text == "t[0].maximum"
    context = Context(settings(), Diagnostics())
    assert read_dated_values(context, setting.values, MONEY, setting.path.span) == ((date(2025, 1, 1), Fraction(1264)),)
    assert [name for name, _ in reform.removed] == ["old", "v.exceptions.e"]
    assert reform.replaced.parameters[0].law == "H.R. 1"
    assert reform.added is not None
    assert (reform.added.name, reform.added.variables[0].law) == ("credits/new", "H.R. 1")


def test_cases_may_be_yaml_or_json() -> None:
    problems = Diagnostics()
    for text in ("at: 2024\npeople: {anna: {wages: 1.10}}\n", '{"at": 2024, "people": {"anna": {"wages": 1.10}}}'):
        node = read_data(Source("case", text), problems)
        assert isinstance(node, Mapping)
        people = node.get("people")
        assert isinstance(people, Mapping)
        anna = people.get("anna")
        assert isinstance(anna, Mapping)
        wages = anna.get("wages")
        assert isinstance(wages, Scalar)
        assert wages.text == "1.10"
    assert not problems.items


def test_a_folder_is_a_jurisdiction_of_modules_named_by_path(tmp_path: Path) -> None:
    source = Path(__file__).parents[1] / "language" / "ruleset.yaml"
    (tmp_path / "tax" / "deep").mkdir(parents=True)
    (tmp_path / "reforms").mkdir()
    (tmp_path / "ruleset.yaml").write_text(source.read_text(encoding="utf-8"), encoding="utf-8")
    for name in ("tax/deep/b.yaml", "a.yaml", "reforms/r.yaml", ".hidden.yaml"):
        (tmp_path / name).write_text(HEAD, encoding="utf-8")
    problems = Diagnostics()
    ruleset = read_ruleset(tmp_path, problems)
    assert not problems.items
    assert ruleset is not None
    assert [module.name for module in ruleset.modules] == ["a", "tax/deep/b"]


def value_types() -> list[ValueType]:
    return [MONEY, RATE, INTEGER, BOOLEAN, DATE, DURATION, enum_type("filing_status")]


@pytest.mark.parametrize("type", value_types(), ids=str)
def test_every_type_can_be_named(type: ValueType) -> None:
    text = f"inputs:\n  i: {{entity: person, period: day, type: {type}, label: I}}\n"
    assert module_of(text).inputs[0].type == type
