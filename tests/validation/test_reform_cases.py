"""Cases found by running reforms beside other engines, each settled by the statute: `reform_cases/index.json`."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest

from api.cases.calculate import calculate
from api.cases.files import load_case
from api.cases.naming import find_definitions
from api.rules.programs import load_program

CASES = Path(__file__).parent / "reform_cases"
INDEX = json.loads((CASES / "index.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("row", INDEX, ids=[f"{row['case']}-{row['reform']}-{row['at']}" for row in INDEX])
def test_the_figure_is_the_statutes(row: dict[str, object]) -> None:
    reforms = [CASES / str(row["reform"])] if row["reform"] else []
    program = load_program("us", reforms)
    case = load_case(program, str(CASES / str(row["case"])), str(row["at"]))
    wanted = row["want"]
    assert isinstance(wanted, dict)
    calculation = calculate(program, case, find_definitions(program, ",".join(wanted)))
    assert {result.figure: Decimal(str(result.value)) for result in calculation.results} == {
        name: Decimal(amount) for name, amount in wanted.items()
    }, row.get("law")
