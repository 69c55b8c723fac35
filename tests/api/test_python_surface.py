"""`import rulewright`: frames in, frames out, exact; the worked example runs."""

from __future__ import annotations

import runpy
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import polars
import pyarrow as pa
import pytest

from api import python as rulewright
from tests.cli.command import write_rules
from tests.cli.test_simulate import VIEW

PEOPLE = {"person_id": ["a", "b"], "tax_unit_id": ["u", "u"], "role": ["head", "dependent"], "wages": [30_000, 0], "age": [40, 3]}  # fmt: skip  # noqa: E501
UNITS = {"tax_unit_id": ["u"]}
REFORM = "about: No allowance\nlaw: A bill\nset:\n  allowance: {2024-01-01: 0}\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found_folder = tmp_path_factory.mktemp("land")
    (found_folder / "reform.yaml").write_text(REFORM)
    return write_rules(found_folder / "rules").parent


@pytest.fixture(scope="module")
def law(folder: Path) -> rulewright.Law:
    return rulewright.load(str(folder / "rules"))


def test_a_frame_comes_back_as_the_kind_that_was_given(law: rulewright.Law) -> None:
    arrow = law.evaluate({"person": pa.table(PEOPLE), "tax_unit": pa.table(UNITS)}, 2024, ["income_tax"])
    assert isinstance(arrow, pa.Table)
    assert arrow.to_pylist() == [{"tax_unit_id": "u", "income_tax": Decimal("3550.00"), "problem": None}]
    frames = {"person": polars.DataFrame(PEOPLE), "tax_unit": polars.DataFrame(UNITS)}
    data_frame = law.evaluate(frames, 2024, ["income_tax"])
    assert isinstance(data_frame, polars.DataFrame)
    assert data_frame["income_tax"].to_list() == [Decimal("3550.00")]


def test_a_reform_leaves_the_law_as_it_is(law: rulewright.Law, folder: Path) -> None:
    frames = {"person": PEOPLE, "tax_unit": UNITS}
    reformed = law.reform(folder / "reform.yaml")
    taxes = [item.evaluate(frames, 2024, ["income_tax"])["income_tax"].to_pylist() for item in (reformed, law)]
    assert taxes == [[Decimal("3950.00")], [Decimal("3550.00")]]


def test_one_case_is_exact_and_explained(law: rulewright.Law) -> None:
    case = {"complete": True, "people": {"ann": {"wages": 30_001}}, "tax_units": {"home": {"head": "ann"}}}
    assert law.calculate(case, ["income_tax"], at=2024) == {"income_tax": Fraction(36_002, 10)}
    assert law.why(case, "income_tax", at=2024).startswith("Income tax: 3,600.20 USD")


def test_a_row_is_explained_as_the_case_that_it_is(law: rulewright.Law) -> None:
    people = {
        "person_id": ["a", "b", "c", "d"], "tax_unit_id": ["u", "u", "v", "v"], "age": [40, 3, 40, 3],
        "role": ["head", "dependent"] * 2, "wages": [30_000, 0, 30_001, 0],
    }  # fmt: skip
    frames = {"person": people, "tax_unit": polars.DataFrame({"tax_unit_id": ["u", "v"]})}
    told = law.why_row(frames, "income_tax", "v", at=2024)
    home = {"head": "c", "dependents": ["d"]}
    case = {"complete": True, "people": {"c": {"wages": 30_001, "age": 40}, "d": {"age": 3}}, "tax_units": {"v": home}}
    assert told == law.why(case, "income_tax", at=2024)
    with pytest.raises(rulewright.Failure, match="no tax_unit has the id `w`"):
        law.why_row(frames, "income_tax", "w", at=2024)


def test_a_column_for_a_year_that_nothing_reads_is_warned_of(law: rulewright.Law) -> None:
    people = {**PEOPLE, "wages@2023": PEOPLE["wages"]}
    del people["wages"]
    with pytest.warns(UserWarning, match="`wages@2023` is read by nothing: what is wanted reads `wages` for 2024"):
        law.evaluate({"person": people, "tax_unit": UNITS}, 2024, ["income_tax"])


