"""`rulewright diff`: what differs, who can be affected, and which results of worked examples change."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command import MODULE, run, write_rules

REFORM = """\
about: A larger allowance, and other bands
law: A bill
set:
  allowance: {2024-01-01: 3_000}
  rates: {2025-01-01: [{above: 0, rate: 15%}]}
  credits[1]: {2024-01-01: 60}
"""


@pytest.fixture(scope="module")
def land(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("land")
    write_rules(folder / "rules")
    (folder / "reform.yaml").write_text(REFORM)
    return folder


@pytest.fixture(scope="module")
def found(land: Path) -> Any:
    done = run("diff", "rules", "reform.yaml", "--json", cwd=land)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_constants_are_compared_date_by_date_and_row_by_row(found: Any) -> None:
    values = {one["name"]: [tuple(value.values()) for value in one["values"]] for one in found["differences"]}
    assert values == {
        "tax:allowance": [("2024-01-01", "2,000 USD", "3,000 USD")],
        "tax:credits": [("2024-01-01", "1: 50 USD", "1: 60 USD")],
        "tax:rates": [("2025-01-01", "10% above 0 USD, 20% above 20,000 USD", "15% above 0 USD")],
    }


def test_what_reads_a_difference_can_change_and_facts_cannot(found: Any) -> None:
    assert found["can_change"] == {"tax_unit": ["income_tax"]}


def test_examples_that_come_out_otherwise_are_named(found: Any) -> None:
    (one,) = found["examples"]
    assert (one["example"], one["figure"], one["before"], one["after"]) == (
        "one child", "income_tax", "3550.00", "3340.00",
    )  # fmt: skip


def test_in_words(land: Path) -> None:
    done = run("diff", "rules", "reform.yaml", cwd=land)
    assert "parameter tax:allowance is changed: " in done.stdout
    assert "  from 2024-01-01: 2,000 USD -> 3,000 USD" in done.stdout


def test_two_folders_of_rules(land: Path) -> None:
    other = MODULE.replace("max(0 USD, head.wages - allowance)", "max(0 USD, head.wages)")
    write_rules(
        land / "other", other.replace("exports: [income_tax, wages, age]", "exports: [income_tax, wages, age, taxed]")
    )
    done = run("diff", "rules", "other", "--json", cwd=land)
    found = json.loads(done.stdout)
    told = {one["name"]: one["how"] for one in found["differences"]}
    assert told == {"income_tax": "changed", "tax:taxed": "removed", "taxed": "added"}
    assert "formula" in next(one for one in found["differences"] if one["name"] == "income_tax")["parts"]


def test_the_same_law_is_said_to_be_so(land: Path) -> None:
    done = run("diff", "rules", "rules", cwd=land)
    assert (done.returncode, done.stdout) == (0, "`rules` and `rules` are the same law\n")


def test_a_reform_that_is_not_there(land: Path) -> None:
    done = run("diff", "rules", "reforn.yaml", cwd=land)
    assert done.returncode == 2
    assert "there is neither a reform file nor a folder of rules `reforn.yaml`" in done.stderr
