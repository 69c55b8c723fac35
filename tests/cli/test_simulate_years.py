"""`rulewright simulate` over many years: what holds in projected years is said, also where not every answer is."""

from __future__ import annotations

from pathlib import Path

from tests.cli.command import run
from tests.cli.test_simulate_disclosure import population

SET = "ctc_amount: {2026-01-01: 3_000}"


def test_a_value_that_stands_still_in_projected_years_is_told_once(tmp_path: Path) -> None:
    files = population(tmp_path)
    reform = tmp_path / "reform.yaml"
    asked = ("simulate", "us", "--reform", "reform.yaml", "--at", "2026..2030", *files, "--bootstrap", "2")
    reform.write_text(f"about: A larger credit\nlaw: A bill\nset:\n  {SET}\n")
    done = run(*asked, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    told = "reform: `ctc_amount` stays as the reform set it on 2026-01-01, and is not indexed"
    assert done.stdout.count(told) == 1
    reform.write_text(reform.read_text().replace("3_000}", "3_000, 2027-01-01: indexed}"))
    moving = run(*asked, cwd=tmp_path).stdout
    assert "`ctc_amount` moves with chained_cpi from what the reform set on 2026-01-01" in moving
    assert told not in moving