def test_faults_are_told_with_their_cells(law: rulewright.Law) -> None:
    bad = {**PEOPLE, "wages": [-5, 0]}
    with pytest.raises(rulewright.Failure, match=r"person, row 1, wages: is out of the range"):
        law.evaluate({"person": bad, "tax_unit": UNITS}, 2024, ["income_tax"])
    with pytest.raises(rulewright.Failure, match="there is no figure `incme_tax`"):
        law.evaluate({"person": PEOPLE, "tax_unit": UNITS}, 2024, ["incme_tax"])
    with pytest.raises(rulewright.Failure, match="is not a frame"):
        law.evaluate({"person": 7, "tax_unit": UNITS}, 2024, ["income_tax"])
    with pytest.raises(rulewright.Failure, match="there is no frame of `tax_unit`"):
        law.evaluate({"person": PEOPLE}, 2024, ["income_tax"])


def test_a_simulation_takes_the_options_of_the_command(folder: Path) -> None:
    (folder / "view.yaml").write_text(VIEW)
    people = [f"p{at},u{at},head,40,{1_000 * at}" for at in range(30)]
    (folder / "people.csv").write_text("\n".join(["person_id,tax_unit_id,role,age,wages", *people]) + "\n")
    units = [f"u{at},2" for at in range(30)]
    (folder / "tax_units.csv").write_text("\n".join(["tax_unit_id,many", *units]) + "\n")
    files = [str(folder / name) for name in ("people.csv", "tax_units.csv")]
    asked = rulewright.simulate(
        folder / "reform.yaml", at="2024..2025", rules=str(folder / "rules"), population=files, weight="many",
        view=folder / "view.yaml", samples=10, earners=["head"], elasticity="0.5",
    )  # fmt: skip
    assert [year.year for year in asked.years] == ["2024", "2025"]
    assert (asked.years[0].weight, asked.manifest["earners"]) == ("60.00", ["head"])
    assert asked.years[0].reforms[0].behaviour is not None


def test_the_worked_example_runs(capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_module("api.python.example", run_name="__main__")
    told = capsys.readouterr().out
    assert "units that pay less: 75" in told
    assert "Earned income credit: 2,889.86 USD" in told
    assert told.splitlines()[-1].startswith("Income tax after all credits")


def test_whole_homes_are_evaluated_home_by_home() -> None:
    data = rulewright.sample_homes()
    weight = data.pop("weight")
    assert weight.num_rows == data["tax_unit"].num_rows == 5_549 and data["dwelling"].num_rows == 4_000
    homes = rulewright.load("us").evaluate(data, at=2024, want=["household_market_income"])
    assert homes.column_names == ["dwelling_id", "household_market_income", "problem"]
    assert homes.num_rows == 4_000 and homes["problem"].null_count == 4_000


def test_one_figure_is_wanted_by_its_name_alone(law: rulewright.Law) -> None:
    frames = {
        "person": polars.DataFrame({"tax_unit_id": ["u1"], "role": ["head"], "age": [40], "wages": [30_000]}),
        "tax_unit": polars.DataFrame({"tax_unit_id": ["u1"]}),
    }
    alone, listed = (law.evaluate(frames, at=2024, want=want) for want in ("income_tax", ["income_tax"]))
    assert alone.equals(listed)
    with pytest.raises(rulewright.Failure, match="no figure is wanted"):
        law.evaluate(frames, at=2024, want=[])


def test_what_is_not_a_number_is_refused_and_what_is_missing_is_not(law: rulewright.Law) -> None:
    """It counted as an empty cell, which is no income, though the same in CSV was refused."""
    units = polars.DataFrame({"tax_unit_id": ["u1"]})
    people = polars.DataFrame({"tax_unit_id": ["u1"], "role": ["head"], "age": [40], "wages": [float("nan")]})
    with pytest.raises(rulewright.Failure, match="row 1, wages: `nan` is not a number"):
        law.evaluate({"person": people, "tax_unit": units}, at=2024, want="income_tax")
    with pytest.raises(rulewright.Failure, match="`nan` is not a number"):
        law.evaluate({"person": people.to_arrow(), "tax_unit": units.to_arrow()}, at=2024, want="income_tax")
    missing = people.with_columns(wages=polars.lit(None, polars.Float64))
    (tax,) = law.evaluate({"person": missing, "tax_unit": units}, at=2024, want="income_tax")["income_tax"]
    assert tax == 0
