"""`rulewright translate`: reforms of other calculators become overlays that the rules accept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from api.compat.reforms import NAMES, translate
from api.failures import Failure
from api.rules.programs import load_program
from engine.interpret.constants import Constants
from tests.cli.command import run

TAXCALC = {
    "policy": {
        "CTC_c": {"2026": 3000},
        "STD": {"2026": [17000, 34000, 17000, 25000, 34000]},
        "EITC_c": {"2026": [1400, 4427, 7316, 8231]},
        "NIIT_rt": [{"year": 2026, "value": 0.05}],
    }
}
POLICYENGINE = {
    "gov.irs.credits.ctc.amount.base[0].amount": {"2025-01-01.2025-12-31": 3500},
    "gov.irs.deductions.standard.amount.JOINT": {"2026-01-01.2100-12-31": 40000},
    "gov.irs.credits.eitc.max[0].amount": {"2026-01-01.2100-12-31": 1400},
}


def written(folder: Path, content: Any) -> Path:
    path = folder / "bill.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def at(folder: Path, content: Any, name: str, year: int) -> Any:
    overlay = folder / "overlay.yaml"
    overlay.write_text(translate(written(folder, content)).text)
    program = load_program("us", [overlay])
    full = next(
        parameter for parameter in (*program.parameters, *program.tables) if parameter.rpartition(":")[2] == name
    )
    found = Constants(program).at(full, program.settings.period(str(year)).start)
    assert found is not None
    return found.content


def test_taxcalc_lists_and_records(tmp_path: Path) -> None:
    standard = at(tmp_path, TAXCALC, "basic_standard_deduction_amount", 2026)
    assert {keys[0]: row[""] for keys, row in standard.items()} == {
        "single": 17000, "joint": 34000, "separate": 17000, "head_of_household": 25000, "surviving_spouse": 34000,
    }  # fmt: skip
    text = translate(written(tmp_path, TAXCALC)).text
    assert "  ctc_amount: {2026-01-01: 3000}\n" in text
    assert "  eitc_terms[0].maximum: {2026-01-01: 1400}\n" in text
    assert "  net_investment_income_tax_rate: {2026-01-01: 0.05}\n" in text


def test_policyengine_periods_end(tmp_path: Path) -> None:
    assert at(tmp_path, POLICYENGINE, "ctc_amount", 2025) == 3500
    text = translate(written(tmp_path, POLICYENGINE)).text
    assert "  ctc_amount: {2025-01-01: 3500, 2026-01-01: current}\n" in text
    assert "  basic_standard_deduction_amount[joint]: {2026-01-01: 40000}\n" in text
    assert "  eitc_terms[0].maximum: {2026-01-01: 1400}\n" in text


def test_every_name_of_ours_is_a_constant_of_the_rules() -> None:
    program = load_program("us")
    constants = {parameter.rpartition(":")[2] for parameter in (*program.parameters, *program.tables)}
    for theirs in yaml.safe_load(NAMES.read_text()).values():
        assert {one["to"] for one in theirs.values()} <= constants


def test_what_is_not_here_is_told(tmp_path: Path) -> None:
    path = written(tmp_path, {"CTC_c": {"2026": 3000}, "CG_nodiff": {"2026": True}})
    done = run("translate", path)
    assert done.returncode == 1
    assert "not here, and not in the overlay: `CG_nodiff`" in done.stderr
    assert "ctc_amount: {2026-01-01: 3000}" in done.stdout


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ('{"CTC_c": {"2026": 3000},}', "is not JSON"),
        ({"CG_nodiff": {"2026": True}}, "none of the parameters"),
        ({"STD": {"2026": [1, 2]}}, "is not a list of 5"),
        ({"CTC_c": {"2026": "lots"}}, "`lots` is not a number"),
        ([], "holds no reform"),
    ],
)
def test_faults_are_told(tmp_path: Path, content: Any, told: str) -> None:
    with pytest.raises(Failure, match=told):
        translate(written(tmp_path, content))
