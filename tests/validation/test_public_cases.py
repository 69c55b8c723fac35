"""Cases of public reports, forums and IRS publications: each must give the figures that its authority gives."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import pyarrow as pa
import pytest

from api.cases.files import CaseInvalid, load_case
from api.cases.naming import find_definition, period_for
from api.rules import programs
from engine.interpret.cases import Case, instances_of
from engine.interpret.interpreter import Interpreter
from engine.interpret.outcomes import Fact, Known
from engine.ir.program import Program
from engine.population.door import from_arrow
from engine.values.periods import parse_period
from engine.values.types import EnumValue

FOLDER = Path(__file__).parent / "public_cases"
CASES = json.loads((FOLDER / "index.json").read_text(encoding="utf-8"))


def test_every_case_is_in_the_index() -> None:
    assert {case["file"] for case in CASES} == {path.name for path in FOLDER.glob("*.yaml")}


@pytest.mark.parametrize("listed", CASES, ids=lambda listed: listed["file"].removesuffix(".yaml"))
def test_a_public_case_gives_the_right_figures(listed: dict[str, object]) -> None:
    want = listed["want"]
    assert isinstance(want, dict) and want
    program = programs.load_program("us")
    case = load_case(program, str(FOLDER / str(listed["file"])), None)
    for name, right in want.items():
        found_figures = figures(program, case, name)
        assert right_value(right) in found_figures, (listed["source"], name, right, found_figures)


def figures(program: Program, case: Case, name: str) -> list[object]:
    """What the case gives for everybody who has this figure; nothing for who has it undetermined."""
    interpreter, definition = Interpreter(program, case), find_definition(program, name)
    facts = [
        Fact(definition.name, instance, period_for(program, definition, case.at))
        for instance in instances_of(case, definition)
    ]
    outcomes = [interpreter.find(fact) for fact in facts]
    return [_plain(outcome.value) for outcome in outcomes if isinstance(outcome, Known)]


def right_value(value: object) -> object:
    """A wanted value as the answers hold it: numbers exact, all else as it is written."""
    return Fraction(str(value)) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _plain(value: object) -> object:
    return value.member if isinstance(value, EnumValue) else value


def test_a_separate_return_is_of_one_spouse_in_tables_too() -> None:
    program = programs.load_program("us")
    people = {"person_id": ["a", "b"], "tax_unit_id": ["home", "home"], "role": ["head", "spouse"]}
    for stated, groups in ((True, [0, -1]), (False, [0, 0])):
        units = {"tax_unit_id": ["home"], "files_separately": [stated]}
        tables = {"person": pa.table(people), "tax_unit": pa.table(units)}
        admitted = from_arrow(program, parse_period("2024"), tables)
        assert admitted.columns is not None
        assert admitted.columns.groups["tax_unit"].group.tolist() == groups


def test_a_total_beside_its_documents_is_refused_in_tables() -> None:
    program = programs.load_program("us")
    people = {"person_id": ["a", "b"], "tax_unit_id": ["home", "flat"], "role": ["head", "head"]}
    tables = {
        "person": pa.table({**people, "employment_income": [30_000, None]}),
        "tax_unit": pa.table({"tax_unit_id": ["home", "flat"], "marketplace_premium": [0, 6_000]}),
        "form_w2": pa.table({"form_w2_id": ["m", "n"], "person_id": ["a", "b"], "w2_wages": [20_000, 20_000]}),
        "form_1095_a": pa.table({"form_1095_a_id": ["p", "q"], "person_id": ["a", "b"], "a1095_premium": [5, 5]}),
    }
    admitted = from_arrow(program, parse_period("2024"), tables)
    assert [(problem.table, problem.row, problem.column) for problem in admitted.problems] == [
        ("form_1095_a", 2, "a1095_premium"),
        ("form_w2", 1, "w2_wages"),
    ]
    assert "state `w2_wages` or `employment_income`, not both" in admitted.problems[1].remedy


@pytest.mark.parametrize(
    ("person", "rest"),
    [
        ("traditional_ira_contributions: 1, traditional_ira_payments: 1", ""),
        ("health_savings_account_ald: 1, hsa_contributions: 1", ""),
        ("unrecaptured_section_1250_gain_before_losses: 1", "unrecaptured_section_1250_gain: 1"),
        ("employment_income: 1, employment_income_without_form: 1", ""),
        ("age: 30, stated_age: 30", ""),
        ("", "tax_unit_itemizes: true, deduction_election: standard"),
        ("", "net_investment_income_deductions: 1, state_income_tax_on_investment_income: 1"),
    ],
)
def test_two_facts_for_one_line_are_refused(person: str, rest: str, tmp_path: Path) -> None:
    path = tmp_path / "case.yaml"
    path.write_text(f"at: 2024\npeople: {{ada: {{{person}}}}}\ntax_units: {{home: {{head: ada, {rest}}}}}\n")
    with pytest.raises(CaseInvalid) as refused:
        load_case(programs.load_program("us"), str(path), None)
    assert [problem.code for problem in refused.value.problems] == ["E807"]


@pytest.mark.parametrize(
    ("form", "total", "refused"),
    [
        ("r_gross_distribution: 5, r_is_ira: true", "taxable_pension_income: 9", False),
        ("r_gross_distribution: 5", "taxable_pension_income: 9", True),
        ("r_gross_distribution: 5, r_distribution_code: rollover", "taxable_pension_income: 9", False),
        ("r_gross_distribution: 5, r_taxable_amount: 2, r_is_ira: true", "taxable_ira_distributions: 9", True),
        ("r_gross_distribution: 5", "taxable_ira_distributions: 9", False),
        ("r_gross_distribution: 5, r_distribution_code: early", "early_distributions: 9", True),
        ("r_gross_distribution: 5, r_distribution_code: death", "early_distributions: 9", False),
        ("r_income_tax_withheld: 5", "federal_income_tax_withheld_on_forms_1099: 9", True),
    ],
)
def test_a_total_is_refused_beside_the_forms_that_it_is_made_of_alone(
    form: str, total: str, refused: bool, tmp_path: Path
) -> None:
    path, program = tmp_path / "case.yaml", programs.load_program("us")
    text = f"at: 2024\npeople: {{ada: {{{total}}}}}\nforms_1099_r: {{r: {{person: ada, {form}}}}}\n"
    path.write_text(text + "tax_units: {home: {head: ada}}\n")
    if not refused:
        load_case(program, str(path), None)
        return
    with pytest.raises(CaseInvalid) as fault:
        load_case(program, str(path), None)
    assert {problem.code for problem in fault.value.problems} == {"E807"}


def test_in_tables_a_total_is_refused_beside_its_own_forms_alone() -> None:
    program = programs.load_program("us")
    people = {"person_id": ["a", "b"], "tax_unit_id": ["home", "flat"], "role": ["head", "head"]}
    forms = {"form_1099_r_id": ["m", "n"], "person_id": ["a", "b"], "r_gross_distribution": [5_000, 4_000]}
    tables = {
        "person": pa.table({**people, "taxable_pension_income": [9_000, 9_000]}),
        "tax_unit": pa.table({"tax_unit_id": ["home", "flat"]}),
        "form_1099_r": pa.table({**forms, "r_is_ira": [True, None]}),
    }
    admitted = from_arrow(program, parse_period("2024"), tables)
    assert [(cell.table, cell.row, cell.column) for cell in admitted.problems] == [
        ("form_1099_r", 2, "r_gross_distribution")
    ]
