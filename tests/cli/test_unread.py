"""What is stated for a time at which nothing reads it is told, and what is read of another time is not."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from api.batch.unread import unread_columns
from api.cases.files import load_case
from api.cases.unread import unread_facts
from api.rules import programs
from engine.ir.program import Program
from tests.cli.command import SETTINGS, run, write_rules

MODULE = """\
about: Income tax
law: Tax Act
exports: [tax, carried, since, late, fees]
inputs:
  wages: {entity: person, period: year, type: money, label: Wages, absent: 0}
  loss: {entity: person, period: year, type: money, label: Loss, absent: 0}
  rent: {entity: person, period: month, type: money, label: Rent, absent: 0}
  member: {entity: person, period: year, type: boolean, status: true, label: Is a member, absent: false}
  savings: {entity: person, period: month, type: money, stock: true, label: Savings, absent: 0}
  joined: {entity: person, period: eternity, type: date, label: Joined}
  fee: {entity: person, period: year, type: money, label: Fee, absent: 0}
variables:
  tax: {entity: person, period: year, type: money, label: Tax, law: s. 1, formula: 10% * wages}
  carried: {entity: person, period: year, type: money, label: Carried, law: s. 2, formula: loss @ last year + loss}
  since: {entity: person, period: year, type: boolean, label: Since, law: s. 3, formula: member @ last year and member}
  late:
    entity: person
    period: year
    type: money
    label: Late
    law: s. 4
    formula: sum(rent over months) + savings @ start
  fees: {entity: person, period: year, type: money, label: Fees, law: s. 5, formula: fee @ (joined)}
"""
PASSED_OVER = [
    ("tax", "wages: {2023: 5}", "`wages` of ann for 2023 is read by nothing: what is wanted reads it for 2024"),
    ("tax", "wages: {2022: 5, 2023: 5}", "`wages` of ann for 2022, 2023"),
    ("carried", "loss: {2022: 5}", "reads it for 2023, 2024"),
    ("carried", "loss: {2022: 5, 2024: 3}", "`loss` of ann for 2022 is"),
    ("since", "member: {2020..2021: true}", "`member` of ann for 2020, 2021"),
    ("since", "member: {until 2021: true}", "`member` of ann for days until 2021-12-31"),
    ("late", "rent: {2023-12: 5}", "reads it for 2024-01, 2024-02, 2024-03 and 9 more"),
    ("late", "savings: {2024-07: 5}", "`savings` of ann for 2024-07 is"),
    ("tax", "wages: {2023: unknown}", "`wages` of ann for 2023"),
    ("tax", "wages: {2023: {at_least: 5}}", "`wages` of ann for 2023"),
]
READ = [
    ("tax", "wages: 5"),
    ("tax", "wages: {2024: 5}"),
    ("tax", "wages: {2023: 5, 2024: 5}"),
    ("tax", "loss: {2023: 5}"),
    ("carried", "loss: {2023: 5}"),
    ("carried", "loss: {2022: 5, 2023: 5, 2024: 5}"),
    ("since", "member: {from 2020: true}"),
    ("since", "member: {2020..2021: true, from 2022: false}"),
    ("late", "rent: {2024-03: 5}"),
    ("late", "savings: 5"),
    ("late", "savings: {2024-01: 5}"),
    ("late", "savings: {2023..2024: 5}"),
    ("fees", "joined: 2019-05-01, fee: {2019: 5}"),
]


@pytest.fixture(scope="module")
def land(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_rules(tmp_path_factory.mktemp("unread") / "land", MODULE, SETTINGS)


@pytest.fixture(scope="module")
def program(land: Path) -> Program:
    return programs.load_program(str(land))


def told(program: Program, folder: Path, facts: str, figure: str) -> Sequence[str]:
    path = folder / "case.yaml"
    path.write_text(f"at: 2024\ncomplete: true\npeople: {{ann: {{{facts}}}}}\n", encoding="utf-8")
    wanted = program.find(figure)
    assert wanted is not None
    return unread_facts(program, load_case(program, str(path), None), [wanted])


@pytest.mark.parametrize(("figure", "facts", "words"), PASSED_OVER)
def test_a_fact_for_a_time_that_nothing_reads_is_told(
    program: Program, tmp_path: Path, figure: str, facts: str, words: str
) -> None:
    lines = told(program, tmp_path, facts, figure)
    assert len(lines) == 1
    assert words in lines[0]


@pytest.mark.parametrize(("figure", "facts"), READ)
def test_a_fact_that_is_read_is_not_told(program: Program, tmp_path: Path, figure: str, facts: str) -> None:
    assert not told(program, tmp_path, facts, figure)


@pytest.mark.parametrize(
    ("figure", "head", "is_told"),
    [
        ("tax", "wages@2023", True),
        ("tax", "wages", False),
        ("tax", "wages@2024", False),
        ("tax", "loss@2023", False),
        ("carried", "loss@2023", False),
        ("carried", "loss@2021..2022", True),
        ("carried", "loss@2021..2023", False),
        ("since", "member@from 2019", False),
        ("since", "member@until 2021", True),
        ("late", "savings@2024-07", True),
        ("late", "savings@2024-01", False),
        ("fees", "fee@2019", False),
        ("tax", "wages@", False),
    ],
)
def test_a_column_is_told_if_nothing_reads_its_time(program: Program, figure: str, head: str, is_told: bool) -> None:
    wanted = program.find(figure)
    assert wanted is not None
    at = program.settings.period("2024")
    assert bool(unread_columns(program, at, [wanted], {"person": ["id", head]})) is is_told


def test_commands_tell_it_and_answer_all_the_same(land: Path, tmp_path: Path) -> None:
    people = tmp_path / "people.csv"
    people.write_text("person_id,wages@2023\n1,500\n", encoding="utf-8")
    words = "the column `wages@2023` is read by nothing: what is wanted reads `wages` for 2024"
    done = run("batch", land, "--at", "2024", "--input", people, "--output", "-", "--want", "tax")
    assert (done.returncode, done.stdout.splitlines()[1]) == (0, "1,0.00,")
    assert words in done.stderr
    done = run("batch", land, "--at", "2024", "--input", people, "--output", tmp_path / "o", "--want", "tax", "--json")
    assert json.loads(done.stdout)["unread"] == [words]
    done = run("find", land, "tax > 0", "--at", "2024", "--input", people)
    assert (done.returncode, words in done.stderr) == (0, True)


def test_commands_on_cases_tell_it(land: Path, tmp_path: Path) -> None:
    case = tmp_path / "case.yaml"
    case.write_text("at: 2024\ncomplete: true\npeople: {ann: {wages: {2023: 500}, loss: 3}}\n", encoding="utf-8")
    words = "`wages` of ann for 2023 is read by nothing: what is wanted reads it for 2024"
    done = run("calc", land, case, "--want", "tax", "--json")
    assert json.loads(done.stdout)["unread"] == [words]
    assert words in done.stderr
    for command in (("why", land, case, "tax"), ("cure", land, case, "tax > 5 USD")):
        done = run(*command)
        assert (done.returncode, words in done.stderr) == (0, True)
    assert not run("calc", land, case, "--want", "tax", "--at", "2023").stderr
