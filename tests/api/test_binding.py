"""What a program reads of a history: facts of the year, of its months, of the year before, and statuses."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from api.assess.binding import Binding, bind
from api.assess.figures import assess
from api.assess.gathering import population_of
from citizens import Belongs, SqliteLog, Value, Wanted, open_log
from engine.interpret.constants import Constants
from engine.ir.program import Program
from engine.pipeline import compile_rules
from engine.values.periods import parse_period
from tests.api.households import facts
from tests.cli.command import write_rules

MODULE = """\
about: Rent relief
law: Rent Act
exports: [relief, rent, blind, moved, moved_in, share]
inputs:
  rent: {entity: person, period: month, type: money, label: Rent, absent: 0}
  blind: {entity: person, period: month, type: boolean, status: true, label: Blind, absent: false}
  moved: {entity: person, period: year, type: boolean, event: true, label: Moved in the year, absent: false}
  moved_in: {entity: person, period: year, type: integer, label: Year of moving in, stock: true, absent: 0}
  share: {entity: tax_unit, period: year, type: money, label: Share of a fund, absent: 0}
variables:
  counted:
    label: Rent that counts
    entity: person
    period: month
    type: money
    law: s. 1
    formula: "if blind then 2 * rent else rent"
  relief:
    label: Relief
    entity: tax_unit
    period: year
    type: money
    law: s. 2
    formula: |
      sum(head.counted over months) + (if head.moved_in = 2019 then 1000 USD else 0 USD) + share
      + sum(share over last 1 years) + (if head.moved then 10_000 USD else 0 USD)
"""


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Program:
    return compile_rules(write_rules(tmp_path_factory.mktemp("binding") / "land", MODULE))


@pytest.fixture
def log(tmp_path: Path) -> Iterator[SqliteLog]:
    with open_log(tmp_path / "log") as log:
        yield log


def bound(program: Program) -> Binding:
    relief = program.find("relief")
    assert relief is not None
    return bind(program, parse_period("2024"), (relief,), "tax_unit")


def relief(log: SqliteLog, program: Program) -> Decimal:
    """The relief of the one tax unit, as the annual run computes it."""
    binding = bound(program)
    population = population_of(binding, log.snapshot(binding.valid_on, attributes=binding.wanted))
    assert population is not None
    definition = program.definitions["relief"]
    (assessed,) = assess(population, population.occupied(), (definition,), Constants(program))
    assert assessed.fault == "" and assessed.values[0] is not None
    return Decimal(assessed.values[0]).scaleb(-2)


def record(log: SqliteLog, day: date, **values: Value) -> None:
    name = f"{day}-{'-'.join(values)}"
    unit = {attribute: value for attribute, value in values.items() if attribute == "share"}
    own = {attribute: value for attribute, value in values.items() if attribute != "share"}
    member: dict[str, Value] = {"tax_unit": Belongs("tax_unit/1", "head")}
    drafts = [facts("person/1", f"person-{name}", {**own, **member}, day)]
    log.append([*drafts, *([facts("tax_unit/1", f"unit-{name}", unit, day)] if unit else [])])


def test_each_month_is_a_column_of_its_own(program: Program) -> None:
    binding = bound(program)
    assert binding.wanted["rent@2024-03"] == Wanted(date(2024, 3, 1), date(2024, 3, 31), "di", attribute="rent")
    assert len(binding.sources["rent"]) == 12
    assert binding.columns_of("person", "rent", date(2024, 3, 15)) == ["rent@2024-03"]
    assert binding.columns_of("person", "rent", date(2023, 3, 15)) == []
    assert len(binding.columns_of("person", "blind", date(2024, 3, 15))) == 10, "a status holds on"
    assert binding.columns_of("tax_unit", "rent", date(2024, 3, 15)) == []


def test_money_of_a_month_counts_for_that_month_and_a_status_from_then_on(program: Program, log: SqliteLog) -> None:
    record(log, date(2024, 1, 1), rent=Decimal("100.00"))
    record(log, date(2024, 2, 10), rent=Decimal("200.00"), blind=True)
    record(log, date(2024, 5, 1), rent=Decimal("300.00"))
    assert relief(log, program) == 100 + 2 * 200 + 2 * 300


def test_a_stock_holds_on_and_a_flow_of_the_year_before_counts_where_the_law_reads_it(
    program: Program, log: SqliteLog
) -> None:
    record(log, date(2020, 1, 1), moved_in=2019, share=Decimal("7.00"))
    assert relief(log, program) == 1000
    record(log, date(2023, 1, 1), share=Decimal("30.00"))
    record(log, date(2024, 1, 1), share=Decimal("5.00"))
    assert relief(log, program) == 1035


def test_an_event_of_one_year_is_over_with_the_year(program: Program, log: SqliteLog) -> None:
    record(log, date(2023, 6, 1), moved=True, blind=True, rent=Decimal("1.00"))
    assert relief(log, program) == 0
    record(log, date(2024, 6, 1), rent=Decimal("100.00"))
    assert relief(log, program) == 200, "blind is a status, and holds on"
    record(log, date(2024, 6, 2), moved=True)
    assert relief(log, program) == 10_200
