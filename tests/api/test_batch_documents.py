"""Units of a batch given by documents: by machine code and by the interpreter as by totals."""

from __future__ import annotations

from api.rules import programs
from api.taxsim.batch import Batch, Document, Person, Unit
from engine.native import WORTH_COMPILING
from engine.values.periods import parse_period
from engine.values.types import EnumValue, Value

WANTED = ("adjusted_gross_income", "tax_withheld", "payroll_tax", "early_distribution_tax", "refund")
EARLY_FROM_IRA: dict[str, Value] = {"r_distribution_code": EnumValue("distribution_code", "early"), "r_is_ira": True}
BY_DOCUMENTS = Unit(
    (
        Person(
            "head",
            {"age": 40},
            (
                Document("form_w2", {"w2_wages": 30_000, "w2_income_tax_withheld": 2_500}),
                Document("form_w2", {"w2_wages": 12_000, "w2_elective_deferrals": 1_000}),
                Document("form_1099_r", {"r_gross_distribution": 5_000, **EARLY_FROM_IRA}),
            ),
        ),
        Person("spouse", {"age": 41}, (Document("form_w2", {"w2_wages": 20_000}),)),
    ),
    {},
)
BY_TOTALS = Unit(
    (
        Person(
            "head",
            {
                "age": 40,
                "employment_income": 42_000,
                "federal_income_tax_withheld": 2_500,
                "wage_deferrals_subject_to_payroll_tax": 1_000,
                "taxable_ira_distributions": 5_000,
                "early_distributions": 5_000,
            },
        ),
        Person("spouse", {"age": 41, "employment_income": 20_000}),
    ),
    {},
)


def test_units_by_documents_and_by_totals_have_the_same_figures_whoever_computes_them() -> None:
    batch = Batch(programs.load_program("us"), parse_period("2024"), WANTED)
    few = list(batch.answers([BY_DOCUMENTS, BY_TOTALS]))
    many = list(batch.answers([BY_DOCUMENTS, BY_TOTALS] * WORTH_COMPILING))
    assert few[0] == few[1]
    assert many == few * WORTH_COMPILING
    assert isinstance(few[0], dict)
    assert few[0]["adjusted_gross_income"] == 67_000
    assert few[0]["early_distribution_tax"] == 500


def test_a_box_that_is_out_of_range_is_told() -> None:
    batch = Batch(programs.load_program("us"), parse_period("2024"), WANTED)
    bad = Unit((Person("head", {}, (Document("form_w2", {"w2_wages": -1}),)),), {})
    answers = list(batch.answers([bad])) + list(batch.answers([bad] * WORTH_COMPILING))
    assert {str(answer) for answer in answers} == {"w2_wages: -1 is out of the range 0 .. 10,000,000,000"}
